//! 7. Every execution that can move does move; none is both waiting and due.
//!
//! Poison stands still: an execution that ends its workers is set aside after exactly so many of them.
//!
//! All other graphs come to an end once their signals were sent, and they were. So when faults are over and time was
//! given, nothing may be left.

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
    found.extend(poison(facts));
    found.extend(super::oddities::check(facts));
    found.extend(super::given_up::check(facts));
    found.extend(super::ending::check(facts));
    let left = facts.leftovers.iter();
    found.extend(left.map(|(table, id)| Violation::new(7, *id, format!("a row of it is left in {table}"))));
    found
}

/// What ends its workers is an incident, after three of them.
fn poison(facts: &Facts) -> impl Iterator<Item = Violation> {
    facts.poisoned().into_iter().filter_map(|id| {
        let status = facts.executions.get(&id)?.status.as_str();
        let losses = facts.incident_losses.get(&id).map_or(0, Vec::len);
        let is_right = status == "incident" && facts.names_three_losses(id);
        let what = format!("poison is {status} after {losses} losses");
        (!is_right).then(|| Violation::new(7, id, what))
    })
}

#[cfg(test)]
mod tests {
    use super::check;
    use crate::inject::Struck;
    use crate::plan::Fault;
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
        facts.injected.struck.extend([kill(second(), 1, 1), kill(second(), 2, 2), kill(second(), 3, 3)]);
        facts.incident_losses.insert(second(), vec![2, 3]);
        assert_eq!(check(&facts).len(), 1, "the first one does not count any more");
        facts.incident_losses.insert(second(), vec![2, 3, 4]);
        assert_eq!(check(&facts).len(), 1, "nobody was lost with the last one");
        facts.injected.struck.push(kill(second(), 4, 4));
        assert_eq!(check(&facts), []);
    }

    #[test]
    fn poison_is_set_aside_after_three_losses_exactly() {
        let mut facts = calm();
        facts.starts[1].variant = crate::toxic::TOXIC;
        assert_eq!(check(&facts)[0].what, "poison is completed after 0 losses");
        facts.executions.get_mut(&second()).unwrap().status = "incident".into();
        facts.incident_losses.insert(second(), vec![1, 2, 3, 4]);
        assert_eq!(check(&facts)[0].what, "poison is incident after 4 losses");
        facts.incident_losses.insert(second(), vec![1, 2, 3]);
        assert_eq!(check(&facts), []);
    }

    #[test]
    fn a_fourth_loss_is_right_only_of_a_worker_that_was_struck() {
        let mut facts = calm();
        facts.starts[1].variant = crate::toxic::TOXIC;
        facts.executions.get_mut(&second()).unwrap().status = "incident".into();
        facts.incident_losses.insert(second(), vec![1, 2, 3, 4]);
        let poison = Struck { fault: Fault::Poison { way: 0 }, ..kill(second(), 4, 4) };
        facts.injected.struck.extend([kill(second(), 3, 3), poison]);
        assert_eq!(check(&facts).len(), 1);
        facts.injected.struck.push(kill(second(), 4, 4));
        assert_eq!(check(&facts), []);
    }

    #[test]
    fn a_token_that_nobody_takes_is_noticed() {
        let mut facts = calm();
        facts.leftovers.push(("queue".into(), second()));
        assert_eq!(check(&facts)[0].what, "a row of it is left in queue");
    }
}
