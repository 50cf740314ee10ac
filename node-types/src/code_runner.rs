//! The other side of `action.code`: a process that takes everything from itself that it can, runs one piece of
//! JavaScript, says what came of it, and ends. It talks with its worker in frames over standard input and output.

use std::io::{self, Write, stdin, stdout};

mod console;
pub mod engine;
pub mod frame;
pub mod protocol;
mod sandbox;

use frame::FrameError;
use protocol::{Limits, Said};

/// Name of the process, as tools show it.
const PROCESS_NAME: &std::ffi::CStr = c"capstan-code";

/// Serves one run, as the main thread of a process that has done nothing else yet.
///
/// # Errors
/// The worker is gone, or is not one.
pub fn serve() -> Result<(), FrameError> {
    let mut asked = stdin().lock();
    let limits: Limits = frame::read(&mut asked)?;
    match sandbox::confine(&limits) {
        Ok(missing) => say(&Said::Confined { missing })?,
        Err(lack) => return say(&Said::Unconfined { lack }),
    }
    let job = frame::read(&mut asked)?;
    // Without the worker nobody needs the rest: the next line, or the end, finds that out, too.
    let ended = engine::evaluate(&job, &limits, |line| say(&Said::Line(line)).is_ok());
    say(&Said::Ended(ended))
}

fn say(said: &Said) -> Result<(), FrameError> {
    let mut out = stdout().lock();
    frame::write(&mut out, said)?;
    out.flush().map_err(|error: io::Error| FrameError::Io(error))
}
