//! What a beat tells of work on the side, and that it looks at nothing else for that.

use capstan_engine::store::workers::beat;
use chrono::Utc;

use super::explain::Plans;
use super::plans_data::{ROWS, empty};
use super::support::Cell;

async fn agenda(cell: &Cell) -> capstan_engine::store::workers::Agenda {
    let (mut connection, worker_no) = cell.worker().await;
    beat(&mut connection, worker_no, 0, Utc::now(), false).await.unwrap().agenda
}

#[tokio::test]
async fn a_beat_tells_what_there_is_to_do() {
    let cell = Cell::new().await;
    let nothing = agenda(&cell).await;
    assert!(!nothing.limits && !nothing.lines && !nothing.pauses && !nothing.held, "{nothing:?}");
    assert!(!nothing.endpoints && !nothing.lanes && !nothing.events && !nothing.jobs, "{nothing:?}");
    assert_eq!((nothing.starts_ms, nothing.triggers_ms), (None, None));
    let id = "gen_random_uuid()";
    cell.execute(&format!(
        "INSERT INTO limits (workspace_id, name, slots_max) VALUES ({id}, 'workspace', 1); \
         INSERT INTO gated (workspace_id, gate, vt, execution_id) VALUES ({id}, 'workspace', 1, {id}); \
         INSERT INTO pauses (workspace_id, workflow_id, paused_by) VALUES ({id}, {id}, 'me'); \
         INSERT INTO held (workspace_id, workflow_id, execution_id) VALUES ({id}, {id}, {id}); \
         INSERT INTO events (workspace_id, event_id, client_id, type, key, data, depth) \
         VALUES ({id}, {id}, 'a', 'a', 'a', '1', 0); \
         INSERT INTO webhook_lanes (workspace_id, endpoint_id, failures, failing_since, due_at) \
         VALUES ({id}, {id}, 1, now(), now() + interval '1 hour')"
    ))
    .await;
    let all = agenda(&cell).await;
    assert!(all.limits && all.lines && all.pauses && all.held && all.events && all.lanes, "{all:?}");
    assert!(!all.endpoints && !all.jobs, "{all:?}");
}

#[tokio::test]
async fn an_agenda_is_one_step_into_each_index() {
    let cell = empty().await;
    let (mut connection, worker_no) = cell.worker().await;
    let id = "gen_random_uuid()";
    let rows = format!("generate_series(1, {ROWS}) n");
    cell.execute(&format!(
        "INSERT INTO limits (workspace_id, name, slots_max) SELECT {id}, 'workspace', 1 FROM {rows}; \
         INSERT INTO gated (workspace_id, gate, vt, execution_id) SELECT {id}, 'workspace', n, {id} FROM {rows}; \
         INSERT INTO pauses (workspace_id, workflow_id, paused_by) SELECT {id}, {id}, 'me' FROM {rows}; \
         INSERT INTO held (workspace_id, workflow_id, execution_id) SELECT {id}, {id}, {id} FROM {rows}; \
         INSERT INTO events (workspace_id, event_id, client_id, type, key, data, depth, status) \
         SELECT {id}, {id}, 'a', 'a', 'a', '1', 0, 'done' FROM {rows}; \
         INSERT INTO webhook_lanes (workspace_id, endpoint_id, due_at) SELECT {id}, {id}, 'infinity' FROM {rows}"
    ))
    .await;
    let plans = Plans::of(&mut connection).await;
    for _ in 0..2 {
        plans.take();
        beat(&mut connection, worker_no, 0, Utc::now(), false).await.unwrap();
        let tables = [
            "limits",
            "gated",
            "pauses",
            "held",
            "pending_starts",
            "schedules",
            "trigger_starts",
            "webhook_endpoints",
            "webhook_lanes",
            "events",
            "bulk_jobs",
        ];
        let all = plans.take();
        for table in tables {
            let looks: Vec<_> = all.iter().filter(|plan| plan.relations().iter().any(|name| name == table)).collect();
            assert!(!looks.is_empty(), "nothing looks at {table}: {all:#?}");
            for plan in looks {
                plan.assert_no_seq_scan();
                assert!(plan.rows_seen(table) <= 1, "{table}: {plan:#?}");
            }
        }
        cell.execute("ANALYZE").await;
    }
}
