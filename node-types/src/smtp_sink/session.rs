//! One connection of the SMTP sink.

use std::io;

use tokio::io::{AsyncWriteExt, BufReader};
use tokio::net::TcpStream;

use super::{IDLE_TIMEOUT, Keep, MAIL_BYTES_MAX, ReceivedMail};
use crate::smtp::{MailText, path, read_line, read_piece};

/// Longest command or text line, in bytes.
const LINE_BYTES_MAX: usize = 4_096;
/// Most recipients of one mail.
const RECIPIENTS_MAX: usize = 100;

pub(super) struct Session {
    stream: BufReader<TcpStream>,
    keep: Keep,
    from: Option<String>,
    to: Vec<String>,
}

impl Session {
    pub(super) fn new(stream: TcpStream, keep: Keep) -> Self {
        Self { stream: BufReader::new(stream), keep, from: None, to: Vec::new() }
    }

    /// Answers commands until QUIT, end of input, or a line that is too long or too late.
    pub(super) async fn run(mut self) -> io::Result<()> {
        self.reply("220 capstan sink ready").await?;
        loop {
            let line = read_line(&mut self.stream, LINE_BYTES_MAX, IDLE_TIMEOUT).await?;
            let line = String::from_utf8_lossy(&line).trim_end().to_owned();
            let (verb, argument) = line.split_once(' ').unwrap_or((&line, ""));
            match verb.to_ascii_uppercase().as_str() {
                "EHLO" => self.reply(&format!("250-capstan\r\n250-8BITMIME\r\n250 SIZE {MAIL_BYTES_MAX}")).await?,
                "HELO" | "NOOP" => self.reply("250 ok").await?,
                "MAIL" => self.mail(argument).await?,
                "RCPT" => self.recipient(argument).await?,
                "DATA" => self.data().await?,
                "RSET" => {
                    self.reset();
                    self.reply("250 ok").await?;
                }
                "QUIT" => return self.reply("221 bye").await,
                _ => self.reply("502 command not implemented").await?,
            }
        }
    }

    async fn mail(&mut self, argument: &str) -> io::Result<()> {
        match path(argument, "FROM:") {
            Some((from, _)) => {
                self.reset();
                self.from = Some(from.into());
                self.reply("250 ok").await
            }
            None => self.reply("501 write MAIL FROM:<address>").await,
        }
    }

    async fn recipient(&mut self, argument: &str) -> io::Result<()> {
        let answer = match path(argument, "TO:").map(|(address, _)| address) {
            _ if self.from.is_none() => "503 MAIL comes first",
            None | Some("") => "501 write RCPT TO:<address>",
            Some(to) if to.starts_with("reject@") => "550 5.1.1 no such mailbox here",
            Some(to) if to.starts_with("busy@") => "451 4.7.1 try again later",
            Some(_) if self.to.len() >= RECIPIENTS_MAX => "452 too many recipients",
            Some(to) => {
                self.to.push(to.into());
                "250 ok"
            }
        };
        self.reply(answer).await
    }

    async fn data(&mut self) -> io::Result<()> {
        if self.to.is_empty() {
            return self.reply("503 RCPT comes first").await;
        }
        self.reply("354 end with a line that holds one dot").await?;
        let Some(data) = self.read_data().await? else {
            self.reset();
            return self.reply("552 the mail is too long").await;
        };
        let mail = ReceivedMail {
            from: self.from.take().unwrap_or_default(),
            to: std::mem::take(&mut self.to),
            data: String::from_utf8_lossy(&data).into_owned(),
        };
        match (self.keep)(mail).await {
            true => self.reply("250 taken").await,
            false => self.reply("452 the mail cannot be kept now").await,
        }
    }

    /// Up to the final dot; absent if the mail was too long (it is read to its end nevertheless).
    async fn read_data(&mut self) -> io::Result<Option<Vec<u8>>> {
        let mut text = MailText::new(MAIL_BYTES_MAX);
        while !text.add(&read_piece(&mut self.stream, LINE_BYTES_MAX, IDLE_TIMEOUT).await?) {}
        Ok(text.finish())
    }

    fn reset(&mut self) {
        self.from = None;
        self.to.clear();
    }

    async fn reply(&mut self, text: &str) -> io::Result<()> {
        self.stream.write_all(format!("{text}\r\n").as_bytes()).await
    }
}
