//! The console of a run: bounded, with a marker where lines are dropped.

use std::cell::Cell;

use super::protocol::{Level, Line};

/// Characters of a line, and of what was thrown; the rest is cut.
pub(super) const LINE_CHARS_MAX: usize = 4 * 1024;
/// Lines and bytes that a run may write: less than an attempt may log, so that the marker has room.
const LINES_MAX: usize = 990;
const BYTES_MAX: usize = 200 * 1024;

pub(super) struct Console {
    emit: Box<dyn Fn(Line) -> bool>,
    lines_left: Cell<usize>,
    bytes_left: Cell<usize>,
}

impl Console {
    pub(super) fn new(emit: impl Fn(Line) -> bool + 'static) -> Self {
        Self { emit: Box::new(emit), lines_left: Cell::new(LINES_MAX), bytes_left: Cell::new(BYTES_MAX) }
    }

    /// Writes a line. False if no further ones are taken.
    pub(super) fn write(&self, level: &str, text: String) -> bool {
        let left = (self.lines_left.get().checked_sub(1), self.bytes_left.get().checked_sub(text.len()));
        let (Some(lines_left), Some(bytes_left)) = left else {
            let text = format!("further lines are dropped: a run may write {LINES_MAX} lines and {BYTES_MAX} bytes");
            (self.emit)(Line { level: Level::Warn, text });
            return false;
        };
        self.lines_left.set(lines_left);
        self.bytes_left.set(bytes_left);
        (self.emit)(Line { level: Level::of(level), text })
    }
}
