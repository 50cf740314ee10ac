//! What node types reach the outside world with: an HTTP client, a mailer, and processes for code.

use std::sync::Arc;

pub mod answer;
pub mod code;
pub mod guard;
pub mod http;
pub mod mail;
mod networks;
mod redirect;
mod resolver;

use code::{CodeRunner, RunnerProgram};
use guard::{AllowError, Guard};
use http::HttpClient;
use mail::{MailSettings, MailSetupError, Mailbox, Mailer};

/// Shared by all attempts of a process.
pub struct Services {
    /// Refuses private addresses, except allowed ones.
    pub http: HttpClient,
    /// SMTP, or the sandbox mailbox.
    pub mail: Mailer,
    /// Runs code in children of this process.
    pub code: CodeRunner,
}

/// What [`Services`] are made from.
pub struct ServiceSettings {
    /// Private destinations that HTTP nodes may reach: `host:port`, as written in the URL, or a CIDR network.
    pub allow: Vec<String>,
    /// Server and default sender.
    pub mail: MailSettings,
    /// Takes the mail when no server is set.
    pub mailbox: Arc<dyn Mailbox>,
}

/// A setting that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ServicesError {
    /// A bad entry of the allow-list.
    #[error(transparent)]
    Allow(#[from] AllowError),
    /// A bad SMTP URL or sender.
    #[error(transparent)]
    Mail(#[from] MailSetupError),
    /// The TLS roots of the system cannot be used.
    #[error("the HTTP client cannot be made; check the TLS root certificates of this system")]
    Client(#[source] reqwest::Error),
}

impl Services {
    /// Opens no connection yet.
    ///
    /// # Errors
    /// The setting that cannot be used, by name.
    pub fn new(settings: ServiceSettings) -> Result<Self, ServicesError> {
        let guard = Guard::new(&settings.allow)?;
        Ok(Self {
            http: HttpClient::new(guard).map_err(ServicesError::Client)?,
            mail: Mailer::new(&settings.mail, settings.mailbox)?,
            code: CodeRunner::new(RunnerProgram::default()),
        })
    }
}

/// `key` as a header value: bytes that are not visible ASCII, and `%`, are percent-encoded.
///
/// Keys made of ordinary node ids stay as they are; two keys never become the same value.
#[must_use]
pub fn header_text(key: &str) -> String {
    let mut text = String::with_capacity(key.len());
    for byte in key.bytes() {
        if byte.is_ascii_graphic() && byte != b'%' {
            text.push(char::from(byte));
        } else {
            text.push_str(&format!("%{byte:02X}"));
        }
    }
    text
}
