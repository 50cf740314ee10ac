//! Credentials of steps: sent to their own hosts only, kept out of everything that is written, changed while they are used.

use std::collections::HashSet;
use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use capstan_domain::credentials::{self, Kept, NewCredential};
use capstan_domain::secrets::{KeyRing, census};
use capstan_engine::store::connect::Role;
use capstan_node_types::registry::Registry;
use capstan_worker::{Worker, WorkerSettings};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::support::{Cell, graph, node, services};
use echo::{Echo, forms};

pub(crate) mod echo;

/// Secrets of the search; `CANARY_SECRETS=1000` looks for more.
const SECRETS: usize = 50;

/// Seals and stores a credential, as the API does.
pub(crate) async fn keep(cell: &Cell, ring: &KeyRing, name: &str, kind: &str, hosts: &[String], fields: Value) {
    let Value::Object(fields) = fields else { panic!("fields are an object") };
    let kept = Kept { kind: kind.into(), allowed_hosts: hosts.to_vec(), fields };
    let credential_id = Uuid::now_v7();
    let sealed = kept.seal(ring, cell.workspace_id, credential_id).unwrap();
    let fields_set: Vec<String> = kept.fields.keys().cloned().collect();
    let new = NewCredential {
        credential_id,
        name,
        kind,
        allowed_hosts: &kept.allowed_hosts,
        fields_set: &fields_set,
        sealed: &sealed,
        by: "test",
    };
    assert!(credentials::create(&mut cell.owner().await, cell.workspace_id, &new).await.unwrap());
}

fn call(id: &str, url: &str, credential: &str) -> Value {
    node(id, "action.http_request", json!({"url": url, "credential": credential, "success": [200]}))
}

/// Every row of every table of the cell, as text.
pub(crate) async fn dump(cell: &Cell) -> String {
    let mut owner = cell.owner().await;
    let tables: Vec<String> = sqlx::query_scalar(
        "SELECT c.oid::regclass::text FROM pg_class c WHERE c.relnamespace = 'cell_1'::regnamespace AND c.relkind IN ('r', 'p')",
    )
    .fetch_all(&mut owner)
    .await
    .unwrap();
    let mut text = String::new();
    for table in tables {
        let rows: Vec<String> =
            sqlx::query_scalar(&format!("SELECT t::text FROM {table} AS t")).fetch_all(&mut owner).await.unwrap();
        text.push_str(&rows.join("\n"));
    }
    text
}

/// From 8 to 4,096 characters, of all kinds; the same in every run.
fn secret(number: usize, of: usize) -> String {
    const CHARS: [char; 16] = ['a', 'Z', '0', '"', '\\', '/', '+', '=', '%', '&', ' ', '<', '\'', 'ß', '_', '~'];
    let length = 8 + (4_096 - 8) * number / (of - 1);
    let mut state = number as u64 + 1;
    let mut next = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) as usize
    };
    let mut text: String = (0..length - 1).map(|_| CHARS[next() % CHARS.len()]).collect();
    text.push('x');
    text
}

#[tokio::test]
async fn no_secret_is_in_any_row_whatever_a_server_answers() {
    let count = std::env::var("CANARY_SECRETS").ok().and_then(|text| text.parse().ok()).unwrap_or(SECRETS);
    let echo = Echo::start().await;
    let cell = Cell::with_registry(Registry::standard(), &[&echo.address]).await;
    let hosts = [format!("http://{}", echo.address)];
    let secrets: Vec<String> = (0..count).map(|number| secret(number, count)).collect();
    let mut executions = Vec::new();
    for (number, secret) in secrets.iter().enumerate() {
        let name = format!("canary-{number}");
        let (kind, fields) = match number % 3 {
            0 => ("bearer", json!({"token": secret})),
            1 => ("basic", json!({"username": "u".repeat(number % 5), "password": secret})),
            _ => ("custom", json!({"query": {"key": secret}})),
        };
        keep(&cell, &cell.keys, &name, kind, &hosts, fields).await;
        let nodes = vec![call("good", &echo.url("/echo"), &name), call("bad", &echo.url("/fail"), &name)];
        let version = cell.publish(&graph(nodes, &[("start", "out", "good"), ("good", "out", "bad")])).await;
        executions.push(cell.start(version, json!({})).await);
    }
    let worker = cell.worker().await;
    for id in &executions {
        let row = cell.until(*id, &["completed", "failed"]).await;
        assert_eq!(row.status, "failed", "{:?}", row.error);
        assert!(cell.steps(*id).await["good"].starts_with("completed/out/"), "{:?}", row.error);
    }
    worker.drain().await;
    let dump = dump(&cell).await;
    assert!(dump.contains("[redacted]") && dump.contains("canary-1"));
    let heard: HashSet<String> = echo.heard().into_iter().collect();
    for (number, secret) in secrets.iter().enumerate() {
        assert!(heard.contains(secret), "secret {number} was not sent");
        for form in forms(secret) {
            assert!(!dump.contains(&form), "secret {number}, {} characters, is in a row as {form}", secret.len());
        }
        let chars: Vec<char> = secret.chars().collect();
        for piece in chars.chunks_exact(24).step_by(5) {
            let piece: String = piece.iter().collect();
            assert!(!dump.contains(&piece), "a piece of secret {number} is in a row: {piece}");
        }
    }
}

#[tokio::test]
async fn a_secret_goes_to_its_own_host_only_also_after_a_redirect() {
    let (own, foreign) = (Echo::start().await, Echo::start().await);
    let cell = Cell::with_registry(Registry::standard(), &[&own.address, &foreign.address]).await;
    keep(&cell, &cell.keys, "mine", "bearer", &[format!("http://{}", own.address)], json!({"token": "hunter22-token"}))
        .await;
    let away = own.url(&format!("/to/{}", foreign.address));
    let nodes = vec![call("redirected", &away, "mine"), call("direct", &foreign.url("/echo"), "mine")];
    let version = cell.publish(&graph(nodes, &[("start", "out", "redirected"), ("redirected", "out", "direct")])).await;
    let worker = cell.worker().await;
    let id = cell.start(version, json!({})).await;
    let row = cell.until(id, &["failed", "completed"]).await;
    let error = row.error.unwrap().to_string();
    assert!(error.contains("credential_host") && error.contains(&foreign.address), "{error}");
    assert_eq!(own.heard(), ["hunter22-token"]);
    assert_eq!(
        (foreign.heard(), foreign.calls()),
        (Vec::<String>::new(), 1),
        "the redirect arrives without the secret"
    );
    worker.drain().await;
}

#[tokio::test]
async fn a_missing_credential_and_a_missing_key_fail_the_step_and_say_what_to_do() {
    let echo = Echo::start().await;
    let cell = Cell::with_registry(Registry::standard(), &[&echo.address]).await;
    let hosts = [format!("http://{}", echo.address)];
    keep(&cell, &KeyRing::generate(), "foreign", "bearer", &hosts, json!({"token": "hunter22"})).await;
    keep(&cell, &cell.keys, "mail", "smtp", &hosts, json!({"host": "h", "port": 25})).await;
    let worker = cell.worker().await;
    for (name, said) in [("none", "no credential"), ("foreign", "CAPSTAN_SECRET_KEYS"), ("mail", "of type smtp")] {
        let version = cell.publish(&graph(vec![call("a", &echo.url("/echo"), name)], &[("start", "out", "a")])).await;
        let id = cell.start(version, json!({})).await;
        let error = cell.until(id, &["failed"]).await.error.unwrap().to_string();
        assert!(error.contains("\"credential\"") && error.contains(said), "{name}: {error}");
    }
    assert_eq!(echo.calls(), 0);
    worker.drain().await;
}

#[tokio::test]
async fn a_token_is_fetched_once_for_all_processes_and_the_next_one_with_what_came_along() {
    let echo = Echo::start().await;
    let cell = Cell::with_registry(Registry::standard(), &[&echo.address]).await;
    let fields = json!({"token_url": echo.url("/token"), "client_id": "me", "client_secret": "hunter22", "refresh_token": "refresh-0"});
    keep(&cell, &cell.keys, "api", "oauth2_refresh", &[format!("http://{}", echo.address)], fields).await;
    let version = cell.publish(&graph(vec![call("a", &echo.url("/echo"), "api")], &[("start", "out", "a")])).await;
    let one = cell.worker().await;
    let other = services(&cell.place, &[&echo.address], &cell.keys);
    let other =
        Worker::start(cell.place.clone(), Arc::clone(&cell.registry), other, WorkerSettings::default()).await.unwrap();
    for round in 1..=2 {
        for id in cell.start_many(version, json!({}), 20).await {
            let row = cell.until(id, &["completed", "failed"]).await;
            assert_eq!(row.status, "completed", "{:?}", row.error);
        }
        assert_eq!(echo.refreshed().len(), round);
        let used: HashSet<String> = echo.heard().into_iter().collect();
        assert_eq!(used.len(), round, "each round used one token: {used:?}");
        let spent = "UPDATE credential_tokens SET fresh_until = clock_timestamp() - interval '1 s'";
        sqlx::query(spent).execute(&mut cell.owner().await).await.unwrap();
    }
    assert_eq!(echo.refreshed(), ["refresh-0", "refresh-1"]);
    let dump = dump(&cell).await;
    assert!(!["hunter22", "refresh-1", "access-1"].iter().any(|secret| dump.contains(secret)));
    one.drain().await;
    other.drain().await;
}

#[tokio::test]
async fn a_token_that_comes_after_the_step_has_ended_is_kept() {
    let echo = Echo::start().await;
    let cell = Cell::with_registry(Registry::standard(), &[&echo.address]).await;
    let fields = json!({"token_url": echo.url("/held/token"), "client_id": "me", "client_secret": "hunter22", "refresh_token": "refresh-0"});
    keep(&cell, &cell.keys, "api", "oauth2_refresh", &[format!("http://{}", echo.address)], fields).await;
    let calm = call("a", &echo.url("/echo"), "api");
    let mut hasty = calm.clone();
    hasty["data"]["policy"] = json!({ "timeout_ms": 2_000, "retry": { "attempts_max": 1 } });
    let [hasty, calm] = [hasty, calm].map(|step| graph(vec![step], &[("start", "out", "a")]));
    let (hasty, calm) = (cell.publish(&hasty).await, cell.publish(&calm).await);
    let worker = cell.worker().await;
    let late = cell.start(hasty, json!({})).await;
    assert_eq!(cell.until(late, &["completed", "failed"]).await.status, "failed");
    assert_eq!(echo.refreshed(), ["refresh-0"], "the server has made refresh-0 useless");
    echo.let_go();
    cell.until_count("SELECT count(*) FROM credential_tokens WHERE sealed IS NOT NULL AND refresh_until IS NULL", 1)
        .await;
    let next = cell.start(calm, json!({})).await;
    assert_eq!(cell.until(next, &["completed", "failed"]).await.status, "completed");
    assert_eq!(echo.refreshed(), ["refresh-0"]);
    worker.drain().await;
}

#[tokio::test]
async fn keys_change_while_steps_use_credentials_and_none_fails() {
    let echo = Echo::start().await;
    let cell = Cell::with_registry(Registry::standard(), &[&echo.address]).await;
    let hosts = [format!("http://{}", echo.address)];
    for number in 0..150 {
        let token = json!({"token": format!("hunter22-{number}")});
        keep(&cell, &cell.keys, &format!("c{number}"), "bearer", &hosts, token).await;
    }
    let both = format!("{},{}", KeyRing::generate().to_text().trim(), cell.keys.to_text().trim());
    let both = Arc::new(KeyRing::parse(&both).unwrap());
    let version = cell.publish(&graph(vec![call("a", &echo.url("/echo"), "c149")], &[("start", "out", "a")])).await;
    let early = cell.start_many(version, json!({}), 20).await;
    let rotating = services(&cell.place, &[&echo.address], &both);
    let settings = WorkerSettings { keys: Arc::clone(&both), ..WorkerSettings::default() };
    let worker = Worker::start(cell.place.clone(), Arc::clone(&cell.registry), rotating, settings).await.unwrap();
    let old = cell.keys.ids().next().unwrap().to_owned();
    let left = format!("SELECT count(*) FROM credentials WHERE key_id = '{old}'");
    let late = cell.start_many(version, json!({}), 20).await;
    cell.until_count(&left, 0).await;
    for id in early.into_iter().chain(late) {
        let row = cell.until(id, &["completed", "failed"]).await;
        assert_eq!(row.status, "completed", "{:?}", row.error);
    }
    let mut connection = cell.place.connect(Role::Worker).await.unwrap();
    let under = census(&mut connection).await.unwrap();
    assert_eq!((under.len(), under[0].rows), (1, 150));
    assert_eq!(Some(under[0].key_id.as_str()), both.ids().next());
    worker.drain().await;
}

/// The forms are what they say.
#[test]
fn the_search_knows_the_forms() {
    let forms = forms("a/b\"c d+");
    for form in [
        STANDARD.encode("a/b\"c d+"),
        URL_SAFE_NO_PAD.encode("a/b\"c d+"),
        "a%2Fb%22c%20d%2B".into(),
        "a/b\\\"c d+".into(),
    ] {
        assert!(forms.contains(&form), "{form}");
    }
}

#[tokio::test]
async fn which_executions_used_a_credential_is_on_record() {
    let echo = Echo::start().await;
    let cell = Cell::with_registry(Registry::standard(), &[&echo.address]).await;
    let hosts = [format!("http://{}", echo.address)];
    for name in ["crm", "shop"] {
        keep(&cell, &cell.keys, name, "bearer", &hosts, json!({ "token": "of-the-test-1234" })).await;
    }
    let of = |name: &str| {
        let nodes = vec![call("one", &echo.url("/echo"), name), call("two", &echo.url("/echo"), name)];
        graph(nodes, &[("start", "out", "one"), ("one", "out", "two")])
    };
    let version = cell.publish_as("crm", &of("crm")).await;
    let other = cell.publish_as("shop", &of("shop")).await;
    let mut used = Vec::new();
    for version in [version, other, version] {
        let id = cell.start(version, json!({})).await;
        used.push((id, version));
    }
    let worker = cell.worker().await;
    for (id, _) in &used {
        cell.until(*id, &["completed"]).await;
    }
    worker.drain().await;
    let mut owner = cell.owner().await;
    let (rows, then) = credentials::used(&mut owner, cell.workspace_id, "crm", Uuid::max(), 10).await.unwrap();
    let found: Vec<Uuid> = rows.iter().map(|row| row.execution_id).collect();
    assert_eq!((found, then), (vec![used[2].0.0, used[0].0.0], None), "newest first");
    for row in &rows {
        assert_eq!((row.workflow_id, row.version_id), (version.workflow_id.0, version.version_id.0));
        assert_eq!(
            (row.node_ids.as_slice(), row.attempts, row.is_trial),
            (&["one".to_owned(), "two".into()][..], 2, false)
        );
        assert!(row.first_at <= row.last_at);
    }
    // A page at a time, and nothing of what nobody names.
    let (rows, _) = credentials::used(&mut owner, cell.workspace_id, "crm", used[2].0.0, 10).await.unwrap();
    assert_eq!(rows.iter().map(|row| row.execution_id).collect::<Vec<_>>(), [used[0].0.0]);
    let (rows, _) = credentials::used(&mut owner, cell.workspace_id, "absent", Uuid::max(), 10).await.unwrap();
    assert!(rows.is_empty());
    // A trial has its graph, and no nodes of its own.
    let trial = "INSERT INTO trial_versions (workspace_id, version_id, workflow_id, digest, graph, semantics) \
                 SELECT workspace_id, version_id, workflow_id, ''::bytea, graph, semantics FROM workflow_versions WHERE version_id = $1";
    sqlx::query(trial).bind(version.version_id.0).execute(&mut owner).await.unwrap();
    sqlx::query("DELETE FROM workflow_nodes WHERE version_id = $1")
        .bind(version.version_id.0)
        .execute(&mut owner)
        .await
        .unwrap();
    let (rows, _) = credentials::used(&mut owner, cell.workspace_id, "crm", Uuid::max(), 10).await.unwrap();
    assert!(rows.len() == 2 && rows.iter().all(|row| row.is_trial), "{rows:?}");
}
