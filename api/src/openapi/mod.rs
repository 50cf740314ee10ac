//! The OpenAPI document of everything below `/api/v1`, made from the code: paths, methods and permissions from the list
//! that the router is made of ([`crate::router::resources`]), shapes from the types that routes read and answer
//! ([`operations`]). See `docs/decisions/0037-the-document-comes-from-the-routes.md`.

mod assemble;
mod components;
mod operation;
mod operations;
pub(crate) mod shapes;
mod undescribed;

use std::fmt::Write;
use std::sync::LazyLock;

use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE, ETAG};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use serde_json::Value;
use sha2::{Digest, Sha256};

use crate::entity_tags::is_known;

/// Whoever stands in between may give it out for five minutes without asking, and for a day after that while it asks: the document
/// changes with a release, in which fields are only added, and no secret is in it.
const CACHED: &str = "public, max-age=300, stale-while-revalidate=86400";

static DOCUMENT: LazyLock<Value> =
    LazyLock::new(|| assemble::document(&crate::router::resources().registered(), operations::all()));
static SERVED: LazyLock<Served> = LazyLock::new(|| Served::new(&DOCUMENT));

/// The document, as it is served.
#[must_use]
pub fn document() -> &'static Value {
    &DOCUMENT
}

struct Served {
    text: String,
    etag: String,
}

impl Served {
    fn new(document: &Value) -> Self {
        let text = document.to_string();
        let mut etag = String::from("\"");
        for byte in &Sha256::digest(&text)[..16] {
            let _ = write!(etag, "{byte:02x}");
        }
        etag.push('"');
        Self { text, etag }
    }
}

/// `GET /openapi.json`: this document. It is the same for everybody; 304 with its `ETag` as `If-None-Match`.
pub(crate) async fn show(headers: HeaderMap) -> Response {
    let Served { text, etag } = &*SERVED;
    let head = [(ETAG, etag.as_str()), (CACHE_CONTROL, CACHED)];
    if is_known(&headers, etag) {
        return (StatusCode::NOT_MODIFIED, head).into_response();
    }
    (head, [(CONTENT_TYPE, "application/json")], text.as_str()).into_response()
}
