//! Whom a mail is for, and the starts that it comes to.

use std::net::IpAddr;

use axum::http::StatusCode;
use capstan_domain::quotas::{EXECUTIONS, usage};
use capstan_domain::schedules::{Overlap, now};
use capstan_domain::trigger_paths::EMAIL;
use capstan_domain::trigger_starts::{self, NewStart, Outcome};
use capstan_engine::core::ids::{VersionId, WorkflowId};
use capstan_engine::store::workflows;
use capstan_node_types::types::EmailConfig;
use chrono::Duration;
use serde_json::Value;

use super::address;
use crate::Api;
use crate::auth::Caller;
use crate::problem::Problem;
use crate::rates::count_client;

/// A published trigger.
pub(super) struct Target {
    caller: Caller,
    path: String,
    pub(super) config: EmailConfig,
    pub(super) address: String,
}

/// Why no mail is taken for an address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Refusal {
    /// Nobody here has it.
    Unknown,
    /// It is of another domain.
    Foreign,
    /// For good.
    Closed(&'static str),
    /// The sender is to try again later.
    Later(&'static str),
}

impl Refusal {
    /// What the sender is told.
    pub(super) fn reply(self) -> String {
        match self {
            Self::Unknown => "550 5.1.1 there is no such address here".into(),
            Self::Foreign => "550 5.7.1 that domain is not ours: nothing is relayed".into(),
            Self::Closed(why) => format!("550 5.2.1 {why}"),
            Self::Later(why) => format!("450 4.2.1 {why}"),
        }
    }
}

/// The trigger that answers at an address.
pub(super) async fn find(api: &Api, domain: &str, client: IpAddr, address: &str) -> Result<Target, Refusal> {
    let (local, of) = address.rsplit_once('@').ok_or(Refusal::Unknown)?;
    if !of.eq_ignore_ascii_case(domain) {
        return Err(Refusal::Foreign);
    }
    let (path, workspace_id) = address::read(local).ok_or(Refusal::Unknown)?;
    let caller = Caller::by_id(api, workspace_id).await.map_err(|problem| of_problem(&problem))?;
    let caller = caller.ok_or(Refusal::Unknown)?;
    let target = look(api, caller, &path, address).await.map_err(|problem| of_problem(&problem))?;
    let target = target.ok_or(Refusal::Unknown)?;
    // After it was found: what is tried in vain ends the connection soon.
    count_client(api, client, Some(workspace_id)).await.map_err(|problem| of_problem(&problem))?;
    match is_used_up(&target.caller).await {
        Ok(false) => Ok(target),
        Ok(true) => Err(Refusal::Later("the workspace has used up its quota of executions")),
        Err(problem) => Err(of_problem(&problem)),
    }
}

async fn look(api: &Api, caller: Caller, path: &str, address: &str) -> Result<Option<Target>, Problem> {
    let mut transaction = caller.read().await?;
    let Some(found) = workflows::trigger_at(&mut transaction, caller.workspace_id, EMAIL, path).await? else {
        return Ok(None);
    };
    let version_id = VersionId(found.version_id);
    let version = api.graphs.version(&mut transaction, caller.workspace_id, version_id).await?;
    transaction.commit().await?;
    let config = version.as_deref().and_then(|version| version.node(&found.node_id)).map(|node| node.config.clone());
    let config: EmailConfig = serde_json::from_value(config.unwrap_or_default())
        .map_err(|error| Problem::internal(format!("the trigger of mails at \"{path}\" cannot be read: {error}")))?;
    Ok(Some(Target { caller, path: path.to_owned(), config, address: address.to_owned() }))
}

/// Whether another start would be refused for the quota, as far as is counted. Whoever makes the start asks again.
async fn is_used_up(caller: &Caller) -> Result<bool, Problem> {
    let mut transaction = caller.read().await?;
    let usage = usage(&mut transaction, caller.workspace_id).await?;
    transaction.commit().await?;
    let quota = usage.quotas.iter().find(|quota| quota.meter == EXECUTIONS);
    Ok(quota.is_some_and(|quota| quota.hard_max.is_some_and(|hard_max| quota.used >= hard_max)))
}

fn of_problem(problem: &Problem) -> Refusal {
    match problem.code {
        "workspace_suspended" => Refusal::Later("the workspace is suspended"),
        "workspace_not_ready" => Refusal::Later("the workspace is being made"),
        "workspace_archived" => Refusal::Closed("the workspace is archived"),
        _ if problem.status == StatusCode::TOO_MANY_REQUESTS => Refusal::Later("too many mails came; send more slowly"),
        _ => {
            tracing::warn!(code = problem.code, cause = problem.internal, "a mail could not be taken for now");
            Refusal::Later("it cannot be taken now; try again later")
        }
    }
}

impl Target {
    /// Writes down that an execution is to be started with this input, unless that was done for the same mail before. It is
    /// durable when this returns. False if nobody answers at the address any more: a mail may take minutes to come, and what was
    /// published meanwhile holds.
    pub(super) async fn take(&self, once: &str, input: Value) -> Result<bool, Problem> {
        let mut transaction = self.caller.write().await?;
        let found = workflows::trigger_at(&mut transaction, self.caller.workspace_id, EMAIL, &self.path).await?;
        let Some(found) = found else { return Ok(false) };
        let now = now(&mut transaction).await?;
        let within = i64::try_from(self.config.start_within().as_millis()).unwrap_or(i64::MAX);
        let start = NewStart {
            workspace_id: self.caller.workspace_id,
            workflow_id: WorkflowId(found.workflow_id),
            version_id: VersionId(found.version_id),
            node_id: found.node_id,
            subject: once.to_owned(),
            cause: "email",
            at: now,
            input,
            overlap: Overlap::Allow,
            depth: 0,
            due_at: now,
            until_at: now + Duration::milliseconds(within),
            outcome: Outcome::Due,
            trace: None,
        };
        trigger_starts::insert(&mut transaction, &[start]).await?;
        transaction.commit().await?;
        self.caller.cell.ring().await;
        Ok(true)
    }
}
