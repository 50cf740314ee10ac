//! Mails in the sandbox mailbox that name the address: each is about the person as a whole.

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

/// Without the person nothing of a mail is left that anybody could read.
async fn remove(connection: &mut PgConnection, turn: &Turn, mail_id: Uuid) -> Result<(), StoreError> {
    sqlx::query("DELETE FROM sandbox_mails WHERE workspace_id = $1 AND mail_id = $2")
        .bind(turn.workspace_id)
        .bind(mail_id)
        .execute(connection)
        .await?;
    Ok(())
}
