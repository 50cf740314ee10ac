//! Webhooks of a process whose wall clock is wrong.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use capstan_domain::webhooks::{ID_HEADER, SIGNATURE_HEADER, SigningSecret, TIMESTAMP_HEADER};
use chrono::{DateTime, Utc};
use serde_json::{Value, json};
use tokio::net::TcpListener;

use crate::process::Process;
use crate::site::Site;
use crate::world::World;

/// The library that shifts the wall clock of the process that loads it.
const CLOCK: &str = include_str!("../../chaos/src/clock.c");
/// How far the clock of the worker is ahead, in seconds.
const AHEAD_S: i64 = 3 * 3_600;
/// Seconds that may pass between two things that happen one after the other.
const MOMENT_S: i64 = 60;
const ATTEMPTS: &str = "SELECT count(*) FROM webhook_attempts";

/// A request as it came.
#[derive(Clone)]
struct Came {
    /// Seconds since 1970, by the clock of the receiver.
    at_s: i64,
    headers: HeaderMap,
    body: String,
}

type All = Arc<Mutex<Vec<Came>>>;

impl Came {
    fn header(&self, name: &str) -> &str {
        self.headers[name].to_str().unwrap()
    }

    /// Seconds since 1970 that it says of itself.
    fn said_s(&self) -> i64 {
        self.header(TIMESTAMP_HEADER).parse().unwrap()
    }

    /// Whether the secret signed it for that time.
    fn verifies(&self, secret: &SigningSecret, at_s: i64) -> bool {
        secret.verify(self.header(ID_HEADER), at_s, &self.body, self.header(SIGNATURE_HEADER))
    }
}

/// Builds the library into a folder; none where that cannot be.
fn build(folder: &Path) -> Option<PathBuf> {
    if !cfg!(target_os = "linux") {
        return None;
    }
    let (source, library) = (folder.join("clock.c"), folder.join("clock.so"));
    std::fs::write(&source, CLOCK).unwrap();
    let mut cc = Command::new("cc");
    cc.args(["-O2", "-shared", "-fPIC", "-o"]).arg(&library).arg(&source).arg("-ldl");
    let output = match cc.output() {
        Err(error) if error.kind() == ErrorKind::NotFound => return None,
        output => output.unwrap(),
    };
    assert!(output.status.success(), "cc failed: {}", String::from_utf8_lossy(&output.stderr));
    Some(library)
}

/// A receiver that fails the first time, and its address.
async fn receiver() -> (String, All) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let (address, all) = (listener.local_addr().unwrap().to_string(), All::default());
    let router = Router::new().fallback(take).with_state(Arc::clone(&all));
    tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
    (address, all)
}

async fn take(State(all): State<All>, headers: HeaderMap, body: String) -> StatusCode {
    let mut all = all.lock().unwrap();
    all.push(Came { at_s: Utc::now().timestamp(), headers, body });
    if all.len() == 1 { StatusCode::INTERNAL_SERVER_ERROR } else { StatusCode::OK }
}

/// Has what waits tried again at once.
async fn hasten(site: &Site) {
    let mut owner = site.owner().await;
    for sql in [
        "UPDATE webhook_deliveries SET due_at = clock_timestamp() WHERE status = 'pending'",
        "UPDATE webhook_lanes SET due_at = clock_timestamp(), rests_until = '-infinity'",
    ] {
        sqlx::query(sql).execute(&mut owner).await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn attempts_of_a_worker_whose_clock_is_hours_ahead_are_signed_for_the_true_time_of_each() {
    let folder = tempfile::tempdir().unwrap();
    let Some(library) = build(folder.path()) else {
        eprintln!("left out: a process with a clock of its own needs Linux and cc");
        return;
    };
    let (world, _) = World::start().await;
    let (address, all) = receiver().await;
    let site = Site::new().await;
    let both = [
        ("CAPSTAN_ALLOW_PRIVATE", format!("{},{address}", world.address)),
        ("CAPSTAN_SECRET_KEYS", format!("proof:{}=", "A".repeat(43))),
    ];
    let (server, url) = site.serve_with(&both).await;
    let endpoint = json!({ "url": format!("http://{address}/hook"), "types": ["order.paid"] });
    let made = site.post(&url, "webhook-endpoints", "endpoint", &endpoint).await;
    assert_eq!(made.status, 201, "{}", made.body);
    let secret = SigningSecret::parse(made.body["secret"].as_str().unwrap()).unwrap();
    // Of two settings with one name the last one counts.
    let mut env = site.worker_env(&world);
    env.extend(both);
    env.extend([
        ("LD_PRELOAD", library.display().to_string()),
        ("CHAOS_CLOCK_OFF_S", AHEAD_S.to_string()),
        ("CAPSTAN_LOG_FORMAT", "json".to_owned()),
        ("CAPSTAN_LOG", "warn,capstan_worker::duties::webhooks=debug".to_owned()),
    ]);
    let worker = Process::start(&["worker"], &env).await;

    let paid = json!({ "type": "order.paid", "data": { "amount": 7 } });
    assert_eq!(site.post(&url, "events", "paid", &paid).await.status, 202);
    site.until_count(ATTEMPTS, 1).await;
    let first = all.lock().unwrap()[0].clone();
    assert!((first.said_s() - first.at_s).abs() <= MOMENT_S, "{} at {}", first.said_s(), first.at_s);
    // Times are whole seconds.
    site.until_count("SELECT floor(extract(epoch FROM clock_timestamp()))::bigint", first.said_s() + 1).await;
    hasten(&site).await;
    site.until_count(ATTEMPTS, 2).await;
    let second = all.lock().unwrap()[1].clone();
    assert!((second.said_s() - second.at_s).abs() <= MOMENT_S, "{} at {}", second.said_s(), second.at_s);
    assert!(second.said_s() > first.said_s(), "{} and {}", first.said_s(), second.said_s());

    let begun =
        "SELECT floor(extract(epoch FROM started_at))::bigint, status_code FROM webhook_attempts ORDER BY number";
    let begun: Vec<(i64, i32)> = sqlx::query_as(begun).fetch_all(&mut site.owner().await).await.unwrap();
    assert_eq!(begun, [(first.said_s(), 500), (second.said_s(), 200)]);
    assert_eq!(first.header(ID_HEADER), second.header(ID_HEADER));
    assert!(first.verifies(&secret, first.said_s()) && second.verifies(&secret, second.said_s()));
    assert!(!second.verifies(&secret, first.said_s()), "the time of the first attempt verifies, too");

    // Its log has the time that the worker takes it for.
    let logged: Value = serde_json::from_str(&worker.line(&["webhook attempt"]).await).unwrap();
    let logged: DateTime<Utc> = logged["timestamp"].as_str().unwrap().parse().unwrap();
    let ahead_s = logged.timestamp() - first.at_s;
    assert!((ahead_s - AHEAD_S).abs() <= MOMENT_S, "the clock of the worker is {ahead_s} s ahead");
    worker.end().await;
    server.end().await;
}
