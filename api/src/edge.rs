//! What surrounds every route: request id, time-out, problem bodies, security headers, access log.

use std::any::Any;
use std::time::{Duration, Instant};

use axum::body::Body;
use axum::extract::{MatchedPath, Request};
use axum::http::header::{ACCEPT, CACHE_CONTROL, CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use capstan_domain::trace;
use capstan_engine::core::trace::{TRACEPARENT, Trace};
use uuid::Uuid;

use crate::html;
use crate::limit::Limit;
use crate::metrics;
use crate::problem::Problem;
use crate::rates;
use crate::spans;

/// Longest time until the head of an answer, reading the request included, waiting for an execution not.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(30);
/// Most characters of a request id that a client may choose.
const REQUEST_ID_CHARS_MAX: usize = 128;
const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
/// Tells proxies that keep answers until a buffer is full to leave that.
const BUFFERING: HeaderName = HeaderName::from_static("x-accel-buffering");

const SECURITY_HEADERS: [(&str, &str); 4] = [
    ("x-content-type-options", "nosniff"),
    ("referrer-policy", "no-referrer"),
    ("cross-origin-opener-policy", "same-origin"),
    (
        "content-security-policy",
        "default-src 'self'; object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'",
    ),
];

/// Of a request, as its answer tells it.
#[derive(Clone)]
pub(crate) struct RequestId(pub(crate) String);

/// Marks an answer of a workflow: it stays as it is, also with the status of an error.
#[derive(Clone, Copy)]
pub(crate) struct AsItIs;

/// The outermost layer.
pub(crate) async fn surround(mut request: Request, next: Next) -> Response {
    let id = request_id(request.headers());
    let method = method_name(request.method());
    let route = request.extensions().get::<MatchedPath>().map_or("none", MatchedPath::as_str).to_owned();
    let path = told(request.uri().path());
    let as_html = prefers_html(request.headers()) && !path.starts_with("/api/");
    let started = Instant::now();
    let limit = Limit::new(REQUEST_TIMEOUT);
    request.extensions_mut().insert(limit.clone());
    request.extensions_mut().insert(RequestId(id.clone()));
    let rates = rates::Told::default();
    request.extensions_mut().insert(rates.clone());
    let trace = Trace::of_request(traceparent(request.headers()), &id, Uuid::now_v7());
    let trace_id = trace.trace_id();
    let span = spans::of_request(&trace, &request, &route, &path);
    let trace = span.as_ref().map_or(trace, |span| span.trace().clone());
    let answering = trace::within(trace, limit.run(next.run(request)));
    let response = answering.await.unwrap_or_else(|| timed_out().into_response());
    let mut response = explain(response, &path, &id, as_html);
    dress(response.headers_mut(), &id);
    rates.dress(response.headers_mut());
    let (status, took) = (response.status().as_u16(), started.elapsed());
    metrics::answered(method, &route, status, took);
    spans::answered(span, status);
    let took_ms = u64::try_from(took.as_millis()).unwrap_or(u64::MAX);
    tracing::info!(target: "capstan_api::access", method, path, status, took_ms, request_id = id, trace_id, "answered");
    response
}

/// The path as the log and problems tell it: the token of a link is a secret, also where no route has it.
fn told(path: &str) -> String {
    let link = ["/approve/", "/verify/"].into_iter().find(|link| path.starts_with(link));
    link.map_or_else(|| path.to_owned(), |link| format!("{link}{{token}}"))
}

/// A panic in a handler, as a problem.
pub(crate) fn panicked(payload: Box<dyn Any + Send>) -> Response {
    let text = payload.downcast_ref::<String>().map(String::as_str).or(payload.downcast_ref::<&str>().copied());
    Problem::internal(format!("a handler panicked: {}", text.unwrap_or("without words"))).into_response()
}

fn timed_out() -> Problem {
    Problem::unavailable(
        "timeout",
        format!("the answer took longer than {} s; what was asked for may still happen", REQUEST_TIMEOUT.as_secs()),
        "look whether it happened before asking again, or use an Idempotency-Key",
    )
}

/// Gives an error its body, also one that the framework made.
fn explain(mut response: Response, path: &str, id: &str, as_html: bool) -> Response {
    let problem = match response.extensions_mut().remove::<Problem>() {
        Some(problem) => problem,
        None if is_bare_error(&response) => Problem::from_status(response.status()),
        None => return response,
    };
    if let Some(cause) = &problem.internal {
        if problem.status.is_server_error() {
            tracing::error!(request_id = id, path, code = problem.code, cause, "a request failed");
        } else {
            tracing::warn!(request_id = id, path, code = problem.code, cause, "a request was refused");
        }
    }
    let (content_type, body) = if as_html {
        ("text/html; charset=utf-8", html::problem_page(&problem, id))
    } else {
        ("application/problem+json", problem.body(path, id).to_string())
    };
    *response.status_mut() = problem.status;
    *response.body_mut() = Body::from(body);
    let headers = response.headers_mut();
    headers.remove(CONTENT_LENGTH);
    headers.remove(CONTENT_ENCODING);
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

fn is_bare_error(response: &Response) -> bool {
    let status = response.status();
    if response.extensions().get::<AsItIs>().is_some() {
        return false;
    }
    let is_page = response.headers().get(CONTENT_TYPE).is_some_and(|value| value.as_bytes().starts_with(b"text/html"));
    (status.is_client_error() || status.is_server_error()) && !is_page
}

fn dress(headers: &mut HeaderMap, id: &str) {
    for (name, value) in SECURITY_HEADERS {
        headers.entry(HeaderName::from_static(name)).or_insert(HeaderValue::from_static(value));
    }
    headers.entry(CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    if headers.get(CONTENT_TYPE).is_some_and(|kind| kind == "text/event-stream") {
        headers.insert(BUFFERING, HeaderValue::from_static("no"));
    }
    if let Ok(id) = HeaderValue::from_str(id) {
        headers.insert(REQUEST_ID, id);
    }
}

/// The client's trace; where it names several, it names none.
fn traceparent(headers: &HeaderMap) -> Option<&str> {
    let mut given = headers.get_all(TRACEPARENT).iter();
    let first = given.next().filter(|_| given.next().is_none());
    first.and_then(|value| value.to_str().ok())
}

/// The client's id if it is harmless, else a new one.
fn request_id(headers: &HeaderMap) -> String {
    let safe = |id: &&str| {
        (1..=REQUEST_ID_CHARS_MAX).contains(&id.len())
            && id.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.:/+=".contains(&byte))
    };
    let given = headers.get(REQUEST_ID).and_then(|value| value.to_str().ok()).filter(safe);
    given.map_or_else(|| Uuid::now_v7().to_string(), str::to_owned)
}

pub(crate) fn prefers_html(headers: &HeaderMap) -> bool {
    let accept = headers.get(ACCEPT).and_then(|value| value.to_str().ok()).unwrap_or_default();
    accept.contains("text/html")
}

/// The name of a usual method; anything may stand in a request, but not in a label.
fn method_name(method: &Method) -> &'static str {
    match method.as_str() {
        "GET" => "GET",
        "HEAD" => "HEAD",
        "POST" => "POST",
        "PUT" => "PUT",
        "PATCH" => "PATCH",
        "DELETE" => "DELETE",
        "OPTIONS" => "OPTIONS",
        _ => "other",
    }
}
