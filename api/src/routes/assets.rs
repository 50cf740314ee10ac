//! Style and script of the pages, built into the binary.

use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::response::{IntoResponse, Response};

/// They change with the binary only; browsers ask again after a while.
const CACHED: &str = "max-age=300";

pub(crate) async fn css() -> Response {
    let headers = [(CONTENT_TYPE, "text/css; charset=utf-8"), (CACHE_CONTROL, CACHED)];
    (headers, include_str!("../page/page.css")).into_response()
}

pub(crate) async fn js() -> Response {
    let headers = [(CONTENT_TYPE, "text/javascript; charset=utf-8"), (CACHE_CONTROL, CACHED)];
    (headers, include_str!("../page/page.js")).into_response()
}

pub(crate) async fn icon() -> Response {
    let headers = [(CONTENT_TYPE, "image/svg+xml"), (CACHE_CONTROL, CACHED)];
    (headers, include_str!("../page/icon.svg")).into_response()
}
