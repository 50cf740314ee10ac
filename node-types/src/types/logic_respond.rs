//! `logic.respond`

use std::collections::BTreeMap;

use capstan_engine::core::catalogue::Effect;
use capstan_engine::core::outcome::Outcome;
use capstan_engine::core::problem::Problem;
use reqwest::header::{HeaderName, HeaderValue};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::parts::{Scalar, has_expression, problem};
use crate::node_type::{Context, NodeType, Spec};

/// Most headers of an answer.
const HEADERS_MAX: usize = 50;
/// Longest value of one header, in bytes.
const HEADER_BYTES_MAX: usize = 4 * 1024;
/// Headers of the connection, of the server, and of the origin that all hooks share: none of them is the author's.
const RESERVED: [&str; 22] = [
    "alt-svc",
    "clear-site-data",
    "connection",
    "content-encoding",
    "content-length",
    "content-security-policy",
    "content-type",
    "date",
    "host",
    "keep-alive",
    "nel",
    "report-to",
    "server",
    "service-worker-allowed",
    "set-cookie",
    "strict-transport-security",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
    "x-content-type-options",
    "x-request-id",
];

/// Answers whoever waits for the execution; the execution goes on.
pub(crate) struct LogicRespond;

/// The answer.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Config {
    /// HTTP status, 200 to 599.
    #[serde(default = "ok")]
    #[schemars(range(min = 200, max = 599))]
    status: u16,
    /// Names and values of HTTP headers, at most 50; those of the connection, cookies and `Content-Type` are not taken.
    #[serde(default)]
    headers: BTreeMap<String, Scalar>,
    /// What the body is; `application/json` if absent, or `text/plain` where the body is text.
    content_type: Option<String>,
    /// Any JSON, or text that is sent as it is; empty if absent.
    #[serde(default)]
    body: Value,
}

/// What a settled `logic.respond` gave back: an HTTP answer.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
pub struct Reply {
    /// 200 to 599.
    pub status: u16,
    /// None of them is reserved; all can be sent.
    pub headers: BTreeMap<String, String>,
    /// Can be sent as a header.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub content_type: Option<String>,
    /// Text is sent as it is, null not at all, anything else as JSON.
    pub body: Value,
}

impl NodeType for LogicRespond {
    const NAME: &'static str = super::RESPOND;
    const EFFECT: Effect = Effect::Pure;
    const STAYS: bool = true;
    type Config = Config;

    fn spec() -> Spec {
        Spec::step(
            "Respond",
            "Answers the request that waits for the execution, if one does, and lets the execution go on; the first \
             one of an execution counts.",
        )
    }

    fn classes(_config: &Value) -> Option<Vec<String>> {
        Some(Vec::new())
    }

    fn check(config: &Value) -> Vec<Problem> {
        let headers = config.get("headers").and_then(Value::as_object);
        let names = headers.into_iter().flatten().filter_map(|(name, value)| {
            let literal = value.as_str().filter(|text| !has_expression(text));
            check_header(name, literal.unwrap_or_default()).err()
        });
        let bad_header = |why| problem("bad_header", "/headers", why, "remove or correct the header");
        let mut problems: Vec<Problem> = names.map(bad_header).collect();
        let count = headers.map_or(0, serde_json::Map::len);
        if count > HEADERS_MAX {
            let why = format!("the answer has {count} headers; at most {HEADERS_MAX} are sent");
            problems.push(problem("bad_header", "/headers", why, "leave some out"));
        }
        let content_type = config.get("content_type").and_then(Value::as_str).filter(|text| !has_expression(text));
        if let Some(why) = content_type.and_then(|text| check_content_type(text).err()) {
            problems.push(problem("bad_header", "/content_type", why, "write it like text/html; charset=utf-8"));
        }
        problems
    }

    async fn run(&self, config: Config, _context: &Context) -> Outcome {
        match reply(config) {
            Ok(reply) => Outcome::done("out", json!(reply)),
            Err(why) => Outcome::fail("config", why),
        }
    }
}

fn ok() -> u16 {
    200
}

fn reply(config: Config) -> Result<Reply, String> {
    let Config { status, headers, content_type, body } = config;
    if !(200..=599).contains(&status) {
        return Err(format!("{status} is no status that an answer can have; give 200 to 599"));
    }
    if headers.len() > HEADERS_MAX {
        return Err(format!("the answer has {} headers; at most {HEADERS_MAX} are sent", headers.len()));
    }
    let headers: BTreeMap<String, String> =
        headers.into_iter().map(|(name, value)| (name.to_ascii_lowercase(), value.to_string())).collect();
    for (name, value) in &headers {
        check_header(name, value)?;
    }
    content_type.as_deref().map(check_content_type).transpose()?;
    Ok(Reply { status, headers, content_type, body })
}

fn check_header(name: &str, value: &str) -> Result<(), String> {
    let shown: String = name.chars().take(60).collect();
    let lower = name.to_ascii_lowercase();
    if HeaderName::from_bytes(name.as_bytes()).is_err() {
        return Err(format!("{shown:?} is no name of a header"));
    }
    if RESERVED.contains(&lower.as_str()) || lower.starts_with("proxy-") {
        return Err(format!("the header {shown:?} is not taken from a workflow"));
    }
    check_value(value).map_err(|why| format!("the value of header {shown:?} {why}"))
}

fn check_content_type(value: &str) -> Result<(), String> {
    check_value(value).map_err(|why| format!("the content type {why}"))?;
    let kind = value.split(';').next().unwrap_or_default().trim();
    let parts: Vec<&str> = kind.split('/').collect();
    let is_good = |part: &&str| HeaderName::from_bytes(part.as_bytes()).is_ok();
    if parts.len() != 2 || !parts.iter().all(is_good) {
        return Err(format!("{:?} is no content type", value.chars().take(60).collect::<String>()));
    }
    Ok(())
}

fn check_value(value: &str) -> Result<(), String> {
    if value.len() > HEADER_BYTES_MAX {
        return Err(format!("is longer than {HEADER_BYTES_MAX} bytes"));
    }
    let is_visible = value.bytes().all(|byte| byte == b' ' || byte.is_ascii_graphic());
    if !is_visible || HeaderValue::from_str(value).is_err() {
        return Err("has characters other than visible ASCII".into());
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::context;

    async fn run(config: Value) -> Outcome {
        LogicRespond.run(serde_json::from_value(config).unwrap(), &context()).await
    }

    #[tokio::test]
    async fn the_answer_is_the_output() {
        let bare = json!({ "status": 200, "headers": {}, "body": null });
        assert_eq!(run(json!({})).await, Outcome::done("out", bare));
        let config = json!({ "status": 201, "headers": { "X-Total": 7 }, "content_type": "text/csv", "body": "a,b" });
        let output = json!({ "status": 201, "headers": { "x-total": "7" }, "content_type": "text/csv", "body": "a,b" });
        assert_eq!(run(config).await, Outcome::done("out", output));
    }

    #[tokio::test]
    async fn what_cannot_be_sent_fails_and_is_told_before_where_it_is_written_out() {
        let long = "x".repeat(HEADER_BYTES_MAX + 1);
        for config in [
            json!({ "headers": { "Set-Cookie": "a=b" } }),
            json!({ "headers": { "transfer-encoding": "chunked" } }),
            json!({ "headers": { "Proxy-Authenticate": "x" } }),
            json!({ "headers": { "a b": "x" } }),
            json!({ "headers": { "x-a": "b\r\nset-cookie: c=d" } }),
            json!({ "headers": { "x-a": long } }),
            json!({ "content_type": "text" }),
            json!({ "content_type": "text/html\n" }),
        ] {
            assert_eq!(LogicRespond::check(&config).len(), 1, "{config}");
            assert!(matches!(run(config.clone()).await, Outcome::Fail { .. }), "{config}");
        }
        for config in [json!({ "status": 100 }), json!({ "status": 600 })] {
            assert!(matches!(run(config).await, Outcome::Fail { .. }));
        }
        let many: BTreeMap<String, u8> = (0..=HEADERS_MAX).map(|n| (format!("x-{n}"), 1)).collect();
        let many = json!({ "headers": many });
        assert_eq!(LogicRespond::check(&many).len(), 1);
        assert!(matches!(run(many).await, Outcome::Fail { .. }));
    }

    #[test]
    fn expressions_are_judged_when_they_are_filled_in() {
        let config = json!({ "headers": { "x-a": "{{ input.a }}\n" }, "content_type": "{{ input.type }}" });
        assert_eq!(LogicRespond::check(&config), []);
    }
}
