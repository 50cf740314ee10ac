//! Everything HTTP: the API under `/api/v1`, forms, hooks, live events, and the page at `/`. And mails that start executions.
//!
//! Handlers are thin: they extract, call one verb, answer. What crosses all of them (request ids, problems,
//! time-outs, security headers) lives in `edge`.
#![cfg_attr(test, allow(clippy::unwrap_used, reason = "tests"))]

mod actor;
mod alerts;
mod audit;
mod auth;
mod billing;
mod body;
mod cells;
mod compression;
mod directory;
mod edge;
mod entity_tags;
mod graphs;
mod html;
mod in_force;
mod limit;
mod live;
mod login;
mod mail_in;
pub mod metrics;
mod news;
mod once;
mod openapi;
mod operations;
mod page;
mod pages;
mod paging;
#[cfg(test)]
mod panic_tests;
mod people;
mod permit;
mod plans;
mod problem;
mod query;
mod rates;
mod remembered;
mod replica;
mod router;
mod routes;
mod server;
mod spans;
mod standing;
mod standings;
pub mod starter;
mod stream;
mod tenant;
pub mod view;
mod waiting;

use std::ops::Deref;
use std::sync::Arc;

use axum::Router;
use capstan_domain::access::tokens::Tokens;
use capstan_domain::secrets::KeyRing;
use capstan_engine::core::ids::WorkspaceId;
use capstan_engine::store::connect::{Place, Role};
use capstan_engine::store::transactions::Transactions;
use capstan_node_types::registry::Registry;
use capstan_node_types::services::guard::Guard;
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

pub use audit::SILENT;
pub use billing::BillingSettings;
use cells::Cells;
use directory::Directory;
use graphs::Graphs;
use live::Hub;
use login::{Consent, Login};
pub use login::{GmailClient, GmailClientError, LoginProvider, PROVIDERS_MAX, ProviderError};
pub use mail_in::{MAIL_BYTES, MAIL_BYTES_DEFAULT, MailInSettings, TlsFilesError, serve_mail, tls_acceptor};
pub use openapi::document;
pub use operations::Turn;
use pages::Assigned;
pub use people::AccountSettings;
use people::People;
pub use permit::{Access, Registered};
pub use problem::Problem;
pub use rates::RateLimits;
use rates::Shares;
use remembered::Remembered;
use replica::Replica;
pub use replica::ReplicaSettings;
pub use server::serve;
use stream::Listeners;

/// Most connections to the `control` schema.
const CONTROL_CONNECTIONS_MAX: u32 = 4;

/// What the API has to know of its surroundings.
#[derive(Clone, Debug)]
pub struct ApiSettings {
    /// The `control` schema.
    pub control: Place,
    /// The first cell; others are schemas beside it or have databases of their own, by the cell map in `control`.
    pub cell: Place,
    /// The workspace that reading requests from this machine act for when they bring no key. Only `capstan dev`
    /// sets it.
    pub page_workspace: Option<WorkspaceId>,
    /// Whether mail goes to the sandbox mailbox, so that `/dev/mail` shows it.
    pub mail_sandbox: bool,
    /// What it has to know to let people in.
    pub accounts: AccountSettings,
    /// Keys of stored secrets; without any, secrets are refused.
    pub keys: Arc<KeyRing>,
    /// Private destinations that webhooks may be sent to, as workers are told: see [`Guard::new`].
    pub allow: Vec<String>,
    /// Where mails come in that start executions, if anywhere.
    pub mail_in: Option<MailInSettings>,
    /// A standby that lists may be read from.
    pub replica: Option<ReplicaSettings>,
    /// What it has to know to take events of payments in.
    pub billing: BillingSettings,
}

/// The API of one process; cheap to clone.
#[derive(Clone)]
pub struct Api(Arc<Parts>);

/// What it is made of, behind one pointer: each request clones that several times.
#[doc(hidden)]
pub struct Parts {
    settings: ApiSettings,
    guard: Guard,
    registry: Arc<Registry>,
    directory: Directory,
    people: People,
    tokens: Tokens,
    login: Login,
    consent: Arc<Consent>,
    cells: Cells,
    replica: Option<Replica>,
    assigned: Assigned,
    in_force: in_force::Settings,
    graphs: Graphs,
    looks: Remembered<audit::Look, ()>,
    shares: Shares,
    hub: Hub,
    listeners: Listeners,
    metrics: metrics::Exposition,
    figures: metrics::figures::Figures,
    closing: CancellationToken,
}

impl Deref for Api {
    type Target = Parts;

    fn deref(&self) -> &Parts {
        &self.0
    }
}

/// Workers refuse to start with a list that cannot be read; here nothing is allowed by it.
fn guard(allow: &[String]) -> Guard {
    Guard::new(allow).unwrap_or_else(|error| {
        tracing::error!(%error, "the list of allowed addresses is not used");
        Guard::new(&[]).expect("an empty list can be read")
    })
}

impl Api {
    /// Connects when first used. `waker` is told of new work for a worker in the same process.
    ///
    /// # Panics
    /// Outside a Tokio runtime.
    #[must_use]
    pub fn new(settings: ApiSettings, registry: Arc<Registry>, waker: Option<Arc<Notify>>) -> Self {
        let control = Transactions::new(&settings.control, Role::Api, CONTROL_CONNECTIONS_MAX);
        let parts = Arc::new(Parts {
            people: People::new(settings.accounts.clone(), &settings.control, settings.cell.schema.clone()),
            tokens: Tokens::new(&settings.keys, &settings.accounts.public_url),
            login: Login::new(&settings.accounts.login_providers, &settings.allow, &settings.accounts.public_url),
            consent: Arc::new(Consent::new(
                settings.accounts.gmail.as_ref(),
                &settings.allow,
                &settings.accounts.public_url,
            )),
            cells: Cells::new(
                settings.cell.clone(),
                control.clone(),
                Arc::clone(&settings.keys),
                settings.replica.clone(),
                waker,
            ),
            directory: Directory::new(control),
            replica: settings.replica.as_ref().map(|replica| Replica::new(replica, &settings.cell)),
            assigned: Assigned::new(),
            in_force: in_force::Settings::default(),
            graphs: Graphs::new(Arc::clone(&registry)),
            looks: Remembered::for_at_most(audit::LOOKS_EVERY),
            shares: Shares::new(),
            hub: Hub::new(),
            listeners: Listeners::new(),
            metrics: metrics::Exposition::install(),
            figures: metrics::figures::Figures::default(),
            closing: CancellationToken::new(),
            guard: guard(&settings.allow),
            settings,
            registry,
        });
        tokio::spawn(plans::sync(Arc::downgrade(&parts)));
        tokio::spawn(billing::tend(Arc::downgrade(&parts)));
        if parts.people.settings.mailer.is_some() {
            tokio::spawn(alerts::tell(Arc::downgrade(&parts)));
        }
        tokio::spawn(operations::tend(Arc::downgrade(&parts)));
        tokio::spawn(news::tend(Arc::downgrade(&parts)));
        tokio::spawn(standings::sync(Arc::downgrade(&parts)));
        tokio::spawn(in_force::follow(Arc::downgrade(&parts)));
        tokio::spawn(cells::retire(Arc::downgrade(&parts)));
        tokio::spawn(once::tend(Arc::downgrade(&parts)));
        if parts.replica.is_some() {
            tokio::spawn(replica::watch(Arc::downgrade(&parts)));
        }
        Self(parts)
    }

    /// Does the next step of an operation; tests do so to die between two.
    ///
    /// # Errors
    /// If the database does.
    #[doc(hidden)]
    pub async fn turn(&self, operation: uuid::Uuid) -> Result<Turn, Problem> {
        operations::turn(self, operation).await
    }

    /// Tells people of alerts that are due; tests do not wait for the minute.
    ///
    /// # Errors
    /// If the database does.
    #[doc(hidden)]
    pub async fn tell_alerts(&self) -> Result<(), Problem> {
        alerts::round(self).await
    }

    /// Brings what has happened in cells to people; tests do not wait for the next look.
    ///
    /// # Errors
    /// If the database does.
    #[doc(hidden)]
    pub async fn tell_people(&self) -> Result<(), Problem> {
        news::round(self).await
    }

    /// Reads settings of the platform; tests do not wait for the next look.
    ///
    /// # Errors
    /// If the database does.
    #[doc(hidden)]
    pub async fn look_at_settings(&self) -> Result<(), Problem> {
        in_force::look(self).await
    }

    /// Looks at what is to be done about billing; tests do not wait for the minute.
    ///
    /// # Errors
    /// If the database does.
    #[doc(hidden)]
    pub async fn tend_billing(&self) -> Result<(), Problem> {
        billing::round(self).await?;
        Ok(())
    }

    /// All routes, with everything that surrounds them.
    pub fn router(&self) -> Router {
        router::router(self)
    }
}

/// Every route below `/api/v1` with what it needs.
#[must_use]
pub fn routes() -> Vec<Registered> {
    router::resources().registered()
}
