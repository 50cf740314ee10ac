//! News for people. Of members it is told in the transaction in which it comes about. Of what has happened in cells one process at a
//! time brings it from there: it is safe twice, and whoever dies at it leaves it to the next.

use std::collections::BTreeMap;
use std::sync::Weak;
use std::time::Duration;

use capstan_domain::access::{OpenInvitation, Tried};
use capstan_domain::cells::CellAddress;
use capstan_domain::mailbox::TO_PEOPLE;
use capstan_domain::notifications::{self, DueMail, Kind, News, Notice, chosen, heads, tell};
use capstan_domain::workspace_settings::settings_of;
use capstan_engine::core::ids::WorkspaceId;
use capstan_node_types::services::mail::{Letter, MailError, Mailer};
use sqlx::PgConnection;
use tokio::time::sleep;
use uuid::Uuid;

use crate::Parts;
use crate::alerts::{looked_into, may};
use crate::cells::Cell;
use crate::problem::Problem;
use crate::tenant;

/// Time between two looks, of which one process has each; one that finds nothing is one statement for each cell, and one for mails.
const LOOK_EVERY: Duration = Duration::from_secs(15);
/// For how long nobody else looks, in seconds.
const LOOK_S: i32 = 12;
/// Notices of one look and cell.
const BITE: i32 = 500;
/// Mails of one look.
const MAILS_BITE: i64 = 50;
/// Mails to one person within [`SPAN_S`]. What is beyond waits for its next try.
const MAILS_MAX: i32 = 20;
/// An hour, in seconds.
const SPAN_S: i32 = 3_600;
/// Most characters of a summary that the subject of a mail has.
const SUBJECT_CHARS_MAX: usize = 150;

/// Looks now and then, as long as the API exists.
pub(crate) async fn tend(api: Weak<Parts>) {
    loop {
        sleep(LOOK_EVERY).await;
        let Some(api) = api.upgrade() else { return };
        let told = async {
            let look = Tried { subject: "news look".into(), tries_max: 1, span_s: LOOK_S };
            if may(&api, look).await? { round(&api).await } else { Ok(()) }
        };
        if let Err(problem) = told.await {
            let cause = problem.internal.as_deref().unwrap_or(&problem.detail);
            tracing::warn!(cause, "nobody knows what people are to be told; it will be tried again");
        }
    }
}

/// One cell that fails stops no other one.
pub(crate) async fn round(api: &Parts) -> Result<(), Problem> {
    for address in looked_into(api).await? {
        if let Err(problem) = bring(api, &address).await {
            let cause = problem.internal.as_deref().unwrap_or(&problem.detail);
            let (schema, database) = (address.schema_name, address.database_name);
            tracing::warn!(cause, schema, database, "what has happened in a cell was not told; it will be tried again");
        }
    }
    match api.people.settings.mailer.clone() {
        Some(mailer) => mail(api, &mailer).await,
        None => Ok(()),
    }
}

/// One workspace that fails stops no other one.
async fn bring(api: &Parts, address: &CellAddress) -> Result<(), Problem> {
    let cell = api.cells.get(address).await?;
    let waiting = notifications::waiting(&mut *cell.pool.begin().await?, BITE).await?;
    let mut by_workspace: BTreeMap<Uuid, Vec<Notice>> = BTreeMap::new();
    for notice in waiting {
        by_workspace.entry(notice.workspace_id).or_default().push(notice);
    }
    for (workspace_id, notices) in by_workspace {
        if let Err(problem) = bring_of(api, &cell, WorkspaceId(workspace_id), &notices).await {
            let cause = problem.internal.as_deref().unwrap_or(&problem.detail);
            tracing::warn!(cause, %workspace_id, "people of a workspace were not told; it will be tried again");
        }
    }
    Ok(())
}

/// Whoever dies in between has them brought again, which adds nothing.
async fn bring_of(api: &Parts, cell: &Cell, workspace_id: WorkspaceId, notices: &[Notice]) -> Result<(), Problem> {
    let mut transaction = tenant::read(&cell.pool, workspace_id).await?;
    let settings = settings_of(&mut transaction, workspace_id).await?;
    transaction.commit().await?;
    let mut control = api.people.pool.begin().await?;
    let heads = heads(&mut control, workspace_id).await?;
    let mut keys = Vec::new();
    for notice in notices {
        // One of a later release waits for who knows it.
        let Ok(kind) = notice.kind.parse::<Kind>() else { continue };
        keys.push(notice.notice_key.clone());
        if !settings.tells(kind) {
            continue;
        }
        let people = if notice.is_for_heads() {
            heads.clone()
        } else {
            chosen(&mut control, workspace_id, &notice.told_roles, &notice.told_ids).await?
        };
        if people.is_empty() {
            continue;
        }
        let source = format!("{workspace_id}:{}", notice.notice_key);
        let news = News {
            kind,
            source: &source,
            workspace_id: Some(workspace_id),
            summary: &notice.summary,
            page: &notice.page,
            // Alerts have mails of their own, which their rules ask for.
            is_mailed: kind != Kind::AlertRaised,
        };
        tell(&mut control, &people, &news).await?;
    }
    control.commit().await?;
    if keys.is_empty() {
        return Ok(());
    }
    let mut transaction = cell.write(workspace_id).await?;
    notifications::forget(&mut transaction, workspace_id, &keys).await?;
    Ok(transaction.commit().await?)
}

/// Tells the heads of a workspace that somebody has joined it, in the transaction in which they do.
pub(crate) async fn of_member(
    control: &mut PgConnection,
    workspace_id: WorkspaceId,
    user_id: Uuid,
    invitation: &OpenInvitation,
) -> Result<(), Problem> {
    let mut people = heads(&mut *control, workspace_id).await?;
    people.retain(|it| *it != user_id);
    let source = format!("{workspace_id}:member:{}", Uuid::now_v7());
    let summary = format!("{} has joined {} as {}.", invitation.email, invitation.name, invitation.role);
    let news = News {
        kind: Kind::InvitationAccepted,
        source: &source,
        workspace_id: Some(workspace_id),
        summary: &summary,
        page: "settings/people",
        is_mailed: true,
    };
    tell(control, &people, &news).await?;
    Ok(())
}

/// Where the mail server takes no mail, the rest waits for its next try.
async fn mail(api: &Parts, mailer: &Mailer) -> Result<(), Problem> {
    let mut control = api.people.pool.begin().await?;
    let due = notifications::take_mails(&mut control, MAILS_BITE).await?;
    control.commit().await?;
    for mail in due {
        let mails = Tried { subject: format!("news mail {}", mail.user_id), tries_max: MAILS_MAX, span_s: SPAN_S };
        if !may(api, mails).await? {
            continue;
        }
        let key = format!("notification:{}", mail.notification_id);
        match mailer.send(TO_PEOPLE, &key, letter(&mail, &api.people.settings.public_url), None).await {
            Ok(_) => {}
            Err(error @ (MailError::Letter(_) | MailError::Rejected { .. })) => {
                tracing::warn!(%error, "a mail to a person was refused; it will be tried again");
                continue;
            }
            Err(error) => {
                tracing::warn!(%error, "the mail server takes no mail to people; it will be tried again");
                return Ok(());
            }
        }
        let mut control = api.people.pool.begin().await?;
        notifications::mailed(&mut control, &mail).await?;
        control.commit().await?;
    }
    Ok(())
}

fn letter(mail: &DueMail, public_url: &str) -> Letter {
    let place = mail.workspace.as_ref().map(|slug| format!("w/{slug}/")).unwrap_or_default();
    let whose = mail.workspace.as_deref().unwrap_or("Capstan");
    // What a database or receiver says may have several lines.
    let line = mail.summary.split(char::is_control).collect::<Vec<_>>().join(" ");
    let subject = format!("[{whose}] {}", line.chars().take(SUBJECT_CHARS_MAX).collect::<String>());
    let text = format!(
        "{}\n\n{public_url}/editor/{place}{}\n\nOf what you get mails is said in your account: \
         {public_url}/editor/{place}settings/account\n",
        mail.summary, mail.page
    );
    Letter { to: vec![mail.email.clone()], subject, text, ..Letter::default() }
}
