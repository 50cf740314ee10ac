//! The page behind a signed link: whoever holds it may answer an approval, once.

use axum::extract::{Path, Query, Request, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use capstan_domain::approvals::{self, ApprovalRow, By, Decision, Link, NewAnswer, UnverifiedLink};
use serde::Deserialize;
use serde_json::{Map, Value};

use super::answering::{self, ANSWER_BYTES_MAX, peer};
use super::forms::{self, URLENCODED};
use crate::Api;
use crate::auth::Caller;
use crate::body;
use crate::page::approval::{self, COMMENT, DECISION};
use crate::problem::Problem;

#[derive(Deserialize)]
pub(crate) struct Wish {
    /// The button that comes first: `approve` or `reject`.
    answer: Option<String>,
}

/// An open approval, and the link that led there.
struct Opened {
    caller: Caller,
    link: Link,
    row: ApprovalRow,
}

/// `GET /approve/{token}`: shows what is asked. It never answers, since mail scanners follow links.
pub(crate) async fn show(
    State(api): State<Api>,
    Path(token): Path<String>,
    Query(wish): Query<Wish>,
) -> Result<Response, Problem> {
    let opened = open(&api, &token).await?;
    let wish = wish.answer.as_deref().and_then(Decision::read);
    Ok(approval::page(&opened.row, &answering::form(&opened.row)?, &Map::new(), &[], wish))
}

/// `POST /approve/{token}`, urlencoded: answers. Errors come back in the page, with 422; a second answer is 409.
pub(crate) async fn submit(
    State(api): State<Api>,
    Path(token): Path<String>,
    request: Request,
) -> Result<Response, Problem> {
    let Opened { caller, link, row } = open(&api, &token).await?;
    let (parts, body) = request.into_parts();
    body::require_type(&parts, |found| found == URLENCODED, URLENCODED)?;
    let mut filled = forms::pairs(&body::bytes(&parts, body, ANSWER_BYTES_MAX).await?);
    let mut take = |name| filled.remove(name).and_then(|value| value.as_str().map(str::to_owned));
    let (decision, comment) = (take(DECISION), take(COMMENT));
    let decision = decision.as_deref().and_then(Decision::read).ok_or_else(|| {
        Problem::unprocessable("no_decision", "the answer says neither yes nor no", "press one of the two buttons")
    })?;
    let comment = answering::comment(comment)?;
    let fields = match answering::checked(&row, decision, &filled)? {
        Ok(fields) => fields,
        Err(errors) => {
            if let Some(comment) = comment {
                filled.insert(COMMENT.into(), Value::String(comment));
            }
            let page = approval::page(&row, &answering::form(&row)?, &filled, &errors, Some(decision));
            return Ok((StatusCode::UNPROCESSABLE_ENTITY, page).into_response());
        }
    };
    let by = By::Link { name: Some(link.holder).filter(|holder| !holder.is_empty()), address: peer(&parts.extensions) };
    let new = NewAnswer { decision, fields, comment, by, idempotency_key: None };
    answering::deliver(&caller, &link.asking, &new).await?;
    Ok(approval::thanks(&row, decision))
}

/// The open approval that a token leads to. A token that is none of ours is told from nothing: 404.
async fn open(api: &Api, token: &str) -> Result<Opened, Problem> {
    let unverified = UnverifiedLink::read(token).ok_or_else(bad_link)?;
    let caller = Caller::by_id(api, unverified.workspace_id).await?.ok_or_else(bad_link)?;
    let mut transaction = caller.read().await?;
    let key = approvals::verifying_key(&mut transaction, caller.workspace_id, unverified.key_no).await?;
    transaction.commit().await?;
    let (key, now) = key.ok_or_else(bad_link)?;
    let link = unverified.verify(&key).ok_or_else(bad_link)?;
    if link.expires_at <= now {
        let detail = "the link has expired";
        return Err(Problem::new(StatusCode::GONE, "link_expired", detail, "ask whom you have it from for a new one"));
    }
    let row = answering::asked(&caller, &link.asking).await?;
    if row.status != "open" {
        return Err(answering::closed(&row));
    }
    if !row.by_link {
        let detail = format!("\"{}\" is answered with an API key only", row.title);
        return Err(Problem::new(StatusCode::FORBIDDEN, "api_keys_only", detail, "answer through the API"));
    }
    answering::require_waiting(api, &caller, &link.asking, &row).await?;
    Ok(Opened { caller, link, row })
}

fn bad_link() -> Problem {
    let detail = "the link cannot be used: it is not complete, or not from here";
    let hint = "open it from the mail again, or ask whom you have it from";
    Problem::new(StatusCode::NOT_FOUND, "bad_link", detail, hint)
}
