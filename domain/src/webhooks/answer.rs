//! What an attempt came to, and what that means.

use std::time::Duration;

use chrono::{DateTime, Utc};

use super::schedule::Asked;

/// What is kept of an attempt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attempt {
    /// Absent where there was no answer.
    pub status: Option<u16>,
    /// What `Retry-After` said.
    pub retry_after: Option<Duration>,
    /// The class of what went wrong on the way, absent where an answer came in time.
    pub broke: Option<Broke>,
    /// What is to be told of it.
    pub detail: Option<String>,
    /// The first bytes of the answer's body, as text.
    pub response: Option<String>,
    /// How long it took.
    pub duration: Duration,
}

/// Why there was no answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Broke {
    /// No connection, or it broke.
    Connection,
    /// It took too long.
    Timeout,
    /// The address may not be reached.
    Refused,
}

/// What an attempt means for its delivery and its endpoint.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Taken: 2xx.
    Delivered,
    /// To be tried again.
    Failed {
        /// The class, as the API tells it.
        error: &'static str,
        /// When.
        asked: Asked,
    },
    /// 410: the receiver wants nothing any more.
    Gone,
}

/// Judges an attempt.
#[must_use]
pub fn judge(attempt: &Attempt) -> Verdict {
    let failed =
        |error, overloaded| Verdict::Failed { error, asked: Asked { overloaded, retry_after: attempt.retry_after } };
    match (attempt.broke, attempt.status) {
        (Some(Broke::Timeout), _) => failed("timeout", true),
        (Some(Broke::Refused), _) => failed("address_refused", false),
        (Some(Broke::Connection), _) | (None, None) => failed("connection", false),
        (None, Some(200..=299)) => Verdict::Delivered,
        (None, Some(410)) => Verdict::Gone,
        (None, Some(300..=399)) => failed("redirect", false),
        (None, Some(429 | 502 | 503 | 504)) => failed("status", true),
        (None, Some(_)) => failed("status", false),
    }
}

/// Reads `Retry-After`: seconds, or an HTTP date, as seen from `now`. What cannot be read, or has passed, is nothing.
#[must_use]
pub fn retry_after(value: &str, now: DateTime<Utc>) -> Option<Duration> {
    let value = value.trim();
    if let Ok(seconds) = value.parse() {
        return Some(Duration::from_secs(seconds));
    }
    let at = DateTime::parse_from_rfc2822(value).ok()?;
    (at.with_timezone(&Utc) - now).to_std().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn attempt(status: Option<u16>, broke: Option<Broke>) -> Attempt {
        Attempt { status, broke, retry_after: None, detail: None, response: None, duration: Duration::ZERO }
    }

    fn word(verdict: Verdict) -> String {
        match verdict {
            Verdict::Delivered => "delivered".into(),
            Verdict::Gone => "gone".into(),
            Verdict::Failed { error, asked } => format!("{error}{}", if asked.overloaded { " overloaded" } else { "" }),
        }
    }

    #[test]
    fn only_2xx_is_a_success() {
        for (status, expected) in [
            (200, "delivered"),
            (204, "delivered"),
            (299, "delivered"),
            (301, "redirect"),
            (302, "redirect"),
            (304, "redirect"),
            (400, "status"),
            (404, "status"),
            (410, "gone"),
            (429, "status overloaded"),
            (500, "status"),
            (502, "status overloaded"),
            (503, "status overloaded"),
            (504, "status overloaded"),
            (101, "status"),
        ] {
            assert_eq!(word(judge(&attempt(Some(status), None))), expected, "{status}");
        }
    }

    #[test]
    fn an_answer_that_broke_off_is_none() {
        assert_eq!(word(judge(&attempt(Some(200), Some(Broke::Timeout)))), "timeout overloaded");
        assert_eq!(word(judge(&attempt(None, Some(Broke::Refused)))), "address_refused");
        assert_eq!(word(judge(&attempt(None, Some(Broke::Connection)))), "connection");
    }

    #[test]
    fn retry_after_is_seconds_or_a_date() {
        let now = "2026-01-01T00:00:00Z".parse().unwrap();
        for (value, expected) in [
            ("120", Some(120)),
            (" 7 ", Some(7)),
            ("Thu, 01 Jan 2026 00:01:00 GMT", Some(60)),
            ("Thu, 01 Jan 2025 00:01:00 GMT", None),
            ("-5", None),
            ("soon", None),
            ("", None),
        ] {
            assert_eq!(retry_after(value, now), expected.map(Duration::from_secs), "{value}");
        }
    }
}
