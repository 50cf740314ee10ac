//! A request to others as a span, by the semantic conventions of OpenTelemetry for HTTP clients: with where it goes, and what
//! came of it. Paths and queries stay out: what an author fills into them may be anything.

use capstan_domain::spans::{self, KeyValue, Span, SpanKind};
use capstan_domain::trace;
use capstan_engine::core::trace::TRACEPARENT;
use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use reqwest::{Method, Response};

use super::http::{HttpError, Request};

/// One request on its way; each redirect is another one.
pub(super) struct Hop {
    span: Option<Span>,
}

impl Hop {
    pub(super) fn begin(request: &Request, hop: usize) -> Self {
        let current = if spans::are_made() { trace::current() } else { None };
        let span = current
            .and_then(|trace| Span::begin(&trace, SpanKind::Client, method(&request.method), attributes(request, hop)));
        Self { span }
    }

    /// Those of the request, and the trace that it belongs to if it tells that.
    pub(super) fn headers(&self, request: &Request) -> HeaderMap {
        let mut headers = request.headers.clone();
        if request.is_traced
            && !headers.contains_key(TRACEPARENT)
            && let Some(header) = self.header()
            && let Ok(value) = HeaderValue::from_str(&header)
        {
            headers.insert(HeaderName::from_static(TRACEPARENT), value);
        }
        headers
    }

    fn header(&self) -> Option<String> {
        match &self.span {
            Some(span) => Some(span.header()),
            None => trace::current().map(|trace| trace::header(&trace)),
        }
    }

    /// What came of it; a body is not awaited.
    pub(super) fn end(self, answer: &Result<Response, HttpError>) {
        let Some(mut span) = self.span else { return };
        match answer {
            Ok(response) => {
                let status = response.status();
                span.set("http.response.status_code", i64::from(status.as_u16()));
                if status.is_client_error() || status.is_server_error() {
                    span.fail(status.as_str().to_owned());
                }
            }
            Err(error) => span.fail(class(error)),
        }
    }
}

fn attributes(request: &Request, hop: usize) -> Vec<KeyValue> {
    let Request { method: named, url, .. } = request;
    let mut attributes = vec![
        KeyValue::new("http.request.method", method(named)),
        KeyValue::new("url.scheme", if url.scheme() == "https" { "https" } else { "http" }),
        KeyValue::new("server.address", spans::without_secrets(url.host_str().unwrap_or_default())),
    ];
    if let Some(port) = url.port_or_known_default() {
        attributes.push(KeyValue::new("server.port", i64::from(port)));
    }
    if hop > 0 {
        attributes.push(KeyValue::new("http.request.resend_count", i64::try_from(hop).unwrap_or(i64::MAX)));
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

fn class(error: &HttpError) -> &'static str {
    match error {
        HttpError::Refused(_) => "refused",
        HttpError::Connect { .. } => "connect",
        HttpError::Broken { .. } => "broken",
        HttpError::Timeout { .. } => "timeout",
        HttpError::Redirect { .. } => "redirect",
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use capstan_domain::secrets::redact::Redactor;
    use url::Url;

    use super::*;

    fn request(url: &str) -> Request {
        let url = Url::parse(url).unwrap();
        Request { method: Method::POST, url, headers: HeaderMap::new(), body: None, is_traced: true }
    }

    #[tokio::test]
    async fn a_span_tells_where_a_request_goes_and_nothing_that_was_filled_in() {
        let secrets = Arc::new(Redactor::default());
        secrets.add(["canary-7f3a"]).unwrap();
        let asked =
            request("https://canary-7f3a.example.com/bot-canary-7f3a/send?token=canary-7f3a&mail=ada@example.com");
        let told = spans::hiding(secrets, async { format!("{:?}", attributes(&asked, 2)) }).await;
        for held in ["canary", "ada", "bot", "token"] {
            assert!(!told.contains(held), "{told}");
        }
        for named in ["http.request.method", "url.scheme", "server.address", "server.port", "http.request.resend_count"]
        {
            assert!(told.contains(named), "{told}");
        }
        assert!(told.contains("[redacted].example.com"), "{told}");
    }

    #[tokio::test]
    async fn a_request_tells_its_trace_unless_the_author_set_another_or_there_is_none() {
        let asked = request("http://example.com/");
        assert!(!Hop::begin(&asked, 0).headers(&asked).contains_key(TRACEPARENT), "it belongs to nothing");
        let begun = capstan_engine::core::trace::Trace::of(uuid::Uuid::from_u128(7));
        let told = trace::within(begun, async {
            let mut own = asked.clone();
            own.headers.insert(HeaderName::from_static(TRACEPARENT), HeaderValue::from_static("mine"));
            let quiet = Request { is_traced: false, ..asked.clone() };
            [&asked, &own, &quiet].map(|one| Hop::begin(one, 0).headers(one).get(TRACEPARENT).cloned())
        })
        .await;
        let [ours, own, quiet] = told.map(|value| value.map(|value| value.to_str().unwrap().to_owned()));
        assert!(ours.unwrap().starts_with("00-00000000000000000000000000000007-"));
        assert_eq!((own.as_deref(), quiet), (Some("mine"), None));
    }
}
