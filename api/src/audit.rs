//! What is recorded of a change: in its own transaction, be it of people and keys in `control`, or of a cell, where the record is
//! completed with the answer's status once that is known. How a thing differs after it is told in the same transaction.

mod silent;

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::Duration;

use axum::extract::{MatchedPath, OriginalUri};
use axum::http::request::Parts;
use axum::http::{Method, StatusCode};
use capstan_domain::access::{KeyName, Permission, Tenant};
use capstan_domain::audit::{self, Difference, NewAudit};
use capstan_engine::core::ids::WorkspaceId;
use serde_json::Value;
use sqlx::PgConnection;
use uuid::Uuid;

use crate::Api;
use crate::actor::Actor;
use crate::auth::Caller;
use crate::edge::RequestId;
use crate::people::address;
use crate::permit::Access;
use crate::problem::Problem;
use crate::tenant;

pub use silent::SILENT;

/// What only looks and is recorded all the same, as it tells who can get in. One who looks again and again is recorded once in
/// [`LOOKS_EVERY`].
const LOOKS: [&str; 1] = ["/api/v1/keys"];
/// As above.
pub(crate) const LOOKS_EVERY: Duration = Duration::from_secs(3_600);

/// Whose look at what was recorded.
pub(crate) type Look = (WorkspaceId, Uuid, String);

/// One change that is being made.
pub(crate) struct Change {
    /// Where; nothing is recorded without.
    tenant: Option<Tenant>,
    by_kind: &'static str,
    /// Who; as above.
    by: Option<KeyName>,
    action: String,
    subject: String,
    /// What it came to be about, in place of `subject`.
    named: OnceLock<String>,
    address: Option<String>,
    request_id: String,
    /// Of its row in the cell.
    audit_id: Uuid,
    /// Whether it is a look, one of [`LOOKS`].
    is_look: bool,
    /// Whether its record was begun in a transaction of the cell.
    is_begun: AtomicBool,
    /// Whether it was recorded in the transaction that makes it.
    is_noted: AtomicBool,
    /// How what it changes differs, as far as it was told.
    changes: Mutex<Option<Value>>,
}

impl Change {
    /// What the request is about to change; nothing if it only looks. Starts and events are facts of their own, with who
    /// sent them in many cases a machine, and too many.
    pub(crate) fn of(api: &Api, parts: &Parts, access: Access) -> Option<Self> {
        let Access::Needs(permission) = access else { return None };
        // Reading what an export tells is as good as a change.
        let is_export = [Permission::PersonsManage, Permission::AuditExport].contains(&permission);
        let is_read = parts.method == Method::GET && !is_export;
        let route = parts.extensions.get::<MatchedPath>().map_or("", MatchedPath::as_str);
        let is_look = parts.method == Method::GET && LOOKS.contains(&route);
        let only_looks = is_read || permission.as_str().ends_with(".read");
        if (only_looks && !is_look) || [Permission::ExecutionsStart, Permission::EventsWrite].contains(&permission) {
            return None;
        }
        let actor = parts.extensions.get::<Arc<Actor>>()?;
        let change = Self::new(api, parts, actor.tenant.clone(), actor.who.kind(), actor.who.name());
        Some(Self { is_look, ..change })
    }

    /// What a person does to a workspace on a route that asks for none of its permissions: coming and going.
    pub(crate) fn of_person(api: &Api, parts: &Parts, tenant: Tenant, user_id: Uuid, email: &str) -> Self {
        let by = KeyName { key_id: user_id, name: email.to_owned() };
        Self::new(api, parts, Some(tenant), "user", Some(by))
    }

    fn new(api: &Api, parts: &Parts, tenant: Option<Tenant>, by_kind: &'static str, by: Option<KeyName>) -> Self {
        // Routers within others see the rest of the path only.
        let path = parts.extensions.get::<OriginalUri>().map_or(&parts.uri, |uri| &uri.0).path();
        let route = parts.extensions.get::<MatchedPath>().map_or("", MatchedPath::as_str);
        let address = address::client(parts, &api.people.settings.trusted_proxies);
        Self {
            tenant,
            by_kind,
            by,
            action: format!("{} {route}", parts.method),
            subject: path.to_owned(),
            named: OnceLock::new(),
            address: address.map(|address| address.to_string()),
            request_id: parts.extensions.get::<RequestId>().map(|id| id.0.clone()).unwrap_or_default(),
            audit_id: Uuid::now_v7(),
            is_look: false,
            is_begun: AtomicBool::new(false),
            is_noted: AtomicBool::new(false),
            changes: Mutex::new(None),
        }
    }

    /// Says what it came to be about, once.
    pub(crate) fn names(&self, subject: String) {
        _ = self.named.set(subject);
    }

    /// Records it in the transaction of `control` that makes it, with the status that the answer will have and how what it changes
    /// differs.
    pub(crate) async fn note(
        &self,
        transaction: &mut PgConnection,
        status: StatusCode,
        difference: Difference,
    ) -> Result<(), Problem> {
        let (Some(tenant), Some(name)) = (&self.tenant, &self.by) else { return Ok(()) };
        self.differs(difference.into_json());
        audit::note(transaction, tenant.workspace_id, &self.told(name, status)).await?;
        self.is_noted.store(true, Ordering::Relaxed);
        Ok(())
    }

    /// Begins its record in a transaction of the cell, so that it is not made without one.
    pub(crate) async fn begin(&self, transaction: &mut PgConnection, workspace_id: WorkspaceId) -> Result<(), Problem> {
        let Some(name) = &self.by else { return Ok(()) };
        self.is_begun.store(true, Ordering::Relaxed);
        // Nobody knows yet.
        audit::begin(transaction, workspace_id, self.audit_id, &self.told(name, StatusCode::OK)).await?;
        Ok(())
    }

    /// Tells how what it changes differs, in a transaction of the cell in which its record was begun. The last word counts.
    pub(crate) async fn tell(
        &self,
        transaction: &mut PgConnection,
        workspace_id: WorkspaceId,
        difference: Difference,
    ) -> Result<(), Problem> {
        let changes = difference.into_json();
        audit::tell(transaction, workspace_id, self.audit_id, &changes).await?;
        self.differs(changes);
        Ok(())
    }

    fn differs(&self, changes: Value) {
        *self.changes.lock().unwrap_or_else(PoisonError::into_inner) = Some(changes);
    }

    /// Records how it was answered. Where nothing of it was begun in a transaction, that it could not be recorded is an error in the
    /// log, and does not undo it.
    pub(crate) async fn made(&self, api: &Api, status: StatusCode) {
        let is_noted = self.is_noted.load(Ordering::Relaxed);
        let recorded = match status.is_success() {
            true if is_noted => self.bring(api).await,
            true if self.is_look => self.record_look(api, status).await,
            true => self.record(api, status).await,
            false if self.is_begun.load(Ordering::Relaxed) => self.settle(api, status).await,
            false => return,
        };
        if let Err(problem) = recorded {
            let (action, request_id) = (&self.action, &self.request_id);
            tracing::error!(action, request_id, cause = problem.internal, "a change is not in the audit log");
        }
    }

    /// Once in a while: whoever keeps a page open looks each half minute.
    async fn record_look(&self, api: &Api, status: StatusCode) -> Result<(), Problem> {
        let (Some(tenant), Some(name)) = (&self.tenant, &self.by) else { return Ok(()) };
        let look = (tenant.workspace_id, name.key_id, self.action.clone());
        api.looks.answer(look, async { self.record(api, status).await.map(Some) }).await.map(|_| ())
    }

    async fn bring(&self, api: &Api) -> Result<(), Problem> {
        match self.tenant.clone() {
            Some(tenant) => bring(api, &Caller::new(api, tenant).await?).await,
            None => Ok(()),
        }
    }

    async fn record(&self, api: &Api, status: StatusCode) -> Result<(), Problem> {
        let (Some(tenant), Some(name)) = (self.tenant.clone(), &self.by) else { return Ok(()) };
        let caller = Caller::new(api, tenant).await?;
        let mut transaction = caller.write().await?;
        audit::record(&mut transaction, caller.workspace_id, self.audit_id, &self.told(name, status)).await?;
        if self.is_begun.load(Ordering::Relaxed) {
            audit::end(&mut transaction, caller.workspace_id, self.audit_id).await?;
        }
        transaction.commit().await?;
        Ok(())
    }

    /// It was refused after its record was begun. Where that is there, its transaction was committed: what broke off behind it is
    /// recorded with its status; a refusal changes nothing, and leaves no record.
    async fn settle(&self, api: &Api, status: StatusCode) -> Result<(), Problem> {
        let (Some(tenant), Some(name)) = (self.tenant.clone(), &self.by) else { return Ok(()) };
        let caller = Caller::new(api, tenant).await?;
        let mut transaction = caller.write().await?;
        let was_made = audit::end(&mut transaction, caller.workspace_id, self.audit_id).await?;
        if was_made && status.is_server_error() {
            audit::record(&mut transaction, caller.workspace_id, self.audit_id, &self.told(name, status)).await?;
        }
        transaction.commit().await?;
        Ok(())
    }

    fn told<'a>(&'a self, name: &'a KeyName, status: StatusCode) -> NewAudit<'a> {
        NewAudit {
            by_kind: self.by_kind,
            by_id: name.key_id,
            by_name: &name.name,
            action: &self.action,
            subject: self.named.get().unwrap_or(&self.subject),
            status: i32::from(status.as_u16()),
            address: self.address.as_deref(),
            request_id: &self.request_id,
            changes: self.changes.lock().unwrap_or_else(PoisonError::into_inner).clone(),
        }
    }
}

/// Takes records over whose process died before it answered.
pub(crate) async fn take_over(caller: &Caller) -> Result<(), Problem> {
    let mut transaction = caller.read().await?;
    let are_left = audit::are_left(&mut transaction, caller.workspace_id).await?;
    transaction.commit().await?;
    if are_left {
        let mut transaction = caller.write().await?;
        audit::take_over(&mut transaction, caller.workspace_id).await?;
        transaction.commit().await?;
    }
    Ok(())
}

/// Brings what was recorded in `control` to the workspace's cell, and forgets it there then. Whoever dies in between has it brought
/// again, which changes nothing.
pub(crate) async fn bring(api: &Api, caller: &Caller) -> Result<(), Problem> {
    let workspace_id = caller.workspace_id;
    let mut control = tenant::read(&api.people.pool, workspace_id).await?;
    let rows = audit::pending(&mut control, workspace_id).await?;
    control.commit().await?;
    if rows.is_empty() {
        return Ok(());
    }
    let mut cell = caller.write().await?;
    audit::take_in(&mut cell, workspace_id, &rows).await?;
    cell.commit().await?;
    let mut control = tenant::write(&api.people.pool, workspace_id).await?;
    audit::forget(&mut control, workspace_id, &rows).await?;
    control.commit().await?;
    Ok(())
}
