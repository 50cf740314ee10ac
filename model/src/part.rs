//! What can be taken out of the protocol, to see what it is good for.

/// A part of the protocol that the model can do without, to its harm.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// `guard_1`: the shared lock of the worker's number, and the look whether it is fenced.
    Fence,
    /// The look at the start of a commit whether each item's lease is still the worker's own.
    LeaseCheck,
    /// `AND NOT woken` of a park.
    Woken,
    /// The worker's own lock, taken exclusively before it asks again or gives back what it does not know.
    ExcludeSelf,
    /// The end of a session that a worker has given up, before the worker asks anything more.
    EndSession,
    /// The look for the rows of a doubtful commit before it is repeated.
    AlreadyWritten,
    /// The mark on an execution whose wake-up was claimed before the token of its start.
    Begun,
}

/// The protocol, whole or without one part.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Parts {
    without: Option<Part>,
}

impl Parts {
    /// All of it.
    pub const ALL: Self = Self { without: None };

    /// All but one.
    #[must_use]
    pub const fn without(part: Part) -> Self {
        Self { without: Some(part) }
    }

    /// Whether that part is in.
    #[must_use]
    pub fn has(self, part: Part) -> bool {
        self.without != Some(part)
    }
}
