use capstan_engine::core::ids::{ExecutionId, VersionId, WorkflowId, WorkspaceId};
use capstan_engine::store::claim::{Claimed, NO_BOUND, claim};
use capstan_engine::store::commit::{Commit, Then};
use capstan_engine::store::connect::Role;
use capstan_engine::store::migration::{Migrated, Migration, migrate, of};
use capstan_engine::store::workers::reap;
use sqlx::{Connection, PgConnection};
use uuid::Uuid;

use super::support::{Cell, PARK, claim_all, end, new_start, pid, run, step, write};

const WAIT_MS: u32 = 20_000;
const LEASES: &str = "SELECT count(*) FROM leases";

struct Two {
    cell: Cell,
    from: VersionId,
    to: VersionId,
    id: ExecutionId,
    api: PgConnection,
}

impl Two {
    /// An execution of the first of two versions.
    async fn new() -> Self {
        let cell = Cell::new().await;
        let (workflow_id, from, to) = (WorkflowId::new(), VersionId::new(), VersionId::new());
        workflow(&cell, workflow_id).await;
        for (number, version) in [(1, from), (2, to)] {
            cell.execute(&format!(
                "INSERT INTO workflow_versions (workspace_id, version_id, workflow_id, number, graph, semantics) \
                 VALUES ('{}', '{version}', '{workflow_id}', {number}, '{{}}', 1)",
                cell.workspace
            ))
            .await;
        }
        let mut start = new_start(cell.workspace);
        (start.workflow_id, start.version_id) = (workflow_id, from);
        let id = cell.start_all(&[start]).await[0];
        let api = api(&cell, cell.workspace).await;
        Self { cell, from, to, id, api }
    }

    fn migration(&self, position: u32) -> Migration {
        let (execution_id, from, to) = (self.id, self.from, self.to);
        Migration { execution_id, from, to, position, by: "ops".into(), reason: Some("corrected".into()) }
    }

    async fn migrate(&mut self, position: u32) -> Migrated {
        let migration = self.migration(position);
        migrate(&mut self.api, &[migration], WAIT_MS).await.unwrap()[0]
    }

    async fn claimed(&self, worker: &mut (PgConnection, i32)) -> Claimed {
        claim_all(worker).await.remove(0)
    }
}

async fn workflow(cell: &Cell, id: WorkflowId) {
    let sql =
        format!("INSERT INTO workflows (workspace_id, workflow_id, name) VALUES ('{}', '{id}', 'w')", cell.workspace);
    cell.execute(&sql).await;
}

async fn api(cell: &Cell, workspace: WorkspaceId) -> PgConnection {
    let mut api = cell.connect(Role::Api).await;
    run(&mut api, &format!("SET app.workspace_id = '{workspace}'")).await;
    api
}

#[tokio::test]
async fn a_claim_that_comes_during_a_migration_waits_for_it_and_gets_the_new_version() {
    let mut two = Two::new().await;
    let mut worker = two.cell.worker().await;
    let migration = two.migration(0);
    let mut transaction = two.api.begin().await.unwrap();
    assert_eq!(migrate(&mut transaction, &[migration], WAIT_MS).await.unwrap(), [Migrated::Done]);
    let pid = pid(&mut worker.0).await;
    let claiming = tokio::spawn(async move { claim(&mut worker.0, worker.1, 10, NO_BOUND, false).await.unwrap() });
    two.cell.until_blocked(pid).await;
    transaction.commit().await.unwrap();
    let claimed = claiming.await.unwrap();
    assert_eq!((claimed.len(), claimed[0].version_id, claimed[0].held_by), (1, two.to.0, None));
    assert_eq!(two.cell.count(LEASES).await, 1);
}

#[tokio::test]
async fn a_migration_that_is_given_up_leaves_the_claim_the_old_version() {
    let mut two = Two::new().await;
    let mut worker = two.cell.worker().await;
    let migration = two.migration(0);
    let mut transaction = two.api.begin().await.unwrap();
    migrate(&mut transaction, &[migration], WAIT_MS).await.unwrap();
    let pid = pid(&mut worker.0).await;
    let claiming = tokio::spawn(async move { claim(&mut worker.0, worker.1, 10, NO_BOUND, false).await.unwrap() });
    two.cell.until_blocked(pid).await;
    transaction.rollback().await.unwrap();
    assert_eq!(claiming.await.unwrap()[0].version_id, two.from.0);
    assert_eq!(two.cell.count("SELECT count(*) FROM execution_migrations").await, 0);
}

#[tokio::test]
async fn a_migration_that_comes_during_a_claim_waits_for_it_and_is_refused() {
    let two = Two::new().await;
    let (mut worker, migration, mut api) = (two.cell.worker().await, two.migration(0), two.api);
    let mut transaction = worker.0.begin().await.unwrap();
    assert_eq!(claim(&mut transaction, worker.1, 10, NO_BOUND, false).await.unwrap()[0].version_id, two.from.0);
    let pid = pid(&mut api).await;
    let migrating = tokio::spawn(async move { migrate(&mut api, &[migration], WAIT_MS).await.unwrap() });
    two.cell.until_blocked(pid).await;
    transaction.commit().await.unwrap();
    assert_eq!(migrating.await.unwrap(), [Migrated::Running]);
    let kept = format!("SELECT count(*) FROM executions WHERE version_id = '{}'", two.from);
    assert_eq!((two.cell.count(&kept).await, two.cell.count(LEASES).await), (1, 1));
}

#[tokio::test]
async fn it_is_done_only_to_what_stands_as_it_was_looked_at() {
    let mut two = Two::new().await;
    let (mut lost, mut worker) = (two.cell.worker().await, two.cell.worker().await);
    let claimed = two.claimed(&mut lost).await;
    assert_eq!(two.migrate(0).await, Migrated::Running);
    // What the worker still holds in memory when it is fenced is of the old version, and is never written.
    reap(&mut worker.0, lost.1, None).await.unwrap();
    assert_eq!(two.migrate(0).await, Migrated::Done);
    let late = step(&claimed, 1, Then::Hold);
    assert!(capstan_engine::store::commit::commit(&mut lost.0, lost.1, &[&late]).await.is_err());
    assert_eq!(two.migrate(0).await, Migrated::Changed, "it has the version already");
    (two.from, two.to) = (two.to, two.from);
    let claimed = two.claimed(&mut worker).await;
    assert_eq!(claimed.version_id, two.from.0);
    write(&mut worker, &[&step(&claimed, 1, PARK)]).await;
    assert_eq!(two.migrate(0).await, Migrated::Changed, "it has got on");
    assert_eq!(two.migrate(1).await, Migrated::Done);
    let told = of(&mut two.api, two.cell.workspace, two.id).await.unwrap();
    let positions: Vec<i32> = told.iter().map(|row| row.position).collect();
    assert_eq!((positions, told[1].by.as_str(), told[1].reason.as_deref()), (vec![0, 1], "ops", Some("corrected")));

    two.cell.signal(two.id.0).await;
    let claimed = two.claimed(&mut worker).await;
    write(&mut worker, &[&Commit { position: 2, ..step(&claimed, 2, end(true)) }]).await;
    (two.from, two.to) = (two.to, two.from);
    assert_eq!(two.migrate(2).await, Migrated::Changed, "it has ended");
    assert_eq!(two.cell.count(LEASES).await, 0);
}

#[tokio::test]
async fn nobody_migrates_what_is_not_his_nor_to_a_version_of_another_workflow() {
    let mut two = Two::new().await;
    let (own, migration) = (two.cell.workspace, two.migration(0));
    let mut stranger = api(&two.cell, WorkspaceId::new()).await;
    assert_eq!(migrate(&mut stranger, &[migration], WAIT_MS).await.unwrap(), [Migrated::Unknown]);
    two.to = VersionId(Uuid::now_v7());
    assert_eq!(two.migrate(0).await, Migrated::Unknown);
    let other = WorkflowId::new();
    workflow(&two.cell, other).await;
    two.cell
        .execute(&format!(
            "INSERT INTO workflow_versions (workspace_id, version_id, workflow_id, number, graph, semantics) \
             VALUES ('{own}', '{}', '{}', 1, '{{}}', 1)",
            two.to, other
        ))
        .await;
    assert_eq!(two.migrate(0).await, Migrated::Unknown);
    assert_eq!(two.cell.count(LEASES).await, 0);
}

#[tokio::test]
async fn an_execution_that_waited_at_a_gate_of_its_old_version_comes_to_those_of_the_new_one() {
    let mut two = Two::new().await;
    let (workspace, id) = (two.cell.workspace, two.id);
    for sql in [
        "DELETE FROM queue".to_owned(),
        format!(
            "INSERT INTO gated (workspace_id, gate, vt, execution_id) VALUES ('{workspace}', 'workspace', 1, '{id}')"
        ),
        // Left behind by a worker that was lost.
        format!("INSERT INTO slots VALUES ('{workspace}', 'workspace', '{id}')"),
    ] {
        two.cell.execute(&sql).await;
    }
    assert_eq!(two.migrate(0).await, Migrated::Done);
    let mut left = Vec::new();
    for table in ["gated", "slots", "queue"] {
        left.push(two.cell.count(&format!("SELECT count(*) FROM {table} WHERE execution_id = '{id}'")).await);
    }
    assert_eq!(left, [0, 0, 1], "neither a place nor a slot, but a token");
}
