//! How the first cell, its fleet and its database are and were, for administrators of the platform.

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use capstan_engine::store::health;
use chrono::Utc;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::json;

use crate::Api;
use crate::problem::Problem;
use crate::query::Query;

/// Hours that are told if none are asked for, and at most: figures are kept no longer.
const HOURS: (i32, i32) = (24, health::KEPT_DAYS * 24);
/// About so many points are told, each the mean of a stretch.
const POINTS: i32 = 120;
/// Shortest stretch, in seconds: so often figures are taken.
const STRETCH_S_MIN: i32 = 60;

#[derive(Deserialize, JsonSchema)]
pub(crate) struct HealthQuery {
    /// How far back: 1 to 336, 24 if absent.
    hours: Option<String>,
}

/// `GET /platform/health?hours`: figures, oldest first, and how things stand by the newest. Workers take them about each minute. 400
/// `bad_hours`.
pub(crate) async fn show(State(api): State<Api>, Query(query): Query<HealthQuery>) -> Result<Response, Problem> {
    let hours = hours(query.hours.as_deref())?;
    let stretch_s = (hours * 3_600 / POINTS).max(STRETCH_S_MIN);
    let schema = &api.settings.cell.schema;
    let cell = api.cells.pooled(schema);
    let mut transaction = cell.pool.begin().await?;
    let points = health::series(&mut transaction, hours, stretch_s).await?;
    // A stretch of hours may end well and be bad in the mean, or the other way round: how it is now is what counts.
    let last_hour = health::series(&mut transaction, 1, STRETCH_S_MIN).await?;
    transaction.commit().await?;
    let newest = last_hour.last().or(points.last());
    let age_s = newest.map_or(0.0, |health| (Utc::now() - health.at).as_seconds_f64().max(0.0));
    let judged = health::judge(newest, age_s);
    let standing = judged.iter().map(|it| it.standing).max();
    let told = json!({
        "cell": schema,
        "standing": standing,
        "checks": judged,
        "hours": hours,
        "stretch_s": stretch_s,
        "points": points,
    });
    Ok(Json(told).into_response())
}

fn hours(text: Option<&str>) -> Result<i32, Problem> {
    let Some(text) = text else { return Ok(HOURS.0) };
    text.parse().ok().filter(|hours| (1..=HOURS.1).contains(hours)).ok_or_else(|| {
        let hint = format!("ask for 1 to {} hours", HOURS.1);
        Problem::bad_request("bad_hours", "the hours are not in range", hint)
    })
}
