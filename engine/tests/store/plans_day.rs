//! The plans of what sums of days read: a range of the index of a workspace, in one month.

use capstan_engine::core::ids::WorkspaceId;
use capstan_engine::store::connect::Role;
use capstan_engine::store::day::{count_page, held_months, id_floor, next_workspace};
use capstan_engine::store::watching::{
    failing_workspaces, newest, often_failed, oldest_waiting, open_page, sample, still_open,
};
use chrono::{DateTime, Datelike, Days, Months, NaiveTime, Utc};
use sqlx::PgConnection;
use uuid::Uuid;

use super::explain::Plans;
use super::plans_data::{empty, fill};
use super::support::Cell;

/// Executions of the cell's workspace in a month, as `fill` has them.
const OF_WORKSPACE: i64 = 50;
const PAGE: i64 = 20;

type Month = (DateTime<Utc>, DateTime<Utc>);

/// The month of an execution of the cell's workspace, with its tables' suffix.
async fn month(cell: &Cell) -> (Month, String) {
    let mut owner = cell.connect(Role::Owner).await;
    let id = "SELECT execution_id, tableoid::regclass::text FROM executions WHERE workspace_id = $1 LIMIT 1";
    let (id, table): (Uuid, String) = sqlx::query_as(id).bind(cell.workspace.0).fetch_one(&mut owner).await.unwrap();
    let day = DateTime::from_timestamp_millis(i64::try_from(id.as_u128() >> 80).unwrap()).unwrap().date_naive();
    let first = day - Days::new(day.day0().into());
    let at = |day: chrono::NaiveDate| day.and_time(NaiveTime::MIN).and_utc();
    ((at(first), at(first + Months::new(1))), table.strip_prefix("executions").unwrap().to_owned())
}

async fn pages(cell: &Cell, worker: &mut PgConnection, month: Month) -> (i64, i64) {
    let (mut after, mut pages, mut started) = (id_floor(month.0), 0, 0);
    loop {
        let page = count_page(worker, cell.workspace, after, id_floor(month.1), PAGE).await.unwrap();
        (pages, started) = (pages + 1, started + page.started);
        let Some(last) = page.last else { return (pages, started) };
        after = last;
    }
}

#[tokio::test]
async fn a_page_of_a_stretch_is_that_many_entries_of_one_index_of_one_month() {
    let cell = empty().await;
    let mut worker = cell.connect(Role::Worker).await;
    // Plans from when everything was empty.
    let early = (Utc::now() - Months::new(1), Utc::now());
    for _ in 0..8 {
        pages(&cell, &mut worker, early).await;
        next_workspace(&mut worker, Uuid::nil(), early).await.unwrap();
    }
    fill(&cell).await;
    let (month, suffix) = month(&cell).await;
    let plans = Plans::of(&mut worker).await;
    for _ in 0..2 {
        plans.take();
        assert_eq!(pages(&cell, &mut worker, month).await, (4, OF_WORKSPACE));
        for plan in plans.take() {
            plan.assert_no_seq_scan();
            assert!(plan.rows_seen(&format!("executions{suffix}")) <= 20, "{plan:#?}");
            let executions: Vec<_> =
                plan.relations().into_iter().filter(|name| name.starts_with("executions")).collect();
            assert_eq!(executions, [format!("executions{suffix}")], "{plan:#?}");
            let index = format!("executions{suffix}_workspace_id_execution_id_idx");
            assert!(plan.indexes().contains(&index), "{plan:#?}");
        }
        let mut after = Uuid::nil();
        let mut found = Vec::new();
        while let Some(workspace) = next_workspace(&mut worker, after, month).await.unwrap() {
            after = workspace.0;
            found.push(workspace);
        }
        assert!(found.len() == 100 && found.contains(&cell.workspace) && found.is_sorted_by_key(|one| one.0));
        for plan in plans.take() {
            plan.assert_no_seq_scan();
            assert!(plan.rows_seen(&format!("executions{suffix}")) <= 1, "{plan:#?}");
        }
        cell.execute("ANALYZE").await;
    }
}

#[tokio::test]
async fn what_alerts_look_at_is_a_page_of_one_index_in_each_month_that_it_reaches() {
    let cell = empty().await;
    let mut worker = cell.connect(Role::Worker).await;
    for _ in 0..8 {
        newest(&mut worker, cell.workspace, Uuid::nil(), Uuid::nil(), PAGE).await.unwrap();
        failing_workspaces(&mut worker, Uuid::nil(), PAGE).await.unwrap();
        often_failed(&mut worker, &[Uuid::nil()], &[Utc::now()], &[1]).await.unwrap();
        sample(&mut worker, cell.workspace, None, Uuid::nil(), Utc::now(), PAGE).await.unwrap();
        open_page(&mut worker, cell.workspace, None, Uuid::nil(), Uuid::max(), PAGE).await.unwrap();
        still_open(&mut worker, cell.workspace, &[Uuid::nil()]).await.unwrap();
    }
    fill(&cell).await;
    cell.execute(
        "INSERT INTO outbox (event_id, workspace_id, type, aggregate_id, payload) \
         SELECT e.execution_id, e.workspace_id, 'execution.failed', e.execution_id, '{}' FROM executions e",
    )
    .await;
    let (month, suffix) = month(&cell).await;
    let (after, end) = (id_floor(month.0), id_floor(month.1));
    let plans = Plans::of(&mut worker).await;
    for _ in 0..2 {
        plans.take();
        let page = open_page(&mut worker, cell.workspace, None, after, end, PAGE).await.unwrap();
        assert_eq!((page.looked_at, page.open.len(), page.last), (PAGE, 20, page.open.last().copied()));
        let one = page.open[7];
        assert_eq!(still_open(&mut worker, cell.workspace, &[one]).await.unwrap(), [one]);
        // The workflow of an execution that `fill` makes has its id.
        let found = newest(&mut worker, cell.workspace, one, after, OF_WORKSPACE * 3).await.unwrap();
        assert_eq!(found.found, Some(one));
        let of_one = sample(&mut worker, cell.workspace, Some(one), after, month.0, PAGE).await.unwrap();
        assert_eq!((of_one.looked_at, of_one.completed, of_one.failed), (PAGE, 0, 0), "{of_one:?}");
        for plan in plans.take() {
            plan.assert_no_seq_scan();
            assert!(plan.rows_seen(&format!("executions{suffix}")) <= OF_WORKSPACE.unsigned_abs(), "{plan:#?}");
        }
        let all = failing_workspaces(&mut worker, Uuid::nil(), 1_000).await.unwrap();
        assert!(all.len() == 100 && all.is_sorted_by_key(|one| one.0.0));
        assert!(all.iter().any(|one| one.0 == cell.workspace));
        assert_eq!(failing_workspaces(&mut worker, all[9].0.0, PAGE).await.unwrap(), all[10..30]);
        let since = Utc::now() - Days::new(1);
        let often = often_failed(&mut worker, &[cell.workspace.0; 3], &[since; 3], &[1, 100, 101]).await.unwrap();
        assert_eq!(often, [true, true, false]);
        for plan in plans.take() {
            plan.assert_no_seq_scan();
            assert!(plan.rows_seen("outbox") <= 1 + 100 + 100, "{plan:#?}");
        }
        let all = oldest_waiting(&mut worker, 1_000).await.unwrap();
        assert_eq!((all.len(), all[0].2), (50, 1_000));
        let plan = plans.take_one("FROM queue q");
        plan.assert_no_seq_scan();
        assert!(plan.rows_seen("queue") <= 2_001, "{plan:#?}");
        cell.execute("ANALYZE").await;
    }
}

#[tokio::test]
async fn months_that_are_held_are_those_of_the_partitions() {
    let cell = Cell::new().await;
    let mut worker = cell.connect(Role::Worker).await;
    let held = held_months(&mut worker).await.unwrap();
    let expected: Vec<_> = (0..4).map(|ahead| held[0] + Months::new(ahead)).collect();
    assert_eq!(held, expected);
    let today = Utc::now().date_naive();
    // One that has ended meanwhile is the last one by now.
    assert!(held[1..3].contains(&(today - Days::new(today.day0().into()))), "{held:?}");
    let none = next_workspace(&mut worker, Uuid::nil(), (Utc::now(), Utc::now())).await.unwrap();
    assert_eq!(none, None::<WorkspaceId>);
}
