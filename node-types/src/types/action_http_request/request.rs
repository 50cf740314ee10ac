//! Makes the request from the config.

use reqwest::header::{ACCEPT, CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue};
use serde_json::Value;
use url::Url;

use super::super::parts::{Encoding, OneOrMany};
use super::{Config, Method};
use crate::services::header_text;
use crate::services::http::Request;

/// Most headers of a request.
const HEADERS_MAX: usize = 50;
/// Longest address with its query, in bytes.
const URL_BYTES_MAX: usize = 16 * 1024;
/// Longest header value, in bytes.
const HEADER_BYTES_MAX: usize = 16 * 1024;
/// The header of the step's key.
const KEY_HEADER: &str = "idempotency-key";
/// Headers that belong to the connection, or to the engine.
const OWN_HEADERS: [&str; 11] = [
    "host",
    "content-length",
    "transfer-encoding",
    "connection",
    "keep-alive",
    "upgrade",
    "te",
    "trailer",
    "expect",
    "proxy-authorization",
    KEY_HEADER,
];

/// The request with its idempotency key, or what is wrong with the config.
pub(super) fn build(config: Config, key: &str) -> Result<Request, String> {
    let url = url(&config)?;
    let mut headers = headers(&config)?;
    let key = HeaderValue::from_str(&header_text(key)).map_err(|_| "the idempotency key is no header value")?;
    headers.insert(HeaderName::from_static(KEY_HEADER), key);
    let body = config.body.filter(|body| !body.is_null());
    let body = body.map(|body| body_bytes(body, config.body_encoding, &mut headers)).transpose()?;
    Ok(Request { method: method(config.method), url, headers, body, is_traced: false })
}

/// The name, or why it cannot be set.
pub(super) fn header_name(name: &str) -> Result<HeaderName, String> {
    let shown: String = name.chars().take(60).collect();
    if OWN_HEADERS.iter().any(|own| own.eq_ignore_ascii_case(name)) {
        return Err(format!("the header {shown} is set by the engine"));
    }
    HeaderName::from_bytes(name.as_bytes()).map_err(|_| format!("{shown:?} is not the name of a header"))
}

fn url(config: &Config) -> Result<Url, String> {
    let text = config.url.trim();
    let shown: String = text.split(['?', '#']).next().unwrap_or_default().chars().take(200).collect();
    let mut url = Url::parse(text).map_err(|error| {
        format!("the url {shown:?} cannot be read ({error}); write a full address such as https://example.com/path")
    })?;
    for (name, value) in &config.query {
        let values = match value {
            None => continue,
            Some(OneOrMany::One(one)) => std::slice::from_ref(one),
            Some(OneOrMany::Many(many)) => many,
        };
        for value in values {
            url.query_pairs_mut().append_pair(name, &value.to_string());
        }
    }
    if url.as_str().len() > URL_BYTES_MAX {
        return Err(format!("the url {shown:?} with its query is longer than {URL_BYTES_MAX} bytes"));
    }
    Ok(url)
}

fn headers(config: &Config) -> Result<HeaderMap, String> {
    if config.headers.len() > HEADERS_MAX {
        return Err(format!("a request has at most {HEADERS_MAX} headers, this one has {}", config.headers.len()));
    }
    let mut headers = HeaderMap::new();
    headers.insert(ACCEPT, HeaderValue::from_static("*/*"));
    for (name, value) in &config.headers {
        let text = value.to_string();
        let name = header_name(name)?;
        if text.len() > HEADER_BYTES_MAX {
            return Err(format!("the header {name} is longer than {HEADER_BYTES_MAX} bytes"));
        }
        // The value may be a secret, so it is not shown.
        let mut value = HeaderValue::from_bytes(text.as_bytes())
            .map_err(|_| format!("the header {name} holds a line break or a control character"))?;
        value.set_sensitive(true);
        headers.insert(name, value);
    }
    Ok(headers)
}

fn body_bytes(body: Value, encoding: Option<Encoding>, headers: &mut HeaderMap) -> Result<Vec<u8>, String> {
    let declared = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).map(str::to_ascii_lowercase);
    let (kind, bytes) = match (body, encoding) {
        (Value::String(text), Some(encoding)) => {
            ("application/octet-stream", encoding.bytes(&text).map_err(|why| format!("the body {why}"))?)
        }
        (_, Some(Encoding::Base64)) => return Err("with body_encoding, the body is text in base64".into()),
        (Value::String(text), None) if declared.as_ref().is_some_and(|kind| !kind.contains("json")) => {
            ("text/plain", text.into_bytes())
        }
        (body, None) => ("application/json", body.to_string().into_bytes()),
    };
    if declared.is_none() {
        headers.insert(CONTENT_TYPE, HeaderValue::from_static(kind));
    }
    Ok(bytes)
}

fn method(method: Method) -> reqwest::Method {
    match method {
        Method::Get => reqwest::Method::GET,
        Method::Head => reqwest::Method::HEAD,
        Method::Post => reqwest::Method::POST,
        Method::Put => reqwest::Method::PUT,
        Method::Patch => reqwest::Method::PATCH,
        Method::Delete => reqwest::Method::DELETE,
        Method::Options => reqwest::Method::OPTIONS,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn built(config: Value) -> Result<Request, String> {
        build(serde_json::from_value(config).unwrap(), "e:n ü:")
    }

    #[test]
    fn query_and_key_are_encoded() {
        let query = json!({"q": "a b&c", "n": 1, "tag": ["x", "y"], "none": null});
        let request = built(json!({"url": "http://h/p?z=1", "query": query})).unwrap();
        assert_eq!(request.url.as_str(), "http://h/p?z=1&n=1&q=a+b%26c&tag=x&tag=y");
        assert_eq!(request.headers[KEY_HEADER], "e:n%20%C3%BC:");
    }

    #[test]
    fn a_body_is_json_unless_it_is_text_of_another_kind() {
        for (body, kind, sent) in [
            (json!({"a": 1}), None, "{\"a\":1}"),
            (json!("x"), None, "\"x\""),
            (json!("a=1"), Some("application/x-www-form-urlencoded"), "a=1"),
            (json!([1]), Some("text/plain"), "[1]"),
        ] {
            let headers = kind.map_or(json!({}), |kind| json!({"Content-Type": kind}));
            let request = built(json!({"url": "http://h/", "headers": headers, "body": body})).unwrap();
            assert_eq!(request.body.unwrap(), sent.as_bytes());
            assert_eq!(request.headers[CONTENT_TYPE], kind.unwrap_or("application/json"));
        }
    }

    #[test]
    fn bytes_are_sent_as_what_they_are_declared_to_be() {
        for (kind, expected) in [(None, "application/octet-stream"), (Some("image/png"), "image/png")] {
            let headers = kind.map_or(json!({}), |kind| json!({"Content-Type": kind}));
            let config = json!({"url": "http://h/", "headers": headers, "body": "iVBORwA=", "body_encoding": "base64"});
            let request = built(config).unwrap();
            assert_eq!(request.body.unwrap(), b"\x89PNG\0");
            assert_eq!(request.headers[CONTENT_TYPE], expected);
        }
    }

    #[test]
    fn what_cannot_be_sent_is_named() {
        for (config, said) in [
            (json!({"url": "nowhere"}), "\"nowhere\""),
            (json!({"url": "http://h/", "headers": {"Host": "x"}}), "header Host"),
            (json!({"url": "http://h/", "headers": {"idempotency-KEY": "x"}}), "idempotency-KEY"),
            (json!({"url": "http://h/", "headers": {"a b": "x"}}), "\"a b\""),
            (json!({"url": "http://h/", "headers": {"x-a": "1\r\nx-b: 2"}}), "x-a"),
            (json!({"url": "http://h/", "body": "a b", "body_encoding": "base64"}), "the body is not base64"),
            (json!({"url": "http://h/", "body": {"a": 1}, "body_encoding": "base64"}), "text in base64"),
            (json!({"url": "http://h/", "query": {"q": "x".repeat(URL_BYTES_MAX)}}), "longer than"),
        ] {
            let error = built(config).unwrap_err();
            assert!(error.contains(said), "{error}");
        }
    }
}
