//! A small HTTP client that offers more than a server can take, and costs little beside the server that it measures.
//!
//! It sends without waiting for the answer before. Only once several requests of a connection wait, it holds back.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context, ensure};
use futures::future::join_all;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::{sleep, timeout};

/// Connections side by side; a server works on one request of each at a time.
const CONNECTIONS: usize = 256;
/// Requests of one write, and those of one connection that may wait for answers: there is always one more to take.
const BURST: usize = 4;
const UNANSWERED_MAX: usize = 8;
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
        let (burst, hoped) = (request.repeat(BURST), format!("HTTP/1.1 {hoped}"));
        tasks.push(tokio::spawn(talk(stream, burst, hoped, Arc::clone(&counts))));
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

/// Keeps requests waiting at the server until told to stop, and counts the answers to all of them.
async fn talk(mut stream: TcpStream, burst: String, hoped: String, counts: Arc<Counts>) -> anyhow::Result<()> {
    let (mut buffer, mut unanswered) = (Vec::with_capacity(64 * 1024), 0);
    loop {
        let goes_on = !counts.stop.load(Ordering::Relaxed);
        while goes_on && unanswered + BURST <= UNANSWERED_MAX {
            stream.write_all(burst.as_bytes()).await?;
            unanswered += BURST;
        }
        if unanswered == 0 {
            return Ok(());
        }
        ensure!(stream.read_buf(&mut buffer).await? > 0, "the server closed a connection");
        while let Some((is_hoped, length)) = answer(&buffer, hoped.as_bytes())? {
            buffer.drain(..length);
            unanswered -= 1;
            let count = if is_hoped { &counts.good } else { &counts.other };
            count.fetch_add(1, Ordering::Relaxed);
        }
    }
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
