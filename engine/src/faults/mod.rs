//! What a fault harness may ask of this process: to die at a named point, to have a bug that is to be found, and to record
//! what it asks of the database. Only a build with the feature `faults` can; in every other build all of this compiles to
//! nothing.

pub mod ask;
mod point;
mod sabotage;

pub use point::Point;
pub use sabotage::{Bug, planted};

#[cfg(feature = "faults")]
mod armed;
#[cfg(feature = "faults")]
mod record;
#[cfg(feature = "faults")]
mod tell;

#[cfg(feature = "faults")]
pub use record::{record_into, told};

/// Asks the database, and tells a recorder what was asked and what came of it: a question that has no answer, because
/// the connection or the process is lost, or the future is dropped, stays told as such.
#[cfg(not(feature = "faults"))]
#[inline(always)]
pub fn told<T>(_question: impl Sized, answer: impl Future<Output = T>) -> impl Future<Output = T> {
    answer
}

/// Passes a point at which a harness may have this process killed, as `kill -9` does it.
#[inline(always)]
pub fn pass(point: Point) {
    #[cfg(feature = "faults")]
    armed::pass(point);
    #[cfg(not(feature = "faults"))]
    let _ = point;
}
