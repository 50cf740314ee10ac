//! Forms that take leads, `POST /api/public/lead`, signed forms and bookings.

use std::net::SocketAddr;

use axum::body::Body;
use axum::extract::ConnectInfo;
use axum::http::Request;
use capstan_engine::store::connect::Role;
use futures::future::join_all;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::support::{Answer, App, as_json, chain};

const PUBLIC: &str = "/api/public/lead";

pub(crate) fn form(more: Value) -> Value {
    let mut config = json!({
        "title": "Contact", "path": "contact", "lead": { "name": "full_name" },
        "fields": [
            { "name": "email", "label": "E-mail", "type": "email", "required": true },
            { "name": "full_name", "label": "Name" },
            { "name": "budget", "label": "Budget", "type": "number", "min": 1 },
            { "name": "due", "label": "Due", "type": "date" },
        ],
    });
    config.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    chain(&[("form", "trigger.form", config), ("a", "debug.log", json!({ "message": "{{ input._lead.id }}" }))])
}

pub(crate) fn ada(budget: i64) -> Value {
    json!({ "workspace": "acme", "email": "Ada@example.com", "full_name": "Ada", "budget": budget })
}

pub(crate) async fn public(app: &App, body: &Value) -> Answer {
    app.send(as_json(Request::post(PUBLIC), body)).await
}

async fn one<T: for<'r> sqlx::Decode<'r, sqlx::Postgres> + sqlx::Type<sqlx::Postgres> + Send + Unpin>(
    app: &App,
    query: &str,
) -> T {
    let mut owner = app.cell.connect(Role::Owner).await.unwrap();
    sqlx::query_scalar(query).fetch_one(&mut owner).await.unwrap()
}

async fn token(app: &App) -> String {
    let shown =
        app.send(Request::get("/p/acme/contact").header("accept", "application/json").body(Body::empty()).unwrap());
    shown.await.json()["token"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn a_public_lead_is_the_lead_its_values_its_history_and_a_start_in_one() {
    let app = App::start().await;
    app.publish(&form(json!({}))).await;
    let taken = public(&app, &ada(3000)).await;
    assert_eq!(taken.status, 202, "{}", taken.text());
    let id = taken.json()["lead_id"].as_str().unwrap().to_owned();
    let lead = app.get(&format!("/api/v1/leads/{id}")).await.json();
    assert_eq!(
        (&lead["email"], &lead["name"], &lead["status"]),
        (&json!("Ada@example.com"), &json!("Ada"), &json!("new"))
    );
    assert_eq!((&lead["source"], &lead["fields"]), (&json!("form:contact"), &json!({ "budget": 3000 })));
    let types: Vec<Value> = app.get(&format!("/api/v1/leads/{id}/events")).await.json()["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|row| row["type"].clone())
        .collect();
    assert_eq!(types, ["created", "form_submitted"]);
    let start: Value = one(&app, "SELECT input FROM trigger_starts WHERE status = 'due' AND cause = 'form'").await;
    assert_eq!(start["_lead"], json!({ "id": id, "status": "new", "created": true }));
    assert_eq!((&start["email"], &start["due"]), (&json!("Ada@example.com"), &Value::Null));
    // Somebody with the same address changes nothing of the lead.
    let mut other = ada(5000);
    other["full_name"] = json!("Mallory");
    assert_eq!(public(&app, &other).await.json()["lead_id"], json!(id));
    let lead = app.get(&format!("/api/v1/leads/{id}")).await.json();
    assert_eq!((&lead["name"], &lead["fields"]["budget"]), (&json!("Ada"), &json!(3000)));
    assert_eq!((app.count("leads").await, app.count("trigger_starts").await), (1, 2));
    assert_eq!((app.count("lead_events").await, app.count("events").await), (3, 1));
}

#[tokio::test]
async fn a_lead_is_there_with_its_start_or_not_at_all_wherever_its_session_ends() {
    let app = App::start().await;
    app.publish(&form(json!({}))).await;
    let mut owner = app.cell.connect(Role::Owner).await.unwrap();
    let end = "CREATE FUNCTION end_session() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS \
               $$ BEGIN PERFORM pg_terminate_backend(pg_backend_pid()); RETURN NULL; END $$";
    sqlx::raw_sql(end).execute(&mut owner).await.unwrap();
    let written = [("leads", 1), ("lead_events", 2), ("trigger_starts", 1), ("events", 1)];
    for (last, _) in written {
        let ends = format!("CREATE TRIGGER ends AFTER INSERT ON {last} EXECUTE FUNCTION end_session()");
        sqlx::raw_sql(&ends).execute(&mut owner).await.unwrap();
        let lost = public(&app, &ada(3000)).await;
        assert_eq!(lost.status, 503, "{last}: {}", lost.text());
        for (table, _) in written {
            assert_eq!(app.count(table).await, 0, "{table} after the session ended at {last}");
        }
        sqlx::raw_sql(&format!("DROP TRIGGER ends ON {last}")).execute(&mut owner).await.unwrap();
    }
    assert_eq!(public(&app, &ada(3000)).await.status, 202);
    for (table, rows) in written {
        assert_eq!(app.count(table).await, rows, "{table}");
    }
}

#[tokio::test]
async fn what_is_wrong_is_told_by_field_and_leaves_nothing() {
    let app = App::start().await;
    app.publish(&form(json!({ "consent": "You may write to me." }))).await;
    for (body, pointer, code) in [
        (json!({ "workspace": "acme", "email": "ada" }), "/email", "invalid"),
        (json!({ "workspace": "acme" }), "/email", "required"),
        (json!({ "workspace": "acme", "email": "a@example.com", "budget": 0 }), "/budget", "out_of_range"),
        (json!({ "workspace": "acme", "email": "a@example.com", "due": "soon" }), "/due", "invalid"),
        (json!({ "workspace": "acme", "email": "a@example.com", "age": 3 }), "/age", "unknown_field"),
        (json!({ "workspace": "acme", "email": "a@example.com", "_lead": {} }), "/_lead", "unknown_field"),
        (json!({ "workspace": "acme", "email": "a@example.com" }), "/capstan-consent", "required"),
    ] {
        let answer = public(&app, &body).await;
        assert_eq!(answer.verdict(), "422 invalid_input", "{body}");
        let found =
            answer.json()["errors"].as_array().unwrap().iter().any(|it| it["pointer"] == pointer && it["code"] == code);
        assert!(found, "{}", answer.text());
    }
    for (body, verdict) in [
        (json!({ "email": "a@example.com" }), "400 workspace_required"),
        (json!({ "workspace": "nobody" }), "404 not_found"),
        (json!({ "workspace": "acme", "form": "none" }), "404 not_found"),
        (json!({ "workspace": "other", "email": "a@example.com" }), "404 not_found"),
    ] {
        assert_eq!(public(&app, &body).await.verdict(), verdict, "{body}");
    }
    let trapped = json!({ "workspace": "acme", "email": "a@example.com", "capstan-website": "spam" });
    assert_eq!(public(&app, &trapped).await.status, 202);
    for table in ["leads", "lead_events", "trigger_starts", "events", "lead_sources"] {
        assert_eq!(app.count(table).await, 0, "{table}");
    }
    let agreed = json!({ "workspace": "acme", "fields": { "email": "a@example.com" }, "capstan-consent": true });
    let id = public(&app, &agreed).await.json()["lead_id"].as_str().unwrap().to_owned();
    assert!(app.get(&format!("/api/v1/leads/{id}")).await.json()["consented_at"].is_string());
    let input: Value = one(&app, "SELECT input FROM trigger_starts").await;
    assert_eq!(input["_consent"], "You may write to me.");
}

#[tokio::test]
async fn a_form_that_is_sent_twice_even_at_once_is_one_submission() {
    let app = App::start().await;
    app.publish(&form(json!({}))).await;
    let page = app.send(Request::get("/p/acme").body(Body::empty()).unwrap()).await.text();
    let (_, rest) = page.split_once("name=\"capstan-token\" value=\"").unwrap();
    let body =
        format!("email=ada%40example.com&budget=3&capstan-website=&capstan-token={}", rest.split('"').next().unwrap());
    let send = |accept: &'static str| {
        let request = Request::post("/p/acme")
            .header("content-type", "application/x-www-form-urlencoded")
            .header("accept", accept);
        app.send(request.body(Body::from(body.clone())).unwrap())
    };
    let answers = join_all((0..5).map(|_| send("text/html"))).await;
    assert!(
        answers.iter().all(|answer| answer.status == 200 && answer.text().contains("Thank you")),
        "{}",
        answers[0].text()
    );
    let again = send("application/json").await;
    assert_eq!((again.status.as_u16(), &again.json()["replayed"]), (202, &json!(true)));
    for (table, rows) in [("leads", 1), ("lead_events", 2), ("trigger_starts", 1), ("events", 1)] {
        assert_eq!(app.count(table).await, rows, "{table}");
    }
}

#[tokio::test]
async fn a_submission_that_comes_again_after_its_start_was_tidied_away_starts_nothing() {
    let app = App::start().await;
    app.publish(&form(json!({}))).await;
    let mut body = ada(3);
    body["token"] = json!(token(&app).await);
    assert_eq!(public(&app, &body).await.json()["replayed"], json!(false));
    let mut owner = app.cell.connect(Role::Owner).await.unwrap();
    let gone = sqlx::query("DELETE FROM trigger_starts").execute(&mut owner).await.unwrap().rows_affected();
    let again = public(&app, &body).await.json();
    assert_eq!((gone, &again["replayed"], app.count("trigger_starts").await), (1, &json!(true), 0));
}

#[tokio::test]
async fn a_signed_form_takes_only_what_its_own_pages_send() {
    let app = App::start().await;
    app.publish(&form(json!({ "signed": true, "token_valid": "1h" }))).await;
    let (token, other) = (token(&app).await, token(&app).await);
    assert_ne!(token, other);
    let mut body = ada(3);
    assert_eq!(public(&app, &body).await.verdict(), "403 form_token");
    for forged in ["x".repeat(22), token.replace('.', "-"), format!("{}A", &token[..token.len() - 2])] {
        body["token"] = json!(forged);
        assert_eq!(public(&app, &body).await.verdict(), "403 form_token", "{forged}");
    }
    let form = Request::post("/p/acme/contact")
        .header("content-type", "application/x-www-form-urlencoded")
        .header("accept", "text/html");
    let page = app.send(form.body(Body::from("email=ada%40example.com")).unwrap()).await;
    assert!(
        page.status == 403
            && page.text().contains("value=\"ada@example.com\"")
            && page.text().contains("capstan-token")
    );
    assert_eq!(app.count("leads").await, 0);
    body["token"] = json!(token);
    assert_eq!(public(&app, &body).await.status, 202);
    assert_eq!(public(&app, &body).await.json()["replayed"], json!(true));
    // It is of one workspace: the key that signed it is.
    assert_eq!(app.count("link_keys").await, 1);
    // One that is too old is as good as none.
    let mut owner = app.cell.connect(Role::Owner).await.unwrap();
    let secret: Vec<u8> = sqlx::query_scalar("SELECT secret FROM link_keys").fetch_one(&mut owner).await.unwrap();
    let now: i64 = one(&app, "SELECT extract(epoch FROM clock_timestamp())::bigint").await;
    let aged = |age_s: i64| {
        let signed = format!("{}.1.{}", "n".repeat(22), now - age_s);
        let text = format!("capstan form token 1\n{}\ncontact\n{signed}", app.acme);
        format!("{signed}.{}", base64url(&hmac(&secret, text.as_bytes())))
    };
    for (age_s, verdict) in [(3_500, "202"), (3_700, "403 form_token")] {
        body["token"] = json!(aged(age_s));
        assert_eq!(public(&app, &body).await.verdict(), verdict, "{age_s}");
    }
}

#[tokio::test]
async fn a_workspace_with_several_forms_has_to_be_told_which() {
    let app = App::start().await;
    app.publish(&form(json!({}))).await;
    app.publish(&form(json!({ "path": "demo" }))).await;
    assert_eq!(public(&app, &ada(3)).await.verdict(), "422 form_required");
    let mut body = ada(3);
    body["form"] = json!("demo");
    assert_eq!(public(&app, &body).await.status, 202);
    assert_eq!(app.get("/api/v1/lead-sources").await.json()["items"], json!(["form:demo"]));
}

fn hmac(key: &[u8], message: &[u8]) -> Vec<u8> {
    let pad = |byte: u8| (0..64).map(|at| key.get(at).copied().unwrap_or(0) ^ byte).collect::<Vec<u8>>();
    let inner = Sha256::new().chain_update(pad(0x36)).chain_update(message).finalize();
    Sha256::new().chain_update(pad(0x5c)).chain_update(inner).finalize().to_vec()
}

fn base64url(bytes: &[u8]) -> String {
    use base64::Engine;
    base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(bytes)
}

const CALENDLY_SECRET: &str = "calendly-signing-key-of-tests";

async fn book(app: &App, path: &str, body: &Value, secret: &str) -> Answer {
    let now: i64 = one(app, "SELECT extract(epoch FROM clock_timestamp())::bigint").await;
    let text = body.to_string();
    let mac = hmac(secret.as_bytes(), format!("{now}.{text}").as_bytes());
    let hex: String = mac.iter().map(|byte| format!("{byte:02x}")).collect();
    let request = Request::post(path).header("content-type", "application/json");
    let request = request.header("calendly-webhook-signature", format!("t={now},v1={hex}"));
    app.send(request.body(Body::from(text)).unwrap()).await
}

fn booking(email: &str, event: &str) -> Value {
    let uri = format!("https://api.calendly.com/scheduled_events/E/invitees/{email}");
    json!({ "event": event, "created_at": "2026-01-01T00:00:00Z", "payload": { "email": email, "name": "Ada", "uri": uri } })
}

async fn with_bookings(more: Value) -> App {
    let app = App::start().await;
    let secret = json!({ "name": "calendly", "secret": CALENDLY_SECRET });
    assert_eq!(app.post("/api/v1/hook-secrets", &secret).await.status, 201);
    let mut config = json!({ "secret": "calendly" });
    config.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    app.publish(&chain(&[("booked", "trigger.demo_booked", config), ("a", "debug.noop", json!({}))])).await;
    app
}

#[tokio::test]
async fn a_booking_moves_its_lead_and_starts_once_however_often_it_is_told() {
    let app = with_bookings(json!({})).await;
    let made = app.post("/api/v1/leads", &json!({ "email": "ada@example.com", "source": "web" })).await.json();
    let told = booking("Ada@example.com", "invitee.created");
    let first = book(&app, "/api/webhook/calendly/acme", &told, CALENDLY_SECRET).await;
    assert_eq!((first.status.as_u16(), &first.json()["lead_id"]), (200, &made["id"]), "{}", first.text());
    for path in ["/api/webhook/calendly?workspace=acme", "/api/webhook/calendly/acme/calendly"] {
        assert_eq!(book(&app, path, &told, CALENDLY_SECRET).await.json()["lead_id"], made["id"], "{path}");
    }
    let lead = app.get(&format!("/api/v1/leads/{}", made["id"].as_str().unwrap())).await.json();
    assert_eq!((&lead["status"], &lead["name"], &lead["source"]), (&json!("booked"), &json!("Ada"), &json!("web")));
    let kinds: Vec<String> = {
        let mut owner = app.cell.connect(Role::Owner).await.unwrap();
        sqlx::query_scalar("SELECT type FROM lead_events ORDER BY event_id").fetch_all(&mut owner).await.unwrap()
    };
    assert_eq!(kinds, ["created", "webhook_received", "updated", "status_changed"]);
    let start: Value = one(&app, "SELECT input FROM trigger_starts WHERE cause = 'booking'").await;
    assert_eq!((&start["lead"]["status"], &start["booking"]["email"]), (&json!("booked"), &json!("Ada@example.com")));
    assert_eq!(app.count("trigger_starts").await, 1);
}

#[tokio::test]
async fn what_is_not_signed_or_no_booking_starts_nothing() {
    let app = with_bookings(json!({ "unknown": "ignore" })).await;
    let path = "/api/webhook/calendly/acme";
    let told = booking("ada@example.com", "invitee.created");
    assert_eq!(book(&app, path, &told, "another-secret").await.verdict(), "401 not_verified");
    assert_eq!(app.send(as_json(Request::post(path), &told)).await.verdict(), "401 not_verified");
    assert_eq!(
        book(&app, path, &booking("ada@example.com", "invitee.canceled"), CALENDLY_SECRET).await.json()["status"],
        "ignored"
    );
    // Nobody who is a lead, and the trigger passes such bookings over.
    assert_eq!(book(&app, path, &told, CALENDLY_SECRET).await.json()["status"], "ignored");
    let nameless = json!({ "event": "invitee.created", "payload": {} });
    assert_eq!(book(&app, path, &nameless, CALENDLY_SECRET).await.verdict(), "422 invalid_booking");
    assert_eq!(book(&app, "/api/webhook/calendly/acme/none", &told, CALENDLY_SECRET).await.verdict(), "404 not_found");
    assert_eq!(book(&app, "/api/webhook/calendly/other", &told, CALENDLY_SECRET).await.verdict(), "404 not_found");
    assert_eq!((app.count("leads").await, app.count("trigger_starts").await), (0, 0));
    let missing = json!({ "name": "T", "graph": chain(&[("b", "trigger.demo_booked", json!({ "secret": "none", "path": "b" })), ("a", "debug.noop", json!({}))]) });
    let made = app.post("/api/v1/workflows", &missing).await.json();
    let published = app.post_nothing(&format!("/api/v1/workflows/{}/publish", made["id"].as_str().unwrap())).await;
    assert_eq!(published.verdict(), "422 unknown_hook_secret");
}

#[tokio::test]
async fn a_booking_of_nobody_known_makes_a_lead_and_one_that_is_won_stays_so() {
    let app = with_bookings(json!({})).await;
    let path = "/api/webhook/calendly/acme";
    let first = book(&app, path, &booking("new@example.com", "invitee.created"), CALENDLY_SECRET).await.json();
    let lead = app.get(&format!("/api/v1/leads/{}", first["lead_id"].as_str().unwrap())).await.json();
    assert_eq!((&lead["status"], &lead["source"]), (&json!("booked"), &json!("calendly")));
    app.post("/api/v1/leads", &json!({ "email": "won@example.com", "status": "won" })).await;
    let second = book(&app, path, &booking("won@example.com", "invitee.created"), CALENDLY_SECRET).await.json();
    let lead = app.get(&format!("/api/v1/leads/{}", second["lead_id"].as_str().unwrap())).await.json();
    assert_eq!((&lead["status"], app.count("trigger_starts").await), (&json!("won"), 2));
}

#[tokio::test]
async fn calls_from_one_address_are_counted_by_workspace_as_a_sender_calls_for_all_of_them() {
    let app = with_bookings(json!({})).await;
    let call = |slug: &str| {
        let request = Request::post(format!("/api/webhook/calendly/{slug}"));
        let request = request.extension(ConnectInfo(SocketAddr::from(([198, 51, 100, 7], 5))));
        app.send(as_json(request, &booking("ada@example.com", "invitee.created")))
    };
    for _ in 0..100 {
        assert_eq!(call("acme").await.verdict(), "401 not_verified");
    }
    assert_eq!(call("acme").await.verdict(), "429 too_many_tries");
    assert_eq!(call("other").await.verdict(), "404 not_found");
}

#[tokio::test]
async fn the_one_form_that_takes_leads_is_found_among_many_that_do_not() {
    let app = App::start().await;
    let field = json!([{ "name": "email", "label": "E-mail" }]);
    let others = (0..60).map(|n| {
        let config = json!({ "title": "Other", "path": format!("a-{n}"), "fields": field });
        json!({ "id": format!("f{n}"), "type": "trigger.form", "data": { "label": "F", "config": config } })
    });
    app.publish(&json!({ "nodes": others.collect::<Vec<_>>(), "edges": [] })).await;
    let show = || app.send(Request::get("/p/acme").header("accept", "application/json").body(Body::empty()).unwrap());
    assert_eq!(show().await.verdict(), "404 not_found");
    app.publish(&form(json!({ "path": "z" }))).await;
    assert_eq!(show().await.json()["title"], "Contact");
    app.publish(&form(json!({ "path": "y" }))).await;
    let several = show().await;
    assert_eq!(several.verdict(), "422 form_required");
    assert!(several.text().contains("such as y and z"), "{}", several.text());
}
