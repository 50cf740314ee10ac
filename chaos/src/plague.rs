//! An execution that ends its workers, from its start until it is set aside.

use std::time::Duration;

use tokio::time::{Instant, sleep};
use uuid::Uuid;

use crate::database::Door;
use crate::fleet::Fleet;
use crate::inject::Struck;
use crate::leases::{LOOK_EVERY, Leases};
use crate::load::Load;
use crate::losses::Losses;
use crate::oddities::Outbreak;
use crate::plan::Planned;

/// Longest wait until it is set aside, with outages.
const INCIDENT_MAX: Duration = Duration::from_secs(60);

/// Counts the dead.
pub(crate) struct Plague {
    pub(crate) fleet: Fleet,
    pub(crate) losses: Losses,
    pub(crate) leases: Leases,
    pub(crate) door: Door,
    /// Lasts as long as this.
    pub(crate) _outbreak: Outbreak,
}

impl Plague {
    /// Starts the execution; lands if that is set aside in the end. Each worker that dies meanwhile is told apart.
    pub(crate) async fn of(mut self, load: Load, way: usize, planned: Planned) -> anyhow::Result<Vec<Struck>> {
        let execution = load.poison(way, planned.draw).await?;
        let (deadline, mut all) = (Instant::now() + INCIDENT_MAX, Vec::new());
        let mut is_over = false;
        while !is_over && Instant::now() < deadline {
            is_over = self.is_incident(execution).await;
            for name in self.fleet.bury().await {
                all.push(self.death(&name, planned).await);
            }
            sleep(LOOK_EVERY).await;
        }
        all.push(Struck { landed: is_over, ..Struck::now(planned.fault) });
        Ok(all)
    }

    /// A worker that has died, with what it held.
    async fn death(&mut self, name: &str, planned: Planned) -> Struck {
        let struck = Struck::now(planned.fault);
        // While the database is away nobody is given up.
        if let Ok(Some(worker_no)) = self.leases.number_of(name).await {
            self.losses.add(worker_no);
        }
        let held = self.leases.left_by(name, struck.at).await.unwrap_or_default();
        Struck { held, ..struck }
    }

    async fn is_incident(&self, execution: Uuid) -> bool {
        self.door.status(execution).await.is_ok_and(|status| status == "incident")
    }
}
