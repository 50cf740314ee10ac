//! What is told of beginnings and steps: with the commit that it is of, and only where somebody wants to hear of it.

use capstan_engine::core::ids::StepKey;
use capstan_engine::core::journal::{Entry, Event};
use capstan_engine::core::outcome::Until;
use capstan_engine::store::codec::Row;
use capstan_engine::store::commit::{Commit, Then, commit};
use capstan_engine::store::facts::{TYPES, Wanted, all};
use chrono::Utc;
use serde_json::{Value, json};

use super::support::{Cell, end, settled, step, write};

/// All of these facts.
fn everything() -> Wanted {
    Wanted::of(&TYPES.map(String::from))
}

fn waiting(node: &str) -> Entry {
    let until = Until { time: Some(Utc::now()), signal: None, child: None };
    Entry { at: Utc::now(), event: Event::Waiting { step: StepKey::root(node.into()), until } }
}

/// Types and payloads of the facts of an execution, in order.
async fn told(cell: &Cell, commit: &Commit) -> Vec<(String, Value)> {
    let sql =
        "SELECT type, payload FROM outbox WHERE aggregate_id = $1 AND type <> 'execution.completed' ORDER BY event_id";
    let mut owner = cell.connect(capstan_engine::store::connect::Role::Owner).await;
    sqlx::query_as(sql).bind(commit.execution_id.0).fetch_all(&mut owner).await.unwrap()
}

#[tokio::test]
async fn a_commit_tells_what_is_wanted_of_its_rows_and_nothing_else() {
    let cell = Cell::new().await;
    let mut worker = cell.worker().await;
    let claimed = cell.leased(&mut worker).await;
    let rows = |entries: &[Entry]| entries.iter().map(Row::of).collect::<Vec<_>>();
    let mut first = Commit { rows: rows(&[settled("a", json!(1)), waiting("b")]), ..step(&claimed, 1, Then::Hold) };
    first.tell(everything(), 1);
    write(&mut worker, &[&first]).await;
    let mut last = Commit { rows: rows(&[settled("b", json!(2))]), ..step(&claimed, 3, end(true)) };
    last.tell(Wanted::of(&["step.failed".into()]), 1);
    write(&mut worker, &[&last]).await;
    let expected = [
        ("execution.started".to_owned(), json!({})),
        ("step.completed".to_owned(), json!({ "position": 1 })),
        ("step.waiting".to_owned(), json!({ "position": 2 })),
    ];
    assert_eq!(told(&cell, &first).await, expected);
}

#[tokio::test]
async fn what_ends_at_once_has_begun_and_what_is_written_already_tells_nothing_again() {
    let cell = Cell::new().await;
    let mut worker = cell.worker().await;
    let claimed = cell.leased(&mut worker).await;
    let mut at_once = Commit { rows: Vec::new(), ..step(&claimed, 1, end(false)) };
    at_once.tell(everything(), 1);
    assert!(at_once.without_rows().family.facts.is_empty());
    write(&mut worker, &[&at_once]).await;
    assert_eq!(told(&cell, &at_once).await, [("execution.started".to_owned(), json!({}))]);
    // Its lease went with it: the same commit is refused, and tells nothing.
    commit(&mut worker.0, worker.1, &[&at_once]).await.unwrap();
    assert_eq!(told(&cell, &at_once).await.len(), 1);
}

#[tokio::test]
async fn it_is_counted_how_often_it_changes_who_wants_to_hear() {
    let cell = Cell::new().await;
    let (mut connection, _) = cell.worker().await;
    let nobody = all(&mut connection).await.unwrap();
    assert!(nobody.of.is_empty());
    let endpoint = |types: &str| {
        format!(
            "INSERT INTO webhook_endpoints (workspace_id, endpoint_id, url, types, concurrency) \
             VALUES (gen_random_uuid(), gen_random_uuid(), 'u', '{types}', 1)"
        )
    };
    cell.execute(&endpoint("{*,execution.*,order.paid}")).await;
    assert_eq!(all(&mut connection).await.unwrap(), nobody, "who gets everything else changes nothing");
    cell.execute(&endpoint("{order.paid,step.*}")).await;
    let some = all(&mut connection).await.unwrap();
    let steps = Wanted::of(&["step.*".into()]);
    assert_eq!((some.no, some.of.values().copied().collect::<Vec<_>>()), (nobody.no + 1, vec![steps]));
    cell.execute("UPDATE webhook_endpoints SET status = 'disabled' WHERE 'step.*' = ANY (types)").await;
    let none = all(&mut connection).await.unwrap();
    assert_eq!((none.no, none.of.len()), (nobody.no + 2, 0));
    cell.execute(
        "INSERT INTO event_triggers (workspace_id, workflow_id, node_id, version_id, type, start_within_ms) \
         SELECT gen_random_uuid(), gen_random_uuid(), 'n', gen_random_uuid(), t.type, 1 \
           FROM unnest(ARRAY['order.paid', 'execution.started']) AS t (type)",
    )
    .await;
    let begun = all(&mut connection).await.unwrap();
    let started = Wanted::of(&["execution.started".into()]);
    assert_eq!((begun.no, begun.of.values().copied().collect::<Vec<_>>()), (nobody.no + 3, vec![started]));
    cell.execute("DELETE FROM event_triggers").await;
    assert_eq!(all(&mut connection).await.unwrap().no, nobody.no + 4);
}
