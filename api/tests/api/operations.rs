//! Workspaces are made once for each wish, also by processes that die at it.

use std::time::Duration;

use axum::body::Body;
use axum::http::Request;
use capstan_domain::access::{self, Asked, OperationRow, Placement, Role, STEPS, WantedWorkspace};
use capstan_engine::store::connect;
use serde_json::{Value, json};
use sqlx::PgConnection;
use uuid::Uuid;

use crate::people::{member, send, start};
use crate::support::{Answer, App, as_json};
use crate::tenants::admin;

pub(crate) async fn ask(app: &App, session: &str, key: &str, body: &Value) -> Answer {
    let request = Request::post("/api/v1/workspaces").header("cookie", format!("capstan_session={session}"));
    let request = if key.is_empty() { request } else { request.header("idempotency-key", key) };
    app.send(as_json(request, body)).await
}

async fn completed(app: &App, session: &str, operation: &str) -> Value {
    let path = format!("/operations/{operation}");
    let waiting = async {
        loop {
            let found = send(app, session, "GET", &path, json!({})).await.json();
            if found["ended_at"] != Value::Null {
                return found;
            }
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(60), waiting).await.expect("it never ends")
}

/// Goes on with it until that holds of its row.
async fn until(app: &App, control: &mut PgConnection, id: Uuid, condition: &str) -> OperationRow {
    let sql = format!("SELECT EXISTS (SELECT FROM operations WHERE operation_id = $1 AND {condition})");
    let waiting = async {
        while !sqlx::query_scalar::<_, bool>(&sql).bind(id).fetch_one(&mut *control).await.unwrap() {
            // Another process may have it at this moment.
            let _ = app.api.turn(id).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(60), waiting).await.expect("it does not come to that");
    access::get_operation(control, id).await.unwrap().unwrap()
}

/// What there is of the workspace: slug and state, moves, owners, plans, activations told.
async fn made(app: &App, control: &mut PgConnection, slug: &str) -> (Vec<String>, Vec<String>, i64, i64, i64) {
    let states = "SELECT state FROM workspaces WHERE slug = $1";
    let states: Vec<String> = sqlx::query_scalar(states).bind(slug).fetch_all(&mut *control).await.unwrap();
    let moves = "SELECT t.to_state FROM tenant_transitions t JOIN workspaces w USING (workspace_id) WHERE w.slug = $1 \
                 ORDER BY t.revision";
    let moves: Vec<String> = sqlx::query_scalar(moves).bind(slug).fetch_all(&mut *control).await.unwrap();
    let (id, owners, plans): (Uuid, i64, i64) = sqlx::query_as(
        "SELECT w.workspace_id, (SELECT count(*) FROM members m WHERE m.workspace_id = w.workspace_id AND m.role = 'owner'), \
                (SELECT count(*) FROM workspace_plans p WHERE p.workspace_id = w.workspace_id) \
         FROM workspaces w WHERE w.slug = $1",
    )
    .bind(slug)
    .fetch_one(control)
    .await
    .unwrap();
    let mut cell = app.cell.connect(connect::Role::Owner).await.unwrap();
    let told = "SELECT count(*) FROM outbox WHERE workspace_id = $1 AND type = 'tenant.activated'";
    // Whoever did the last step tells the cell after its commit.
    let waiting = async {
        loop {
            let told: i64 = sqlx::query_scalar(told).bind(id).fetch_one(&mut cell).await.unwrap();
            if told > 0 {
                return told;
            }
        }
    };
    let told = tokio::time::timeout(Duration::from_secs(60), waiting).await.expect("the cell is not told");
    (states, moves, owners, plans, told)
}

fn whole() -> (Vec<String>, Vec<String>, i64, i64, i64) {
    let moves = vec!["provisioning".to_owned(), "active".to_owned()];
    (vec!["active".to_owned()], moves, 1, 1, 1)
}

#[tokio::test]
async fn fifty_wishes_under_one_key_make_one_workspace() {
    let app = start().await;
    let ada = member(&app, app.acme, "ada@example.com", Role::Viewer).await;
    let body = json!({ "slug": "globex", "name": "Globex" });
    let answers = futures::future::join_all((0..50).map(|_| ask(&app, &ada, "k1", &body))).await;
    let ids: std::collections::BTreeSet<String> =
        answers.iter().map(|it| it.json()["id"].as_str().unwrap().to_owned()).collect();
    assert!(answers.iter().all(|it| [200, 202].contains(&it.status.as_u16())));
    assert_eq!(ids.len(), 1);
    let id = ids.first().unwrap();
    assert_eq!(answers[0].header("location"), Some(format!("/api/v1/operations/{id}").as_str()));
    let found = completed(&app, &ada, id).await;
    assert_eq!((&found["status"], &found["workspace"]["state"]), (&json!("completed"), &json!("active")));
    let steps = found["steps"].as_array().unwrap();
    assert_eq!(steps.iter().map(|it| it["name"].as_str().unwrap()).collect::<Vec<_>>(), STEPS);
    assert!(steps.iter().all(|it| it["status"] == "completed" && it["at"].is_string()), "{found}");
    let again = ask(&app, &ada, "k1", &body).await;
    assert_eq!((again.status.as_u16(), &again.json()["id"]), (200, &json!(id)));
    let other = ask(&app, &ada, "k1", &json!({ "slug": "initech", "name": "Initech" })).await;
    assert_eq!(other.verdict(), "422 idempotency_conflict");
    // Its owner gets in, through any process; others are not told of the operation.
    let request = Request::get("/api/v1/workflows").header("cookie", format!("capstan_session={ada}"));
    let request = request.header("capstan-workspace", "globex").body(Body::empty()).unwrap();
    assert_eq!(app.another_process().send(request).await.status, 200);
    let bob = member(&app, app.acme, "bob@example.com", Role::Owner).await;
    let hidden = send(&app, &bob, "GET", &format!("/operations/{id}"), json!({})).await;
    assert_eq!(hidden.verdict(), "404 not_found");
    // Without sign-up nobody but an administrator of the platform makes any.
    let closed = ask(&app.another_process(), &ada, "k2", &json!({ "slug": "initech", "name": "Initech" })).await;
    assert_eq!(closed.verdict(), "403 sign_up_off");
}

#[tokio::test]
async fn workspaces_that_are_made_at_once_do_not_wait_for_each_others_connections() {
    let app = start().await;
    let mut control = app.control.connect(connect::Role::Owner).await.unwrap();
    sqlx::raw_sql(
        "CREATE TABLE failures (detail text); GRANT INSERT ON failures TO capstan_access; \
         CREATE FUNCTION fail() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN \
           INSERT INTO failures VALUES (NEW.error_detail); RETURN NEW; END $$; \
         CREATE TRIGGER fail BEFORE UPDATE ON operations FOR EACH ROW WHEN (NEW.tries > OLD.tries) EXECUTE FUNCTION fail()",
    )
    .execute(&mut control)
    .await
    .unwrap();
    let ada = member(&app, app.acme, "ada@example.com", Role::Viewer).await;
    let wishes = (0..8).map(|n| {
        let (app, ada) = (&app, &ada);
        async move {
            let body = json!({ "slug": format!("globex-{n}"), "name": "Globex" });
            ask(app, ada, &format!("k{n}"), &body).await
        }
    });
    for asked in futures::future::join_all(wishes).await {
        let found = completed(&app, &ada, asked.json()["id"].as_str().unwrap()).await;
        assert_eq!(found["status"], "completed", "{found}");
    }
    let failures = "SELECT count(*) FROM failures";
    let failures: i64 = sqlx::query_scalar(failures).fetch_one(&mut control).await.unwrap();
    assert_eq!(failures, 0, "steps that had to be tried again");
}

#[tokio::test]
async fn who_asks_again_does_not_use_up_the_tries_of_a_step_that_failed() {
    let app = start().await;
    let ada = member(&app, app.acme, "ada@example.com", Role::Viewer).await;
    let mut control = app.control.connect(connect::Role::Owner).await.unwrap();
    let by = access::find_user(&mut control, "ada@example.com").await.unwrap().unwrap().user_id;
    let body = json!({ "slug": "globex", "name": "Globex" });
    let id = ask(&app, &ada, "k", &body).await.json()["id"].as_str().unwrap().to_owned();
    completed(&app, &ada, &id).await;
    // As a step leaves it that failed for now.
    sqlx::query(
        "UPDATE operations SET status = 'running', step = 5, ended_at = NULL, tries = 3, \
           due_at = clock_timestamp() + interval '1 hour' WHERE requested_by = $1",
    )
    .bind(by)
    .execute(&mut control)
    .await
    .unwrap();
    let id: Uuid = id.parse().unwrap();
    assert_eq!(app.api.turn(id).await.unwrap(), capstan_api::Turn::Over);
    assert_eq!(ask(&app, &ada, "k", &body).await.status, 202);
    let tries = "SELECT tries FROM operations WHERE operation_id = $1 AND ended_at IS NULL";
    let tries: i32 = sqlx::query_scalar(tries).bind(id).fetch_one(&mut control).await.unwrap();
    assert_eq!(tries, 3);
}

#[tokio::test]
async fn whoever_dies_at_a_step_leaves_nothing_half_and_nothing_twice() {
    let app = App::start().await;
    let mut control = app.control.connect(connect::Role::Owner).await.unwrap();
    let by = access::create_user(&mut control, "ada@example.com", "Ada", "$argon2id$none").await.unwrap();
    // A step that ends with this does all that it does, and is not noted: as if the process had died before its commit.
    sqlx::raw_sql(
        "CREATE TABLE deaths (slug text, step int); GRANT SELECT ON deaths TO capstan_access; \
         CREATE FUNCTION die() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN \
           IF EXISTS (SELECT FROM deaths d WHERE d.slug = NEW.request ->> 'slug' AND d.step = OLD.step) THEN \
             RAISE EXCEPTION 'died'; END IF; RETURN NEW; END $$; \
         CREATE TRIGGER die BEFORE UPDATE ON operations FOR EACH ROW WHEN (NEW.step > OLD.step) EXECUTE FUNCTION die()",
    )
    .execute(&mut control)
    .await
    .unwrap();
    for step in 0..i32::try_from(STEPS.len()).unwrap() {
        let slug = format!("dies-at-{step}");
        let wanted = WantedWorkspace {
            slug: slug.clone(),
            name: "Dies".into(),
            plan: "free".into(),
            owner_email: format!("owner-{step}@example.com"),
            owner_name: None,
            placement: Placement::Pooled,
            server_id: None,
        };
        sqlx::query("INSERT INTO deaths VALUES ($1, $2)").bind(&slug).bind(step).execute(&mut control).await.unwrap();
        let asked = Asked { by, by_name: "ada@example.com", key: &slug, request_hash: &[7; 32] };
        assert!(access::ask_operation(&mut control, &asked, &wanted).await.unwrap().is_some());
        let id = access::find_operation(&mut control, by, &slug).await.unwrap().unwrap().operation_id;
        // It got as far as that, and no further.
        let dying = async { while app.api.turn(id).await.is_ok() {} };
        tokio::time::timeout(Duration::from_secs(60), dying).await.expect("it does not die");
        let dead = access::get_operation(&mut control, id).await.unwrap().unwrap();
        assert_eq!((dead.step, dead.ended_at), (step, None), "{slug}");
        sqlx::query("DELETE FROM deaths").execute(&mut control).await.unwrap();
        let done = until(&app.another_process(), &mut control, id, "ended_at IS NOT NULL").await;
        assert_eq!((done.status.as_str(), done.error_code), ("completed", None), "{slug}");
        assert_eq!(made(&app, &mut control, &slug).await, whole(), "{slug}");
    }
}

#[tokio::test]
async fn a_slug_that_is_taken_meanwhile_fails_the_operation_and_a_wrong_wish_is_refused_at_once() {
    let app = App::start().await;
    let root = admin(&app).await;
    let mut control = app.control.connect(connect::Role::Owner).await.unwrap();
    let by = access::find_user(&mut control, "root@example.com").await.unwrap().unwrap().user_id;
    let wanted = WantedWorkspace {
        slug: "acme".into(),
        name: "Second".into(),
        plan: "free".into(),
        owner_email: "o@example.com".into(),
        owner_name: None,
        placement: Placement::Pooled,
        server_id: None,
    };
    let asked = Asked { by, by_name: "root@example.com", key: "late", request_hash: &[7; 32] };
    access::ask_operation(&mut control, &asked, &wanted).await.unwrap();
    let id = access::find_operation(&mut control, by, "late").await.unwrap().unwrap().operation_id;
    until(&app, &mut control, id, "ended_at IS NOT NULL").await;
    let found = completed(&app, &root, &id.to_string()).await;
    assert_eq!((&found["status"], &found["error"]["code"]), (&json!("failed"), &json!("slug_taken")));
    let owner = json!({ "email": "o@example.com" });
    for (key, body, expected) in [
        ("", json!({ "slug": "globex", "name": "Globex", "owner": owner }), "400 idempotency_key_required"),
        ("a", json!({ "slug": "globex", "name": "Globex" }), "422 owner_required"),
        ("a", json!({ "slug": "globex", "name": "Globex", "owner": { "email": "o" } }), "422 bad_email"),
        ("a", json!({ "slug": "acme", "name": "Globex", "owner": owner }), "409 slug_taken"),
        ("a", json!({ "slug": "ab", "name": "Globex", "owner": owner }), "422 bad_slug"),
        ("a", json!({ "slug": "x".repeat(64), "name": "Globex", "owner": owner }), "422 bad_slug"),
        ("a", json!({ "slug": "globex", "name": "x".repeat(101), "owner": owner }), "422 bad_name"),
        ("a", json!({ "slug": "globex", "name": "Globex", "plan": "gold", "owner": owner }), "422 unknown_plan"),
        (
            "a",
            json!({ "slug": "globex", "name": "Globex", "placement": "moon", "owner": owner }),
            "422 placement_unsupported",
        ),
    ] {
        assert_eq!(ask(&app, &root, key, &body).await.verdict(), expected, "{body}");
    }
    // A person is no administrator.
    let ada = member(&app, app.acme, "ada@example.com", Role::Owner).await;
    let body = json!({ "slug": "globex", "name": "Globex", "plan": "pro" });
    assert_eq!(ask(&app, &ada, "a", &body).await.verdict(), "403 not_platform");
    // For somebody who is no user yet.
    let body = json!({ "slug": "globex", "name": "Globex", "plan": "pro", "owner": owner });
    let asked = ask(&app, &root, "a", &body).await;
    let found = completed(&app, &root, asked.json()["id"].as_str().unwrap()).await;
    assert_eq!(found["status"], "completed");
    assert!(access::find_user(&mut control, "o@example.com").await.unwrap().is_some());
    // Until they have chosen a password, any is wrong.
    let login = json!({ "email": "o@example.com", "password": "a horse of iron" });
    assert_eq!(send(&app, "", "POST", "/session", login).await.verdict(), "401 wrong_login");
    // Who has no name is called by their address, however long that is.
    let owner = json!({ "email": format!("{}@{}.example.com", "o".repeat(60), "x".repeat(60)) });
    let asked = ask(&app, &root, "b", &json!({ "slug": "initech", "name": "Initech", "owner": owner })).await;
    let found = completed(&app, &root, asked.json()["id"].as_str().unwrap()).await;
    assert_eq!(found["status"], "completed", "{found}");
}

#[tokio::test]
async fn an_operation_that_failed_goes_on_where_it_did_once_it_is_let() {
    let app = App::start().await;
    let root = admin(&app).await;
    let mut control = app.control.connect(connect::Role::Owner).await.unwrap();
    let by = access::find_user(&mut control, "root@example.com").await.unwrap().unwrap().user_id;
    let wanted = WantedWorkspace {
        slug: "globex".into(),
        name: "Globex".into(),
        plan: "free".into(),
        owner_email: "o@example.com".into(),
        owner_name: None,
        placement: Placement::Pooled,
        server_id: None,
    };
    let asked = Asked { by, by_name: "root@example.com", key: "k", request_hash: &[7; 32] };
    let workspace_id = access::ask_operation(&mut control, &asked, &wanted).await.unwrap().unwrap();
    // The cell knows a workspace of that id, which nobody expects: no try can mend that.
    let mut cell = app.cell.connect(connect::Role::Owner).await.unwrap();
    let known = "INSERT INTO standings (workspace_id, state, revision) VALUES ($1, 'suspended', 9)";
    sqlx::query(known).bind(workspace_id.0).execute(&mut cell).await.unwrap();
    let id = access::find_operation(&mut control, by, "k").await.unwrap().unwrap().operation_id;
    let failed = until(&app, &mut control, id, "ended_at IS NOT NULL").await;
    assert_eq!((failed.status.as_str(), failed.step, failed.error_code.as_deref()), ("failed", 1, Some("cell_in_use")));
    let created_at = failed.steps["create"].clone();
    let path = format!("/operations/{id}/retry");
    let ada = member(&app, app.acme, "ada@example.com", Role::Owner).await;
    assert_eq!(send(&app, &ada, "POST", &path, json!({})).await.verdict(), "403 not_platform");
    let unknown = format!("/operations/{}/retry", Uuid::nil());
    assert_eq!(send(&app, &root, "POST", &unknown, json!({})).await.verdict(), "404 not_found");
    // As long as it is so, it fails again.
    assert_eq!(send(&app, &root, "POST", &path, json!({})).await.status, 202);
    let again = completed(&app, &root, &id.to_string()).await;
    assert_eq!((&again["status"], &again["error"]["code"]), (&json!("failed"), &json!("cell_in_use")));
    sqlx::query("DELETE FROM standings WHERE workspace_id = $1").bind(workspace_id.0).execute(&mut cell).await.unwrap();
    for answer in futures::future::join_all((0..5).map(|_| send(&app, &root, "POST", &path, json!({})))).await {
        assert!([200, 202].contains(&answer.status.as_u16()), "{}", answer.text());
    }
    let done = completed(&app, &root, &id.to_string()).await;
    assert_eq!((&done["status"], &done["error"]), (&json!("completed"), &Value::Null));
    // What was done before was not done again.
    let row = access::get_operation(&mut control, id).await.unwrap().unwrap();
    assert_eq!(row.steps["create"], created_at);
    assert_eq!(made(&app, &mut control, "globex").await, whole());
    assert_eq!(send(&app, &root, "POST", &path, json!({})).await.status, 200);
}
