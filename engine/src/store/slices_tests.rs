//! What a process does with slices, with a clock that is given.

use super::*;

/// A ledger with one workspace, and what its database would grant.
struct Till {
    ledger: Ledger,
    key: Key,
    now: Instant,
}

impl Till {
    fn new() -> Self {
        Self { ledger: Ledger::default(), key: (WorkspaceId::new(), "executions"), now: Instant::now() }
    }

    fn spend(&mut self) -> bool {
        self.ledger.spend(self.key, self.now)
    }

    /// Asks for one, and is granted so many; answers what was asked for.
    fn granted(&mut self, granted: i64, ends_ms: i64) -> Ask {
        let (ask, _) = self.ledger.ask(self.key, 1, self.now);
        self.ledger.take(&ask, &grant(Some(granted), ends_ms), self.now);
        ask
    }

    fn pass(&mut self, ms: u64) {
        self.now += Duration::from_millis(ms);
    }

    fn chores(&mut self) -> Vec<(i64, i64)> {
        self.ledger.chores(self.now).settlements.iter().map(|one| (one.held, one.back)).collect()
    }
}

fn grant(units: Option<i64>, ends_ms: i64) -> Grant {
    Grant {
        granted: units.unwrap_or(0),
        limited: units.is_some(),
        units_max: units.map(|_| 100),
        soft: false,
        cut: false,
        period: NaiveDate::from_ymd_opt(2026, 11, 1).expect("a day"),
        ends_ms,
    }
}

const LATER: i64 = 1_000_000;

#[test]
fn a_slice_is_spent_unit_by_unit_and_the_rest_can_be_given_back() {
    let mut till = Till::new();
    assert!(!till.spend(), "nothing is held before it was asked for");
    till.granted(2, LATER);
    assert!(till.spend());
    let all = till.ledger.take_all();
    assert_eq!((all.settlements[0].held, all.settlements[0].back), (0, 1));
    assert!(!till.spend());
}

#[test]
fn slices_grow_while_they_do_not_last_and_start_small_again() {
    let mut till = Till::new();
    let asked = [0; 5].map(|_| till.granted(0, LATER).want);
    assert_eq!(asked, [1_000, 2_000, 4_000, 8_000, SLICE_UNITS_MAX]);
    till.pass(1_000);
    assert_eq!(till.granted(0, LATER).want, 1_000);
}

#[test]
fn what_was_spent_on_nothing_is_there_again_and_what_is_written_is_not() {
    let mut till = Till::new();
    till.granted(2, LATER);
    assert!(till.spend() && till.spend() && !till.spend());
    assert_eq!(till.granted(0, LATER).held, 2, "both may not be written yet");
    till.ledger.confirm(till.key, 1);
    till.ledger.give_back(till.key, 1);
    assert!(till.spend() && !till.spend());
    till.ledger.give_back(till.key, 9);
    assert_eq!(till.granted(0, LATER).held, 1, "no more comes back than was spent");
}

#[test]
fn units_of_a_month_are_no_good_in_the_next() {
    let mut till = Till::new();
    let first = till.granted(5, 3_000);
    assert!(till.spend());
    till.pass(3_000);
    assert!(!till.spend());
    let (next, over) = till.ledger.ask(till.key, 1, till.now);
    assert_eq!(over.map(|over| (over.holder, over.held, over.back)), Some((first.holder, 0, 4)));
    assert_ne!(next.holder, first.holder);
}

#[test]
fn an_idle_slice_goes_back_and_one_in_use_is_told_of() {
    let mut till = Till::new();
    till.granted(5, LATER);
    assert!(till.spend());
    till.pass(9_000);
    assert_eq!(till.chores(), []);
    till.pass(1_000);
    assert_eq!(till.chores(), [(1, 4)], "one may not be written yet");
    assert_eq!(till.chores(), []);
    till.ledger.confirm(till.key, 1);
    assert_eq!(till.chores(), [(0, 0)]);
    till.granted(50, LATER);
    for _ in 0..2 {
        till.pass(8_000);
        assert!(till.spend());
    }
    assert_eq!(till.chores(), [(50, 0)]);
}

#[test]
fn a_slice_that_was_not_told_of_for_too_long_is_spent_no_more() {
    let mut till = Till::new();
    let first = till.granted(5, LATER);
    till.pass(30_000);
    assert!(!till.spend(), "the database may take it back");
    assert_ne!(till.granted(1, LATER).holder, first.holder);
}

#[test]
fn without_a_limit_what_was_used_is_noted_now_and_then() {
    let mut till = Till::new();
    let (ask, _) = till.ledger.ask(till.key, 1, till.now);
    till.ledger.take(&ask, &grant(None, LATER), till.now);
    for _ in 0..20_000 {
        assert!(till.spend());
    }
    till.ledger.give_back(till.key, 1);
    assert_eq!(till.ledger.chores(till.now), Chores::default());
    till.pass(5_000);
    let (workspace_id, meter) = till.key;
    assert_eq!(till.ledger.chores(till.now).notes, [Note { workspace_id, meter, units: 19_999 }]);
    till.ledger.still_open(till.key, till.now);
    till.pass(25_001);
    assert!(till.spend(), "the note was answered");
    till.ledger.close_purse(workspace_id, meter);
    assert!(!till.spend(), "there is a limit now");
}

#[test]
fn what_is_too_little_for_who_asked_goes_back_at_once() {
    let mut till = Till::new();
    till.granted(5, LATER);
    assert!(till.ledger.spend_units(till.key, 2, till.now) && !till.ledger.spend_units(till.key, 4, till.now));
    let back = till.ledger.hand_back(till.key, till.now);
    assert_eq!(back.map(|one| (one.held, one.back)), Some((2, 3)));
    assert_eq!(till.ledger.hand_back(till.key, till.now), None);
    assert_eq!(till.granted(3, LATER).held, 2, "what was spent is not forgotten");
    assert!(till.ledger.spend_units(till.key, 3, till.now));
}
