//! Answers are packed for who takes that. Only data: pages hold what proves that a form is ours, and an attacker who sees the
//! length of packed pages could guess it; streams of events must not wait to be packed; answers of workflows stay as they are.

use axum::extract::Request;
use axum::http::header::{ACCEPT_ENCODING, CONTENT_ENCODING, CONTENT_TYPE, ETAG};
use axum::http::{Extensions, HeaderMap, HeaderValue, StatusCode, Version};
use axum::middleware::Next;
use axum::response::Response;
use tower_http::CompressionLevel;
use tower_http::compression::CompressionLayer;
use tower_http::compression::predicate::{Predicate, SizeAbove};

use crate::edge::AsItIs;
use crate::entity_tags::PACKED;

/// Shorter answers fit into one packet either way. Bytes.
const PACKED_BYTES_MIN: u64 = 1_400;
/// What is packed.
const DATA: [&str; 3] = ["application/json", "application/x-ndjson", "text/csv"];

/// Packs what is worth it. The least effort takes off most of what there is to take off JSON.
pub(crate) fn layer() -> CompressionLayer<impl Predicate> {
    CompressionLayer::new()
        .quality(CompressionLevel::Fastest)
        .compress_when(SizeAbove::new(PACKED_BYTES_MIN).and(is_data))
}

fn is_data(_: StatusCode, _: Version, headers: &HeaderMap, extensions: &Extensions) -> bool {
    let kind = headers.get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    let kind = kind.split(';').next().unwrap_or_default().trim();
    DATA.contains(&kind) && extensions.get::<AsItIs>().is_none()
}

/// Surrounds the packing: a strong tag names bytes, so that of packed ones is another one (RFC 9110, section 8.8.3.3). Who sends it
/// back means the same: see [`crate::entity_tags`].
pub(crate) async fn retag(mut request: Request, next: Next) -> Response {
    take_plain(request.headers_mut());
    let mut response = next.run(request).await;
    if response.extensions().get::<AsItIs>().is_some() {
        return response;
    }
    let headers = response.headers_mut();
    if headers.contains_key(CONTENT_ENCODING)
        && let Some(tag) = headers.get(ETAG).and_then(|tag| tag.to_str().ok())
        && let Some(opaque) = tag.strip_prefix('"').and_then(|tag| tag.strip_suffix('"'))
        && let Ok(tag) = HeaderValue::from_str(&format!("\"{opaque}{PACKED}\""))
    {
        headers.insert(ETAG, tag);
    }
    response
}

/// Who takes neither plain bytes nor what there is gets plain ones. A refusal would come after what was asked for is done.
fn take_plain(headers: &mut HeaderMap) {
    let wishes: Vec<String> = headers
        .get_all(ACCEPT_ENCODING)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .map(|wish| wish.chars().filter(|c| !c.is_whitespace()).collect::<String>().to_ascii_lowercase())
        .collect();
    let refused = |coding: &str| {
        wishes.iter().any(|wish| {
            let quality = wish.strip_prefix(coding).and_then(|rest| rest.strip_prefix(";q="));
            quality.is_some_and(|quality| quality.parse::<f64>().is_ok_and(|quality| quality == 0.0))
        })
    };
    if refused("identity") || refused("*") {
        let takes_gzip = wishes.iter().any(|wish| wish.starts_with("gzip")) && !refused("gzip");
        headers.remove(ACCEPT_ENCODING);
        if takes_gzip {
            headers.insert(ACCEPT_ENCODING, HeaderValue::from_static("gzip"));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_data_is_packed() {
        let is_packed = |kind: &'static str, extensions: &Extensions| {
            let headers = HeaderMap::from_iter([(CONTENT_TYPE, HeaderValue::from_static(kind))]);
            is_data(StatusCode::OK, Version::HTTP_11, &headers, extensions)
        };
        let none = Extensions::new();
        for (kind, packed) in [
            ("application/json", true),
            ("application/x-ndjson; charset=utf-8", true),
            ("text/csv; charset=utf-8", true),
            ("text/event-stream", false),
            ("text/html; charset=utf-8", false),
            ("text/javascript", false),
        ] {
            assert_eq!(is_packed(kind, &none), packed, "{kind}");
        }
        let mut as_it_is = Extensions::new();
        as_it_is.insert(AsItIs);
        assert!(!is_packed("application/json", &as_it_is));
    }

    #[test]
    fn nobody_is_refused_for_what_they_take() {
        for (wished, left) in [
            ("gzip, br", Some("gzip, br")),
            ("identity;q=0.5, gzip", Some("identity;q=0.5, gzip")),
            ("identity;q=0", None),
            ("br, *;q=0", None),
            ("gzip, identity; q=0", Some("gzip")),
            ("gzip;q=0, identity;q=0.0", None),
        ] {
            let mut headers = HeaderMap::from_iter([(ACCEPT_ENCODING, HeaderValue::from_static(wished))]);
            take_plain(&mut headers);
            assert_eq!(headers.get(ACCEPT_ENCODING).map(|value| value.to_str().unwrap()), left, "{wished}");
        }
    }
}
