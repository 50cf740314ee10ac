//! Short-lived tokens for services, in exchange for a key.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::{Extension, Json};
use capstan_domain::access::Permissions;
use capstan_domain::access::tokens::{LIFE_S_MAX, TokenError};
use chrono::Utc;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::BODY_BYTES_MAX;
use super::keys::known;
use crate::actor::{Actor, Who};
use crate::auth::wrong_token;
use crate::problem::Problem;
use crate::{Api, body};

#[derive(Default, Deserialize, JsonSchema)]
pub(crate) struct Wish {
    /// Words of permissions; all that the key has if left out.
    scopes: Option<Vec<String>>,
    /// How long it shall last, in seconds; 900 if left out.
    #[schemars(range(min = 1, max = 900))]
    expires_in_s: Option<i64>,
}

/// As OAuth 2 names it (RFC 6749, section 5.1).
#[derive(Serialize, JsonSchema)]
pub(crate) struct Token {
    /// Send it as `Authorization: Bearer`.
    access_token: String,
    /// Always `Bearer`.
    token_type: &'static str,
    /// Seconds; less than was asked for where the key ends before.
    expires_in: i64,
    /// What it may do: words of permissions, with blanks between.
    scope: String,
}

/// `POST /tokens {scopes?, expires_in_s?}` with a key: 200 with a token that may do no more and lasts no longer than the key. 401
/// `token_expired`, 403 `key_required`, `more_than_own`, 422 `bad_scopes`, `bad_expiry`, 503 `no_secret_keys`.
pub(crate) async fn create(
    State(api): State<Api>,
    Extension(actor): Extension<Arc<Actor>>,
    request: Request,
) -> Result<Response, Problem> {
    let Who::Key(key) = &actor.who else { return Err(key_required()) };
    let wish: Wish = body::typed_or_default(request, BODY_BYTES_MAX).await?;
    let permissions = match wish.scopes.map(known).transpose()? {
        Some(scopes) => Permissions::of_scopes(Some(&scopes)),
        None => actor.permissions,
    };
    if let Some(more) = permissions.iter().find(|permission| !actor.permissions.has(*permission)) {
        let detail = format!("the token would have {more}, which the key {:?} does not have", key.key.name);
        let hint = "name scopes that it has; GET /api/v1/me lists them";
        return Err(Problem::new(StatusCode::FORBIDDEN, "more_than_own", detail, hint));
    }
    let wanted_s = wish.expires_in_s.unwrap_or(LIFE_S_MAX);
    if !(1..=LIFE_S_MAX).contains(&wanted_s) {
        let detail = format!("a token lasts 1 to {LIFE_S_MAX} seconds, not {wanted_s}");
        return Err(Problem::unprocessable("bad_expiry", detail, "ask for another one before it ends"));
    }
    let now = Utc::now();
    let left_s = key.expires_at.map_or(wanted_s, |at| (at - now).num_seconds());
    // A token is taken for a moment after its end, as clocks differ. One made of it then would last a moment more, and so on.
    if left_s < 1 {
        return Err(wrong_token(TokenError::Expired));
    }
    let signed = api.tokens.sign(key, permissions, wanted_s.min(left_s), now).ok_or_else(no_secret_keys)?;
    let (access_token, claims) = signed;
    let expires_in = claims.exp - claims.iat;
    Ok(Json(Token { access_token, token_type: "Bearer", expires_in, scope: claims.scope }).into_response())
}

/// `GET /jwks`: the public keys of tokens, as a JWK set.
pub(crate) async fn public_keys(State(api): State<Api>) -> Response {
    Json(api.tokens.public_keys()).into_response()
}

fn key_required() -> Problem {
    let detail = "a token stands for an API key, and this request comes with none";
    Problem::new(
        StatusCode::FORBIDDEN,
        "key_required",
        detail,
        "make a key, and send it as Authorization: Bearer cap_…",
    )
}

fn no_secret_keys() -> Problem {
    let detail = "this installation has no key to sign tokens with";
    let hint = "an operator has to set CAPSTAN_SECRET_KEYS; until then send the key itself";
    Problem::new(StatusCode::SERVICE_UNAVAILABLE, "no_secret_keys", detail, hint)
}
