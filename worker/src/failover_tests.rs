//! What a life does where the database's timeline is not its own, as after a failover.
//!
//! There are two looks, and each has its test: without the one in `control.rs` the life of the first goes on, without the one in
//! `committer.rs` the commit of the second is written.

use std::sync::Arc;
use std::time::Duration;

use capstan_engine::core::ids::{ExecutionId, WorkspaceId};
use capstan_engine::store::children::Family;
use capstan_engine::store::commit::{Commit, Then};
use capstan_engine::store::connect::{Place, Role};
use capstan_engine::store::migrate::{Kind, fingerprint, migrate};
use capstan_engine::store::workers::{register, timeline};
use capstan_private_postgres::{TestDatabase, test_database_like};
use chrono::Utc;
use tokio::runtime::Handle;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

use crate::black_box::BlackBox;
use crate::clock::DatabaseClock;
use crate::committer::{Committed, Committers};
use crate::control::{Control, Keeper};
use crate::life::Life;
use crate::pace::Pace;

/// A timeline that no database of tests has.
const OTHER: &str = "000000FF";
/// Longest that anything may take; reaching it is a failure.
const PATIENCE: Duration = Duration::from_secs(60);
const LEASE_NO: i64 = 1;

/// A cell, and a worker that is registered there.
struct Scene {
    place: Place,
    control: Control,
    worker_no: i32,
    /// The cell's own.
    timeline: String,
    _database: TestDatabase,
}

impl Scene {
    async fn new() -> Self {
        // As that of the other tests of workers.
        let name = format!("cell_{}_{}", fingerprint(&[Kind::Cell]), Utc::now().format("%Y%m"));
        let prepare = |url: &str| Handle::current().block_on(migrate(&Place::new(url, "cell_1").unwrap(), Kind::Cell));
        let database = tokio::task::spawn_blocking(move || test_database_like(&name, prepare)).await.unwrap();
        let place = Place::new(&database.url, "cell_1").unwrap();
        let mut control = Control::connect(&place).await.unwrap();
        let connection = control.connection().await.unwrap();
        let worker_no = register(connection, "test").await.unwrap().worker_no;
        let timeline = timeline(connection).await.unwrap();
        assert_ne!(timeline, OTHER);
        Self { place, control, worker_no, timeline, _database: database }
    }

    /// A lease of the worker's.
    async fn lease(&self) -> ExecutionId {
        let id = ExecutionId::new();
        sqlx::query(
            "INSERT INTO leases (execution_id, workspace_id, worker_no, lease_no, losses) VALUES ($1, $2, $3, $4, 0)",
        )
        .bind(id.0)
        .bind(WorkspaceId::new().0)
        .bind(self.worker_no)
        .bind(LEASE_NO)
        .execute(&mut self.place.connect(Role::Owner).await.unwrap())
        .await
        .unwrap();
        id
    }

    async fn leases(&self) -> i64 {
        let mut owner = self.place.connect(Role::Owner).await.unwrap();
        sqlx::query_scalar("SELECT count(*) FROM leases").fetch_one(&mut owner).await.unwrap()
    }

    /// Commits that an execution parks, in a life that began on that timeline; what became of it, and whether the life is over.
    async fn park(&self, id: ExecutionId, timeline: &str) -> (Committed, bool) {
        let over = CancellationToken::new();
        let committers = Committers::spawn(&self.place, self.worker_no, timeline, 1, &over);
        let commit = Commit {
            execution_id: id,
            workspace_id: WorkspaceId::new(),
            lease_no: LEASE_NO,
            position: 0,
            rows: Vec::new(),
            usage: Vec::new(),
            family: Family::default(),
            leaves: false,
            dropped: Vec::new(),
            bytes: 0,
            then: Then::Park { due_at: None },
        };
        let committed = timeout(PATIENCE, committers.commit(commit)).await.expect("a commit is answered");
        (committed, over.is_cancelled())
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_life_is_over_with_its_first_beat_on_another_timeline() {
    let scene = Scene::new().await;
    let over = CancellationToken::new();
    let committers = Committers::spawn(&scene.place, scene.worker_no, OTHER, 1, &over);
    let life = Life::new(scene.worker_no, OTHER.to_owned(), DatabaseClock::new(Utc::now()), committers, over);
    let life = Arc::new(life);
    let keeper = Keeper {
        place: scene.place,
        life: Arc::clone(&life),
        pace: Arc::new(Pace::new(1)),
        waker: Arc::default(),
        black_box: Arc::new(BlackBox::open(None)),
        agenda: Arc::default(),
    };
    timeout(PATIENCE, Box::pin(keeper.keep(scene.control))).await.expect("the life goes on");
    assert!(life.over.is_cancelled());
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_of_a_life_is_written_on_another_timeline() {
    let scene = Scene::new().await;
    let id = scene.lease().await;
    let (committed, is_over) = scene.park(id, OTHER).await;
    assert!(matches!(committed, Committed::Lost), "{committed:?}");
    assert!(is_over, "the life goes on");
    assert_eq!(scene.leases().await, 1, "it was written");
    // It was good but for that.
    let (committed, is_over) = scene.park(id, &scene.timeline).await;
    assert!(matches!(committed, Committed::Written { .. }), "{committed:?}");
    assert!(!is_over && scene.leases().await == 0);
}
