//! One request and its answer over a connection of their own, byte by byte.

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

/// Longest wait for an answer: as long as the server allows itself.
const PATIENCE: Duration = Duration::from_secs(40);

/// An answer.
pub(crate) struct Received {
    pub(crate) status: u16,
    pub(crate) content_type: String,
    pub(crate) body: Vec<u8>,
}

impl Received {
    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }
}

/// Sends `request`, which asks to close the connection, and reads the answer; of a stream of events only the head.
pub(crate) async fn exchange(address: SocketAddr, request: &[u8]) -> io::Result<Received> {
    let mut stream = TcpStream::connect(address).await?;
    stream.write_all(request).await?;
    let mut bytes = Vec::new();
    loop {
        let more = timeout(PATIENCE, stream.read_buf(&mut bytes)).await??;
        let head = bytes.windows(4).position(|four| four == b"\r\n\r\n");
        let is_stream =
            head.is_some_and(|head| header(&bytes[..head], "content-type").starts_with("text/event-stream"));
        if more == 0 || is_stream {
            let head = head.ok_or_else(|| io::Error::from(io::ErrorKind::UnexpectedEof))?;
            return received(&bytes[..head], &bytes[head + 4..]);
        }
    }
}

fn received(head: &[u8], body: &[u8]) -> io::Result<Received> {
    let status = head.get(9..12).and_then(|status| std::str::from_utf8(status).ok()?.parse().ok());
    let status = status.ok_or_else(|| io::Error::other("no status"))?;
    Ok(Received { status, content_type: header(head, "content-type"), body: body.to_vec() })
}

/// The value of a header; empty without it.
fn header(head: &[u8], name: &str) -> String {
    let head = String::from_utf8_lossy(head).to_ascii_lowercase();
    let found =
        head.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':').map(str::trim).map(str::to_owned));
    found.unwrap_or_default()
}
