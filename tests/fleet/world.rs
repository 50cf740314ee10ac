//! The outside world on the loopback: a company directory, effects and work that hang, answers without end, a mail server.

use std::collections::HashMap;
use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{Query, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::Json;
use axum::routing::get;
use capstan_chaos::at_once::AtOnce;
use capstan_engine::core::ids::ExecutionId;
use capstan_node_types::smtp_sink::{ReceivedMail, SmtpSink};
use futures::stream;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::sync::{Semaphore, mpsc, watch};
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};

use crate::PATIENCE;

/// An answer "without end": a GiB in pieces.
const PIECE_BYTES: usize = 64 * 1024;
const PIECES: usize = 16 * 1024;
/// How long a call of `/work` takes.
const WORK_TIME: Duration = Duration::from_millis(20);
/// More answers than anybody asks for.
const ANSWERS_MAX: usize = Semaphore::MAX_PERMITS / 4;
/// Mails that wait for who answers them; what comes beyond is not answered.
const ANSWERS_WAITING_MAX: usize = 10_000;

pub(crate) struct World {
    pub(crate) url: String,
    pub(crate) address: SocketAddr,
    /// Of `/companies`.
    pub(crate) companies: Answers,
    /// Of `/work`.
    pub(crate) work: Answers,
    shared: Shared,
    sink: SmtpSink,
    _tasks: JoinSet<()>,
}

/// How often each idempotency key came.
pub(crate) type Tally = HashMap<String, usize>;

#[derive(Clone)]
struct Shared {
    calls: watch::Sender<Tally>,
    mails: Arc<Mutex<Tally>>,
    open: watch::Sender<bool>,
    at_once: AtOnce,
    companies: Answers,
    work: Answers,
}

/// How many answers there are still; whoever calls beyond that waits. All who call are answered at first.
#[derive(Clone)]
pub(crate) struct Answers(Arc<Semaphore>);

impl Answers {
    fn new() -> Self {
        Self(Arc::new(Semaphore::new(ANSWERS_MAX)))
    }

    /// From now on so many more.
    pub(crate) fn only(&self, answers: usize) {
        self.0.forget_permits(Semaphore::MAX_PERMITS);
        self.0.add_permits(answers);
    }

    /// For all, also for those who wait.
    pub(crate) fn all(&self) {
        self.only(ANSWERS_MAX);
    }

    async fn take(&self) {
        self.0.acquire().await.unwrap().forget();
    }
}

impl World {
    /// The world, and the executions whose mail came, in that order, for who wants to answer them.
    pub(crate) async fn start() -> (Self, mpsc::Receiver<ExecutionId>) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (sink, mails) = SmtpSink::start().await.unwrap();
        let (customers, letters) = mpsc::channel(ANSWERS_WAITING_MAX);
        let shared = Shared {
            calls: watch::channel(Tally::new()).0,
            mails: Arc::default(),
            open: watch::channel(false).0,
            at_once: AtOnce::default(),
            companies: Answers::new(),
            work: Answers::new(),
        };
        let router = Router::new()
            .route("/companies", get(company))
            .route("/effect", get(effect))
            .route("/work", get(work))
            .route("/broken", get(async || StatusCode::NOT_FOUND))
            .route("/small", get(async || "small"))
            .route("/endless", get(async || endless()))
            .with_state(shared.clone());
        let mut tasks = JoinSet::new();
        tasks.spawn(async move { axum::serve(listener, router).await.unwrap() });
        tasks.spawn(receive(mails, Arc::clone(&shared.mails), customers));
        let url = format!("http://{address}");
        let (companies, work) = (shared.companies.clone(), shared.work.clone());
        (Self { url, address, companies, work, shared, sink, _tasks: tasks }, letters)
    }

    pub(crate) fn mail_address(&self) -> SocketAddr {
        self.sink.address()
    }

    /// Answers the calls of `/effect`, those that hang and all that come.
    pub(crate) fn answer(&self) {
        self.shared.open.send_replace(true);
    }

    /// Calls of `/effect`.
    pub(crate) fn calls(&self) -> Tally {
        self.shared.calls.borrow().clone()
    }

    /// The most calls of `/work` that were under way at a time, by whose they were.
    pub(crate) fn most_at_once(&self) -> Tally {
        self.shared.at_once.most()
    }

    pub(crate) fn mails(&self) -> Tally {
        self.shared.mails.lock().unwrap().clone()
    }

    /// Waits until `/effect` was called that often.
    pub(crate) async fn until_called(&self, times: usize) {
        let mut calls = self.shared.calls.subscribe();
        let called = timeout(PATIENCE, calls.wait_for(|calls| calls.values().sum::<usize>() >= times)).await;
        called.unwrap_or_else(|_| panic!("the effect was not called {times} times")).unwrap();
    }
}

async fn company(State(shared): State<Shared>) -> Json<Value> {
    shared.companies.take().await;
    Json(json!({ "company": "analytical", "domain": "analytical.example", "industry": "energy", "employees": 10 }))
}

/// Work of somebody that takes a moment.
async fn work(State(shared): State<Shared>, Query(of): Query<HashMap<String, String>>) -> &'static str {
    let _under_way = shared.at_once.enter(&of["of"]);
    shared.work.take().await;
    sleep(WORK_TIME).await;
    "done"
}

async fn effect(State(shared): State<Shared>, headers: HeaderMap) -> &'static str {
    let key = headers.get("idempotency-key").map_or("none", |key| key.to_str().unwrap()).to_owned();
    shared.calls.send_modify(|calls| *calls.entry(key).or_default() += 1);
    // The sender lives as long as this state.
    let _ = shared.open.subscribe().wait_for(|&open| open).await;
    "done"
}

fn endless() -> Body {
    let piece = Bytes::from(vec![b'x'; PIECE_BYTES]);
    Body::from_stream(stream::iter((0..PIECES).map(move |_| Ok::<_, Infallible>(piece.clone()))))
}

/// Counts mails by the step that sent them.
async fn receive(
    mut mails: mpsc::Receiver<ReceivedMail>,
    tally: Arc<Mutex<Tally>>,
    customers: mpsc::Sender<ExecutionId>,
) {
    while let Some(mail) = mails.recv().await {
        let key = mail.header("X-Idempotency-Key").expect("our mail names its step");
        if let Some(Ok(id)) = key.split(':').next().map(str::parse) {
            // Nobody may care to answer.
            let _ = customers.try_send(id);
        }
        *tally.lock().unwrap().entry(key).or_default() += 1;
    }
}
