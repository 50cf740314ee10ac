//! Mail to people. It leaves after the answer, so that the time of an answer tells nothing.

use std::sync::Arc;

use axum::http::StatusCode;
use capstan_domain::mailbox::TO_PEOPLE;
use capstan_node_types::services::mail::{Letter, Mailer};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use uuid::Uuid;

use super::AccountSettings;
use crate::problem::Problem;

/// Most mails that are on their way; whoever asks for more is told to come again.
const UNDER_WAY_MAX: usize = 64;

/// Where mail to people goes.
pub(crate) struct Post {
    mailer: Option<Arc<Mailer>>,
    public_url: String,
    places: Arc<Semaphore>,
}

/// What people are written.
pub(crate) struct Note<'a> {
    pub(crate) subject: String,
    /// Before the link.
    pub(crate) text: String,
    /// Below `/editor/`, with the token.
    pub(crate) link: Option<(&'a str, String)>,
    /// After the link.
    pub(crate) end: &'a str,
}

impl Post {
    pub(super) fn new(settings: &AccountSettings) -> Self {
        Self {
            mailer: settings.mailer.clone(),
            public_url: settings.public_url.clone(),
            places: Arc::new(Semaphore::new(UNDER_WAY_MAX)),
        }
    }

    pub(crate) fn is_there(&self) -> bool {
        self.mailer.is_some()
    }

    /// Refuses what needs mail where there is none.
    pub(crate) fn require(&self) -> Result<(), Problem> {
        if self.is_there() {
            return Ok(());
        }
        let detail = "this installation sends no mail";
        let hint = "an operator has to set CAPSTAN_SMTP_URL";
        Err(Problem::new(StatusCode::SERVICE_UNAVAILABLE, "no_mail", detail, hint))
    }

    /// A place among what is under way.
    pub(crate) fn place(&self) -> Result<OwnedSemaphorePermit, Problem> {
        self.require()?;
        Arc::clone(&self.places).try_acquire_owned().map_err(|_| {
            let detail = "too many mails are on their way at this moment";
            Problem::unavailable("busy", detail, "try again in a moment")
        })
    }

    /// Hands a note over. One that does not arrive is asked for again by whom it concerns: its link is known to nobody
    /// else, and not kept.
    pub(crate) async fn deliver(&self, email: &str, note: Note<'_>) {
        let Some(mailer) = &self.mailer else { return };
        let link = note.link.map(|(page, token)| format!("{}/editor/{page}?token={token}\n\n", self.public_url));
        let text = format!("{}\n\n{}{}\n", note.text, link.unwrap_or_default(), note.end);
        let letter = Letter { to: vec![email.to_owned()], subject: note.subject, text, ..Letter::default() };
        if let Err(error) = mailer.send(TO_PEOPLE, &Uuid::now_v7().to_string(), letter, None).await {
            tracing::warn!(%error, "a mail to a person was not sent");
        }
    }
}
