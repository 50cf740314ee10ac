//! Mails in the sandbox mailbox that name the address, and submissions of forms that wait until it is proven: each is about the person
//! as a whole.

use capstan_engine::store::error::StoreError;
use serde_json::{Value, json};
use sqlx::PgConnection;
use uuid::Uuid;

use super::part::{Finds, Page};
use super::person::{Person, Reach};
use super::turn::Turn;

/// Mails that are looked at in a turn.
const ROWS_PER_TURN: i64 = 100;

pub(super) async fn page(connection: &mut PgConnection, turn: &Turn, person: &Person) -> Result<Page, StoreError> {
    let rows_max = turn.rows(ROWS_PER_TURN);
    let rows: Vec<(Uuid, Value)> = sqlx::query_as(
        "SELECT mail_id, jsonb_build_object('from', sender, 'to', recipients, 'subject', subject, 'text', body_text, \
           'html', body_html, 'at', created_at) \
         FROM sandbox_mails WHERE workspace_id = $1 AND mail_id > $2 ORDER BY mail_id LIMIT $3",
    )
    .bind(turn.workspace_id)
    .bind(turn.reached)
    .bind(rows_max)
    .fetch_all(&mut *connection)
    .await?;
    let mut finds = Finds { searched: rows.len() as i64, ..Finds::default() };
    if turn.reached.is_nil() {
        submissions(connection, turn, &mut finds).await?;
    }
    for (mail_id, mail) in &rows {
        if person.found(mail, Reach::Object).is_empty() {
            continue;
        }
        if turn.erases() {
            remove(connection, turn, *mail_id).await?;
            finds.count += 1;
        } else {
            finds.tell("mail", &json!({ "mail_id": mail_id }), "mail", "", mail);
        }
    }
    let next = rows.last().filter(|_| rows.len() as i64 == rows_max).map(|(id, _)| (*id, Uuid::nil()));
    Ok(Page { finds, next })
}

/// So few that they are done with the first page: mails to one address are bounded by the hour, and submissions go within a day.
async fn submissions(connection: &mut PgConnection, turn: &Turn, finds: &mut Finds) -> Result<(), StoreError> {
    let rows: Vec<(Uuid, Value)> = sqlx::query_as(
        "SELECT submission_id, jsonb_build_object('form', path, 'email', email, 'input', input, 'at', created_at) \
         FROM form_submissions WHERE workspace_id = $1 AND email = $2 ORDER BY submission_id",
    )
    .bind(turn.workspace_id)
    .bind(&turn.address)
    .fetch_all(&mut *connection)
    .await?;
    finds.searched += rows.len() as i64;
    for (submission_id, submission) in &rows {
        if !turn.erases() {
            finds.tell("form", &json!({ "submission_id": submission_id }), "submission", "", submission);
            continue;
        }
        sqlx::query("DELETE FROM form_submissions WHERE workspace_id = $1 AND submission_id = $2")
            .bind(turn.workspace_id)
            .bind(submission_id)
            .execute(&mut *connection)
            .await?;
        finds.count += 1;
    }
    Ok(())
}

/// Without the person nothing of a mail is left that anybody could read.
async fn remove(connection: &mut PgConnection, turn: &Turn, mail_id: Uuid) -> Result<(), StoreError> {
    sqlx::query("DELETE FROM sandbox_mails WHERE workspace_id = $1 AND mail_id = $2")
        .bind(turn.workspace_id)
        .bind(mail_id)
        .execute(connection)
        .await?;
    Ok(())
}
