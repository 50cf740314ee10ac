//! Signing in to the page: a session, or a cookie that holds the API key, for reading only.

use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::http::header::SET_COOKIE;
use axum::http::request::Parts;
use axum::response::{IntoResponse, Redirect, Response};

use capstan_domain::access;

use crate::Api;
use crate::auth::KEY_COOKIE;
use crate::body;
use crate::page::sign_in;
use crate::people::session::refuse_forged;
use crate::problem::Problem;
use crate::routes::people::sessions::token_for;

/// Most bytes of the sign-in form.
const FORM_BYTES_MAX: usize = 4 * 1024;
/// How long one stays signed in: 12 hours.
const SESSION_S: u32 = 12 * 3_600;

/// `POST /session` with the form field `key`, or `email` and `password`.
pub(crate) async fn sign_in(State(api): State<Api>, request: Request) -> Result<Response, Problem> {
    let (parts, body) = request.into_parts();
    refuse_forged(&parts)?;
    body::require_type(&parts, |found| found == FORM, FORM)?;
    let bytes = body::bytes(&parts, body, FORM_BYTES_MAX).await?;
    let field = |wanted: &str| {
        let field = url::form_urlencoded::parse(&bytes).find(|(name, _)| name == wanted);
        field.map(|(_, value)| value.into_owned())
    };
    if let (Some(email), Some(password)) = (field("email"), field("password")) {
        let token = token_for(&api, &parts, &email, password, field("workspace").as_deref()).await?;
        let Some(token) = token else {
            let page = sign_in::page(Some("The address or the password is wrong."));
            return Ok((StatusCode::UNAUTHORIZED, page).into_response());
        };
        let mut response = Redirect::to("/").into_response();
        api.people.give(&mut response, &token);
        return Ok(response);
    }
    let key = field("key").map(|key| key.trim().to_owned()).unwrap_or_default();
    if api.directory.by_key(&key).await?.is_none() {
        return Ok((StatusCode::UNAUTHORIZED, sign_in::page(Some("This key opens nothing."))).into_response());
    }
    let secure = parts.headers.get("x-forwarded-proto").is_some_and(|scheme| scheme == "https");
    Ok((cookie(&key, SESSION_S, secure), Redirect::to("/")).into_response())
}

/// `POST /session/end`
pub(crate) async fn sign_out(State(api): State<Api>, parts: Parts) -> Result<Response, Problem> {
    refuse_forged(&parts)?;
    let mut response = (cookie("", 0, false), Redirect::to("/")).into_response();
    if let Some(token) = api.people.token(&parts.headers) {
        if let Some(person) = api.people.by_session(token).await? {
            let mut transaction = api.people.pool.begin().await?;
            access::end_session(&mut transaction, person.user_id, person.session_id).await?;
            transaction.commit().await?;
        }
        api.people.forget_session(token).await;
        api.people.take(&mut response);
    }
    Ok(response)
}

const FORM: &str = "application/x-www-form-urlencoded";

fn cookie(key: &str, max_age_s: u32, secure: bool) -> [(axum::http::HeaderName, String); 1] {
    let secure = if secure { "; Secure" } else { "" };
    [(SET_COOKIE, format!("{KEY_COOKIE}={key}; Path=/; Max-Age={max_age_s}; HttpOnly; SameSite=Strict{secure}"))]
}
