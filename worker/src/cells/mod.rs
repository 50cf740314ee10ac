//! Dedicated cells. A process serves those that have something to do, each by a [`Worker`](crate::Worker) of its own, and lets go of
//! one when nothing is left to do there. Nobody looks into a cell that is let go of: `control` says when somebody has to come.
//!
//! Whoever is about to write in a cell announces it in `control` before, at most every few seconds, and a process stays for far longer
//! than that after the last announcement. So what is written is seen by a process that is still there, or by the question that it
//! asks once it has let go; an announcement after that question refuses its farewell.

mod desk;
mod hand;
mod partings;
mod settings;
mod supervisor;

pub use hand::{Outfit, ServicesError, ServicesOf};
pub use settings::CellsSettings;
pub use supervisor::Cells;
