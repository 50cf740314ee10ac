//! What people are told: by operations, by members who join, and by what has happened in cells.

use capstan_domain::access::{self, Asked, Placement, Role, WantedWorkspace};
use capstan_domain::notifications::{Desk, KEPT_MAX, Kind, News, Told, WAITING_MAX, leave, tell};
use capstan_engine::store::connect;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::people::{mail, member, send, start};
use crate::support::App;
use crate::tenants::admin;

/// Kinds and summaries of what somebody was told, newest first, and how much is not read.
async fn told(app: &App, session: &str) -> (Vec<(String, String)>, i64) {
    let answer = send(app, session, "GET", "/notifications", json!({})).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    let answer = answer.json();
    let text = |it: &Value, field: &str| it[field].as_str().unwrap().to_owned();
    let items = answer["items"].as_array().unwrap().iter();
    (items.map(|it| (text(it, "kind"), text(it, "summary"))).collect(), answer["unread"].as_i64().unwrap())
}

fn one(kind: &str, summary: &str) -> Vec<(String, String)> {
    vec![(kind.to_owned(), summary.to_owned())]
}

#[tokio::test]
async fn who_asked_and_administrators_of_the_platform_are_told_how_provisioning_ended() {
    let app = start().await;
    let root = admin(&app).await;
    let ada = member(&app, app.acme, "ada@example.com", Role::Viewer).await;
    let bob = member(&app, app.acme, "bob@example.com", Role::Owner).await;
    let mut control = app.control.connect(connect::Role::Access).await.unwrap();
    let ada_id = access::find_user(&mut control, "ada@example.com").await.unwrap().unwrap().user_id;
    let mut ended = Vec::new();
    for (key, slug) in [("k1", "globex"), ("k2", "acme")] {
        let asked = Asked { by: ada_id, by_name: "ada@example.com", key, request_hash: &[0; 32] };
        let wanted = WantedWorkspace {
            slug: slug.into(),
            name: slug.to_uppercase(),
            plan: "free".into(),
            owner_email: "ada@example.com".into(),
            owner_name: None,
            placement: Placement::Pooled,
            server_id: None,
        };
        access::ask_operation(&mut control, &asked, &wanted).await.unwrap().unwrap();
        let id = access::find_operation(&mut control, ada_id, key).await.unwrap().unwrap().operation_id;
        while access::get_operation(&mut control, id).await.unwrap().unwrap().ended_at.is_none() {
            app.api.turn(id).await.unwrap();
        }
        ended.push(id);
    }
    let completed = ("operation.completed".to_owned(), "The workspace GLOBEX is made.".to_owned());
    for session in [&root, &ada] {
        let (news, unread) = told(&app, session).await;
        assert_eq!((news.len(), unread), (2, 2), "{news:?}");
        assert_eq!(news[1], completed);
        assert!(news[0].0 == "operation.failed" && news[0].1.contains("\"acme\" is taken"), "{news:?}");
    }
    assert!(told(&app, &bob).await.0.is_empty());
    // A step that finds that all is done tells nothing more.
    app.api.turn(ended[0]).await.unwrap();
    assert_eq!(told(&app, &root).await.1, 2);
    // What failed is mailed, what was completed is not, unless somebody wants it so.
    app.api.tell_people().await.unwrap();
    let (subject, _) = mail(&app, "ada@example.com", 1).await;
    assert!(subject.contains("could not be made"), "{subject}");
    assert_eq!(app.count("sandbox_mails WHERE 'ada@example.com' = ANY(recipients)").await, 1);
    app.api.tell_people().await.unwrap();
    assert_eq!(app.count("sandbox_mails WHERE 'ada@example.com' = ANY(recipients)").await, 1);
}

#[tokio::test]
async fn what_happens_in_a_cell_reaches_the_heads_of_its_workspace_once_and_as_they_want_it() {
    let app = start().await;
    let owner = member(&app, app.acme, "owner@example.com", Role::Owner).await;
    let viewer = member(&app, app.acme, "viewer@example.com", Role::Viewer).await;
    let mut worker = app.cell.connect(connect::Role::Worker).await.unwrap();
    let settings = json!({ "notifications": { "webhook.endpoint_disabled": false } });
    assert_eq!(send(&app, &owner, "PUT", "/workspace/settings", settings).await.status, 200);
    let wish = json!({ "mail": true });
    assert_eq!(send(&app, &owner, "PUT", "/notification-preferences/quota.soft", wish).await.status, 200);
    let leave_all = async |worker: &mut sqlx::PgConnection| {
        for (kind, summary) in [
            (Kind::QuotaSoft, "The limit is reached."),
            (Kind::EndpointDisabled, "It is gone."),
            (Kind::AlertRaised, "Too much fails."),
        ] {
            leave(&mut *worker, app.acme.0, kind, kind.as_str(), summary, "usage").await.unwrap();
        }
    };
    leave_all(&mut worker).await;
    leave_all(&mut worker).await;
    app.api.tell_people().await.unwrap();
    assert_eq!(app.count("notices").await, 0);
    // Who died before it was forgotten has it brought again.
    leave_all(&mut worker).await;
    app.another_process().api.tell_people().await.unwrap();
    let (mut news, unread) = told(&app, &owner).await;
    news.sort();
    let expected = [one("alert.raised", "Too much fails."), one("quota.soft", "The limit is reached.")].concat();
    assert_eq!((news, unread), (expected, 2));
    assert_eq!(told(&app, &viewer).await, (Vec::new(), 0));
    // Alerts have mails of their own.
    let (subject, _) = mail(&app, "owner@example.com", 1).await;
    assert_eq!(subject, "[acme] The limit is reached.");
    assert_eq!(app.count("sandbox_mails WHERE 'owner@example.com' = ANY(recipients)").await, 1);

    let listed = send(&app, &owner, "GET", "/notifications?unread=true&limit=1", json!({})).await.json();
    assert_eq!((&listed["items"][0]["workspace"], &listed["unread"]), (&json!("acme"), &json!(2)));
    let ids = json!({ "ids": [listed["items"][0]["id"]] });
    assert_eq!(send(&app, &viewer, "POST", "/notifications/read", ids.clone()).await.json()["unread"], 0);
    assert_eq!(told(&app, &owner).await.1, 2, "nobody reads for others");
    assert_eq!(send(&app, &owner, "POST", "/notifications/read", ids).await.json()["unread"], 1);
    assert_eq!(send(&app, &owner, "POST", "/notifications/read", json!({})).await.json()["unread"], 0);
    assert_eq!(send(&app, &owner, "GET", "/notifications?unread=true", json!({})).await.json()["items"], json!([]));
    assert_eq!(send(&app, &owner, "GET", "/notifications?unread=no", json!({})).await.verdict(), "400 bad_unread");
    assert_eq!(app.get("/api/v1/notifications").await.verdict(), "401 no_session");
    let wish = json!({ "mail": true });
    let unknown = send(&app, &owner, "PUT", "/notification-preferences/moon", wish).await;
    assert_eq!(unknown.verdict(), "404 not_found");
    let wanted = send(&app, &owner, "GET", "/notification-preferences", json!({})).await.json();
    let of =
        |kind: &str| wanted["items"].as_array().unwrap().iter().find(|it| it["kind"] == kind).unwrap()["mail"].clone();
    assert_eq!(
        (of("quota.soft"), of("quota.exceeded"), of("operation.completed")),
        (json!(true), json!(true), json!(false))
    );
}

#[tokio::test]
async fn quotas_leave_a_notice_and_heads_are_told_who_joins() {
    let app = start().await;
    let owner = member(&app, app.acme, "owner@example.com", Role::Owner).await;
    let mut cell = app.cell.connect(connect::Role::Worker).await.unwrap();
    for what in ["soft", "exceeded", "soft"] {
        sqlx::query("SELECT tell_quota_1(now(), $1, $2, 'executions', '2026-11-01', 1000, 1200, 1000)")
            .bind(app.acme.0)
            .bind(what)
            .execute(&mut cell)
            .await
            .unwrap();
    }
    app.api.tell_people().await.unwrap();
    let mut news = told(&app, &owner).await.0;
    news.sort();
    let kinds: Vec<&str> = news.iter().map(|(kind, _)| kind.as_str()).collect();
    assert_eq!(kinds, ["quota.exceeded", "quota.soft"]);
    assert_eq!(news[1].1, "The limit of 1000 executions per month is reached.");
    let invite = json!({ "email": "bob@example.com", "role": "member" });
    assert_eq!(send(&app, &owner, "POST", "/invitations", invite).await.status, 201);
    let (_, token) = mail(&app, "bob@example.com", 1).await;
    let accept = json!({ "token": token, "name": "Bob", "password": crate::people::PASSWORD });
    assert_eq!(send(&app, "", "POST", "/invitations/accept", accept).await.status, 201);
    let (news, _) = told(&app, &owner).await;
    assert_eq!(news[0], ("invitation.accepted".into(), "bob@example.com has joined Acme as member.".into()));
}

#[tokio::test]
async fn a_person_keeps_so_many_and_what_was_read_goes_first_and_who_has_left_sees_nothing() {
    let app = App::start().await;
    let owner = member(&app, app.acme, "owner@example.com", Role::Owner).await;
    let ada = member(&app, app.acme, "ada@example.com", Role::Admin).await;
    let mut control = app.control.connect(connect::Role::Access).await.unwrap();
    let ada_id = access::find_user(&mut control, "ada@example.com").await.unwrap().unwrap().user_id;
    let mut say = async |no: i64| {
        let source = no.to_string();
        let news = News {
            kind: Kind::QuotaSoft,
            source: &source,
            workspace_id: Some(app.acme),
            summary: &source,
            page: "",
            is_mailed: false,
        };
        tell(&mut control, &[ada_id], &news).await.unwrap()
    };
    for no in 0..KEPT_MAX {
        assert_eq!(say(no).await, 1);
    }
    assert_eq!(say(0).await, 0, "the same news is there once");
    // The newer half is read: one of it goes, though all that is not read is older.
    let half = format!("/notifications?limit={}", KEPT_MAX / 2);
    let newest = send(&app, &ada, "GET", &half, json!({})).await.json();
    let ids: Vec<Value> = newest["items"].as_array().unwrap().iter().map(|it| it["id"].clone()).collect();
    let left = send(&app, &ada, "POST", "/notifications/read", json!({ "ids": ids })).await.json();
    assert_eq!(left["unread"], KEPT_MAX / 2);
    assert_eq!(say(KEPT_MAX).await, 1);
    let mut control = app.control.connect(connect::Role::Owner).await.unwrap();
    let kept = "SELECT count(*), count(*) FILTER (WHERE read_at IS NULL), min(source::int) FILTER (WHERE read_at IS NOT NULL) \
                FROM notifications WHERE user_id = $1";
    let kept: (i64, i64, i32) = sqlx::query_as(kept).bind(ada_id).fetch_one(&mut control).await.unwrap();
    assert_eq!(kept, (KEPT_MAX, KEPT_MAX / 2 + 1, i32::try_from(KEPT_MAX / 2 + 1).unwrap()));
    let many = json!({ "ids": (0..=KEPT_MAX).map(|_| Uuid::now_v7()).collect::<Vec<_>>() });
    assert_eq!(send(&app, &ada, "POST", "/notifications/read", many).await.verdict(), "422 too_many");
    let gone = send(&app, &owner, "DELETE", &format!("/members/{ada_id}"), json!({})).await;
    assert_eq!(gone.status, 204, "{}", gone.text());
    assert_eq!(told(&app.another_process(), &ada).await, (Vec::new(), 0));
}

#[tokio::test]
async fn what_workflows_tell_pushes_no_other_news_out() {
    let app = App::start().await;
    let _ada = member(&app, app.acme, "ada@example.com", Role::Admin).await;
    let mut control = app.control.connect(connect::Role::Access).await.unwrap();
    let ada_id = access::find_user(&mut control, "ada@example.com").await.unwrap().unwrap().user_id;
    let mut say = async |kind: Kind, source: String| {
        let (source, workspace_id) = (source.as_str(), Some(app.acme));
        let news = News { kind, source, workspace_id, summary: source, page: "", is_mailed: false };
        assert_eq!(tell(&mut control, &[ada_id], &news).await.unwrap(), 1);
    };
    say(Kind::QuotaExceeded, "quota".into()).await;
    for no in 0..KEPT_MAX {
        say(Kind::WorkflowNotice, no.to_string()).await;
    }
    let mut control = app.control.connect(connect::Role::Owner).await.unwrap();
    let kept = "SELECT count(*), count(*) FILTER (WHERE source = 'quota'), count(*) FILTER (WHERE source = '0') \
                FROM notifications WHERE user_id = $1";
    let kept: (i64, i64, i64) = sqlx::query_as(kept).bind(ada_id).fetch_one(&mut control).await.unwrap();
    assert_eq!(kept, (KEPT_MAX, 1, 0));
}

#[tokio::test]
async fn who_does_not_head_a_workspace_any_more_gets_no_mails_of_it_and_what_nobody_knows_waits() {
    let app = start().await;
    let owner = member(&app, app.acme, "owner@example.com", Role::Owner).await;
    let ada = member(&app, app.acme, "ada@example.com", Role::Admin).await;
    let mut control = app.control.connect(connect::Role::Access).await.unwrap();
    let mut ids = Vec::new();
    for email in ["ada@example.com", "owner@example.com"] {
        ids.push(access::find_user(&mut control, email).await.unwrap().unwrap().user_id);
    }
    let news = News {
        kind: Kind::EndpointDisabled,
        source: "1",
        workspace_id: Some(app.acme),
        summary: "It said\n\"gone\".",
        page: "",
        is_mailed: true,
    };
    assert_eq!(tell(&mut control, &ids, &news).await.unwrap(), 2);
    let demoted = send(&app, &owner, "PUT", &format!("/members/{}", ids[0]), json!({ "role": "viewer" })).await;
    assert_eq!(demoted.status, 204, "{}", demoted.text());
    let of_tomorrow =
        "INSERT INTO notices (workspace_id, notice_key, kind, summary, page) VALUES ($1, 'k', 'of.tomorrow', 's', '')";
    let mut worker = app.cell.connect(connect::Role::Worker).await.unwrap();
    sqlx::query(of_tomorrow).bind(app.acme.0).execute(&mut worker).await.unwrap();
    app.api.tell_people().await.unwrap();
    assert_eq!(mail(&app, "owner@example.com", 1).await.0, "[acme] It said \"gone\".");
    assert_eq!(app.count("sandbox_mails WHERE 'ada@example.com' = ANY(recipients)").await, 0);
    assert_eq!((told(&app, &owner).await.1, told(&app, &ada).await), (1, (Vec::new(), 0)));
    assert_eq!(app.count("notices WHERE kind = 'of.tomorrow'").await, 1);
}

fn of_step(key: &str, summary: &str, roles: &[Role], ids: &[Uuid]) -> Told {
    let (roles, ids) = (roles.to_vec(), ids.to_vec());
    Told { key: key.into(), summary: summary.into(), page: "executions/1".into(), roles, ids }
}

#[tokio::test]
async fn what_a_workflow_tells_reaches_whom_it_names_once_and_the_heads_where_it_names_nobody() {
    let app = start().await;
    let owner = member(&app, app.acme, "owner@example.com", Role::Owner).await;
    let viewer = member(&app, app.acme, "viewer@example.com", Role::Viewer).await;
    let eve = member(&app, app.acme, "eve@example.com", Role::Member).await;
    let mut control = app.control.connect(connect::Role::Access).await.unwrap();
    let eve_id = access::find_user(&mut control, "eve@example.com").await.unwrap().unwrap().user_id;
    let desk = Desk::new(&app.cell);
    let news = [
        of_step("$step:a", "To viewers.", &[Role::Viewer], &[]),
        of_step("$step:b", "To Eve.", &[], &[eve_id, Uuid::now_v7()]),
        of_step("$step:c", &"To heads. ".repeat(60), &[], &[]),
    ];
    // A step that is repeated, also after it was told, tells nobody twice.
    for _ in 0..2 {
        for told in news.iter().chain(&news) {
            assert!(desk.tell(app.acme, told).await.unwrap());
        }
        assert_eq!(app.count("notices").await, 3);
        app.another_process().api.tell_people().await.unwrap();
        assert_eq!(app.count("notices").await, 0);
    }
    assert_eq!(told(&app, &viewer).await, (one("workflow.notice", "To viewers."), 1));
    assert_eq!(told(&app, &eve).await, (one("workflow.notice", "To Eve."), 1));
    let (heard, unread) = told(&app, &owner).await;
    assert_eq!((heard.len(), unread, heard[0].1.chars().count()), (1, 1, 500));
    let listed = send(&app, &eve, "GET", "/notifications", json!({})).await.json();
    assert_eq!(
        (&listed["items"][0]["page"], &listed["items"][0]["workspace"]),
        (&json!("executions/1"), &json!("acme"))
    );
    // Nobody is told what a workspace wants to hear nothing of.
    let settings = json!({ "notifications": { "workflow.notice": false } });
    assert_eq!(send(&app, &owner, "PUT", "/workspace/settings", settings).await.status, 200);
    assert!(desk.tell(app.acme, &of_step("$step:d", "Hush.", &[Role::Viewer], &[])).await.unwrap());
    app.api.tell_people().await.unwrap();
    assert_eq!((app.count("notices").await, told(&app, &viewer).await.1), (0, 1));
}

#[tokio::test]
async fn a_step_waits_while_too_much_of_its_workspace_is_to_be_told_but_is_not_refused_what_it_has_told() {
    let app = App::start().await;
    let desk = Desk::new(&app.cell);
    let first = of_step("$step:a", "First.", &[], &[]);
    assert!(desk.tell(app.acme, &first).await.unwrap());
    let mut worker = app.cell.connect(connect::Role::Worker).await.unwrap();
    let many = "INSERT INTO notices (workspace_id, notice_key, kind, summary, page) \
        SELECT $1, n::text, 'quota.soft', 's', '' FROM generate_series(2, $2) n";
    sqlx::query(many).bind(app.acme.0).bind(WAITING_MAX).execute(&mut worker).await.unwrap();
    let next = of_step("$step:b", "Next.", &[], &[]);
    assert!(!desk.tell(app.acme, &next).await.unwrap());
    assert!(desk.tell(app.acme, &first).await.unwrap());
    assert_eq!(app.count("notices").await, WAITING_MAX);
    app.api.tell_people().await.unwrap();
    assert!(desk.tell(app.acme, &next).await.unwrap());
}
