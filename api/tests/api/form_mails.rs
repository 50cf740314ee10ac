//! Forms that ask for a proven address: what the button behind the link starts. Mails are the workers' to send; here links are made as
//! they make them.

use axum::body::Body;
use axum::http::Request;
use capstan_domain::approvals::newest_key;
use capstan_domain::form_submissions::SubmissionLink;
use capstan_engine::store::connect::Role;
use chrono::{DateTime, Utc};
use futures::future::join_all;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::support::{Answer, App, as_json, chain};

fn form(more: Value) -> Value {
    let mut config = json!({
        "title": "Say <hello>", "path": "contact", "verify_email": "email",
        "fields": [
            { "name": "email", "label": "E-mail", "type": "email", "required": true },
            { "name": "budget", "label": "Budget", "type": "number" },
        ],
    });
    config.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    chain(&[("form", "trigger.form", config), ("a", "debug.noop", json!({}))])
}

impl App {
    async fn fill_in(&self, body: &str) -> Answer {
        let request = Request::post("/p/acme/contact").header("content-type", "application/x-www-form-urlencoded");
        self.send(request.body(Body::from(body.to_owned())).unwrap()).await
    }

    async fn sql(&self, sql: &str) {
        let mut owner = self.cell.connect(Role::Owner).await.unwrap();
        sqlx::query(sql).execute(&mut owner).await.unwrap();
    }

    /// The path behind the link of the newest submission.
    async fn link(&self) -> String {
        let mut owner = self.cell.connect(Role::Owner).await.unwrap();
        let sql = "SELECT submission_id, expires_at FROM form_submissions ORDER BY submission_id DESC LIMIT 1";
        let (submission_id, expires_at): (Uuid, DateTime<Utc>) =
            sqlx::query_as(sql).fetch_one(&mut owner).await.unwrap();
        let key = newest_key(&mut owner, self.acme).await.unwrap();
        format!("/verify/{}", SubmissionLink { workspace_id: self.acme, submission_id, expires_at }.token(&key))
    }

    async fn look(&self, link: &str) -> Answer {
        self.send(Request::get(link).header("accept", "text/html").body(Body::empty()).unwrap()).await
    }

    async fn press(&self, link: &str) -> Answer {
        self.send(Request::post(link).header("accept", "text/html").body(Body::empty()).unwrap()).await
    }

    async fn started(&self) -> (i64, i64) {
        (self.count("trigger_starts").await, self.count("executions").await)
    }
}

#[tokio::test]
async fn nothing_starts_until_the_button_is_pressed_and_then_once() {
    let app = App::start().await;
    app.publish(&form(json!({ "consent": "You may write to me." }))).await;
    let page = app.look("/p/acme/contact").await.text();
    let (_, rest) = page.split_once("name=\"capstan-token\" value=\"").unwrap();
    let token = rest.split('"').next().unwrap();
    let body = format!("email=Ada%40Example.com&budget=7&capstan-consent=on&capstan-token={token}");
    for _ in 0..2 {
        let asked = app.fill_in(&body).await;
        let text = asked.text();
        assert!(asked.status == 200 && text.contains("One more step") && text.contains("ada@example.com"), "{text}");
        assert!(text.contains("Say &lt;hello&gt;") && !text.contains("<hello>"), "{text}");
    }
    assert_eq!(
        app.count("form_submissions WHERE mail_due_at <= clock_timestamp()").await,
        1,
        "a repetition is the same"
    );
    let link = app.link().await;
    for _ in 0..2 {
        let shown = app.look(&link).await;
        assert!(shown.status == 200 && shown.text().contains("<form method=\"post\"><button>"), "{}", shown.text());
        assert!(shown.text().contains("Say &lt;hello&gt;") && shown.text().contains("ada@example.com"));
    }
    assert_eq!(app.started().await, (0, 0), "who only looks starts nothing");

    let pressed = join_all((0..4).map(|_| app.press(&link))).await;
    let mut statuses: Vec<u16> = pressed.iter().map(|answer| answer.status.as_u16()).collect();
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 409, 409, 409]);
    for answer in &pressed {
        let expected = if answer.status == 200 { "Thank you" } else { "Already sent" };
        assert!(answer.text().contains(expected), "{}", answer.text());
    }
    assert_eq!(app.started().await, (1, 0), "a worker starts it, when the quota allows");
    let mut owner = app.cell.connect(Role::Owner).await.unwrap();
    let sql = "SELECT input FROM trigger_starts WHERE status = 'due' AND cause = 'form' AND node_id = 'form'";
    let input: Value = sqlx::query_scalar(sql).fetch_one(&mut owner).await.unwrap();
    let expected = json!({ "email": "Ada@Example.com", "budget": 7, "_consent": "You may write to me.",
                           "_verified": "ada@example.com" });
    assert_eq!(input, expected);
    assert_eq!(app.count("form_submissions WHERE input IS NULL AND confirmed_at IS NOT NULL").await, 1);
    // It stays used, also for who sends the same page again.
    assert!(app.look(&link).await.status == 409 && app.fill_in(&body).await.status == 200);
    assert_eq!((app.count("form_submissions").await, app.started().await), (1, (1, 0)));
}

#[tokio::test]
async fn a_form_that_is_sent_again_is_written_to_again_if_its_mail_was_given_up_and_only_then() {
    let app = App::start().await;
    app.publish(&form(json!({}))).await;
    let page = app.look("/p/acme/contact").await.text();
    let (_, rest) = page.split_once("name=\"capstan-token\" value=\"").unwrap();
    let body = format!("email=ada%40example.com&budget=7&capstan-token={}", rest.split('"').next().unwrap());
    let due = "form_submissions WHERE mail_due_at <= clock_timestamp() AND mail_tries = 0 \
        AND expires_at > clock_timestamp() + interval '23 hours'";
    assert_eq!((app.fill_in(&body).await.status.as_u16(), app.count(due).await), (200, 1));
    app.sql(
        "UPDATE form_submissions SET mail_due_at = NULL, mail_tries = 6, mail_error = 'no such mailbox', \
           expires_at = clock_timestamp() + interval '1 hour'",
    )
    .await;
    assert_eq!((app.fill_in(&body).await.status.as_u16(), app.count(due).await), (200, 1));
    app.sql("UPDATE form_submissions SET mail_due_at = NULL, mail_error = NULL, mailed_at = clock_timestamp()").await;
    assert_eq!((app.fill_in(&body).await.status.as_u16(), app.count(due).await), (200, 0), "it was written to");
    assert_eq!(app.count("form_submissions").await, 1);
    assert_eq!(app.press(&app.link().await).await.status, 200);
    assert_eq!((app.fill_in(&body).await.status.as_u16(), app.count(due).await), (200, 0), "it is confirmed");
}

#[tokio::test]
async fn a_lead_is_written_with_the_button_and_not_before() {
    let app = App::start().await;
    app.publish(&form(json!({ "lead": {} }))).await;
    let sent = json!({ "workspace": "acme", "email": "ada@example.com", "budget": 3 });
    let asked = app.send(as_json(Request::post("/api/public/lead"), &sent)).await;
    let expected = json!({ "status": "unverified", "email": "ada@example.com", "within_hours": 24 });
    assert_eq!((asked.status.as_u16(), asked.json()), (202, expected));
    assert_eq!((app.count("leads").await, app.count("events").await), (0, 0));
    assert_eq!(app.press(&app.link().await).await.status, 200);
    let id = app.get("/api/v1/leads").await.json()["items"][0]["id"].as_str().unwrap().to_owned();
    let lead = app.get(&format!("/api/v1/leads/{id}")).await.json();
    assert_eq!((&lead["email"], &lead["fields"]), (&json!("ada@example.com"), &json!({ "budget": 3 })));
    let mut owner = app.cell.connect(Role::Owner).await.unwrap();
    let input: Value = sqlx::query_scalar("SELECT input FROM trigger_starts").fetch_one(&mut owner).await.unwrap();
    assert_eq!((&input["_lead"]["id"], &input["_verified"]), (&lead["id"], &json!("ada@example.com")));
    assert_eq!((app.count("lead_events").await, app.started().await), (2, (1, 0)));
}

#[tokio::test]
async fn a_link_that_is_forged_over_or_of_a_form_that_is_not_there_starts_nothing() {
    let app = App::start().await;
    let workflow = app.publish(&form(json!({}))).await;
    assert_eq!(app.fill_in("email=ada%40example.com&budget=7").await.status, 200);
    let link = app.link().await;
    for bad in [format!("{link}A"), link[..link.len() - 5].to_owned(), "/verify/x.y".into(), "/verify/x".into()] {
        for answer in [app.look(&bad).await, app.press(&bad).await] {
            assert!(answer.status == 404 && answer.text().contains("cannot be used"), "{bad}: {}", answer.text());
            assert!(!answer.text().contains(&link[link.len() - 20..link.len() - 10]), "{}", answer.text());
        }
    }
    // The form asks for something else by now.
    let draft = format!("/api/v1/workflows/{workflow}/draft");
    let mut other = form(json!({}));
    other["nodes"][0]["data"]["config"]["fields"][1]["max"] = json!(5);
    let read = app.get(&format!("/api/v1/workflows/{workflow}")).await;
    let put = app.request("PUT", &draft).header("if-match", read.header("etag").unwrap());
    let put = app.send(as_json(put, &json!({ "graph": other }))).await;
    assert_eq!(put.status, 200, "{}", put.text());
    assert_eq!(app.post_nothing(&format!("/api/v1/workflows/{workflow}/publish")).await.status, 201);
    let changed = app.press(&link).await;
    assert!(changed.status == 409 && changed.text().contains("/p/acme/contact"), "{}", changed.text());
    app.sql("UPDATE trigger_paths SET path = 'elsewhere'").await;
    let gone = app.press(&link).await;
    assert!(gone.status == 410 && gone.text().contains("not there any more"), "{}", gone.text());
    app.sql("UPDATE trigger_paths SET path = 'contact'").await;
    app.sql("UPDATE form_submissions SET expires_at = clock_timestamp() - interval '1 second'").await;
    for link in [link.clone(), app.link().await] {
        for answer in [app.look(&link).await, app.press(&link).await] {
            assert!(answer.status == 410 && answer.text().contains("has expired"), "{}", answer.text());
        }
    }
    let over = app.link().await;
    app.sql("DELETE FROM form_submissions").await;
    assert_eq!((app.look(&over).await.status.as_u16(), app.press(&link).await.status.as_u16()), (410, 404));
    assert_eq!(app.started().await, (0, 0));
}

#[tokio::test]
async fn an_address_is_written_to_only_so_often_and_a_program_in_the_trap_learns_nothing() {
    let app = App::start().await;
    app.publish(&form(json!({}))).await;
    for budget in 0..3 {
        assert_eq!(app.fill_in(&format!("email=ada%40example.com&budget={budget}")).await.status, 200);
    }
    let refused = app.fill_in("email=ADA%40example.com&budget=9").await;
    assert_eq!(refused.verdict(), "429 too_many_mails", "{}", refused.text());
    assert!(refused.header("retry-after").unwrap().parse::<u64>().unwrap() > 3_000);
    assert_eq!(app.fill_in("email=bob%40example.com").await.status, 200);
    let trapped = app.fill_in("email=eve%40example.com&capstan-website=http").await;
    assert!(trapped.status == 200 && trapped.text().contains("One more step"), "{}", trapped.text());
    assert!(trapped.text().contains("eve@example.com"));
    for nobody in ["nobody", "%22a%2Cb%22%40example.com"] {
        let wrong = app.fill_in(&format!("email={nobody}")).await;
        assert!(wrong.status == 422 && wrong.text().contains("id=\"e-email\""), "{}", wrong.text());
    }
    assert_eq!((app.count("form_submissions").await, app.started().await), (4, (0, 0)));
    // Its author sees how it goes.
    let told = async || app.get("/api/v1/forms").await.json()["items"][0]["verification"].clone();
    assert_eq!(told().await, json!({ "field": "email", "waiting": 4, "mail_error": null }));
    app.sql("UPDATE form_submissions SET mail_error = 'no such mailbox' WHERE email = 'bob@example.com'").await;
    app.sql("UPDATE form_submissions SET confirmed_at = now(), input = NULL WHERE email = 'ada@example.com'").await;
    assert_eq!(told().await, json!({ "field": "email", "waiting": 1, "mail_error": "no such mailbox" }));
}
