//! What the nodes share that look for leads or records: how many, and what was found.

use capstan_engine::core::outcome::Outcome;
use serde_json::{Value, json};

/// The ports of these nodes.
pub(super) const PORTS: [&str; 2] = ["found", "none"];
/// Most that a step finds.
const FOUND_MAX: u32 = 20;
/// Most bytes of what it finds, as JSON, though always one: the first is there twice, and an output has a bound.
const FOUND_BYTES_MAX: usize = 256 * 1024;

/// How many are wanted, one if nothing is said.
pub(super) fn limit_of(limit: Option<u32>) -> Result<u32, Outcome> {
    let limit = limit.unwrap_or(1);
    if (1..=FOUND_MAX).contains(&limit) {
        return Ok(limit);
    }
    Err(Outcome::fail("config", format!("limit is 1 to {FOUND_MAX}, this one is {limit}")))
}

/// The first of `rows` as `one`, and as many as are wanted and fit as `all`; `rows` may have one more than is wanted.
pub(super) fn outcome(rows: impl IntoIterator<Item = Value>, limit: u32, one: &str, all: &str) -> Outcome {
    let (mut shown, mut bytes, mut more) = (Vec::new(), 0, false);
    for row in rows {
        bytes += row.to_string().len();
        more = u32::try_from(shown.len()).is_ok_and(|count| count >= limit)
            || (bytes > FOUND_BYTES_MAX && !shown.is_empty());
        if more {
            break;
        }
        shown.push(row);
    }
    let port = if shown.is_empty() { "none" } else { "found" };
    let first = shown.first().cloned();
    Outcome::done(port, json!({ one: first, all: shown, "more": more }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::failed;

    fn output(rows: &[Value], limit: u32) -> (String, Value) {
        match outcome(rows.to_vec(), limit, "lead", "leads") {
            Outcome::Done { port, output, .. } => (port, output),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn as_many_are_found_as_are_wanted_and_fit_and_whether_there_are_more_is_told() {
        let none = json!({ "lead": null, "leads": [], "more": false });
        assert_eq!(output(&[], 3), ("none".into(), none));
        let (one, two) = (json!({ "id": 1 }), json!({ "id": 2 }));
        let both = json!({ "lead": one, "leads": [one, two], "more": false });
        assert_eq!(output(&[one.clone(), two.clone()], 2), ("found".into(), both));
        let first = json!({ "lead": one, "leads": [one], "more": true });
        assert_eq!(output(&[one.clone(), two], 1), ("found".into(), first));
        let long = json!("x".repeat(FOUND_BYTES_MAX));
        assert_eq!(output(&[long.clone(), one], 2).1, json!({ "lead": long, "leads": [long], "more": true }));
    }

    #[test]
    fn more_than_a_step_may_find_are_refused() {
        assert_eq!((limit_of(None), limit_of(Some(FOUND_MAX))), (Ok(1), Ok(FOUND_MAX)));
        for bad in [0, FOUND_MAX + 1] {
            assert_eq!(failed(limit_of(Some(bad)).unwrap_err()).0, "config");
        }
    }
}
