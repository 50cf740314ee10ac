//! The outside world on loopback: a server that counts, and a proxy that loses replies.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use capstan_engine::store::connect::Place;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream, UnixStream};
use tokio::sync::{Notify, watch};

/// An HTTP server that records each call's idempotency key, and answers only while it is told to.
pub(crate) struct Effects {
    pub(crate) url: String,
    pub(crate) address: String,
    keys: Arc<Mutex<Vec<String>>>,
    called: Arc<Notify>,
    answers: Arc<AtomicBool>,
}

impl Effects {
    pub(crate) async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let effects = Self {
            url: format!("http://{address}/effect"),
            address,
            keys: Arc::default(),
            called: Arc::default(),
            answers: Arc::default(),
        };
        let (keys, called, answers) =
            (Arc::clone(&effects.keys), Arc::clone(&effects.called), Arc::clone(&effects.answers));
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(serve(stream, Arc::clone(&keys), Arc::clone(&called), Arc::clone(&answers)));
            }
        });
        effects
    }

    /// From now on calls are answered; before, they hang.
    pub(crate) fn answer(&self) {
        self.answers.store(true, Ordering::SeqCst);
    }

    pub(crate) fn keys(&self) -> Vec<String> {
        self.keys.lock().unwrap().clone()
    }

    /// Waits until there have been that many calls.
    pub(crate) async fn until_called(&self, times: usize) {
        loop {
            let called = self.called.notified();
            if self.keys().len() >= times {
                return;
            }
            tokio::time::timeout(crate::support::PATIENCE, called).await.expect("the effect was not called in time");
        }
    }
}

async fn serve(mut stream: TcpStream, keys: Arc<Mutex<Vec<String>>>, called: Arc<Notify>, answers: Arc<AtomicBool>) {
    let mut request = Vec::new();
    while !request.windows(4).any(|end| end == b"\r\n\r\n") {
        let mut chunk = [0; 1024];
        match stream.read(&mut chunk).await {
            Ok(read) if read > 0 => request.extend_from_slice(&chunk[..read]),
            _ => return,
        }
    }
    let head = String::from_utf8_lossy(&request).to_lowercase();
    let key = head.lines().find_map(|line| line.strip_prefix("idempotency-key: ")).unwrap_or("none");
    keys.lock().unwrap().push(key.trim().to_owned());
    called.notify_waiters();
    if answers.load(Ordering::SeqCst) {
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\ncontent-type: text/plain\r\n\r\nok").await;
    } else {
        // Hangs until the caller gives up.
        let _ = stream.read(&mut [0; 1]).await;
    }
}

/// A TCP way to the database that can lose the reply to a statement, and be cut.
pub(crate) struct Proxy {
    place: Place,
    armed: Arc<Mutex<Option<Vec<u8>>>>,
    lost: Arc<Notify>,
    /// Connections that are refused, once a reply is lost.
    refusals: Arc<AtomicUsize>,
    cut: Arc<Notify>,
    /// Whether new connections have to wait, and how many wait.
    held: watch::Sender<bool>,
    waiting: watch::Sender<usize>,
}

impl Proxy {
    pub(crate) async fn start(place: &Place) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let options = &place.database;
        let socket = options.get_socket().expect("the test database listens on a socket");
        let socket = socket.join(format!(".s.PGSQL.{}", options.get_port()));
        let through = unsocketed(options, port);
        let proxy = Self {
            place: Place { database: through, ..place.clone() },
            armed: Arc::default(),
            lost: Arc::default(),
            refusals: Arc::default(),
            cut: Arc::default(),
            held: watch::Sender::default(),
            waiting: watch::Sender::default(),
        };
        let (cut, held, waiting) = (Arc::clone(&proxy.cut), proxy.held.clone(), proxy.waiting.clone());
        let (armed, lost, refusals) = (Arc::clone(&proxy.armed), Arc::clone(&proxy.lost), Arc::clone(&proxy.refusals));
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let away = armed.lock().unwrap().is_none();
                let take = |left: usize| left.checked_sub(1);
                if away && refusals.fetch_update(Ordering::SeqCst, Ordering::SeqCst, take).is_ok() {
                    continue;
                }
                let (armed, lost, cut) = (Arc::clone(&armed), Arc::clone(&lost), Arc::clone(&cut));
                let (mut held, waiting, socket) = (held.subscribe(), waiting.clone(), socket.clone());
                tokio::spawn(async move {
                    if *held.borrow_and_update() {
                        waiting.send_modify(|waiting| *waiting += 1);
                        let _ = held.changed().await;
                    }
                    let server = UnixStream::connect(&socket).await.unwrap();
                    tokio::select! {
                        () = pass(client, server, armed, lost) => {}
                        () = cut.notified() => {}
                    }
                });
            }
        });
        proxy
    }

    pub(crate) fn place(&self) -> Place {
        self.place.clone()
    }

    /// Cuts all connections, and lets no new one through until so many have been tried.
    pub(crate) async fn cut_until_tried(&self, tries: usize) {
        self.held.send_replace(true);
        self.cut.notify_waiters();
        let tried = self.waiting.subscribe().wait_for(|&waiting| waiting >= tries).await.is_ok();
        assert!(tried, "nobody tries to connect");
        self.held.send_replace(false);
    }

    /// Loses the reply to the next message to the server that holds `text`, and both connections with it.
    pub(crate) fn lose_reply_to(&self, text: &str) {
        *self.armed.lock().unwrap() = Some(text.as_bytes().to_vec());
    }

    /// The same, and then refuses so many connections.
    pub(crate) fn lose_reply_and_stay_away(&self, text: &str, refusals: usize) {
        self.refusals.store(refusals, Ordering::SeqCst);
        self.lose_reply_to(text);
    }

    pub(crate) async fn until_lost(&self) {
        tokio::time::timeout(crate::support::PATIENCE, self.lost.notified()).await.expect("no reply was lost");
    }
}

fn unsocketed(options: &sqlx::postgres::PgConnectOptions, port: u16) -> sqlx::postgres::PgConnectOptions {
    sqlx::postgres::PgConnectOptions::new_without_pgpass()
        .host("127.0.0.1")
        .port(port)
        .username(options.get_username())
        .database(options.get_database().expect("a database is named"))
        .ssl_mode(sqlx::postgres::PgSslMode::Disable)
}

async fn pass(mut client: TcpStream, mut server: UnixStream, armed: Arc<Mutex<Option<Vec<u8>>>>, lost: Arc<Notify>) {
    let (mut up, mut down) = ([0; 65_536], [0; 65_536]);
    let mut doomed = false;
    loop {
        tokio::select! {
            read = client.read(&mut up) => {
                let Ok(read @ 1..) = read else { return };
                let hit = armed.lock().unwrap().take_if(|text| up[..read].windows(text.len()).any(|part| part == text));
                doomed |= hit.is_some();
                if server.write_all(&up[..read]).await.is_err() { return }
            }
            read = server.read(&mut down) => {
                let Ok(read @ 1..) = read else { return };
                if doomed {
                    lost.notify_one();
                    return;
                }
                if client.write_all(&down[..read]).await.is_err() { return }
            }
        }
    }
}
