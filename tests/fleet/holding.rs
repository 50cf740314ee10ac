//! Workers that are killed while they hold executions, for certain: also if this test gets no processor for a while.

use std::collections::HashSet;
use std::fs;
use std::path::Path;
use std::time::Duration;

use capstan_engine::core::ids::ExecutionId;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use sqlx::PgConnection;
use tokio::time::{Instant, interval};
use uuid::Uuid;

use crate::process::Process;
use crate::site::Site;
use crate::{LOOK_EVERY, PATIENCE};

/// Longest time until what a stopped worker has sent is worked off; then it goes on. Far below the silence after which its
/// peers give it up.
const WORKED_OFF_MAX: Duration = Duration::from_secs(2);

impl Site {
    /// Kills a worker with -9 while it holds executions; these.
    pub(crate) async fn kill9_holding(&self, victim: Process) -> HashSet<ExecutionId> {
        let (deadline, mut ticks) = (Instant::now() + PATIENCE, interval(LOOK_EVERY));
        loop {
            ticks.tick().await;
            let held = self.stop_holding(victim.id()).await;
            if !held.is_empty() {
                victim.kill9().await;
                return held;
            }
            assert!(Instant::now() < deadline, "process {} held no execution whenever it was stopped", victim.id());
        }
    }

    /// Stops a worker; what it holds, now that it can do no more. It goes on if that is nothing.
    pub(crate) async fn stop_holding(&self, pid: u32) -> HashSet<ExecutionId> {
        stop(pid).await;
        let mut owner = self.owner().await;
        let held = if is_worked_off(&mut owner).await { held_by(&mut owner, pid).await } else { HashSet::new() };
        if held.is_empty() {
            signal(pid, Signal::SIGCONT);
        }
        held
    }
}

/// Stops a process, and waits until each of its threads stands still.
pub(crate) async fn stop(pid: u32) {
    signal(pid, Signal::SIGSTOP);
    let (deadline, mut ticks) = (Instant::now() + PATIENCE, interval(LOOK_EVERY));
    while !stands_still(pid) {
        assert!(Instant::now() < deadline, "process {pid} did not stop");
        ticks.tick().await;
    }
}

pub(crate) fn signal(pid: u32, signal: Signal) {
    kill(Pid::from_raw(pid.cast_signed()), signal).unwrap();
}

async fn held_by(owner: &mut PgConnection, pid: u32) -> HashSet<ExecutionId> {
    let held = "SELECT execution_id FROM leases JOIN workers w USING (worker_no) WHERE w.name = $1 AND NOT w.fenced";
    let ids: Vec<Uuid> = sqlx::query_scalar(held).bind(format!("pid-{pid}")).fetch_all(owner).await.unwrap();
    ids.into_iter().map(ExecutionId).collect()
}

/// Waits until the database has worked off whatever was sent to it before; false if that takes too long. Each backend must
/// once have been asleep as the system sees it, for one with something to read is not, and waiting for its client.
async fn is_worked_off(owner: &mut PgConnection) -> bool {
    const ALL: &str = "SELECT pid FROM pg_stat_activity WHERE datname = current_database() \
                       AND backend_type = 'client backend' AND pid <> pg_backend_pid()";
    const AT_WORK: &str = "SELECT pid FROM pg_stat_activity \
                           WHERE pid = ANY ($1) AND wait_event IS DISTINCT FROM 'ClientRead'";
    let mut busy: Vec<i32> = sqlx::query_scalar(ALL).fetch_all(&mut *owner).await.unwrap();
    let (deadline, mut ticks) = (Instant::now() + WORKED_OFF_MAX, interval(LOOK_EVERY));
    while !busy.is_empty() && Instant::now() < deadline {
        ticks.tick().await;
        // In this order: what was asleep over other work has something to read, perhaps, once that is done.
        let asleep: HashSet<i32> = busy.iter().copied().filter(|pid| is_asleep(*pid)).collect();
        let at_work: Vec<i32> = sqlx::query_scalar(AT_WORK).bind(&busy).fetch_all(&mut *owner).await.unwrap();
        busy.retain(|pid| !asleep.contains(pid) || at_work.contains(pid));
    }
    busy.is_empty()
}

/// Whether it sleeps, or is gone.
fn is_asleep(pid: i32) -> bool {
    state(Path::new(&format!("/proc/{pid}"))).is_none_or(|state| state == 'S')
}

fn stands_still(pid: u32) -> bool {
    let threads = fs::read_dir(format!("/proc/{pid}/task"));
    threads.is_ok_and(|all| all.flatten().all(|thread| state(&thread.path()).is_none_or(|state| state == 'T')))
}

/// The letter that the system has for the state of a process or thread.
fn state(folder: &Path) -> Option<char> {
    let stat = fs::read_to_string(folder.join("stat")).ok()?;
    // Its name, in brackets, may have anything in it.
    stat.rsplit_once(')')?.1.trim_start().chars().next()
}
