//! Mails owner and administrators of a workspace when an alert is raised or cleared. Any API process that can send mail does it,
//! one at a time; an alert is taken by one of them.

use std::sync::Weak;
use std::time::Duration;

use capstan_domain::access::{self, Role, Tried};
use capstan_domain::alerts::{self, AlertMail};
use capstan_domain::cells::{self, CellAddress};
use capstan_domain::notifications::{Kind, who_wants};
use capstan_engine::core::ids::WorkspaceId;
use capstan_node_types::services::mail::letter::RECIPIENTS_MAX;
use capstan_node_types::services::mail::{Letter, MailError, Mailer};
use tokio::time::sleep;
use uuid::Uuid;

use crate::Parts;
use crate::cells::Cell;
use crate::problem::Problem;
use crate::tenant;

/// Time between two looks, of which one process has each; one that finds nothing is one statement for each cell.
const LOOK_EVERY: Duration = Duration::from_secs(60);
/// For how long nobody else looks, in seconds.
const LOOK_S: i32 = 50;
/// Dedicated cells of one look.
const SERVED_MAX: i64 = 1_000;
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
        let told = async {
            let look = Tried { subject: "alert mail look".into(), tries_max: 1, span_s: LOOK_S };
            if may(&api, look).await? { round(&api).await } else { Ok(()) }
        };
        if let Err(problem) = told.await {
            let cause = problem.internal.as_deref().unwrap_or(&problem.detail);
            tracing::warn!(cause, "nobody knows which alerts people are to be told of; it will be tried again");
        }
    }
}

/// One cell that fails stops no other one. Where the mail server takes no mail, the rest waits for the next look.
pub(crate) async fn round(api: &Parts) -> Result<(), Problem> {
    let Some(mailer) = api.people.settings.mailer.clone() else { return Ok(()) };
    for address in looked_into(api).await? {
        match of_cell(api, &mailer, &address).await {
            Ok(true) => {}
            Ok(false) => break,
            Err(problem) => {
                let cause = problem.internal.as_deref().unwrap_or(&problem.detail);
                tracing::warn!(
                    cause,
                    schema = address.schema_name,
                    database = address.database_name,
                    "nobody knows which alerts of a cell people are to be told of; trying again"
                );
            }
        }
    }
    Ok(())
}

/// All pooled cells, and the dedicated ones that a worker serves: where people are to be told something, it stays for longer than it takes
/// to look.
pub(crate) async fn looked_into(api: &Parts) -> Result<Vec<CellAddress>, Problem> {
    let mut control = api.people.pool.begin().await?;
    let schemas = access::cell_schemas(&mut control).await?;
    let mut addresses: Vec<_> = schemas.iter().map(|schema| CellAddress::pooled(schema)).collect();
    addresses.extend(cells::served_cells(&mut control, SERVED_MAX).await?);
    control.commit().await?;
    Ok(addresses)
}

/// Whether the mail server takes mail. An alert that fails stops no other one.
async fn of_cell(api: &Parts, mailer: &Mailer, address: &CellAddress) -> Result<bool, Problem> {
    let cell = api.cells.get(address).await?;
    let due = alerts::to_mail(&mut *cell.pool.begin().await?, BITE).await?;
    for (workspace_id, alert_id) in due {
        match tell_one(api, mailer, &cell, (workspace_id, alert_id)).await {
            Ok(true) => {}
            Ok(false) => return Ok(false),
            Err(problem) => {
                let cause = problem.internal.as_deref().unwrap_or(&problem.detail);
                tracing::warn!(cause, %workspace_id, %alert_id, "people were not told of an alert; it will be tried again");
            }
        }
    }
    Ok(true)
}

/// Whether the mail server takes mail.
async fn tell_one(
    api: &Parts,
    mailer: &Mailer,
    cell: &Cell,
    (workspace_id, alert_id): (WorkspaceId, Uuid),
) -> Result<bool, Problem> {
    let mut transaction = cell.write(workspace_id).await?;
    let mail = alerts::take_mail(&mut transaction, workspace_id, alert_id).await?;
    transaction.commit().await?;
    let Some(mail) = mail else { return Ok(true) };
    let mails = Tried { subject: format!("alert mail {workspace_id}"), tries_max: MAILS_MAX, span_s: SPAN_S };
    if !may(api, mails).await? {
        return Ok(true);
    }
    let mut control = tenant::read(&api.people.pool, workspace_id).await?;
    let members = access::list_members(&mut control, workspace_id).await?;
    let ids: Vec<Uuid> = members.iter().map(|it| it.user_id).collect();
    let wanting = who_wants(&mut control, &ids, Kind::AlertRaised).await?;
    let slug = access::get_tenant(&mut control, workspace_id).await?.map(|tenant| tenant.slug);
    control.commit().await?;
    let told = [Role::Owner, Role::Admin].map(Role::as_str);
    let to: Vec<String> = members
        .into_iter()
        .filter(|it| told.contains(&it.role.as_str()) && wanting.contains(&it.user_id))
        .map(|it| it.email)
        .take(RECIPIENTS_MAX)
        .collect();
    if !to.is_empty() {
        let (key, letter) = letter(&mail, slug.as_deref().unwrap_or_default(), &api.people.settings.public_url, to);
        match mailer.send(workspace_id, &key, letter, None).await {
            Ok(_) => {}
            Err(error @ (MailError::Letter(_) | MailError::Rejected { .. })) => {
                return Err(Problem::internal(error.to_string()));
            }
            Err(error) => {
                tracing::warn!(%error, "the mail server takes no mail about alerts; it will be tried again");
                return Ok(false);
            }
        }
    }
    let mut transaction = cell.write(workspace_id).await?;
    alerts::mailed(&mut transaction, workspace_id, &mail).await?;
    transaction.commit().await?;
    Ok(true)
}

/// Counts a try, for all processes together; false if there were enough of them.
pub(crate) async fn may(api: &Parts, tried: Tried) -> Result<bool, Problem> {
    let mut transaction = api.people.pool.begin().await?;
    let wait = access::count_try(&mut transaction, &[tried]).await?;
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
