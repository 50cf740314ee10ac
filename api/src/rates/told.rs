//! The headers `RateLimit-Policy` and `RateLimit` of an answer, as the IETF's draft has them
//! (draft-ietf-httpapi-ratelimit-headers-10): lists of policies by name, structured fields (RFC 9651).

use std::fmt::Write;
use std::sync::{Arc, Mutex, PoisonError};

use axum::http::{HeaderMap, HeaderName, HeaderValue};

use super::shares::Given;

/// What is allowed: `"key";q=600000;w=60`, requests within seconds.
const RATE_LIMIT_POLICY: HeaderName = HeaderName::from_static("ratelimit-policy");
/// What is left of it: `"key";r=599999;t=42`, requests, and seconds until all may be sent anew.
const RATE_LIMIT: HeaderName = HeaderName::from_static("ratelimit");

/// The limits that a request was counted under, for its answer.
#[derive(Clone, Default)]
pub(crate) struct Told(Arc<Mutex<(String, String)>>);

impl Told {
    /// Notes a policy, and what is left of it.
    pub(super) fn note(&self, policy: &'static str, tries_max: i32, span_s: i32, given: Given) {
        let mut lists = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let comma = if lists.0.is_empty() { "" } else { ", " };
        // Writing to a string does not fail.
        let _ = write!(lists.0, "{comma}\"{policy}\";q={tries_max};w={span_s}");
        let _ = write!(lists.1, "{comma}\"{policy}\";r={};t={}", given.left.max(0), given.seconds());
    }

    /// Tells the client.
    pub(crate) fn dress(&self, headers: &mut HeaderMap) {
        let lists = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if lists.0.is_empty() {
            return;
        }
        for (name, list) in [(RATE_LIMIT_POLICY, &lists.0), (RATE_LIMIT, &lists.1)] {
            if let Ok(value) = HeaderValue::from_str(list) {
                headers.insert(name, value);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn an_answer_tells_of_each_policy_and_of_none_where_nothing_was_counted() {
        let (told, mut headers) = (Told::default(), HeaderMap::new());
        told.dress(&mut headers);
        assert!(headers.is_empty());
        let given = |left| Given { granted: true, left, ends_in: Duration::from_millis(41_500) };
        told.note("key", 600, 60, given(599));
        told.note("workspace", 1200, 60, given(7));
        told.dress(&mut headers);
        assert_eq!(headers[RATE_LIMIT_POLICY], "\"key\";q=600;w=60, \"workspace\";q=1200;w=60");
        assert_eq!(headers[RATE_LIMIT], "\"key\";r=599;t=42, \"workspace\";r=7;t=42");
    }
}
