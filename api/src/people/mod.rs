//! People: what the API has to know to let them in, their sessions, and the mail to them.

pub(crate) mod address;
mod post;
pub(crate) mod session;

use std::sync::Arc;
use std::time::Duration;

use capstan_domain::access::{self, Person};
use capstan_engine::store::connect::{Place, Role};
use capstan_engine::store::transactions::Transactions;
use capstan_node_types::services::mail::Mailer;
use ipnet::IpNet;

use crate::login::{GmailClient, LoginProvider};
use crate::problem::Problem;
use crate::rates::RateLimits;
use crate::remembered::Remembered;
pub(crate) use post::Note;
use post::Post;

/// Most connections of the access role.
const CONNECTIONS_MAX: u32 = 4;
/// The plan without limits.
const UNLIMITED: &str = "unlimited";
/// How long a session is used again without a look; what has ended may work for that long.
const REMEMBERED_FOR: Duration = Duration::from_secs(1);

/// What the API has to know to let people in.
#[derive(Clone)]
pub struct AccountSettings {
    /// Whether anybody may sign up.
    pub sign_up: bool,
    /// Plan of the workspaces of those who sign up.
    pub plan: String,
    /// Where people reach the API: `http://` or `https://`, a host, perhaps a path; no slash at the end. Links in mails
    /// begin with it, and with `https://` cookies are for encrypted connections only.
    pub public_url: String,
    /// What mail to people goes through; without it nobody can sign up, be invited or reset a password.
    pub mailer: Option<Arc<Mailer>>,
    /// Proxies whose word on the client's address counts.
    pub trusted_proxies: Vec<IpNet>,
    /// How many requests one may send within a minute.
    pub rates: RateLimits,
    /// Where people may log in; each was looked at with [`LoginProvider::check`].
    pub login_providers: Vec<LoginProvider>,
    /// How Google accounts are connected that mail is sent as, if at all; looked at with [`GmailClient::check`].
    pub gmail: Option<GmailClient>,
}

impl Default for AccountSettings {
    fn default() -> Self {
        Self {
            sign_up: false,
            plan: UNLIMITED.into(),
            public_url: "http://127.0.0.1:7400".into(),
            mailer: None,
            trusted_proxies: Vec::new(),
            rates: RateLimits::default(),
            login_providers: Vec::new(),
            gmail: None,
        }
    }
}

impl std::fmt::Debug for AccountSettings {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { sign_up, plan, public_url, mailer, trusted_proxies, rates, login_providers, gmail } = self;
        out.debug_struct("AccountSettings")
            .field("sign_up", sign_up)
            .field("plan", plan)
            .field("public_url", public_url)
            .field("mailer", &mailer.is_some())
            .field("trusted_proxies", trusted_proxies)
            .field("rates", rates)
            .field("login_providers", login_providers)
            .field("gmail", gmail)
            .finish()
    }
}

/// Everything about people, of one process.
pub(crate) struct People {
    pub(crate) settings: AccountSettings,
    /// Of the access role.
    pub(crate) pool: Transactions,
    pub(crate) first_cell: String,
    pub(crate) post: Post,
    /// By the text of the cookie's token, which is random.
    sessions: Remembered<[u8; 32], Arc<Person>>,
}

impl People {
    pub(crate) fn new(settings: AccountSettings, control: &Place, first_cell: String) -> Self {
        Self {
            pool: Transactions::new(control, Role::Access, CONNECTIONS_MAX),
            first_cell,
            post: Post::new(&settings),
            sessions: Remembered::for_at_most(REMEMBERED_FOR),
            settings,
        }
    }

    /// Whose session it is, unless it is over.
    pub(crate) async fn by_session(&self, token: &str) -> Result<Option<Arc<Person>>, Problem> {
        self.found(token, true).await
    }

    /// The same, but that it counts as no use of the session; nor does what comes while this answer is remembered.
    pub(crate) async fn by_session_of_absent(&self, token: &str) -> Result<Option<Arc<Person>>, Problem> {
        self.found(token, false).await
    }

    async fn found(&self, token: &str, is_use: bool) -> Result<Option<Arc<Person>>, Problem> {
        let Some(hash) = access::hash_secret(token) else { return Ok(None) };
        self.sessions
            .answer(hash, async {
                let mut transaction = self.pool.begin().await?;
                let person = if is_use {
                    access::find_person(&mut transaction, token).await?
                } else {
                    access::find_absent_person(&mut transaction, token).await?
                };
                transaction.commit().await?;
                Ok(person.map(Arc::new))
            })
            .await
    }

    /// The next one looks anew: a session has ended, or somebody has become something else.
    pub(crate) async fn forget_session(&self, token: &str) {
        if let Some(hash) = access::hash_secret(token) {
            self.sessions.forget(&hash).await;
        }
    }

    /// Whether cookies are for encrypted connections only.
    pub(crate) fn is_secure(&self) -> bool {
        self.settings.public_url.starts_with("https://")
    }
}
