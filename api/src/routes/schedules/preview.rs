//! When a schedule would fire, before there is one.

use axum::Json;
use axum::extract::Request;
use axum::response::{IntoResponse, Response};
use capstan_domain::schedules::{self, Rules, RulesFlaw};
use chrono::{DateTime, Utc};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::json;

use super::{NEXT_COUNT, WISH_BYTES_MAX, times};
use crate::auth::Caller;
use crate::body;
use crate::problem::{Finding, Problem};

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "SchedulePreviewWish")]
pub(crate) struct Wish {
    cron: String,
    zone: Option<String>,
    #[schemars(with = "Option<crate::openapi::shapes::Time>")]
    start_at: Option<DateTime<Utc>>,
    #[schemars(with = "Option<crate::openapi::shapes::Time>")]
    end_at: Option<DateTime<Utc>>,
    /// Fire times after it; now if absent.
    #[schemars(with = "Option<crate::openapi::shapes::Time>")]
    from: Option<DateTime<Utc>>,
}

/// `POST /schedules/preview {cron, zone?, start_at?, end_at?, from?}`: 200 `{items: [{at, local}], zone}`, the next 10 fire
/// times, none of which is a promise. 422 `invalid_schedule`.
pub(crate) async fn preview(caller: Caller, request: Request) -> Result<Response, Problem> {
    let wish: Wish = body::typed(request, WISH_BYTES_MAX).await?;
    let rules = Rules {
        start_at: wish.start_at,
        end_at: wish.end_at,
        ..Rules::new(&wish.cron, wish.zone.as_deref().unwrap_or("UTC"))
    };
    let calendar = rules.check().map_err(|flaw| refused(&flaw))?;
    let from = match wish.from {
        Some(from) => from,
        None => {
            let mut transaction = caller.read().await?;
            let now = schedules::now(&mut transaction).await?;
            transaction.commit().await?;
            now
        }
    };
    let items = times(&calendar, calendar.upcoming(from, NEXT_COUNT));
    Ok(Json(json!({ "items": items, "zone": rules.zone })).into_response())
}

fn refused(flaw: &RulesFlaw) -> Problem {
    let (code, field, hint) = flaw.parts();
    let finding = Finding { code, pointer: format!("/{field}"), detail: flaw.to_string(), hint: hint.to_owned() };
    Problem::unprocessable("invalid_schedule", flaw.to_string(), hint).findings([finding])
}
