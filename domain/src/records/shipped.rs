//! Types that every workspace has, until it defines one of the same name.

use super::types::RecordType;
use crate::machine::{Machine, StateKind};

/// The type of pursuits.
pub const PURSUIT: &str = "pursuit";

/// The machine of a pursuit: somebody may come to buy services, and is won and delivered to, or lost.
#[must_use]
pub fn pursuit_machine() -> Machine {
    use StateKind::{Lost, Open, Won};
    let states = [
        ("lead", "Lead", Open),
        ("qualified", "Qualified", Open),
        ("proposal", "Proposal", Open),
        ("won", "Won", Won),
        ("delivered", "Delivered", Won),
        ("lost", "Lost", Lost),
        ("disqualified", "Disqualified", Lost),
    ];
    let ways: [(&str, &[&str]); 4] = [
        ("lead", &["qualified", "disqualified"]),
        ("qualified", &["proposal", "lost"]),
        ("proposal", &["won", "lost"]),
        ("won", &["delivered"]),
    ];
    let mut machine = Machine::drawn("lead", &states, &ways);
    for state in &mut machine.states {
        state.is_final = ways.iter().all(|(from, _)| *from != state.name);
    }
    machine
}

/// All of them, by name.
pub(super) fn shipped() -> [RecordType; 1] {
    [RecordType {
        name: PURSUIT.into(),
        label: "Pursuit".into(),
        machine: pursuit_machine(),
        revision: 0,
        updated_at: None,
    }]
}
