//! Cells that this process left because nothing was left to do there. Until the last worker has left, such a cell is as due as it was
//! before: whoever left first would find it so, and come again before the second leaves, and the second then, for ever.

use std::collections::HashMap;
use std::time::Duration;

use capstan_domain::cells::DueCell;
use tokio::time::Instant;
use uuid::Uuid;

/// Longest that a parting is remembered: for longer than all workers of a fleet need who come to such a cell one after the other.
const PARTING_KEPT: Duration = Duration::from_secs(3_600);
/// Most partings that are remembered; what comes beyond is as if it was forgotten.
const PARTINGS_MAX: usize = 10_000;

/// The partings of late, by cell.
#[derive(Default)]
pub(super) struct Partings(HashMap<Uuid, Parting>);

struct Parting {
    generation: i64,
    until: Instant,
}

impl Partings {
    /// A cell was left at that generation, and by what it said then, something is to do there after `due_in`.
    pub(super) fn note(&mut self, cell_id: Uuid, generation: i64, now: Instant, due_in: Duration) {
        if self.0.len() >= PARTINGS_MAX {
            self.forget(now);
        }
        if self.0.len() < PARTINGS_MAX || self.0.contains_key(&cell_id) {
            self.0.insert(cell_id, Parting { generation, until: now + due_in.min(PARTING_KEPT) });
        }
    }

    /// Forgets those whose time is over.
    pub(super) fn forget(&mut self, now: Instant) {
        self.0.retain(|_, parting| parting.until > now);
    }

    /// Whether nothing was announced in a cell since it was left.
    pub(super) fn holds(&self, cell: &DueCell) -> bool {
        self.0.get(&cell.address.cell_id).is_some_and(|parting| parting.generation == cell.generation)
    }

    pub(super) fn len(&self) -> usize {
        self.0.len()
    }
}

#[cfg(test)]
mod tests {
    use capstan_domain::cells::CellAddress;

    use super::*;

    fn due(cell_id: Uuid, generation: i64) -> DueCell {
        DueCell { address: CellAddress { cell_id, ..CellAddress::pooled("cell_1") }, generation }
    }

    #[test]
    fn a_parting_holds_until_something_is_announced_or_due() {
        let (mut partings, now, cell_id) = (Partings::default(), Instant::now(), Uuid::now_v7());
        let due_in = Duration::from_secs(60);
        partings.note(cell_id, 7, now, due_in);
        assert!(partings.holds(&due(cell_id, 7)));
        assert!(!partings.holds(&due(cell_id, 8)), "something was announced");
        assert!(!partings.holds(&due(Uuid::now_v7(), 7)), "another cell");
        partings.forget(now + due_in - Duration::from_millis(1));
        assert!(partings.holds(&due(cell_id, 7)));
        partings.forget(now + due_in);
        assert_eq!(partings.len(), 0);
    }

    #[test]
    fn partings_are_forgotten_in_the_end_and_there_are_not_too_many() {
        let (mut partings, now) = (Partings::default(), Instant::now());
        let half_a_day = Duration::from_secs(12 * 3_600);
        for _ in 0..=PARTINGS_MAX {
            partings.note(Uuid::now_v7(), 1, now, half_a_day);
        }
        assert_eq!(partings.len(), PARTINGS_MAX);
        let (later, cell_id) = (now + PARTING_KEPT, Uuid::now_v7());
        partings.note(cell_id, 1, later, half_a_day);
        assert_eq!(partings.len(), 1, "those whose time is over make room");
        assert!(partings.holds(&due(cell_id, 1)));
    }
}
