//! What node types reach the outside world with: an HTTP client, a mailer, processes for code, a desk where people are
//! asked, one for events, one for leads, one for records, one where members are told something, one where other workflows
//! are called, one that says what a plan allows, and a vault of credentials.

use std::sync::Arc;

pub mod answer;
pub mod approvals;
pub mod calls;
pub mod certificate;
pub mod code;
pub mod credentials;
pub mod events;
pub mod guard;
#[cfg(test)]
mod guard_tests;
pub mod http;
mod http_span;
pub mod leads;
pub mod mail;
mod networks;
pub mod notices;
pub mod quotas;
pub mod records;
mod redirect;
mod resolver;
pub mod webhook;

use approvals::ApprovalDesk;
use calls::CallDesk;
use code::{CodeRunner, RunnerProgram};
use credentials::CredentialVault;
use events::EventDesk;
use guard::{AllowError, Guard};
use http::HttpClient;
use leads::LeadDesk;
use mail::{MailSettings, MailSetupError, Mailbox, Mailer};
use notices::NoticeDesk;
use quotas::QuotaDesk;
use records::RecordDesk;
use url::Url;

/// Shared by all attempts of a process.
pub struct Services {
    /// Refuses private addresses, except allowed ones.
    pub http: HttpClient,
    /// SMTP, or the sandbox mailbox.
    pub mail: Mailer,
    /// Runs code in children of this process.
    pub code: CodeRunner,
    /// Asks people.
    pub approvals: Arc<dyn ApprovalDesk>,
    /// Sends custom events, and waits for them.
    pub events: Arc<dyn EventDesk>,
    /// Keeps leads.
    pub leads: Arc<dyn LeadDesk>,
    /// Keeps records.
    pub records: Arc<dyn RecordDesk>,
    /// Tells members.
    pub notices: Arc<dyn NoticeDesk>,
    /// Calls other workflows.
    pub calls: Arc<dyn CallDesk>,
    /// Says what a plan allows.
    pub quotas: Arc<dyn QuotaDesk>,
    /// Opens credentials.
    pub credentials: Arc<dyn CredentialVault>,
    /// Where people reach the API, without a slash at the end.
    pub public_url: String,
}

/// What [`Services`] are made from.
pub struct ServiceSettings {
    /// Private destinations that HTTP nodes may reach: `host:port`, as written in the URL, or a CIDR network.
    pub allow: Vec<String>,
    /// Server and default sender.
    pub mail: MailSettings,
    /// Takes the mail when no server is set.
    pub mailbox: Arc<dyn Mailbox>,
    /// Keeps what people are asked.
    pub approvals: Arc<dyn ApprovalDesk>,
    /// Keeps custom events.
    pub events: Arc<dyn EventDesk>,
    /// Keeps leads.
    pub leads: Arc<dyn LeadDesk>,
    /// Keeps records.
    pub records: Arc<dyn RecordDesk>,
    /// Keeps what members are told.
    pub notices: Arc<dyn NoticeDesk>,
    /// Finds other workflows.
    pub calls: Arc<dyn CallDesk>,
    /// Says what a plan allows.
    pub quotas: Arc<dyn QuotaDesk>,
    /// Keeps credentials.
    pub credentials: Arc<dyn CredentialVault>,
    /// Where people reach the API: `http://` or `https://`, a host, perhaps a path.
    pub public_url: String,
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
    /// An address that no link can begin with.
    #[error("the public URL {0:?} cannot be used: write http:// or https:// and a host, without ? and #")]
    PublicUrl(String),
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
            approvals: settings.approvals,
            events: settings.events,
            leads: settings.leads,
            records: settings.records,
            notices: settings.notices,
            calls: settings.calls,
            quotas: settings.quotas,
            credentials: settings.credentials,
            public_url: check_public_url(settings.public_url)?,
        })
    }
}

fn check_public_url(text: String) -> Result<String, ServicesError> {
    let good = Url::parse(&text).is_ok_and(|url| {
        let is_bare = url.query().is_none() && url.fragment().is_none() && url.username().is_empty();
        matches!(url.scheme(), "http" | "https") && url.has_host() && is_bare
    });
    if good { Ok(text.trim_end_matches('/').to_owned()) } else { Err(ServicesError::PublicUrl(text)) }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_begin_with_an_address_that_a_browser_opens() {
        for (url, expected) in [
            ("http://127.0.0.1:7400", Some("http://127.0.0.1:7400")),
            ("https://flows.example.com/capstan/", Some("https://flows.example.com/capstan")),
            ("flows.example.com", None),
            ("ftp://example.com", None),
            ("https://example.com/?a=b", None),
            ("https://user@example.com", None),
            ("", None),
        ] {
            assert_eq!(check_public_url(url.into()).ok().as_deref(), expected, "{url}");
        }
    }
}
