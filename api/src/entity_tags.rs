//! Entity tags (RFC 9110, sections 8.8.3 and 13): what a request says that it knows, and one layer that tells who asks for the same
//! again that nothing has changed.
//!
//! The layer tags an answer by its bytes, so a tag changes with whatever changed, and no event has to reach it. It is for a list of
//! routes: all other answers stay `no-store`, so that no browser keeps what is about people, or what somebody may have written
//! a secret into.

use std::fmt::Write;

use axum::body::{Body, HttpBody, to_bytes};
use axum::extract::{MatchedPath, Request};
use axum::http::header::{CACHE_CONTROL, CONTENT_LENGTH, CONTENT_TYPE, ETAG, IF_MATCH, IF_NONE_MATCH, VARY};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use sha2::{Digest, Sha256};

use crate::problem::Problem;

/// What is read again and again, changes seldom, names nobody, and has no tag of its own. Paths below `/api/v1`, as they are registered.
const REVALIDATED: [&str; 15] = [
    "/access",
    "/credential-types",
    "/event-types",
    "/lead-fields",
    "/lead-sources",
    "/limits",
    "/login-providers",
    "/node-types",
    "/platform/billing/prices",
    "/platform/transitions",
    "/record-types",
    "/stats/daily",
    "/usage",
    "/workflows",
    "/workflows/{workflow_id}/versions",
];
const ROOT: &str = "/api/v1";
/// Longest answer that is tagged.
const TAGGED_BYTES_MAX: usize = 4 * 1024 * 1024;
/// Bytes of a hash that make a tag.
const TAG_BYTES: usize = 16;
/// What the tag of an answer ends with whose bytes are packed: see [`crate::compression`].
pub(crate) const PACKED: &str = "-gzip";

/// Whether a GET of that path below `/api/v1` is tagged.
pub(crate) fn is_revalidated(path: &str) -> bool {
    REVALIDATED.contains(&path)
}

/// What a precondition names.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Named {
    /// `*`
    Any,
    /// None, if they cannot be read.
    These(Vec<Tag>),
}

/// One tag, without its quotes, and without what tells how its answer was packed.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Tag {
    is_weak: bool,
    opaque: String,
}

impl Named {
    /// What this header of a request names, if it has it.
    pub(crate) fn by(headers: &HeaderMap, header: HeaderName) -> Option<Self> {
        let mut values = headers.get_all(header).iter().peekable();
        values.peek()?;
        let texts: Option<Vec<&str>> = values.map(|value| value.to_str().ok()).collect();
        Some(texts.map_or(Self::These(Vec::new()), |texts| Self::read(&texts.join(","))))
    }

    fn read(text: &str) -> Self {
        if text.trim() == "*" {
            return Self::Any;
        }
        Self::These(tags(text).unwrap_or_default())
    }

    /// Whether the current tag, in its quotes, is among them by the strong comparison: weak ones never are.
    fn has(&self, current: &str) -> bool {
        match self {
            Self::Any => true,
            Self::These(tags) => one(current).is_some_and(|current| !current.is_weak && tags.contains(&current)),
        }
    }

    /// The same by the weak comparison, which does not look at whether they are weak.
    fn has_weakly(&self, current: &str) -> bool {
        match self {
            Self::Any => true,
            Self::These(tags) => {
                one(current).is_some_and(|current| tags.iter().any(|tag| tag.opaque == current.opaque))
            }
        }
    }

    /// Those among them that can be compared strongly.
    pub(crate) fn strong(&self) -> impl Iterator<Item = &str> {
        let tags = if let Self::These(tags) = self { tags.as_slice() } else { &[] };
        tags.iter().filter(|tag| !tag.is_weak).map(|tag| tag.opaque.as_str())
    }
}

/// Whether `If-Match` names the current tag; nothing without that header.
pub(crate) fn if_match(headers: &HeaderMap, current: &str) -> Option<bool> {
    Named::by(headers, IF_MATCH).map(|named| named.has(current))
}

/// Whether `If-None-Match` says that the current tag is known.
pub(crate) fn is_known(headers: &HeaderMap, current: &str) -> bool {
    Named::by(headers, IF_NONE_MATCH).is_some_and(|named| named.has_weakly(current))
}

fn one(text: &str) -> Option<Tag> {
    tags(text)?.pop()
}

/// Tags with commas between them; nothing if anything else is there, too.
fn tags(mut text: &str) -> Option<Vec<Tag>> {
    let mut tags = Vec::new();
    loop {
        text = text.trim_start_matches([' ', '\t', ',']);
        if text.is_empty() {
            return Some(tags);
        }
        let (is_weak, quoted) = text.strip_prefix("W/").map_or((false, text), |rest| (true, rest));
        let (opaque, rest) = quoted.strip_prefix('"')?.split_once('"')?;
        let rest = rest.trim_start_matches([' ', '\t']);
        if !rest.is_empty() && !rest.starts_with(',') {
            return None;
        }
        tags.push(Tag { is_weak, opaque: opaque.strip_suffix(PACKED).unwrap_or(opaque).to_owned() });
        text = rest;
    }
}

/// The layer: tags the answers of some routes, and leaves their bodies out where these are known.
pub(crate) async fn revalidate(request: Request, next: Next) -> Response {
    let route = request.extensions().get::<MatchedPath>().and_then(|path| path.as_str().strip_prefix(ROOT));
    // The answer to a HEAD has lost its bytes already.
    if *request.method() != Method::GET || !route.is_some_and(is_revalidated) {
        return next.run(request).await;
    }
    let known = Named::by(request.headers(), IF_NONE_MATCH);
    let response = next.run(request).await;
    // A tag that is there already is a revision: that of another workspace is the same one, and a browser knows both by one address.
    let is_own = [CACHE_CONTROL, ETAG].iter().any(|name| response.headers().contains_key(name));
    if response.status() != StatusCode::OK || is_own {
        return response;
    }
    tagged(response, known.as_ref()).await
}

async fn tagged(response: Response, known: Option<&Named>) -> Response {
    let (mut parts, body) = response.into_parts();
    let is_short = body.size_hint().upper().is_some_and(|bytes| bytes <= TAGGED_BYTES_MAX as u64);
    if !is_short {
        return Response::from_parts(parts, body);
    }
    let bytes = match to_bytes(body, TAGGED_BYTES_MAX).await {
        Ok(bytes) => bytes,
        Err(error) => return Problem::internal(format!("an answer broke off: {error}")).into_response(),
    };
    let tag = weak_tag(&bytes);
    let mut body = Body::from(bytes);
    if known.is_some_and(|known| known.has_weakly(&tag)) {
        parts.status = StatusCode::NOT_MODIFIED;
        parts.headers.remove(CONTENT_TYPE);
        parts.headers.remove(CONTENT_LENGTH);
        body = Body::empty();
    }
    if let Ok(tag) = HeaderValue::from_str(&tag) {
        parts.headers.insert(ETAG, tag);
        parts.headers.insert(CACHE_CONTROL, HeaderValue::from_static("private, no-cache"));
        parts.headers.insert(VARY, HeaderValue::from_static("accept-encoding"));
    }
    Response::from_parts(parts, body)
}

/// Weak, as the same answer goes out packed and plain.
fn weak_tag(bytes: &[u8]) -> String {
    let mut tag = String::from("W/\"");
    for byte in &Sha256::digest(bytes)[..TAG_BYTES] {
        let _ = write!(tag, "{byte:02x}");
    }
    tag.push('"');
    tag
}

#[cfg(test)]
mod tests {
    use super::*;

    fn given(values: &[&'static str]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for &value in values {
            headers.append(IF_MATCH, HeaderValue::from_static(value));
            headers.append(IF_NONE_MATCH, HeaderValue::from_static(value));
        }
        headers
    }

    #[test]
    fn tags_are_compared_strongly_to_change_and_weakly_to_read() {
        for (values, strongly, weakly) in [
            (&["\"3\""][..], true, true),
            (&["\"2\", \"3\""], true, true),
            (&["\"2\"", "\"3\""], true, true),
            (&[" , \"2\",,\t\"3\" "], true, true),
            (&["W/\"3\""], false, true),
            (&["\"2\", W/\"3\""], false, true),
            (&["\"3-gzip\""], true, true),
            (&["*"], true, true),
            (&["\"2\""], false, false),
            (&["\"2,3\""], false, false),
            (&["3"], false, false),
            (&["\"3"], false, false),
            (&["\"3\" \"4\""], false, false),
            (&["w/\"3\""], false, false),
            (&["*, \"3\""], false, false),
            (&[""], false, false),
        ] {
            let headers = given(values);
            assert_eq!(if_match(&headers, "\"3\""), Some(strongly), "{values:?}");
            assert_eq!(is_known(&headers, "\"3\""), weakly, "{values:?}");
            assert_eq!(
                if_match(&headers, "W/\"3\""),
                Some(values == ["*"]),
                "a weak tag is never the same: {values:?}"
            );
        }
        assert_eq!((if_match(&HeaderMap::new(), "\"3\""), is_known(&HeaderMap::new(), "\"3\"")), (None, false));
    }

    #[test]
    fn what_is_revalidated_is_registered() {
        for path in REVALIDATED {
            let is_there = crate::routes().iter().any(|route| route.path == path && route.method == "GET");
            assert!(is_there, "{path} is no route that is read");
        }
    }
}
