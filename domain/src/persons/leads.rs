//! Leads with the address, hidden ones too, and their custom values.

use capstan_engine::store::error::StoreError;
use serde_json::{Value, json};
use sqlx::PgConnection;
use uuid::Uuid;

use super::part::{Finds, Page};
use super::person::ERASED;
use super::turn::Turn;

/// Leads that are looked at in a turn.
const ROWS_PER_TURN: i64 = 1_000;

pub(super) async fn page(connection: &mut PgConnection, turn: &Turn) -> Result<Page, StoreError> {
    let rows_max = turn.rows(ROWS_PER_TURN);
    let rows: Vec<(Uuid, bool)> = sqlx::query_as(
        "SELECT lead_id, coalesce(email_key = $3, false) FROM leads WHERE workspace_id = $1 AND lead_id > $2 \
         ORDER BY lead_id LIMIT $4",
    )
    .bind(turn.workspace_id)
    .bind(turn.reached)
    .bind(&turn.address)
    .bind(rows_max)
    .fetch_all(&mut *connection)
    .await?;
    let mut ids: Vec<Uuid> = rows.iter().filter(|(_, is_theirs)| *is_theirs).map(|(id, _)| *id).collect();
    let mut finds = Finds { searched: rows.len() as i64, ..Finds::default() };
    if !ids.is_empty() {
        if turn.erases() {
            ids = erase(connection, turn, &ids).await?;
            finds.count = ids.len() as i64;
        } else {
            tell(connection, turn, &ids, &mut finds).await?;
        }
        mark(connection, turn, &ids).await?;
    }
    let is_full = rows.len() as i64 == rows_max;
    let next = rows.last().filter(|_| is_full).map(|(id, _)| (*id, Uuid::nil()));
    Ok(Page { finds, next })
}

/// Their history is the person's as well.
async fn mark(connection: &mut PgConnection, turn: &Turn, ids: &[Uuid]) -> Result<(), StoreError> {
    sqlx::query(
        "INSERT INTO person_marks (workspace_id, job_id, kind, id) SELECT $1, $2, 'lead', l.id FROM unnest($3::uuid[]) AS l (id) \
         ON CONFLICT DO NOTHING",
    )
    .bind(turn.workspace_id)
    .bind(turn.job_id)
    .bind(ids)
    .execute(connection)
    .await?;
    Ok(())
}

async fn tell(connection: &mut PgConnection, turn: &Turn, ids: &[Uuid], finds: &mut Finds) -> Result<(), StoreError> {
    let rows: Vec<(Uuid, Value)> = sqlx::query_as(
        "SELECT l.lead_id, jsonb_build_object('email', l.email, 'name', l.name, 'phone', l.phone, 'company', l.company, \
           'status', l.status, 'source', l.source, 'consented_at', l.consented_at, 'last_email_at', l.last_email_at, \
           'last_activity_at', l.last_activity_at, 'created_at', l.created_at, 'updated_at', l.updated_at, \
           'deleted_at', l.deleted_at, 'fields', (SELECT coalesce(jsonb_object_agg(d.name, \
             coalesce(to_jsonb(d.text_value), to_jsonb(d.number_value), to_jsonb(d.boolean_value))), '{}') \
             FROM lead_field_data d WHERE d.workspace_id = l.workspace_id AND d.lead_id = l.lead_id)) \
         FROM leads l WHERE l.workspace_id = $1 AND l.lead_id = ANY ($2) ORDER BY l.lead_id",
    )
    .bind(turn.workspace_id)
    .bind(ids)
    .fetch_all(connection)
    .await?;
    for (lead_id, lead) in rows {
        finds.tell("lead", &json!({ "lead_id": lead_id }), "lead", "", &lead);
    }
    Ok(())
}

/// The row stays, hidden and without the person: what counts leads counts it, and its history has its lead. Answers whose: an
/// address may have become another one's meanwhile.
async fn erase(connection: &mut PgConnection, turn: &Turn, ids: &[Uuid]) -> Result<Vec<Uuid>, StoreError> {
    let ids: Vec<Uuid> = sqlx::query_scalar(
        "UPDATE leads SET email = NULL, email_key = NULL, name = $3, phone = NULL, company = NULL, words = '', \
           deleted_at = coalesce(deleted_at, clock_timestamp()), updated_at = clock_timestamp() \
         WHERE workspace_id = $1 AND lead_id = ANY ($2) AND email_key = $4 RETURNING lead_id",
    )
    .bind(turn.workspace_id)
    .bind(ids)
    .bind(ERASED)
    .bind(&turn.address)
    .fetch_all(&mut *connection)
    .await?;
    sqlx::query("DELETE FROM lead_field_data WHERE workspace_id = $1 AND lead_id = ANY ($2)")
        .bind(turn.workspace_id)
        .bind(&ids)
        .execute(&mut *connection)
        .await?;
    let events: Vec<Uuid> = ids.iter().map(|_| Uuid::now_v7()).collect();
    sqlx::query(
        "INSERT INTO lead_events (workspace_id, lead_id, event_id, type, by_kind, by_name, data) \
         SELECT $1, l.lead_id, l.event_id, 'deleted', $4, $5, '{\"erased\": true}' \
         FROM unnest($2::uuid[], $3::uuid[]) AS l (lead_id, event_id)",
    )
    .bind(turn.workspace_id)
    .bind(&ids)
    .bind(events)
    .bind(&turn.by_kind)
    .bind(&turn.by_name)
    .execute(connection)
    .await?;
    Ok(ids)
}
