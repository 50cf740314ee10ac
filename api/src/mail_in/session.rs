//! One connection of somebody who sends mail.

use std::io;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use capstan_node_types::smtp::{MailText, path, read_line, read_piece};
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;
use tokio::time::timeout;

use super::Office;
use super::letter::{self, Flaw, Reader};
use super::target::{self, Refusal, Target};

/// Longest command, and most bytes of a mail that are read at a time.
const LINE_BYTES_MAX: usize = 2_000;
const PIECE_BYTES_MAX: usize = 8_192;
/// Longest silence of a client, and longest time for its answer to STARTTLS.
const IDLE_MAX: Duration = Duration::from_secs(60);
/// Longest time for a mail.
const MAIL_MAX: Duration = Duration::from_secs(300);
/// Most triggers that a mail is for.
const RECIPIENTS_MAX: usize = 20;
/// Most mails of a connection.
const MAILS_MAX: u32 = 100;
/// Most commands of a connection that were wrong or for nobody.
const FAULTS_MAX: u32 = 10;
const NOT_NOW: &str = "451 4.3.0 it cannot be taken now; try again later";
const GONE: &str = "550 5.1.1 there is no such address here any more";
const BYE: &str = "221 2.0.0 bye";
const STOPPING: &str = "421 4.3.2 this server is stopping; try again later";
const TOO_LONG: &str = "552 5.3.4 the mail is larger than is taken here";

/// A connection, encrypted or not.
trait Duplex: AsyncRead + AsyncWrite + Unpin + Send {}
impl<T: AsyncRead + AsyncWrite + Unpin + Send> Duplex for T {}

struct Session {
    office: Arc<Office>,
    client: IpAddr,
    stream: BufReader<Box<dyn Duplex>>,
    is_encrypted: bool,
    is_greeted: bool,
    /// The sender of the mail that is announced.
    from: Option<String>,
    to: Vec<Target>,
    mails: u32,
    faults: u32,
}

/// How a connection goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Next {
    Command,
    Encrypt,
    Over,
}

/// Serves a connection until it ends; after STARTTLS anew, with nothing remembered of before.
pub(super) async fn talk(stream: TcpStream, office: Arc<Office>, client: IpAddr) -> io::Result<()> {
    let mut session = Session::new(office, client, Box::new(stream), false);
    let greeting = format!("220 {} Capstan", session.office.settings.domain);
    session.reply(&greeting).await?;
    if session.run().await? == Next::Encrypt
        && let Some(tls) = session.office.tls.clone()
    {
        // What was sent along with STARTTLS came from nobody knows whom.
        if !session.stream.buffer().is_empty() {
            return Err(io::Error::new(io::ErrorKind::InvalidData, "something was sent behind STARTTLS"));
        }
        let stream = timeout(IDLE_MAX, tls.accept(session.stream.into_inner())).await??;
        Session::new(session.office, client, Box::new(stream), true).run().await?;
    }
    Ok(())
}

impl Session {
    fn new(office: Arc<Office>, client: IpAddr, stream: Box<dyn Duplex>, is_encrypted: bool) -> Self {
        let stream = BufReader::new(stream);
        let (from, to) = (None, Vec::new());
        Self { office, client, stream, is_encrypted, is_greeted: false, from, to, mails: 0, faults: 0 }
    }

    /// Answers commands until the connection ends or is to be encrypted.
    async fn run(&mut self) -> io::Result<Next> {
        loop {
            let stop = self.office.stop.clone();
            let reading = read_line(&mut self.stream, LINE_BYTES_MAX, IDLE_MAX);
            let Some(line) = stop.run_until_cancelled(reading).await else {
                self.reply(STOPPING).await?;
                return Ok(Next::Over);
            };
            let line = String::from_utf8_lossy(&line?).trim_end().to_owned();
            let (verb, argument) = line.split_once(' ').unwrap_or((&line, ""));
            match self.obey(&verb.to_ascii_uppercase(), argument.trim()).await? {
                Next::Command => {}
                next => return Ok(next),
            }
            if self.faults > FAULTS_MAX {
                self.reply("421 4.7.0 too much was asked in vain").await?;
                return Ok(Next::Over);
            }
        }
    }

    async fn obey(&mut self, verb: &str, argument: &str) -> io::Result<Next> {
        match verb {
            "EHLO" => self.greet().await?,
            "HELO" => {
                self.reset();
                self.is_greeted = true;
                self.reply(&format!("250 {}", self.office.settings.domain)).await?;
            }
            "STARTTLS" if self.can_encrypt() => {
                self.reply("220 2.0.0 go ahead").await?;
                return Ok(Next::Encrypt);
            }
            "MAIL" => self.mail(argument).await?,
            "RCPT" => self.recipient(argument).await?,
            "DATA" => return self.data().await,
            "RSET" => {
                self.reset();
                self.reply("250 2.0.0 forgotten").await?;
            }
            "NOOP" => self.reply("250 2.0.0 still here").await?,
            "VRFY" => self.reply("252 2.1.5 send a mail to see").await?,
            "QUIT" => {
                self.reply(BYE).await?;
                return Ok(Next::Over);
            }
            "AUTH" => self.fault("502 5.5.1 there is no login here").await?,
            _ => self.fault("500 5.5.2 that is no command of this server").await?,
        }
        Ok(Next::Command)
    }

    fn can_encrypt(&self) -> bool {
        self.office.tls.is_some() && !self.is_encrypted
    }

    async fn greet(&mut self) -> io::Result<()> {
        self.reset();
        self.is_greeted = true;
        let tls = if self.can_encrypt() { "250-STARTTLS\r\n" } else { "" };
        let settings = &self.office.settings;
        let told = format!(
            "250-{}\r\n250-PIPELINING\r\n250-8BITMIME\r\n250-ENHANCEDSTATUSCODES\r\n{tls}250 SIZE {}",
            settings.domain, settings.bytes_max
        );
        self.reply(&told).await
    }

    async fn mail(&mut self, argument: &str) -> io::Result<()> {
        if !self.is_greeted {
            return self.fault("503 5.5.1 say EHLO first").await;
        }
        if self.from.is_some() {
            return self.fault("503 5.5.1 a mail is announced already; RSET forgets it").await;
        }
        let Some((from, said)) = path(argument, "FROM:") else {
            return self.fault("501 5.5.4 write MAIL FROM:<address>").await;
        };
        match size(said) {
            Err(unknown) => self.fault(&format!("555 5.5.4 {unknown} is not known here")).await,
            Ok(Some(bytes)) if bytes > self.office.settings.bytes_max => self.reply(TOO_LONG).await,
            Ok(_) => {
                self.from = Some(from.to_owned());
                self.reply("250 2.1.0 go on").await
            }
        }
    }

    async fn recipient(&mut self, argument: &str) -> io::Result<()> {
        if self.from.is_none() {
            return self.fault("503 5.5.1 say MAIL first").await;
        }
        let Some((address, _)) = path(argument, "TO:") else {
            return self.fault("501 5.5.4 write RCPT TO:<address>").await;
        };
        if self.to.len() >= RECIPIENTS_MAX {
            return self.reply("452 4.5.3 too many recipients; send to the others in another mail").await;
        }
        let office = Arc::clone(&self.office);
        let found = target::find(&office.api, &office.settings.domain, self.client, address).await;
        match found {
            Ok(target) => {
                self.to.push(target);
                self.reply("250 2.1.5 go on").await
            }
            Err(refusal @ (Refusal::Unknown | Refusal::Foreign)) => self.fault(&refusal.reply()).await,
            Err(refusal) => self.reply(&refusal.reply()).await,
        }
    }

    async fn data(&mut self) -> io::Result<Next> {
        if self.to.is_empty() {
            self.fault("503 5.5.1 say RCPT first").await?;
            return Ok(Next::Command);
        }
        if self.mails >= MAILS_MAX {
            self.reply("421 4.3.2 too many mails in one connection").await?;
            return Ok(Next::Over);
        }
        self.mails += 1;
        let office = Arc::clone(&self.office);
        let Ok(_reading) = office.reads.try_acquire() else {
            self.reset();
            self.reply("451 4.3.2 too many mails come in at once; try again later").await?;
            return Ok(Next::Command);
        };
        self.reply("354 end with a line that holds one dot").await?;
        let text = timeout(MAIL_MAX, self.text()).await??;
        let (from, to) = (self.from.take().unwrap_or_default(), std::mem::take(&mut self.to));
        let answer = match text {
            Some(text) => taken(&office, text, from, &to).await,
            None => TOO_LONG,
        };
        self.reply(answer).await?;
        Ok(Next::Command)
    }

    /// Up to the final dot; nothing if the mail was too long, though it is read to its end, for as long as it takes.
    async fn text(&mut self) -> io::Result<Option<Vec<u8>>> {
        let mut text = MailText::new(self.office.settings.bytes_max);
        while !text.add(&read_piece(&mut self.stream, PIECE_BYTES_MAX, IDLE_MAX).await?) {}
        Ok(text.finish())
    }

    fn reset(&mut self) {
        self.from = None;
        self.to.clear();
    }

    async fn fault(&mut self, text: &str) -> io::Result<()> {
        self.faults += 1;
        self.reply(text).await
    }

    async fn reply(&mut self, text: &str) -> io::Result<()> {
        let sending = async {
            self.stream.write_all(format!("{text}\r\n").as_bytes()).await?;
            self.stream.flush().await
        };
        timeout(IDLE_MAX, sending).await?
    }
}

/// Writes down what a mail starts; what the sender is told. If one of several cannot be written, the sender sends all again, and
/// those that were written start nothing again.
async fn taken(office: &Office, text: Vec<u8>, from: String, to: &[Target]) -> &'static str {
    let readers: Vec<Reader> =
        to.iter().map(|target| Reader { config: target.config.clone(), to: target.address.clone() }).collect();
    // The semaphore is never closed.
    let Ok(parsing) = office.parses.acquire().await else { return NOT_NOW };
    let read = tokio::task::spawn_blocking(move || letter::read(text, &from, &readers)).await;
    let letter = match read {
        Ok(Ok(letter)) => letter,
        Ok(Err(Flaw::NoMail)) => return "554 5.6.0 this is no mail: it has no headers",
        Ok(Err(Flaw::Pieces)) => return "554 5.6.0 the mail has too many parts",
        Ok(Err(Flaw::Headers)) => return "554 5.6.0 the headers of the mail are too long",
        Ok(Err(Flaw::Circle)) => return "554 5.4.6 the mail goes in a circle: it has passed too many servers",
        Err(error) => {
            tracing::error!(%error, "a mail could not be read");
            return "554 5.6.0 this mail cannot be read";
        }
    };
    drop(parsing);
    let mut is_taken = false;
    for (target, input) in to.iter().zip(letter.inputs) {
        match target.take(&letter.once, input).await {
            Ok(is_there) => is_taken |= is_there,
            Err(problem) => {
                tracing::warn!(code = problem.code, cause = problem.internal, "a mail could not be taken for now");
                return NOT_NOW;
            }
        }
    }
    if is_taken { "250 2.6.0 taken" } else { GONE }
}

/// How long a mail is said to be; what is said of it that is not known.
fn size(said: &str) -> Result<Option<usize>, String> {
    let mut bytes = None;
    for one in said.split_ascii_whitespace() {
        let (name, value) = one.split_once('=').unwrap_or((one, ""));
        match name.to_ascii_uppercase().as_str() {
            // More than fits is too much as well.
            "SIZE" if !value.is_empty() && value.bytes().all(|b| b.is_ascii_digit()) => {
                bytes = Some(value.parse().unwrap_or(usize::MAX));
            }
            "BODY" | "AUTH" => {}
            _ => return Err(name.chars().filter(char::is_ascii_graphic).take(20).collect()),
        }
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_said_of_a_mail_is_its_size_or_known() {
        for (said, expected) in [
            ("", Ok(None)),
            ("SIZE=10 BODY=8BITMIME", Ok(Some(10))),
            ("size=99999999999999999999999", Ok(Some(usize::MAX))),
            ("SIZE=-1", Err("SIZE".to_owned())),
            ("SMTPUTF8", Err("SMTPUTF8".into())),
            ("RET=\u{7}FULL", Err("RET".into())),
        ] {
            assert_eq!(size(said), expected, "{said}");
        }
    }
}
