//! Sends mail over SMTP, or keeps it in a sandbox mailbox when no server is set.

use std::sync::Arc;
use std::time::Duration;

use capstan_engine::core::ids::WorkspaceId;
use capstan_engine::store::error::StoreError;
use futures::future::BoxFuture;
use lettre::transport::smtp::AsyncSmtpTransport;
use lettre::transport::smtp::authentication::Credentials;
use lettre::transport::smtp::client::{Tls, TlsParameters};
use lettre::{AsyncTransport, Tokio1Executor};
use serde::{Deserialize, Serialize};
use tokio::sync::Semaphore;
use url::{Host, Url};

use super::credentials::MailLogin;
use super::guard::Refusal;
use super::http::{HttpClient, HttpError};

pub mod attachment;
pub mod letter;
mod login;
mod turns;

use turns::OwnTurns;

pub use attachment::Attachment;
pub use letter::{Letter, LetterError};

/// Longest time for each command of a delivery.
const SMTP_TIMEOUT: Duration = Duration::from_secs(20);

/// How the transport's errors begin where there was no connection: they have no other mark. Were it to change, such errors
/// would count as broken connections, which is the safe side.
const NO_CONNECTION: &str = "Connection error";

/// Most connections to the mail server at a time, of one process: servers refuse crowds. Further mails take turns.
const CONNECTIONS_MAX: usize = 16;

/// How mail leaves.
#[derive(Clone, Debug, Default)]
pub struct MailSettings {
    /// Where mail is handed over; absent for the sandbox.
    ///
    /// `smtps://user:password@host:465` (TLS from the start), `smtp://…:587?tls=required` (STARTTLS),
    /// `smtp://…?tls=opportunistic`, `smtp://…?tls=none` (in the clear). Without `tls`, `smtp://` is in the
    /// clear and only possible to the loopback. A path becomes the name in EHLO.
    pub server: Option<Url>,
    /// Sender of mails that name none, e.g. `Capstan <capstan@example.com>`.
    pub from: String,
    /// Keeps mail in the sandbox although a server is set.
    pub sandbox: bool,
}

/// One mail as the sandbox keeps it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mail {
    /// Addresses, at least one.
    pub to: Vec<String>,
    /// Name and address.
    pub from: String,
    /// One line.
    pub subject: String,
    /// Plain text.
    pub text: String,
    /// The same as HTML, from the author of the workflow: never show it unescaped.
    pub html: Option<String>,
    /// In angle brackets; the same for each attempt of a step, so that a repeat is recognised.
    pub message_id: String,
}

/// Whether it can be the sender of mail: an address, perhaps with a name before it.
#[must_use]
pub fn is_sender(text: &str) -> bool {
    text.trim().parse::<lettre::message::Mailbox>().is_ok()
}

/// The sandbox: where mail goes when no server is set.
pub trait Mailbox: Send + Sync {
    /// Keeps `mail`; one with a known `message_id` in the workspace is the same mail again.
    fn store<'a>(&'a self, workspace: WorkspaceId, mail: Mail) -> BoxFuture<'a, Result<(), MailboxError>>;
}

/// The sandbox could not keep a mail; worth another attempt.
#[derive(Debug, thiserror::Error)]
#[error("the sandbox mailbox cannot keep the mail: {0}")]
pub struct MailboxError(#[from] pub StoreError);

/// Settings that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum MailSetupError {
    /// The URL of the server.
    #[error("the SMTP server {server} cannot be used: {why}")]
    Server {
        /// Without password.
        server: String,
        /// What is wrong and what to write instead.
        why: String,
    },
    /// The default sender.
    #[error("the default sender \"{from}\" is not an address such as Capstan <capstan@example.com>: {why}")]
    From {
        /// As set.
        from: String,
        /// From the address parser.
        why: String,
    },
}

/// Why a mail was not sent.
#[derive(Debug, thiserror::Error)]
pub enum MailError {
    /// The mail itself will not do.
    #[error(transparent)]
    Letter(#[from] LetterError),
    /// The server said no for good (5xx).
    #[error("the mail server {server} refused the mail: {why}")]
    Rejected {
        /// `host:port`.
        server: String,
        /// Its answer.
        why: String,
    },
    /// The server said not now (4xx).
    #[error("the mail server {server} put the mail off: {why}")]
    Transient {
        /// `host:port`.
        server: String,
        /// Its answer.
        why: String,
    },
    /// No usable connection: nothing was handed over.
    #[error("the mail server {server} cannot be reached: {why}")]
    Connect {
        /// `host:port`.
        server: String,
        /// Chain of causes.
        why: String,
    },
    /// There was a connection, and it broke or could not be understood before the server had answered for the mail: it may
    /// have taken it.
    #[error("the connection to the mail server {server} broke before it had answered for the mail: {why}")]
    Broken {
        /// `host:port`.
        server: String,
        /// Chain of causes.
        why: String,
    },
    /// Server and settings do not fit, e.g. no common way to log in.
    #[error("the settings of the mail server {server} do not work: {why}")]
    Setup {
        /// `host:port`.
        server: String,
        /// Chain of causes.
        why: String,
    },
    /// The address of a server of a workspace is not allowed.
    #[error(transparent)]
    Refused(Refusal),
    /// The sandbox failed.
    #[error(transparent)]
    Mailbox(#[from] MailboxError),
}

/// Who took a mail over, and under which id.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Receipt {
    /// In angle brackets.
    pub message_id: String,
    /// `host:port` of the server, or `sandbox`.
    pub accepted_by: String,
    /// Addresses that it went to, without names.
    pub to: Vec<String>,
}

/// Hands mail over.
pub struct Mailer {
    server: Option<Server>,
    from: lettre::message::Mailbox,
    mailbox: Arc<dyn Mailbox>,
    is_sandbox: bool,
    turns: OwnTurns,
}

struct Server {
    name: String,
    transport: AsyncSmtpTransport<Tokio1Executor>,
    turns: Semaphore,
}

impl Mailer {
    /// Opens no connection yet; each mail makes its own.
    ///
    /// # Errors
    /// A bad URL or sender, or a server in the clear that is not on the loopback.
    pub fn new(settings: &MailSettings, mailbox: Arc<dyn Mailbox>) -> Result<Self, MailSetupError> {
        let from = settings.from.parse().map_err(|error: lettre::address::AddressError| MailSetupError::From {
            from: settings.from.clone(),
            why: error.to_string(),
        })?;
        let server = settings.server.as_ref().filter(|_| !settings.sandbox).map(Server::new).transpose()?;
        let turns = OwnTurns::new();
        Ok(Self { server, from, mailbox, is_sandbox: settings.sandbox, turns })
    }

    /// Whether mail is kept in the sandbox, and so in the engine's own database; `has_login` says that a server of the
    /// workspace is to get it.
    #[must_use]
    pub fn keeps(&self, has_login: bool) -> bool {
        self.is_sandbox || (!has_login && self.server.is_none())
    }

    /// The message (RFC 5322) of a letter that goes another way, and what the sandbox would keep of it.
    ///
    /// # Errors
    /// If the letter will not do.
    pub fn message(&self, letter: Letter, key: &str) -> Result<(Vec<u8>, Mail), LetterError> {
        let (message, mail) = letter.prepare(&self.from, key)?;
        Ok((message.formatted(), mail))
    }

    /// Hands `letter` to the server, or to the sandbox of `workspace`. `key` makes the message id. With a login, a server of the
    /// workspace gets it, at an address that the client may reach.
    ///
    /// # Errors
    /// See [`MailError`]. After `Broken` the server may have taken the mail nevertheless.
    pub async fn send(
        &self,
        workspace: WorkspaceId,
        key: &str,
        letter: Letter,
        login: Option<(MailLogin, &HttpClient)>,
    ) -> Result<Receipt, MailError> {
        let own = login.as_ref().and_then(|(login, _)| login.from.as_deref()?.parse::<lettre::message::Mailbox>().ok());
        let from = own.as_ref().unwrap_or(&self.from);
        let (message, mail) = letter.prepare(from, key)?;
        let (message_id, to) = (mail.message_id.clone(), mail.to.clone());
        if let Some((login, http)) = login.filter(|_| !self.is_sandbox) {
            let server = Server::of_workspace(&login, http).await?;
            let _turns = self.turns.take(workspace).await;
            server.transport.send(message).await.map_err(|error| server.explain(&error))?;
            return Ok(Receipt { message_id, accepted_by: server.name, to });
        }
        let Some(server) = &self.server else {
            self.mailbox.store(workspace, mail).await?;
            return Ok(Receipt { message_id, accepted_by: "sandbox".into(), to });
        };
        // Closed only with the process.
        let _turn = server.turns.acquire().await;
        server.transport.send(message).await.map_err(|error| server.explain(&error))?;
        Ok(Receipt { message_id, accepted_by: server.name.clone(), to })
    }
}

impl Server {
    fn new(url: &Url) -> Result<Self, MailSetupError> {
        let name = format!("{}:{}", url.host_str().unwrap_or_default(), url.port().unwrap_or(default_port(url)));
        let failed = |why: String| MailSetupError::Server { server: name.clone(), why };
        let url = connection_url(url).map_err(|why| failed(why.into()))?;
        let builder = AsyncSmtpTransport::<Tokio1Executor>::from_url(url.as_str());
        let builder = builder.map_err(|error| failed(causes(&error)))?;
        let transport = builder.timeout(Some(SMTP_TIMEOUT)).build();
        Ok(Self { transport, name, turns: Semaphore::new(CONNECTIONS_MAX) })
    }

    /// The address is judged, and connected to as it is: the name serves TLS only.
    async fn of_workspace(login: &MailLogin, http: &HttpClient) -> Result<Self, MailError> {
        let name = format!("{}:{}", login.host, login.port);
        let address = http.address(&login.host, login.port).await.map_err(|error| match error {
            HttpError::Refused(refusal) => MailError::Refused(refusal),
            other => MailError::Connect { server: name.clone(), why: other.to_string() },
        })?;
        let tls = || {
            TlsParameters::new(login.host.clone())
                .map_err(|error| MailError::Setup { server: name.clone(), why: causes(&error) })
        };
        let tls = match login.tls.as_str() {
            "none" => Tls::None,
            "implicit" => Tls::Wrapper(tls()?),
            _ => Tls::Required(tls()?),
        };
        let mut builder = AsyncSmtpTransport::<Tokio1Executor>::builder_dangerous(address.to_string())
            .port(login.port)
            .tls(tls)
            .timeout(Some(SMTP_TIMEOUT));
        if let Some((user, password)) = &login.login {
            builder = builder.credentials(Credentials::new(user.clone(), password.clone()));
        }
        Ok(Self { transport: builder.build(), name, turns: Semaphore::new(1) })
    }

    fn explain(&self, error: &lettre::transport::smtp::Error) -> MailError {
        let server = self.name.clone();
        let why = causes(error);
        if error.is_permanent() {
            MailError::Rejected { server, why }
        } else if error.is_transient() {
            MailError::Transient { server, why }
        } else if error.is_client() {
            MailError::Setup { server, why }
        } else if error.is_tls() || why.starts_with(NO_CONNECTION) {
            MailError::Connect { server, why }
        } else {
            MailError::Broken { server, why }
        }
    }
}

/// The URL for the transport, which knows no `tls=none`; refuses to speak in the clear beyond the loopback.
fn connection_url(url: &Url) -> Result<Url, &'static str> {
    let tls = url.query_pairs().find(|(name, _)| name == "tls").map(|(_, value)| value.into_owned());
    match (url.scheme(), tls.as_deref()) {
        ("smtps", _) | ("smtp", Some("required" | "opportunistic")) => Ok(url.clone()),
        ("smtp", Some("none")) => {
            let mut plain = url.clone();
            plain.set_query(None);
            Ok(plain)
        }
        ("smtp", None) if is_loopback(url) => Ok(url.clone()),
        ("smtp", None) => Err("mail would go in the clear; add ?tls=required, or ?tls=none if you mean it"),
        ("smtp", Some(_)) => Err("tls must be required, opportunistic or none"),
        _ => Err("the scheme must be smtp or smtps"),
    }
}

/// The port that the transport takes when the URL has none.
fn default_port(url: &Url) -> u16 {
    match (url.scheme(), url.query()) {
        ("smtps", _) => 465,
        ("smtp", Some(query)) if !query.contains("tls=none") => 587,
        _ => 25,
    }
}

fn is_loopback(url: &Url) -> bool {
    // The host of a URL with a scheme of its own is opaque text, also when it is an address.
    match url.host_str().map(Host::parse) {
        Some(Ok(Host::Domain(name))) => name == "localhost",
        Some(Ok(Host::Ipv4(address))) => address.is_loopback(),
        Some(Ok(Host::Ipv6(address))) => address.is_loopback(),
        _ => false,
    }
}

fn causes(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        let cause_text = cause.to_string();
        if !text.contains(&cause_text) {
            text = format!("{text}: {cause_text}");
        }
        source = cause.source();
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::Mails;

    #[test]
    fn a_message_that_goes_another_way_tells_addresses_without_names() {
        let settings = MailSettings { from: "capstan@example.com".into(), ..MailSettings::default() };
        let mailer = Mailer::new(&settings, Arc::new(Mails::default())).unwrap();
        let to = vec!["Ada <ada@example.com>".to_owned(), "bob@example.com, Eve <eve@example.com>".to_owned()];
        let letter = Letter { to, subject: "Offer".into(), text: "Hello".into(), ..Letter::default() };
        let (message, mail) = mailer.message(letter, "key").unwrap();
        assert_eq!(mail.to, ["ada@example.com", "bob@example.com", "eve@example.com"]);
        assert!(String::from_utf8(message).unwrap().contains(&mail.message_id));
    }

    #[test]
    fn mail_goes_in_the_clear_only_to_the_loopback_or_on_purpose() {
        for (url, expected) in [
            ("smtp://localhost:2525", true),
            ("smtp://127.0.0.1:2525", true),
            ("smtp://[::1]:2525", true),
            ("smtp://mail.example.com", false),
            ("smtp://mail.example.com?tls=none", true),
            ("smtp://user:pw@mail.example.com?tls=required", true),
            ("smtps://user:pw@mail.example.com", true),
            ("smtp://mail.example.com?tls=maybe", false),
            ("http://mail.example.com", false),
        ] {
            assert_eq!(Server::new(&Url::parse(url).unwrap()).is_ok(), expected, "{url}");
        }
    }

    #[test]
    fn a_setup_error_never_shows_the_password() {
        let error = Server::new(&Url::parse("smtp://user:hunter2@mail.example.com").unwrap()).err().unwrap();
        assert!(!error.to_string().contains("hunter2") && error.to_string().contains("mail.example.com:25"), "{error}");
    }
}
