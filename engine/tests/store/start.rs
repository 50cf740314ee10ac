use std::collections::HashSet;

use capstan_engine::core::ids::ExecutionId;
use capstan_engine::store::connect::Role;
use capstan_engine::store::error::StoreError;
use capstan_engine::store::start::{Start, Started, start};
use serde_json::json;
use tokio::task::JoinSet;
use uuid::Uuid;

use super::support::{Cell, new_start};

fn keyed(cell: &Cell, key: &str) -> Start {
    Start { idempotency_key: Some(key.to_owned().into()), ..new_start(cell.workspace) }
}

#[tokio::test]
async fn one_key_posted_by_twenty_connections_at_once_starts_one_execution() {
    let cell = Cell::new().await;
    let mut posts = JoinSet::new();
    for _ in 0..20 {
        let (mut connection, item) = (cell.connect(Role::Starter).await, keyed(&cell, "k"));
        posts.spawn(async move { start(&mut connection, &[item]).await.unwrap().started[0] });
    }
    let answers = posts.join_all().await;
    let new = answers.iter().filter(|answer| matches!(answer, Started::New(_))).count();
    let ids: HashSet<ExecutionId> = answers
        .iter()
        .map(|answer| match answer {
            Started::New(id) | Started::Replayed(id) => *id,
            Started::Conflict => panic!("the same request is no conflict"),
        })
        .collect();
    assert_eq!((new, ids.len()), (1, 1));
    assert_eq!(cell.count("SELECT count(*) FROM executions").await, 1);
    assert_eq!(cell.count("SELECT count(*) FROM queue").await, 1);
}

#[tokio::test]
async fn a_key_with_another_body_is_a_conflict_and_starts_nothing() {
    let cell = Cell::new().await;
    let first = cell.start_all(&[keyed(&cell, "k")]).await;
    let other = Start { input: json!({ "n": 2 }), ..keyed(&cell, "k") };
    let mut starter = cell.connect(Role::Starter).await;
    let answers = start(&mut starter, &[other, keyed(&cell, "k"), keyed(&cell, "other")]).await.unwrap().started;
    assert_eq!(answers[..2], [Started::Conflict, Started::Replayed(first[0])]);
    assert!(matches!(answers[2], Started::New(_)));
    assert_eq!(cell.count("SELECT count(*) FROM executions").await, 2);
}

#[tokio::test]
async fn a_batch_may_hold_one_key_twice() {
    let cell = Cell::new().await;
    let (first, second) = (keyed(&cell, "k"), keyed(&cell, "k"));
    let third = Start { input: json!("other"), ..keyed(&cell, "k") };
    let mut starter = cell.connect(Role::Starter).await;
    let answers = start(&mut starter, &[first.clone(), second, third]).await.unwrap().started;
    let id = first.execution_id;
    assert_eq!(answers, [Started::New(id), Started::Replayed(id), Started::Conflict]);
    assert_eq!(cell.count("SELECT count(*) FROM executions").await, 1);
}

#[tokio::test]
async fn keys_belong_to_their_workspace() {
    let cell = Cell::new().await;
    let theirs = Start {
        idempotency_key: Some("k".to_owned().into()),
        ..new_start(capstan_engine::core::ids::WorkspaceId::new())
    };
    assert_eq!(cell.start_all(&[keyed(&cell, "k"), theirs]).await.len(), 2);
}

#[tokio::test]
async fn a_start_with_a_key_may_be_repeated_whole_after_its_answer_was_lost() {
    let cell = Cell::new().await;
    let batch = [keyed(&cell, "a"), keyed(&cell, "b")];
    let ids = cell.start_all(&batch).await;
    let mut starter = cell.connect(Role::Starter).await;
    let again = start(&mut starter, &[batch[0].clone(), batch[1].clone(), keyed(&cell, "c")]).await.unwrap().started;
    assert_eq!(again[..2], [Started::Replayed(ids[0]), Started::Replayed(ids[1])]);
    assert!(matches!(again[2], Started::New(_)));
    assert_eq!(cell.count("SELECT count(*) FROM queue").await, 3);
}

#[tokio::test]
async fn an_execution_id_outside_of_the_months_is_refused_and_starts_nothing_of_the_batch() {
    let cell = Cell::new().await;
    let lost = Start { execution_id: ExecutionId(Uuid::nil()), ..new_start(cell.workspace) };
    let mut starter = cell.connect(Role::Starter).await;
    let error = start(&mut starter, &[keyed(&cell, "k"), lost]).await.unwrap_err();
    assert!(matches!(error, StoreError::Data(_)), "{error:?}");
    assert!(error.is_month_missing(), "{error}");
    assert!(error.to_string().contains("no partition of relation \"executions\""), "{error}");
    assert_eq!(cell.count("SELECT count(*) FROM executions").await, 0);
    assert_eq!(cell.count("SELECT count(*) FROM idempotency_keys").await, 0);
}

#[tokio::test]
async fn an_input_with_a_nul_is_a_data_error() {
    let cell = Cell::new().await;
    let item = Start { input: json!("a\u{0}b"), ..new_start(cell.workspace) };
    let error = start(&mut cell.connect(Role::Starter).await, &[item]).await.unwrap_err();
    assert!(matches!(error, StoreError::Data(_)), "{error:?}");
}

#[tokio::test]
async fn an_empty_batch_starts_nothing() {
    let cell = Cell::new().await;
    assert!(start(&mut cell.connect(Role::Starter).await, &[]).await.unwrap().started.is_empty());
}

#[tokio::test]
async fn a_start_is_stamped_with_the_front_if_it_asks_for_less() {
    let cell = Cell::new().await;
    cell.execute("UPDATE queue_front SET vt = 700").await;
    let items = [Start { vt: 5, ..new_start(cell.workspace) }, Start { vt: 900, ..new_start(cell.workspace) }];
    let reply = start(&mut cell.connect(Role::Starter).await, &items).await.unwrap();
    assert_eq!(reply.front, 700);
    assert_eq!(cell.count("SELECT min(vt) FROM queue").await, 700);
    assert_eq!(cell.count("SELECT max(vt) FROM queue").await, 900);
}

#[tokio::test]
async fn the_starter_can_do_nothing_but_start_and_spend_quota() {
    let cell = Cell::new().await;
    cell.start(1).await;
    let mut owner = cell.connect(Role::Owner).await;
    let tables: Vec<String> = sqlx::query_scalar(
        "SELECT quote_ident(c.relname) FROM pg_class c \
         WHERE c.relnamespace = 'cell_1'::regnamespace AND c.relkind IN ('r', 'p', 'v')",
    )
    .fetch_all(&mut owner)
    .await
    .unwrap();
    assert!(tables.len() > 30);
    let mut starter = cell.connect(Role::Starter).await;
    for table in tables {
        for sql in [format!("SELECT FROM {table}"), format!("DELETE FROM {table}")] {
            let refused = sqlx::query(&sql).execute(&mut starter).await.unwrap_err();
            assert_eq!(refused.as_database_error().unwrap().code().unwrap(), "42501", "{sql}: {refused}");
        }
    }
    let functions: Vec<String> = sqlx::query_scalar(
        "SELECT p.proname FROM pg_proc p WHERE p.pronamespace = 'cell_1'::regnamespace \
         AND has_function_privilege('capstan_starter', p.oid, 'EXECUTE') ORDER BY 1",
    )
    .fetch_all(&mut owner)
    .await
    .unwrap();
    assert_eq!(
        functions,
        [
            "note_usage_1",
            "return_slice_1",
            "settle_slices_1",
            "start_1",
            "start_2",
            "start_flow_1",
            "take_slice_1",
            "take_slice_2"
        ]
    );
}
