//! 2. One idempotency key, one execution; the same key with another body is refused.

use std::collections::HashMap;

use super::Violation;
use crate::facts::Facts;

/// How a misused key is refused.
const REFUSED: u16 = 422;

pub(super) fn check(facts: &Facts) -> Vec<Violation> {
    let mut found = Vec::new();
    for start in &facts.starts {
        if start.acknowledged.iter().any(|id| *id != start.acknowledged[0]) {
            let what = format!("the key {} was answered with several executions", start.tag);
            found.push(Violation::new(2, start.acknowledged[0], what));
        }
        if let Some(status) = start.misused.filter(|status| *status != REFUSED) {
            let what = format!("the key {} with another body was answered {status}", start.tag);
            found.push(Violation::new(2, start.acknowledged.first().copied(), what));
        }
    }
    let mut by_tag = HashMap::<&str, u32>::new();
    for (&id, row) in &facts.executions {
        let times = by_tag.entry(&row.tag).or_default();
        *times += 1;
        if *times == 2 {
            found.push(Violation::new(2, id, format!("the key {} started several executions", row.tag)));
        }
    }
    found.extend(super::talk::events_once(facts));
    found
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::check;
    use crate::testing::{calm, first};

    #[test]
    fn a_key_that_starts_twice_is_noticed() {
        let mut facts = calm();
        let twin = facts.executions[&first(&facts)].clone();
        facts.executions.insert(Uuid::from_u128(99), twin);
        assert_eq!(check(&facts).len(), 1);
    }

    #[test]
    fn two_answers_to_one_key_are_noticed() {
        let mut facts = calm();
        facts.starts[0].acknowledged.push(Uuid::from_u128(99));
        assert_eq!(check(&facts).len(), 1);
    }

    #[test]
    fn a_misuse_that_is_not_refused_is_noticed() {
        let mut facts = calm();
        facts.starts[0].misused = Some(422);
        assert_eq!(check(&facts), []);
        facts.starts[0].misused = Some(202);
        assert_eq!(check(&facts).len(), 1);
    }
}
