//! Settings of the platform, for its administrators. What is set holds in all processes within seconds.

use std::sync::Arc;

use axum::extract::{Path, Request, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::{Extension, Json};
use capstan_domain::access;
use capstan_domain::audit::Difference;
use capstan_domain::platform::{self, SETTINGS, Setting, SettingKind, SettingRow};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Value, json};
use sqlx::PgConnection;

use super::{BODY_BYTES_MAX, mover};
use crate::actor::Actor;
use crate::problem::Problem;
use crate::routes::people::refused;
use crate::{Api, body, in_force};

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct SetSetting {
    /// What it is to be; which values there may be depends on the setting.
    value: Value,
}

/// `GET /platform/settings`: all that there are, what each may be, and what holds.
pub(crate) async fn list(State(api): State<Api>) -> Result<Response, Problem> {
    let rows = platform::list_settings(&mut *api.people.pool.begin().await?).await?;
    let items: Vec<Value> = SETTINGS.iter().map(|setting| view(&api, setting, &rows)).collect();
    Ok(Json(json!({ "items": items })).into_response())
}

/// `PUT /platform/settings/{name} {value}`: 200 with the setting. 404 `not_found`, 422 `bad_setting`, `unknown_plan`.
pub(crate) async fn put(
    State(api): State<Api>,
    Extension(actor): Extension<Arc<Actor>>,
    Path(name): Path<String>,
    request: Request,
) -> Result<Response, Problem> {
    let setting = known(&name)?;
    let (parts, body) = request.into_parts();
    let by = mover(&api, &parts, &actor)?;
    let wish: SetSetting = body::typed(Request::from_parts(parts, body), BODY_BYTES_MAX).await?;
    setting.check(&wish.value).map_err(|flaw| {
        let detail = format!("the setting \"{name}\" cannot be that: {flaw}");
        Problem::unprocessable("bad_setting", detail, "GET /api/v1/platform/settings says what each may be")
    })?;
    let mut transaction = api.people.pool.begin().await?;
    if let (SettingKind::Plan, Some(plan)) = (setting.kind, wish.value.as_str())
        && !access::is_plan(&mut transaction, plan).await.map_err(refused)?
    {
        let detail = format!("there is no plan \"{plan}\"");
        return Err(Problem::unprocessable("unknown_plan", detail, "name one that `capstan plan list` shows"));
    }
    platform::hold_settings(&mut transaction).await?;
    let before = value_of(&mut transaction, setting).await?;
    platform::set_setting(&mut transaction, setting, &wish.value, &by.name).await?;
    let difference = Difference::between(&told(setting, &before), &told(setting, &wish.value));
    let action = "PUT /api/v1/platform/settings/{name}";
    platform::record(&mut transaction, &by, action, setting.name, difference).await?;
    transaction.commit().await?;
    changed(&api, setting).await
}

/// `DELETE /platform/settings/{name}`: 200 with the setting, which is as the environment of the processes says again. 404 `not_found`.
pub(crate) async fn delete(
    State(api): State<Api>,
    Extension(actor): Extension<Arc<Actor>>,
    Path(name): Path<String>,
    request: Request,
) -> Result<Response, Problem> {
    let setting = known(&name)?;
    let (parts, _) = request.into_parts();
    let by = mover(&api, &parts, &actor)?;
    let mut transaction = api.people.pool.begin().await?;
    platform::hold_settings(&mut transaction).await?;
    let before = value_of(&mut transaction, setting).await?;
    if !before.is_null() {
        platform::remove_setting(&mut transaction, setting).await?;
        let difference = Difference::between(&told(setting, &before), &told(setting, &Value::Null));
        let action = "DELETE /api/v1/platform/settings/{name}";
        platform::record(&mut transaction, &by, action, setting.name, difference).await?;
    }
    transaction.commit().await?;
    changed(&api, setting).await
}

/// It holds here at once, and in other processes when they look next.
async fn changed(api: &Api, setting: &Setting) -> Result<Response, Problem> {
    in_force::look(api).await?;
    let rows = platform::list_settings(&mut *api.people.pool.begin().await?).await?;
    Ok(Json(view(api, setting, &rows)).into_response())
}

/// What was set; null if nothing was.
async fn value_of(transaction: &mut PgConnection, setting: &Setting) -> Result<Value, Problem> {
    let rows = platform::list_settings(transaction).await?;
    Ok(rows.into_iter().find(|row| row.name == setting.name).map_or(Value::Null, |row| row.value))
}

fn told(setting: &Setting, value: &Value) -> Value {
    json!({ (setting.name): value })
}

fn known(name: &str) -> Result<&'static Setting, Problem> {
    platform::setting(name).ok_or_else(|| {
        let detail = format!("there is no setting \"{}\"", name.chars().take(100).collect::<String>());
        let hint = "GET /api/v1/platform/settings lists those there are";
        Problem::new(StatusCode::NOT_FOUND, "not_found", detail, hint)
    })
}

fn view(api: &Api, setting: &Setting, rows: &[SettingRow]) -> Value {
    let row = rows.iter().find(|row| row.name == setting.name);
    json!({
        "name": setting.name,
        "about": setting.about,
        "shape": setting.shape(),
        "value": row.map_or_else(|| usual(api, setting), |row| row.value.clone()),
        "is_set": row.is_some(),
        "usual": usual(api, setting),
        "changed_by": row.map(|row| &row.changed_by),
        "changed_at": row.map(|row| row.changed_at),
    })
}

/// As the environment of this process says; null for nothing.
fn usual(api: &Api, setting: &Setting) -> Value {
    let settings = &api.people.settings;
    match setting.name {
        "sign_up" => json!(if settings.sign_up { "open" } else { "closed" }),
        "default_plan" => json!(settings.plan),
        "requests_per_minute_of_caller" => json!(settings.rates.caller),
        "requests_per_minute_of_workspace" => json!(settings.rates.workspace),
        "requests_per_minute_of_address" => json!(settings.rates.address),
        _ => Value::Null,
    }
}
