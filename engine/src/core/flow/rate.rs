//! The generic cell rate algorithm: one moment for each key says all about its past. `gcra_1` is the same in the database.

/// So many starts in so much time, evenly spaced, after a burst.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rate {
    /// How many in [`Rate::per_ms`].
    pub limit: u32,
    /// The span.
    pub per_ms: u64,
    /// How many may come at once after silence. No span sees more than the limit and this.
    pub burst: u32,
    /// Each key has a rate of its own; the workflow has one if absent.
    pub key: Option<String>,
}

/// When a start may be, and from when on the rate owes nothing if it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Admission {
    /// Its slot: now, if it need not wait.
    pub start_us: i64,
    /// What is to be kept for the key.
    pub next_us: i64,
}

impl Rate {
    /// Microseconds between two starts, rounded up, so that no span sees one too many.
    #[must_use]
    pub fn interval_us(&self) -> i64 {
        let micros = (self.per_ms.saturating_mul(1_000)).div_ceil(u64::from(self.limit.max(1)));
        i64::try_from(micros).unwrap_or(i64::MAX)
    }

    /// Judges a start at `now_us`; `next_us` is what was kept for the key, if anything was.
    #[must_use]
    pub fn admit(&self, next_us: Option<i64>, now_us: i64) -> Admission {
        let from = next_us.unwrap_or(now_us).max(now_us);
        let tolerance = self.interval_us().saturating_mul(i64::from(self.burst.max(1)) - 1);
        Admission { start_us: from.saturating_sub(tolerance).max(now_us), next_us: from + self.interval_us() }
    }
}
