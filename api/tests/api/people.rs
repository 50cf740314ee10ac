//! People: signing up, logging in and out, resets, invitations, members, keys.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::extract::ConnectInfo;
use axum::http::Request;
use capstan_api::AccountSettings;
use capstan_domain::access::{self, Origin, Role};
use capstan_domain::mailbox::{NewMail, store_mail};
use capstan_engine::core::ids::WorkspaceId;
use capstan_engine::store::connect::{self, Place};
use capstan_node_types::services::mail::{Mail, MailSettings, Mailbox, MailboxError, Mailer};
use futures::future::BoxFuture;
use serde_json::{Value, json};

use crate::support::{Answer, App, as_json};

/// The sandbox, as the binary has it.
pub(crate) struct Sandbox(pub(crate) Place);

impl Mailbox for Sandbox {
    fn store<'a>(&'a self, workspace: WorkspaceId, mail: Mail) -> BoxFuture<'a, Result<(), MailboxError>> {
        Box::pin(async move {
            let mut worker = self.0.connect(connect::Role::Worker).await?;
            let Mail { to: recipients, from: sender, subject, text: body_text, html: body_html, message_id } = mail;
            let mail = NewMail { message_id, sender, recipients, subject, body_text, body_html };
            Ok(store_mail(&mut worker, workspace, &mail).await?)
        })
    }
}

pub(crate) async fn start() -> App {
    start_at("http://127.0.0.1:7400").await
}

async fn start_at(public_url: &str) -> App {
    App::start_with(|settings, _| {
        let mail = MailSettings { from: "Capstan <capstan@example.com>".into(), ..MailSettings::default() };
        let mailer = Mailer::new(&mail, Arc::new(Sandbox(settings.cell.clone()))).unwrap();
        settings.accounts = AccountSettings {
            sign_up: true,
            plan: "free".into(),
            public_url: public_url.into(),
            mailer: Some(Arc::new(mailer)),
            trusted_proxies: vec!["10.0.0.0/8".parse().unwrap()],
            login_providers: Vec::new(),
            gmail: None,
            rates: settings.accounts.rates,
        };
    })
    .await
}

/// Somebody in a workspace, without a password that anybody knows; the token of a session.
pub(crate) async fn member(app: &App, workspace: WorkspaceId, email: &str, role: Role) -> String {
    let mut owner = app.control.connect(connect::Role::Owner).await.unwrap();
    let user_id = access::create_user(&mut owner, email, "Somebody", "$argon2id$none").await.unwrap();
    access::add_member(&mut owner, workspace, user_id, role).await.unwrap();
    access::open_session(&mut owner, user_id, &Origin::default()).await.unwrap()
}

/// Sends with a session, if there is one.
pub(crate) async fn send(app: &App, session: &str, method: &str, path: &str, body: Value) -> Answer {
    let request = Request::builder().method(method).uri(format!("/api/v1{path}"));
    let request = request.header("cookie", format!("capstan_session={session}"));
    app.send(as_json(request, &body)).await
}

/// The session that an answer gives.
pub(crate) fn session(answer: &Answer) -> String {
    let cookie = answer.header("set-cookie").unwrap_or_else(|| panic!("no cookie: {}", answer.text()));
    let (token, attributes) = cookie.strip_prefix("capstan_session=").unwrap().split_once(';').unwrap();
    assert_eq!(attributes, " Path=/; Max-Age=2592000; HttpOnly; SameSite=Lax");
    token.to_owned()
}

/// Waits for the mails to an address, at least so many; answers the newest, and the token in it.
pub(crate) async fn mail(app: &App, email: &str, count: usize) -> (String, String) {
    let mut owner = app.cell.connect(connect::Role::Owner).await.unwrap();
    let found = "SELECT subject, body_text FROM sandbox_mails WHERE $1 = ANY(recipients) ORDER BY mail_id DESC";
    let waiting = async {
        loop {
            let mails: Vec<(String, String)> = sqlx::query_as(found).bind(email).fetch_all(&mut owner).await.unwrap();
            if mails.len() >= count {
                let (subject, text) = mails.into_iter().next().unwrap();
                let token = text.split_once("?token=").map(|(_, rest)| rest.lines().next().unwrap_or_default());
                return (subject, token.unwrap_or_default().to_owned());
            }
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(30), waiting).await.unwrap_or_else(|_| panic!("no mail to {email}"))
}

pub(crate) const PASSWORD: &str = "a horse of iron";

pub(crate) async fn signed_up(app: &App, email: &str, slug: &str) -> String {
    let asked = send(app, "", "POST", "/sign-up", json!({ "email": email })).await;
    assert_eq!((asked.status.as_u16(), asked.json()), (202, json!({})));
    let (_, token) = mail(app, email, 1).await;
    let body =
        json!({ "token": token, "name": "Ada", "password": PASSWORD, "workspace": { "slug": slug, "name": "Ada's" } });
    let made = send(app, "", "POST", "/sign-up/complete", body).await;
    assert_eq!(made.status, 201, "{}", made.text());
    session(&made)
}

#[tokio::test]
async fn somebody_signs_up_logs_in_and_out_and_resets_the_password() {
    let app = start().await;
    let asked = send(&app, "", "POST", "/sign-up", json!({ "email": "Ada@Example.com" })).await;
    assert_eq!(asked.status, 202);
    let (_, link) = mail(&app, "ada@example.com", 1).await;
    let look = send(&app, "", "POST", "/mail-links/look", json!({ "token": link })).await.json();
    assert_eq!((&look["kind"], &look["email"]), (&json!("sign_up"), &json!("ada@example.com")));
    let complete = |slug: &str, password: &str| {
        let workspace = json!({ "slug": slug, "name": "Ada's" });
        json!({ "token": link, "name": "Ada", "password": password, "workspace": workspace })
    };
    for (slug, password, verdict) in [
        ("engines", "short", "422 weak_password"),
        ("acme", PASSWORD, "409 slug_taken"),
        ("admin", PASSWORD, "422 bad_slug"),
        ("x", PASSWORD, "422 bad_slug"),
    ] {
        let answer = send(&app, "", "POST", "/sign-up/complete", complete(slug, password)).await;
        assert_eq!(answer.verdict(), verdict, "{slug} {password}");
    }
    let made = send(&app, "", "POST", "/sign-up/complete", complete("engines", PASSWORD)).await;
    assert_eq!((made.status.as_u16(), &made.json()["role"]), (201, &json!("owner")));
    let first = session(&made);
    let usage = send(&app, &first, "GET", "/usage", Value::Null).await.json();
    assert_eq!(usage["plan"], "free", "its cell knows at once: {usage}");
    let plan = "SELECT s.plan FROM workspace_plans s JOIN workspaces w USING (workspace_id) WHERE w.slug = 'engines'";
    let mut owner = app.control.connect(connect::Role::Owner).await.unwrap();
    assert_eq!(sqlx::query_scalar::<_, String>(plan).fetch_one(&mut owner).await.unwrap(), "free");
    let again = send(&app, "", "POST", "/sign-up/complete", complete("again", PASSWORD)).await;
    assert_eq!(again.verdict(), "410 link_expired");

    // An address that has an account gets the same answer, and another mail.
    let asked = send(&app, "", "POST", "/sign-up", json!({ "email": "ada@example.com" })).await;
    assert_eq!((asked.status.as_u16(), asked.json()), (202, json!({})));
    assert_eq!(mail(&app, "ada@example.com", 2).await, ("You have a Capstan account".into(), String::new()));

    let log_in = async |email: &str, password: &str| {
        send(&app, "", "POST", "/session", json!({ "email": email, "password": password })).await
    };
    for (email, password) in [("ada@example.com", "a horse of wood"), ("bob@example.com", PASSWORD), ("", "")] {
        assert_eq!(log_in(email, password).await.verdict(), "401 wrong_login", "{email}");
    }
    let second = session(&log_in(" ADA@example.com", PASSWORD).await);
    let sessions = send(&app, &second, "GET", "/sessions", Value::Null).await.json();
    let current: Vec<_> = sessions["items"].as_array().unwrap().iter().map(|it| it["current"].clone()).collect();
    assert_eq!(current, [json!(true), json!(false)]);
    assert_eq!(send(&app, &second, "DELETE", "/session", Value::Null).await.status, 204);
    assert_eq!(send(&app, &second, "GET", "/sessions", Value::Null).await.verdict(), "401 no_session");

    // A session does what its role may, and nothing that another site asks for.
    let workflow = json!({ "name": "Mine", "graph": crate::support::simple() });
    assert_eq!(send(&app, &first, "POST", "/workflows", workflow.clone()).await.status, 201);
    let forged = Request::post("/api/v1/workflows").header("cookie", format!("capstan_session={first}"));
    let forged = as_json(forged.header("sec-fetch-site", "cross-site"), &workflow);
    assert_eq!(app.send(forged).await.verdict(), "403 cross_site");

    // A reset ends all sessions.
    for email in ["ada@example.com", "bob@example.com"] {
        let asked = send(&app, "", "POST", "/password/forgot", json!({ "email": email })).await;
        assert_eq!((asked.status.as_u16(), asked.json()), (202, json!({})));
    }
    let (_, link) = mail(&app, "ada@example.com", 3).await;
    let reset = json!({ "token": link, "password": "a horse of straw" });
    assert_eq!(send(&app, "", "POST", "/password/reset", reset.clone()).await.status, 204);
    assert_eq!(send(&app, "", "POST", "/password/reset", reset).await.verdict(), "410 link_expired");
    let elsewhere = app.another_process();
    assert_eq!(send(&elsewhere, &first, "GET", "/sessions", Value::Null).await.verdict(), "401 no_session");
    assert_eq!(log_in("ada@example.com", PASSWORD).await.verdict(), "401 wrong_login");
    assert_eq!(log_in("ada@example.com", "a horse of straw").await.status, 200);
    let bobs: i64 = {
        let mut owner = app.cell.connect(connect::Role::Owner).await.unwrap();
        let count = "SELECT count(*) FROM sandbox_mails WHERE 'bob@example.com' = ANY(recipients)";
        sqlx::query_scalar(count).fetch_one(&mut owner).await.unwrap()
    };
    assert_eq!(bobs, 0);
}

#[tokio::test]
async fn wrong_passwords_are_counted_by_client_and_a_forged_header_does_not_help() {
    let app = start_at("https://capstan.example").await;
    let try_once = async |peer: [u8; 4], forwarded: &str| {
        let request = Request::post("/api/v1/session").header("x-forwarded-for", forwarded);
        let request = request.extension(ConnectInfo(SocketAddr::from((peer, 50_000))));
        app.send(as_json(request, &json!({ "email": "ada@example.com", "password": "wrong" }))).await
    };
    for n in 0..10 {
        assert_eq!(try_once([203, 0, 113, 9], &format!("198.51.100.{n}")).await.verdict(), "401 wrong_login");
    }
    let refused = try_once([203, 0, 113, 9], "198.51.100.99").await;
    assert_eq!(refused.verdict(), "429 too_many_tries");
    assert!(refused.header("retry-after").unwrap().parse::<u32>().unwrap() > 0);
    // Behind the proxy are many clients, of which each is one.
    assert_eq!(try_once([10, 0, 0, 1], "203.0.113.9").await.verdict(), "429 too_many_tries");
    assert_eq!(try_once([10, 0, 0, 1], "203.0.113.10").await.verdict(), "401 wrong_login");

    let mut owner = app.control.connect(connect::Role::Owner).await.unwrap();
    let hash = access::hash_password(PASSWORD.into()).await.unwrap();
    access::create_user(&mut owner, "eve@example.com", "Eve", &hash).await.unwrap();
    let request = Request::post("/api/v1/session");
    let answer = app.send(as_json(request, &json!({ "email": "eve@example.com", "password": PASSWORD }))).await;
    let cookie = answer.header("set-cookie").unwrap();
    assert!(
        cookie.starts_with("__Host-capstan=")
            && cookie.ends_with("; Path=/; Max-Age=2592000; HttpOnly; SameSite=Lax; Secure")
    );
    assert_eq!((&answer.json()["workspace"], &answer.json()["permissions"]), (&Value::Null, &json!([])));
}

#[tokio::test]
async fn people_are_invited_change_roles_and_there_is_always_one_owner() {
    let app = start().await;
    let ada = signed_up(&app, "ada@example.com", "engines").await;
    let invite = json!({ "email": "Bob@example.com", "role": "admin" });
    assert_eq!(send(&app, &ada, "POST", "/invitations", invite.clone()).await.status, 201);
    let (_, before) = in_workspace(&app, "engines", "bob@example.com", 1).await;
    assert_eq!(send(&app, &ada, "POST", "/invitations", invite).await.status, 201);
    let (_, link) = in_workspace(&app, "engines", "bob@example.com", 2).await;
    let accept = |token: &str| json!({ "token": token, "name": "Bob", "password": PASSWORD });
    assert_eq!(send(&app, "", "POST", "/invitations/accept", accept(&before)).await.verdict(), "410 link_expired");
    let look = send(&app, "", "POST", "/mail-links/look", json!({ "token": link })).await.json();
    assert_eq!(
        (&look["workspace"]["slug"], &look["role"], &look["has_account"]),
        (&json!("engines"), &json!("admin"), &json!(false))
    );
    let joined = send(&app, "", "POST", "/invitations/accept", accept(&link)).await;
    assert_eq!((joined.status.as_u16(), &joined.json()["role"]), (201, &json!("admin")));
    let bob = session(&joined);

    // One who has an account joins under that name only, and has a workspace more then.
    let eve = member(&app, app.acme, "eve@example.com", Role::Viewer).await;
    let invite = json!({ "email": "eve@example.com", "role": "member" });
    assert_eq!(send(&app, &bob, "POST", "/invitations", invite).await.status, 201);
    let (_, link) = in_workspace(&app, "engines", "eve@example.com", 1).await;
    for (session, verdict) in [("", "401 log_in_first"), (bob.as_str(), "403 other_address"), (eve.as_str(), "200")] {
        let answer = send(&app, session, "POST", "/invitations/accept", json!({ "token": link })).await;
        assert_eq!(answer.verdict(), verdict);
    }
    let me = send(&app, &eve, "GET", "/me", Value::Null).await.json();
    assert_eq!((&me["workspace"], me["workspaces"].as_array().unwrap().len()), (&Value::Null, 2));
    assert_eq!(send(&app, &eve, "GET", "/workflows", Value::Null).await.verdict(), "400 workspace_required");
    for (slug, role) in [("acme", "viewer"), ("engines", "member")] {
        let request = Request::get("/api/v1/me").header("cookie", format!("capstan_session={eve}"));
        let told = app.send(request.header("capstan-workspace", slug).body(Body::empty()).unwrap()).await.json();
        assert_eq!((&told["workspace"]["slug"], &told["role"]), (&json!(slug), &json!(role)));
    }

    let members = send(&app, &bob, "GET", "/members", Value::Null).await.json();
    let id = |email: &str| {
        let members = members["items"].as_array().unwrap();
        members.iter().find(|it| it["email"] == email).unwrap()["user_id"].as_str().unwrap().to_owned()
    };
    let (a, b, e) = (id("ada@example.com"), id("bob@example.com"), id("eve@example.com"));
    for (method, path, body, verdict) in [
        ("PUT", format!("/members/{b}"), json!({ "role": "owner" }), "409 owner_stays"),
        ("PUT", format!("/members/{a}"), json!({ "role": "viewer" }), "409 owner_stays"),
        ("DELETE", format!("/members/{a}"), Value::Null, "409 owner_stays"),
        ("POST", "/workspace/transfer".into(), json!({ "user_id": b }), "403 forbidden"),
        ("POST", "/invitations".into(), json!({ "email": "x@example.com", "role": "owner" }), "409 owner_stays"),
        ("POST", "/invitations".into(), json!({ "email": "eve@example.com", "role": "admin" }), "409 already_member"),
        ("PUT", format!("/members/{}", uuid::Uuid::now_v7()), json!({ "role": "viewer" }), "404 not_found"),
        ("PUT", format!("/members/{e}"), json!({ "role": "viewer" }), "204"),
    ] {
        assert_eq!(send(&app, &bob, method, &path, body).await.verdict(), verdict, "{method} {path}");
    }
    assert_eq!(send(&app, &ada, "POST", "/members/leave", Value::Null).await.verdict(), "409 owner_stays");
    // Given away to two at the same time, it has one owner.
    let (one, two) = tokio::join!(
        send(&app, &ada, "POST", "/workspace/transfer", json!({ "user_id": b })),
        send(&app, &ada, "POST", "/workspace/transfer", json!({ "user_id": e })),
    );
    assert_eq!(
        [one.status.is_success(), two.status.is_success()].iter().filter(|it| **it).count(),
        1,
        "{}",
        two.text()
    );
    let mut owner = app.control.connect(connect::Role::Owner).await.unwrap();
    let owners = "SELECT count(*) FROM members m JOIN workspaces w USING (workspace_id) WHERE w.slug = 'engines' AND m.role = 'owner'";
    assert_eq!(sqlx::query_scalar::<_, i64>(owners).fetch_one(&mut owner).await.unwrap(), 1);
    assert_eq!(send(&app, &ada, "POST", "/members/leave", Value::Null).await.status, 204);
    assert_eq!(send(&app, &ada, "GET", "/me", Value::Null).await.json()["workspaces"], json!([]));
}

async fn in_workspace(app: &App, slug: &str, email: &str, count: usize) -> (String, String) {
    let found = mail(app, email, count).await;
    let mut owner = app.control.connect(connect::Role::Owner).await.unwrap();
    assert!(access::resolve_slug(&mut owner, slug).await.unwrap().is_some());
    found
}

#[tokio::test]
async fn keys_are_made_with_at_most_what_one_has_and_end() {
    let app = App::start().await;
    let admin = member(&app, app.acme, "admin@example.com", Role::Admin).await;
    let made = send(&app, &admin, "POST", "/keys", json!({ "name": "all" })).await;
    assert_eq!((made.status.as_u16(), &made.json()["scopes"]), (201, &Value::Null));
    let narrow =
        json!({ "name": "narrow", "scopes": ["keys.write", "workflows.read"], "expires_at": "2999-01-01T00:00:00Z" });
    let narrow = send(&app, &admin, "POST", "/keys", narrow).await.json();
    assert_eq!(narrow["scopes"], json!(["workflows.read", "keys.write"]));
    let key = narrow["key"].as_str().unwrap();
    let make = async |body: Value| {
        let request = Request::post("/api/v1/keys").header("x-api-key", key);
        app.send(as_json(request, &body)).await
    };
    for (body, verdict) in [
        (json!({ "name": "more" }), "403 more_than_own"),
        (json!({ "name": "more", "scopes": ["executions.read"] }), "403 more_than_own"),
        (json!({ "name": "own", "scopes": ["workspace.own"] }), "422 bad_scopes"),
        (json!({ "name": "none", "scopes": [] }), "422 bad_scopes"),
        (json!({ "name": "what", "scopes": ["workflows.fly"] }), "422 bad_scopes"),
        (
            json!({ "name": "old", "scopes": ["workflows.read"], "expires_at": "2001-01-01T00:00:00Z" }),
            "422 bad_expiry",
        ),
        (
            json!({ "name": "long", "scopes": ["workflows.read"], "expires_at": "3999-01-01T00:00:00Z" }),
            "422 bad_expiry",
        ),
        (json!({ "name": "", "scopes": ["workflows.read"] }), "422 bad_name"),
    ] {
        assert_eq!(make(body.clone()).await.verdict(), verdict, "{body}");
    }
    let child = make(json!({ "name": "child", "scopes": ["workflows.read"] })).await;
    assert_eq!((child.status.as_u16(), &child.json()["expires_at"]), (201, &json!("2999-01-01T00:00:00Z")));
    let listed = send(&app, &admin, "GET", "/keys", Value::Null).await;
    let names: Vec<_> = listed.json()["items"].as_array().unwrap().iter().map(|it| it["name"].clone()).collect();
    assert_eq!(names, ["child", "narrow", "all", "test"]);
    assert!(!listed.text().contains(key));
    let id = child.json()["id"].as_str().unwrap().to_owned();
    assert_eq!(send(&app, &admin, "DELETE", &format!("/keys/{id}"), Value::Null).await.status, 204);
    assert_eq!(send(&app, &admin, "DELETE", &format!("/keys/{id}"), Value::Null).await.verdict(), "404 not_found");
    let listed = send(&app, &admin, "GET", "/keys", Value::Null).await.json();
    assert_eq!((&listed["items"][3]["name"], &listed["items"][0]["name"]), (&json!("child"), &json!("narrow")));
    let request = Request::get("/api/v1/workflows").header("x-api-key", child.json()["key"].as_str().unwrap());
    assert_eq!(app.send(request.body(Body::empty()).unwrap()).await.verdict(), "401 wrong_key");
}

#[tokio::test]
async fn every_change_is_recorded_with_who_made_it_and_nobody_can_change_that() {
    let app = App::start().await;
    let admin = member(&app, app.acme, "admin@example.com", Role::Admin).await;
    let made = send(&app, &admin, "POST", "/keys", json!({ "name": "new" })).await;
    let id = made.json()["id"].as_str().unwrap().to_owned();
    let revoke = app.request("DELETE", &format!("/api/v1/keys/{id}")).header("x-request-id", "of-the-test");
    assert_eq!(app.send(revoke.body(Body::empty()).unwrap()).await.status, 204);
    // Neither what was refused nor what only looked.
    assert_eq!(app.post("/api/v1/keys", &json!({ "name": "" })).await.status, 422);
    assert_eq!(app.get("/api/v1/members").await.status, 200);
    let first = app.get("/api/v1/audit?limit=1").await.json();
    let item = &first["items"][0];
    assert_eq!((&item["action"], &item["status"]), (&json!("DELETE /api/v1/keys/{key_id}"), &json!(204)));
    assert_eq!(item["subject"], json!(format!("/api/v1/keys/{id}")));
    assert_eq!((&item["by"]["kind"], &item["by"]["name"]), (&json!("key"), &json!("test")));
    assert_eq!(item["request_id"], json!("of-the-test"));
    let cursor = first["next_cursor"].as_str().unwrap();
    let rest = app.get(&format!("/api/v1/audit?cursor={cursor}")).await.json();
    let by: Vec<_> = rest["items"].as_array().unwrap().iter().map(|it| it["by"]["name"].clone()).collect();
    assert_eq!(by, ["admin@example.com"]);
    let mut api = app.cell.connect(connect::Role::Api).await.unwrap();
    for statement in ["UPDATE audit_log SET by_name = 'x'", "DELETE FROM audit_log"] {
        let error = sqlx::query(statement).execute(&mut api).await.unwrap_err();
        assert!(error.to_string().contains("permission denied"), "{error}");
    }
}
