//! A way to the database that can be turned over to another server, as the address of a cluster is.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use tokio::io::copy;
use tokio::net::{TcpListener, TcpStream, UnixStream};
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::timeout;

use crate::PATIENCE;

/// It is closed when this is dropped, but for connections that there are.
pub(crate) struct Way {
    /// What processes connect to.
    pub(crate) address: SocketAddr,
    leads: watch::Sender<Leads>,
    _task: JoinSet<()>,
}

struct Leads {
    socket: PathBuf,
    /// Connections that have come since it leads there.
    came: usize,
}

impl Leads {
    /// To the server whose socket is in this folder.
    fn to(socket_dir: &Path) -> Self {
        // The same for all private servers.
        Self { socket: socket_dir.join(".s.PGSQL.5432"), came: 0 }
    }
}

impl Way {
    pub(crate) async fn to(socket_dir: &Path) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let leads = watch::Sender::new(Leads::to(socket_dir));
        let (mut task, shared) = (JoinSet::new(), leads.clone());
        task.spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let socket = shared.borrow().socket.clone();
                tokio::spawn(carry(client, socket));
                shared.send_modify(|leads| leads.came += 1);
            }
        });
        Self { address, leads, _task: task }
    }

    /// Leads to another server from now on. Connections that there are stay with the one that they have.
    pub(crate) fn turn_over_to(&self, socket_dir: &Path) {
        self.leads.send_replace(Leads::to(socket_dir));
    }

    /// Waits until so many connections have come to where it leads.
    pub(crate) async fn until_came(&self, connections: usize) {
        let mut leads = self.leads.subscribe();
        let came = timeout(PATIENCE, leads.wait_for(|leads| leads.came >= connections)).await;
        came.unwrap_or_else(|_| panic!("fewer than {connections} connections came")).unwrap();
    }
}

/// Carries one connection until either end closes it; without a server its client is sent away.
async fn carry(mut client: TcpStream, socket: PathBuf) {
    // Small statements wait for each other otherwise.
    let _ = client.set_nodelay(true);
    let Ok(mut server) = UnixStream::connect(socket).await else { return };
    let ((mut from_client, mut to_client), (mut from_server, mut to_server)) = (client.split(), server.split());
    tokio::select! {
        _ = copy(&mut from_client, &mut to_server) => {}
        _ = copy(&mut from_server, &mut to_client) => {}
    }
}
