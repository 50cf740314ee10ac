//! Settings of a workspace.

use axum::Json;
use axum::extract::Request;
use axum::response::{IntoResponse, Response};
use capstan_domain::notifications::Kind;
use capstan_domain::workspace_settings::{self, WorkspaceSettings, is_zone, settings_of};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Map, Value, json};

use crate::auth::{Caller, Holder};
use crate::body;
use crate::problem::Problem;

/// Most bytes of a body.
const BODY_BYTES_MAX: usize = 16 * 1024;

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "WorkspaceSettingsWish")]
pub(crate) struct Wish {
    /// An IANA name, such as `Europe/Berlin`; as it is, if absent.
    time_zone: Option<String>,
    /// By kind, whether its owner and administrators are told; those that are absent stay as they are.
    notifications: Option<Map<String, Value>>,
}

/// `GET /workspace/settings`.
pub(crate) async fn show(caller: Caller) -> Result<Response, Problem> {
    let mut transaction = caller.read().await?;
    let settings = settings_of(&mut transaction, caller.workspace_id).await?;
    transaction.commit().await?;
    Ok(Json(view(&settings)).into_response())
}

/// `PUT /workspace/settings {time_zone?, notifications?}`: 200 with the settings. 422 `bad_zone`, `bad_notifications`.
pub(crate) async fn put(Holder { caller, key }: Holder, request: Request) -> Result<Response, Problem> {
    let wish: Wish = body::typed(request, BODY_BYTES_MAX).await?;
    if let Some(zone) = wish.time_zone.as_deref().filter(|zone| !is_zone(zone)) {
        let detail = format!("there is no time zone \"{}\"", zone.chars().take(100).collect::<String>());
        return Err(Problem::unprocessable("bad_zone", detail, "use an IANA name such as Europe/Berlin or UTC"));
    }
    let mut transaction = caller.write().await?;
    caller.hold(&mut transaction, "workspace settings").await?;
    let before = settings_of(&mut transaction, caller.workspace_id).await?;
    let quiet = quiet(&before, wish.notifications.as_ref())?;
    let zone = wish.time_zone.as_deref().unwrap_or(&before.time_zone);
    workspace_settings::set(&mut transaction, caller.workspace_id, zone, &quiet, &key.name).await?;
    let after = settings_of(&mut transaction, caller.workspace_id).await?;
    caller.differs(&mut transaction, &shown(&before), &shown(&after)).await?;
    transaction.commit().await?;
    Ok(Json(view(&after)).into_response())
}

/// Kinds that a workspace may have its people left alone with.
fn kinds() -> impl Iterator<Item = Kind> {
    Kind::ALL.iter().copied().filter(|kind| kind.is_of_cell())
}

fn quiet(before: &WorkspaceSettings, wish: Option<&Map<String, Value>>) -> Result<Vec<Kind>, Problem> {
    for (name, value) in wish.into_iter().flatten() {
        if !value.is_boolean() || !kinds().any(|kind| kind.as_str() == name) {
            let known: Vec<&str> = kinds().map(Kind::as_str).collect();
            let name: String = name.chars().take(100).collect();
            let detail = format!("\"{name}\" cannot be that: kinds are {}, each true or false", known.join(", "));
            return Err(Problem::unprocessable("bad_notifications", detail, "name kinds as GET shows them"));
        }
    }
    let tells = |kind: Kind| {
        let wished = wish.and_then(|wish| wish.get(kind.as_str())).and_then(Value::as_bool);
        wished.unwrap_or_else(|| before.tells(kind))
    };
    Ok(kinds().filter(|kind| !tells(*kind)).collect())
}

fn shown(settings: &WorkspaceSettings) -> Value {
    let told: Map<String, Value> =
        kinds().map(|kind| (kind.as_str().to_owned(), json!(settings.tells(kind)))).collect();
    json!({ "time_zone": settings.time_zone, "notifications": told })
}

fn view(settings: &WorkspaceSettings) -> Value {
    let mut told = shown(settings);
    told["updated_by"] = json!(settings.updated_by);
    told["updated_at"] = json!(settings.updated_at);
    told
}
