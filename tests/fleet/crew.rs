//! Workers that are replaced whenever they die.

use std::sync::{Arc, Mutex};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use tokio::task::JoinSet;

use crate::process::Process;
use crate::site::Site;
use crate::world::World;

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

    /// The same with the worker that holds most executions.
    pub(crate) async fn kill9_busiest(&self, site: &Site) -> bool {
        const BUSIEST: &str = "SELECT substr(w.name, 5)::bigint FROM leases l JOIN workers w ON w.worker_no = l.worker_no \
                               WHERE NOT w.fenced GROUP BY w.name ORDER BY count(*) DESC LIMIT 1";
        let pid = site.count(BUSIEST).await;
        let seat = self.pids.lock().unwrap().iter().position(|seated| seated.map(i64::from) == Some(pid));
        seat.is_some_and(|seat| self.kill9(seat))
    }
}
