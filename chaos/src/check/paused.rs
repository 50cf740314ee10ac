//! 4, too: nothing of a paused execution starts. An attempt that is under way goes on; so what counts are calls that come
//! in so long after the pause was durable that no worker can have been about to make them. Executions with a worker that
//! was struck are left out: it may be a zombie that makes its call when it wakes up.

use std::collections::HashSet;

use chrono::TimeDelta;
use uuid::Uuid;

use super::{Step, Violation};
use crate::facts::{Facts, Row};

/// So long after a step has started, its call has come in.
const ON_ITS_WAY_MAX: TimeDelta = TimeDelta::seconds(1);

pub(super) fn check(facts: &Facts) -> Vec<Violation> {
    let lost = facts.lost_leases();
    let held = facts.injected.struck.iter().flat_map(|struck| &struck.held).map(|held| held.execution);
    let struck: HashSet<Uuid> = held.chain(lost.keys().copied()).collect();
    let mut found = Vec::new();
    for call in &facts.calls {
        let Some(step) = Step::of(&call.key).filter(|step| !struck.contains(&step.execution)) else { continue };
        let rows = facts.rows(step.execution);
        // The last word of a person before the call.
        let order = |row: &&Row| row.kind == "paused" && row.committed_at + ON_ITS_WAY_MAX < call.at;
        let Some(nth) = rows.iter().rposition(|row| order(&row)) else { continue };
        let goes_on = |row: &&Row| ["resumed", "cancelled"].contains(&row.kind.as_str());
        let next = rows[nth..].iter().find(goes_on);
        if next.is_none_or(|next| next.recorded_at > call.at) {
            let what = format!("step {} was called at {}, paused since {}", step.node, call.at, rows[nth].committed_at);
            found.push(Violation::new(4, step.execution, what));
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::check;
    use crate::facts::Row;
    use crate::testing::{calm, kill, rows_of, second};

    #[test]
    fn a_call_of_a_paused_execution_is_noticed() {
        let mut facts = calm();
        let order = |kind: &str, row: &Row| Row { kind: kind.into(), node: String::new(), ..row.clone() };
        // The call of n3 comes a second after n2 has settled, 5 s after the start.
        let paused = order("paused", &rows_of(&mut facts)[1]);
        rows_of(&mut facts).insert(2, paused);
        assert!(check(&facts)[0].what.starts_with("step n3 was called at"));
        let resumed = order("resumed", &rows_of(&mut facts)[3]);
        rows_of(&mut facts).insert(4, resumed);
        assert_eq!(check(&facts), []);
        rows_of(&mut facts).remove(4);
        facts.injected.struck.push(kill(second(), 7, 3));
        assert_eq!(check(&facts), [], "a worker that was struck may have come back");
    }
}
