//! A workspace with a database of its own, from its making on, with real processes.

use capstan_domain::access::{self, Level, Origin};
use capstan_engine::core::graph::Graph;
use capstan_engine::core::ids::{WorkflowId, WorkspaceId};
use capstan_engine::store::connect::{Place, Role};
use capstan_engine::store::workflows::{About, create, publish};
use capstan_node_types::registry::Registry;
use reqwest::Client;
use serde_json::{Value, json};
use tokio::time::{Instant, interval};

use crate::process::Process;
use crate::site::Site;
use crate::world::World;
use crate::{LOOK_EVERY, PATIENCE};

const SLUG: &str = "globex";

/// A dedicated workspace, and somebody with its key.
struct Own {
    url: String,
    key: String,
    workspace_id: WorkspaceId,
    place: Place,
}

/// Asks until that holds of the answer.
async fn until(request: impl Fn() -> reqwest::RequestBuilder, is_so: impl Fn(&Value) -> bool) -> Value {
    let (deadline, mut ticks) = (Instant::now() + PATIENCE, interval(LOOK_EVERY));
    loop {
        ticks.tick().await;
        let answer: Value = request().send().await.unwrap().json().await.unwrap();
        if is_so(&answer) {
            return answer;
        }
        assert!(Instant::now() < deadline, "it does not come to that: {answer:#}");
    }
}

impl Own {
    /// Made as an administrator of the platform does it.
    async fn make(site: &Site, url: &str, env: &[(&'static str, String)]) -> Self {
        let mut control = site.place.sibling("control").connect(Role::Owner).await.unwrap();
        let root = access::create_user(&mut control, "root@example.com", "Root", "$argon2id$none").await.unwrap();
        access::make_super_admin(&mut control, root).await.unwrap();
        let session = access::open_session_at(&mut control, root, &Origin::default(), Level::Platform).await.unwrap();
        let cookie = format!("capstan_session={session}");
        let body = json!({
            "slug": SLUG, "name": "Globex", "placement": "dedicated", "owner": { "email": "owner@example.com" },
        });
        let asked = Client::new().post(format!("{url}/api/v1/workspaces")).header("cookie", &cookie);
        let asked = asked.header("idempotency-key", "globex").json(&body).send().await.unwrap();
        assert_eq!(asked.status().as_u16(), 202);
        let asked: Value = asked.json().await.unwrap();
        let path = format!("{url}/api/v1/operations/{}", asked["id"].as_str().unwrap());
        let operation = || Client::new().get(&path).header("cookie", &cookie);
        let ended = until(operation, |answer| !answer["ended_at"].is_null()).await;
        assert_eq!(ended["status"], "completed", "{ended:#}");
        let key = Process::result(&["key", "create", "--workspace", SLUG], env).await;
        let found = "SELECT w.workspace_id, c.database_name, c.schema_name FROM workspaces w JOIN cells c USING (cell_id) \
                     WHERE w.slug = $1";
        let (workspace_id, database, schema): (uuid::Uuid, String, String) =
            sqlx::query_as(found).bind(SLUG).fetch_one(&mut control).await.unwrap();
        Self {
            url: url.to_owned(),
            key: key["key"].as_str().unwrap().to_owned(),
            workspace_id: WorkspaceId(workspace_id),
            place: Place { database: site.place.database.clone().database(&database), schema, pooler: None },
        }
    }

    async fn publish(&self, document: &Value) -> WorkflowId {
        let (workflow_id, graph) = (WorkflowId::new(), Graph::compile(document, &Registry::standard()).unwrap());
        let (mut owner, about) = (self.place.connect(Role::Owner).await.unwrap(), About::default());
        create(&mut owner, self.workspace_id, workflow_id, "test", document).await.unwrap();
        let published = publish(&mut owner, self.workspace_id, workflow_id, document, &graph, &[], &about);
        published.await.unwrap().unwrap();
        workflow_id
    }

    async fn begin(&self, workflow_id: WorkflowId) -> String {
        let request = Client::new().post(format!("{}/api/v1/executions", self.url)).bearer_auth(&self.key);
        let answer = request.json(&json!({ "workflow_id": workflow_id })).send().await.unwrap();
        assert_eq!(answer.status().as_u16(), 202);
        let answer: Value = answer.json().await.unwrap();
        answer["id"].as_str().unwrap().to_owned()
    }

    async fn completes(&self, id: &str) {
        let path = format!("{}/api/v1/executions/{id}", self.url);
        let request = || Client::new().get(&path).bearer_auth(&self.key);
        until(request, |answer| answer["status"] == "completed").await;
    }
}

/// Tables of the fleet's own cell that have a row of the workspace.
async fn tables_with(site: &Site, workspace_id: WorkspaceId) -> Vec<String> {
    let mut owner = site.owner().await;
    let tables: Vec<String> = sqlx::query_scalar(
        "SELECT c.relname::text FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = 'workspace_id' \
          WHERE c.relnamespace = 'cell_1'::regnamespace AND c.relkind = 'r'",
    )
    .fetch_all(&mut owner)
    .await
    .unwrap();
    assert!(tables.len() > 20, "{tables:?}");
    let mut found = Vec::new();
    for table in tables {
        let sql = format!("SELECT EXISTS (SELECT FROM {table} WHERE workspace_id = $1)");
        if sqlx::query_scalar(&sql).bind(workspace_id.0).fetch_one(&mut owner).await.unwrap() {
            found.push(table);
        }
    }
    found
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dedicated_workspace_executes_in_its_own_database_only_also_when_its_worker_is_killed() {
    let (world, _) = World::start().await;
    let site = Site::new().await;
    let mut env = site.worker_env(&world);
    let creator = env[0].1.clone();
    env.push(("CAPSTAN_CREATOR_URL", creator));
    let (server, url) = site.serve().await;
    let provisioner = Process::start(&["provision"], &env).await;
    let worker = Process::start(&["worker"], &env).await;
    let own = Own::make(&site, &url, &env).await;
    let document = json!({
        "nodes": [
            { "id": "start", "type": "trigger.manual", "data": { "config": {} } },
            { "id": "wait", "type": "logic.delay", "data": { "config": { "for_ms": 500 } } },
            { "id": "end", "type": "debug.noop", "data": { "config": {} } },
        ],
        "edges": [
            { "id": "a", "source": "start", "target": "wait" },
            { "id": "b", "source": "wait", "target": "end" },
        ],
    });
    let workflow_id = own.publish(&document).await;
    let first = own.begin(workflow_id).await;
    own.completes(&first).await;

    // What a killed worker held there, its hand and its lease, passes to another.
    let second = own.begin(workflow_id).await;
    worker.kill9().await;
    let worker = Process::start(&["worker"], &env).await;
    own.completes(&second).await;

    assert_eq!(tables_with(&site, own.workspace_id).await, Vec::<String>::new());
    let mut owner = own.place.connect(Role::Owner).await.unwrap();
    let there: i64 = sqlx::query_scalar("SELECT count(*) FROM executions WHERE workspace_id = $1")
        .bind(own.workspace_id.0)
        .fetch_one(&mut owner)
        .await
        .unwrap();
    assert_eq!(there, 2);

    // Commands find it.
    assert_eq!(Process::result(&["migrate"], &env).await["dedicated_cells"], 1);
    Process::result(&["workspace", "export", SLUG], &env).await;
    Process::result(&["retention", "show", "--workspace", SLUG], &env).await;
    let (_, found) = Process::outcome(&["doctor"], &env).await;
    let cells: Vec<&Value> = found["checks"].as_array().unwrap().iter().filter(|it| it["check"] == "cells").collect();
    assert!(!cells.is_empty() && cells.iter().all(|check| check["state"] == "ok"), "{found:#}");
    worker.end().await;
    provisioner.end().await;
    server.end().await;
}
