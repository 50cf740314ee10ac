use capstan_engine::core::ids::{ExecutionId, SignalId, WorkspaceId};
use capstan_engine::store::connect::Role;
use capstan_engine::store::orders::{Order, Ordered, What, give, lift_pause};
use sqlx::{Connection, PgConnection};

use super::support::{Cell, claim_all, run};

async fn api(cell: &Cell, workspace: WorkspaceId) -> PgConnection {
    let mut api = cell.connect(Role::Api).await;
    run(&mut api, &format!("SET app.workspace_id = '{workspace}'")).await;
    api
}

async fn say(api: &mut PgConnection, id: ExecutionId, what: What) -> Ordered {
    let paused = what == What::Pause;
    let order = Order { by: "ops".into(), reason: None, what };
    give(api, id, SignalId::new(), &order, paused).await.unwrap()
}

#[tokio::test]
async fn of_two_who_give_the_same_order_at_once_one_is_heard() {
    let cell = Cell::new().await;
    let id = cell.start(1).await[0];
    let (mut one, mut other) = (api(&cell, cell.workspace).await, api(&cell, cell.workspace).await);
    for what in [What::Pause, What::Resume] {
        let (first, second) = tokio::join!(say(&mut one, id, what.clone()), say(&mut other, id, what.clone()));
        let heard = [&first, &second].into_iter().filter(|ordered| **ordered == Ordered::Accepted).count();
        assert_eq!(heard, 1, "{what:?}: {first:?}, {second:?}");
    }
    assert_eq!(cell.count("SELECT count(*) FROM signals").await, 2);
    assert_eq!(cell.count("SELECT count(*) FROM queue").await, 3, "a token for each, beside that of the start");
    let mut worker = cell.worker().await;
    assert_eq!(claim_all(&mut worker).await.len(), 1);
}

#[tokio::test]
async fn an_order_waits_for_nobody_who_takes_in_the_last_one() {
    let cell = Cell::new().await;
    let id = cell.start(1).await[0];
    let (mut api, mut worker) = (api(&cell, cell.workspace).await, cell.worker().await);
    for what in [What::Pause, What::Resume] {
        assert_eq!(say(&mut api, id, what).await, Ordered::Accepted);
    }
    let mut taking = worker.0.begin().await.unwrap();
    sqlx::query("DELETE FROM signals WHERE name = '$pause'").execute(&mut *taking).await.unwrap();
    sqlx::query("SET lock_timeout = '10s'").execute(&mut api).await.unwrap();
    assert_eq!(say(&mut api, id, What::Pause).await, Ordered::Accepted);
    taking.commit().await.unwrap();
    assert_eq!(cell.count("SELECT count(*) FROM signals").await, 2, "the resume, and the second pause");
}

#[tokio::test]
async fn orders_are_for_executions_of_the_own_workspace_that_stand_as_they_should() {
    let cell = Cell::new().await;
    let id = cell.start(1).await[0];
    let (mut own, mut stranger) = (api(&cell, cell.workspace).await, api(&cell, WorkspaceId::new()).await);
    assert_eq!(say(&mut stranger, id, What::Pause).await, Ordered::Unknown);
    assert_eq!(say(&mut own, id, What::Resume).await, Ordered::Unfit("queued".into()));
    assert_eq!(say(&mut own, id, What::Pause).await, Ordered::Accepted);
    assert_eq!(say(&mut own, id, What::Pause).await, Ordered::Unfit("paused".into()));
    lift_pause(&mut stranger, id).await.unwrap();
    assert_eq!(cell.count("SELECT count(*) FROM executions WHERE status = 'paused'").await, 1);
    lift_pause(&mut own, id).await.unwrap();
    assert_eq!(say(&mut own, id, What::Resume).await, Ordered::Unfit("queued".into()));
    cell.execute("UPDATE executions SET status = 'failed', ended_at = now()").await;
    assert_eq!(say(&mut own, id, What::Pause).await, Ordered::Unfit("failed".into()));
}
