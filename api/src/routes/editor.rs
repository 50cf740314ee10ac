//! The editor: files that were built into the binary, under `/editor/`.

use axum::extract::{Path, Request};
use axum::http::header::{ACCEPT_ENCODING, CACHE_CONTROL, CONTENT_ENCODING, CONTENT_TYPE, VARY};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Redirect, Response};

use crate::html;
use crate::problem::Problem;

/// Name below `editor/dist`, with `/` between folders, and content. What is worth it is there as `….gz`, too.
type Files = &'static [(&'static str, &'static [u8])];

const FILES: Files = include!(concat!(env!("OUT_DIR"), "/editor_files.rs"));
/// The one page, which finds out by itself what the address means.
const PAGE: &str = "index.html";
/// Files whose names change with their contents.
const HASHED: &str = "assets/";

/// `GET /editor`
pub(crate) async fn to_home() -> Redirect {
    Redirect::permanent("/editor/")
}

/// `GET /editor/`
pub(crate) async fn home(request: Request) -> Result<Response, Problem> {
    answer(FILES, PAGE, request.headers())
}

/// `GET /editor/{path}`: a file if there is one of that name, else the page.
pub(crate) async fn show(Path(path): Path<String>, request: Request) -> Result<Response, Problem> {
    answer(FILES, &path, request.headers())
}

fn answer(files: Files, path: &str, headers: &HeaderMap) -> Result<Response, Problem> {
    if files.is_empty() {
        return Ok(not_built());
    }
    let is_file = find(files, path).is_some();
    if !is_file && path.starts_with(HASHED) {
        // A page from before an update asks for its old parts: it must not get HTML in their place.
        return Err(Problem::from_status(StatusCode::NOT_FOUND));
    }
    let name = if is_file { path } else { PAGE };
    let packed = find(files, &format!("{name}.gz")).filter(|_| takes_gzip(headers));
    let content = packed.or_else(|| find(files, name)).ok_or_else(|| Problem::from_status(StatusCode::NOT_FOUND))?;
    let cached = if name.starts_with(HASHED) { "public, max-age=31536000, immutable" } else { "no-cache" };
    let mut response = ([(CONTENT_TYPE, content_type(name)), (CACHE_CONTROL, cached)], content).into_response();
    let headers = response.headers_mut();
    headers.insert(VARY, axum::http::HeaderValue::from_static("accept-encoding"));
    if packed.is_some() {
        headers.insert(CONTENT_ENCODING, axum::http::HeaderValue::from_static("gzip"));
    }
    Ok(response)
}

fn find(files: Files, name: &str) -> Option<&'static [u8]> {
    files.binary_search_by(|(found, _)| (*found).cmp(name)).ok().map(|ix| files[ix].1)
}

fn takes_gzip(headers: &HeaderMap) -> bool {
    headers.get(ACCEPT_ENCODING).and_then(|value| value.to_str().ok()).is_some_and(|value| value.contains("gzip"))
}

fn content_type(name: &str) -> &'static str {
    match name.rsplit_once('.').map(|(_, end)| end) {
        Some("html") => "text/html; charset=utf-8",
        Some("js") => "text/javascript; charset=utf-8",
        Some("css") => "text/css; charset=utf-8",
        Some("svg") => "image/svg+xml",
        Some("txt") => "text/plain; charset=utf-8",
        Some("woff2") => "font/woff2",
        _ => "application/octet-stream",
    }
}

fn not_built() -> Response {
    let body = "<main class=\"narrow\">\n<h1>The editor is not in this build</h1>\n\
                <p>It is built with Node.js, 20.19 or later, before the program itself:</p>\n\
                <pre>make editor\ncargo build --release</pre>\n\
                <p><code>make run</code> does both. Everything else works without it.</p>\n\
                <p><a href=\"/\">Executions</a></p>\n</main>";
    (StatusCode::NOT_FOUND, html::page("The editor is not in this build", body)).into_response()
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;
    use http_body_util::BodyExt;

    use super::*;

    const BUILT: Files = &[
        ("assets/a-1.js", b"script"),
        ("assets/a-1.js.gz", b"packed"),
        ("icon.svg", b"icon"),
        ("index.html", b"page"),
    ];

    async fn ask(files: Files, path: &str, encoding: &'static str) -> (u16, String, HeaderMap) {
        let headers = HeaderMap::from_iter([(ACCEPT_ENCODING, HeaderValue::from_static(encoding))]);
        let response = answer(files, path, &headers).unwrap_or_else(IntoResponse::into_response);
        let (parts, body) = response.into_parts();
        let body = body.collect().await.unwrap().to_bytes();
        (parts.status.as_u16(), String::from_utf8(body.to_vec()).unwrap(), parts.headers)
    }

    #[tokio::test]
    async fn an_address_of_the_editor_is_its_page_but_a_part_that_is_gone_is_not_found() {
        for path in ["index.html", "workflows/17", "executions"] {
            let (status, body, headers) = ask(BUILT, path, "").await;
            assert_eq!((status, body.as_str()), (200, "page"), "{path}");
            assert_eq!(headers[CACHE_CONTROL], "no-cache");
        }
        assert_eq!(ask(BUILT, "assets/a-0.js", "").await.0, 404);
    }

    #[tokio::test]
    async fn who_takes_gzip_gets_it_where_it_is_there() {
        let (_, body, headers) = ask(BUILT, "assets/a-1.js", "br, gzip").await;
        assert_eq!((body.as_str(), headers[CONTENT_ENCODING].as_bytes()), ("packed", &b"gzip"[..]));
        assert_eq!(headers[CONTENT_TYPE], "text/javascript; charset=utf-8");
        assert!(headers[CACHE_CONTROL].to_str().unwrap().contains("immutable"));
        let (_, body, headers) = ask(BUILT, "icon.svg", "gzip").await;
        assert_eq!((body.as_str(), headers.get(CONTENT_ENCODING)), ("icon", None));
        assert_eq!(ask(BUILT, "assets/a-1.js", "identity").await.1, "script");
    }

    #[tokio::test]
    async fn without_the_editor_a_page_says_how_to_build_it() {
        let (status, body, _) = ask(&[], "workflows", "").await;
        assert!(status == 404 && body.contains("make editor"), "{body}");
    }

    #[test]
    fn the_files_are_in_the_order_that_looking_for_one_needs() {
        assert!(FILES.is_sorted_by_key(|(name, _)| name));
    }
}
