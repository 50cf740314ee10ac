//! Nobody gives or takes more than they may do themselves, and nobody keeps what a role gave them.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use axum::http::Request;
use capstan_domain::access::{self, NewKey, Origin, Role, Tried};
use capstan_engine::core::ids::WorkspaceId;
use capstan_engine::store::connect;
use serde_json::{Value, json};
use sqlx::PgConnection;
use uuid::Uuid;

use crate::people::{PASSWORD, mail, member, send, start};
use crate::support::{Answer, App, as_json, chain};

async fn key(app: &App, workspace: WorkspaceId, scopes: &[&str]) -> String {
    let mut owner = app.control.connect(connect::Role::Owner).await.unwrap();
    let scopes = Some(scopes.iter().map(|scope| (*scope).to_owned()).collect());
    let new = NewKey { name: "narrow".into(), scopes, ..NewKey::default() };
    access::make_key(&mut owner, workspace, &new).await.unwrap().1
}

async fn with_key(app: &App, key: &str, method: &str, path: &str, body: &Value) -> Answer {
    let request = Request::builder().method(method).uri(format!("/api/v1{path}")).header("x-api-key", key);
    app.send(as_json(request, body)).await
}

async fn user(app: &App, email: &str) -> Uuid {
    let mut owner = app.control.connect(connect::Role::Owner).await.unwrap();
    access::find_user(&mut owner, email).await.unwrap().unwrap().user_id
}

#[tokio::test]
async fn a_key_that_cares_for_members_makes_nobody_mightier_than_it_is() {
    let app = start().await;
    for (email, role) in [("root@example.com", Role::Admin), ("eye@example.com", Role::Viewer)] {
        member(&app, app.acme, email, role).await;
    }
    let (root, eye) = (user(&app, "root@example.com").await, user(&app, "eye@example.com").await);
    let alone = key(&app, app.acme, &["members.write"]).await;
    let mut looks: Vec<&str> = Role::Viewer.permissions().iter().map(|permission| permission.as_str()).collect();
    looks.push("members.write");
    let looks = key(&app, app.acme, &looks).await;
    let invite = |role: &str| json!({ "email": format!("{role}@example.org"), "role": role });
    let role = |role: &str| json!({ "role": role });
    for (key, method, path, body, verdict) in [
        (&alone, "POST", "/invitations".into(), invite("viewer"), "403 more_than_own"),
        (&looks, "POST", "/invitations".into(), invite("admin"), "403 more_than_own"),
        (&looks, "POST", "/invitations".into(), invite("member"), "403 more_than_own"),
        (&looks, "POST", "/invitations".into(), invite("viewer"), "201"),
        (&looks, "PUT", format!("/members/{eye}"), role("admin"), "403 more_than_own"),
        (&looks, "PUT", format!("/members/{root}"), role("viewer"), "403 more_than_own"),
        (&looks, "DELETE", format!("/members/{root}"), Value::Null, "403 more_than_own"),
        (&app.key, "PUT", format!("/members/{root}"), role("member"), "204"),
        (&app.key, "PUT", format!("/members/{root}"), role("admin"), "204"),
        (&alone, "DELETE", format!("/members/{eye}"), Value::Null, "403 more_than_own"),
        (&looks, "DELETE", format!("/members/{eye}"), Value::Null, "204"),
    ] {
        let answer = with_key(&app, key, method, &path, &body).await;
        assert_eq!(answer.verdict(), verdict, "{method} {path} {body}");
    }
    assert_eq!(app.get("/api/v1/members").await.json()["items"].as_array().map(Vec::len), Some(1));
}

#[tokio::test]
async fn who_loses_a_role_loses_the_keys_and_invitations_that_it_gave() {
    let app = start().await;
    let boss = member(&app, app.acme, "boss@example.com", Role::Admin).await;
    let peer = member(&app, app.acme, "peer@example.com", Role::Admin).await;
    let make = |name: &str, scopes: Value| json!({ "name": name, "scopes": scopes });
    let new = async |session: &str, name: &str, scopes: Value| {
        let made = send(&app, session, "POST", "/keys", make(name, scopes)).await;
        assert_eq!(made.status, 201, "{}", made.text());
        made.json()["key"].as_str().unwrap().to_owned()
    };
    let full = new(&boss, "full", Value::Null).await;
    let small = new(&boss, "small", json!(["workflows.read"])).await;
    let others = new(&peer, "others", Value::Null).await;
    let child = with_key(&app, &full, "POST", "/keys", &make("child", json!(["keys.write", "members.write"]))).await;
    let child = child.json()["key"].as_str().unwrap().to_owned();
    let invite = |name: &str| json!({ "email": format!("{name}@example.org"), "role": "viewer" });
    assert_eq!(send(&app, &boss, "POST", "/invitations", invite("of-boss")).await.status, 201);
    assert_eq!(with_key(&app, &full, "POST", "/invitations", &invite("of-full")).await.status, 201);
    assert_eq!(send(&app, &peer, "POST", "/invitations", invite("of-peer")).await.status, 201);
    let boss_id = user(&app, "boss@example.com").await;
    // Keys by name, and invitations, as they are now.
    let left = async || {
        let keys = app.get("/api/v1/keys").await.json();
        let open = keys["items"].as_array().unwrap().iter().filter(|it| it["revoked_at"].is_null());
        let mut names: Vec<String> = open.map(|it| it["name"].as_str().unwrap().to_owned()).collect();
        let invitations = app.get("/api/v1/invitations").await.json();
        let emails = invitations["items"].as_array().unwrap().iter().map(|it| it["email"].as_str().unwrap().to_owned());
        names.extend(emails);
        names.sort();
        names.join(" ")
    };
    let all = "child full of-boss@example.org of-full@example.org of-peer@example.org others small test";
    assert_eq!(left().await, all);
    let path = format!("/members/{boss_id}");
    assert_eq!(send(&app, &peer, "PUT", &path, json!({ "role": "admin" })).await.status, 204);
    assert_eq!(left().await, all);
    assert_eq!(send(&app, &peer, "PUT", &path, json!({ "role": "member" })).await.status, 204);
    assert_eq!(left().await, "of-peer@example.org others small test");
    let elsewhere = app.another_process();
    for (key, verdict) in [(&full, "401 wrong_key"), (&child, "401 wrong_key"), (&small, "200"), (&others, "200")] {
        let answer = with_key(&elsewhere, key, "GET", "/workflows", &Value::Null).await;
        assert_eq!(answer.verdict(), verdict);
    }
    // Where the role from before is remembered, it gives nothing either.
    let late = send(&app, &boss, "POST", "/keys", make("late", json!(["workflows.read"]))).await;
    assert_eq!(late.status, 403, "{}", late.text());
    assert_eq!(send(&app, &boss, "POST", "/members/leave", Value::Null).await.status, 204);
    assert_eq!(left().await, "of-peer@example.org others test");
}

#[tokio::test]
async fn a_key_that_may_not_use_credentials_runs_none_in_any_way() {
    let app = start().await;
    let fields = json!({ "token": "hunter22-hunter22" });
    let crm = json!({ "name": "crm", "type": "bearer", "allowed_hosts": ["api.example.com"], "fields": fields });
    let made = app.post("/api/v1/credentials", &crm).await;
    assert_eq!(made.status, 201);
    let draft = async |config: Value| {
        let graph = chain(&[("start", "trigger.manual", json!({})), ("call", "action.http_request", config)]);
        let made = app.post("/api/v1/workflows", &json!({ "name": "Calls", "graph": graph })).await;
        made.json()["id"].as_str().unwrap().to_owned()
    };
    let with = draft(json!({ "url": "https://api.example.com/", "credential": "crm" })).await;
    let without = draft(json!({ "url": "https://api.example.com/" })).await;
    let builds = ["workflows.read", "workflows.write", "workflows.publish"];
    let narrow = key(&app, app.acme, &builds).await;
    let wide = key(&app, app.acme, &[builds.as_slice(), &["credentials.use"]].concat()).await;
    let step = json!({ "node_id": "call", "input": {} });
    for (way, body) in [("draft/run", json!({})), ("draft/test-step?wait=1ms", step), ("publish", json!({}))] {
        for (key, workflow, is_refused) in [(&narrow, &with, true), (&narrow, &without, false), (&wide, &with, false)] {
            let answer = with_key(&app, key, "POST", &format!("/workflows/{workflow}/{way}"), &body).await;
            let said = format!("{way}: {}", answer.text());
            assert_eq!(answer.verdict() == "403 forbidden", is_refused, "{said}");
            assert!(is_refused || answer.status.is_success(), "{said}");
        }
    }
    let test = format!("/credentials/{}/test", made.json()["id"].as_str().unwrap());
    for (key, verdict) in [(&narrow, "403 forbidden"), (&wide, "422 url_needed")] {
        assert_eq!(with_key(&app, key, "POST", &test, &json!({})).await.verdict(), verdict);
    }
}

#[tokio::test]
async fn a_key_that_may_not_use_credentials_gives_none_to_a_step_that_is_tried_again() {
    let app = start().await;
    let fields = json!({ "token": "hunter22-hunter22" });
    let crm = json!({ "name": "crm", "type": "bearer", "allowed_hosts": ["api.example.com"], "fields": fields });
    assert_eq!(app.post("/api/v1/credentials", &crm).await.status, 201);
    let call =
        |config: Value| chain(&[("start", "trigger.manual", json!({})), ("call", "action.http_request", config)]);
    let without = app.publish(&call(json!({ "url": "https://api.example.com/" }))).await;
    let with = app.publish(&call(json!({ "url": "https://api.example.com/", "credential": "crm" }))).await;
    let (without, with) = (app.begin(&without).await, app.begin(&with).await);
    let mut owner = app.cell.connect(connect::Role::Owner).await.unwrap();
    let incident = "UPDATE executions SET status = 'incident', error = '{\"reason\": \"it broke\"}'";
    sqlx::query(incident).execute(&mut owner).await.unwrap();
    let operates = ["executions.read", "executions.operate"];
    let narrow = key(&app, app.acme, &operates).await;
    let wide = key(&app, app.acme, &[operates.as_slice(), &["credentials.use"]].concat()).await;
    let elsewhere = json!({ "url": "https://api.example.com/elsewhere" });
    let names = json!({ "credential": "crm" });
    for (id, config) in [(&without, &names), (&with, &elsewhere)] {
        let retry = json!({ "action": "retry", "config": config });
        let path = format!("/executions/{id}/resolve");
        assert_eq!(with_key(&app, &narrow, "POST", &path, &retry).await.verdict(), "403 forbidden", "{config}");
        let many = json!({ "verb": "resolve", "filter": { "ids": [id] }, "arguments": retry, "dry_run": true });
        assert_eq!(with_key(&app, &narrow, "POST", "/bulk-jobs", &many).await.verdict(), "403 forbidden", "{config}");
        let answer = with_key(&app, &wide, "POST", "/bulk-jobs", &many).await;
        assert_eq!(answer.status, 200, "{}", answer.text());
    }
    for (key, id, config) in [(&narrow, &without, &elsewhere), (&wide, &with, &elsewhere)] {
        let retry = json!({ "action": "retry", "config": config });
        let answer = with_key(&app, key, "POST", &format!("/executions/{id}/resolve"), &retry).await;
        assert_eq!(answer.status, 202, "{}", answer.text());
    }
}

#[tokio::test]
async fn what_an_execution_recorded_is_shown_to_nobody_who_may_not_see_executions() {
    let app = start().await;
    let graph =
        chain(&[("start", "trigger.manual", json!({})), ("a", "debug.noop", json!({ "output": "{{ input }}" }))]);
    let workflow = app.publish(&graph).await;
    let id = app.begin(&workflow).await;
    let builds = ["workflows.read", "workflows.write"];
    let narrow = key(&app, app.acme, &builds).await;
    let wide = key(&app, app.acme, &[builds.as_slice(), &["executions.read"]].concat()).await;
    let step = json!({ "node_id": "a", "of_execution": id });
    for (way, body) in [("simulate", json!({ "of_execution": id })), ("test-step?wait=1ms", step)] {
        let path = format!("/workflows/{workflow}/draft/{way}");
        assert_eq!(with_key(&app, &narrow, "POST", &path, &body).await.verdict(), "403 forbidden", "{way}");
        assert_ne!(with_key(&app, &wide, "POST", &path, &body).await.verdict(), "403 forbidden", "{way}");
    }
    let simulate = format!("/workflows/{workflow}/draft/simulate");
    assert_eq!(with_key(&app, &narrow, "POST", &simulate, &json!({ "input": {} })).await.status, 200);
}

/// Waits until somebody waits for the connection `pid`, or until `done`. Looks through a connection of its own, as within a
/// transaction the view stays what it was at first.
async fn blocks_or(app: &App, pid: i32, done: impl Fn() -> bool) {
    let mut owner = app.control.connect(connect::Role::Owner).await.unwrap();
    let waiting = "SELECT EXISTS (SELECT FROM pg_stat_activity a WHERE $1 = ANY(pg_blocking_pids(a.pid)))";
    let look = async {
        while !done() && !sqlx::query_scalar::<_, bool>(waiting).bind(pid).fetch_one(&mut owner).await.unwrap() {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(60), look).await.expect("nobody waits for the lock");
}

#[tokio::test]
async fn a_password_from_before_a_reset_opens_and_changes_nothing_after_it() {
    let app = start().await;
    let mut owner = app.control.connect(connect::Role::Owner).await.unwrap();
    let hash = access::hash_password(PASSWORD.into()).await.unwrap();
    let user_id = access::create_user(&mut owner, "ada@example.com", "Ada", &hash).await.unwrap();
    let session = access::open_session(&mut owner, user_id, &Origin::default()).await.unwrap();
    let pid: i32 = sqlx::query_scalar("SELECT pg_backend_pid()").fetch_one(&mut owner).await.unwrap();
    let log_in = json!({ "email": "ada@example.com", "password": PASSWORD });
    let change = json!({ "current_password": PASSWORD, "password": "a horse of gold" });
    let count = "SELECT count(*) FROM user_sessions WHERE user_id = $1";
    for (method, path, body, verdict) in
        [("POST", "/session", log_in, "401 wrong_login"), ("PUT", "/me/password", change, "403 wrong_password")]
    {
        access::set_password(&mut owner, user_id, &hash).await.unwrap();
        // What a reset does, slowly: the request has looked at the password before, and goes on after it.
        sqlx::raw_sql("BEGIN").execute(&mut owner).await.unwrap();
        access::set_password(&mut owner, user_id, "$argon2id$new").await.unwrap();
        let is_done = AtomicBool::new(false);
        let request = async {
            let answer = send(&app, &session, method, path, body).await;
            is_done.store(true, Ordering::SeqCst);
            answer
        };
        let reset = async {
            blocks_or(&app, pid, || is_done.load(Ordering::SeqCst)).await;
            sqlx::raw_sql("COMMIT").execute(&mut owner).await.unwrap();
        };
        let (answer, ()) = tokio::join!(request, reset);
        assert_eq!(answer.verdict(), verdict, "{path}");
        let user = access::find_user(&mut owner, "ada@example.com").await.unwrap().unwrap();
        assert_eq!(user.password_hash, "$argon2id$new", "{path}");
        assert_eq!(sqlx::query_scalar::<_, i64>(count).bind(user_id).fetch_one(&mut owner).await.unwrap(), 1, "{path}");
    }
}

#[tokio::test]
async fn invitations_are_limited_by_workspace_and_neither_block_resets_nor_carry_what_a_key_is_called() {
    let app = start().await;
    let boss = member(&app, app.acme, "boss@example.com", Role::Admin).await;
    let named = send(&app, &boss, "POST", "/keys", json!({ "name": "Your bank: http://evil.example" })).await.json();
    let named = named["key"].as_str().unwrap();
    let ada = json!({ "email": "ada@example.com", "role": "viewer" });
    for _ in 0..5 {
        assert_eq!(with_key(&app, named, "POST", "/invitations", &ada).await.verdict(), "201");
    }
    assert_eq!(with_key(&app, named, "POST", "/invitations", &ada).await.verdict(), "429 too_many_tries");
    let mut cell = app.cell.connect(connect::Role::Owner).await.unwrap();
    mail(&app, "ada@example.com", 5).await;
    let texts = "SELECT count(*) FILTER (WHERE body_text LIKE '%invited to the workspace acme%'), \
                 count(*) FILTER (WHERE body_text LIKE '%bank%') FROM sandbox_mails";
    assert_eq!(sqlx::query_as::<_, (i64, i64)>(texts).fetch_one(&mut cell).await.unwrap(), (5, 0));
    // That address still gets a link for another password.
    let mut owner = app.control.connect(connect::Role::Owner).await.unwrap();
    access::create_user(&mut owner, "ada@example.com", "Ada", "$argon2id$none").await.unwrap();
    assert_eq!(send(&app, "", "POST", "/password/forgot", json!({ "email": "ada@example.com" })).await.status, 202);
    assert_eq!(mail(&app, "ada@example.com", 6).await.0, "Another password for Capstan");
    // The workspace has tried six times by now, and so often more.
    let subject = format!("invite workspace {}", app.acme.0);
    let tried = [Tried { subject, tries_max: 50, span_s: 900 }];
    for _ in 6..49 {
        assert_eq!(access::count_try(&mut owner, &tried).await.unwrap(), None);
    }
    for verdict in ["201", "429 too_many_tries"] {
        let bob = json!({ "email": format!("bob-{}@example.com", &verdict[..3]), "role": "viewer" });
        assert_eq!(with_key(&app, named, "POST", "/invitations", &bob).await.verdict(), verdict);
    }
}

#[tokio::test]
async fn keys_that_open_nothing_leave_room_for_new_ones_and_come_last() {
    let app = start().await;
    let mut owner = app.control.connect(connect::Role::Owner).await.unwrap();
    let fill = async |owner: &mut PgConnection, count: i32, first: i32, expires: &str, revoked: &str| {
        let insert = format!(
            "INSERT INTO api_keys (workspace_id, key_id, key_hash, prefix, name, expires_at, revoked_at) \
             SELECT $1, ('00000000-0000-0000-0000-' || lpad(n::text, 12, '0'))::uuid, sha256(n::text::bytea), 'cap_', 'old', \
               {expires}, {revoked} FROM generate_series($2, $3) AS n"
        );
        sqlx::query(&insert).bind(app.acme.0).bind(first).bind(first + count - 1).execute(owner).await.unwrap();
    };
    fill(&mut owner, 500, 0, "now() - interval '1 day'", "NULL").await;
    fill(&mut owner, 1_000, 1_000, "NULL", "now()").await;
    let make = async |name: &str| app.post("/api/v1/keys", &json!({ "name": name })).await;
    assert_eq!(make("new").await.verdict(), "201");
    let listed = app.get("/api/v1/keys").await.json();
    let items = listed["items"].as_array().unwrap();
    let of = |ix: usize| (items[ix]["name"].as_str().unwrap(), items[ix]["revoked_at"].is_null());
    assert_eq!(
        (items.len(), of(0), of(1), of(501), of(502)),
        (1_000, ("new", true), ("test", true), ("old", true), ("old", false))
    );
    // With those of the test and of this one, these are all that there may be.
    fill(&mut owner, 498, 3_000, "now() + interval '1 day'", "NULL").await;
    assert_eq!(make("one more").await.verdict(), "422 too_many");
}
