//! What a fault harness may ask of this process: to die at a named point, or to have a bug that is to be found. Only a
//! build with the feature `faults` can; in every other build all of this compiles to nothing.

mod point;
mod sabotage;

pub use point::Point;
pub use sabotage::{Bug, planted};

#[cfg(feature = "faults")]
mod armed;

/// Passes a point at which a harness may have this process killed, as `kill -9` does it.
#[inline(always)]
pub fn pass(point: Point) {
    #[cfg(feature = "faults")]
    armed::pass(point);
    #[cfg(not(feature = "faults"))]
    let _ = point;
}
