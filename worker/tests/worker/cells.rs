//! Dedicated cells: served while they have something to do, let go of when nothing is left, and found again.

use std::sync::Arc;
use std::time::Duration;

use capstan_domain::cells::{announce, attach, rest};
use capstan_domain::secrets::KeyRing;
use capstan_engine::core::ids::ExecutionId;
use capstan_engine::store::connect::{Place, Role};
use capstan_engine::store::migrate::{Kind, fingerprint, migrate};
use capstan_node_types::registry::Registry;
use capstan_private_postgres::{TestDatabase, test_database_like};
use capstan_worker::{Cells, CellsSettings, Outfit, WorkerSettings};
use serde_json::{Value, json};
use sqlx::PgConnection;
use tokio::runtime::Handle;
use tokio::time::{Instant, interval};
use uuid::Uuid;

use crate::support::{Cell, PATIENCE, Version, graph, node, services};

/// Idle cells of a quick run; `CAPSTAN_IDLE_CELLS` says how many else.
const IDLE_CELLS: usize = 12;
/// Looks for something to do through which idle cells are watched.
const WATCHED_LOOKS: i64 = 20;
/// Cells to which nobody has to come now.
const RESTING: &str = "SELECT count(*) FROM cell_dues WHERE due_at > clock_timestamp()";

/// `control`, and the connection over which a test looks into it.
struct Control {
    place: Place,
    owner: PgConnection,
    /// Longest that it waits for something.
    patience: Duration,
    _database: TestDatabase,
}

impl Control {
    async fn new() -> Self {
        let name = format!("control_{}", fingerprint(&[Kind::Control]));
        let prepare =
            |url: &str| Handle::current().block_on(migrate(&Place::new(url, "control").unwrap(), Kind::Control));
        let database = tokio::task::spawn_blocking(move || test_database_like(&name, prepare)).await.unwrap();
        let place = Place::new(&database.url, "control").unwrap();
        let owner = place.connect(Role::Owner).await.unwrap();
        Self { place, owner, patience: PATIENCE, _database: database }
    }

    /// A dedicated cell that has nothing to do, as far as anybody knows.
    async fn add(&mut self, database: &str) -> Uuid {
        let cell_id = Uuid::now_v7();
        sqlx::query(
            "INSERT INTO cells (cell_id, schema_name, placement, database_name) VALUES ($1, 'cell_1', 'dedicated', $2)",
        )
        .bind(cell_id)
        .bind(database)
        .execute(&mut self.owner)
        .await
        .unwrap();
        sqlx::query("INSERT INTO cell_dues (cell_id, due_at) VALUES ($1, 'infinity')")
            .bind(cell_id)
            .execute(&mut self.owner)
            .await
            .unwrap();
        cell_id
    }

    async fn announce(&mut self, cell_id: Uuid) {
        assert!(announce(&mut self.owner, cell_id).await.unwrap());
    }

    /// Waits until a query gives that.
    async fn until(&mut self, sql: &str, wished: i64) {
        let (deadline, mut ticks) = (Instant::now() + self.patience, interval(Duration::from_millis(20)));
        loop {
            ticks.tick().await;
            let found = self.count(sql).await;
            if found == wished {
                return;
            }
            assert!(Instant::now() < deadline, "{sql} gives {found}, not {wished}");
        }
    }

    async fn count(&mut self, sql: &str) -> i64 {
        sqlx::query_scalar(sql).fetch_one(&mut self.owner).await.unwrap()
    }

    /// Waits until nobody serves a cell.
    async fn until_all_rest(&mut self) {
        self.until("SELECT count(*) FROM cell_hands", 0).await;
    }

    /// A process that serves cells, under these settings.
    fn process(&self, settings: CellsSettings) -> Cells {
        let keys = Arc::new(KeyRing::generate());
        let outfit = Outfit {
            registry: Arc::new(Registry::standard()),
            services: Arc::new(move |place: &Place| Ok(services(place, &[], &keys))),
            worker: WorkerSettings {
                slots: 16,
                committers: 1,
                drain_timeout: Duration::from_secs(5),
                ..Default::default()
            },
        };
        Cells::start(self.place.clone(), outfit, settings)
    }
}

/// Quick, so that tests are. What is written is announced after it here, so nothing hangs on how long anybody stays.
fn quick() -> CellsSettings {
    CellsSettings {
        cells_max: 4,
        look_every: Duration::from_millis(50),
        // Longer than anybody waits here: what is announced or planned needs no look.
        quiet_every: 2 * PATIENCE,
        lease: Duration::from_secs(2),
        renew_every: Duration::from_millis(100),
        stay: Duration::from_millis(100),
        soon: Duration::from_millis(100),
        ask_every: Duration::from_millis(50),
        again_after: Duration::from_millis(200),
        ..Default::default()
    }
}

/// Where a cell is, for `control`.
fn database_of(cell: &Cell) -> String {
    cell.place.database.get_database().unwrap().to_owned()
}

async fn noop(cell: &Cell) -> Version {
    cell.publish(&graph(vec![node("a", "debug.noop", json!({ "output": "done" }))], &[("start", "out", "a")])).await
}

async fn completes(cell: &Cell, id: ExecutionId) -> Option<Value> {
    cell.until(id, &["completed"]).await.output
}

#[tokio::test(flavor = "multi_thread")]
async fn an_announced_cell_is_served_and_its_next_timer_brings_a_worker_back() {
    let (mut control, cell) = (Control::new().await, Cell::new().await);
    let cell_id = control.add(&database_of(&cell)).await;
    let delay = node("delay", "logic.delay", json!({ "for_ms": 2_000 }));
    let version = cell.publish(&graph(vec![delay], &[("start", "out", "delay")])).await;
    let process = control.process(quick());
    let id = cell.start(version, json!({})).await;
    control.announce(cell_id).await;
    cell.until(id, &["waiting", "completed"]).await;
    control.until_all_rest().await;
    // Without the timer it would be visited in the next half day.
    completes(&cell, id).await;
    control.until_all_rest().await;
    process.drain().await;
    cell.assert_clean().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn whatever_is_announced_is_done_also_while_the_cell_is_let_go_of() {
    let (mut control, cell) = (Control::new().await, Cell::new().await);
    let cell_id = control.add(&database_of(&cell)).await;
    let version = noop(&cell).await;
    // It lets go as soon as it may.
    let process = control.process(CellsSettings { stay: Duration::ZERO, ask_every: Duration::ZERO, ..quick() });
    for _ in 0..8 {
        let id = cell.start(version, json!({})).await;
        control.announce(cell_id).await;
        assert_eq!(completes(&cell, id).await, Some(json!("done")));
    }
    control.until_all_rest().await;
    process.drain().await;
    cell.assert_clean().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_cell_of_a_killed_process_passes_to_another() {
    let (mut control, cell) = (Control::new().await, Cell::new().await);
    let cell_id = control.add(&database_of(&cell)).await;
    let version = noop(&cell).await;
    let id = cell.start(version, json!({})).await;
    control.announce(cell_id).await;
    // As much of a process as is left of one that was killed: its hand.
    assert!(attach(&mut control.owner, cell_id, "killed", 1, 2).await.unwrap().unwrap().is_attached);
    let process = control.process(CellsSettings { hands_max: 1, ..quick() });
    completes(&cell, id).await;
    control.until_all_rest().await;
    process.drain().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn no_more_processes_come_to_a_cell_than_may_and_what_they_give_back_is_seen() {
    let (mut control, cell) = (Control::new().await, Cell::new().await);
    let cell_id = control.add(&database_of(&cell)).await;
    let settings = CellsSettings { stay: PATIENCE, hands_max: 2, ..quick() };
    let processes = [control.process(settings.clone()), control.process(settings.clone()), control.process(settings)];
    control.announce(cell_id).await;
    control.until("SELECT count(*) FROM cell_hands", 2).await;
    let version = noop(&cell).await;
    for id in cell.start_many(version, json!({}), 20).await {
        completes(&cell, id).await;
        assert_eq!(control.count("SELECT count(*) FROM cell_hands").await, 2);
    }
    // A process that stops leaves its place to the third.
    let [one, other, third] = processes;
    one.drain().await;
    control.until("SELECT count(*) FROM cell_hands", 2).await;
    other.drain().await;
    third.drain().await;
    assert_eq!(control.count("SELECT count(*) FROM cell_hands").await, 0, "who stops gives its hands back");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cell_that_cannot_be_reached_holds_up_nobody() {
    let (mut control, cell) = (Control::new().await, Cell::new().await);
    let lost = control.add("no_such_database").await;
    let cell_id = control.add(&database_of(&cell)).await;
    let version = noop(&cell).await;
    let id = cell.start(version, json!({})).await;
    control.announce(lost).await;
    control.announce(cell_id).await;
    let process = control.process(CellsSettings { cells_max: 1, again_after: Duration::from_secs(10), ..quick() });
    completes(&cell, id).await;
    let put_off = format!(
        "SELECT count(*) FROM cell_dues WHERE cell_id = '{lost}' AND due_at > announced_at + interval '5 seconds'"
    );
    control.until(&put_off, 1).await;
    process.drain().await;
}

#[tokio::test]
async fn a_farewell_is_refused_once_something_was_announced() {
    let mut control = Control::new().await;
    let cell_id = control.add("anywhere").await;
    let attached = attach(&mut control.owner, cell_id, "a", 1, 30).await.unwrap().unwrap();
    control.announce(cell_id).await;
    assert!(!rest(&mut control.owner, cell_id, "a", attached.generation, None).await.unwrap());
    let attached = attach(&mut control.owner, cell_id, "a", 1, 30).await.unwrap().unwrap();
    assert!(rest(&mut control.owner, cell_id, "a", attached.generation, None).await.unwrap());
    assert_eq!(control.count("SELECT count(*) FROM cell_dues WHERE due_at = 'infinity'").await, 1);
}

/// Clients of these databases that are there, and all that ever were.
async fn clients(control: &mut Control, databases: &[String]) -> (i64, i64) {
    sqlx::query_as(
        "SELECT (SELECT count(*) FROM pg_stat_activity a WHERE a.datname = ANY ($1) AND a.backend_type = 'client backend'), \
                (SELECT sum(d.sessions)::bigint FROM pg_stat_database d WHERE d.datname = ANY ($1))",
    )
    .bind(databases)
    .fetch_one(&mut control.owner)
    .await
    .unwrap()
}

/// Waits until cells have no connection any more; how many they ever had.
async fn sessions_of_left(control: &mut Control, databases: &[String]) -> i64 {
    let (deadline, mut ticks) = (Instant::now() + PATIENCE, interval(Duration::from_millis(50)));
    loop {
        ticks.tick().await;
        let (there, sessions) = clients(control, databases).await;
        if there == 0 {
            return sessions;
        }
        assert!(Instant::now() < deadline, "cells that were left have connections");
    }
}

/// Waits until processes have looked again and again for cells that have something to do.
async fn through_looks(control: &mut Control) {
    let (deadline, mut ticks) = (Instant::now() + PATIENCE, interval(Duration::from_millis(50)));
    // What this connection has looked at is counted before.
    control.count("SELECT 1::bigint FROM pg_stat_force_next_flush()").await;
    let looks =
        "SELECT coalesce(seq_scan, 0) + coalesce(idx_scan, 0) FROM pg_stat_user_tables WHERE relname = 'cell_dues'";
    let begun = control.count(looks).await;
    while control.count(looks).await < begun + WATCHED_LOOKS {
        ticks.tick().await;
        assert!(Instant::now() < deadline, "nobody looks for cells that have something to do");
    }
}

/// Looks again and again, also where nothing is due.
fn watchful() -> CellsSettings {
    CellsSettings { quiet_every: Duration::from_millis(50), ..quick() }
}

#[tokio::test(flavor = "multi_thread")]
async fn who_has_left_an_idle_cell_comes_back_to_no_other_worker_unless_something_is_announced() {
    let (mut control, cell) = (Control::new().await, Cell::new().await);
    let (cell_id, databases) = (control.add(&database_of(&cell)).await, [database_of(&cell)]);
    control.announce(cell_id).await;
    // As much of another worker as `control` sees: its hand. It leaves when it is told to.
    assert!(attach(&mut control.owner, cell_id, "other", 2, 600).await.unwrap().unwrap().is_attached);
    let process = control.process(watchful());
    // Whoever leaves while others are there notes what comes next.
    let has_left = "SELECT count(*) FROM cell_dues WHERE rest_at < 'infinity'";
    control.until(has_left, 1).await;
    let before = sessions_of_left(&mut control, &databases).await;
    through_looks(&mut control).await;
    assert_eq!(clients(&mut control, &databases).await, (0, before), "the process has come again");
    // What is announced meanwhile brings it back.
    sqlx::query("UPDATE cell_dues SET rest_at = 'infinity'").execute(&mut control.owner).await.unwrap();
    control.announce(cell_id).await;
    control.until(has_left, 1).await;
    let before = sessions_of_left(&mut control, &databases).await;
    // The other one leaves as well, and knows of nothing.
    let other = attach(&mut control.owner, cell_id, "other", 2, 600).await.unwrap().unwrap();
    assert!(rest(&mut control.owner, cell_id, "other", other.generation, None).await.unwrap());
    assert_eq!(control.count(RESTING).await, 1);
    through_looks(&mut control).await;
    assert_eq!(clients(&mut control, &databases).await, (0, before), "the process has come to a cell that rests");
    assert_eq!(control.count(RESTING).await, 1);
    assert_eq!(control.count("SELECT count(*) FROM cell_hands").await, 0);
    process.drain().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_has_left_a_cell_comes_back_once_the_worker_that_stayed_is_lost() {
    let (mut control, cell) = (Control::new().await, Cell::new().await);
    let cell_id = control.add(&database_of(&cell)).await;
    control.announce(cell_id).await;
    assert!(attach(&mut control.owner, cell_id, "other", 2, 600).await.unwrap().unwrap().is_attached);
    let process = control.process(watchful());
    control.until("SELECT count(*) FROM cell_dues WHERE rest_at < 'infinity'", 1).await;
    // As if its time was over.
    sqlx::query("UPDATE cell_hands SET held_until = clock_timestamp()").execute(&mut control.owner).await.unwrap();
    control.until(RESTING, 1).await;
    control.until_all_rest().await;
    process.drain().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_idle_cell_comes_to_rest_though_its_workers_leave_one_after_the_other() {
    let (mut control, cell) = (Control::new().await, Cell::new().await);
    let (cell_id, databases) = (control.add(&database_of(&cell)).await, [database_of(&cell)]);
    let later = CellsSettings { stay: Duration::from_millis(600), ..watchful() };
    let processes = [control.process(watchful()), control.process(later)];
    control.announce(cell_id).await;
    control.until(RESTING, 1).await;
    control.until_all_rest().await;
    let before = sessions_of_left(&mut control, &databases).await;
    through_looks(&mut control).await;
    assert_eq!(clients(&mut control, &databases).await, (0, before), "an idle cell was taken again");
    assert_eq!(control.count(RESTING).await, 1);
    for process in processes {
        process.drain().await;
    }
}

/// Who has no connection asks nothing: that none was made says more than a count of statements, among which are those of autovacuum.
#[tokio::test(flavor = "multi_thread")]
async fn idle_cells_have_no_connection_and_are_asked_nothing() {
    let wished: Option<usize> = std::env::var("CAPSTAN_IDLE_CELLS").ok().and_then(|count| count.parse().ok());
    let (mut control, count) = (Control::new().await, wished.unwrap_or(IDLE_CELLS));
    control.patience = PATIENCE * u32::try_from(1 + count / 20).unwrap();
    let (mut cells, mut databases, mut ids) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..count {
        let cell = Cell::new().await;
        databases.push(database_of(&cell));
        ids.push(control.add(&database_of(&cell)).await);
        cells.push(cell);
    }
    let settings = CellsSettings { hands_max: 1, ..watchful() };
    let processes = [control.process(settings.clone()), control.process(settings)];
    // Each is visited once, as after it was made, and let go of.
    for cell_id in &ids {
        control.announce(*cell_id).await;
    }
    let resting = "SELECT count(*) FROM cell_dues WHERE due_at > clock_timestamp() + interval '8 hours'";
    control.until(resting, i64::try_from(count).unwrap()).await;
    control.until_all_rest().await;
    let before = sessions_of_left(&mut control, &databases).await;
    assert!(before >= i64::try_from(count).unwrap(), "nobody was there: {before} connections");
    // Both processes go on to look.
    through_looks(&mut control).await;
    assert_eq!(clients(&mut control, &databases).await, (0, before), "idle cells were asked something");
    // One that wakes up wakes no other.
    let id = cells[0].start(noop(&cells[0]).await, json!({})).await;
    control.announce(ids[0]).await;
    completes(&cells[0], id).await;
    assert_eq!(clients(&mut control, &databases[1..]).await.0, 0);
    for process in processes {
        process.drain().await;
    }
}
