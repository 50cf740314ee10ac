//! 9. Usage equals the metered steps; quota counters equal usage once slices are settled.
//!
//! No node type of these graphs has a meter of its own, so no row of `usage` may be there. A slice that was granted
//! when the database went away, the API died, or a worker that calls was struck may stay granted and unspent, and what a
//! workspace without a limit used in the seconds before may not have been told, so counters may differ from usage by so
//! much for each of these. Where nothing of that happened they are equal.

use std::collections::HashMap;

use super::Violation;
use crate::facts::Facts;
use crate::inject::Struck;

/// The largest slice that an API process is granted at a time, and more than it starts between two notes
/// (`engine/src/store/slices.rs`).
const SLICE_UNITS_MAX: i64 = 8_000;

pub(super) fn check(facts: &Facts) -> Vec<Violation> {
    let mut found = Vec::new();
    if facts.usage_rows > 0 {
        found.push(Violation::new(9, None, format!("{} rows of usage without a metered step", facts.usage_rows)));
    }
    let mut started = HashMap::<_, i64>::new();
    for row in facts.executions.values() {
        *started.entry(row.workspace).or_default() += 1;
    }
    let disturbs = |struck: &Struck| struck.outage.is_some() || struck.loses_the_api();
    // Workers that call have slices of their own.
    let calls = !facts.children.is_empty();
    let unspent = facts.injected.struck.iter().filter(|struck| calls || disturbs(struck)).count();
    let unspent_max = SLICE_UNITS_MAX * unspent as i64;
    for workspace in &facts.workspaces {
        let started = started.get(workspace).copied().unwrap_or_default();
        let granted = facts.granted.get(workspace).copied().unwrap_or_default();
        if granted.abs_diff(started) > unspent_max.unsigned_abs() {
            let what = format!("workspace {workspace}: {granted} starts counted, {started} executions");
            found.push(Violation::new(9, None, what));
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use chrono::Utc;

    use super::check;
    use crate::database::Outage;
    use crate::inject::Struck;
    use crate::testing::{calm, kill, second};

    #[test]
    fn usage_without_a_metered_step_is_noticed() {
        let mut facts = calm();
        facts.usage_rows = 1;
        assert_eq!(check(&facts).len(), 1);
    }

    #[test]
    fn a_counter_that_is_not_usage_is_noticed() {
        let mut facts = calm();
        let workspace = facts.workspaces[0];
        *facts.granted.get_mut(&workspace).unwrap() += 1;
        assert_eq!(check(&facts).len(), 1);
        let outage = Outage { from: Utc::now(), until: Utc::now() };
        facts.injected.struck.push(Struck { outage: Some(outage), ..kill(second(), 1, 1) });
        assert_eq!(check(&facts), [], "what was granted in an outage may be unspent");
        *facts.granted.get_mut(&workspace).unwrap() += 8_000;
        assert_eq!(check(&facts).len(), 1, "but no more than a slice");
        *facts.granted.get_mut(&workspace).unwrap() -= 16_002;
        assert_eq!(check(&facts).len(), 1);
    }
}
