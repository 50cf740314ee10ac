//! Leads from pages of others: `POST /api/public/lead`.

use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde_json::{Map, Value, json};

use super::{Sent, found, read, refused, take, unproven};
use crate::Api;
use crate::page::form::TOKEN;
use crate::problem::Problem;
use crate::rates::count_address;

/// `POST /api/public/lead {workspace, form?, token?, fields}`, or with the fields beside them, as JSON or urlencoded: 202
/// `{lead_id, status, replayed}`. Without `form` the only form of the workspace that takes leads is meant. 100 a minute from
/// one client. 403 `form_token`, 404 unknown; 422 `invalid_input` by field, `form_required`; 429 `too_many_tries`.
pub(crate) async fn submit(State(api): State<Api>, request: Request) -> Result<Response, Problem> {
    let (parts, body) = request.into_parts();
    count_address(&api, &parts, None).await?;
    let mut sent = read::fields(&parts, body).await?;
    let text = |value: Option<Value>| value.and_then(|value| value.as_str().map(str::to_owned));
    let Some(slug) = text(sent.remove("workspace")) else {
        let detail = "the body names no workspace";
        return Err(Problem::bad_request("workspace_required", detail, "send workspace: its slug"));
    };
    let found = match text(sent.remove("form")) {
        Some(path) => found::find(&api, &slug, path).await?,
        None => found::only_of_leads(&api, &slug).await?,
    };
    if found.config.lead.is_none() {
        return Err(Problem::not_found("form that takes leads", &found.path));
    }
    match take(&api, &found, fields(sent)).await? {
        Sent::Noted(noted) => Ok(noted.into_response()),
        Sent::Started(launched) => Ok(launched.into_response()),
        Sent::Asked(asked) => Ok(asked.into_response()),
        // Whoever fills in what nobody sees shall not learn that it was noticed.
        Sent::Trapped => Ok((StatusCode::ACCEPTED, axum::Json(json!({ "status": "accepted" }))).into_response()),
        Sent::Wrong(errors) => Err(refused(errors)),
        Sent::Unproven => Err(unproven()),
    }
}

/// What was filled in: `fields`, or all that is beside.
fn fields(mut sent: Map<String, Value>) -> Map<String, Value> {
    let token = sent.remove("token").or_else(|| sent.remove(TOKEN));
    let mut fields = match sent.remove("fields") {
        Some(Value::Object(mut fields)) => {
            // What belongs to the form and not to its fields stands beside them.
            fields.extend(sent.into_iter().filter(|(name, _)| name.starts_with("capstan-")));
            fields
        }
        Some(other) => {
            sent.insert("fields".into(), other);
            sent
        }
        None => sent,
    };
    if let Some(token) = token {
        fields.insert(TOKEN.into(), token);
    }
    fields
}
