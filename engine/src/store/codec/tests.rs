//! Rows that are written and read back, and rows that are not for this build.

#![allow(clippy::unwrap_used, reason = "tests")]

use super::*;

#[test]
fn the_ports_of_a_step_are_read_back_and_old_rows_have_one() {
    let step = StepKey::root(NodeId::from("a"));
    let settled = |more: &[&str]| Settlement {
        status: SettledStatus::Completed,
        port: Some("large".into()),
        more_ports: more.iter().map(|&port| port.into()).collect(),
        output: json!(1),
        error: None,
        attempts: 1,
        closed_edges: Vec::new(),
        failed_items: 0,
    };
    for more in [&["foreign", "late"][..], &[]] {
        let event = Event::Settled { step: step.clone(), settlement: settled(more) };
        let row = Row::of(&Entry { at: DateTime::UNIX_EPOCH, event: event.clone() });
        assert_eq!(row.detail.is_none(), more.is_empty(), "one port is written as ever");
        let read = JournalRow {
            execution_id: Uuid::nil(),
            position: 1,
            kind: row.kind.into(),
            node_id: Some("a".into()),
            scope: String::new(),
            status: row.status.map(Into::into),
            port: row.port,
            attempts: row.attempts,
            output: row.output.map(|output| serde_json::from_str(&output).unwrap()),
            detail: row.detail.map(|detail| serde_json::from_str(&detail).unwrap()),
            recorded_at: DateTime::UNIX_EPOCH,
        };
        assert_eq!(read.decode().unwrap().event, event);
    }
}

#[test]
fn what_only_a_newer_build_can_have_written_is_left_to_it() {
    let row = |kind: &str, status: Option<&str>| JournalRow {
        execution_id: Uuid::nil(),
        position: 1,
        kind: kind.into(),
        node_id: Some("a".into()),
        scope: String::new(),
        status: status.map(Into::into),
        port: None,
        attempts: None,
        output: None,
        detail: Some(json!({ "action": "undo", "by": "ada", "signal_id": Uuid::nil() })),
        recorded_at: DateTime::UNIX_EPOCH,
    };
    for (row, newer) in [
        (row("teleported", None), true),
        (row("settled", Some("doubted")), true),
        (row("resolved", None), true),
        (row("settled", None), false),
        (row("opened", None), false),
    ] {
        let kind = row.kind.clone();
        let unread = row.decode().unwrap_err();
        assert_eq!(
            matches!(&unread, StoreError::Unsupported(why) if why.contains("needs a newer build")),
            newer,
            "{kind}"
        );
        assert_eq!(matches!(unread, StoreError::Corrupt(_)), !newer, "{kind}");
    }
}
