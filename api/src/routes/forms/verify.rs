//! Forms that ask for a proven address: what was filled in is kept, a worker mails a link, and the button behind it starts the
//! execution, once.

use axum::Json;
use axum::extract::{Path, Request, State};
use axum::http::header::RETRY_AFTER;
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use capstan_domain::access::{Tried, count_try, normal_email};
use capstan_domain::approvals::verifying_key;
use capstan_domain::form_submissions::{self, LINK_HOURS, NewSubmission, Submission, UnverifiedSubmission};
use capstan_domain::leads::Done;
use capstan_domain::schedules::now;
use capstan_domain::trigger_starts;
use capstan_node_types::types::{FieldError, validate_submission};
use serde_json::{Map, Value, json};
use uuid::Uuid;

use super::found::{self, Found};
use super::lead::{self, TRIES_MAX, Written};
use super::{Sent, once, queued};
use crate::Api;
use crate::auth::Caller;
use crate::page::{form, verification};
use crate::problem::Problem;
use crate::rates::count_address;
use crate::routes::leads::refusal;

/// Mails to one address within [`SPAN_S`] on behalf of one workspace.
const MAILS_TO_ADDRESS: i32 = 3;
/// The same on behalf of all of them.
const MAILS_TO_ADDRESS_OF_ALL: i32 = 10;
/// Mails of a workspace within [`SPAN_S`]: with the hours that a submission is kept, this bounds how many there are.
const MAILS_OF_WORKSPACE: i32 = 1_000;
/// An hour, in seconds.
const SPAN_S: i32 = 3_600;

/// A submission that is kept.
pub(super) struct Asked {
    /// Where the mail goes.
    pub(super) email: String,
}

impl IntoResponse for Asked {
    fn into_response(self) -> Response {
        let body = json!({ "status": "unverified", "email": self.email, "within_hours": LINK_HOURS });
        (StatusCode::ACCEPTED, Json(body)).into_response()
    }
}

/// A submission, and the workspace that it is of.
struct Opened {
    caller: Caller,
    submission: Submission,
}

/// What was filled in as the address that is to be proven; none where the form asks for no proof.
pub(super) fn address(found: &Found, filled: &Map<String, Value>) -> Option<String> {
    let field = found.config.verify_email.as_ref()?;
    let written = filled.get(field).and_then(Value::as_str).unwrap_or_default();
    Some(normal_email(written).unwrap_or_else(|| written.to_owned()))
}

/// Keeps a submission, and has its address written to; nothing is started. The same one is kept once. 422 by field where the
/// address is none that mail goes to; 429 `too_many_mails`.
pub(super) async fn ask(
    api: &Api,
    found: &Found,
    field: &str,
    token: Option<String>,
    mut input: Value,
) -> Result<Sent, Problem> {
    let Some(email) = input[field].as_str().and_then(normal_email) else {
        let detail = "this address cannot be written to".to_owned();
        return Ok(Sent::Wrong(vec![FieldError { field: field.to_owned(), code: "invalid", detail }]));
    };
    let workspace_id = found.caller.workspace_id;
    let once = once(found, token, &input);
    let mut transaction = found.caller.read().await?;
    let is_kept = form_submissions::is_kept(&mut transaction, workspace_id, &once).await?;
    transaction.commit().await?;
    if !is_kept {
        count_mail(api, found, &email).await?;
        input["_verified"] = json!(email);
        let new = NewSubmission {
            submission_id: Uuid::now_v7(),
            once: &once,
            workflow_id: found.workflow_id,
            node_id: found.trigger.as_str(),
            path: &found.path,
            title: &found.config.title,
            email: &email,
            credential: found.config.credential.as_deref(),
            input: &input,
        };
        let mut transaction = found.caller.write().await?;
        form_submissions::keep(&mut transaction, workspace_id, &new).await?;
        transaction.commit().await?;
    }
    Ok(Sent::Asked(Asked { email }))
}

/// Counts a mail before it is asked for, so that nobody has us fill the mailbox of somebody else.
async fn count_mail(api: &Api, found: &Found, email: &str) -> Result<(), Problem> {
    let workspace_id = found.caller.workspace_id;
    let tried = |subject: String, tries_max| Tried { subject, tries_max, span_s: SPAN_S };
    let mails = [
        tried(format!("form mail {workspace_id} {email}"), MAILS_TO_ADDRESS),
        tried(format!("form mail to {email}"), MAILS_TO_ADDRESS_OF_ALL),
        tried(format!("form mail of {workspace_id}"), MAILS_OF_WORKSPACE),
    ];
    let mut transaction = api.people.pool.begin().await?;
    let wait = count_try(&mut transaction, &mails).await?;
    transaction.commit().await?;
    let Some(wait) = wait else { return Ok(()) };
    let wait_s = wait.as_secs().max(1);
    let detail =
        format!("this address was written to too often, or this form was sent too often; come again in {wait_s} s");
    let hint = "look for the mail that was sent already, or wait until then";
    let problem = Problem::new(StatusCode::TOO_MANY_REQUESTS, "too_many_mails", detail, hint);
    Err(problem.header(RETRY_AFTER, HeaderValue::from(wait_s)))
}

/// `GET /verify/{token}`: the page with the button. It starts nothing, since mail scanners follow links.
pub(crate) async fn show(State(api): State<Api>, Path(token): Path<String>) -> Result<Response, Problem> {
    let Opened { submission, .. } = open(&api, &token).await?;
    if submission.confirmed_at.is_some() {
        return Ok(verification::already(&submission.title));
    }
    Ok(verification::button(&submission.title, &submission.email))
}

/// `POST /verify/{token}`: starts what was filled in, and writes its lead if the form does, in one transaction with the end of the
/// submission. 404 `bad_link`; 409 once it was used; 410 `link_expired` or `form_gone`; 429 `too_many_tries`.
pub(crate) async fn confirm(
    State(api): State<Api>,
    Path(token): Path<String>,
    request: Request,
) -> Result<Response, Problem> {
    let (parts, _) = request.into_parts();
    count_address(&api, &parts, None).await?;
    let Opened { caller, submission } = open(&api, &token).await?;
    if submission.confirmed_at.is_some() {
        return Ok(verification::already(&submission.title));
    }
    let found = form_of(&api, &caller, &submission).await?;
    for _ in 0..TRIES_MAX {
        let mut transaction = found.caller.write().await?;
        let locked = form_submissions::lock(&mut transaction, caller.workspace_id, submission.submission_id).await?;
        // Erased, pressed twice, or just over.
        let locked = locked.ok_or_else(bad_link)?;
        let Some(kept) = locked.input.as_ref().filter(|_| locked.confirmed_at.is_none()) else {
            return Ok(verification::already(&locked.title));
        };
        if locked.is_over {
            return Err(expired());
        }
        let input = as_it_is_now(&found, kept)?;
        match &found.config.lead {
            Some(mapping) => match lead::write(&mut transaction, &found, mapping, &locked.once, &input).await? {
                Written::Noted(_) => {}
                Written::Again => continue,
                Written::Wrong(_) => return Err(form_changed(&found)),
            },
            None => {
                let now = now(&mut transaction).await?;
                trigger_starts::insert(&mut transaction, &[queued(&found, input, &locked.once, now)]).await?;
            }
        }
        form_submissions::confirm(&mut transaction, caller.workspace_id, locked.submission_id).await?;
        transaction.commit().await?;
        found.caller.cell.ring().await;
        return Ok(form::thanks(&found.config));
    }
    Err(refusal(Done::Again))
}

/// The submission that a token leads to. A token that is none of ours is told from nothing: 404.
async fn open(api: &Api, token: &str) -> Result<Opened, Problem> {
    let unverified = UnverifiedSubmission::read(token).ok_or_else(bad_link)?;
    let caller = Caller::by_id(api, unverified.workspace_id).await?.ok_or_else(bad_link)?;
    let mut transaction = caller.read().await?;
    let key = verifying_key(&mut transaction, caller.workspace_id, unverified.key_no).await?;
    let (key, now) = key.ok_or_else(bad_link)?;
    let link = unverified.verify(&key).ok_or_else(bad_link)?;
    let submission = form_submissions::find(&mut transaction, caller.workspace_id, link.submission_id).await?;
    transaction.commit().await?;
    match submission {
        Some(submission) if submission.confirmed_at.is_some() || !submission.is_over => {
            Ok(Opened { caller, submission })
        }
        // It goes some time after its link has ended.
        None if link.expires_at > now => Err(bad_link()),
        _ => Err(expired()),
    }
}

/// The form that was filled in, as it is now. 410 `form_gone` where nothing answers at its path any more, or another one does.
async fn form_of(api: &Api, caller: &Caller, submission: &Submission) -> Result<Found, Problem> {
    let found = match found::find(api, &caller.slug, submission.path.clone()).await {
        Ok(found) => found,
        Err(problem) if problem.status == StatusCode::NOT_FOUND => return Err(form_gone()),
        Err(problem) => return Err(problem),
    };
    let is_same = found.workflow_id.0 == submission.workflow_id && found.trigger.as_str() == submission.node_id;
    if is_same { Ok(found) } else { Err(form_gone()) }
}

/// What was filled in, as the form takes it now: it may have been published anew since.
fn as_it_is_now(found: &Found, input: &Value) -> Result<Value, Problem> {
    let fields = input.as_object().cloned().unwrap_or_default();
    validate_submission(&found.node_config, &fields).map_err(|_| form_changed(found))
}

fn bad_link() -> Problem {
    let detail = "the link cannot be used: it is not complete, or not from here";
    let hint = "open it from the mail again, or fill in the form again";
    Problem::new(StatusCode::NOT_FOUND, "bad_link", detail, hint)
}

fn expired() -> Problem {
    let detail = format!("the link has expired: it was good for {LINK_HOURS} hours, and nothing was sent");
    Problem::new(StatusCode::GONE, "link_expired", detail, "fill in the form again")
}

fn form_gone() -> Problem {
    let hint = "ask whom you have the address of the form from";
    Problem::new(StatusCode::GONE, "form_gone", "the form is not there any more, and nothing was sent", hint)
}

fn form_changed(found: &Found) -> Problem {
    let detail = "the form has changed since it was filled in, and nothing was sent";
    let hint = format!("fill it in again at /p/{}/{}", found.caller.slug, found.path);
    Problem::new(StatusCode::CONFLICT, "form_changed", detail, hint)
}
