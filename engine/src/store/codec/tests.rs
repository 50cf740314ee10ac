//! Rows that are written and read back, and rows that are not for this build.

#![allow(clippy::unwrap_used, reason = "tests")]

use super::super::activations::Taken;
use super::*;

/// A row of step `a`.
fn row(kind: &str, status: Option<&str>) -> JournalRow {
    JournalRow {
        execution_id: Uuid::nil(),
        position: 1,
        kind: kind.into(),
        node_id: Some("a".into()),
        scope: String::new(),
        status: status.map(Into::into),
        port: None,
        attempts: None,
        output: None,
        detail: None,
        recorded_at: DateTime::UNIX_EPOCH,
    }
}

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
        let written = Row::of(&Entry { at: DateTime::UNIX_EPOCH, event: event.clone() });
        assert_eq!(written.detail.is_none(), more.is_empty(), "one port is written as ever");
        let read = JournalRow {
            port: written.port,
            attempts: written.attempts,
            output: written.output.map(|output| serde_json::from_str(&output).unwrap()),
            detail: written.detail.map(|detail| serde_json::from_str(&detail).unwrap()),
            ..row(written.kind, written.status)
        };
        assert_eq!(read.decode().unwrap().event, event);
    }
}

#[test]
fn what_only_a_newer_build_can_have_written_is_left_to_it() {
    let detail = json!({ "action": "undo", "by": "ada", "signal_id": Uuid::nil() });
    let row = |kind, status| JournalRow { detail: Some(detail.clone()), ..row(kind, status) };
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

#[test]
fn a_row_that_says_who_took_the_execution_up_is_the_same_entry() {
    let step = StepKey::root(NodeId::from("a"));
    let error = StepError { class: "busy".into(), reason: "come again".into() };
    let until = |signal: Option<&str>| Until { time: None, signal: signal.map(Into::into), child: None };
    for event in [
        Event::Started { step: step.clone() },
        Event::Waiting { step: step.clone(), until: until(Some("go")) },
        Event::Waiting { step: step.clone(), until: until(None) },
        Event::AttemptFailed { step, attempt: 1, error, retry_at: DateTime::UNIX_EPOCH },
        Event::Cancelled { reason: "enough".into(), forced: true, signal_id: None },
    ] {
        let mut written = Row::of(&Entry { at: DateTime::UNIX_EPOCH, event: event.clone() });
        written.say_taken(&Taken { worker: "one \"1\"", worker_no: 7, at: DateTime::UNIX_EPOCH });
        let detail: Value = serde_json::from_str(&written.detail.unwrap()).unwrap();
        assert_eq!(detail["lease"], json!({ "worker": "one \"1\"", "no": 7, "at": "1970-01-01T00:00:00Z" }));
        let read = JournalRow { attempts: written.attempts, detail: Some(detail), ..row(written.kind, written.status) };
        assert_eq!(read.decode().unwrap().event, event);
    }
}
