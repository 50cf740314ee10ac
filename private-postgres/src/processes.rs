//! Which server processes work on a cluster, and how to end those that a killed program left.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use crate::error::{Error, io_error};

/// Time between two looks at processes that are ending or starting.
pub(crate) const POLL: Duration = Duration::from_millis(10);
/// A fast shutdown writes a checkpoint; a slow disk needs a while.
pub(crate) const FAST_STOP_MAX: Duration = Duration::from_secs(60);
/// An immediate shutdown writes nothing; after this come kills.
pub(crate) const IMMEDIATE_STOP_MAX: Duration = Duration::from_secs(10);
/// Backends notice by themselves that their postmaster is gone, except in the middle of a long computation.
const ORPHANS_MAX: Duration = Duration::from_secs(3);
/// Even a killed process needs a moment.
const KILL_MAX: Duration = Duration::from_secs(10);

/// The content of `postmaster.pid`.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct PidFile {
    pub(crate) pid: i32,
    /// The last line: the server accepts connections.
    pub(crate) is_ready: bool,
}

impl PidFile {
    fn path(cluster: &Path) -> PathBuf {
        cluster.join("postmaster.pid")
    }

    /// Absent if there is no file, or none that a server has finished.
    pub(crate) fn read(cluster: &Path) -> Option<Self> {
        Self::parse(&fs::read_to_string(Self::path(cluster)).ok()?)
    }

    fn parse(text: &str) -> Option<Self> {
        let mut lines = text.lines();
        // A negative number is the mark of a single-user server.
        let pid = lines.next()?.trim().parse::<i32>().ok()?.checked_abs().filter(|pid| *pid > 1)?;
        Some(Self { pid, is_ready: lines.nth(6).is_some_and(|status| status.trim() == "ready") })
    }
}

/// Ends every server process on this cluster, gently first, so that a new server can start. The caller holds the
/// lock of the home, so these processes belong to a program that is gone. Returns at once when there are none.
pub(crate) fn end_leftovers(cluster: &Path) -> Result<(), Error> {
    let Some(file) = PidFile::read(cluster) else { return end_orphans(cluster) };
    if works_on(file.pid, cluster) {
        tracing::info!(pid = file.pid, "stopping a PostgreSQL server that an earlier process left running");
        for (signal, limit) in [(Signal::SIGINT, FAST_STOP_MAX), (Signal::SIGQUIT, IMMEDIATE_STOP_MAX)] {
            signal_all(&[file.pid], signal);
            if wait_until(limit, || !works_on(file.pid, cluster)) {
                break;
            }
        }
    } else if is_alive(file.pid) {
        // The number now belongs to another program, which PostgreSQL would take for a running server.
        let path = PidFile::path(cluster);
        match fs::remove_file(&path) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(io_error("remove", &path)(error)),
            _ => {}
        }
    }
    end_orphans(cluster)
}

/// Ends backends whose postmaster is gone; they keep the shared memory, and with it a new server out.
fn end_orphans(cluster: &Path) -> Result<(), Error> {
    if wait_until(ORPHANS_MAX, || all_on(cluster).is_empty()) {
        return Ok(());
    }
    signal_all(&all_on(cluster), Signal::SIGKILL);
    wait_until(KILL_MAX, || all_on(cluster).is_empty());
    match all_on(cluster).first() {
        None => Ok(()),
        Some(pid) => Err(Error::DidNotStop { cluster: cluster.to_owned(), pid: *pid }),
    }
}

/// Looks until the condition holds or the time is over; says whether it held.
pub(crate) fn wait_until(limit: Duration, mut condition: impl FnMut() -> bool) -> bool {
    let deadline = Instant::now() + limit;
    loop {
        if condition() {
            return true;
        }
        if Instant::now() >= deadline {
            return false;
        }
        std::thread::sleep(POLL);
    }
}

fn signal_all(pids: &[i32], signal: Signal) {
    for pid in pids {
        if let Err(errno) = kill(Pid::from_raw(*pid), signal) {
            tracing::debug!(pid, %signal, %errno, "a process could not be signalled");
        }
    }
}

fn is_alive(pid: i32) -> bool {
    kill(Pid::from_raw(pid), None) != Err(nix::errno::Errno::ESRCH)
}

/// True if the process is a PostgreSQL server process on this cluster: its working directory is the cluster. Where
/// there is no `/proc`, its command line must name both.
fn works_on(pid: i32, cluster: &Path) -> bool {
    let process = Path::new("/proc").join(pid.to_string());
    if Path::new("/proc/self/cwd").exists() {
        let is_there = fs::read_link(process.join("cwd")).is_ok_and(|cwd| cwd == cluster);
        return is_there && fs::read_to_string(process.join("comm")).is_ok_and(|name| name.trim() == "postgres");
    }
    let mut ps = Command::new("ps");
    let output = ps.args(["-o", "command=", "-p", &pid.to_string()]).stderr(Stdio::null()).output();
    let line = output.map(|output| String::from_utf8_lossy(&output.stdout).into_owned()).unwrap_or_default();
    line.contains("postgres") && line.contains(&*cluster.to_string_lossy())
}

/// All server processes on this cluster; where there is no `/proc`, none is found and PostgreSQL's own check decides.
fn all_on(cluster: &Path) -> Vec<i32> {
    let Ok(entries) = fs::read_dir("/proc") else { return Vec::new() };
    let pids = entries.flatten().filter_map(|entry| entry.file_name().to_str()?.parse::<i32>().ok());
    pids.filter(|pid| works_on(*pid, cluster)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pid_file_is_read_in_every_stage() {
        let starting = "4711\n/data\n1700000000\n5432\n/tmp/x\n\n  123456  98304\nstarting\n";
        assert_eq!(PidFile::parse(starting), Some(PidFile { pid: 4711, is_ready: false }));
        let ready = starting.replace("starting", "ready   ");
        assert_eq!(PidFile::parse(&ready), Some(PidFile { pid: 4711, is_ready: true }));
        assert_eq!(PidFile::parse("-4711\n"), Some(PidFile { pid: 4711, is_ready: false }));
        for broken in ["", "x", "0\n", "1\n", "-2147483648\n"] {
            assert_eq!(PidFile::parse(broken), None, "{broken:?}");
        }
    }

    #[test]
    fn a_stale_pid_file_with_the_number_of_another_program_is_removed() {
        let cluster = tempfile::tempdir().unwrap();
        let file = PidFile::path(cluster.path());
        fs::write(&file, format!("{}\n", std::process::id())).unwrap();
        end_leftovers(cluster.path()).unwrap();
        assert!(!file.exists() && is_alive(std::process::id().cast_signed()));
    }
}
