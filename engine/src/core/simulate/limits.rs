//! How large a simulation may grow.

use std::fmt;

use chrono::TimeDelta;

/// Most journal entries.
pub const ENTRIES_MAX: usize = 20_000;
/// Most steps, those of all frames together.
pub const STEPS_MAX: usize = 20_000;
/// Most bytes of outputs and items together, roughly as JSON.
pub const OUTPUT_BYTES_MAX: usize = 32 << 20;
/// Most turns of its loop; a core that goes round in circles ends here.
pub const TURNS_MAX: usize = 200_000;
/// Longest virtual time.
pub const SPAN_MAX: TimeDelta = TimeDelta::days(366 * 1_000);

/// A bound that a simulation has reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Limit {
    /// [`ENTRIES_MAX`].
    Entries,
    /// [`STEPS_MAX`].
    Steps,
    /// [`OUTPUT_BYTES_MAX`].
    OutputBytes,
    /// [`TURNS_MAX`].
    Turns,
    /// [`SPAN_MAX`].
    Span,
    /// The time that the caller gives it.
    WallTime,
}

impl fmt::Display for Limit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Entries => write!(f, "it has more than {ENTRIES_MAX} journal entries"),
            Self::Steps => write!(f, "it has more than {STEPS_MAX} steps"),
            Self::OutputBytes => write!(f, "its outputs have more than {OUTPUT_BYTES_MAX} bytes"),
            Self::Turns => write!(f, "it takes more than {TURNS_MAX} turns"),
            Self::Span => write!(f, "it takes more than {} days", SPAN_MAX.num_days()),
            Self::WallTime => f.write_str("it takes too much work"),
        }
    }
}
