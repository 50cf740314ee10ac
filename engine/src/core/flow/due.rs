//! When what is held back begins. `start_flow_1` does the same in the database.

/// When a debounced start is due, of which the first came at `first_ms` and the last at `now_ms`.
#[must_use]
pub fn debounced(first_ms: i64, now_ms: i64, period_ms: u64, wait_ms: u64) -> i64 {
    let after = |from: i64, span: u64| from.saturating_add(i64::try_from(span).unwrap_or(i64::MAX));
    after(now_ms, period_ms).min(after(first_ms, wait_ms))
}

/// What becomes of an input that comes to a batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Batched {
    /// It is one of it.
    Joins,
    /// It is the last one: the batch starts.
    Fills,
    /// It would be too large: the batch starts without it, and it is the first of the next.
    Overflows,
}

/// Of a batch with so many inputs and bytes, and an input of `bytes`.
#[must_use]
pub fn batched(gathered: u32, gathered_bytes: usize, bytes: usize, size: u32, bytes_max: usize) -> Batched {
    if gathered_bytes.saturating_add(bytes) > bytes_max {
        Batched::Overflows
    } else if gathered + 1 >= size {
        Batched::Fills
    } else {
        Batched::Joins
    }
}
