//! 1. An acknowledged start is never lost.

use super::Violation;
use crate::facts::Facts;

pub(super) fn check(facts: &Facts) -> Vec<Violation> {
    let mut found = Vec::new();
    for start in &facts.starts {
        for &id in &start.acknowledged {
            match facts.executions.get(&id) {
                None => {
                    found.push(Violation::new(1, id, format!("the start {} was acknowledged and is gone", start.tag)))
                }
                Some(row) if row.tag != start.tag => {
                    found.push(Violation::new(1, id, format!("the start {} became that of {}", start.tag, row.tag)));
                }
                Some(_) => {}
            }
        }
    }
    found.extend(super::family::is_there(facts));
    found
}

#[cfg(test)]
mod tests {
    use super::check;
    use crate::testing::{calm, first};

    #[test]
    fn a_start_that_is_gone_is_noticed() {
        let mut facts = calm();
        let id = first(&facts);
        facts.executions.remove(&id);
        assert_eq!(check(&facts)[0].execution, Some(id));
    }

    #[test]
    fn a_start_that_became_another_is_noticed() {
        let mut facts = calm();
        let id = first(&facts);
        facts.executions.get_mut(&id).unwrap().tag = "other".into();
        assert_eq!(check(&facts).len(), 1);
    }
}
