//! The kinds of faults, as a report lists them.

use crate::plan::Fault;

/// Tells whether a fault is of a kind.
pub(crate) type Wanted = fn(&Fault) -> bool;

/// Each with its name.
pub(crate) const KINDS: [(&str, Wanted); 17] = [
    ("kill -9", |fault| *fault == Fault::Kill),
    ("freeze", |fault| matches!(fault, Fault::Freeze { .. })),
    ("freeze, half given up", |fault| *fault == Fault::HalfReaped),
    ("network partition", |fault| matches!(fault, Fault::Partition { .. })),
    ("clock an hour off", |fault| matches!(fault, Fault::Clock { .. })),
    ("disk full", |fault| matches!(fault, Fault::DiskFull { .. })),
    ("pool exhausted", |fault| matches!(fault, Fault::PoolExhausted { .. })),
    ("receiver hangs", |fault| matches!(fault, Fault::Hang { .. })),
    ("poison", |fault| matches!(fault, Fault::Poison { .. })),
    ("schema expanded", |fault| *fault == Fault::Expand),
    ("database crash", |fault| matches!(fault, Fault::DatabaseCrash { .. })),
    ("connections cut", |fault| *fault == Fault::Cut),
    ("connections delayed", |fault| matches!(fault, Fault::Delay { .. })),
    ("reply to a commit lost", |fault| *fault == Fault::LostReply),
    ("notifications lost", |fault| matches!(fault, Fault::LostNotifications { .. })),
    ("drain and restart", |fault| *fault == Fault::Drain),
    ("death at a point", is_failpoint),
];

pub(crate) fn is_failpoint(fault: &Fault) -> bool {
    matches!(fault, Fault::Failpoint { .. })
}
