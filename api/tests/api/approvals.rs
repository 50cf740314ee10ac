//! Answers to approvals: with an API key, and on the page behind a signed link.

use std::time::Duration;

use axum::body::Body;
use axum::http::Request;
use capstan_domain::approvals::{ApprovalStep, Ask, Desk, Link};
use capstan_engine::core::ids::{NodeId, Scope, StepKey, WorkspaceId};
use capstan_engine::store::connect::Role;
use chrono::{DateTime, Utc};
use futures::future::join_all;
use serde_json::{Value, json};

use crate::support::{Answer, App, as_json, chain};

/// An execution that asks "Pay <b>7</b>?", as a worker would have it ask.
struct Asked {
    app: App,
    execution: String,
    asking: ApprovalStep,
}

fn what() -> Ask {
    Ask {
        title: "Pay <b>7</b>?".into(),
        body: Some("For <script>cake</script>\nand tea".into()),
        fields: json!([
            { "name": "cost_centre", "label": "Cost \"centre\"", "type": "number", "required": true },
        ]),
        by_api_key: true,
        by_link: true,
        deadline_at: None,
    }
}

impl Asked {
    async fn new() -> Self {
        Self::with(what()).await
    }

    async fn with(ask: Ask) -> Self {
        let asked = Self::before().await;
        asked.desk().ask(&asked.asking, &ask).await.unwrap();
        asked
    }

    /// Before the step asks.
    async fn before() -> Self {
        let app = App::start().await;
        let graph = chain(&[("start", "trigger.manual", json!({})), ("ok", "logic.approval", json!({ "title": "t" }))]);
        let workflow = app.publish(&graph).await;
        let execution = app.begin(&workflow).await;
        let step = StepKey::root(NodeId::from("ok"));
        let asking = ApprovalStep { workspace_id: app.acme, execution_id: execution.parse().unwrap(), step };
        Self { app, execution, asking }
    }

    fn desk(&self) -> Desk {
        Desk::new(&self.app.cell)
    }

    /// The path of a link for Ada that ends then.
    async fn link_until(&self, expires_at: DateTime<Utc>) -> String {
        let link = Link { asking: self.asking.clone(), expires_at, holder: "Ada <ada@example.com>".into() };
        format!("/approve/{}", self.desk().token(&link).await.unwrap())
    }

    async fn link(&self) -> String {
        self.link_until(Utc::now() + Duration::from_secs(3_600)).await
    }

    async fn look(&self, path: &str) -> Answer {
        self.app.send(Request::get(path).header("accept", "text/html").body(Body::empty()).unwrap()).await
    }

    async fn press(&self, path: &str, body: &str) -> Answer {
        let request = Request::post(path).header("content-type", "application/x-www-form-urlencoded");
        self.app.send(request.header("accept", "text/html").body(Body::from(body.to_owned())).unwrap()).await
    }

    /// With the API key.
    async fn answer(&self, body: &Value) -> Answer {
        self.app.post(&format!("/api/v1/executions/{}/approvals/ok", self.execution), body).await
    }

    async fn status(&self) -> String {
        let mut owner = self.app.cell.connect(Role::Owner).await.unwrap();
        sqlx::query_scalar("SELECT status FROM approvals").fetch_one(&mut owner).await.unwrap()
    }

    /// What the only signal brings.
    async fn signal(&self) -> Value {
        let mut owner = self.app.cell.connect(Role::Owner).await.unwrap();
        sqlx::query_scalar("SELECT payload FROM signals WHERE name = '$approval:ok'")
            .fetch_one(&mut owner)
            .await
            .unwrap()
    }
}

fn approve() -> Value {
    json!({ "decision": "approve", "fields": { "cost_centre": "12" }, "comment": " fine " })
}

#[tokio::test]
async fn an_answer_with_a_key_is_recorded_with_the_name_of_the_key() {
    let asked = Asked::new().await;
    let listed = asked.app.get("/api/v1/approvals").await.json();
    assert_eq!(listed["items"].as_array().unwrap().len(), 1, "{listed}");
    let item = &listed["items"][0];
    assert_eq!(
        (&item["execution_id"], &item["node_id"], &item["status"]),
        (&json!(asked.execution), &json!("ok"), &json!("open"))
    );
    let answered = asked.answer(&approve()).await;
    assert_eq!(answered.status, 202, "{}", answered.text());
    let answer = answered.json();
    assert_eq!(
        (&answer["answer"], &answer["fields"], &answer["comment"]),
        (&json!("approved"), &json!({ "cost_centre": 12 }), &json!("fine"))
    );
    assert_eq!((&answer["by"]["kind"], &answer["by"]["name"]), (&json!("api_key"), &json!("test")));
    assert!(answer["at"].is_string());
    assert_eq!(asked.signal().await, answer);
    let again = asked.answer(&approve()).await;
    assert_eq!(again.verdict(), "409 already_answered");
    assert!(again.json()["detail"].as_str().unwrap().contains("approved by test at 20"), "{}", again.text());
    assert_eq!(asked.app.get("/api/v1/approvals?status=open").await.json()["items"], json!([]));
    assert_eq!(asked.app.get("/api/v1/approvals?status=all").await.json()["items"][0]["answer"], answer);
    assert_eq!(asked.app.get("/api/v1/approvals?status=x").await.verdict(), "400 bad_status");
}

#[tokio::test]
async fn a_repeated_answer_under_one_idempotency_key_is_answered_the_same() {
    let asked = Asked::new().await;
    let send = |body: Value| {
        let path = format!("/api/v1/executions/{}/approvals/ok", asked.execution);
        asked.app.send(as_json(asked.app.request("POST", &path).header("idempotency-key", "k"), &body))
    };
    let (first, second) = (send(approve()).await, send(approve()).await);
    assert_eq!((first.status.as_u16(), second.status.as_u16()), (202, 202), "{}", second.text());
    assert_eq!((first.json(), second.header("idempotent-replayed")), (second.json(), Some("true")));
    assert_eq!(send(json!({ "decision": "reject" })).await.verdict(), "422 idempotency_key_reused");
    assert_eq!(asked.app.count("signals").await, 1);
}

#[tokio::test]
async fn of_twenty_answers_at_once_by_key_and_by_link_exactly_one_is_taken() {
    let asked = Asked::new().await;
    let link = asked.link().await;
    let one = |n: usize| {
        let (asked, link) = (&asked, &link);
        async move {
            match n % 2 {
                0 => asked.answer(&json!({ "decision": "reject", "comment": n.to_string() })).await,
                _ => asked.press(link, "capstan-decision=approve&cost_centre=1").await,
            }
        }
    };
    let answers = join_all((0..20).map(one)).await;
    let taken = answers.iter().filter(|answer| answer.status.is_success()).count();
    let refused = answers.iter().filter(|answer| answer.status == 409).count();
    assert_eq!((taken, refused), (1, 19));
    assert_eq!(asked.app.count("signals").await, 1);
}

#[tokio::test]
async fn a_link_shows_what_is_asked_escaped_and_looking_answers_nothing() {
    let asked = Asked::new().await;
    let link = asked.link().await;
    for path in [link.clone(), format!("{link}?answer=approve"), format!("{link}?answer=%22x")] {
        let page = asked.look(&path).await;
        assert_eq!(page.status, 200, "{}", page.text());
        let text = page.text();
        assert!(text.contains("Pay &lt;b&gt;7&lt;/b&gt;?") && text.contains("For &lt;script&gt;cake"), "{text}");
        assert!(text.contains("Cost &quot;centre&quot;") && !text.contains("<b>7") && !text.contains("<script>cake"));
        assert!(text.find("value=\"approve\"") < text.find("value=\"reject\""));
        assert!(page.header("content-security-policy").unwrap().contains("form-action 'self'"));
        assert_eq!(
            (page.header("cache-control"), page.header("referrer-policy")),
            (Some("no-store"), Some("no-referrer"))
        );
    }
    let text = asked.look(&format!("{link}?answer=reject")).await.text();
    assert!(text.find("value=\"reject\"") < text.find("value=\"approve\""));
    let head = Request::head(&link).body(Body::empty()).unwrap();
    assert_eq!(asked.app.send(head).await.status, 200);
    assert_eq!((asked.status().await.as_str(), asked.app.count("signals").await), ("open", 0));
}

#[tokio::test]
async fn a_link_answers_once_and_then_says_who_answered() {
    let asked = Asked::new().await;
    let link = asked.link().await;
    let missing = asked.press(&link, "capstan-decision=approve&cost_centre=&capstan-comment=%3Chm%3E").await;
    assert_eq!(missing.status, 422);
    let text = missing.text();
    assert!(text.contains("id=\"e-cost_centre\"") && text.contains("&lt;hm&gt;"), "{text}");
    for (body, code) in [
        ("", "no_decision"),
        ("capstan-decision=maybe", "no_decision"),
        ("capstan-decision=reject&capstan-comment=%00", "bad_comment"),
    ] {
        let request = Request::post(&link).header("content-type", "application/x-www-form-urlencoded");
        let refused = asked.app.send(request.body(Body::from(body)).unwrap()).await;
        assert_eq!(refused.verdict(), format!("422 {code}"), "{body}");
    }
    let thanks = asked.press(&link, "capstan-decision=reject&cost_centre=&capstan-comment=no%0Away").await;
    assert_eq!(thanks.status, 200, "{}", thanks.text());
    assert!(thanks.text().contains("You rejected “Pay &lt;b&gt;7&lt;/b&gt;?”"), "{}", thanks.text());
    let signal = asked.signal().await;
    assert_eq!((&signal["answer"], &signal["comment"]), (&json!("rejected"), &json!("no\nway")));
    assert_eq!(signal["by"], json!({ "kind": "link", "name": "Ada <ada@example.com>" }));
    for again in [asked.look(&link).await, asked.press(&link, "capstan-decision=approve&cost_centre=1").await] {
        assert_eq!(again.status, 409);
        assert!(again.text().contains("was rejected by Ada &lt;ada@example.com&gt; at 20"), "{}", again.text());
    }
    assert_eq!(asked.app.count("signals").await, 1);
}

#[tokio::test]
async fn no_link_opens_but_one_that_was_signed_for_just_this() {
    let asked = Asked::new().await;
    let link = asked.link().await;
    let (payload, mac) = link.strip_prefix("/approve/").unwrap().split_once('.').unwrap();
    let other_step = StepKey { node_id: NodeId::from("ok"), scope: Scope("each[0]".into()) };
    let forge = async |asking: ApprovalStep| {
        let forged = Link { asking, expires_at: Utc::now() + Duration::from_secs(60), holder: String::new() };
        asked.desk().token(&forged).await.unwrap()
    };
    let other_workspace = forge(ApprovalStep { workspace_id: WorkspaceId::new(), ..asked.asking.clone() }).await;
    let other_step = forge(ApprovalStep { step: other_step, ..asked.asking.clone() }).await;
    let other_mac = other_step.split_once('.').unwrap().1;
    for token in [
        format!("{payload}.{other_mac}"),
        format!("{payload}.{}", mac.replace(|_: char| true, "A")),
        format!("{payload}."),
        payload.to_owned(),
        format!("{}.{mac}", other_step.split_once('.').unwrap().0),
        other_workspace,
        "x".repeat(5_000),
        "%00.%ff".into(),
    ] {
        for answer in [
            asked.app.send(Request::get(format!("/approve/{token}")).body(Body::empty()).unwrap()).await,
            asked.app.send(Request::post(format!("/approve/{token}")).body(Body::empty()).unwrap()).await,
        ] {
            assert!(
                ["404 bad_link", "400 bad_request"].contains(&answer.verdict().as_str()),
                "{token}: {}",
                answer.text()
            );
            assert!(!answer.text().contains(payload), "the secret is not repeated: {}", answer.text());
        }
    }
    // Signed, but for what nobody asks.
    let unasked = asked.app.send(Request::get(format!("/approve/{other_step}")).body(Body::empty()).unwrap()).await;
    assert_eq!(unasked.verdict(), "409 not_asked");
    let late = asked.link_until(Utc::now() - Duration::from_secs(1)).await;
    let late = asked.app.send(Request::get(late).body(Body::empty()).unwrap()).await;
    assert_eq!(late.verdict(), "410 link_expired");
    assert_eq!((asked.status().await.as_str(), asked.app.count("signals").await), ("open", 0));
}

#[tokio::test]
async fn an_answer_about_a_mangled_link_does_not_repeat_it() {
    let asked = Asked::new().await;
    let link = asked.link().await;
    for mangled in [format!("{link}/"), format!("{link}/x"), format!("{link}%2F")] {
        let told = asked.app.send(Request::get(&mangled).body(Body::empty()).unwrap()).await;
        assert_eq!(told.status, 404, "{mangled}");
        assert!(!told.text().contains(link.trim_start_matches("/approve/")), "{}", told.text());
    }
}

#[tokio::test]
async fn a_deadline_ends_the_approval_whether_or_not_a_worker_noticed() {
    let ask = Ask { deadline_at: Some(Utc::now() - Duration::from_secs(1)), ..what() };
    let asked = Asked::with(ask).await;
    assert_eq!(asked.answer(&approve()).await.verdict(), "410 approval_expired");
    let page = asked.look(&asked.link().await).await;
    assert!(page.status == 410 && page.text().to_lowercase().contains("the time to answer"), "{}", page.text());
    assert_eq!(asked.app.get("/api/v1/approvals").await.json()["items"], json!([]));
    assert_eq!(asked.app.get("/api/v1/approvals?status=all").await.json()["items"][0]["status"], "expired");
}

#[tokio::test]
async fn an_execution_that_ended_or_went_another_way_takes_no_answer() {
    let asked = Asked::new().await;
    let link = asked.link().await;
    let mut owner = asked.app.cell.connect(Role::Owner).await.unwrap();
    sqlx::query("UPDATE executions SET status = 'cancelled', ended_at = clock_timestamp()")
        .execute(&mut owner)
        .await
        .unwrap();
    assert_eq!(asked.answer(&approve()).await.verdict(), "409 execution_ended");
    assert_eq!(asked.status().await, "cancelled");
    assert_eq!(asked.look(&link).await.status, 409);

    // The step failed on its own, as with a time limit of its node; the execution has not ended yet.
    let asked = Asked::new().await;
    let mut owner = asked.app.cell.connect(Role::Owner).await.unwrap();
    sqlx::query(
        "INSERT INTO journal (execution_id, position, workspace_id, lease_no, kind, node_id, scope, status, port, attempts, output, detail, recorded_at) \
         VALUES ($1, 1, $2, 1, 'settled', 'ok', '', 'failed', NULL, 1, NULL, $3, clock_timestamp())",
    )
    .bind(asked.asking.execution_id.0)
    .bind(asked.app.acme.0)
    .bind(json!({ "error": { "class": "timeout", "reason": "late" } }))
    .execute(&mut owner)
    .await
    .unwrap();
    assert_eq!(asked.answer(&approve()).await.verdict(), "409 approval_cancelled");
    assert_eq!((asked.status().await.as_str(), asked.app.count("signals").await), ("cancelled", 0));
}

#[tokio::test]
async fn a_page_of_open_approvals_is_full_though_newer_ones_are_of_executions_that_ended() {
    let asked = Asked::new().await;
    let mut owner = asked.app.cell.connect(Role::Owner).await.unwrap();
    for sql in [
        "INSERT INTO executions (execution_id, workspace_id, workflow_id, version_id, trigger_node_id, input, status, ended_at) \
         SELECT overlay(e.execution_id::text placing lpad(to_hex(n), 12, '0') from 25)::uuid, e.workspace_id, \
           e.workflow_id, e.version_id, 'start', '1', 'failed', clock_timestamp() \
         FROM executions e, generate_series(1, 150) n",
        "INSERT INTO approvals (workspace_id, approval_id, execution_id, node_id, title, fields, by_api_key, by_link) \
         SELECT e.workspace_id, overlay('ffffffff-0000-7000-8000-000000000000' placing right(e.execution_id::text, 12) from 25)::uuid, \
           e.execution_id, 'ok', 't', '[]', true, true FROM executions e WHERE e.ended_at IS NOT NULL",
        // As of a month that was dropped.
        "DELETE FROM executions WHERE ended_at IS NOT NULL AND right(execution_id::text, 1) = '7'",
    ] {
        sqlx::query(sql).execute(&mut owner).await.unwrap();
    }
    let listed = asked.app.get("/api/v1/approvals?limit=50").await.json();
    assert_eq!((listed["items"].as_array().unwrap().len(), &listed["next_cursor"]), (1, &json!(null)), "{listed}");
    assert_eq!(listed["items"][0]["execution_id"], json!(asked.execution));
    let open = "SELECT count(*) FROM approvals WHERE status = 'cancelled'";
    assert_eq!(sqlx::query_scalar::<_, i64>(open).fetch_one(&mut owner).await.unwrap(), 150);
}

#[tokio::test]
async fn an_incident_takes_no_answer_that_nobody_would_read() {
    let asked = Asked::new().await;
    let mut owner = asked.app.cell.connect(Role::Owner).await.unwrap();
    sqlx::query("UPDATE executions SET status = 'incident'").execute(&mut owner).await.unwrap();
    assert_eq!(asked.answer(&approve()).await.verdict(), "409 execution_incident");
    assert_eq!(asked.press(&asked.link().await, "capstan-decision=approve").await.status, 409);
    assert_eq!((asked.status().await.as_str(), asked.app.count("signals").await), ("open", 0));
}

#[tokio::test]
async fn before_the_step_asks_nobody_can_answer() {
    let asked = Asked::before().await;
    assert_eq!(asked.answer(&approve()).await.verdict(), "409 not_asked");
    let page = asked.look(&asked.link().await).await;
    assert_eq!(page.status, 409);
    assert!(page.text().contains("does not ask for an approval at the moment"), "{}", page.text());
}

#[tokio::test]
async fn who_may_answer_is_what_the_author_chose() {
    let by_key = Asked::with(Ask { by_link: false, ..what() }).await;
    assert_eq!(by_key.look(&by_key.link().await).await.status, 403);
    assert_eq!(by_key.answer(&approve()).await.status, 202);
    let by_link = Asked::with(Ask { by_api_key: false, ..what() }).await;
    assert_eq!(by_link.answer(&approve()).await.verdict(), "403 links_only");
    assert_eq!(by_link.press(&by_link.link().await, "capstan-decision=approve&cost_centre=1").await.status, 200);
}

#[tokio::test]
async fn answers_that_do_not_fit_are_refused_and_nothing_else_can_answer() {
    let asked = Asked::new().await;
    for (body, verdict) in [
        (json!({ "decision": "approve" }), "422 invalid_input"),
        (json!({ "decision": "approve", "fields": { "cost_centre": "x" } }), "422 invalid_input"),
        (json!({ "decision": "reject", "fields": { "colour": "red" } }), "422 invalid_input"),
        (json!({ "decision": "approved" }), "400 bad_body"),
        (json!({ "decision": "reject", "extra": 1 }), "400 bad_body"),
        (json!({}), "400 bad_body"),
        (json!([]), "400 bad_body"),
        (json!({ "decision": "reject", "comment": "x".repeat(2_001) }), "422 bad_comment"),
        (json!({ "decision": "reject", "comment": "x".repeat(200_000) }), "413 body_too_large"),
        (json!({ "decision": "reject", "scope": "each[0]" }), "409 not_asked"),
    ] {
        assert_eq!(asked.answer(&body).await.verdict(), verdict, "{body:.80}");
    }
    let signal = format!("/api/v1/executions/{}/signals/$approval:ok", asked.execution);
    assert_eq!(asked.app.post(&signal, &json!({ "answer": "approved" })).await.verdict(), "422 reserved_name");
    let path = format!("/api/v1/executions/{}/approvals/ok", asked.execution);
    let bare = asked.app.send(as_json(Request::post(&path), &approve())).await;
    assert_eq!(bare.verdict(), "401 no_key");
    let theirs = Request::post(&path).header("x-api-key", &asked.app.other_key);
    assert_eq!(asked.app.send(as_json(theirs, &approve())).await.verdict(), "404 not_found");
    let list = Request::get("/api/v1/approvals?status=all").header("x-api-key", &asked.app.other_key);
    assert_eq!(asked.app.send(list.body(Body::empty()).unwrap()).await.json()["items"], json!([]));
    assert_eq!((asked.status().await.as_str(), asked.app.count("signals").await), ("open", 0));
}
