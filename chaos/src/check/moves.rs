//! 7. Every execution that can move does move; none is both waiting and due.
//!
//! All graphs come to an end once their signals were sent, and they were. So when faults are over and time was given,
//! nothing may be left.

use super::Violation;
use crate::facts::Facts;

pub(super) fn check(facts: &Facts) -> Vec<Violation> {
    let set_aside = facts.set_aside();
    let stuck = facts.executions.iter().filter(|(id, row)| !row.has_ended() && !set_aside.contains(id));
    let mut found: Vec<Violation> = stuck
        .map(|(&id, row)| {
            let losses = facts.lost_leases().get(&id).map_or(0, std::collections::HashSet::len);
            Violation::new(7, id, format!("{} is {} at the end, after {losses} losses", row.tag, row.status))
        })
        .collect();
    let left = facts.leftovers.iter();
    found.extend(left.map(|(table, id)| Violation::new(7, *id, format!("a row of it is left in {table}"))));
    found
}

#[cfg(test)]
mod tests {
    use super::check;
    use crate::testing::{calm, kill, second};

    #[test]
    fn an_execution_that_stands_still_is_noticed() {
        let mut facts = calm();
        facts.executions.get_mut(&second()).unwrap().status = "queued".into();
        assert_eq!(check(&facts)[0].execution, Some(second()));
    }

    #[test]
    fn an_incident_is_right_only_after_three_losses() {
        let mut facts = calm();
        facts.executions.get_mut(&second()).unwrap().status = "incident".into();
        facts.injected.struck.extend([kill(second(), 1, 1), kill(second(), 2, 2)]);
        assert_eq!(check(&facts).len(), 1);
        facts.injected.struck.push(kill(second(), 3, 3));
        assert_eq!(check(&facts), []);
    }

    #[test]
    fn a_token_that_nobody_takes_is_noticed() {
        let mut facts = calm();
        facts.leftovers.push(("queue".into(), second()));
        assert_eq!(check(&facts)[0].what, "a row of it is left in queue");
    }
}
