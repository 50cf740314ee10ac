//! `Idempotency-Key` on every route that changes something and knows who asks: a repeated request changes nothing more, and gets the
//! first one's answer. Routes that make executions have ways of their own, in the transaction of the start. Which routes take a key
//! is said where they are registered: see [`crate::permit`].
//!
//! See `docs/decisions/0045-a-key-is-claimed-marked-and-answered.md`.

mod keeper;

use std::sync::Arc;

use axum::body::{Body, HttpBody, to_bytes};
use axum::extract::{OriginalUri, Request};
use axum::http::header::{CONTENT_TYPE, ETAG, LOCATION, RETRY_AFTER};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode};
use axum::response::{IntoResponse, Response};
use capstan_domain::access::Permission;
use capstan_domain::request_keys::{self, Answered, Claim, Claimed, PERSON_KEYS_MAX, Place};
use capstan_domain::secrets::{Sealed, open, seal};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use uuid::Uuid;

use crate::Api;
use crate::actor::{Actor, Who};
use crate::body::{self, BODY_BYTES_MAX};
use crate::people::session::WORKSPACE;
use crate::permit::{Access, Demand};
use crate::problem::Problem;
use crate::routes::{REPLAYED, idempotency_key};
use keeper::{Asker, Keeper};

pub(crate) use keeper::tend;

/// Most bytes of an answer that are kept.
const ANSWER_BYTES_MAX: u64 = 64 * 1024;
/// Most bytes of one that is sealed, as the table takes it.
const SEALED_BYTES_MAX: usize = 100_000;
/// Seconds after which to ask again for what is under way.
const COME_AGAIN_S: u16 = 2;
/// The same for who has sent so many keys that no more are kept; they go within a day.
const COME_AGAIN_LATER_S: u16 = 3_600;
/// Headers that are kept; `Location` has a column of its own.
const KEPT: [HeaderName; 2] = [CONTENT_TYPE, ETAG];

/// A request with a key, on its way.
pub(crate) struct Once {
    keeper: Keeper,
    claim: Arc<Claim>,
    place: Place,
}

/// What comes of a request before its handler sees it.
#[allow(clippy::large_enum_variant, reason = "taken apart at once")]
pub(crate) enum Begun {
    /// The handler answers.
    Goes(Request, Option<Once>),
    /// It was answered before, or cannot be now.
    Told(Response),
}

/// The rest of an answer, beside status and `Location`.
#[derive(Serialize, Deserialize)]
struct Kept {
    headers: Vec<(String, String)>,
    body: String,
}

/// Looks for a key, and for what became of its first request.
pub(crate) async fn begin(api: &Api, demand: Demand, request: Request) -> Begun {
    match try_begin(api, demand, request).await {
        Ok(begun) => begun,
        Err(problem) => Begun::Told(problem.into_response()),
    }
}

async fn try_begin(api: &Api, demand: Demand, request: Request) -> Result<Begun, Problem> {
    let place = place(demand, request.method());
    let (Some(place), true) = (place, idempotency_key(request.headers())?.is_some()) else {
        return Ok(Begun::Goes(request, None));
    };
    let (mut parts, body) = request.into_parts();
    let Some(asker) = Asker::of(&parts, demand.access) else {
        return Ok(Begun::Goes(Request::from_parts(parts, body), None));
    };
    let bytes = body::bytes(&parts, body, BODY_BYTES_MAX).await?;
    let key = idempotency_key(&parts.headers)?.unwrap_or_default();
    let claim = Arc::new(Claim {
        key_hash: hash(&[asker.id.as_bytes(), key.as_bytes()]),
        request_hash: request_hash(&parts, &bytes, &asker, (place, key)),
        claim_id: Uuid::now_v7(),
    });
    let keeper = Keeper::of(api, asker).await?;
    let mut transaction = keeper.write(api).await?;
    let claimed = request_keys::claim(&mut transaction, keeper.owner(), &claim, place).await?;
    transaction.commit().await?;
    match claimed {
        Claimed::Mine => {
            // What a cell changes is marked in the row that lies there.
            if matches!(keeper, Keeper::Workspace(_)) {
                parts.extensions.insert(Arc::clone(&claim));
            }
            let request = Request::from_parts(parts, Body::from(bytes));
            Ok(Begun::Goes(request, Some(Once { keeper, claim, place })))
        }
        Claimed::Answered(answered) => replay(api, &keeper, &claim, answered).map(Begun::Told),
        Claimed::Reused => Err(reused()),
        Claimed::UnderWay => Err(under_way()),
        Claimed::Unanswered => Err(not_kept(None)),
        Claimed::Full => Err(too_many()),
        Claimed::Unclear => {
            let detail = "the first request with this idempotency key broke off, and may have made its change";
            let hint = "look whether it did, and use a new key if it has to be made again";
            Err(Problem::conflict("outcome_unclear", detail, hint))
        }
    }
}

/// Where the change of a route lies whose answers are kept; nothing for those that only look, have a way of their own, or take no key.
fn place(demand: Demand, method: &Method) -> Option<Place> {
    if !demand.keeps_answers(method.as_str()) {
        return None;
    }
    let lies_in_control = [Permission::MembersWrite, Permission::KeysWrite, Permission::WorkspaceOwn];
    Some(match demand.access {
        Access::Needs(permission) if !lies_in_control.contains(&permission) => Place::Cell,
        _ => Place::Control,
    })
}

/// What makes a request the same as another one. Those of persons are bound to what their header says of the workspace, and to the key
/// itself, which nobody keeps: their bodies may hold passwords that could be guessed.
fn request_hash(parts: &Parts, body: &[u8], asker: &Asker, (place, key): (Place, &str)) -> [u8; 32] {
    let (address, rights) = (address(parts), rights(parts, place));
    let mut told: Vec<&[u8]> = vec![parts.method.as_str().as_bytes(), address.as_bytes(), body];
    if asker.tenant.is_some() {
        told.push(rights.as_bytes());
    } else {
        told.push(parts.headers.get(WORKSPACE).map(HeaderValue::as_bytes).unwrap_or_default());
        told.push(key.as_bytes());
    }
    hash(&told)
}

/// What whoever asks may do, and for how long, where answers depend on it: who has a token, which is less than its key, does not get
/// the key that this one made.
fn rights(parts: &Parts, place: Place) -> String {
    let actor = parts.extensions.get::<Arc<Actor>>().filter(|_| place == Place::Control);
    let told = |actor: &Arc<Actor>| {
        let ends_at = if let Who::Key(key) = &actor.who { key.expires_at } else { None };
        format!("{:?} {ends_at:?}", actor.permissions)
    };
    actor.map(told).unwrap_or_default()
}

/// The whole path, and the query.
fn address(parts: &Parts) -> String {
    // Routers within others see the rest of the path only.
    let uri = parts.extensions.get::<OriginalUri>().map_or(&parts.uri, |uri| &uri.0);
    uri.path_and_query().map(ToString::to_string).unwrap_or_default()
}

/// Of these parts, none of which can run into the next.
fn hash(parts: &[&[u8]]) -> [u8; 32] {
    let mut hash = Sha256::new();
    for part in parts {
        hash.update(part.len().to_be_bytes());
        hash.update(part);
    }
    hash.finalize().into()
}

impl Once {
    /// Keeps a good answer, and gives the key back after a refusal: nothing was changed then. What goes wrong here is an error
    /// in the log: the change is made, and a repeated request is told so.
    pub(crate) async fn end(self, api: &Api, response: Response) -> Response {
        let status = response.status();
        if !status.is_success() {
            // The connection to `control` may have broken when the change was made, so nobody knows. What is refused because
            // something is not set up has no cause that is for the log only.
            let is_refused = response.extensions().get::<Problem>().is_some_and(|problem| problem.internal.is_none());
            let is_unclear = self.place == Place::Control && status.is_server_error() && !is_refused;
            if !is_unclear && let Err(problem) = self.release(api, status).await {
                tracing::warn!(cause = problem.internal, "an idempotency key was not given back");
            }
            return response;
        }
        let (response, kept) = take(response).await;
        let location = response.headers().get(LOCATION).and_then(|it| it.to_str().ok()).map(str::to_owned);
        let sealed = kept.and_then(|kept| self.seal(api, &kept));
        if let Err(problem) = self.answer(api, (status.as_u16(), location.as_deref()), sealed.as_ref()).await {
            tracing::error!(cause = problem.internal, "an answer was not kept for its idempotency key");
        }
        response
    }

    /// Answers may hold secrets that are told once: they are kept sealed, or not at all.
    fn seal(&self, api: &Api, kept: &Kept) -> Option<Sealed> {
        let text = serde_json::to_vec(kept).ok()?;
        let (workspace_id, kind) = self.keeper.sealed_for();
        seal(&api.settings.keys, workspace_id, kind, &id(&self.claim), &text)
            .ok()
            .filter(|sealed| sealed.bytes.len() <= SEALED_BYTES_MAX)
    }

    async fn answer(&self, api: &Api, told: (u16, Option<&str>), sealed: Option<&Sealed>) -> Result<(), Problem> {
        let mut transaction = self.keeper.write(api).await?;
        request_keys::answer(&mut transaction, self.keeper.owner(), &self.claim, told, sealed).await?;
        Ok(transaction.commit().await?)
    }

    async fn release(&self, api: &Api, status: StatusCode) -> Result<(), Problem> {
        let mut transaction = self.keeper.write(api).await?;
        let owner = self.keeper.owner();
        if status.is_client_error() {
            request_keys::give_back(&mut transaction, owner, &self.claim).await?;
        } else {
            request_keys::release(&mut transaction, owner, &self.claim).await?;
        }
        Ok(transaction.commit().await?)
    }
}

/// The answer, and what is to be kept of it, if it is text of a known and bounded length.
async fn take(response: Response) -> (Response, Option<Kept>) {
    if response.body().size_hint().upper().is_none_or(|bytes| bytes > ANSWER_BYTES_MAX) {
        return (response, None);
    }
    let (parts, body) = response.into_parts();
    // It is as long as it says, and in memory.
    let bytes = to_bytes(body, usize::MAX).await.unwrap_or_default();
    let text = |name: &HeaderName| Some((name.to_string(), parts.headers.get(name)?.to_str().ok()?.to_owned()));
    let kept = String::from_utf8(bytes.to_vec()).ok();
    let kept = kept.map(|body| Kept { headers: KEPT.iter().filter_map(text).collect(), body });
    (Response::from_parts(parts, Body::from(bytes)), kept)
}

/// The first request's answer.
fn replay(api: &Api, keeper: &Keeper, claim: &Claim, answered: Answered) -> Result<Response, Problem> {
    let location = answered.location;
    let sealed = answered.answer.zip(answered.key_id).map(|(bytes, key_id)| Sealed { key_id, bytes });
    // Sealed under a key that is no longer there: that is all the same to who asks.
    let (workspace_id, kind) = keeper.sealed_for();
    let opened = sealed.and_then(|it| open(&api.settings.keys, workspace_id, kind, &id(claim), &it).ok());
    let kept = opened.and_then(|text| serde_json::from_slice::<Kept>(text.bytes()).ok());
    let Some(Kept { headers, body }) = kept else { return Err(not_kept(location.as_deref())) };
    let status = u16::try_from(answered.status).ok().and_then(|status| StatusCode::from_u16(status).ok());
    let mut response = (status.unwrap_or(StatusCode::OK), Body::from(body)).into_response();
    let told = headers.into_iter().chain(location.map(|location| (LOCATION.to_string(), location)));
    dress(response.headers_mut(), told);
    Ok(response)
}

fn dress(headers: &mut HeaderMap, told: impl Iterator<Item = (String, String)>) {
    for (name, value) in told {
        if let (Ok(name), Ok(value)) = (HeaderName::try_from(name), HeaderValue::try_from(value)) {
            headers.insert(name, value);
        }
    }
    headers.insert(REPLAYED, HeaderValue::from_static("true"));
}

fn id(claim: &Claim) -> String {
    claim.key_hash.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn reused() -> Problem {
    let detail = "the idempotency key was used before with another request";
    Problem::unprocessable("idempotency_key_reused", detail, "use a new key for a new request")
}

/// The claim is somebody else's, now or by now.
pub(crate) fn under_way() -> Problem {
    let detail = "a request with this idempotency key is under way";
    Problem::conflict("idempotency_in_progress", detail, "ask again in a moment")
        .header(RETRY_AFTER, HeaderValue::from(COME_AGAIN_S))
}

/// 429 `too_many_keys`.
fn too_many() -> Problem {
    let detail =
        format!("you have sent {PERSON_KEYS_MAX} idempotency keys within a day, which is the most that are kept");
    let hint = "send the request without a key, or wait until some are a day old";
    Problem::new(StatusCode::TOO_MANY_REQUESTS, "too_many_keys", detail, hint)
        .header(RETRY_AFTER, HeaderValue::from(COME_AGAIN_LATER_S))
}

fn not_kept(location: Option<&str>) -> Problem {
    let detail = match location {
        Some(location) => format!("this was done before, and made {location}; its answer is not kept"),
        None => "this was done before; its answer is not kept".to_owned(),
    };
    let hint = "read what is there now; if an answer held a secret, have a new one made with a new key";
    Problem::conflict("answer_not_kept", detail, hint)
}
