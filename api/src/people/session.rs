//! The cookie of a session, and what a request with one has to prove.

use axum::http::header::{HOST, ORIGIN, SET_COOKIE, USER_AGENT};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, Uri};
use axum::response::Response;
use capstan_domain::access::{LIFE_DAYS, Origin};

use super::{People, address};
use crate::auth::cookie;
use crate::problem::Problem;

/// On encrypted connections. Browsers take it from this very host only.
pub(crate) const SECURE: &str = "__Host-capstan";
/// On a connection of this machine.
pub(crate) const PLAIN: &str = "capstan_session";
/// The browser's half of a login through a provider, on encrypted connections.
const LOGIN_SECURE: &str = "__Host-capstan-login";
/// And on a connection of this machine.
const LOGIN_PLAIN: &str = "capstan_login";
/// Which workspace a person means; it gives no rights.
pub(crate) const WORKSPACE_COOKIE: &str = "capstan_workspace";
/// Which workspace a person means.
pub(crate) const WORKSPACE: HeaderName = HeaderName::from_static("capstan-workspace");
const FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");
const SECONDS_OF_A_DAY: i32 = 86_400;

impl People {
    /// The token of the session, if the request has one.
    pub(crate) fn token<'a>(&self, headers: &'a HeaderMap) -> Option<&'a str> {
        cookie(headers, self.cookie_name()).filter(|token| !token.is_empty())
    }

    /// Gives the client its session.
    pub(crate) fn give(&self, response: &mut Response, token: &str) {
        self.set_cookie(response, token, LIFE_DAYS * SECONDS_OF_A_DAY);
    }

    /// Takes the session from the client.
    pub(crate) fn take(&self, response: &mut Response) {
        self.set_cookie(response, "", 0);
    }

    /// The browser's half of a login that is under way.
    pub(crate) fn login_half<'a>(&self, headers: &'a HeaderMap) -> Option<&'a str> {
        cookie(headers, self.login_name())
    }

    /// Gives the browser its half of a login, or takes it with `max_age_s` 0. It comes back from another site by `GET`, hence Lax.
    pub(crate) fn set_login_half(&self, response: &mut Response, half: &str, max_age_s: i32) {
        self.set(response, self.login_name(), half, max_age_s);
    }

    fn login_name(&self) -> &'static str {
        if self.is_secure() { LOGIN_SECURE } else { LOGIN_PLAIN }
    }

    fn set_cookie(&self, response: &mut Response, token: &str, max_age_s: i32) {
        self.set(response, self.cookie_name(), token, max_age_s);
    }

    fn set(&self, response: &mut Response, name: &str, value: &str, max_age_s: i32) {
        let secure = if self.is_secure() { "; Secure" } else { "" };
        let text = format!("{name}={value}; Path=/; Max-Age={max_age_s}; HttpOnly; SameSite=Lax{secure}");
        if let Ok(value) = HeaderValue::from_str(&text) {
            response.headers_mut().append(SET_COOKIE, value);
        }
    }

    fn cookie_name(&self) -> &'static str {
        if self.is_secure() { SECURE } else { PLAIN }
    }

    /// Where somebody logs in from.
    pub(crate) fn origin(&self, parts: &Parts) -> Origin {
        let agent = parts.headers.get(USER_AGENT).and_then(|agent| agent.to_str().ok());
        Origin {
            address: address::client(parts, &self.settings.trusted_proxies).map(|address| address.to_string()),
            user_agent: agent.map(str::to_owned),
        }
    }
}

/// Refuses what another site made a browser send. Browsers say where a request comes from; who says nothing is no browser,
/// and nobody can make it send a cookie.
pub(crate) fn refuse_forged(parts: &Parts) -> Result<(), Problem> {
    if is_safe(&parts.method) { Ok(()) } else { refuse_foreign(parts) }
}

/// The same whatever its method: for what somebody begins by going to an address, which no other site may do for them.
pub(crate) fn refuse_foreign(parts: &Parts) -> Result<(), Problem> {
    if is_same_origin(&parts.headers, &parts.uri) {
        return Ok(());
    }
    let detail = "another site sent this request";
    Err(Problem::new(StatusCode::FORBIDDEN, "cross_site", detail, "open the page itself and try there"))
}

fn is_safe(method: &Method) -> bool {
    [Method::GET, Method::HEAD, Method::OPTIONS].contains(method)
}

fn is_same_origin(headers: &HeaderMap, uri: &Uri) -> bool {
    if let Some(site) = headers.get(FETCH_SITE) {
        return site == "same-origin" || site == "none";
    }
    let Some(origin) = headers.get(ORIGIN) else { return true };
    let host = headers.get(HOST).and_then(|host| host.to_str().ok()).or(uri.authority().map(|it| it.as_str()));
    let named = origin.to_str().ok().and_then(|origin| origin.split_once("://")).map(|(_, authority)| authority);
    named.is_some() && named == host
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_another_site_caused_is_told_from_what_one_does_oneself() {
        for (site, origin, good) in [
            (None, None, true),
            (Some("same-origin"), Some("https://elsewhere.example"), true),
            (Some("none"), None, true),
            (Some("same-site"), None, false),
            (Some("cross-site"), Some("https://capstan.example"), false),
            (None, Some("https://capstan.example"), true),
            (None, Some("https://capstan.example.evil.example"), false),
            (None, Some("https://evil.example"), false),
            (None, Some("null"), false),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(HOST, HeaderValue::from_static("capstan.example"));
            if let Some(site) = site {
                headers.insert(FETCH_SITE, HeaderValue::from_static(site));
            }
            if let Some(origin) = origin {
                headers.insert(ORIGIN, HeaderValue::from_static(origin));
            }
            assert_eq!(is_same_origin(&headers, &Uri::from_static("/")), good, "{site:?} {origin:?}");
        }
    }
}
