//! Where a redirect leads, and what is sent there.

use reqwest::header::{ACCEPT, ACCEPT_LANGUAGE, CONTENT_TYPE, HeaderMap, LOCATION};
use reqwest::{Method, Response, StatusCode};
use url::Url;

use super::guard::shown;
use super::http::{HttpError, Request};

/// Headers that another origin may see; all others could hold a secret.
const KEPT_ACROSS_ORIGINS: [reqwest::header::HeaderName; 3] = [ACCEPT, ACCEPT_LANGUAGE, CONTENT_TYPE];

/// The request that `response` asks for; absent if it is no redirect.
///
/// 303, and 301 or 302 after a POST, become a GET without body; 307 and 308 repeat the request.
pub(super) fn next_hop(request: &Request, response: &Response) -> Result<Option<Request>, HttpError> {
    let status = response.status();
    let Some(location) = response.headers().get(LOCATION).filter(|_| follows(status)) else {
        return Ok(None);
    };
    let url = location.to_str().ok().and_then(|text| request.url.join(text).ok()).ok_or_else(|| {
        HttpError::Redirect { url: shown(&request.url), why: "its Location header is not a URL".into() }
    })?;
    let headers = headers_for(&request.headers, &request.url, &url);
    let is_traced = request.is_traced && request.url.origin() == url.origin();
    let mut next = Request { headers, url, is_traced, ..request.clone() };
    let to_get = match status {
        StatusCode::SEE_OTHER => next.method != Method::HEAD,
        StatusCode::MOVED_PERMANENTLY | StatusCode::FOUND => next.method == Method::POST,
        _ => false,
    };
    if to_get {
        next.method = Method::GET;
        next.body = None;
        next.headers.remove(CONTENT_TYPE);
    }
    Ok(Some(next))
}

fn follows(status: StatusCode) -> bool {
    matches!(status.as_u16(), 301 | 302 | 303 | 307 | 308)
}

fn headers_for(headers: &HeaderMap, from: &Url, to: &Url) -> HeaderMap {
    if from.origin() == to.origin() {
        return headers.clone();
    }
    let kept = headers.iter().filter(|(name, _)| KEPT_ACROSS_ORIGINS.contains(name));
    kept.map(|(name, value)| (name.clone(), value.clone())).collect()
}
