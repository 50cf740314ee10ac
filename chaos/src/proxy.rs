//! A TCP way from one worker to the database that can cut, delay, and lose what it carries.

mod wire;

use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream, UnixStream};
use tokio::sync::watch;
use tokio::time::sleep;

use wire::{Backend, Frontend};

const PIECE_BYTES: usize = 64 * 1024;

/// The way of one worker. It ends with the program.
#[derive(Debug)]
pub(crate) struct Proxy {
    /// What the worker connects to.
    pub(crate) address: SocketAddr,
    orders: Arc<Orders>,
}

/// What is to be done to connections.
#[derive(Debug)]
struct Orders {
    late_ms: AtomicU64,
    mute: AtomicBool,
    /// Taken by the first connection that is asked to commit.
    lose_reply: AtomicBool,
    replies_lost: watch::Sender<u64>,
    cuts: watch::Sender<u64>,
}

impl Proxy {
    /// Listens at `host` for a worker of the server at `socket`.
    pub(crate) async fn start(host: Ipv4Addr, socket: PathBuf) -> anyhow::Result<Self> {
        let listener = TcpListener::bind((host, 0)).await?;
        let address = listener.local_addr()?;
        let orders = Arc::new(Orders {
            late_ms: AtomicU64::new(0),
            mute: AtomicBool::new(false),
            lose_reply: AtomicBool::new(false),
            replies_lost: watch::channel(0).0,
            cuts: watch::channel(0).0,
        });
        let shared = Arc::clone(&orders);
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                // Small statements wait for each other otherwise.
                let _ = client.set_nodelay(true);
                // While the database is away, clients are sent away.
                if let Ok(server) = UnixStream::connect(&socket).await {
                    tokio::spawn(pass(client, server, Arc::clone(&shared)));
                }
            }
        });
        Ok(Self { address, orders })
    }

    /// Cuts all connections.
    pub(crate) fn cut(&self) {
        self.orders.cuts.send_modify(|cuts| *cuts += 1);
    }

    /// From now on everything comes so much later; zero ends it.
    pub(crate) fn delay(&self, by_ms: u64) {
        self.orders.late_ms.store(by_ms, Ordering::SeqCst);
    }

    /// Whether notifications are lost from now on.
    pub(crate) fn mute(&self, mute: bool) {
        self.orders.mute.store(mute, Ordering::SeqCst);
    }

    /// Loses the reply to the next commit, with its connection; false if none came within `patience`.
    pub(crate) async fn lose_reply(&self, patience: Duration) -> bool {
        let mut lost = self.orders.replies_lost.subscribe();
        let before = *lost.borrow_and_update();
        self.orders.lose_reply.store(true, Ordering::SeqCst);
        let came = tokio::time::timeout(patience, lost.wait_for(|&lost| lost > before)).await;
        self.orders.lose_reply.store(false, Ordering::SeqCst);
        came.is_ok()
    }
}

/// Carries one connection until an end goes away, or it is cut.
async fn pass(mut client: TcpStream, mut server: UnixStream, orders: Arc<Orders>) {
    let mut cuts = orders.cuts.subscribe();
    let (mut up, mut down) = (vec![0; PIECE_BYTES], vec![0; PIECE_BYTES]);
    let (mut frontend, mut backend) = (Frontend::default(), Backend::default());
    let mut doomed = false;
    loop {
        tokio::select! {
            _ = cuts.changed() => return,
            read = client.read(&mut up) => {
                let Ok(read @ 1..) = read else { return };
                orders.wait().await;
                if frontend.asks_to_commit(&up[..read]) {
                    doomed |= orders.lose_reply.swap(false, Ordering::SeqCst);
                }
                if server.write_all(&up[..read]).await.is_err() { return }
            }
            read = server.read(&mut down) => {
                let Ok(read @ 1..) = read else { return };
                orders.wait().await;
                let reply = backend.take(&down[..read], orders.mute.load(Ordering::SeqCst));
                if doomed {
                    // Only when the server is ready for more has it committed.
                    if reply.is_ready {
                        orders.replies_lost.send_modify(|lost| *lost += 1);
                        return;
                    }
                } else if client.write_all(&reply.bytes).await.is_err() {
                    return;
                }
            }
        }
    }
}

impl Orders {
    async fn wait(&self) {
        let late_ms = self.late_ms.load(Ordering::SeqCst);
        if late_ms > 0 {
            sleep(Duration::from_millis(late_ms)).await;
        }
    }
}
