//! Signing in to the page: a cookie that holds the API key, for reading only.

use axum::extract::{Request, State};
use axum::http::header::SET_COOKIE;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Redirect, Response};

use crate::Api;
use crate::auth::{KEY_COOKIE, is_cross_site};
use crate::body;
use crate::page::sign_in;
use crate::problem::Problem;

/// Most bytes of the sign-in form.
const FORM_BYTES_MAX: usize = 4 * 1024;
/// How long one stays signed in: 12 hours.
const SESSION_S: u32 = 12 * 3_600;

/// `POST /session` with the form field `key`.
pub(crate) async fn sign_in(State(api): State<Api>, request: Request) -> Result<Response, Problem> {
    let (parts, body) = request.into_parts();
    refuse_cross_site(&parts.headers)?;
    body::require_type(&parts, |found| found == FORM, FORM)?;
    let bytes = body::bytes(&parts, body, FORM_BYTES_MAX).await?;
    let key = url::form_urlencoded::parse(&bytes).find(|(name, _)| name == "key");
    let key = key.map(|(_, value)| value.trim().to_owned()).unwrap_or_default();
    if api.directory.by_key(&key).await?.is_none() {
        return Ok((StatusCode::UNAUTHORIZED, sign_in::page(Some("This key opens nothing."))).into_response());
    }
    let secure = parts.headers.get("x-forwarded-proto").is_some_and(|scheme| scheme == "https");
    Ok((cookie(&key, SESSION_S, secure), Redirect::to("/")).into_response())
}

/// `POST /session/end`
pub(crate) async fn sign_out(headers: HeaderMap) -> Result<Response, Problem> {
    refuse_cross_site(&headers)?;
    Ok((cookie("", 0, false), Redirect::to("/")).into_response())
}

const FORM: &str = "application/x-www-form-urlencoded";

fn refuse_cross_site(headers: &HeaderMap) -> Result<(), Problem> {
    if is_cross_site(headers) {
        let detail = "another site sent this request";
        return Err(Problem::new(StatusCode::FORBIDDEN, "cross_site", detail, "open the page itself and try there"));
    }
    Ok(())
}

fn cookie(key: &str, max_age_s: u32, secure: bool) -> [(axum::http::HeaderName, String); 1] {
    let secure = if secure { "; Secure" } else { "" };
    [(SET_COOKIE, format!("{KEY_COOKIE}={key}; Path=/; Max-Age={max_age_s}; HttpOnly; SameSite=Strict{secure}"))]
}
