//! The parts of the document that are the same for all routes.

use schemars::JsonSchema;
use serde_json::{Value, json};

use crate::auth::KEY_COOKIE;
use crate::paging::LIMIT_MAX;
use crate::people::session::{PLAIN, SECURE};

/// Problem details (RFC 9457).
#[derive(JsonSchema)]
#[allow(dead_code, reason = "described, not made")]
pub(super) struct Problem {
    /// A URN that ends with the code.
    r#type: String,
    title: String,
    status: u16,
    /// Stable machine name.
    code: String,
    /// What happened to what.
    detail: String,
    /// What to do.
    hint: String,
    /// The path of the request.
    instance: String,
    request_id: String,
    /// Findings, each about one place.
    #[schemars(skip_serializing_if = "absent", with = "Vec<ProblemEntry>")]
    errors: Option<Vec<ProblemEntry>>,
}

/// One finding of several. Those about a graph name a node or an edge, too.
#[derive(JsonSchema)]
#[allow(dead_code, reason = "described, not made")]
pub(super) struct ProblemEntry {
    code: String,
    detail: String,
    hint: String,
    /// JSON pointer into the body of the request.
    #[schemars(skip_serializing_if = "absent", with = "String")]
    pointer: Option<String>,
    #[schemars(skip_serializing_if = "absent", with = "String")]
    node_id: Option<String>,
    #[schemars(skip_serializing_if = "absent", with = "String")]
    edge_id: Option<String>,
    #[schemars(skip_serializing_if = "absent", with = "super::shapes::Severity")]
    severity: Option<super::shapes::Severity>,
    #[schemars(skip_serializing_if = "absent", with = "Vec<super::shapes::Move>")]
    path: Option<Vec<super::shapes::Move>>,
}

/// The headers of answers to requests that are counted, and how the components call them.
pub(super) const RATES: [(&str, &str); 2] = [("RateLimit", "RateLimit"), ("RateLimit-Policy", "RateLimitPolicy")];

pub(super) fn security_schemes() -> Value {
    json!({
        "bearer": {
            "type": "http", "scheme": "bearer",
            "description": "An API key of a workspace: `cap_…`, made with `capstan key create`.",
        },
        "apiKey": { "type": "apiKey", "in": "header", "name": "X-Api-Key", "description": "The same key." },
        "session": {
            "type": "apiKey", "in": "cookie", "name": SECURE,
            "description": format!(
                "Of a person who is logged in; `{PLAIN}` on a connection of this machine that is not encrypted. The header \
                 `Capstan-Workspace` says which workspace is meant."
            ),
        },
        "cookie": {
            "type": "apiKey", "in": "cookie", "name": KEY_COOKIE,
            "description": "Of who has signed in to the page; for requests that only read.",
        },
    })
}

pub(super) fn responses() -> Value {
    json!({
        "Problem": {
            "description": "A refusal or an error: `code` is stable, `detail` says what happened, `hint` what to do.",
            "headers": {
                "X-Request-Id": { "$ref": "#/components/headers/RequestId" },
                "Retry-After": { "$ref": "#/components/headers/RetryAfter" },
                "RateLimit": { "$ref": "#/components/headers/RateLimit" },
                "RateLimit-Policy": { "$ref": "#/components/headers/RateLimitPolicy" },
            },
            "content": { "application/problem+json": { "schema": { "$ref": "#/components/schemas/Problem" } } },
        },
    })
}

pub(super) fn headers() -> Value {
    let text = |description: &str| json!({ "description": description, "schema": { "type": "string" } });
    json!({
        "RequestId": text("The id of the request, as the log has it; that of the client, if it sent a harmless one."),
        "RetryAfter": {
            "description": "With 429 and 503: seconds after which to come again.",
            "schema": { "type": "integer", "minimum": 0 },
        },
        "RateLimit": text(
            "What is left of each limit that the request was counted under: `\"key\";r=599999;t=42`, requests, and seconds \
             until all may be sent anew.",
        ),
        "RateLimitPolicy": text("Each of these limits: `\"key\";q=600000;w=60`, requests within seconds."),
        "ETag": text(
            "What this answer is known by: of what is changed by revisions, the revision. To be sent as `If-Match` or \
             `If-None-Match`.",
        ),
        "Location": text("Where to read what was made."),
        "Link": text("Where to read on: `<…>; rel=\"next\"` (RFC 8288). Absent on the last page."),
        "IdempotentReplayed": text("`true` if the same request was answered before, and nothing was done now."),
        "PreferenceApplied": text("The `Prefer` that was followed."),
        "SetCookie": text("The session."),
    })
}

pub(super) fn parameters() -> Value {
    let header = |name: &str, required: bool, schema: Value, description: &str| json!({ "name": name, "in": "header", "required": required, "schema": schema, "description": description });
    let text = || json!({ "type": "string" });
    json!({
        "IdempotencyKey": header(
            "Idempotency-Key", false,
            json!({ "type": "string", "minLength": 1, "maxLength": 200, "pattern": "^[!-~]+$" }),
            "A repeated request with the same key does nothing more and gets the first one's answer.",
        ),
        "IfMatch": header("If-Match", true, text(), "The `ETag` that was read."),
        "MayMatch": header("If-Match", false, text(), "The `ETag` that was read: without it, it is not looked at."),
        "IfNoneMatch": header("If-None-Match", false, text(), "The `ETag` that is known."),
        "Prefer": header("Prefer", false, text(), "`wait=10` waits so many seconds for the outcome (RFC 7240)."),
        "LastEventId": header("Last-Event-ID", false, text(), "The last event that was seen: the stream goes on after it."),
    })
}

/// Whether that is an id which we have given; those of nodes are what the authors of graphs write.
fn is_uuid(name: &str) -> bool {
    name != "node_id" && (name == "id" || name.ends_with("_id"))
}

/// What a parameter of that name in a path is.
pub(super) fn path_schema(name: &str) -> Value {
    if is_uuid(name) { json!({ "type": "string", "format": "uuid" }) } else { json!({ "type": "string" }) }
}

/// What query parameters of usual names are. Handlers read them as text, to say by themselves what is wrong with one.
pub(super) fn query_schema(name: &str) -> Option<Value> {
    Some(match name {
        "limit" => json!({ "type": "integer", "minimum": 1, "maximum": LIMIT_MAX }),
        "trial" => json!({ "type": "string", "enum": ["true", "false", "any"] }),
        name if is_uuid(name) => json!({ "type": "string", "format": "uuid" }),
        _ => return None,
    })
}

/// What query parameters of usual names are for.
pub(super) fn query_description(name: &str) -> Option<&'static str> {
    Some(match name {
        "limit" => "Most items of the page: 1 to 100, 50 if absent.",
        "cursor" => "`next_cursor` of the page before.",
        "wait" => "How long to wait for the outcome, as `10s`.",
        "accept" => "Codes of findings that may stay, with commas between them.",
        _ => return None,
    })
}

/// How a header of the components is written.
pub(super) fn headers_name(component: &str) -> &str {
    match component {
        "IdempotentReplayed" => "Idempotent-Replayed",
        "PreferenceApplied" => "Preference-Applied",
        "SetCookie" => "Set-Cookie",
        other => other,
    }
}
