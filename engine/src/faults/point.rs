//! The points by name.

/// A place in the life of an execution at which a death must lose nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Point {
    /// A worker is about to claim.
    BeforeClaim,
    /// Its claim is durable; nobody has looked at it yet.
    AfterClaim,
    /// An attempt with an effect is about to begin.
    BeforeEffect,
    /// Its effect is done; nothing of it is written yet.
    AfterEffect,
    /// A group of results is about to be written.
    BeforeCommit,
    /// It is durable; nobody has been told yet.
    AfterCommit,
    /// A start is durable; its answer is not sent yet.
    BeforeReply,
    /// The answer to a start is sent.
    AfterReply,
    /// An execution is about to park.
    BeforePark,
    /// It has parked; its worker has not let go of it yet.
    AfterPark,
    /// A lost worker is about to be fenced.
    BeforeReap,
    /// It is fenced and its executions are given back; nobody has been told yet.
    AfterReap,
    /// A worker that drains is about to give back what it holds.
    BeforeDrain,
    /// It has given all back and is fenced.
    AfterDrain,
}

impl Point {
    /// All of them.
    pub const ALL: [Self; 14] = [
        Self::BeforeClaim,
        Self::AfterClaim,
        Self::BeforeEffect,
        Self::AfterEffect,
        Self::BeforeCommit,
        Self::AfterCommit,
        Self::BeforeReply,
        Self::AfterReply,
        Self::BeforePark,
        Self::AfterPark,
        Self::BeforeReap,
        Self::AfterReap,
        Self::BeforeDrain,
        Self::AfterDrain,
    ];

    /// Its name outside.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::BeforeClaim => "before_claim",
            Self::AfterClaim => "after_claim",
            Self::BeforeEffect => "before_effect",
            Self::AfterEffect => "after_effect",
            Self::BeforeCommit => "before_commit",
            Self::AfterCommit => "after_commit",
            Self::BeforeReply => "before_reply",
            Self::AfterReply => "after_reply",
            Self::BeforePark => "before_park",
            Self::AfterPark => "after_park",
            Self::BeforeReap => "before_reap",
            Self::AfterReap => "after_reap",
            Self::BeforeDrain => "before_drain",
            Self::AfterDrain => "after_drain",
        }
    }
}
