//! What a client asks of a bulk job, checked.

use capstan_domain::access::Permission;
use capstan_engine::core::ids::WorkflowId;
use capstan_engine::store::bulk::{Filter, IDS_MAX, Onto, Verb, Work};
use capstan_engine::store::workflows;
use chrono::{DateTime, Datelike, Utc};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Value, json};
use sqlx::PgConnection;

use super::super::resolve;
use super::super::signals::{check_name, check_reason};
use crate::actor::Actor;
use crate::auth::Caller;
use crate::problem::Problem;

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "NewBulkJob")]
pub(crate) struct Wish {
    #[schemars(with = "crate::openapi::shapes::BulkVerb")]
    verb: Verb,
    #[schemars(with = "crate::openapi::shapes::BulkFilter")]
    filter: Filter,
    #[serde(default = "nothing")]
    #[schemars(with = "serde_json::Map<String, Value>")]
    arguments: Value,
    /// Only tells which executions it would be about.
    #[serde(default)]
    pub(super) dry_run: bool,
}

fn nothing() -> Value {
    json!({})
}

impl Wish {
    /// Filter and verb, if they can be worked with.
    pub(super) fn checked(self) -> Result<(Filter, Work), Problem> {
        check_filter(&self.filter)?;
        let work = Work::read(self.verb.as_str(), self.arguments).map_err(|error| {
            let detail = format!("the arguments do not fit {}: {error}", self.verb.as_str());
            Problem::unprocessable("bad_arguments", detail, takes(self.verb))
        })?;
        match &work {
            Work::Cancel { reason, .. }
            | Work::RetryNow { reason }
            | Work::Pause { reason }
            | Work::Resume { reason }
            | Work::Migrate { reason, .. } => reason.as_deref().map_or(Ok(()), check_reason)?,
            Work::Signal { name, .. } => check_name(name)?,
            Work::Resolve(said) => _ = resolve::check(said, "a bulk job")?,
            Work::Restart { .. } => {}
        }
        Ok((self.filter, work))
    }
}

/// Configs that are changed may name credentials: who may use none changes none in many executions. 403 `forbidden`.
pub(super) fn require_use(actor: &Actor, work: &Work) -> Result<(), Problem> {
    let changes = matches!(work, Work::Resolve(said) if said.config.is_some());
    let may = !changes || actor.permissions.has(Permission::CredentialsUse);
    if may { Ok(()) } else { Err(actor.lacks(Permission::CredentialsUse)) }
}

/// Only executions of its workflow come to a named version: the filter says so from then on.
pub(super) async fn keep_to_workflow(
    connection: &mut PgConnection,
    caller: &Caller,
    filter: &mut Filter,
    work: &Work,
) -> Result<(), Problem> {
    let Some(Onto::Named(version_id)) = work.onto() else { return Ok(()) };
    let version = workflows::find_version(connection, caller.workspace_id, *version_id).await?;
    let version = version.ok_or_else(|| Problem::not_found("version", &version_id.to_string()))?;
    let own = WorkflowId(version.workflow_id);
    match filter.workflow_id.replace(own) {
        Some(other) if other != own => {
            let detail = format!("version \"{version_id}\" is of workflow \"{own}\", and the filter names another one");
            Err(Problem::unprocessable("other_workflow", detail, "name a version of the workflow in the filter"))
        }
        _ => Ok(()),
    }
}

fn check_filter(filter: &Filter) -> Result<(), Problem> {
    let lists = [("status", filter.status.as_ref().map(Vec::len)), ("ids", filter.ids.as_ref().map(Vec::len))];
    if let Some((field, _)) = lists.into_iter().find(|(_, len)| *len == Some(0)) {
        let detail = format!("the list \"{field}\" of the filter is empty, so no execution fits it");
        let hint = format!("name at least one in \"{field}\", or leave it out to mean any");
        return Err(Problem::bad_request("empty_list", detail, hint));
    }
    if filter.is_empty() {
        let hint = "name a workflow_id, version_id, status, started_after, started_before or ids";
        return Err(Problem::unprocessable("empty_filter", "the filter lets every execution through", hint));
    }
    let bad = |detail: &str, hint: String| Err(Problem::unprocessable("bad_filter", detail, hint));
    if filter.ids.as_ref().is_some_and(|ids| ids.len() > IDS_MAX) {
        return bad("the filter names too many ids", format!("name at most {IDS_MAX}, and make several jobs"));
    }
    let is_odd = |at: &DateTime<Utc>| !(1970..=9999).contains(&at.year());
    if [filter.started_after, filter.started_before].iter().flatten().any(is_odd) {
        return bad("a time of the filter is out of range", "give a time such as 2026-03-01T12:00:00Z".into());
    }
    if let (Some(after), Some(before)) = (filter.started_after, filter.started_before)
        && after >= before
    {
        return bad("started_after is not before started_before", "exchange them".into());
    }
    Ok(())
}

fn takes(verb: Verb) -> &'static str {
    match verb {
        Verb::Cancel => "send {\"reason\": \"…\", \"force\": false}, or nothing",
        Verb::Restart => {
            "send {\"from\": \"failed\" or a step, \"version_id\": an id or \"latest\"}; without from it is the failed \
             step, without version_id each execution's own"
        }
        Verb::Migrate => {
            "send {\"version_id\": an id or \"latest\", \"reason\": \"…\"}; without version_id it is the newest of each workflow"
        }
        Verb::RetryNow | Verb::Pause | Verb::Resume => "send {\"reason\": \"…\"}, or nothing",
        Verb::Resolve => {
            "send {\"action\": \"retry\", \"skip\" or \"fail\", \"step\": …, \"reason\": …}, with config for retry, output and \
             port for skip, class for fail"
        }
        Verb::Signal => "send {\"name\": \"…\", \"payload\": …}",
    }
}
