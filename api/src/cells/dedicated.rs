//! Dedicated cells that were met, for as long as somebody asks for them.

use std::collections::HashMap;
use std::sync::{Arc, PoisonError, Weak};
use std::time::Duration;

use capstan_domain::cells::RuntimeServer;
use tokio::time::{Instant, sleep};
use uuid::Uuid;

use super::Cell;
use crate::Parts;

/// Most connections of the API role to one dedicated cell.
pub(super) const DEDICATED_CONNECTIONS_MAX: u32 = 4;
/// Most dedicated cells that a process knows at a time; the one that was asked for longest ago goes.
const DEDICATED_MET_MAX: usize = 64;
/// One that nobody has asked for so long goes.
const IDLE_MAX: Duration = Duration::from_secs(30);
/// Time between two looks for such ones.
const LOOK_EVERY: Duration = Duration::from_secs(10);
/// How long a process goes on with what it knows of a server: its address or password may be changed.
const SERVER_KNOWN_FOR: Duration = Duration::from_secs(30);

/// By id.
#[derive(Default)]
pub(super) struct Met(HashMap<Uuid, Entry>);

struct Entry {
    cell: Arc<Cell>,
    /// When it was asked for last.
    used_at: Instant,
    /// What it was reached with; none on the home server.
    server: Option<RuntimeServer>,
    /// When that was so last.
    known_at: Instant,
}

impl Entry {
    fn is_idle(&self) -> bool {
        Arc::strong_count(&self.cell) == 1 && self.used_at.elapsed() >= IDLE_MAX
    }
}

impl Met {
    /// The cell, unless it is to be asked for whether its server is still the same.
    pub(super) fn find(&mut self, cell_id: Uuid) -> Option<Arc<Cell>> {
        let entry = self.0.get_mut(&cell_id)?;
        if entry.server.is_some() && entry.known_at.elapsed() >= SERVER_KNOWN_FOR {
            return None;
        }
        entry.used_at = Instant::now();
        Some(Arc::clone(&entry.cell))
    }

    /// The cell on that server, made with `new` unless it is there. Requests that still use one that has to go keep it.
    pub(super) fn meet(
        &mut self,
        cell_id: Uuid,
        server: Option<RuntimeServer>,
        new: impl FnOnce() -> Arc<Cell>,
    ) -> Arc<Cell> {
        let now = Instant::now();
        if let Some(entry) = self.0.get_mut(&cell_id).filter(|entry| entry.server == server) {
            (entry.used_at, entry.known_at) = (now, now);
            return Arc::clone(&entry.cell);
        }
        self.0.remove(&cell_id);
        if self.0.len() >= DEDICATED_MET_MAX
            && let Some(oldest) = self.0.iter().min_by_key(|(_, entry)| entry.used_at).map(|(id, _)| *id)
        {
            self.0.remove(&oldest);
        }
        let cell = new();
        self.0.insert(cell_id, Entry { cell: Arc::clone(&cell), used_at: now, server, known_at: now });
        cell
    }

    pub(super) fn all(&self) -> impl Iterator<Item = Arc<Cell>> {
        self.0.values().map(|entry| Arc::clone(&entry.cell))
    }

    /// Takes those out that nobody uses, or has asked for lately.
    fn take_idle(&mut self) -> Vec<Arc<Cell>> {
        self.0.extract_if(|_, entry| entry.is_idle()).map(|(_, entry)| entry.cell).collect()
    }
}

/// Lets idle ones go, as long as the API exists: what they hold of quotas goes back, and their connections end.
pub(crate) async fn retire(api: Weak<Parts>) {
    loop {
        sleep(LOOK_EVERY).await;
        let Some(api) = api.upgrade() else { return };
        let idle = api.cells.dedicated.lock().unwrap_or_else(PoisonError::into_inner).take_idle();
        drop(api);
        futures::future::join_all(idle.iter().map(|cell| cell.starter.close())).await;
    }
}

#[cfg(test)]
mod tests {
    use capstan_domain::events::{Bell, Room};
    use capstan_engine::store::connect::{Place, Role};
    use capstan_engine::store::transactions::Transactions;
    use tokio::time::advance;

    use super::*;
    use crate::starter::Starter;

    /// One that nobody connects to.
    fn cell() -> Arc<Cell> {
        let place = Place::new("postgres://127.0.0.1:1/capstan_one", "capstan").unwrap();
        Arc::new(Cell {
            replica: None,
            pool: Transactions::new(&place, Role::Api, 1),
            room: Room::default(),
            events: Bell::new(&place),
            starter: Starter::spawn(place, None),
            announced: None,
        })
    }

    fn server(host: &str) -> RuntimeServer {
        RuntimeServer {
            server_id: Uuid::nil(),
            host: host.into(),
            port: 5432,
            tls: "require".into(),
            login: "capstan".into(),
            password_sealed: Vec::new(),
            password_key_id: "a".into(),
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_cell_is_met_anew_once_its_server_was_changed() {
        let (mut met, far, home) = (Met::default(), Uuid::now_v7(), Uuid::now_v7());
        let first = met.meet(far, Some(server("one.example")), cell);
        let at_home = met.meet(home, None, cell);
        assert!(met.find(far).is_some_and(|found| Arc::ptr_eq(&found, &first)));
        advance(SERVER_KNOWN_FOR).await;
        assert!(met.find(far).is_none(), "it is to be asked for");
        assert!(met.find(home).is_some_and(|found| Arc::ptr_eq(&found, &at_home)));
        assert!(Arc::ptr_eq(&met.meet(far, Some(server("one.example")), cell), &first));
        assert!(met.find(far).is_some());
        let moved = met.meet(far, Some(server("other.example")), cell);
        assert!(!Arc::ptr_eq(&moved, &first));
        assert!(met.find(far).is_some_and(|found| Arc::ptr_eq(&found, &moved)));
    }

    #[tokio::test(start_paused = true)]
    async fn no_more_cells_are_known_than_may_and_idle_ones_go() {
        let mut met = Met::default();
        let ids: Vec<Uuid> = (0..=DEDICATED_MET_MAX).map(|_| Uuid::now_v7()).collect();
        for id in &ids {
            met.meet(*id, None, cell);
            advance(Duration::from_millis(1)).await;
        }
        assert!(met.find(ids[0]).is_none() && met.find(ids[1]).is_some());
        advance(IDLE_MAX).await;
        let used = met.find(ids[1]);
        assert_eq!(met.take_idle().len(), DEDICATED_MET_MAX - 1);
        assert!(used.is_some() && met.find(ids[1]).is_some());
    }
}
