//! Bugs that are planted on purpose: the fault harness has to find them.

/// A bug that a process of a build for fault tests can be told to have, by its name in `CAPSTAN_SABOTAGE`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Bug {
    /// A start is acknowledged before it is durable.
    AcknowledgeEarly,
    /// A commit that is repeated does not know its own rows, as if they were of another lease.
    NewLeaseNumber,
    /// Each attempt has an idempotency key of its own.
    NewKey,
    /// What waits for a time goes on before it.
    EarlyTimer,
    /// A step that waited counts one attempt more.
    WaitIsAttempt,
    /// An effect starts before what it was decided on is durable.
    EarlyEffect,
    /// A worker that was given up goes on with what it had in its hands under a fresh number.
    ResumeReaped,
}

impl Bug {
    /// All of them.
    pub const ALL: [Self; 7] = [
        Self::AcknowledgeEarly,
        Self::NewLeaseNumber,
        Self::NewKey,
        Self::EarlyTimer,
        Self::WaitIsAttempt,
        Self::EarlyEffect,
        Self::ResumeReaped,
    ];

    /// Its name outside.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::AcknowledgeEarly => "acknowledge-early",
            Self::NewLeaseNumber => "new-lease-number",
            Self::NewKey => "new-key",
            Self::EarlyTimer => "early-timer",
            Self::WaitIsAttempt => "wait-is-attempt",
            Self::EarlyEffect => "early-effect",
            Self::ResumeReaped => "resume-reaped",
        }
    }
}

#[cfg(feature = "faults")]
static PLANTED: std::sync::LazyLock<Option<Bug>> = std::sync::LazyLock::new(|| {
    let name = std::env::var("CAPSTAN_SABOTAGE").ok()?;
    Bug::ALL.into_iter().find(|bug| bug.name() == name)
});

/// Whether this process has that bug.
#[cfg(feature = "faults")]
#[must_use]
pub fn planted(bug: Bug) -> bool {
    *PLANTED == Some(bug)
}

/// Whether this process has that bug: no build but one for fault tests has any.
#[cfg(not(feature = "faults"))]
#[inline(always)]
#[must_use]
pub const fn planted(_: Bug) -> bool {
    false
}
