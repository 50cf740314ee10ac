//! Mails owner and administrators of a workspace when an alert is raised or cleared. Every API process that can send mail does
//! it: an alert is taken by one of them.

use std::sync::Weak;
use std::time::Duration;

use capstan_domain::access::{self, Role, Tried};
use capstan_domain::alerts::{self, AlertMail};
use capstan_engine::core::ids::WorkspaceId;
use capstan_node_types::services::mail::letter::RECIPIENTS_MAX;
use capstan_node_types::services::mail::{Letter, Mailer};
use tokio::time::sleep;
use uuid::Uuid;

use crate::Parts;
use crate::cells::Cell;
use crate::problem::Problem;
use crate::tenant;

/// Time between two looks; a look that finds nothing is one statement for each cell and one for their list.
const LOOK_EVERY: Duration = Duration::from_secs(60);
/// Mails of one look and cell.
const BITE: i32 = 100;
/// Mails of one workspace within [`SPAN_S`]. What is beyond waits for its next try: by then it may be over.
const MAILS_MAX: i32 = 20;
/// An hour, in seconds.
const SPAN_S: i32 = 3_600;

/// Looks each minute, as long as the API exists; never, where there is no mail.
pub(crate) async fn tell(api: Weak<Parts>) {
    loop {
        sleep(LOOK_EVERY).await;
        let Some(api) = api.upgrade() else { return };
        if let Err(problem) = round(&api).await {
            let cause = problem.internal.as_deref().unwrap_or(&problem.detail);
            tracing::warn!(cause, "nobody knows which alerts people are to be told of; it will be tried again");
        }
    }
}

/// One that fails stops no other one, and is tried again later.
pub(crate) async fn round(api: &Parts) -> Result<(), Problem> {
    let Some(mailer) = api.people.settings.mailer.clone() else { return Ok(()) };
    let schemas = access::cell_schemas(&mut *api.people.pool.acquire().await?).await?;
    for schema in schemas {
        if let Err(problem) = of_cell(api, &mailer, &schema).await {
            let cause = problem.internal.as_deref().unwrap_or(&problem.detail);
            tracing::warn!(
                cause,
                schema,
                "nobody knows which alerts of a cell people are to be told of; it will be tried again"
            );
        }
    }
    Ok(())
}

async fn of_cell(api: &Parts, mailer: &Mailer, schema: &str) -> Result<(), Problem> {
    let cell = api.cells.get(schema);
    let due = alerts::to_mail(&mut *cell.pool.acquire().await?, BITE).await?;
    for (workspace_id, alert_id) in due {
        if let Err(problem) = tell_one(api, mailer, &cell, schema, (workspace_id, alert_id)).await {
            let cause = problem.internal.as_deref().unwrap_or(&problem.detail);
            tracing::warn!(cause, %workspace_id, %alert_id, "people were not told of an alert; it will be tried again");
        }
    }
    Ok(())
}

async fn tell_one(
    api: &Parts,
    mailer: &Mailer,
    cell: &Cell,
    schema: &str,
    (workspace_id, alert_id): (WorkspaceId, Uuid),
) -> Result<(), Problem> {
    let mut transaction = tenant::write(&cell.pool, workspace_id).await?;
    let mail = alerts::take_mail(&mut transaction, workspace_id, alert_id).await?;
    transaction.commit().await?;
    let Some(mail) = mail else { return Ok(()) };
    if !may_mail(api, workspace_id).await? {
        return Ok(());
    }
    let mut control = tenant::read(&api.people.pool, workspace_id).await?;
    let members = access::list_members(&mut control, workspace_id).await?;
    let slug = access::tenant_of(&mut control, workspace_id, schema).await?.map(|tenant| tenant.slug);
    control.commit().await?;
    let told = [Role::Owner, Role::Admin].map(Role::as_str);
    let to: Vec<String> = members
        .into_iter()
        .filter(|it| told.contains(&it.role.as_str()))
        .map(|it| it.email)
        .take(RECIPIENTS_MAX)
        .collect();
    if !to.is_empty() {
        let (key, letter) = letter(&mail, slug.as_deref().unwrap_or_default(), &api.people.settings.public_url, to);
        mailer.send(workspace_id, &key, letter, None).await.map_err(|error| Problem::internal(error.to_string()))?;
    }
    let mut transaction = tenant::write(&cell.pool, workspace_id).await?;
    alerts::mailed(&mut transaction, workspace_id, &mail).await?;
    Ok(transaction.commit().await?)
}

/// Counts a mail; false if the workspace has sent enough of them.
async fn may_mail(api: &Parts, workspace_id: WorkspaceId) -> Result<bool, Problem> {
    let subject = format!("alert mail {workspace_id}");
    let mut transaction = api.people.pool.begin().await?;
    let wait = access::count_try(&mut transaction, &[Tried { subject, tries_max: MAILS_MAX, span_s: SPAN_S }]).await?;
    transaction.commit().await?;
    Ok(wait.is_none())
}

/// The mail, and the key by which a repetition is recognised.
fn letter(mail: &AlertMail, slug: &str, public_url: &str, to: Vec<String>) -> (String, Letter) {
    let alert = &mail.alert;
    let (what, when) = match alert.cleared_at {
        None => ("raised", format!("Since {}.", alert.raised_at.format("%Y-%m-%d %H:%M UTC"))),
        Some(cleared_at) => {
            let (from, to) = (alert.raised_at.format("%Y-%m-%d %H:%M"), cleared_at.format("%Y-%m-%d %H:%M UTC"));
            let why = if alert.cleared_because.as_deref() == Some("recovered") {
                "is over"
            } else {
                "is not looked at any more"
            };
            ("cleared", format!("This was so from {from} to {to}, and {why}."))
        }
    };
    let subject = format!("[{slug}] alert {what}: {}", alert.summary);
    let workflow = alert.workflow_id.map(|id| format!("Workflow: {id}\n")).unwrap_or_default();
    let text = format!(
        "{}\n\n{when}\n\nWorkspace: {slug}\nRule: {} ({})\n{workflow}\n{public_url}/editor/\n\n\
         You get this as owner or administrator of the workspace. Its rules are at {public_url}/api/v1/alert-rules.\n",
        alert.summary, alert.rule, alert.kind
    );
    (format!("alert:{}:{what}", alert.alert_id), Letter { to, subject, text, ..Letter::default() })
}
