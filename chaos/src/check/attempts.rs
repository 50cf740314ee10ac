//! 5, too: only attempts count as attempts. What waits, or fails for good, has one.

use super::Violation;
use crate::facts::Facts;

pub(super) fn check(facts: &Facts) -> Vec<Violation> {
    let mut found = Vec::new();
    for start in &facts.starts {
        let (Some(&id), spec) = (start.acknowledged.first(), &facts.workflows[start.workflow].1) else { continue };
        for row in facts.rows(id).iter().filter(|row| row.kind == "settled") {
            let repeats = spec.node(&row.node).is_none_or(|node| node.kind.repeats());
            if let Some(attempts) = row.attempts.filter(|&attempts| attempts > 1 && !repeats) {
                let what = format!("step {} has {attempts} attempts and never failed", row.node);
                found.push(Violation::new(5, id, what));
            }
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::check;
    use crate::testing::{calm, second};

    #[test]
    fn a_wait_that_counts_is_noticed() {
        let mut facts = calm();
        let rows = facts.journal.get_mut(&second()).unwrap();
        for row in rows.iter_mut().filter(|row| row.kind == "settled") {
            // Calls may be repeated.
            row.attempts = Some(2);
        }
        let found = check(&facts);
        assert_eq!(found.len(), 1);
        assert!(found[0].what.contains("n2"));
    }
}
