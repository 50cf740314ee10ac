//! What steps do to leads, over a desk as workers have it: once, whoever does it at the same time.

use std::sync::Arc;

use capstan_domain::leads::{Act, Acted, Desk, Done, LeadPatch, Mode, Note, NoteKind, Which};
use capstan_engine::core::ids::ExecutionId;
use serde_json::json;

use crate::support::App;

fn upsert(email: &str, name: &str) -> Act {
    let patch = LeadPatch { email: Some(email.into()), name: Some(name.into()), ..LeadPatch::default() };
    Act::Upsert { patch, mode: Mode::Replace, noted: None }
}

fn status(email: &str, to: &str) -> Act {
    Act::SetStatus { which: Which::Email(email.into()), to: to.into(), from: None, reason: None }
}

async fn act(app: &App, desk: &Desk, once: &str, what: &Act) -> Done {
    desk.act(app.acme, ExecutionId::new(), once, what).await.unwrap().unwrap()
}

fn acted(done: Done) -> Acted {
    match done {
        Done::Acted(acted) => *acted,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn steps_that_come_at_once_with_one_address_make_one_lead() {
    let app = Arc::new(App::start().await);
    let done = futures::future::join_all((0..12).map(|n| {
        let app = Arc::clone(&app);
        async move {
            let desk = Desk::new(&app.cell);
            let email = if n % 2 == 0 { "Ada@example.com" } else { "ada@EXAMPLE.com" };
            acted(act(&app, &desk, &format!("$step:{n}"), &upsert(email, &format!("Ada {n}"))).await)
        }
    }))
    .await;
    assert_eq!(done.iter().filter(|acted| acted.created).count(), 1);
    assert!(done.iter().all(|acted| acted.lead.lead_id == done[0].lead.lead_id));
    assert_eq!((app.count("leads").await, app.count("lead_events").await), (1, 12));
    assert_eq!(app.count("events WHERE type = 'lead.created'").await, 1);
}

#[tokio::test]
async fn a_step_that_runs_twice_even_at_the_same_time_is_written_once() {
    let app = Arc::new(App::start().await);
    let desk = Desk::new(&app.cell);
    let both = futures::future::join_all((0..6).map(|_| {
        let app = Arc::clone(&app);
        async move { acted(act(&app, &Desk::new(&app.cell), "$step:a", &upsert("ada@example.com", "Ada")).await) }
    }));
    assert_eq!(both.await.iter().filter(|acted| acted.replayed).count(), 5);
    // It moves on, and an attempt of the step before comes late: nothing goes back.
    acted(act(&app, &desk, "$step:b", &status("ada@example.com", "qualified")).await);
    acted(act(&app, &desk, "$step:c", &status("ada@example.com", "proposal")).await);
    let late = acted(act(&app, &desk, "$step:b", &status("ada@example.com", "qualified")).await);
    assert_eq!((late.replayed, late.lead.status.as_str()), (true, "proposal"));
    // One that changes nothing is known when it comes again, too.
    acted(act(&app, &desk, "$step:d", &status("ada@example.com", "proposal")).await);
    acted(act(&app, &desk, "$step:e", &status("ada@example.com", "won")).await);
    assert!(acted(act(&app, &desk, "$step:d", &status("ada@example.com", "proposal")).await).replayed);
    assert_eq!((app.count("lead_events").await, app.count("events").await), (5, 4));
    assert_eq!(app.count("leads WHERE status = 'won'").await, 1);
}

#[tokio::test]
async fn an_attempt_that_comes_again_puts_out_what_the_first_one_did() {
    let app = App::start().await;
    let desk = Desk::new(&app.cell);
    for (once, what, created, changed) in [
        ("$step:a", upsert("ada@example.com", "Ada"), true, true),
        ("$step:b", upsert("ada@example.com", "Ada L."), false, true),
        ("$step:c", upsert("ada@example.com", "Ada L."), false, false),
        ("$step:d", status("ada@example.com", "qualified"), false, true),
        ("$step:e", status("ada@example.com", "qualified"), false, false),
    ] {
        for replayed in [false, true] {
            let found = acted(act(&app, &desk, once, &what).await);
            assert_eq!((found.created, found.changed, found.replayed), (created, changed, replayed), "{once}");
        }
    }
    assert_eq!((app.count("lead_events").await, app.count("events").await), (5, 3));
}

#[tokio::test]
async fn all_values_of_a_lead_together_are_bounded_however_they_come() {
    let app = App::start().await;
    let desk = Desk::new(&app.cell);
    let write = |numbers: std::ops::Range<usize>, value: serde_json::Value| {
        let fields = numbers.map(|n| (format!("f{n}"), value.clone())).collect();
        let patch = LeadPatch { email: Some("ada@example.com".into()), fields, ..LeadPatch::default() };
        Act::Upsert { patch, mode: Mode::Replace, noted: None }
    };
    let long = json!("x".repeat(19_000));
    acted(act(&app, &desk, "$step:a", &write(0..6, long.clone())).await);
    let more = write(6..8, long.clone());
    assert!(matches!(act(&app, &desk, "$step:b", &more).await, Done::Flawed(_)));
    assert_eq!((app.count("lead_field_data").await, app.count("lead_events").await), (6, 1));
    // What takes some away makes room.
    acted(act(&app, &desk, "$step:c", &write(0..3, json!(null))).await);
    assert!(acted(act(&app, &desk, "$step:b", &more).await).changed);
    assert_eq!(app.count("lead_field_data").await, 5);
}

#[tokio::test]
async fn what_a_step_may_not_do_leaves_nothing_behind() {
    let app = App::start().await;
    let desk = Desk::new(&app.cell);
    acted(act(&app, &desk, "$step:a", &upsert("ada@example.com", "Ada")).await);
    assert!(matches!(act(&app, &desk, "$step:b", &status("ada@example.com", "won")).await, Done::Refused(_)));
    assert_eq!(act(&app, &desk, "$step:c", &status("bob@example.com", "won")).await, Done::NotFound);
    acted(act(&app, &desk, "$step:d", &upsert("bob@example.com", "Bob")).await);
    let patch = LeadPatch {
        email: Some("ADA@example.com".into()),
        fields: json!({ "never": 1 }).as_object().unwrap().clone(),
        ..LeadPatch::default()
    };
    let take = Act::Update { which: Which::Email("bob@example.com".into()), patch };
    assert!(matches!(act(&app, &desk, "$step:e", &take).await, Done::Exists(Some(_))));
    assert_eq!((app.count("lead_events").await, app.count("lead_fields").await), (2, 0));
    // The same step may succeed later.
    acted(act(&app, &desk, "$step:b", &status("ada@example.com", "qualified")).await);
}

#[tokio::test]
async fn what_a_step_notes_is_in_the_history_once_and_a_mail_is_when_the_lead_was_last_written_to() {
    let app = Arc::new(App::start().await);
    let desk = Desk::new(&app.cell);
    acted(act(&app, &desk, "$step:a", &upsert("ada@example.com", "Ada")).await);
    let note = |kind, text: &str| Act::Note {
        which: Which::Email("ADA@example.com".into()),
        note: Note { kind, text: text.into() },
    };
    let called = acted(act(&app, &desk, "$step:b", &note(NoteKind::Call, " she asks for an offer ")).await);
    assert!(called.lead.last_email_at.is_none() && !called.created && !called.changed);
    let both = futures::future::join_all((0..4).map(|_| {
        let app = Arc::clone(&app);
        let what = note(NoteKind::Email, "Offer 7");
        async move { acted(act(&app, &Desk::new(&app.cell), "$step:c", &what).await) }
    }));
    let both = both.await;
    assert_eq!(both.iter().filter(|acted| acted.replayed).count(), 3);
    assert!(both.iter().all(|acted| acted.lead.last_email_at == both[0].lead.last_email_at));
    assert!(both[0].lead.last_email_at.is_some());
    for refused in ["  ".to_owned(), "x".repeat(5_001)] {
        assert!(matches!(act(&app, &desk, "$step:d", &note(NoteKind::Note, &refused)).await, Done::Flawed(_)));
    }
    let nobody = Act::Note {
        which: Which::Email("eve@example.com".into()),
        note: Note { kind: NoteKind::Note, text: "t".into() },
    };
    assert_eq!(act(&app, &desk, "$step:e", &nobody).await, Done::NotFound);
    let path = format!("/api/v1/leads/{}/events", called.lead.lead_id);
    let told: Vec<String> = app.get(&path).await.json()["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|row| format!("{} {} {}", row["type"], row["by"]["kind"], row["data"]["text"]))
        .collect();
    let expected =
        [r#""email" "step" "Offer 7""#, r#""call" "step" "she asks for an offer""#, r#""created" "step" null"#];
    assert_eq!(told, expected);
}
