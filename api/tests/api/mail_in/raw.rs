//! A client of SMTP that says what it likes.

use std::net::SocketAddr;

use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;

pub(crate) struct Raw {
    stream: BufReader<TcpStream>,
    /// What it was told at first.
    pub(crate) greeting: String,
}

impl Raw {
    pub(crate) async fn connect(address: SocketAddr) -> Self {
        let stream = BufReader::new(TcpStream::connect(address).await.unwrap());
        let mut raw = Self { stream, greeting: String::new() };
        raw.greeting = raw.reply().await;
        raw
    }

    /// Says a line, and hears the answer.
    pub(crate) async fn say(&mut self, line: &str) -> String {
        self.stream.write_all(format!("{line}\r\n").as_bytes()).await.unwrap();
        self.reply().await
    }

    /// The next answer, with all its lines.
    pub(crate) async fn reply(&mut self) -> String {
        let mut reply = String::new();
        loop {
            let begun = reply.len();
            assert!(self.stream.read_line(&mut reply).await.unwrap() > 0, "the server went away after {reply:?}");
            if reply.as_bytes().get(begun + 3) != Some(&b'-') {
                return reply;
            }
        }
    }

    /// Whether the server has ended the connection; waits until it says something or does.
    pub(crate) async fn is_over(&mut self) -> bool {
        let mut rest = String::new();
        // Whoever goes with something unread is said to have reset the connection.
        self.stream.read_line(&mut rest).await.map_or(true, |read| read == 0)
    }
}
