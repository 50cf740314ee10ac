//! A small HTTP client that offers more than a server can take, and costs little beside the server that it measures.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context, ensure};
use futures::future::join_all;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::{sleep, timeout};

/// Connections side by side, more than a server can answer at once: there is always one more request to take. Each has
/// one request under way, as clients do.
const CONNECTIONS: usize = 512;
/// Answers before these do not count: connections open, and statements are prepared.
const WARM_UP: Duration = Duration::from_millis(500);
/// Longest wait for the rest of the answers.
const PATIENCE: Duration = Duration::from_secs(30);

/// What came back.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Answers {
    /// Answers per second with the status that was hoped for, while they were counted.
    pub(crate) per_s: f64,
    /// All of them, from beginning to end.
    pub(crate) good: u64,
    /// Answers with any other status.
    pub(crate) other: u64,
}

#[derive(Default)]
struct Counts {
    good: AtomicU64,
    other: AtomicU64,
    stop: AtomicBool,
}

/// Sends `request` again and again over keep-alive connections to `address` for so long; counts answers whose head
/// begins with `hoped`.
pub(crate) async fn flood(address: &str, request: &str, hoped: &str, lasting: Duration) -> anyhow::Result<Answers> {
    let counts = Arc::new(Counts::default());
    let mut tasks = Vec::new();
    for _ in 0..CONNECTIONS {
        let stream = TcpStream::connect(address).await.context("the server does not take connections")?;
        stream.set_nodelay(true)?;
        let (request, hoped) = (request.to_owned(), format!("HTTP/1.1 {hoped}"));
        tasks.push(tokio::spawn(talk(stream, request, hoped, Arc::clone(&counts))));
    }
    sleep(WARM_UP).await;
    let (begun, before) = (Instant::now(), counts.good.load(Ordering::Relaxed));
    sleep(lasting).await;
    let per_s = (counts.good.load(Ordering::Relaxed) - before) as f64 / begun.elapsed().as_secs_f64();
    counts.stop.store(true, Ordering::Relaxed);
    for ended in timeout(PATIENCE, join_all(tasks)).await.context("answers are missing")? {
        ended??;
    }
    let (good, other) = (counts.good.load(Ordering::Relaxed), counts.other.load(Ordering::Relaxed));
    Ok(Answers { per_s, good, other })
}

/// Asks again and again until told to stop, and counts the answers.
async fn talk(mut stream: TcpStream, request: String, hoped: String, counts: Arc<Counts>) -> anyhow::Result<()> {
    let mut buffer = Vec::with_capacity(64 * 1024);
    while !counts.stop.load(Ordering::Relaxed) {
        stream.write_all(request.as_bytes()).await?;
        let (is_hoped, length) = loop {
            if let Some(answer) = answer(&buffer, hoped.as_bytes())? {
                break answer;
            }
            ensure!(stream.read_buf(&mut buffer).await? > 0, "the server closed a connection");
        };
        buffer.drain(..length);
        let count = if is_hoped { &counts.good } else { &counts.other };
        count.fetch_add(1, Ordering::Relaxed);
    }
    Ok(())
}

/// Whether the answer at the beginning of `bytes` has the hoped head, and how long it is; none if it is not all there.
fn answer(bytes: &[u8], hoped: &[u8]) -> anyhow::Result<Option<(bool, usize)>> {
    let Some(head) = bytes.windows(4).position(|four| four == b"\r\n\r\n") else { return Ok(None) };
    let text = std::str::from_utf8(&bytes[..head])?.to_ascii_lowercase();
    let length = text.lines().find_map(|line| line.strip_prefix("content-length:"));
    let length: usize = length.context("an answer without a length")?.trim().parse()?;
    let whole = head + 4 + length;
    Ok((bytes.len() >= whole).then(|| (bytes.starts_with(hoped), whole)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_are_told_apart_by_their_lengths() {
        let two = b"HTTP/1.1 202 Accepted\r\nContent-Length: 2\r\n\r\n{}HTTP/1.1 429 No\r\ncontent-length: 0\r\n\r\n";
        let (good, length) = answer(two, b"HTTP/1.1 202").unwrap().unwrap();
        assert!(good);
        assert_eq!(answer(&two[length..], b"HTTP/1.1 202").unwrap(), Some((false, two.len() - length)));
        assert_eq!(answer(&two[..length - 1], b"HTTP/1.1 202").unwrap(), None);
    }
}
