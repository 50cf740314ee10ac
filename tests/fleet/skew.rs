//! Webhooks of processes whose wall clocks are wrong.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use capstan_domain::webhooks::{ID_HEADER, SIGNATURE_HEADER, SigningSecret, TIMESTAMP_HEADER};
use chrono::{DateTime, Utc};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::net::TcpListener;

use crate::process::Process;
use crate::site::Site;
use crate::world::World;

/// The library that shifts the wall clock of the process that loads it.
const CLOCK: &str = include_str!("../../chaos/src/clock.c");
/// How far the clock of one worker is ahead, and that of one API process behind, in seconds.
const OFF_S: i64 = 3 * 3_600;
/// Seconds that may pass between two things that happen one after the other.
const MOMENT_S: i64 = 60;
const ATTEMPTS: &str = "SELECT count(*) FROM webhook_attempts";
const DELIVERED: &str = "SELECT count(*) FROM webhook_deliveries WHERE status = 'delivered'";

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

/// Builds the library into a folder.
fn build(folder: &Path) -> PathBuf {
    let (source, library) = (folder.join("clock.c"), folder.join("clock.so"));
    std::fs::write(&source, CLOCK).unwrap();
    let mut cc = Command::new("cc");
    cc.args(["-O2", "-shared", "-fPIC", "-o"]).arg(&library).arg(&source).arg("-ldl");
    let output = cc.output().unwrap_or_else(|error| {
        panic!(
            "cc does not start ({error}): install a C compiler, which Rust needs to link, too (Debian: build-essential)"
        )
    });
    assert!(output.status.success(), "cc failed: {}", String::from_utf8_lossy(&output.stderr));
    library
}

/// A receiver that fails the second time, and its address.
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
    if all.len() == 2 { StatusCode::INTERNAL_SERVER_ERROR } else { StatusCode::OK }
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

/// Processes of which each may have a clock of its own, and an endpoint that hears of `order.paid`.
struct Scene {
    site: Site,
    world: World,
    address: String,
    came: All,
    library: PathBuf,
    _folder: TempDir,
}

impl Scene {
    async fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let library = build(folder.path());
        let (world, _) = World::start().await;
        let (address, came) = receiver().await;
        Self { site: Site::new().await, world, address, came, library, _folder: folder }
    }

    /// Settings of a process whose clock is so many seconds ahead. Of two settings with one name the last one counts.
    fn env(&self, ahead_s: i64) -> Vec<(&'static str, String)> {
        let mut env = vec![
            ("CAPSTAN_ALLOW_PRIVATE", format!("{},{}", self.world.address, self.address)),
            ("CAPSTAN_SECRET_KEYS", format!("proof:{}=", "A".repeat(43))),
        ];
        if ahead_s != 0 {
            env.extend([
                ("LD_PRELOAD", self.library.display().to_string()),
                ("CHAOS_CLOCK_OFF_S", ahead_s.to_string()),
            ]);
        }
        env
    }

    async fn worker(&self, ahead_s: i64) -> Process {
        let mut env = self.site.worker_env(&self.world);
        env.extend(self.env(ahead_s));
        env.extend([
            ("CAPSTAN_LOG_FORMAT", "json".to_owned()),
            ("CAPSTAN_LOG", "warn,capstan_worker::duties::webhooks=debug".to_owned()),
        ]);
        Process::start(&["worker"], &env).await
    }

    /// Ends a worker. Whoever comes next need not wait until its turns are over.
    async fn end(&self, worker: Process) {
        worker.end().await;
        for table in ["webhook_cursors", "webhook_lanes"] {
            let free = format!("UPDATE {table} SET leased_until = '-infinity'");
            sqlx::query(&free).execute(&mut self.site.owner().await).await.unwrap();
        }
    }

    async fn pay(&self, url: &str, key: &str) {
        let paid = json!({ "type": "order.paid", "data": { "amount": 7 } });
        assert_eq!(self.site.post(url, "events", key, &paid).await.status, 202);
    }

    /// An event that a worker hands out whose clock is right.
    async fn pay_rightly(&self, url: &str, key: &str) {
        let delivered = self.site.count(DELIVERED).await;
        self.pay(url, key).await;
        let worker = self.worker(0).await;
        self.site.until_count(DELIVERED, delivered + 1).await;
        self.end(worker).await;
    }

    fn came(&self, nth: usize) -> Came {
        self.came.lock().unwrap()[nth].clone()
    }

    /// Deliveries as they are listed, the newest first.
    async fn listed(&self, url: &str) -> Vec<Value> {
        let listed = self.site.get(url, "webhook-deliveries").await;
        assert_eq!(listed.status, 200, "{}", listed.body);
        listed.body["items"].as_array().unwrap().clone()
    }

    /// An event that a worker hands out whose clock is ahead, and which arrives the second time.
    async fn pay_wrongly(&self, url: &str, secret: &SigningSecret) {
        let (site, before) = (&self.site, self.site.count(ATTEMPTS).await);
        let worker = self.worker(OFF_S).await;
        self.pay(url, "wrongly").await;
        site.until_count(ATTEMPTS, before + 1).await;
        let first = self.came(1);
        assert!((first.said_s() - first.at_s).abs() <= MOMENT_S, "{} at {}", first.said_s(), first.at_s);
        // Times are whole seconds.
        site.until_count("SELECT floor(extract(epoch FROM clock_timestamp()))::bigint", first.said_s() + 1).await;
        hasten(site).await;
        site.until_count(ATTEMPTS, before + 2).await;
        let second = self.came(2);
        assert!((second.said_s() - second.at_s).abs() <= MOMENT_S, "{} at {}", second.said_s(), second.at_s);
        assert!(second.said_s() > first.said_s(), "{} and {}", first.said_s(), second.said_s());

        let begun = "SELECT floor(extract(epoch FROM started_at))::bigint, status_code FROM webhook_attempts \
                     ORDER BY started_at DESC LIMIT 2";
        let begun: Vec<(i64, i32)> = sqlx::query_as(begun).fetch_all(&mut site.owner().await).await.unwrap();
        assert_eq!(begun, [(second.said_s(), 200), (first.said_s(), 500)]);
        assert_eq!(first.header(ID_HEADER), second.header(ID_HEADER));
        assert!(first.verifies(secret, first.said_s()) && second.verifies(secret, second.said_s()));
        assert!(!second.verifies(secret, first.said_s()), "the time of the first attempt verifies, too");

        // Its log has the time that the worker takes it for.
        let logged: Value = serde_json::from_str(&worker.line(&["webhook attempt"]).await).unwrap();
        let logged: DateTime<Utc> = logged["timestamp"].as_str().unwrap().parse().unwrap();
        let ahead_s = logged.timestamp() - first.at_s;
        assert!((ahead_s - OFF_S).abs() <= MOMENT_S, "the clock of the worker is {ahead_s} s ahead");
        self.end(worker).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn webhooks_of_processes_whose_clocks_are_hours_off_are_signed_listed_and_found_by_the_true_time() {
    let scene = Scene::new().await;
    let site = &scene.site;
    let (server, url) = site.serve_with(&scene.env(0)).await;
    let endpoint = json!({ "url": format!("http://{}/hook", scene.address), "types": ["order.paid"] });
    let made = site.post(&url, "webhook-endpoints", "endpoint", &endpoint).await;
    assert_eq!(made.status, 201, "{}", made.body);
    let secret = SigningSecret::parse(made.body["secret"].as_str().unwrap()).unwrap();
    let endpoint = format!("webhook-endpoints/{}", made.body["id"].as_str().unwrap());

    scene.pay_rightly(&url, "before").await;
    scene.pay_wrongly(&url, &secret).await;
    scene.pay_rightly(&url, "after").await;
    let listed = scene.listed(&url).await;
    let events: Vec<&str> = listed.iter().map(|delivery| delivery["event_id"].as_str().unwrap()).collect();
    let came = [3, 1, 0].map(|nth| scene.came(nth));
    assert_eq!(events, came.each_ref().map(|one| one.header(ID_HEADER)), "the newest first");
    const TRUE_IDS: &str = "SELECT count(*) FROM webhook_deliveries \
        WHERE delivery_id BETWEEN uuid_floor_1(created_at - interval '1 minute') AND uuid_floor_1(created_at + interval '1 ms')";
    assert_eq!(site.count(TRUE_IDS).await, 3);

    // From when it was made until the next one was.
    let resend = format!("{endpoint}/resend");
    let range =
        json!({ "since": listed[1]["created_at"], "until": listed[0]["created_at"], "statuses": ["delivered"] });
    let resent = site.post(&url, &resend, "range", &range).await;
    assert_eq!((resent.status, &resent.body["resent"]), (202, &json!(1)), "{}", resent.body);
    let statuses = async |url: &str| -> Vec<Value> {
        scene.listed(url).await.into_iter().map(|delivery| delivery["status"].clone()).collect()
    };
    assert_eq!(statuses(url.as_str()).await, ["delivered", "pending", "delivered"]);
    server.end().await;

    // Whoever answers it: what is made there is the newest, and a range without an end reaches until now.
    let (late, url) = site.serve_with(&scene.env(-OFF_S)).await;
    let range = json!({ "since": listed[0]["created_at"], "statuses": ["delivered"] });
    let resent = site.post(&url, &resend, "open", &range).await;
    assert_eq!((resent.status, &resent.body["resent"]), (202, &json!(1)), "{}", resent.body);
    assert_eq!(statuses(url.as_str()).await, ["pending", "pending", "delivered"]);
    let test = site.post(&url, &format!("{endpoint}/test"), "test", &json!({})).await;
    assert_eq!(test.status, 202, "{}", test.body);
    assert_eq!(scene.listed(&url).await[0]["id"], test.body["id"]);
    assert_eq!(site.count(TRUE_IDS).await, 4);
    late.end().await;
}
