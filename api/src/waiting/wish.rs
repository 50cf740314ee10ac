//! How long a client wants to wait: `?wait=10s`, or `Prefer: wait=10` (RFC 7240).

use std::time::Duration;

use axum::http::HeaderMap;
use capstan_node_types::span;
use capstan_node_types::types::ANSWER_WAIT_MAX;

use crate::problem::Problem;

const PREFER: &str = "prefer";

/// A wait that was asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Wish {
    /// Not zero, at most [`ANSWER_WAIT_MAX`].
    pub(crate) span: Duration,
    /// It was a preference, and the answer says so.
    pub(crate) is_preference: bool,
}

impl Wish {
    /// What the query says, else the header. A query that cannot be read is refused; a preference is ignored then, and
    /// cut where it is too long, as RFC 7240 has it.
    pub(crate) fn read(query: Option<&str>, headers: &HeaderMap) -> Result<Option<Self>, Problem> {
        let wish = match query {
            Some(text) => Self { span: parse(text)?, is_preference: false },
            None => match preference(headers) {
                Some(seconds) => Self { span: Duration::from_secs(seconds).min(ANSWER_WAIT_MAX), is_preference: true },
                None => return Ok(None),
            },
        };
        Ok(Some(wish).filter(|wish| !wish.span.is_zero()))
    }
}

fn parse(text: &str) -> Result<Duration, Problem> {
    let is_bare = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let span = if is_bare { span::parse(&format!("{text}s")) } else { span::parse(text) };
    let bad = |detail: String| {
        let hint = format!("give a time such as 10s or 500ms, at most {} s", ANSWER_WAIT_MAX.as_secs());
        Problem::bad_request("bad_wait", detail, hint)
    };
    let span = span.map_err(|error| bad(error.to_string()))?;
    if span > ANSWER_WAIT_MAX {
        return Err(bad(format!("{} s is longer than a request may wait", span.as_secs())));
    }
    Ok(span)
}

/// The first `wait` among the preferences, in seconds.
fn preference(headers: &HeaderMap) -> Option<u64> {
    let lines = headers.get_all(PREFER).into_iter().filter_map(|line| line.to_str().ok());
    let mut preferences = lines.flat_map(|line| line.split(','));
    let wait = preferences.find_map(|preference| {
        let (name, value) = preference.split(';').next()?.split_once('=')?;
        name.trim().eq_ignore_ascii_case("wait").then(|| value.trim())
    })?;
    wait.trim_matches('"').parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(query: Option<&str>, prefer: &[&'static str]) -> Result<Option<(u128, bool)>, &'static str> {
        let mut headers = HeaderMap::new();
        for line in prefer {
            headers.append(PREFER, line.parse().unwrap());
        }
        let wish = Wish::read(query, &headers).map_err(|problem| problem.code)?;
        Ok(wish.map(|wish| (wish.span.as_millis(), wish.is_preference)))
    }

    #[test]
    fn a_query_is_a_span_of_at_most_a_minute() {
        for (text, ms) in [("30s", 30_000), ("500ms", 500), ("10", 10_000), ("1 min", 60_000), ("60", 60_000)] {
            assert_eq!(read(Some(text), &[]), Ok(Some((ms, false))), "{text}");
        }
        for text in ["0", "0s"] {
            assert_eq!(read(Some(text), &["wait=5"]), Ok(None), "{text}");
        }
        for text in ["", "soon", "-1", "1.5", "61s", "61", "5 years", "99999999999999999999"] {
            assert_eq!(read(Some(text), &[]), Err("bad_wait"), "{text}");
        }
    }

    #[test]
    fn a_preference_is_cut_or_ignored_but_never_refused() {
        for (prefer, expected) in [
            (&["wait=10"][..], Some(10_000)),
            (&["respond-async, WAIT = \"7\"; x=y, wait=9"], Some(7_000)),
            (&["return=minimal", "wait=3"], Some(3_000)),
            (&["wait=3600"], Some(60_000)),
            (&["wait=0"], None),
            (&["wait"], None),
            (&["wait=ten"], None),
            (&["await=5"], None),
            (&[], None),
        ] {
            assert_eq!(read(None, prefer), Ok(expected.map(|ms| (ms, true))), "{prefer:?}");
        }
        assert_eq!(read(Some("2s"), &["wait=10"]), Ok(Some((2_000, false))));
    }
}
