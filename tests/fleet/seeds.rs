//! Two stories over HTTP, down to rows, mail and usage: somebody fills in a form, and books a meeting.

use reqwest::Client;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::process::Process;
use crate::site::Site;
use crate::world::World;

const SECRET_KEYS: &str = "k1:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";
const CALENDLY_SECRET: &str = "calendly-signing-key-of-tests";

/// A trigger and what it leads to.
fn pair(trigger: (&str, &str, Value), step: (&str, &str, Value)) -> Value {
    let node =
        |(id, kind, config): (&str, &str, Value)| json!({ "id": id, "type": kind, "data": { "config": config } });
    let edge = json!({ "id": "e", "source": trigger.0, "target": step.0 });
    json!({ "edges": [edge], "nodes": [node(trigger), node(step)] })
}

impl Site {
    /// Makes and publishes a workflow; what was answered to the latter.
    pub(crate) async fn publish_over_http(&self, url: &str, name: &str, graph: &Value) -> Value {
        let made = self.post(url, "workflows", name, &json!({ "name": name, "graph": graph })).await;
        let id = made.body["id"].as_str().unwrap_or_else(|| panic!("{}", made.body)).to_owned();
        let published = self.post(url, &format!("workflows/{id}/publish"), &format!("{name}-1"), &json!({})).await;
        assert_eq!(published.status, 201, "{}", published.body);
        published.body
    }

    pub(crate) async fn rows(&self, of: &str) -> i64 {
        self.count(&format!("SELECT count(*) FROM {of}")).await
    }
}

fn hmac_hex(key: &[u8], message: &[u8]) -> String {
    let pad = |byte: u8| (0..64).map(|at| key.get(at).copied().unwrap_or(0) ^ byte).collect::<Vec<u8>>();
    let inner = Sha256::new().chain_update(pad(0x36)).chain_update(message).finalize();
    let outer = Sha256::new().chain_update(pad(0x5c)).chain_update(inner).finalize();
    outer.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_visitor_becomes_a_lead_and_who_books_is_written_to_and_metered() {
    let (world, _) = World::start().await;
    let site = Site::new().await;
    let mut env = site.worker_env(&world);
    env.push(("CAPSTAN_SECRET_KEYS", SECRET_KEYS.into()));
    let worker = Process::start(&["worker"], &env).await;
    env.push(("CAPSTAN_LISTEN", "127.0.0.1:0".into()));
    let server = Process::start(&["serve"], &env).await;
    let url = server.ready["url"].as_str().unwrap().to_owned();
    let form = json!({ "title": "Contact", "path": "contact", "lead": {}, "fields": [
        { "name": "email", "label": "E-mail", "type": "email", "required": true },
        { "name": "budget", "label": "Budget", "type": "number" } ] });
    let log = json!({ "message": "a lead with {{ input.budget }}" });
    site.publish_over_http(&url, "form", &pair(("form", "trigger.form", form), ("log", "debug.log", log))).await;
    let client = Client::new();

    // The first story: the form.
    let sent = json!({ "workspace": "acme", "email": "ada@example.com", "budget": 3000 });
    let taken = client.post(format!("{url}/api/public/lead")).json(&sent).send().await.unwrap();
    assert_eq!(taken.status().as_u16(), 202);
    let lead = taken.json::<Value>().await.unwrap()["lead_id"].as_str().unwrap().to_owned();
    site.until_completed(1).await;
    for of in [
        format!("leads WHERE lead_id = '{lead}' AND workspace_id = '{}' AND status = 'new'", site.workspace_id),
        format!("lead_field_data WHERE lead_id = '{lead}' AND name = 'budget' AND number_value = 3000"),
        format!("lead_events WHERE lead_id = '{lead}' AND type = 'form_submitted'"),
        format!("executions WHERE trigger_node_id = 'form' AND input #>> '{{_lead,id}}' = '{lead}'"),
        "execution_steps WHERE node_id = 'log' AND status = 'completed'".into(),
    ] {
        assert_eq!(site.rows(&of).await, 1, "{of}");
    }
    site.until_count("SELECT count(*) FROM execution_logs WHERE message LIKE '%a lead with 3000%'", 1).await;

    // The second one: the booking, told twice.
    let secret = json!({ "name": "calendly", "secret": CALENDLY_SECRET });
    assert_eq!(site.post(&url, "hook-secrets", "secret", &secret).await.status, 201);
    let mail = json!({ "to": "{{ input.lead.email }}", "subject": "See you", "text": "You have booked a demo." });
    let booked = ("booked", "trigger.demo_booked", json!({ "secret": "calendly" }));
    site.publish_over_http(&url, "booked", &pair(booked, ("mail", "action.send_email", mail))).await;
    let told = json!({ "event": "invitee.created", "created_at": "2026-01-01T00:00:00Z", "payload": {
        "email": "ada@example.com", "name": "Ada", "uri": "https://api.calendly.com/scheduled_events/E/invitees/I" } });
    let (body, now) = (told.to_string(), site.count("SELECT extract(epoch FROM clock_timestamp())::bigint").await);
    let signature = format!("t={now},v1={}", hmac_hex(CALENDLY_SECRET.as_bytes(), format!("{now}.{body}").as_bytes()));
    for (signature, status) in [("t=1,v1=00", 401), (signature.as_str(), 200), (signature.as_str(), 200)] {
        let told = client.post(format!("{url}/api/webhook/calendly/acme")).header("content-type", "application/json");
        let told = told.header("calendly-webhook-signature", signature).body(body.clone()).send().await.unwrap();
        assert_eq!(told.status().as_u16(), status, "{}", told.text().await.unwrap());
    }
    site.until_completed(2).await;
    for of in [
        format!("leads WHERE lead_id = '{lead}' AND status = 'booked' AND name = 'Ada'"),
        format!("lead_events WHERE lead_id = '{lead}' AND type = 'webhook_received'"),
        format!("lead_events WHERE lead_id = '{lead}' AND type = 'status_changed'"),
        "executions WHERE trigger_node_id = 'booked'".into(),
        "execution_steps WHERE node_id = 'mail' AND status = 'completed'".into(),
        "usage WHERE meter = 'emails' AND units = 1".into(),
    ] {
        assert_eq!(site.rows(&of).await, 1, "{of}");
    }
    assert_eq!(world.mails().values().sum::<usize>(), 1);
    worker.end().await;
    // The mail is in the lead's history, and on the bill of the workspace.
    for of in [
        format!("leads WHERE lead_id = '{lead}' AND last_email_at > created_at"),
        format!("lead_events WHERE lead_id = '{lead}' AND type = 'email' AND data ->> 'text' = 'See you'"),
        "quota_counters WHERE meter = 'emails' AND granted = 1".into(),
    ] {
        assert_eq!(site.rows(&of).await, 1, "{of}");
    }
    let usage = site.get(&url, "usage").await.body;
    let mails = usage["quotas"].as_array().unwrap().iter().find(|quota| quota["quota"] == "email_sends_per_month");
    assert_eq!(mails.unwrap()["used"], json!(1), "{usage}");
    let receipts = site.get(&url, "usage/receipts?quota=email_sends_per_month").await.body;
    assert_eq!((&receipts["items"][0]["step"]["node_id"], &receipts["items"][1]), (&json!("mail"), &Value::Null));
    server.end().await;
}
