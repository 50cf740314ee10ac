use capstan_engine::core::ids::{ExecutionId, SignalId};
use capstan_engine::store::connect::Role;
use capstan_engine::store::signals::{CANCEL, SIGNALS_PENDING_MAX, Sent, pending, send};
use serde_json::json;

use super::support::{Cell, end, step, write};

#[tokio::test]
async fn a_signal_repeated_with_its_id_waits_once_and_wakes_again() {
    let cell = Cell::new().await;
    let id = cell.start(1).await[0];
    let mut sender = cell.connect(Role::Worker).await;
    let signal_id = SignalId::new();
    for (payload, verdict) in [(1, Sent::Accepted), (1, Sent::Accepted), (2, Sent::Conflict)] {
        let sent = send(&mut sender, cell.workspace, id, signal_id, "go", &json!(payload)).await.unwrap();
        assert_eq!(sent, verdict);
    }
    let waiting = pending(&mut sender, id).await.unwrap();
    assert_eq!(waiting.iter().map(|waiting| waiting.payload.clone()).collect::<Vec<_>>(), [json!(1)]);
}

#[tokio::test]
async fn signals_are_bounded_and_a_repeated_one_is_still_accepted() {
    let cell = Cell::new().await;
    let id = cell.start(1).await[0];
    cell.execute(&format!(
        "INSERT INTO signals (execution_id, signal_id, workspace_id, name, payload) \
         SELECT '{id}', md5(n::text)::uuid, '{}', 'go', '1' FROM generate_series(2, {SIGNALS_PENDING_MAX}) n",
        cell.workspace
    ))
    .await;
    let mut sender = cell.connect(Role::Worker).await;
    let last = SignalId::new();
    for (signal_id, expected) in [(last, Sent::Accepted), (SignalId::new(), Sent::Full), (last, Sent::Accepted)] {
        let sent = send(&mut sender, cell.workspace, id, signal_id, "go", &json!(1)).await.unwrap();
        assert_eq!(sent, expected);
    }
    assert_eq!(cell.count("SELECT count(*) FROM signals").await, i64::from(SIGNALS_PENDING_MAX));
}

#[tokio::test]
async fn what_a_step_waits_for_has_room_however_much_else_nobody_takes() {
    let cell = Cell::new().await;
    let id = cell.start(1).await[0];
    let workspace = cell.workspace;
    for name in ["note", "news"] {
        cell.execute(&format!(
            "INSERT INTO signals (execution_id, signal_id, workspace_id, name, payload) \
             SELECT '{id}', md5('{name}' || n)::uuid, '{workspace}', '{name}', '1' \
               FROM generate_series(1, {SIGNALS_PENDING_MAX}) n"
        ))
        .await;
    }
    let entry = |position: u32, kind: &str, node: &str, detail: &str| {
        format!(
            "INSERT INTO journal (execution_id, position, workspace_id, lease_no, kind, node_id, scope, detail, recorded_at) \
             VALUES ('{id}', {position}, '{workspace}', 1, '{kind}', '{node}', '', {detail}, now())"
        )
    };
    cell.execute(&entry(1, "waiting", "pay", "'{\"signal\": \"paid\"}'")).await;
    cell.execute(&entry(2, "waiting", "ship", "'{\"signal\": \"shipped\"}'")).await;
    let mut sender = cell.connect(Role::Api).await;
    sqlx::query("SELECT set_config('app.workspace_id', $1, false)")
        .bind(workspace.to_string())
        .execute(&mut sender)
        .await
        .unwrap();
    let sent =
        async |sender: &mut _, name: &str| send(sender, workspace, id, SignalId::new(), name, &json!(1)).await.unwrap();
    assert_eq!(sent(&mut sender, "other").await, Sent::Full);
    assert_eq!(sent(&mut sender, "note").await, Sent::Full);
    for _ in 0..SIGNALS_PENDING_MAX {
        assert_eq!(sent(&mut sender, "paid").await, Sent::Accepted);
    }
    assert_eq!(sent(&mut sender, "paid").await, Sent::Full, "it has a bound of its own");
    assert_eq!(sent(&mut sender, "$approval:ask").await, Sent::Accepted);
    assert_eq!(sent(&mut sender, "shipped").await, Sent::Accepted);
    // The step goes on: nobody waits for it any more.
    cell.execute(&entry(3, "signalled", "ship", "'{\"signal_id\": \"00000000-0000-0000-0000-000000000001\"}'")).await;
    assert_eq!(sent(&mut sender, "shipped").await, Sent::Full);
}

#[tokio::test]
async fn signals_that_nobody_takes_leave_room_for_others_and_for_a_cancel() {
    let cell = Cell::new().await;
    let id = cell.start(1).await[0];
    for name in ["note", "news"] {
        cell.execute(&format!(
            "INSERT INTO signals (execution_id, signal_id, workspace_id, name, payload) \
             SELECT '{id}', md5('{name}' || n)::uuid, '{}', '{name}', '1' FROM generate_series(1, {}) n",
            cell.workspace,
            SIGNALS_PENDING_MAX - 1
        ))
        .await;
    }
    let mut sender = cell.connect(Role::Worker).await;
    let sends = [
        ("note", Sent::Accepted),
        ("note", Sent::Full),
        ("reply", Sent::Accepted),
        ("reply", Sent::Full),
        ("news", Sent::Full),
        (CANCEL, Sent::Accepted),
    ];
    for (name, expected) in sends {
        let sent = send(&mut sender, cell.workspace, id, SignalId::new(), name, &json!(1)).await.unwrap();
        assert_eq!(sent, expected, "{name}");
    }
}

#[tokio::test]
async fn a_signal_to_an_ended_or_unknown_execution_is_not_stored() {
    let cell = Cell::new().await;
    let mut worker = cell.worker().await;
    let claimed = cell.leased(&mut worker).await;
    write(&mut worker, &[&step(&claimed, 1, end(false))]).await;
    assert_eq!(cell.signal(claimed.execution_id).await, Sent::Ended);
    assert_eq!(cell.signal(ExecutionId::new().0).await, Sent::Unknown);
    assert_eq!(cell.count("SELECT count(*) FROM signals").await, 0);
    assert_eq!(cell.count("SELECT count(*) FROM queue").await, 0);
}
