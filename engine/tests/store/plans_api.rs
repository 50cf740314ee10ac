//! The plans of what people look at, under the API role's row-level security and in one month.

use capstan_engine::core::ids::ExecutionId;
use capstan_engine::store::connect::Role;
use capstan_engine::store::{activations, endings, executions, logs, signals};
use sqlx::PgConnection;
use uuid::Uuid;

use super::explain::{Plan, Plans};
use super::plans_data::{empty, fill};
use super::support::{Cell, run, send};

const PAGE: i64 = 20;

/// An execution of the cell's workspace in the month that has the newest, with its tables' suffix.
async fn newest(cell: &Cell) -> (ExecutionId, String) {
    let mut owner = cell.connect(Role::Owner).await;
    let (id, table): (Uuid, String) = sqlx::query_as(
        "SELECT execution_id, tableoid::regclass::text FROM executions WHERE workspace_id = $1 ORDER BY 1 DESC LIMIT 1",
    )
    .bind(cell.workspace.0)
    .fetch_one(&mut owner)
    .await
    .unwrap();
    (ExecutionId(id), table.strip_prefix("executions").unwrap().to_owned())
}

async fn read_all(cell: &Cell, api: &mut PgConnection, id: ExecutionId) {
    executions::find(api, cell.workspace, id).await.unwrap();
    executions::journal(api, cell.workspace, id, 0, 100).await.unwrap();
    logs::read(api, cell.workspace, id, Uuid::nil(), 100).await.unwrap();
    executions::list(api, cell.workspace, None, Some(false), ExecutionId(Uuid::max()), PAGE).await.unwrap();
    signals::pending(api, id).await.unwrap();
    endings::may_be_ending(api, cell.workspace, id).await.unwrap();
    endings::being_cancelled(api, cell.workspace, &[id.0]).await.unwrap();
    activations::of_execution(api, cell.workspace, id).await.unwrap();
}

async fn in_workspace(cell: &Cell, api: &mut PgConnection) {
    run(api, &format!("SELECT set_config('app.workspace_id', '{}', false)", cell.workspace)).await;
}

/// Reads with plans from when everything was empty, and again with fresh statistics.
async fn before_and_after_analyze(check: impl AsyncFn(&Cell, &mut PgConnection, &Plans)) {
    let cell = empty().await;
    let mut api = cell.connect(Role::Api).await;
    in_workspace(&cell, &mut api).await;
    for _ in 0..8 {
        read_all(&cell, &mut api, ExecutionId::new()).await;
    }
    fill(&cell).await;
    let plans = Plans::of(&mut api).await;
    check(&cell, &mut api, &plans).await;
    cell.execute("ANALYZE").await;
    plans.take();
    for _ in 0..2 {
        check(&cell, &mut api, &plans).await;
    }
    let mut fresh = cell.connect(Role::Api).await;
    in_workspace(&cell, &mut fresh).await;
    let plans = Plans::of(&mut fresh).await;
    check(&cell, &mut fresh, &plans).await;
}

fn assert_one_month(plan: &Plan, tables: &[&str], month: &str, rows_max: u64) {
    plan.assert_no_seq_scan();
    for relation in plan.relations() {
        let Some(table) = tables.iter().find(|table| relation.starts_with(*table)) else { continue };
        assert_eq!(relation, format!("{table}{month}"), "{plan:#?}");
    }
    for table in tables {
        let rows = plan.rows_seen(&format!("{table}{month}"));
        assert!((1..=rows_max).contains(&rows), "{rows} rows of {table}: {plan:#?}");
        assert!(plan.indexes().iter().any(|index| index.starts_with(&format!("{table}{month}_"))), "{plan:#?}");
    }
}

#[tokio::test]
async fn an_execution_is_found_by_key_in_one_month() {
    before_and_after_analyze(async |cell, api, plans| {
        let (id, month) = newest(cell).await;
        assert_eq!(executions::find(api, cell.workspace, id).await.unwrap().unwrap().status, "waiting");
        let plan = plans.take_one("FROM executions e");
        assert_one_month(&plan, &["executions", "journal"], &month, 1);
        assert!(plan.rows_seen("leases") <= 1 && plan.rows_seen("timers") <= 1, "{plan:#?}");
    })
    .await;
}

#[tokio::test]
async fn a_journal_and_logs_are_read_by_key_from_one_month() {
    before_and_after_analyze(async |cell, api, plans| {
        let (id, month) = newest(cell).await;
        assert_eq!(executions::journal(api, cell.workspace, id, 2, 100).await.unwrap().len(), 3);
        assert_one_month(&plans.take_one("FROM journal"), &["journal"], &month, 3);
        assert_eq!(logs::read(api, cell.workspace, id, Uuid::nil(), 100).await.unwrap().len(), 5);
        assert_one_month(&plans.take_one("FROM execution_logs"), &["execution_logs"], &month, 5);
    })
    .await;
}

#[tokio::test]
async fn who_worked_on_an_execution_is_read_from_one_month() {
    before_and_after_analyze(async |cell, api, plans| {
        let (id, month) = newest(cell).await;
        let found = activations::of_execution(api, cell.workspace, id).await.unwrap();
        assert!(found.iter().any(|activation| activation.first == Some(1)), "{found:?}");
        let plan = plans.take_one("WITH wrote");
        let journals = plan.relations().into_iter().filter(|relation| relation.starts_with("journal"));
        assert_eq!(journals.collect::<Vec<_>>(), [format!("journal{month}")]);
        assert!(plan.rows_seen(&format!("journal{month}")) <= 5, "{plan:#?}");
    })
    .await;
}

#[tokio::test]
async fn a_page_of_executions_reads_that_many_of_the_workspace_from_the_newest_month() {
    before_and_after_analyze(async |cell, api, plans| {
        let (_, month) = newest(cell).await;
        let page =
            executions::list(api, cell.workspace, None, Some(false), ExecutionId(Uuid::max()), PAGE).await.unwrap();
        assert_eq!(page.len(), 20);
        let plan = plans.take_one("FROM executions e");
        for table in ["executions", "leases", "timers"] {
            assert!(plan.rows_seen(table) <= 20, "{plan:#?}");
        }
        let found = plan.rows_seen(&format!("executions{month}"));
        assert!((20..=21).contains(&found), "{found}: {plan:#?}");
        assert!(plan.rows_seen(&format!("journal{month}")) <= 20, "{plan:#?}");
        assert!(plan.indexes().contains(&format!("executions{month}_workspace_id_execution_id_idx")), "{plan:#?}");
    })
    .await;
}

#[tokio::test]
async fn a_signal_is_sent_by_keys() {
    before_and_after_analyze(async |cell, api, plans| {
        let (id, month) = newest(cell).await;
        for _ in 0..6 {
            send(api, cell.workspace, id.0).await;
        }
        plans.take();
        send(api, cell.workspace, id.0).await;
        let all = plans.take();
        let look = all.iter().find(|plan| plan.query.contains("FROM executions e")).unwrap();
        assert_one_month(look, &["executions"], &month, 1);
        let count = all.iter().find(|plan| plan.query.contains("FROM signals s")).unwrap();
        assert!(count.rows_seen("signals") <= 50, "{count:#?}");
    })
    .await;
}

#[tokio::test]
async fn what_is_ending_is_looked_for_by_keys() {
    before_and_after_analyze(async |cell, api, plans| {
        let (id, month) = newest(cell).await;
        let journal = format!("journal{month}");
        assert!(endings::may_be_ending(api, cell.workspace, id).await.unwrap(), "it tells of a time that is over");
        let plan = plans.take_one("SELECT EXISTS");
        plan.assert_no_seq_scan();
        assert!(plan.rows_seen(&journal) <= 5 && plan.rows_seen("signals") <= 50, "{plan:#?}");
        let page =
            executions::list(api, cell.workspace, None, Some(false), ExecutionId(Uuid::max()), PAGE).await.unwrap();
        let ids: Vec<Uuid> = page.iter().map(|row| row.execution_id).collect();
        plans.take();
        let found = endings::being_cancelled(api, cell.workspace, &ids).await.unwrap();
        assert_eq!(found.len(), 0, "nobody cancelled them");
        let plan = plans.take_one("CROSS JOIN LATERAL");
        plan.assert_no_seq_scan();
        assert!(plan.rows_seen(&journal) <= 5 * ids.len() as u64, "{plan:#?}");
        let other: Vec<String> = plan.relations().into_iter().filter(|name| name.starts_with("journal")).collect();
        assert_eq!(other, [journal], "{plan:#?}");
    })
    .await;
}
