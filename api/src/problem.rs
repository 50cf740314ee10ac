//! Errors as clients see them: problem details (RFC 9457) with a stable `code`, what happened, and what to do.

use axum::http::header::{ALLOW, CONTENT_TYPE, RETRY_AFTER};
use axum::http::{HeaderName, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use capstan_domain::secrets::{OpenError, SECRET_BYTES_MAX, SealError};
use capstan_engine::store::error::StoreError;
use serde::Serialize;
use serde_json::{Value, json};

/// Seconds after which a client may come again when the database is away.
const COME_AGAIN_S: u16 = 2;
/// Most findings that are told in the `detail` of a problem; `errors` has all.
const TOLD_MAX: usize = 10;

/// An error on its way to the client. `edge` writes its body and logs what is internal, with the request's id.
#[derive(Clone, Debug)]
pub struct Problem {
    pub(crate) status: StatusCode,
    pub(crate) code: &'static str,
    pub(crate) detail: Box<str>,
    pub(crate) hint: Box<str>,
    pub(crate) errors: Vec<Value>,
    /// For the log only.
    pub(crate) internal: Option<Box<str>>,
    pub(crate) headers: Vec<(HeaderName, HeaderValue)>,
}

/// One finding of several.
#[derive(Debug, Serialize)]
pub(crate) struct Finding<'a> {
    pub(crate) code: &'a str,
    /// JSON pointer into the body of the request.
    pub(crate) pointer: String,
    pub(crate) detail: String,
    pub(crate) hint: String,
}

impl Problem {
    pub(crate) fn new(
        status: StatusCode,
        code: &'static str,
        detail: impl Into<String>,
        hint: impl Into<String>,
    ) -> Self {
        let (detail, hint) = (detail.into().into(), hint.into().into());
        Self { status, code, detail, hint, errors: Vec::new(), internal: None, headers: Vec::new() }
    }

    pub(crate) fn bad_request(code: &'static str, detail: impl Into<String>, hint: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, code, detail, hint)
    }

    pub(crate) fn unprocessable(code: &'static str, detail: impl Into<String>, hint: impl Into<String>) -> Self {
        Self::new(StatusCode::UNPROCESSABLE_ENTITY, code, detail, hint)
    }

    pub(crate) fn conflict(code: &'static str, detail: impl Into<String>, hint: impl Into<String>) -> Self {
        Self::new(StatusCode::CONFLICT, code, detail, hint)
    }

    /// `what` does not exist, or belongs to someone else: no difference is told.
    pub(crate) fn not_found(what: &str, id: &str) -> Self {
        let id: String = id.chars().take(100).collect();
        let place = if what == "workspace" { "" } else { " in this workspace" };
        Self::new(
            StatusCode::NOT_FOUND,
            "not_found",
            format!("there is no {what} \"{id}\"{place}"),
            format!("list what there is to find the id of the {what}"),
        )
    }

    pub(crate) fn too_large(code: &'static str, what: &str, bytes_max: usize) -> Self {
        Self::new(
            StatusCode::PAYLOAD_TOO_LARGE,
            code,
            format!("{what} is larger than {bytes_max} bytes"),
            "send less, or a reference to where the data lies",
        )
    }

    pub(crate) fn unavailable(code: &'static str, detail: impl Into<String>, hint: impl Into<String>) -> Self {
        Self::new(StatusCode::SERVICE_UNAVAILABLE, code, detail, hint)
            .header(RETRY_AFTER, HeaderValue::from(COME_AGAIN_S))
    }

    pub(crate) fn internal(cause: impl Into<String>) -> Self {
        let problem = Self::new(
            StatusCode::INTERNAL_SERVER_ERROR,
            "internal",
            "something went wrong on our side; it has been logged",
            "try again, and report the request id if it stays so",
        );
        problem.because(cause)
    }

    /// What the framework says with a bare status.
    pub(crate) fn from_status(status: StatusCode) -> Self {
        let (code, detail, hint) = match status {
            StatusCode::NOT_FOUND => ("not_found", "nothing is at this address", "look for the address in the README"),
            StatusCode::METHOD_NOT_ALLOWED => {
                ("method_not_allowed", "this address does not take this method", "use a method that Allow names")
            }
            StatusCode::PAYLOAD_TOO_LARGE => ("body_too_large", "the body is too large", "send less"),
            StatusCode::UNSUPPORTED_MEDIA_TYPE => {
                ("unsupported_media_type", "the body's content type is not taken here", "send application/json")
            }
            status if status.is_client_error() => {
                ("bad_request", "the request cannot be understood", "check address, headers and body")
            }
            _ => return Self::internal(format!("a bare {status} came out of the router")),
        };
        Self::new(status, code, detail, hint)
    }

    pub(crate) fn because(mut self, cause: impl Into<String>) -> Self {
        self.internal = Some(cause.into().into());
        self
    }

    pub(crate) fn header(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.headers.push((name, value));
        self
    }

    pub(crate) fn findings(mut self, findings: impl IntoIterator<Item = impl Serialize>) -> Self {
        self.errors = findings.into_iter().map(|finding| json!(finding)).collect();
        self
    }

    /// The code in words: `not_found` is "Not found".
    pub(crate) fn title(&self) -> String {
        let mut words = self.code.replace('_', " ");
        words[..1].make_ascii_uppercase();
        words
    }

    /// The body.
    pub(crate) fn body(&self, instance: &str, request_id: &str) -> Value {
        let mut body = json!({
            "type": format!("urn:capstan:problem:{}", self.code),
            "title": self.title(),
            "status": self.status.as_u16(),
            "code": self.code,
            "detail": self.detail,
            "hint": self.hint,
            "instance": instance,
            "request_id": request_id,
        });
        if !self.errors.is_empty() {
            body["errors"] = Value::Array(self.errors.clone());
        }
        body
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let mut response = self.status.into_response();
        for (name, value) in &self.headers {
            response.headers_mut().append(name, value.clone());
        }
        response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        response.extensions_mut().insert(self);
        response
    }
}

/// All that is wrong in one line, joined by `; `: the first so many findings, and how many more there are.
pub(crate) fn joined(details: impl IntoIterator<Item = String>) -> String {
    let details: Vec<String> = details.into_iter().collect();
    let (told, more) = details.split_at(details.len().min(TOLD_MAX));
    let told = told.join("; ");
    if more.is_empty() { told } else { format!("{told}; and {} more", more.len()) }
}

/// A 405 that names the methods taken.
pub(crate) fn method_not_allowed(allow: &str) -> Problem {
    let problem = Problem::from_status(StatusCode::METHOD_NOT_ALLOWED);
    match HeaderValue::from_str(allow) {
        Ok(allow) => problem.header(ALLOW, allow),
        Err(_) => problem,
    }
}

impl From<StoreError> for Problem {
    fn from(error: StoreError) -> Self {
        let cause = error.to_string();
        match &error {
            _ if error.is_month_missing() => Self::unavailable(
                "database_unavailable",
                "the month has no tables yet",
                "start a worker, which makes them",
            )
            .because(cause),
            StoreError::Data(_) => {
                Self::bad_request("not_storable", "the data cannot be stored", "check numbers, lengths and characters")
                    .because(cause)
            }
            StoreError::Database(error) if is_our_mistake(error) => Self::internal(cause),
            StoreError::LockTimeout | StoreError::Database(_) => Self::unavailable(
                "database_unavailable",
                "the database does not answer at the moment",
                "try again in a moment",
            )
            .because(cause),
            StoreError::Unsupported(_) => Self::unavailable(
                "needs_newer_build",
                "this was published by a newer build than the one that answers",
                "update this process, or try again when the update is done",
            )
            .because(cause),
            StoreError::Fenced | StoreError::Corrupt(_) | StoreError::NoMonth => Self::internal(cause),
        }
    }
}

impl From<SealError> for Problem {
    fn from(error: SealError) -> Self {
        match error {
            SealError::NoKeys => no_secret_keys(error.to_string()),
            SealError::TooLong => Self::too_large("secret_too_long", "the secret", SECRET_BYTES_MAX),
        }
    }
}

impl From<OpenError> for Problem {
    fn from(error: OpenError) -> Self {
        match error {
            OpenError::UnknownKey { .. } => no_secret_keys(error.to_string()),
            OpenError::Damaged => Self::internal(error.to_string()),
        }
    }
}

fn no_secret_keys(detail: String) -> Problem {
    let hint = "ask whoever operates this server to set the key";
    Problem::new(StatusCode::SERVICE_UNAVAILABLE, "no_secret_keys", detail, hint)
}

/// Class 42: a statement that is wrong or not permitted; trying again would not help.
fn is_our_mistake(error: &sqlx::Error) -> bool {
    let by_server = error.as_database_error().and_then(|error| error.code()).is_some_and(|code| code.starts_with("42"));
    by_server
        || matches!(error, sqlx::Error::ColumnDecode { .. } | sqlx::Error::Decode(_) | sqlx::Error::ColumnNotFound(_))
}

impl From<sqlx::Error> for Problem {
    fn from(error: sqlx::Error) -> Self {
        StoreError::from(error).into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_tells_the_first_findings_and_counts_the_rest() {
        let wrong = |count: usize| joined((1..=count).map(|n| format!("a{n} is wrong")));
        assert_eq!(wrong(0), "");
        assert_eq!(wrong(2), "a1 is wrong; a2 is wrong");
        assert!(wrong(TOLD_MAX).ends_with("; a10 is wrong"));
        assert!(wrong(TOLD_MAX + 3).ends_with("; a10 is wrong; and 3 more"));
    }
}
