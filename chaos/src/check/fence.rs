//! 6. Nothing is written by a fenced worker, or for an execution by a worker without its lease.
//!
//! Each claim has a lease number of its own. So a row of a lease behind which another lease has written already, or one
//! that was committed after its worker was fenced, was written without the right to.

use std::collections::HashSet;

use uuid::Uuid;

use super::Violation;
use crate::facts::{Facts, Row};

pub(super) fn check(facts: &Facts) -> Vec<Violation> {
    let mut found: Vec<Violation> = facts.journal.iter().flat_map(|(&id, rows)| in_order(id, rows)).collect();
    found.extend(after_the_fence(facts));
    found
}

fn in_order(id: Uuid, rows: &[Row]) -> Vec<Violation> {
    let (mut found, mut over) = (Vec::new(), HashSet::new());
    for (nth, row) in rows.iter().enumerate() {
        if usize::try_from(row.position) != Ok(nth + 1) {
            let what = format!("position {} stands at place {}", row.position, nth + 1);
            return vec![Violation::new(6, id, what)];
        }
        let Some(before) = nth.checked_sub(1).map(|before| &rows[before]) else { continue };
        if row.lease_no != before.lease_no && !over.insert(before.lease_no) {
            let what = format!("position {} is of lease {}, which was over", before.position, before.lease_no);
            found.push(Violation::new(6, id, what));
        }
        if row.committed_at < before.committed_at {
            let what = format!("position {} was committed before position {}", row.position, before.position);
            found.push(Violation::new(6, id, what));
        }
    }
    if let Some(last) = rows.last().filter(|last| over.contains(&last.lease_no)) {
        let what = format!("position {} is of lease {}, which was over", last.position, last.lease_no);
        found.push(Violation::new(6, id, what));
    }
    found
}

fn after_the_fence(facts: &Facts) -> Vec<Violation> {
    let holders = facts.holders();
    let mut found = Vec::new();
    for (&id, rows) in &facts.journal {
        for row in rows {
            let Some(worker_no) = holders.get(&row.lease_no) else { continue };
            let Some(&fenced_at) = facts.fenced_at.get(worker_no) else { continue };
            if row.committed_at > fenced_at {
                let (position, at) = (row.position, row.committed_at);
                let what =
                    format!("position {position} was committed at {at} by worker {worker_no}, fenced {fenced_at}");
                found.push(Violation::new(6, id, what));
            }
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;

    use super::check;
    use crate::testing::{calm, kill, second};

    #[test]
    fn a_lease_that_comes_back_is_noticed() {
        let mut facts = calm();
        facts.journal.get_mut(&second()).unwrap()[1].lease_no += 1;
        assert!(check(&facts)[0].what.contains("which was over"), "the last row counts, too");
        facts.journal.get_mut(&second()).unwrap()[0].lease_no += 1;
        assert_eq!(check(&facts), []);
    }

    #[test]
    fn a_gap_is_noticed() {
        let mut facts = calm();
        facts.journal.get_mut(&second()).unwrap().remove(0);
        assert!(check(&facts)[0].what.contains("stands at place"));
    }

    #[test]
    fn a_zombie_that_writes_is_noticed() {
        let mut facts = calm();
        let last = facts.journal[&second()].last().unwrap().clone();
        facts.injected.struck.push(kill(second(), last.lease_no, 3));
        facts.fenced_at.insert(3, last.committed_at + TimeDelta::seconds(1));
        assert_eq!(check(&facts), []);
        facts.fenced_at.insert(3, last.committed_at - TimeDelta::milliseconds(1));
        assert!(check(&facts)[0].what.contains("fenced"));
    }
}
