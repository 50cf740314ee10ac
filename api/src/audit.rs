//! What is recorded of a change, once it is made.

use std::sync::Arc;

use axum::extract::{MatchedPath, OriginalUri};
use axum::http::request::Parts;
use axum::http::{Method, StatusCode};
use capstan_domain::access::Permission;
use capstan_domain::audit::{self, NewAudit};

use crate::Api;
use crate::actor::{Actor, Who};
use crate::auth::Caller;
use crate::edge::RequestId;
use crate::people::address;
use crate::permit::Access;
use crate::problem::Problem;

/// One change that is being made.
pub(crate) struct Change {
    actor: Arc<Actor>,
    action: String,
    subject: String,
    address: Option<String>,
    request_id: String,
}

impl Change {
    /// What the request is about to change; nothing if it only looks. Starts and events are facts of their own, with who
    /// sent them in many cases a machine, and too many.
    pub(crate) fn of(api: &Api, parts: &Parts, access: Access) -> Option<Self> {
        let Access::Needs(permission) = access else { return None };
        let is_look = parts.method == Method::GET || permission.as_str().ends_with(".read");
        if is_look || [Permission::ExecutionsStart, Permission::EventsWrite].contains(&permission) {
            return None;
        }
        // Routers within others see the rest of the path only.
        let path = parts.extensions.get::<OriginalUri>().map_or(&parts.uri, |uri| &uri.0).path();
        let route = parts.extensions.get::<MatchedPath>().map_or("", MatchedPath::as_str);
        let address = address::client(parts, &api.people.settings.trusted_proxies);
        Some(Self {
            actor: Arc::clone(parts.extensions.get::<Arc<Actor>>()?),
            action: format!("{} {route}", parts.method),
            subject: path.to_owned(),
            address: address.map(|address| address.to_string()),
            request_id: parts.extensions.get::<RequestId>().map(|id| id.0.clone()).unwrap_or_default(),
        })
    }

    /// Records it, if it was made. That it could not be recorded is an error in the log, and does not undo it.
    pub(crate) async fn made(self, api: &Api, status: StatusCode) {
        if status.is_success()
            && let Err(problem) = self.record(api, status).await
        {
            let (action, request_id) = (&self.action, &self.request_id);
            tracing::error!(action, request_id, cause = problem.internal, "a change was not recorded in the audit log");
        }
    }

    async fn record(&self, api: &Api, status: StatusCode) -> Result<(), Problem> {
        let (Some(tenant), Some(name)) = (self.actor.tenant.clone(), self.actor.who.name()) else { return Ok(()) };
        let caller = Caller::new(api, tenant);
        let new = NewAudit {
            by_kind: if matches!(self.actor.who, Who::Person(_)) { "user" } else { "key" },
            by_id: name.key_id,
            by_name: &name.name,
            action: &self.action,
            subject: &self.subject,
            status: i32::from(status.as_u16()),
            address: self.address.as_deref(),
            request_id: &self.request_id,
        };
        let mut transaction = caller.write().await?;
        audit::record(&mut transaction, caller.workspace_id, &new).await?;
        transaction.commit().await?;
        Ok(())
    }
}
