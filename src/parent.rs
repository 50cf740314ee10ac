//! A process that another one has started for itself, and that is of no use without it.

use anyhow::{Context, ensure};
use nix::unistd::{Pid, getppid};

/// Has this process told to end, as by SIGTERM, when its parent ends in whatever way.
pub(crate) fn end_with(parent: i32) -> anyhow::Result<()> {
    #[cfg(target_os = "linux")]
    nix::sys::prctl::set_pdeathsig(nix::sys::signal::Signal::SIGTERM).context("the end of the parent is not told")?;
    ensure!(getppid() == Pid::from_raw(parent), "process {parent}, which started this one, has ended");
    Ok(())
}
