//! A trap on the loopback, and a resolver of our own whose names lead to it.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::Body;
use axum::http::{Response, Uri, header};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use url::Url;

use super::super::resolver::Names;

/// Ports that are tried until one is free at both addresses.
const PORTS_TRIED_MAX: usize = 20;
/// Aliases that may follow each other.
const ALIASES_MAX: usize = 8;
const ANSWER: &[u8] = b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\nconnection: close\r\n\r\n";

/// What names stand for: the answer to each question in turn, the last one for good. `=` begins an alias. The trap is at
/// 127.0.0.1, a server that counts as public at 127.0.0.2, and nobody at 127.0.0.3, which counts as public, too.
const RECORDS: &[(&str, &[&str])] = &[
    ("public.test", &["127.0.0.2"]),
    ("empty.test", &[""]),
    ("trap.test", &["127.0.0.1"]),
    ("localhost", &["127.0.0.1"]),
    ("127.0.0.1.nip.test", &["127.0.0.1"]),
    ("zero.test", &["0.0.0.0"]),
    ("ffff-mapped.test", &["::ffff:127.0.0.1"]),
    ("alias.test", &["=trap.test"]),
    ("chain.test", &["=hop-1.test"]),
    ("hop-1.test", &["=hop-2.test"]),
    ("hop-2.test", &["=trap.test"]),
    ("rebind.test", &["127.0.0.2", "127.0.0.1"]),
    ("rebind-hop.test", &["127.0.0.2", "127.0.0.1"]),
    ("rebind-late.test", &["127.0.0.2", "127.0.0.2", "127.0.0.1"]),
    ("rebind-alias.test", &["=public.test", "=trap.test"]),
    ("rebind-mixed.test", &["127.0.0.2", "127.0.0.1,127.0.0.3"]),
    ("flip.test", &["127.0.0.1", "127.0.0.2"]),
    ("mixed-first.test", &["127.0.0.1,127.0.0.3"]),
    ("mixed-last.test", &["127.0.0.3,127.0.0.1"]),
    ("mixed-public.test", &["127.0.0.1,127.0.0.2"]),
    // What a network's own resolver may say of the names of metadata services.
    ("metadata", &["127.0.0.1"]),
    ("metadata.google.internal", &["127.0.0.1"]),
    ("metadata.goog", &["127.0.0.1"]),
    ("instance-data.ec2.internal", &["127.0.0.1"]),
    ("metadata.tencentyun.com", &["127.0.0.1"]),
    ("metadata.platformequinix.com", &["127.0.0.1"]),
    ("rancher-metadata", &["127.0.0.1"]),
    ("kubernetes.default.svc", &["127.0.0.1"]),
    ("host.docker.internal", &["127.0.0.1"]),
    // Where such services are.
    ("at-link-local.test", &["169.254.169.254"]),
    ("at-azure.test", &["168.63.129.16"]),
    ("at-alibaba.test", &["100.100.100.200"]),
    ("at-oracle.test", &["192.0.0.192"]),
    ("at-amazon.test", &["fd00:ec2::254"]),
    ("at-nat64.test", &["64:ff9b::a9fe:a9fe"]),
    ("at-mapped.test", &["::ffff:169.254.169.254"]),
    ("at-several.test", &["10.0.0.1,fe80::1"]),
];

/// The resolver: how often each name was asked for.
#[derive(Default)]
pub(super) struct Zone(Mutex<HashMap<String, usize>>);

impl Zone {
    /// As the client asks it.
    pub(super) fn names() -> Names {
        let zone = Self::default();
        Names::Told(Arc::new(move |host: &str| zone.answer(host, ALIASES_MAX)))
    }

    /// None for a name that is not there.
    fn answer(&self, host: &str, aliases_left: usize) -> Vec<IpAddr> {
        let name = host.trim_end_matches('.');
        let known = RECORDS.iter().find(|(known, _)| known.eq_ignore_ascii_case(name));
        let Some((_, answers)) = known else { return Vec::new() };
        let turn = self.turn(name);
        let answer = answers[turn.min(answers.len() - 1)];
        match answer.strip_prefix('=') {
            Some(alias) if aliases_left > 0 => self.answer(alias, aliases_left - 1),
            Some(_) => panic!("{host} has too many aliases"),
            None => addresses(answer),
        }
    }

    /// How often the name was asked for before.
    fn turn(&self, name: &str) -> usize {
        let mut asked = self.0.lock().unwrap();
        let count = asked.entry(name.to_owned()).or_default();
        *count += 1;
        *count - 1
    }
}

fn addresses(answer: &str) -> Vec<IpAddr> {
    answer.split(',').filter(|text| !text.is_empty()).map(|text| text.parse().unwrap()).collect()
}

/// Counts who connects to it.
pub(super) struct Trap {
    pub(super) port: u16,
    taken: Arc<AtomicUsize>,
}

impl Trap {
    /// At 127.0.0.1; on the same port of 127.0.0.2 there is a server that redirects to where its query says:
    /// `/?302=http://…`. All of 127.0.0.0/8 is this machine.
    pub(super) async fn set() -> Self {
        let (trap, public) = listeners().await;
        let (port, taken) = (trap.local_addr().unwrap().port(), Arc::new(AtomicUsize::new(0)));
        let counted = Arc::clone(&taken);
        tokio::spawn(async move {
            while let Ok((stream, _)) = trap.accept().await {
                counted.fetch_add(1, Ordering::SeqCst);
                tokio::spawn(answer(stream));
            }
        });
        let router = Router::new().fallback(redirect);
        tokio::spawn(async move { axum::serve(public, router).await });
        Self { port, taken }
    }

    /// Connections so far.
    pub(super) fn taken(&self) -> usize {
        self.taken.load(Ordering::SeqCst)
    }

    /// Connects at that address, and waits for the answer: whoever came before has been counted by then. Whether there was
    /// one.
    pub(super) async fn knock(&self, address: IpAddr) -> bool {
        let Ok(mut stream) = TcpStream::connect((address, self.port)).await else { return false };
        stream.write_all(b"GET / HTTP/1.1\r\n\r\n").await.unwrap();
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).await.unwrap();
        answer == ANSWER
    }
}

async fn listeners() -> (TcpListener, TcpListener) {
    for _ in 0..PORTS_TRIED_MAX {
        let trap = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        if let Ok(public) = TcpListener::bind(("127.0.0.2", trap.local_addr().unwrap().port())).await {
            return (trap, public);
        }
    }
    panic!("no port is free at both addresses")
}

async fn answer(mut stream: TcpStream) {
    let _ = stream.read(&mut [0; 1_024]).await;
    let _ = stream.write_all(ANSWER).await;
}

async fn redirect(uri: Uri) -> Response<Body> {
    let url = Url::parse("http://public.test/").unwrap().join(&uri.to_string()).unwrap();
    let answer = match url.query_pairs().next() {
        Some((status, to)) => Response::builder().status(status.parse::<u16>().unwrap()).header(header::LOCATION, &*to),
        None => Response::builder(),
    };
    answer.body(Body::empty()).unwrap()
}
