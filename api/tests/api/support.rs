//! A router with two workspaces on a database of its own.

use std::any::Any;
use std::io::Write;
use std::sync::Arc;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::http::{HeaderMap, Request, StatusCode};
use capstan_api::{AccountSettings, Api, ApiSettings, BillingSettings, RateLimits};
use capstan_domain::access;
use capstan_domain::secrets::KeyRing;
use capstan_engine::core::ids::WorkspaceId;
use capstan_engine::store::connect::{Place, Role};
use capstan_engine::store::migrate::{Kind, MigrationError, fingerprint, migrate};
use capstan_node_types::registry::Registry;
use capstan_private_postgres::{TestDatabase, test_database_like};
use chrono::Utc;
use http_body_util::BodyExt;
use serde_json::{Value, json};
use tokio::runtime::Handle;
use tower::ServiceExt;

use crate::{bouncer, held};

/// A fresh installation. Requests carry the key of `acme` unless they say otherwise.
pub(crate) struct App {
    pub(crate) router: Router,
    pub(crate) api: Api,
    pub(crate) keys: Arc<KeyRing>,
    pub(crate) acme: WorkspaceId,
    pub(crate) key: String,
    pub(crate) other_key: String,
    pub(crate) control: Place,
    pub(crate) cell: Place,
    rates: RateLimits,
    _database: Arc<dyn Any + Send + Sync>,
}

pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

impl Answer {
    pub(crate) fn text(&self) -> String {
        String::from_utf8(self.body.to_vec()).unwrap()
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|_| panic!("not JSON: {}", self.text()))
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(|value| value.to_str().unwrap())
    }

    /// Status and problem code: `404 not_found`.
    pub(crate) fn verdict(&self) -> String {
        let code = serde_json::from_slice::<Value>(&self.body).ok();
        let code = code.as_ref().and_then(|body| body["code"].as_str()).unwrap_or_default().to_owned();
        format!("{} {code}", self.status.as_u16()).trim().into()
    }
}

/// A database with `control` and the cell `cell_1`. Its months are the ones from now on.
async fn migrated() -> TestDatabase {
    let name = format!("api_{}_{}", fingerprint(&[Kind::Control, Kind::Cell]), Utc::now().format("%Y%m"));
    tokio::task::spawn_blocking(move || test_database_like(&name, |url| Handle::current().block_on(prepare(url))))
        .await
        .unwrap()
}

pub(crate) async fn prepare(url: &str) -> Result<(), MigrationError> {
    let control = Place::new(url, "control")?;
    migrate(&control, Kind::Control).await?;
    migrate(&control.sibling("cell_1"), Kind::Cell).await
}

impl App {
    pub(crate) async fn start() -> Self {
        Self::start_with(|_, _| {}).await
    }

    /// `change` may change the settings; it gets the id of `acme`.
    pub(crate) async fn start_with(change: impl FnOnce(&mut ApiSettings, WorkspaceId)) -> Self {
        let database = migrated().await;
        Self::start_at(&database.url.clone(), Arc::new(database), change).await
    }

    /// On a database that has been prepared, for as long as `database` is kept.
    pub(crate) async fn start_at(
        url: &str,
        database: Arc<dyn Any + Send + Sync>,
        change: impl FnOnce(&mut ApiSettings, WorkspaceId),
    ) -> Self {
        let control = bouncer::before_all(Place::new(url, "control").unwrap());
        let cell = control.sibling("cell_1");
        let mut owner = control.connect(Role::Owner).await.unwrap();
        access::ensure_cell(&mut owner, &cell.schema).await.unwrap();
        access::ensure_cell(&mut owner, &cell.schema).await.unwrap();
        let acme = access::create_workspace(&mut owner, "acme", "Acme", &cell.schema).await.unwrap();
        let other = access::create_workspace(&mut owner, "other", "Other", &cell.schema).await.unwrap();
        let (_, key) = access::create_key(&mut owner, acme, "test").await.unwrap();
        let (_, other_key) = access::create_key(&mut owner, other, "test").await.unwrap();
        let keys = Arc::new(KeyRing::generate());
        let mut settings = ApiSettings {
            control: control.clone(),
            cell: cell.clone(),
            page_workspace: None,
            mail_sandbox: true,
            accounts: AccountSettings::default(),
            keys: Arc::clone(&keys),
            allow: Vec::new(),
            mail_in: None,
            replica: None,
            billing: BillingSettings::default(),
        };
        change(&mut settings, acme);
        let rates = settings.accounts.rates;
        let api = Api::new(settings, Arc::new(Registry::standard()), None);
        Self { router: api.router(), api, keys, acme, key, other_key, control, cell, rates, _database: database }
    }

    /// Another process of the same installation, as far as it remembers nothing of this one.
    pub(crate) fn another_process(&self) -> Self {
        self.another_process_with(|_| {})
    }

    /// The same with settings of its own.
    pub(crate) fn another_process_with(&self, change: impl FnOnce(&mut ApiSettings)) -> Self {
        let mut settings = ApiSettings {
            control: self.control.clone(),
            cell: self.cell.clone(),
            page_workspace: None,
            mail_sandbox: true,
            accounts: AccountSettings { rates: self.rates, ..AccountSettings::default() },
            keys: Arc::clone(&self.keys),
            allow: Vec::new(),
            mail_in: None,
            replica: None,
            billing: BillingSettings::default(),
        };
        change(&mut settings);
        let api = Api::new(settings, Arc::new(Registry::standard()), None);
        Self {
            keys: Arc::clone(&self.keys),
            router: api.router(),
            api,
            acme: self.acme,
            key: self.key.clone(),
            other_key: self.other_key.clone(),
            control: self.control.clone(),
            cell: self.cell.clone(),
            rates: self.rates,
            _database: Arc::clone(&self._database),
        }
    }

    /// A request with the key of `acme`, to be completed.
    pub(crate) fn request(&self, method: &str, path: &str) -> axum::http::request::Builder {
        Request::builder().method(method).uri(path).header("authorization", format!("Bearer {}", self.key))
    }

    /// The answer, which is held against the document.
    pub(crate) async fn send(&self, request: Request<Body>) -> Answer {
        let (parts, body) = request.into_parts();
        let (method, path) = (parts.method.clone(), parts.uri.path().to_owned());
        let body = body.collect().await.unwrap().to_bytes();
        let sent = serde_json::from_slice(&body).ok();
        let response = self.router.clone().oneshot(Request::from_parts(parts, Body::from(body))).await.unwrap();
        let (parts, body) = response.into_parts();
        // Some streams never end.
        let is_stream = parts.headers.get("content-type").is_some_and(|it| it == "text/event-stream");
        let body = if is_stream { Bytes::new() } else { body.collect().await.unwrap().to_bytes() };
        let answer = Answer { status: parts.status, headers: parts.headers, body };
        held::hold(&method, &path, sent.as_ref(), &answer);
        answer
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.send(self.request("GET", path).body(Body::empty()).unwrap()).await
    }

    pub(crate) async fn post(&self, path: &str, body: &Value) -> Answer {
        self.send(as_json(self.request("POST", path), body)).await
    }

    pub(crate) async fn post_nothing(&self, path: &str) -> Answer {
        self.send(self.request("POST", path).body(Body::empty()).unwrap()).await
    }

    /// Makes and publishes a workflow; answers its id.
    pub(crate) async fn publish(&self, graph: &Value) -> String {
        let made = self.post("/api/v1/workflows", &json!({ "name": "Test", "graph": graph })).await;
        assert_eq!(made.status, 201, "{}", made.text());
        let id = made.json()["id"].as_str().unwrap().to_owned();
        let published = self.post_nothing(&format!("/api/v1/workflows/{id}/publish")).await;
        assert_eq!(published.status, 201, "{}", published.text());
        id
    }

    /// Starts an execution; answers its id.
    pub(crate) async fn begin(&self, workflow_id: &str) -> String {
        let started = self.post("/api/v1/executions", &json!({ "workflow_id": workflow_id })).await;
        assert_eq!(started.status, 202, "{}", started.text());
        started.json()["id"].as_str().unwrap().to_owned()
    }

    /// Waits for the next day where this one ends in a moment: what is counted by the day or the month begins anew with it.
    pub(crate) async fn within_a_day(&self) {
        let ends = "(SELECT WHERE date_trunc('day', clock_timestamp() + interval '15 s') \
            > date_trunc('day', clock_timestamp())) AS ends";
        let mut ticks = tokio::time::interval(std::time::Duration::from_millis(50));
        while self.count(ends).await > 0 {
            ticks.tick().await;
        }
    }

    /// Rows of a table of the cell, seen by the owner.
    pub(crate) async fn count(&self, table: &str) -> i64 {
        let mut owner = self.cell.connect(Role::Owner).await.unwrap();
        sqlx::query_scalar(&format!("SELECT count(*) FROM {table}")).fetch_one(&mut owner).await.unwrap()
    }
}

/// Says what is not tested on this machine, and why. Straight to standard error: what a test that passes prints is shown to nobody.
pub(crate) fn left_out(what: &str) {
    let _ = writeln!(std::io::stderr(), "LEFT OUT: {what}");
}

pub(crate) fn as_json(request: axum::http::request::Builder, body: &Value) -> Request<Body> {
    request.header("content-type", "application/json").body(Body::from(body.to_string())).unwrap()
}

/// A graph of these nodes, as `(id, type, config)`, in a row.
pub(crate) fn chain(nodes: &[(&str, &str, Value)]) -> Value {
    let drawn: Vec<Value> = nodes
        .iter()
        .map(|(id, kind, config)| json!({ "id": id, "type": kind, "data": { "label": id, "config": config } }))
        .collect();
    let edges: Vec<Value> = nodes
        .windows(2)
        .map(|pair| json!({ "id": format!("{}-{}", pair[0].0, pair[1].0), "source": pair[0].0, "target": pair[1].0 }))
        .collect();
    json!({ "nodes": drawn, "edges": edges })
}

/// Starts by hand, does nothing twice.
pub(crate) fn simple() -> Value {
    chain(&[("start", "trigger.manual", json!({})), ("a", "debug.noop", json!({})), ("b", "debug.noop", json!({}))])
}
