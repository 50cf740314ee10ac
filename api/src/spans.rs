//! A request that comes in, and an execution that it starts, as spans: the former by the semantic conventions of OpenTelemetry for
//! HTTP servers. Queries stay out, and so do paths beyond `/api/v1`: they may hold what only those know who were told.

use axum::extract::Request;
use axum::http::header::HOST;
use axum::http::uri::Authority;
use axum::http::{Method, Version};
use capstan_domain::spans::{self, KeyValue, Span, SpanKind};
use capstan_domain::trace;
use capstan_engine::core::ids::{ExecutionId, WorkflowId, WorkspaceId};
use capstan_engine::core::trace::Trace;

/// What is asked for every few seconds by machines that only want to know whether somebody answers.
const PROBES: [&str; 3] = ["/healthz", "/metrics", "/readyz"];
/// What a request has as its route that came to none.
const NO_ROUTE: &str = "none";

/// The span of a request with that route, and with that path as logs may have it.
pub(crate) fn of_request(trace: &Trace, request: &Request, route: &str, path: &str) -> Option<Span> {
    if !spans::are_made() || PROBES.contains(&route.strip_prefix("/api/v1").unwrap_or(route)) {
        return None;
    }
    let method = method(request.method());
    let name = if route == NO_ROUTE { method.to_owned() } else { format!("{method} {route}") };
    Span::begin(trace, SpanKind::Server, name, attributes(request, route, path))
}

/// What came of it, which ends the span.
pub(crate) fn answered(span: Option<Span>, status: u16) {
    if let Some(mut span) = span {
        span.set("http.response.status_code", i64::from(status));
        if status >= 500 {
            span.fail(status.to_string());
        }
    }
}

/// The span of a start, within the request that asks for it; what the execution does is within the start.
pub(crate) fn of_start(workspace_id: WorkspaceId, workflow_id: WorkflowId, execution_id: ExecutionId) -> Option<Span> {
    if !spans::are_made() {
        return None;
    }
    let attributes = vec![
        KeyValue::new("capstan.execution.id", execution_id.to_string()),
        KeyValue::new("capstan.workflow.id", workflow_id.to_string()),
        KeyValue::new("capstan.workspace.id", workspace_id.to_string()),
    ];
    Span::begin(&trace::current()?, SpanKind::Producer, "start", attributes)
}

fn attributes(request: &Request, route: &str, path: &str) -> Vec<KeyValue> {
    let mut attributes = vec![
        KeyValue::new("http.request.method", method(request.method())),
        KeyValue::new("url.scheme", "http"),
        KeyValue::new("network.protocol.version", version(request.version())),
    ];
    if path.starts_with("/api/v1/") {
        attributes.push(KeyValue::new("url.path", path.to_owned()));
    } else if route != NO_ROUTE {
        attributes.push(KeyValue::new("url.path", route.to_owned()));
    }
    if route != NO_ROUTE {
        attributes.push(KeyValue::new("http.route", route.to_owned()));
    }
    let host = request.headers().get(HOST).and_then(|host| host.to_str().ok()?.parse::<Authority>().ok());
    if let Some(host) = host.as_ref().or_else(|| request.uri().authority()) {
        attributes.push(KeyValue::new("server.address", host.host().to_owned()));
        if let Some(port) = host.port_u16() {
            attributes.push(KeyValue::new("server.port", i64::from(port)));
        }
    }
    attributes
}

/// The name of a usual method, else the word that the conventions have for others.
fn method(method: &Method) -> &'static str {
    match method.as_str() {
        "GET" => "GET",
        "HEAD" => "HEAD",
        "POST" => "POST",
        "PUT" => "PUT",
        "PATCH" => "PATCH",
        "DELETE" => "DELETE",
        "OPTIONS" => "OPTIONS",
        _ => "_OTHER",
    }
}

fn version(version: Version) -> &'static str {
    match version {
        Version::HTTP_2 => "2",
        Version::HTTP_10 => "1.0",
        _ => "1.1",
    }
}

#[cfg(test)]
mod tests {
    use axum::body::Body;

    use super::*;

    #[test]
    fn a_span_tells_the_route_and_no_path_or_query_that_only_some_know() {
        let request = axum::http::Request::get("/hooks/acme/canary-7f3a?token=canary-7f3a")
            .header("host", "flows.example.com:8443")
            .header("authorization", "Bearer canary-7f3a")
            .body(Body::empty())
            .unwrap();
        let told = format!("{:?}", attributes(&request, "/hooks/{workspace}/{*path}", "/hooks/acme/canary-7f3a"));
        assert!(!told.contains("canary"), "{told}");
        for named in ["http.request.method", "url.scheme", "http.route", "server.address", "flows.example.com", "8443"]
        {
            assert!(told.contains(named), "{told}");
        }
        let none = format!("{:?}", attributes(&request, NO_ROUTE, "/canary-7f3a"));
        assert!(!none.contains("canary") && !none.contains("http.route"), "{none}");
    }
}
