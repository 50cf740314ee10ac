//! Testing a credential against its provider. A worker does it, as it does with steps: this process cannot open a credential.

use std::time::Duration;

use axum::extract::{Path, Request, State};
use axum::response::{IntoResponse, Response};
use axum::{Extension, Json};
use capstan_domain::credentials::tested::{
    self, Asked, BEGIN_WITHIN, LOST_AFTER, TEST_URL_BYTES_MAX, TESTS_MAX, TestEnd,
};
use capstan_domain::credentials::{CredentialRow, GMAIL, allows, credential_type};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::time::{Instant, sleep};
use url::Url;
use uuid::Uuid;

use super::found;
use crate::Api;
use crate::auth::Caller;
use crate::body;
use crate::limit::Limit;
use crate::problem::{Finding, Problem};
use crate::routes::id;

/// Most bytes of a request.
const WISH_BYTES_MAX: usize = 16 * 1024;
/// Time between two looks at how a test stands, at first and at most.
const LOOK_EVERY: Duration = Duration::from_millis(50);
const LOOK_EVERY_MAX: Duration = Duration::from_millis(500);

#[derive(Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "TestCredential")]
pub(crate) struct Wish {
    /// What is asked by GET with the credential, at one of its hosts. Not of a mail server; of a client of OAuth 2, whose token is
    /// fetched in any case, if it is to be asked, too.
    url: Option<String>,
}

/// `POST /credentials/{id}/test {url?}`: 200 with what the provider said, good or bad. 404 unknown; 409 `test_under_way` or
/// `too_many_tests`; 422 `url_needed`, `bad_url`, `host_not_allowed` or `cannot_be_tested`; 503 `no_worker`, `test_lost`,
/// `too_many_waiters`.
pub(crate) async fn create(
    State(api): State<Api>,
    caller: Caller,
    Extension(limit): Extension<Limit>,
    Path(credential_id): Path<String>,
    request: Request,
) -> Result<Response, Problem> {
    let Wish { url } = body::typed_or_default(request, WISH_BYTES_MAX).await?;
    let credential_id: Uuid = id(&credential_id, "credential")?;
    let _seat = api.hub.waiters.take(caller.workspace_id)?;
    let mut transaction = caller.write().await?;
    let row = found(&mut transaction, &caller, credential_id).await?;
    let url = checked(&row, url)?;
    let test = Test { api: &api, caller: &caller, credential_id, test_id: Uuid::now_v7() };
    let wish = (test.test_id, url.as_ref().map(Url::as_str));
    let asked = tested::ask(&mut transaction, caller.workspace_id, (credential_id, row.revision), wish).await?;
    refuse_crowd(asked, &row.name)?;
    transaction.commit().await?;
    limit.extend(LOST_AFTER);
    let end = test.end().await?;
    Ok(Json(show(&end)).into_response())
}

/// A test that was asked for.
struct Test<'a> {
    api: &'a Api,
    caller: &'a Caller,
    credential_id: Uuid,
    test_id: Uuid,
}

impl Test<'_> {
    /// Waits for its end.
    async fn end(&self) -> Result<TestEnd, Problem> {
        let (until, mut pause) = (Instant::now() + LOST_AFTER, LOOK_EVERY);
        while Instant::now() < until {
            let mut transaction = self.caller.read().await?;
            let looked =
                tested::look(&mut transaction, self.caller.workspace_id, self.credential_id, self.test_id).await?;
            transaction.commit().await?;
            let Some(row) = looked else { return Err(lost()) };
            if row.end.ended_at.is_some() {
                return Ok(row.end);
            }
            if row.is_late && self.is_withdrawn().await? {
                return Err(no_worker());
            }
            tokio::select! {
                () = sleep(pause) => pause = (pause * 2).min(LOOK_EVERY_MAX),
                () = self.api.closing.cancelled() => break,
            }
        }
        Err(lost())
    }

    /// Asks no more, unless a worker has begun at the last moment.
    async fn is_withdrawn(&self) -> Result<bool, Problem> {
        let mut transaction = self.caller.write().await?;
        let is_gone =
            tested::withdraw(&mut transaction, self.caller.workspace_id, self.credential_id, self.test_id).await?;
        transaction.commit().await?;
        Ok(is_gone)
    }
}

/// What is to be asked, if this type can be tested so.
fn checked(row: &CredentialRow, url: Option<String>) -> Result<Option<Url>, Problem> {
    let kind = row.kind.as_str();
    let refuse = |code, detail: String, hint: &str| {
        let finding = Finding { code, pointer: "/url".into(), detail: detail.clone(), hint: hint.into() };
        Err(Problem::unprocessable(code, detail, hint).findings([finding]))
    };
    if credential_type(kind).is_none() {
        let detail = format!("a credential of type {kind} cannot be tested by this build");
        return Err(Problem::unprocessable("cannot_be_tested", detail, "update it, or try it in a step"));
    }
    let (is_oauth, is_mail) = (kind.starts_with("oauth2_"), ["smtp", GMAIL].contains(&kind));
    let Some(url) = url else {
        if is_oauth || is_mail {
            return Ok(None);
        }
        let detail =
            format!("whether a credential of type {kind} works can only be seen at an address that asks for it");
        return refuse(
            "url_needed",
            detail,
            "give as \"url\" something that can be read with it, such as the user's own data",
        );
    };
    if is_mail {
        return refuse("bad_url", "a credential for mail is tested without an address".into(), "leave \"url\" out");
    }
    let good = Url::parse(&url).ok().filter(|parsed| {
        let is_bare = parsed.username().is_empty() && parsed.password().is_none();
        matches!(parsed.scheme(), "http" | "https") && is_bare && parsed.as_str().len() <= TEST_URL_BYTES_MAX
    });
    let Some(good) = good else {
        let detail = "the address cannot be asked".to_owned();
        return refuse(
            "bad_url",
            detail,
            "write a full address with http:// or https://, without a login, of at most 2,048 bytes",
        );
    };
    if !allows(&row.allowed_hosts, &good) {
        let hosts = row.allowed_hosts.join(", ");
        let detail = format!("the credential \"{}\" may be sent to {hosts} only", row.name);
        return refuse(
            "host_not_allowed",
            detail,
            "ask one of these hosts; without TLS it has to be allowed with http://",
        );
    }
    Ok(Some(good))
}

fn refuse_crowd(asked: Asked, name: &str) -> Result<(), Problem> {
    let (code, detail) = match asked {
        Asked::Noted => return Ok(()),
        Asked::UnderWay => ("test_under_way", format!("the credential \"{name}\" is being tested already")),
        Asked::TooMany => {
            ("too_many_tests", format!("{TESTS_MAX} credentials of this workspace are being tested already"))
        }
    };
    Err(Problem::conflict(code, detail, "try again when that has ended, in less than a minute"))
}

fn no_worker() -> Problem {
    let detail = format!("no worker has begun the test within {} s, so it was not made", BEGIN_WITHIN.as_secs());
    Problem::unavailable("no_worker", detail, "see that workers run, and try again")
}

fn lost() -> Problem {
    let detail = "the worker that tests the credential did not say what came of it";
    Problem::unavailable("test_lost", detail, "look at the credential in a moment, or test it again")
}

/// What a test came to, if it has ended.
pub(super) fn show(end: &TestEnd) -> Value {
    if end.ended_at.is_none() {
        return Value::Null;
    }
    json!({
        "outcome": end.outcome,
        "detail": end.detail,
        "status_code": end.status_code,
        "response": end.response,
        "token_until": end.token_until,
        "took_ms": end.took_ms,
        "tested_at": end.ended_at,
    })
}
