//! Workers that are replaced whenever they die.

use std::sync::{Arc, Mutex};

use nix::sys::signal::Signal;
use tokio::task::JoinSet;
use tokio::time::{Instant, interval};

use crate::holding::signal;
use crate::process::Process;
use crate::site::Site;
use crate::world::World;
use crate::{LOOK_EVERY, PATIENCE};

pub(crate) struct Crew {
    pids: Arc<Mutex<Vec<Option<u32>>>>,
    /// Their workers are killed when this is dropped.
    keepers: JoinSet<()>,
}

impl Crew {
    /// Starts so many workers.
    pub(crate) async fn start(site: &Site, world: &World, count: usize) -> Self {
        let mut crew = Self { pids: Arc::default(), keepers: JoinSet::new() };
        crew.join(site, world, count).await;
        crew
    }

    /// Starts so many more.
    pub(crate) async fn join(&mut self, site: &Site, world: &World, count: usize) {
        for _ in 0..count {
            let (env, pids) = (site.worker_env(world), Arc::clone(&self.pids));
            let mut next = Process::try_start(&["worker"], &env).await;
            let seat = self.take_seat();
            self.keepers.spawn(async move {
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
    }

    fn take_seat(&self) -> usize {
        let mut pids = self.pids.lock().unwrap();
        pids.push(None);
        pids.len() - 1
    }

    /// Kills with -9 the worker that holds most executions.
    pub(crate) async fn kill9_busiest(&self, site: &Site) {
        const BUSIEST: &str = "SELECT substr(w.name, 5)::int FROM leases l JOIN workers w ON w.worker_no = l.worker_no \
                               WHERE NOT w.fenced GROUP BY w.name ORDER BY count(*) DESC LIMIT 1";
        let (deadline, mut ticks, mut owner) = (Instant::now() + PATIENCE, interval(LOOK_EVERY), site.owner().await);
        loop {
            assert!(Instant::now() < deadline, "no worker holds an execution");
            ticks.tick().await;
            let busiest: Option<i32> = sqlx::query_scalar(BUSIEST).fetch_optional(&mut owner).await.unwrap();
            let Some(pid) = busiest.map(i32::cast_unsigned) else { continue };
            let Some(seat) = self.seat_of(pid) else { continue };
            if !site.stop_holding(pid).await.is_empty() {
                self.pids.lock().unwrap()[seat] = None;
                signal(pid, Signal::SIGKILL);
                return;
            }
        }
    }

    /// Kills with -9 whoever is in that seat; whether somebody is.
    pub(crate) fn kill9(&self, seat: usize) -> bool {
        let pid = self.pids.lock().unwrap()[seat].take();
        pid.inspect(|&pid| signal(pid, Signal::SIGKILL)).is_some()
    }

    fn seat_of(&self, pid: u32) -> Option<usize> {
        self.pids.lock().unwrap().iter().position(|seated| *seated == Some(pid))
    }
}
