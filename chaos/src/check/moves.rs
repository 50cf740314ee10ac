//! 7. Every execution that can move does move; none is both waiting and due.
//!
//! Poison stands still: an execution that ends its workers is set aside after exactly so many of them.
//!
//! All other graphs come to an end once their signals were sent, and they were. So when faults are over and time was given,
//! nothing may be left.

use super::Violation;
use crate::facts::{Facts, LOSSES_MAX};

pub(super) fn check(facts: &Facts) -> Vec<Violation> {
    let set_aside = facts.set_aside();
    let stuck = facts.executions.iter().filter(|(id, row)| !row.has_ended() && !set_aside.contains(id));
    let mut found: Vec<Violation> = stuck
        .map(|(&id, row)| {
            let losses = facts.lost_leases().get(&id).map_or(0, std::collections::HashSet::len);
            Violation::new(7, id, format!("{} is {} at the end, after {losses} losses", row.tag, row.status))
        })
        .collect();
    found.extend(poison(facts));
    found.extend(super::oddities::check(facts));
    let left = facts.leftovers.iter();
    found.extend(left.map(|(table, id)| Violation::new(7, *id, format!("a row of it is left in {table}"))));
    found
}

/// What ends its workers is an incident, after three of them.
fn poison(facts: &Facts) -> impl Iterator<Item = Violation> {
    facts.poisoned().into_iter().filter_map(|id| {
        let status = facts.executions.get(&id)?.status.as_str();
        let losses = facts.incident_losses.get(&id).copied().unwrap_or_default();
        let is_right = status == "incident" && usize::try_from(losses) == Ok(LOSSES_MAX);
        let what = format!("poison is {status} after {losses} losses");
        (!is_right).then(|| Violation::new(7, id, what))
    })
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
    fn poison_is_set_aside_after_three_losses_exactly() {
        let mut facts = calm();
        facts.starts[1].variant = crate::toxic::TOXIC;
        assert_eq!(check(&facts)[0].what, "poison is completed after 0 losses");
        facts.executions.get_mut(&second()).unwrap().status = "incident".into();
        facts.incident_losses.insert(second(), 4);
        assert_eq!(check(&facts)[0].what, "poison is incident after 4 losses");
        facts.incident_losses.insert(second(), 3);
        assert_eq!(check(&facts), []);
    }

    #[test]
    fn a_token_that_nobody_takes_is_noticed() {
        let mut facts = calm();
        facts.leftovers.push(("queue".into(), second()));
        assert_eq!(check(&facts)[0].what, "a row of it is left in queue");
    }
}
