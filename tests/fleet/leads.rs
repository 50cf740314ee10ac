//! The two ways in of a lead, a form and a booking: from the call down to rows, mail and what it cost.

use capstan_domain::secrets::KeyRing;
use capstan_node_types::smtp_sink::{ReceivedMail, SmtpSink};
use reqwest::{Client, Response};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use tokio::sync::mpsc::Receiver;
use tokio::time::timeout;

use crate::PATIENCE;
use crate::process::Process;
use crate::site::Site;
use crate::world::World;

/// What Calendly signs with.
const SECRET: &str = "calendly-signing-key-of-tests";

/// A site that is served, with a mail server of its own.
struct Scene {
    world: World,
    site: Site,
    server: Process,
    url: String,
    sink: SmtpSink,
    mails: Receiver<ReceivedMail>,
}

impl Scene {
    async fn new() -> Self {
        let (world, _) = World::start().await;
        let site = Site::new().await;
        let keys = KeyRing::generate().to_text().trim().to_owned();
        let (server, url) = site.serve_with(&[("CAPSTAN_SECRET_KEYS", keys)]).await;
        let (sink, mails) = SmtpSink::start().await.unwrap();
        Self { world, site, server, url, sink, mails }
    }

    /// Makes something through the API, which must be new; answers it.
    async fn make(&self, path: &str, body: &Value) -> Value {
        let made = self.site.post(&self.url, path, path, body).await;
        assert_eq!(made.status, 201, "{path}: {}", made.body);
        made.body
    }

    /// Publishes a workflow in which one node follows the other.
    async fn publish(&self, nodes: &[(&str, &str, Value)]) {
        let made = self.make("workflows", &json!({ "name": "leads", "graph": chain(nodes) })).await;
        self.make(&format!("workflows/{}/publish", made["id"].as_str().unwrap()), &json!({})).await;
    }

    async fn worker(&self) -> Process {
        let mut env = self.site.worker_env(&self.world);
        env.retain(|(name, _)| *name != "CAPSTAN_SMTP_URL");
        env.push(("CAPSTAN_SMTP_URL", format!("smtp://{}", self.sink.address())));
        Process::start(&["worker"], &env).await
    }

    async fn mail(&mut self) -> ReceivedMail {
        timeout(PATIENCE, self.mails.recv()).await.expect("no mail has come").unwrap()
    }

    /// Each of these counts must be what is said.
    async fn assert_counts(&self, counts: &[(String, i64)]) {
        for (sql, expected) in counts {
            assert_eq!(self.site.count(&format!("SELECT count(*) FROM {sql}")).await, *expected, "{sql}");
        }
    }

    /// A call as Calendly makes it, if the secret is right.
    async fn book(&self, body: &Value, secret: &str) -> Response {
        let now = self.site.count("SELECT extract(epoch FROM clock_timestamp())::bigint").await;
        let text = body.to_string();
        let signature: String = hmac(secret.as_bytes(), format!("{now}.{text}").as_bytes())
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect();
        let call = Client::new().post(format!("{}/api/webhook/calendly/acme", self.url));
        let call = call.header("content-type", "application/json");
        let call = call.header("calendly-webhook-signature", format!("t={now},v1={signature}"));
        call.body(text).send().await.unwrap()
    }
}

fn chain(nodes: &[(&str, &str, Value)]) -> Value {
    let shown = nodes
        .iter()
        .map(|(id, kind, config)| json!({ "id": id, "type": kind, "data": { "label": id, "config": config } }));
    let edges = nodes
        .windows(2)
        .map(|pair| json!({ "id": format!("to-{}", pair[1].0), "source": pair[0].0, "target": pair[1].0 }));
    json!({ "nodes": shown.collect::<Vec<_>>(), "edges": edges.collect::<Vec<_>>() })
}

fn hmac(key: &[u8], message: &[u8]) -> Vec<u8> {
    let pad = |byte: u8| (0..64).map(|at| key.get(at).copied().unwrap_or(0) ^ byte).collect::<Vec<u8>>();
    let inner = Sha256::new().chain_update(pad(0x36)).chain_update(message).finalize();
    Sha256::new().chain_update(pad(0x5c)).chain_update(inner).finalize().to_vec()
}

fn contact_form() -> Value {
    json!({
        "title": "Talk to us", "path": "contact", "lead": { "name": "full_name" },
        "fields": [
            { "name": "email", "label": "E-mail", "type": "email", "required": true },
            { "name": "full_name", "label": "Name" },
            { "name": "budget", "label": "Budget", "type": "number", "min": 1 },
        ],
    })
}

#[tokio::test(flavor = "multi_thread")]
async fn a_submission_becomes_a_lead_and_an_execution_with_its_steps_and_logs() {
    let mut scene = Scene::new().await;
    let mail =
        json!({ "to": "{{ input.email }}", "subject": "Thank you, {{ input.full_name }}", "text": "We call you." });
    let (id, line) = ("{{ input._lead.id }}", "lead {{ input._lead.id }} brings {{ input.budget }}");
    scene
        .publish(&[
            ("form", "trigger.form", contact_form()),
            ("log", "debug.log", json!({ "message": line })),
            ("move", "lead.set_status", json!({ "lead_id": id, "status": "qualified" })),
            ("mail", "action.send_email", mail),
        ])
        .await;
    let page = Client::new().get(format!("{}/p/acme", scene.url)).header("accept", "text/html").send().await.unwrap();
    assert_eq!(page.status(), 200);
    assert!(page.text().await.unwrap().contains("Talk to us"));

    // The call makes the lead, its values, its history and what is to be started.
    let sent = json!({ "workspace": "acme", "email": "ada@example.com", "full_name": "Ada", "budget": 3000 });
    let answer = Client::new().post(format!("{}/api/public/lead", scene.url)).json(&sent).send().await.unwrap();
    assert_eq!(answer.status(), 202);
    let answer: Value = answer.json().await.unwrap();
    let (lead, workspace) = (answer["lead_id"].as_str().unwrap(), scene.site.workspace_id);
    let of_lead = format!("workspace_id = '{workspace}' AND lead_id = '{lead}'");
    scene
        .assert_counts(&[
            (format!("leads WHERE {of_lead} AND status = 'new' AND source = 'form:contact' AND name = 'Ada'"), 1),
            (format!("lead_field_data WHERE {of_lead} AND name = 'budget' AND number_value = 3000"), 1),
            (format!("lead_events WHERE {of_lead} AND type = 'form_submitted' AND by_kind = 'form'"), 1),
            (format!("trigger_starts WHERE workspace_id = '{workspace}' AND node_id = 'form' AND status = 'due'"), 1),
            ("executions".into(), 0),
        ])
        .await;

    // A worker finds the trigger, queues the execution, and walks through the graph.
    let worker = scene.worker().await;
    scene.site.until_completed(1).await;
    let logged = format!("node_id = 'log' AND level = 'info' AND message LIKE 'lead {lead} brings 3000%'");
    scene.site.until_count(&format!("SELECT count(*) FROM execution_logs WHERE {logged}"), 1).await;
    let mail = scene.mail().await;
    assert_eq!((mail.to, mail.data.contains("Subject: Thank you, Ada")), (vec!["ada@example.com".to_owned()], true));
    worker.end().await;
    scene
        .assert_counts(&[
            (format!("executions WHERE trigger_node_id = 'form' AND input #>> '{{_lead,id}}' = '{lead}'"), 1),
            (
                "execution_steps WHERE node_id IN ('log', 'move', 'mail') AND status = 'completed' AND attempts = 1"
                    .into(),
                3,
            ),
            ("execution_logs WHERE node_id = 'log'".into(), 1),
            ("trigger_starts WHERE status = 'started' AND cause = 'form' AND execution_id IS NOT NULL".into(), 1),
            (format!("leads WHERE {of_lead} AND status = 'qualified'"), 1),
            (format!("lead_events WHERE {of_lead} AND type = 'status_changed' AND by_kind = 'step'"), 1),
            (format!("lead_events WHERE {of_lead} AND type = 'email' AND data ->> 'text' = 'Thank you, Ada'"), 1),
        ])
        .await;
    scene.server.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_booking_moves_its_lead_and_the_mail_that_follows_is_counted() {
    let mut scene = Scene::new().await;
    scene.make("hook-secrets", &json!({ "name": "calendly", "secret": SECRET })).await;
    let mail =
        json!({ "to": "{{ input.booking.email }}", "subject": "See you soon, {{ input.lead.name }}", "text": "Bye." });
    scene
        .publish(&[
            ("booked", "trigger.demo_booked", json!({ "secret": "calendly" })),
            ("mail", "action.send_email", mail),
        ])
        .await;
    let known = json!({ "email": "ada@example.com", "name": "Ada", "source": "web" });
    let lead = scene.make("leads", &known).await["id"].as_str().unwrap().to_owned();
    let uri = "https://api.calendly.com/scheduled_events/E/invitees/ada";
    let told = json!({
        "event": "invitee.created", "created_at": "2026-01-01T00:00:00Z",
        "payload": { "email": "Ada@example.com", "name": "Ada", "uri": uri },
    });
    assert_eq!(scene.book(&told, "another-secret").await.status(), 401);
    // Whoever tells it twice has told it once.
    for _ in 0..2 {
        let answer = scene.book(&told, SECRET).await;
        assert_eq!(answer.status(), 200);
        assert_eq!(answer.json::<Value>().await.unwrap()["lead_id"], json!(lead));
    }
    let of_lead = format!("workspace_id = '{}' AND lead_id = '{lead}'", scene.site.workspace_id);
    scene
        .assert_counts(&[
            (format!("leads WHERE {of_lead} AND status = 'booked' AND source = 'web'"), 1),
            (format!("lead_events WHERE {of_lead} AND type = 'webhook_received' AND by_kind = 'hook'"), 1),
            (format!("lead_events WHERE {of_lead} AND type = 'status_changed' AND data ->> 'to' = 'booked'"), 1),
            (format!("events WHERE key = '{lead}' AND type = 'lead.status_changed'"), 1),
            ("trigger_starts WHERE cause = 'booking' AND node_id = 'booked' AND status = 'due'".into(), 1),
            ("usage".into(), 0),
        ])
        .await;

    let worker = scene.worker().await;
    scene.site.until_completed(1).await;
    let mail = scene.mail().await;
    assert_eq!((mail.to.len(), mail.data.contains("Subject: See you soon, Ada")), (1, true));
    assert!(mail.to[0].eq_ignore_ascii_case("ada@example.com"), "{:?}", mail.to);
    worker.end().await;
    assert!(scene.mails.try_recv().is_err(), "a second mail was sent");
    scene
        .assert_counts(&[
            ("executions WHERE trigger_node_id = 'booked' AND status = 'completed'".into(), 1),
            ("execution_steps WHERE node_id = 'mail' AND status = 'completed'".into(), 1),
            (format!("leads WHERE {of_lead} AND last_email_at > created_at"), 1),
            (format!("lead_events WHERE {of_lead} AND type = 'email' AND by_kind = 'step'"), 1),
            ("usage WHERE meter = 'emails' AND units = 1".into(), 1),
            ("quota_counters WHERE meter = 'emails' AND granted = 1".into(), 1),
        ])
        .await;
    // As its owner sees it.
    let usage = scene.site.get(&scene.url, "usage").await.body;
    let quotas = usage["quotas"].as_array().unwrap();
    let mails = quotas.iter().find(|quota| quota["quota"] == "email_sends_per_month");
    assert_eq!(mails.unwrap()["used"], json!(1), "{usage}");
    let receipts = scene.site.get(&scene.url, "usage/receipts?quota=email_sends_per_month").await.body;
    assert_eq!((&receipts["items"][0]["step"]["node_id"], &receipts["items"][1]), (&json!("mail"), &Value::Null));
    scene.server.end().await;
}
