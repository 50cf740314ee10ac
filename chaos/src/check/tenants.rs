//! 11. No row is visible to another tenant.
//!
//! What the API's role and the API itself showed of others, and rows that belong to another workspace than their
//! execution.

use super::Violation;
use crate::facts::Facts;

pub(super) fn check(facts: &Facts) -> Vec<Violation> {
    let mut found: Vec<Violation> = facts.crossings.iter().map(|what| Violation::new(11, None, what)).collect();
    for (&id, rows) in &facts.journal {
        let owner = facts.executions.get(&id).map(|row| row.workspace);
        if let Some(row) = rows.iter().find(|row| Some(row.workspace) != owner) {
            let what = format!("position {} is of workspace {}, not of its execution's", row.position, row.workspace);
            found.push(Violation::new(11, id, what));
        }
    }
    for start in &facts.starts {
        let Some(id) = start.acknowledged.first() else { continue };
        let wanted = facts.workspaces.get(facts.workflows[start.workflow].0);
        if facts.executions.get(id).is_some_and(|row| Some(&row.workspace) != wanted) {
            found.push(Violation::new(11, *id, format!("{} was started in another workspace", start.tag)));
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::check;
    use crate::testing::{calm, second};

    #[test]
    fn what_was_seen_of_others_is_told() {
        let mut facts = calm();
        facts.crossings.push("acme sees 1 row of executions".into());
        assert_eq!(check(&facts).len(), 1);
    }

    #[test]
    fn a_row_in_a_foreign_workspace_is_noticed() {
        let mut facts = calm();
        facts.journal.get_mut(&second()).unwrap()[0].workspace = Uuid::from_u128(99);
        assert_eq!(check(&facts).len(), 1);
        let mut facts = calm();
        facts.executions.get_mut(&second()).unwrap().workspace = Uuid::from_u128(99);
        assert!(check(&facts).iter().any(|found| found.what.contains("was started in")));
    }
}
