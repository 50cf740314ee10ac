//! What a workspace uses of its plan, and the facts that prove it.

use std::collections::BTreeMap;

use axum::Json;
use axum::response::{IntoResponse, Response};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use capstan_domain::quotas::{
    self, EMAILS, EXECUTIONS, LEADS, Receipt, ReceiptPlace, SMS, Used, WORKFLOWS, meter_of, quota_of,
};
use chrono::{DateTime, Utc};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::auth::Caller;
use crate::paging::Paging;
use crate::problem::Problem;
use crate::query::Query;

/// Quotas of which there may be so many at a time; the others are used up month by month.
const STORED: [&str; 2] = [WORKFLOWS, LEADS];
/// Bytes of a cursor: an id and a position.
const CURSOR_BYTES: usize = 20;

#[derive(Serialize)]
struct QuotaView<'a> {
    quota: &'a str,
    kind: &'static str,
    used: i64,
    limit: Option<i64>,
    hard: Option<i64>,
    percent: Option<f64>,
    state: &'static str,
    resets_at: Option<DateTime<Utc>>,
}

/// `GET /usage`: each quota with what is used of it, and past months.
pub(crate) async fn show(caller: Caller) -> Result<Response, Problem> {
    let mut transaction = caller.read().await?;
    let usage = quotas::usage(&mut transaction, caller.workspace_id).await?;
    let months = quotas::history(&mut transaction, caller.workspace_id).await?;
    transaction.commit().await?;
    let (from, to) = usage.period;
    let shown: Vec<QuotaView<'_>> = usage.quotas.iter().map(|used| view(used, to)).collect();
    let mut history: Vec<Value> = Vec::new();
    for of_month in months.chunk_by(|one, next| one.period == next.period) {
        let used: BTreeMap<&str, i64> = of_month.iter().map(|row| (quota_of(&row.meter), row.used)).collect();
        history.extend(of_month.first().map(|row| json!({ "period": name(row.period), "used": used })));
    }
    let period = json!({ "name": name(from.date_naive()), "from": from, "to": to });
    let body = json!({ "plan": usage.plan, "period": period, "quotas": shown, "history": history });
    Ok(Json(body).into_response())
}

#[derive(Deserialize, JsonSchema)]
pub(crate) struct ListQuery {
    quota: Option<String>,
    limit: Option<String>,
    cursor: Option<String>,
}

/// `GET /usage/receipts?quota&limit&cursor`: executions, and what steps used, newest first. 400 `bad_quota`.
pub(crate) async fn receipts(caller: Caller, Query(query): Query<ListQuery>) -> Result<Response, Problem> {
    let meter = query.quota.as_deref().map(meter_of);
    let has_receipts = |meter: &str| [EXECUTIONS, EMAILS, SMS].contains(&meter) || quotas::is_custom(meter);
    if meter.is_some_and(|meter| !has_receipts(meter)) {
        let hint = format!(
            "ask for {}, {}, {SMS}, a quota that steps charge, or leave it out",
            quota_of(EXECUTIONS),
            quota_of(EMAILS)
        );
        return Err(Problem::bad_request("bad_quota", "there are no receipts of that quota", hint));
    }
    let paging = Paging::new(query.limit.as_deref(), None)?;
    let before =
        query.cursor.as_deref().map_or(Ok(ReceiptPlace { execution_id: Uuid::max(), position: i32::MAX }), place)?;
    let mut transaction = caller.read().await?;
    let mut rows = quotas::receipts(&mut transaction, caller.workspace_id, meter, before, paging.rows()).await?;
    transaction.commit().await?;
    let limit = usize::try_from(paging.limit).unwrap_or(usize::MAX);
    let more = rows.len() > limit;
    rows.truncate(limit);
    let next_cursor = rows.last().filter(|_| more).map(cursor);
    let items: Vec<Value> = rows.iter().map(receipt).collect();
    Ok(Json(json!({ "items": items, "next_cursor": next_cursor })).into_response())
}

fn view(used: &Used, resets_at: DateTime<Utc>) -> QuotaView<'_> {
    let is_stored = STORED.contains(&used.meter.as_str());
    let state = match (used.units_max, used.hard_max) {
        (_, Some(hard)) if used.used >= hard => "hard",
        (Some(limit), _) if used.used >= limit => "soft",
        _ => "ok",
    };
    let percent = used.units_max.filter(|&limit| limit > 0).map(|limit| {
        let per_mille = used.used.saturating_mul(1_000) / limit;
        per_mille as f64 / 10.0
    });
    QuotaView {
        quota: quota_of(&used.meter),
        kind: if is_stored { "stored" } else { "monthly" },
        used: used.used,
        limit: used.units_max,
        hard: used.hard_max,
        percent,
        state,
        resets_at: (!is_stored).then_some(resets_at),
    }
}

fn receipt(row: &Receipt) -> Value {
    let step = row.node_id.as_ref().map(|node_id| json!({ "node_id": node_id, "scope": row.scope }));
    json!({
        "quota": quota_of(&row.meter),
        "units": row.units,
        "at": row.at,
        "execution_id": row.execution_id,
        "step": step,
        "href": format!("/api/v1/executions/{}", row.execution_id),
    })
}

fn name(period: chrono::NaiveDate) -> String {
    period.format("%Y-%m").to_string()
}

fn cursor(row: &Receipt) -> String {
    let mut bytes = row.execution_id.as_bytes().to_vec();
    bytes.extend(row.position.to_be_bytes());
    URL_SAFE_NO_PAD.encode(bytes)
}

fn place(cursor: &str) -> Result<ReceiptPlace, Problem> {
    let bytes = URL_SAFE_NO_PAD.decode(cursor).ok().filter(|bytes| bytes.len() == CURSOR_BYTES);
    let read = bytes.and_then(|bytes| {
        let execution_id = Uuid::from_slice(&bytes[..16]).ok()?;
        let position = i32::from_be_bytes(bytes[16..].try_into().ok()?);
        Some(ReceiptPlace { execution_id, position })
    });
    read.ok_or_else(|| {
        Problem::bad_request("bad_cursor", "the cursor is none of ours", "use next_cursor as it was given")
    })
}
