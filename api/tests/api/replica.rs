//! Lists from a streaming standby, as long as it follows closely.

use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::http::Request;
use capstan_api::ReplicaSettings;
use capstan_domain::access;
use capstan_engine::store::connect::Role;
use capstan_private_postgres::{Options, PrivatePostgres};
use serde_json::json;
use sqlx::postgres::PgConnectOptions;
use sqlx::{Connection, Executor, PgConnection};

use crate::support::{Answer, App, prepare, simple};

/// Looks at a condition: each is a round trip.
const LOOKS_MAX: usize = 100_000;
/// Nothing is ever too old, and nothing is for long.
const NEVER: Duration = Duration::from_secs(3_600);
const SOON: Duration = Duration::from_millis(400);
/// All that may be a moment old.
const LISTS: [&str; 7] =
    ["/executions", "/stats/daily", "/usage/receipts", "/leads", "/lead-board", "/records", "/webhook-deliveries"];

/// A primary, its standby, and an API that reads lists there however old they are.
struct Pair {
    app: App,
    standby: PrivatePostgres,
    /// A key that only reads.
    reader: String,
}

impl Pair {
    async fn start() -> Self {
        let options = || Options::throw_away_in_memory().setting("shared_buffers", "32MB");
        let (primary, standby) = tokio::task::spawn_blocking(move || {
            let primary = PrivatePostgres::start(options()).unwrap();
            let standby = primary.standby(options()).unwrap();
            (primary, standby)
        })
        .await
        .unwrap();
        let url = primary.url("postgres");
        prepare(&url).await.unwrap();
        let replica = settings(&standby, NEVER);
        let app = App::start_at(&url, Arc::new(primary), |settings, _| settings.replica = Some(replica)).await;
        let mut owner = app.control.connect(Role::Owner).await.unwrap();
        let (_, reader) = access::create_key(&mut owner, app.acme, "reader").await.unwrap();
        Self { app, standby, reader }
    }

    /// Of a process of this installation, by who only reads.
    async fn read(&self, app: &App, path: &str) -> Answer {
        let request = Request::get(format!("/api/v1{path}")).header("authorization", format!("Bearer {}", self.reader));
        app.send(request.body(Body::empty()).unwrap()).await
    }

    async fn executions(&self, app: &App) -> Vec<String> {
        ids(&self.read(app, "/executions").await)
    }

    async fn on_standby(&self) -> PgConnection {
        PgConnection::connect(&self.standby.url("postgres")).await.unwrap()
    }
}

fn settings(standby: &PrivatePostgres, lag_max: Duration) -> ReplicaSettings {
    ReplicaSettings { database: PgConnectOptions::from_str(&standby.url("postgres")).unwrap(), lag_max }
}

fn ids(listed: &Answer) -> Vec<String> {
    assert_eq!(listed.status, 200, "{}", listed.text());
    listed.json()["items"].as_array().unwrap().iter().map(|item| item["id"].as_str().unwrap().to_owned()).collect()
}

async fn standing(app: &App) -> String {
    app.get("/healthz").await.json()["replica"].as_str().unwrap().to_owned()
}

async fn until_it_is(app: &App, wished: &str) {
    for _ in 0..LOOKS_MAX {
        if standing(app).await == wished {
            return;
        }
    }
    panic!("the replica never was {wished}");
}

/// Nothing more of the primary is shown from here on.
async fn pause(standby: &mut PgConnection) {
    standby.execute("SELECT pg_wal_replay_pause()").await.unwrap();
    for _ in 0..LOOKS_MAX {
        let state = sqlx::query_scalar("SELECT pg_get_wal_replay_pause_state()").fetch_one(&mut *standby);
        if state.await.map(|state: String| state == "paused").unwrap() {
            return;
        }
    }
    panic!("replay was never paused");
}

#[tokio::test(flavor = "multi_thread")]
async fn lists_come_from_a_standby_until_it_is_behind_or_lost_and_nothing_is_written_there() {
    let mut pair = Pair::start().await;
    let workflow = pair.app.publish(&simple()).await;
    let early = pair.app.begin(&workflow).await;
    let mut standby = pair.on_standby().await;
    let mut looks = 0;
    while standing(&pair.app).await != "used" || pair.executions(&pair.app).await != [early.clone()] {
        looks += 1;
        assert!(looks < LOOKS_MAX, "the replica never had the execution");
    }
    pause(&mut standby).await;

    let late = pair.app.begin(&workflow).await;
    assert_eq!(pair.executions(&pair.app).await, std::slice::from_ref(&early), "the list comes from the standby");
    assert_eq!(ids(&pair.app.get("/api/v1/executions").await), [late.clone(), early.clone()], "who wrote sees it");
    assert_eq!(pair.read(&pair.app, &format!("/executions/{late}")).await.status, 200, "one comes from the primary");
    for path in LISTS {
        let listed = pair.read(&pair.app, path).await;
        assert_eq!(listed.status, 200, "{path}: {}", listed.text());
        assert_eq!(standing(&pair.app).await, "used", "the standby cannot answer {path}");
    }

    let strict = settings(&pair.standby, SOON);
    let hasty = pair.app.another_process_with(|settings| settings.replica = Some(strict));
    until_it_is(&hasty, "behind").await;
    assert_eq!(pair.executions(&hasty).await, [late.clone(), early.clone()]);
    standby.execute("SELECT pg_wal_replay_resume()").await.unwrap();
    until_it_is(&hasty, "used").await;

    standby.close().await.unwrap();
    pair.standby.stop().unwrap();
    assert_eq!(pair.executions(&pair.app).await, [late.clone(), early.clone()], "a lost standby is no matter");
    until_it_is(&pair.app, "lost").await;
    assert_eq!(pair.app.get("/readyz").await.status, 200);
}

#[tokio::test]
async fn a_server_that_is_no_standby_is_never_asked() {
    let app = App::start().await;
    let itself = ReplicaSettings { database: app.cell.database.clone(), lag_max: NEVER };
    let app = app.another_process_with(|settings| settings.replica = Some(itself));
    until_it_is(&app, "lost").await;
    assert_eq!(app.get("/api/v1/executions").await.json()["items"], json!([]));
}
