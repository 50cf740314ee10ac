//! Form pages of published `trigger.form` nodes: anyone may fill them in.

mod found;
mod lead;
pub(crate) mod list;
pub(crate) mod public;
mod read;
mod token;
pub(crate) mod verify;

use axum::Json;
use axum::extract::{Path, Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use capstan_domain::schedules::Overlap;
use capstan_domain::trigger_starts::{NewStart, Outcome};
use capstan_node_types::types::{FieldError, validate_submission};
use chrono::{DateTime, Duration, Utc};
use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};
use uuid::Uuid;

use self::found::Found;
use self::lead::Noted;
use self::verify::Asked;
use super::launch::{Launch, Launched, launch};
use crate::Api;
use crate::body::is_json;
use crate::page::form::{self, CONSENT, HONEYPOT, TOKEN};
use crate::page::verification;
use crate::problem::{Finding, Problem};
use crate::rates::count_address;

pub(super) use self::read::{URLENCODED, pairs};

/// For how many hours a start that is refused, such as for a quota, is tried again.
const START_WITHIN_HOURS: i64 = 24;

/// What became of a submission.
enum Sent {
    /// An execution was started.
    Started(Launched),
    /// A lead was written, and an execution is queued with it.
    Noted(Noted),
    /// It is kept, and the address in it is written to.
    Asked(Asked),
    /// A program has filled in what nobody sees.
    Trapped,
    /// Something has to be corrected.
    Wrong(Vec<FieldError>),
    /// It does not come from a page of ours, or from one that is too old.
    Unproven,
}

/// `GET /p/{workspace}`: the only form of the workspace that takes leads.
pub(crate) async fn show_only(
    State(api): State<Api>,
    Path(slug): Path<String>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    shown(&found::only_of_leads(&api, &slug).await?, &headers).await
}

/// `GET /p/{workspace}/{path}`: the page; as JSON `{title, fields, consent, token}` for who asks for that.
pub(crate) async fn show(
    State(api): State<Api>,
    Path((slug, path)): Path<(String, String)>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    shown(&found::find(&api, &slug, path).await?, &headers).await
}

async fn shown(found: &Found, headers: &HeaderMap) -> Result<Response, Problem> {
    let token = token::new(found).await?;
    let (json, html) = accepts(headers);
    if json && !html {
        let config = &found.config;
        let shown = json!({ "title": config.title, "description": config.description, "fields": config.fields,
            "consent": config.consent, "token": token });
        return Ok(Json(shown).into_response());
    }
    Ok(form::page(&found.config, &Map::new(), &[], &token))
}

/// `POST /p/{workspace}`: see [`submit`].
pub(crate) async fn submit_only(
    State(api): State<Api>,
    Path(slug): Path<String>,
    request: Request,
) -> Result<Response, Problem> {
    let request = counted(&api, request).await?;
    let found = found::only_of_leads(&api, &slug).await?;
    answer(&api, &found, request).await
}

/// `POST /p/{workspace}/{path}`, urlencoded or JSON: starts an execution, and writes a lead if the form does. Two clicks on
/// one page start one: its token and what was filled in are the idempotency key. Errors come back in the form, with 422; what
/// does not come from a page that is signed, with 403.
pub(crate) async fn submit(
    State(api): State<Api>,
    Path((slug, path)): Path<(String, String)>,
    request: Request,
) -> Result<Response, Problem> {
    let request = counted(&api, request).await?;
    let found = found::find(&api, &slug, path).await?;
    answer(&api, &found, request).await
}

/// 100 a minute from one client. 429 `too_many_tries`.
async fn counted(api: &Api, request: Request) -> Result<Request, Problem> {
    let (parts, body) = request.into_parts();
    count_address(api, &parts, None).await?;
    Ok(Request::from_parts(parts, body))
}

async fn answer(api: &Api, found: &Found, request: Request) -> Result<Response, Problem> {
    let (parts, body) = request.into_parts();
    let fields = read::fields(&parts, body).await?;
    let wants_json = wants_json(&parts);
    let filled = fields.clone();
    match take(api, found, fields).await? {
        Sent::Started(launched) if wants_json => Ok(launched.into_response()),
        Sent::Noted(noted) if wants_json => Ok(noted.into_response()),
        Sent::Asked(asked) if wants_json => Ok(asked.into_response()),
        Sent::Started(_) | Sent::Noted(_) => Ok(form::thanks(&found.config)),
        Sent::Asked(asked) => Ok(verification::asked(&found.config, &asked.email)),
        // Whoever fills in what nobody sees shall not learn that it was noticed.
        Sent::Trapped => Ok(match verify::address(found, &filled) {
            Some(email) => verification::asked(&found.config, &email),
            None => form::thanks(&found.config),
        }),
        Sent::Wrong(errors) if wants_json => Err(refused(errors)),
        Sent::Unproven if wants_json => Err(unproven()),
        Sent::Wrong(errors) => again(found, &filled, &errors, StatusCode::UNPROCESSABLE_ENTITY).await,
        Sent::Unproven => {
            let detail = "This page was open for too long. Please look through it, and send it again.".to_owned();
            let error = FieldError { field: String::new(), code: "form_token", detail };
            again(found, &filled, &[error], StatusCode::FORBIDDEN).await
        }
    }
}

async fn again(
    found: &Found,
    filled: &Map<String, Value>,
    errors: &[FieldError],
    status: StatusCode,
) -> Result<Response, Problem> {
    let page = form::page(&found.config, filled, errors, &token::new(found).await?);
    Ok((status, page).into_response())
}

/// Takes a submission in.
async fn take(api: &Api, found: &Found, mut fields: Map<String, Value>) -> Result<Sent, Problem> {
    let token = fields.remove(TOKEN).and_then(|token| token.as_str().map(str::to_owned));
    let trap = fields.remove(HONEYPOT);
    let agreed = fields.remove(CONSENT).is_some_and(|agreed| is_ticked(&agreed));
    if trap.is_some_and(|trap| trap.as_str() != Some("")) {
        return Ok(Sent::Trapped);
    }
    if found.config.signed && !token::is_good(found, token.as_deref()).await? {
        return Ok(Sent::Unproven);
    }
    let mut errors = Vec::new();
    // What the form itself adds to an input is nobody's to send.
    errors.extend(fields.keys().find(|name| name.starts_with('_')).map(|name| unknown(name)));
    let validated = validate_submission(&found.node_config, &fields);
    let consent = found.config.consent.as_ref();
    if consent.is_some() && !agreed {
        let detail = "you have to agree to this, so that the form can be sent".to_owned();
        errors.push(FieldError { field: CONSENT.into(), code: "required", detail });
    }
    let mut input = match validated {
        Ok(input) if errors.is_empty() => input,
        Ok(_) => return Ok(Sent::Wrong(errors)),
        Err(found) => return Ok(Sent::Wrong(found.into_iter().chain(errors).collect())),
    };
    if let Some(consent) = consent {
        input["_consent"] = json!(consent);
    }
    let token = token.filter(|token| token::is_known(token));
    match (&found.config.verify_email, &found.config.lead) {
        (Some(field), _) => verify::ask(api, found, field, token, input).await,
        (None, Some(mapping)) => lead::note(found, mapping, token, input).await,
        (None, None) => Ok(Sent::Started(start(found, token, input).await?)),
    }
}

/// What makes a submission known when it is sent again: its page, and what was filled in.
fn once(found: &Found, token: Option<String>, input: &Value) -> String {
    let token = token.unwrap_or_else(|| Uuid::now_v7().to_string());
    format!("form:{}", hashed(&format!("{}\n{token}\n{input}", found.path)))
}

/// The start of an execution, to be queued in the transaction of what it comes with.
fn queued(found: &Found, input: Value, once: &str, now: DateTime<Utc>) -> NewStart {
    NewStart {
        workspace_id: found.caller.workspace_id,
        workflow_id: found.workflow_id,
        version_id: found.version_id,
        node_id: found.trigger.to_string(),
        subject: once.to_owned(),
        cause: "form",
        at: now,
        input,
        overlap: Overlap::Allow,
        depth: 0,
        due_at: now,
        until_at: now + Duration::hours(START_WITHIN_HOURS),
        outcome: Outcome::Due,
        trace: None,
    }
}

fn unknown(name: &str) -> FieldError {
    let field: String = name.chars().take(60).collect();
    FieldError { detail: format!("the form has no field {field:?}"), field, code: "unknown_field" }
}

fn is_ticked(value: &Value) -> bool {
    value.as_bool().unwrap_or_else(|| value.as_str().is_some_and(|text| ["on", "true", "1", "yes"].contains(&text)))
}

async fn start(found: &Found, token: Option<String>, input: Value) -> Result<Launched, Problem> {
    let key = token.map(|token| format!("form:{}:{token}:{}", found.path, hashed(&input.to_string())));
    let launch_this = Launch {
        workflow_id: found.workflow_id,
        version_id: found.version_id,
        trigger: found.trigger.clone(),
        input,
        timeout_ms: found.timeout_ms,
        flow: found.flow.clone(),
        idempotency_key: key.map(Into::into),
    };
    launch(&found.caller, launch_this).await
}

/// 32 characters that stand for a text.
fn hashed(text: &str) -> String {
    Sha256::digest(text.as_bytes())[..16].iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Whether JSON and HTML are asked for.
fn accepts(headers: &HeaderMap) -> (bool, bool) {
    let value = headers.get(header::ACCEPT).and_then(|value| value.to_str().ok()).unwrap_or_default();
    (value.contains("application/json"), value.contains("text/html"))
}

fn wants_json(parts: &Parts) -> bool {
    let (json, html) = accepts(&parts.headers);
    json || (is_json(&crate::body::content_type(&parts.headers)) && !html)
}

fn refused(errors: Vec<FieldError>) -> Problem {
    let findings = errors.into_iter().map(|error| Finding {
        code: error.code,
        pointer: format!("/{}", error.field),
        detail: error.detail,
        hint: "correct the field".into(),
    });
    let detail = "the form was not filled in properly";
    Problem::unprocessable("invalid_input", detail, "each entry of errors names a field").findings(findings)
}

fn unproven() -> Problem {
    let detail = "the submission brings no token of this form, or one that is too old";
    let hint = "get the form with Accept: application/json, and send its token as capstan-token";
    Problem::new(StatusCode::FORBIDDEN, "form_token", detail, hint)
}
