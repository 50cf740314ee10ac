//! Credentials that are tested against real servers, by the workers.

use capstan_domain::credentials::tested::{Asked, ask};
use capstan_engine::store::connect::Role;
use capstan_node_types::registry::Registry;
use capstan_node_types::smtp_sink::SmtpSink;
use serde_json::{Value, json};
use sqlx::Connection;
use uuid::Uuid;

use crate::secrets::echo::{Echo, forms};
use crate::secrets::{dump, keep};
use crate::support::{Cell, graph, node};

const SECRET: &str = "hunter22-of-the-test";

impl Cell {
    /// Asks for a test of the credential of that name, as the API does.
    async fn ask(&self, name: &str, url: Option<&str>) {
        let known = "SELECT credential_id, revision FROM credentials WHERE name = $1";
        let known: (Uuid, i32) = sqlx::query_as(known).bind(name).fetch_one(&mut self.owner().await).await.unwrap();
        let mut api = self.place.connect(Role::Api).await.unwrap();
        let mut transaction = api.begin().await.unwrap();
        let tenant = format!("SET LOCAL app.workspace_id = '{}'", self.workspace_id);
        sqlx::query(&tenant).execute(&mut *transaction).await.unwrap();
        let asked = ask(&mut transaction, self.workspace_id, known, (Uuid::now_v7(), url)).await.unwrap();
        assert_eq!(asked, Asked::Noted);
        transaction.commit().await.unwrap();
    }

    /// What the test of that credential came to.
    async fn tested(&self, name: &str) -> Value {
        let of = format!(
            "credential_tests t JOIN credentials c USING (workspace_id, credential_id) WHERE c.name = '{name}'"
        );
        self.until_count(&format!("SELECT count(*) FROM {of} AND t.ended_at IS NOT NULL"), 1).await;
        sqlx::query_scalar(&format!("SELECT to_jsonb(t) FROM {of}")).fetch_one(&mut self.owner().await).await.unwrap()
    }
}

#[tokio::test]
async fn a_worker_tests_what_was_asked_for_and_keeps_no_secret() {
    let echo = Echo::start().await;
    let (sink, mut mails) = SmtpSink::start().await.unwrap();
    let server = sink.address();
    let cell = Cell::with_registry(Registry::standard(), &[&echo.address, &server.to_string()]).await;
    let hosts = [format!("http://{}", echo.address), server.ip().to_string()];
    keep(&cell, &cell.keys, "good", "bearer", &hosts, json!({"token": SECRET})).await;
    keep(&cell, &cell.keys, "bad", "custom", &hosts, json!({"query": {"key": SECRET}})).await;
    let mail = json!({"host": server.ip().to_string(), "port": server.port(), "tls": "none"});
    keep(&cell, &cell.keys, "mail", "smtp", &hosts, mail).await;
    cell.ask("good", Some(&echo.url("/echo"))).await;
    cell.ask("bad", Some(&echo.url("/fail"))).await;
    cell.ask("mail", None).await;
    let worker = cell.worker().await;
    let (good, bad, mail) = (cell.tested("good").await, cell.tested("bad").await, cell.tested("mail").await);
    assert_eq!(
        (&good["outcome"], &good["status_code"], &good["response"]),
        (&json!("passed"), &json!(200), &Value::Null)
    );
    assert_eq!((&bad["outcome"], &bad["status_code"]), (&json!("unclear"), &json!(400)), "{bad}");
    assert!(bad["response"].as_str().unwrap().contains("wrong: [redacted]"), "{bad}");
    assert_eq!(mail["outcome"], "passed", "{mail}");
    assert!([good, bad, mail].iter().all(|tested| tested["url"].is_null()), "addresses are not kept");
    assert_eq!(echo.heard(), [SECRET, SECRET]);
    assert!(mails.try_recv().is_err(), "no mail was sent");
    let dump = dump(&cell).await;
    for form in forms(SECRET) {
        assert!(!dump.contains(&form), "the secret is in a row as {form}");
    }
    worker.drain().await;
}

#[tokio::test]
async fn a_token_is_fetched_once_by_a_test_and_the_steps_that_want_it_meanwhile() {
    let echo = Echo::start().await;
    let cell = Cell::with_registry(Registry::standard(), &[&echo.address]).await;
    let fields = json!({"token_url": echo.url("/held/token"), "client_id": "me", "client_secret": SECRET, "refresh_token": "refresh-0"});
    keep(&cell, &cell.keys, "api", "oauth2_refresh", &[format!("http://{}", echo.address)], fields).await;
    let call =
        node("a", "action.http_request", json!({"url": echo.url("/echo"), "credential": "api", "success": [200]}));
    let version = cell.publish(&graph(vec![call], &[("start", "out", "a")])).await;
    let worker = cell.worker().await;
    cell.ask("api", None).await;
    // The test has the turn, and waits for the server.
    cell.until_count("SELECT count(*) FROM credential_tokens WHERE refresh_until > clock_timestamp()", 1).await;
    let ids = cell.start_many(version, json!({}), 10).await;
    echo.let_go();
    let tested = cell.tested("api").await;
    assert_eq!((&tested["outcome"], tested["token_until"].is_string()), (&json!("passed"), true), "{tested}");
    for id in ids {
        let row = cell.until(id, &["completed", "failed"]).await;
        assert_eq!(row.status, "completed", "{:?}", row.error);
    }
    assert_eq!(echo.refreshed(), ["refresh-0"]);
    assert!(echo.heard().iter().all(|token| token == "access-1"), "{:?}", echo.heard());
    // The token is fresh, but a test fetches one all the same: what is kept would prove nothing.
    echo.let_go();
    cell.ask("api", None).await;
    let renewed = "SELECT count(*) FROM credential_tests t JOIN credential_tokens k USING (workspace_id, credential_id) \
                   WHERE t.ended_at IS NOT NULL AND k.refreshed_at > t.asked_at";
    cell.until_count(renewed, 1).await;
    assert_eq!(echo.refreshed(), ["refresh-0", "refresh-1"]);
    worker.drain().await;
}
