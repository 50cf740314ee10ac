//! Turns of workspaces, where one of them has far more to do than workers manage.

use capstan_domain::{events, trigger_starts};
use capstan_engine::store::connect::Role;

use crate::support::Cell;

/// More than one look sees of what is oldest.
const BURST: i32 = 2_500;
/// The workspace with a burst; that of a newcomer has a higher id, so that neither age nor order favours it.
const BUSY: &str = "01000000-0000-7000-8000-000000000000";
const NEW: &str = "02000000-0000-7000-8000-000000000000";

#[tokio::test]
async fn starts_of_a_workspace_have_a_turn_though_another_one_has_thousands_that_are_older() {
    let cell = Cell::new().await;
    cell.run(&format!(
        "INSERT INTO trigger_starts (workspace_id, workflow_id, node_id, subject, version_id, cause, at, due_at, until_at, status, \
           input, depth) \
         SELECT CASE n WHEN 0 THEN '{NEW}' ELSE '{BUSY}' END::uuid, gen_random_uuid(), 'start', n::text, gen_random_uuid(), 'event', \
           now(), now() - n * interval '1 millisecond', now() + interval '1 hour', 'due', '{{}}', 0 \
           FROM generate_series(0, {BURST}) AS n"
    ))
    .await;
    let mut worker = cell.place.connect(Role::Worker).await.unwrap();
    let found = trigger_starts::candidates(&mut worker, 0).await.unwrap();
    let first: Vec<String> = found[..3].iter().map(|key| key.workspace_id.to_string()).collect();
    assert_eq!(first, [BUSY, NEW, BUSY]);
    // The rest is found behind those that others have.
    let behind = trigger_starts::candidates(&mut worker, found.len() as i64).await.unwrap();
    assert!(!behind.is_empty() && behind.iter().all(|key| !found.contains(key)));
}

#[tokio::test]
async fn events_of_a_workspace_have_a_turn_though_another_one_has_thousands_that_are_older() {
    let cell = Cell::new().await;
    cell.run(&format!(
        "INSERT INTO event_triggers (workspace_id, workflow_id, node_id, version_id, type, start_within_ms) \
         SELECT w::uuid, gen_random_uuid(), 'start', gen_random_uuid(), 'go', 1 FROM unnest(ARRAY['{BUSY}', '{NEW}']) AS w; \
         INSERT INTO event_turns (workspace_id, event_id, type, key, due_at) \
         SELECT CASE n WHEN 0 THEN '{NEW}' ELSE '{BUSY}' END::uuid, gen_random_uuid(), 'go', '', now() - n * interval '1 millisecond' \
           FROM generate_series(0, {BURST}) AS n; \
         INSERT INTO event_arrivals (workspace_id, xid, events, due_at) \
         SELECT CASE n WHEN 0 THEN '{NEW}' ELSE '{BUSY}' END::uuid, (n + 1)::text::xid8, 10, now() - n * interval '1 millisecond' \
           FROM generate_series(0, 50) AS n"
    ))
    .await;
    let mut worker = cell.place.connect(Role::Worker).await.unwrap();
    let passed = events::pass_by(&mut worker).await.unwrap().unwrap();
    let of = |at: usize, workspace: &str| format!("{:?}", passed.left[at]).contains(workspace);
    assert!(of(0, BUSY) && of(1, NEW) && of(2, BUSY), "{:?}", &passed.left[..3]);
    assert!(passed.is_more);
    let left = |workspace: &str| format!("SELECT count(*) FROM event_arrivals WHERE workspace_id = '{workspace}'");
    assert_eq!((cell.count(&left(NEW)).await, cell.count(&left(BUSY)).await), (0, 29));
}
