//! What was filled in.

use axum::http::request::Parts;
use serde_json::{Map, Value};

use crate::body::{self, INPUT_BYTES_MAX, is_json};
use crate::problem::Problem;

/// Most entries of a submission that are read.
const ENTRIES_MAX: usize = 500;
pub(in crate::routes) const URLENCODED: &str = "application/x-www-form-urlencoded";

/// What was filled in, by field. Exactly two content types are read, and never as the other one.
pub(super) async fn fields(parts: &Parts, body: axum::body::Body) -> Result<Map<String, Value>, Problem> {
    let found = body::content_type(&parts.headers);
    body::require_type(parts, |found| found == URLENCODED || is_json(found), URLENCODED)?;
    let bytes = body::bytes(parts, body, INPUT_BYTES_MAX).await?;
    if found == URLENCODED {
        return Ok(pairs(&bytes));
    }
    match body::parse(&bytes)? {
        Value::Object(fields) => Ok(fields),
        _ => Err(Problem::bad_request("bad_body", "the body is not an object", "send the fields as a JSON object")),
    }
}

/// The entries of an urlencoded body.
pub(in crate::routes) fn pairs(bytes: &[u8]) -> Map<String, Value> {
    let pairs = url::form_urlencoded::parse(bytes).take(ENTRIES_MAX);
    pairs.map(|(name, value)| (name.into_owned(), value.into_owned().into())).collect()
}
