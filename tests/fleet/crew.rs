//! Workers that are replaced whenever they die.

use std::sync::{Arc, Mutex};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use tokio::task::JoinSet;
use tokio::time::{Instant, interval};

use crate::process::Process;
use crate::site::Site;
use crate::world::World;
use crate::{LOOK_EVERY, PATIENCE};

pub(crate) struct Crew {
    pids: Arc<Mutex<Vec<Option<u32>>>>,
    /// Their workers are killed when this is dropped.
    _keepers: JoinSet<()>,
}

impl Crew {
    /// Starts so many workers.
    pub(crate) async fn start(site: &Site, world: &World, count: usize) -> Self {
        let pids = Arc::new(Mutex::new(vec![None; count]));
        let mut keepers = JoinSet::new();
        for seat in 0..count {
            let (env, pids) = (site.worker_env(world), Arc::clone(&pids));
            let mut next = Process::try_start(&["worker"], &env).await;
            keepers.spawn(async move {
                loop {
                    // None that died of what it had claimed before it was ready.
                    if let Some(mut process) = next {
                        pids.lock().unwrap()[seat] = Some(process.id());
                        process.gone().await;
                        pids.lock().unwrap()[seat] = None;
                    }
                    next = Process::try_start(&["worker"], &env).await;
                }
            });
        }
        Self { pids, _keepers: keepers }
    }

    /// Kills a worker with -9; false if there is none in that seat at the moment.
    pub(crate) fn kill9(&self, seat: usize) -> bool {
        let pid = self.pids.lock().unwrap()[seat].take();
        pid.is_some_and(|pid| kill(Pid::from_raw(pid.cast_signed()), Signal::SIGKILL).is_ok())
    }

    /// Kills with -9 the worker that holds most executions. It is stopped first: so it holds some when it dies, also where they
    /// end within milliseconds and none is at work at times.
    pub(crate) async fn kill9_busiest(&self, site: &Site) {
        const BUSIEST: &str = "SELECT substr(w.name, 5)::int FROM leases l JOIN workers w ON w.worker_no = l.worker_no \
                               WHERE NOT w.fenced GROUP BY w.name ORDER BY count(*) DESC LIMIT 1";
        let (deadline, mut ticks, mut owner) = (Instant::now() + PATIENCE, interval(LOOK_EVERY), site.owner().await);
        loop {
            assert!(Instant::now() < deadline, "no worker holds an execution");
            ticks.tick().await;
            let busiest: Option<i32> = sqlx::query_scalar(BUSIEST).fetch_optional(&mut owner).await.unwrap();
            let Some(pid) = busiest.filter(|pid| self.seat_of(*pid).is_some()) else { continue };
            kill(Pid::from_raw(pid), Signal::SIGSTOP).unwrap();
            // What it had sent is written by the next tick.
            ticks.reset();
            ticks.tick().await;
            let holds = format!(
                "SELECT count(*) FROM leases l JOIN workers w ON w.worker_no = l.worker_no \
                 WHERE NOT w.fenced AND w.name = 'pid-{pid}'"
            );
            if site.count(&holds).await > 0 {
                assert!(self.seat_of(pid).is_some_and(|seat| self.kill9(seat)));
                return;
            }
            kill(Pid::from_raw(pid), Signal::SIGCONT).unwrap();
        }
    }

    fn seat_of(&self, pid: i32) -> Option<usize> {
        self.pids.lock().unwrap().iter().position(|seated| seated.map(u32::cast_signed) == Some(pid))
    }
}
