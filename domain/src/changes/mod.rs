//! What changed in workspaces since one last looked: for live updates. Nothing is written for it. See `cell/0083_changes.sql`.

mod known;
mod look;
mod position;

pub use known::{Known, known};
pub use look::{ChangeRow, EACH_MAX, FACTS_MAX, Look, NEWEST_MAX, look};
pub use position::{NoPosition, POSITION_BYTES_MAX, Position};
