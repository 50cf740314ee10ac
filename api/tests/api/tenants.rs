//! Workspaces as tenants: who may move them, what each state allows on each route, and what becomes of it in the cell.

use axum::body::Body;
use axum::http::Request;
use capstan_api::{Access, routes};
use capstan_domain::access::{self, Level, MOVES, Mover, NewTenant, Origin, Role, TenantState};
use capstan_engine::store::connect;
use serde_json::{Value, json};
use sqlx::Connection;
use uuid::Uuid;

use crate::matrix::triggered;
use crate::people::{PASSWORD, member, send};
use crate::support::{App, simple};

/// A session of the platform.
pub(crate) async fn admin(app: &App) -> String {
    let mut owner = app.control.connect(connect::Role::Owner).await.unwrap();
    let user_id = access::create_user(&mut owner, "root@example.com", "Root", "$argon2id$none").await.unwrap();
    assert!(access::make_super_admin(&mut owner, user_id).await.unwrap());
    access::open_session_at(&mut owner, user_id, &Origin::default(), Level::Platform).await.unwrap()
}

/// Moves `acme`; answers what the API says when nothing is remembered of before.
pub(crate) async fn moved(app: &App, session: &str, verb: &str, reason: &str) -> App {
    let path = format!("/platform/tenants/{}/{verb}", app.acme);
    let answer = send(app, session, "POST", &path, json!({ "reason": reason })).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    app.another_process()
}

#[tokio::test]
async fn a_tenant_is_suspended_resumed_and_archived_with_who_when_and_why() {
    let app = App::start().await;
    let session = admin(&app).await;
    let path = format!("/platform/tenants/{}", app.acme);
    let said = async |verb: &str, body: Value| send(&app, &session, "POST", &format!("{path}/{verb}"), body).await;
    assert_eq!(said("resume", json!({})).await.verdict(), "409 invalid_transition");
    assert_eq!(said("suspend", json!({})).await.verdict(), "422 reason_required");
    assert_eq!(said("suspend", json!({ "reason": "x".repeat(501) })).await.verdict(), "422 bad_reason");
    let suspended = said("suspend", json!({ "reason": "unpaid" })).await.json();
    assert_eq!((&suspended["state"], &suspended["state_reason"]), (&json!("suspended"), &json!("unpaid")));
    let again = said("suspend", json!({ "reason": "unpaid" })).await.json();
    assert_eq!(again["detail"], "Invalid tenant transition: suspended → suspended");
    assert_eq!(said("resume", json!({})).await.json()["state"], "active");
    assert_eq!(said("archive", json!({ "reason": "gone" })).await.json()["state"], "archived");
    assert_eq!(said("resume", json!({})).await.json()["detail"], "Invalid tenant transition: archived → active");

    let shown = send(&app, &session, "GET", &path, json!({})).await.json();
    let history: Vec<Value> =
        shown["history"].as_array().unwrap().iter().map(|it| json!([it["from"], it["to"]])).collect();
    assert_eq!(json!(history), json!([["active", "archived"], ["suspended", "active"], ["active", "suspended"]]));
    assert!(shown["history"].as_array().unwrap().iter().all(|it| it["by"] == "root@example.com"), "{shown}");
    assert_eq!(shown["history"][0]["reason"], "gone");

    // The cell was told of each move once: what holds there, an event, a line in the audit log.
    let mut owner = app.cell.connect(connect::Role::Owner).await.unwrap();
    let types: Vec<String> = sqlx::query_scalar("SELECT type FROM outbox WHERE type LIKE 'tenant.%' ORDER BY event_id")
        .fetch_all(&mut owner)
        .await
        .unwrap();
    assert_eq!(types, ["tenant.suspended", "tenant.resumed", "tenant.archived"]);
    let audited: Vec<String> =
        sqlx::query_scalar("SELECT action FROM audit_log ORDER BY audit_id").fetch_all(&mut owner).await.unwrap();
    assert_eq!(audited, ["tenant active → suspended", "tenant suspended → active", "tenant active → archived"]);
    let states = "SELECT (changes->0->>'before') || ' → ' || (changes->0->>'after') FROM audit_log \
                  WHERE changes->0->>'path' = '/state' ORDER BY audit_id";
    let states: Vec<String> = sqlx::query_scalar(states).fetch_all(&mut owner).await.unwrap();
    assert_eq!(states, ["active → suspended", "suspended → active", "active → archived"]);
}

#[tokio::test]
async fn tenants_are_listed_and_searched() {
    let app = App::start().await;
    let session = admin(&app).await;
    let get = |query: &'static str| send(&app, &session, "GET", query, json!({}));
    let mut control = app.control.connect(connect::Role::Access).await.unwrap();
    let (slug, name, state) = ("globex", "Globex", TenantState::Draft);
    let new = NewTenant { slug, name, placement: None, cell_schema: "cell_1", state };
    let draft = access::create_tenant(&mut control, &new).await.unwrap();
    let slugs = |answer: Value| {
        let items = answer["items"].as_array().unwrap().iter();
        items.map(|it| it["slug"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(slugs(get("/platform/tenants").await.json()), ["globex", "other", "acme"]);
    assert_eq!(slugs(get("/platform/tenants?q=GLO").await.json()), ["globex"]);
    assert_eq!(slugs(get("/platform/tenants?state=active").await.json()), ["other", "acme"]);
    assert_eq!(get("/platform/tenants?state=gone").await.verdict(), "400 bad_state");
    let first = get("/platform/tenants?limit=1").await.json();
    let next = format!("/platform/tenants?limit=5&cursor={}", first["next_cursor"].as_str().unwrap());
    assert_eq!(slugs(send(&app, &session, "GET", &next, json!({})).await.json()), ["other", "acme"]);
    let unknown = get("/platform/tenants/no-id").await;
    assert_eq!(unknown.verdict(), "404 not_found");
    assert_eq!(unknown.json()["detail"], "there is no workspace \"no-id\"");
    // A draft becomes active by being provisioned only.
    let path = format!("/platform/tenants/{}/resume", draft);
    let refused = send(&app, &session, "POST", &path, json!({})).await.json();
    assert_eq!(refused["detail"], "Invalid tenant transition: draft → active");
}

#[tokio::test]
async fn a_session_is_of_the_platform_or_of_workspaces_and_never_of_both() {
    let app = App::start().await;
    let owner_session = member(&app, app.acme, "owner@example.com", Role::Owner).await;
    let mut owner = app.control.connect(connect::Role::Owner).await.unwrap();
    let hash = access::hash_password(PASSWORD.into()).await.unwrap();
    let user_id = access::create_user(&mut owner, "both@example.com", "Both", &hash).await.unwrap();
    access::add_member(&mut owner, app.acme, user_id, Role::Viewer).await.unwrap();
    access::make_super_admin(&mut owner, user_id).await.unwrap();
    let log_in = async |workspace: Option<&str>| {
        let mut body = json!({ "email": "both@example.com", "password": PASSWORD });
        if let Some(workspace) = workspace {
            body["workspace"] = json!(workspace);
        }
        send(&app, "", "POST", "/session", body).await
    };
    let token = |answer: &crate::support::Answer| {
        let cookie = answer.header("set-cookie").unwrap();
        cookie.strip_prefix("capstan_session=").unwrap().split(';').next().unwrap().to_owned()
    };
    let platform = log_in(None).await;
    let me = platform.json();
    assert_eq!((&me["level"], &me["platform_role"]), (&json!("platform"), &json!("super_admin")));
    assert_eq!((&me["workspace"], &me["workspaces"]), (&Value::Null, &json!([])));
    let platform = token(&platform);
    let in_acme = log_in(Some("acme")).await;
    assert_eq!((&in_acme.json()["level"], &in_acme.json()["workspace"]["slug"]), (&json!("workspace"), &json!("acme")));
    let in_acme = token(&in_acme);
    assert_eq!(log_in(Some("other")).await.verdict(), "403 not_a_member");
    let (tenants, workflows) = ("/platform/tenants", "/workflows");
    for (session, path, expected) in [
        (&platform, tenants, "200"),
        (&platform, workflows, "403 platform_session"),
        (&in_acme, tenants, "403 not_platform"),
        (&in_acme, workflows, "200"),
        (&owner_session, tenants, "403 not_platform"),
        (&String::new(), tenants, "401 no_key"),
    ] {
        assert_eq!(send(&app, session, "GET", path, json!({})).await.verdict(), expected, "{path}");
    }
    assert_eq!(app.get("/api/v1/platform/tenants").await.verdict(), "403 not_platform");
    // Who is none any more has a session that opens nothing.
    access::revoke_super_admin(&mut owner, user_id).await.unwrap();
    let later = app.another_process();
    assert_eq!(send(&later, &platform, "GET", tenants, json!({})).await.verdict(), "403 not_platform");
    // The API cannot give the role.
    let mut api = app.control.connect(connect::Role::Access).await.unwrap();
    let error = access::make_super_admin(&mut api, user_id).await.unwrap_err().to_string();
    assert!(error.contains("permission denied"), "{error}");
}

/// Asks every route of a workspace that needs a permission; whether each was refused with `code`, by method and path.
async fn refusals(app: &App, code: &str) -> Vec<(bool, bool, String)> {
    let mut all = Vec::new();
    for route in routes() {
        let Access::Needs(permission) = route.access else { continue };
        let parts = route.path.split('/');
        let parts = parts.map(|part| if part.starts_with('{') { Uuid::now_v7().to_string() } else { part.into() });
        let path = format!("/api/v1{}", parts.collect::<Vec<String>>().join("/"));
        let request = app.request(route.method, &path).header("content-type", "application/json");
        let answer = app.send(request.header("if-match", "\"1\"").body(Body::from("{}")).unwrap()).await;
        assert!(answer.status.as_u16() < 500, "{} {}: {}", route.method, route.path, answer.text());
        let is_refused = answer.verdict() == format!("403 {code}");
        all.push((is_refused, permission.as_str().ends_with(".read"), format!("{} {}", route.method, route.path)));
    }
    assert!(all.len() > 60);
    all
}

#[tokio::test]
async fn nobody_gets_into_a_suspended_workspace_and_all_is_as_before_once_it_is_resumed() {
    let app = App::start().await;
    let session = admin(&app).await;
    let ada = member(&app, app.acme, "ada@example.com", Role::Admin).await;
    app.publish(&triggered()).await;
    let mut owner = app.cell.connect(connect::Role::Owner).await.unwrap();
    let times = "SELECT next_at::text, parked_at::text FROM schedules";
    let before: (Option<String>, Option<String>) = sqlx::query_as(times).fetch_one(&mut owner).await.unwrap();
    let closed = moved(&app, &session, "suspend", "the bill is not paid").await;
    for (is_refused, _, route) in refusals(&closed, "workspace_suspended").await {
        assert!(is_refused, "{route} let somebody in");
    }
    let said = closed.get("/api/v1/workflows").await.json();
    assert_eq!(said["detail"], "the workspace \"acme\" is suspended: the bill is not paid");
    assert_eq!(send(&closed, &ada, "GET", "/workflows", json!({})).await.verdict(), "403 workspace_suspended");
    assert_eq!(send(&closed, &ada, "POST", "/members/leave", json!({})).await.verdict(), "403 workspace_suspended");
    // People are shown why.
    let me = send(&closed, &ada, "GET", "/me", json!({})).await.json();
    assert_eq!(me["workspaces"][0]["state"], "suspended");
    assert_eq!(me["workspace"]["state_reason"], "the bill is not paid");
    // Triggers are off, and whoever calls is not told why.
    for path in ["/hooks/acme/orders", "/p/acme/orders"] {
        let answer = closed.send(Request::post(path).body(Body::from("{}")).unwrap()).await;
        assert_eq!(answer.verdict(), "403 workspace_suspended", "{path}");
        assert!(!answer.text().contains("bill"), "{}", answer.text());
    }
    let parked: (Option<String>, Option<String>) = sqlx::query_as(times).fetch_one(&mut owner).await.unwrap();
    assert_eq!(parked, (None, before.0.clone()));
    // Of others nothing is held up.
    let other = Request::get("/api/v1/workflows").header("x-api-key", &closed.other_key).body(Body::empty()).unwrap();
    assert_eq!(closed.send(other).await.status, 200);
    let open = moved(&closed, &session, "resume", "paid").await;
    let after: (Option<String>, Option<String>) = sqlx::query_as(times).fetch_one(&mut owner).await.unwrap();
    assert_eq!(after, before);
    assert_eq!(open.get("/api/v1/workflows").await.status, 200);
    assert_eq!(open.send(Request::post("/hooks/acme/orders").body(Body::empty()).unwrap()).await.status, 202);
}

#[tokio::test]
async fn an_archived_workspace_can_be_read_and_every_write_is_refused() {
    let app = App::start().await;
    let session = admin(&app).await;
    app.publish(&simple()).await;
    let archived = moved(&app, &session, "archive", "the customer has left").await;
    assert_eq!(archived.get("/api/v1/workflows").await.json()["items"].as_array().unwrap().len(), 1);
    let withdraws = ["/keys/", "/members/", "/invitations/"].map(|part| format!("DELETE {part}"));
    let is_lawful = |route: &str| {
        route == "POST /person-jobs"
            || ["GET /person-jobs", "GET /audit/export"].iter().any(|start| route.starts_with(start))
    };
    for (is_refused, reads, route) in refusals(&archived, "workspace_archived").await {
        let is_let_in = reads || is_lawful(&route) || withdraws.iter().any(|start| route.starts_with(start));
        assert_eq!(is_refused, !is_let_in, "{route}");
    }
    // What opens it can be taken away, and that is on record.
    let keys = archived.get("/api/v1/keys").await.json();
    let path = format!("/api/v1/keys/{}", keys["items"][0]["id"].as_str().unwrap());
    let mut viewer = archived.another_process();
    viewer.key = archived.other_key.clone();
    assert_eq!(viewer.send(viewer.request("DELETE", &path).body(Body::empty()).unwrap()).await.status, 404);
    let revoked = archived.send(archived.request("DELETE", &path).body(Body::empty()).unwrap()).await;
    assert_eq!(revoked.status, 204, "{}", revoked.text());
    assert_eq!(archived.count("audit_log WHERE action = 'DELETE /api/v1/keys/{key_id}'").await, 1);
    assert_eq!(archived.another_process().get("/api/v1/workflows").await.verdict(), "401 wrong_key");
    for path in ["/hooks/acme/orders", "/p/acme/orders"] {
        let answer = archived.send(Request::post(path).body(Body::from("{}")).unwrap()).await;
        assert_eq!(answer.verdict(), "403 workspace_archived", "{path}");
    }
}

#[tokio::test]
async fn the_database_holds_the_same_moves_and_no_other_history() {
    let app = App::start().await;
    let mut owner = app.control.connect(connect::Role::Owner).await.unwrap();
    let mut known: Vec<(String, String)> =
        sqlx::query_as("SELECT from_state, to_state FROM tenant_moves").fetch_all(&mut owner).await.unwrap();
    let mut moves = MOVES.map(|(from, to)| (from.to_string(), to.to_string())).to_vec();
    known.sort();
    moves.sort();
    assert_eq!(known, moves);
    let error = sqlx::query(
        "INSERT INTO tenant_transitions (workspace_id, revision, from_state, to_state, changed_by_name) \
         VALUES ($1, 1, 'archived', 'active', 'x')",
    );
    let error = error.bind(app.acme.0).execute(&mut owner).await.unwrap_err().to_string();
    assert!(error.contains("tenant_transitions_known"), "{error}");
}

#[tokio::test]
async fn a_move_that_its_cell_was_not_told_is_brought_there_later_in_order_and_once() {
    let app = App::start().await;
    let mut control = app.control.connect(connect::Role::Access).await.unwrap();
    let mover = Mover { name: "test".into(), ..Mover::default() };
    // A process that dies after each commit: nothing is brought.
    for to in [TenantState::Suspended, TenantState::Active, TenantState::Suspended] {
        access::move_tenant(&mut control, app.acme, to, None, &mover).await.unwrap();
    }
    let untold = access::untold_moves(&mut control, Some(app.acme), 9).await.unwrap();
    assert_eq!(untold.iter().map(|it| it.revision).collect::<Vec<_>>(), [1, 2, 3]);
    let mut api = app.cell.connect(connect::Role::Api).await.unwrap();
    let set = "SELECT set_config('app.workspace_id', $1, false)";
    sqlx::query(set).bind(app.acme.to_string()).execute(&mut api).await.unwrap();
    let mut news = Vec::new();
    // Twice, as by two processes; an old one comes last.
    for one in untold.iter().chain(&untold) {
        news.push(access::tell_cell(&mut api, one).await.unwrap());
    }
    assert_eq!(news, [true, true, true, false, false, false]);
    access::mark_told(&mut control, &untold[2]).await.unwrap();
    access::mark_told(&mut control, &untold[0]).await.unwrap();
    assert!(access::untold_moves(&mut control, None, 9).await.unwrap().is_empty());
    let mut owner = app.cell.connect(connect::Role::Owner).await.unwrap();
    let held: (String, i64) =
        sqlx::query_as("SELECT state, revision FROM standings").fetch_one(&mut owner).await.unwrap();
    assert_eq!((held, app.count("outbox").await), (("suspended".into(), 3), 3));
}

#[tokio::test]
async fn a_workspace_that_begins_to_be_made_at_the_same_moment_is_not_made_active_by_hand() {
    let app = App::start().await;
    let session = admin(&app).await;
    let mut control = app.control.connect(connect::Role::Access).await.unwrap();
    let (slug, name, state) = ("globex", "Globex", TenantState::Draft);
    let new = NewTenant { slug, name, placement: None, cell_schema: "cell_1", state };
    let draft = access::create_tenant(&mut control, &new).await.unwrap();
    let mut making = control.begin().await.unwrap();
    let mover = Mover { name: "operation".into(), ..Mover::default() };
    access::move_tenant(&mut making, draft, TenantState::Provisioning, None, &mover).await.unwrap();
    let path = format!("/platform/tenants/{draft}/resume");
    let resumed = send(&app, &session, "POST", &path, json!({}));
    let committed = async {
        let mut owner = app.control.connect(connect::Role::Owner).await.unwrap();
        let waits =
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'";
        while sqlx::query_scalar::<_, i64>(waits).fetch_one(&mut owner).await.unwrap() == 0 {}
        making.commit().await.unwrap();
    };
    let (resumed, ()) = tokio::join!(resumed, committed);
    assert_eq!(resumed.verdict(), "409 invalid_transition");
    let shown = send(&app, &session, "GET", &format!("/platform/tenants/{draft}"), json!({})).await.json();
    assert_eq!(shown["state"], "provisioning", "{}", resumed.text());
}
