//! Facts of executions that are told only where somebody wants to hear of them: that they have begun, and what becomes of their
//! steps. Each is a row of the outbox, in the commit that it is part of; what there is to say of a step is said by its journal
//! row.

use std::collections::HashMap;

use sqlx::PgConnection;
use uuid::Uuid;

use super::codec::Row;
use super::commit::{Commit, Then};
use super::error::StoreError;
use super::moment::id_at;
use crate::core::ids::WorkspaceId;

/// Their types; each is a bit of [`Wanted`], in this order.
pub const TYPES: [&str; 5] =
    ["execution.started", "step.waiting", "step.completed", "step.failed", "step.outcome_unknown"];
const STARTED: usize = 0;
const WAITING: usize = 1;
const COMPLETED: usize = 2;
const FAILED: usize = 3;
const UNKNOWN: usize = 4;

/// Whether events of a type come only to who asks for it by name, as there are many of them.
#[must_use]
pub fn is_frequent(type_name: &str) -> bool {
    type_name == TYPES[STARTED] || type_name.starts_with("step.")
}

/// Whether a pattern asks for such a type: `step.completed`, or `step.*`, but neither `*` nor `execution.*`.
#[must_use]
pub fn asks_for(pattern: &str, type_name: &str) -> bool {
    match pattern.strip_suffix('*') {
        Some(prefix) => prefix.starts_with("step.") && type_name.len() > prefix.len() && type_name.starts_with(prefix),
        None => pattern == type_name,
    }
}

/// Which of these facts somebody in a workspace wants to hear of.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Wanted(u8);

impl Wanted {
    /// What these types and patterns ask for.
    #[must_use]
    pub fn of(patterns: &[String]) -> Self {
        let asked = |name: &str| patterns.iter().any(|pattern| asks_for(pattern, name));
        let bits = TYPES.iter().enumerate().filter(|(_, name)| asked(name)).map(|(bit, _)| 1_u8 << bit);
        Self(bits.fold(0, |all, bit: u8| all | bit))
    }

    /// Whether nobody wants to hear of anything.
    #[must_use]
    pub fn is_empty(self) -> bool {
        self.0 == 0
    }

    fn has(self, bit: usize) -> bool {
        self.0 & (1 << bit) != 0
    }
}

/// What is told with a commit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fact {
    /// Its id, which carries the database's time.
    pub event_id: Uuid,
    /// One of [`TYPES`].
    pub type_name: &'static str,
    /// The journal row that it is of; none of a beginning.
    pub position: Option<u32>,
}

/// Which workspaces of a cell want to hear of facts, at one moment.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AllWanted {
    /// How often that had changed.
    pub no: i64,
    /// Those where somebody does.
    pub of: HashMap<WorkspaceId, Wanted>,
}

/// Who in the cell wants to hear of what, with the number of changes in the same statement. For the worker's role.
///
/// # Errors
/// If the database does.
pub async fn all(connection: &mut PgConnection) -> Result<AllWanted, StoreError> {
    let rows: Vec<(i64, Option<Uuid>, Option<Vec<String>>)> =
        sqlx::query_as("SELECT no, workspace_id, types FROM facts_wanted_1()").fetch_all(connection).await?;
    let mut all = AllWanted::default();
    for (no, workspace_id, types) in rows {
        all.no = no;
        if let (Some(workspace_id), Some(types)) = (workspace_id, types) {
            all.of.insert(WorkspaceId(workspace_id), Wanted::of(&types));
        }
    }
    Ok(all)
}

impl Commit {
    /// Has the commit, whose rows are complete, tell what is wanted of it. `first` is the position at which the execution begins:
    /// behind what it goes on from.
    pub fn tell(&mut self, wanted: Wanted, first: u32) {
        let mut facts = Vec::new();
        if wanted.has(STARTED) && self.begins(first) {
            // As that of its end, which comes after it.
            let event_id = self.rows.first().map_or_else(Uuid::now_v7, |row| id_at(row.at));
            facts.push(Fact { event_id, type_name: TYPES[STARTED], position: None });
        }
        for (position, row) in (self.position..).zip(&self.rows) {
            if let Some(kind) = kind_of(row).filter(|&kind| wanted.has(kind)) {
                facts.push(Fact { event_id: id_at(row.at), type_name: TYPES[kind], position: Some(position) });
            }
        }
        self.family.facts = facts;
    }

    /// Whether it is the first that an execution comes to. One that is cancelled before anything came of it never began.
    fn begins(&self, first: u32) -> bool {
        let is_first = self.position == first && (!self.rows.is_empty() || matches!(self.then, Then::End { .. }));
        is_first && self.rows.first().is_none_or(|row| row.kind != "cancelled")
    }
}

/// What a row tells of its step.
fn kind_of(row: &Row) -> Option<usize> {
    match (row.kind, row.status) {
        ("waiting", _) => Some(WAITING),
        ("settled", Some("completed")) => Some(COMPLETED),
        ("settled", Some("failed")) => Some(FAILED),
        ("settled", Some("outcome_unknown")) => Some(UNKNOWN),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wanted(patterns: &[&str]) -> Vec<&'static str> {
        let patterns: Vec<String> = patterns.iter().map(|&pattern| pattern.into()).collect();
        let wanted = Wanted::of(&patterns);
        (0..TYPES.len()).filter(|&bit| wanted.has(bit)).map(|bit| TYPES[bit]).collect()
    }

    #[test]
    fn facts_are_asked_for_by_name() {
        assert_eq!(wanted(&["*", "execution.*", "order.paid", "step"]), [""; 0]);
        assert_eq!(wanted(&["execution.started", "step.failed"]), ["execution.started", "step.failed"]);
        assert_eq!(wanted(&["step.*"]), TYPES[1..].to_vec());
        assert!(Wanted::of(&[]).is_empty() && !Wanted::of(&["step.*".into()]).is_empty());
    }
}
