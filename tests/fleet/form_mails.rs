//! A form that asks for a proven address, from its page through the mail to the execution.

use capstan_node_types::smtp_sink::SmtpSink;
use reqwest::Client;
use serde_json::{Value, json};
use tokio::time::timeout;

use crate::PATIENCE;
use crate::process::Process;
use crate::site::Site;
use crate::world::World;

fn contact() -> Value {
    let config = json!({ "title": "Contact", "path": "contact", "verify_email": "email",
        "fields": [{ "name": "email", "label": "E-mail", "type": "email", "required": true }] });
    json!({
        "nodes": [
            { "id": "form", "type": "trigger.form", "data": { "config": config } },
            { "id": "a", "type": "debug.noop", "data": { "config": {} } },
        ],
        "edges": [{ "id": "e", "source": "form", "target": "a" }],
    })
}

#[tokio::test(flavor = "multi_thread")]
async fn only_the_button_behind_the_mailed_link_starts_the_execution_and_once() {
    let (world, _) = World::start().await;
    let (sink, mut mails) = SmtpSink::start().await.unwrap();
    let site = Site::new().await;
    let (server, url) = site.serve().await;
    let made = site.post(&url, "workflows", "made", &json!({ "name": "contact", "graph": contact() })).await;
    let id = made.body["id"].as_str().unwrap_or_else(|| panic!("{}", made.body)).to_owned();
    let published = site.post(&url, &format!("workflows/{id}/publish"), "published", &json!({})).await;
    assert_eq!(published.status, 201, "{}", published.body);
    let mut env = site.worker_env(&world);
    env.retain(|(name, _)| *name != "CAPSTAN_SMTP_URL");
    env.push(("CAPSTAN_SMTP_URL", format!("smtp://{}", sink.address())));
    let worker = Process::start(&["worker"], &env).await;

    let client = Client::new();
    let form = format!("{url}/p/acme/contact");
    let sent = client.post(&form).header("content-type", "application/x-www-form-urlencoded");
    let sent = sent.header("accept", "text/html").body("email=ada%40example.com").send().await.unwrap();
    assert!(sent.status().is_success() && sent.text().await.unwrap().contains("One more step"));
    let mail = timeout(PATIENCE, mails.recv()).await.expect("no mail came").unwrap();
    assert_eq!(mail.to, ["ada@example.com"]);
    // Long lines are folded, if the mail is quoted-printable.
    let text = mail.body().replace("=\r\n", "").replace("=3D", "=");
    let token = text.split_once("/verify/").unwrap_or_else(|| panic!("{text}")).1.split_whitespace().next().unwrap();
    let link = format!("{url}/verify/{token}");
    let shown = client.get(&link).send().await.unwrap();
    assert!(shown.status().is_success() && shown.text().await.unwrap().contains("<button>"));
    assert_eq!(site.count("SELECT count(*) FROM trigger_starts").await, 0, "a look starts nothing");
    let mut statuses = Vec::new();
    for _ in 0..2 {
        statuses.push(client.post(&link).send().await.unwrap().status().as_u16());
    }
    assert_eq!(statuses, [200, 409]);
    site.until_completed(1).await;
    let proven = "SELECT count(*) FROM executions WHERE input ->> '_verified' = 'ada@example.com'";
    assert_eq!((site.count(proven).await, site.count("SELECT count(*) FROM executions").await), (1, 1));
    worker.end().await;
    server.end().await;
}
