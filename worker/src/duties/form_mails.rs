//! Mails that ask whether an address of a form is somebody's own. A worker sends them, which alone can open the credential of a mail
//! server. A mail that fails is tried again with growing pauses; one that its server refuses is given up.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use capstan_domain::approvals::newest_key;
use capstan_domain::form_submissions::{
    DueMail, LINK_HOURS, Room, SubmissionLink, TRIES_MAX, give_up, put_off, sent, take,
};
use capstan_engine::core::ids::{ExecutionId, NodeId, StepKey, WorkspaceId};
use capstan_engine::core::outcome::Outcome;
use capstan_engine::store::error::StoreError;
use capstan_node_types::node_type::{Context, LogLevel, LogSink};
use capstan_node_types::services::credentials::{MailLogin, mail_login};
use capstan_node_types::services::mail::{Letter, MailError};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::timeout;
use tracing::{info, warn};
use uuid::Uuid;

use crate::worker::Engine;

/// Mails that a process sends at a time; further ones wait for the next look.
const AT_A_TIME: usize = 48;
/// Of one workspace, about: a few whose servers do not answer hold nobody up.
const SHARE: usize = 4;
/// Longest time for one; shorter than the pause until it is tried again.
const SEND_TIME_MAX: Duration = Duration::from_secs(60);
/// The type of node whose mails these are.
const NODE_TYPE: &str = "trigger.form";

/// A mail leaves no log: how it failed is kept with its submission.
struct NoLog;

impl LogSink for NoLog {
    fn log(&self, _: LogLevel, _: &str) {}
}

/// Why a mail was not sent.
enum Unsent {
    /// It may be sent later.
    Now(String),
    /// It never will.
    Ever(String),
}

/// What is under way.
struct Places {
    all: Arc<Semaphore>,
    /// By workspace.
    of: Mutex<HashMap<Uuid, usize>>,
}

impl Places {
    fn change(&self, change: impl FnOnce(&mut HashMap<Uuid, usize>)) {
        change(&mut self.of.lock().unwrap_or_else(PoisonError::into_inner));
    }

    /// Workspaces that have their share.
    fn full(&self) -> Vec<Uuid> {
        let of = self.of.lock().unwrap_or_else(PoisonError::into_inner);
        of.iter().filter(|(_, count)| **count >= SHARE).map(|(id, _)| *id).collect()
    }

    fn begin(&self, workspace_id: Uuid) {
        self.change(|of| *of.entry(workspace_id).or_default() += 1);
    }

    fn end(&self, workspace_id: Uuid) {
        self.change(|of| {
            let left = of.remove(&workspace_id).unwrap_or_default().saturating_sub(1);
            if left > 0 {
                of.insert(workspace_id, left);
            }
        });
    }
}

/// A place that a mail of a workspace has, until this is dropped.
struct Seat {
    places: Arc<Places>,
    workspace_id: Uuid,
    _place: OwnedSemaphorePermit,
}

impl Seat {
    fn take(places: &Arc<Places>, workspace_id: Uuid, place: OwnedSemaphorePermit) -> Self {
        places.begin(workspace_id);
        Self { places: Arc::clone(places), workspace_id, _place: place }
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        self.places.end(self.workspace_id);
    }
}

/// Looks for mails that are due, until the worker stops; what is under way then comes to its end.
pub(crate) async fn form_mails(engine: Arc<Engine>) {
    let places = Arc::new(Places { all: Arc::new(Semaphore::new(AT_A_TIME)), of: Mutex::default() });
    let mut agenda = engine.agenda.reader();
    while engine.stop.run_until_cancelled(agenda.until(|agenda| agenda.form_mails)).await.is_some() {
        if let Err(error) = begin(&engine, &places).await {
            warn!(%error, "mails of forms could not be taken; trying again");
        }
    }
}

/// Begins as many as there are places for.
async fn begin(engine: &Arc<Engine>, places: &Arc<Places>) -> Result<(), StoreError> {
    let mut free: Vec<OwnedSemaphorePermit> = Vec::new();
    while let Ok(place) = Arc::clone(&places.all).try_acquire_owned() {
        free.push(place);
    }
    if free.is_empty() {
        return Ok(());
    }
    let full = places.full();
    let room = Room { places: free.len(), share: SHARE, full: &full };
    let due = engine.side.run(async |connection| take(connection, &room).await).await?;
    for (mail, place) in due.into_iter().zip(free) {
        let seat = Seat::take(places, mail.workspace_id, place);
        let engine = Arc::clone(engine);
        let tracker = engine.senders.clone();
        tracker.spawn(async move {
            deliver(&engine, &mail).await;
            drop(seat);
        });
    }
    Ok(())
}

async fn deliver(engine: &Engine, mail: &DueMail) {
    let kept = match send(engine, mail).await {
        Ok(()) => engine.side.run(async |connection| sent(connection, mail).await).await,
        Err(Unsent::Now(reason)) if mail.tries < TRIES_MAX => {
            engine.side.run(async |connection| put_off(connection, mail, &reason).await).await
        }
        Err(Unsent::Now(reason) | Unsent::Ever(reason)) => {
            info!(workspace_id = %mail.workspace_id, submission_id = %mail.submission_id, reason, "a mail of a form is given up");
            engine.side.run(async |connection| give_up(connection, mail, &reason).await).await
        }
    };
    if let Err(error) = kept {
        warn!(%error, submission_id = %mail.submission_id, "what became of a mail of a form could not be kept");
    }
}

async fn send(engine: &Engine, mail: &DueMail) -> Result<(), Unsent> {
    if mail.tries > TRIES_MAX || mail.expires_at <= mail.now {
        return Err(Unsent::Ever("its time is over".into()));
    }
    let workspace_id = WorkspaceId(mail.workspace_id);
    let key = engine.side.run(async |connection| newest_key(connection, workspace_id).await).await;
    let key = key.map_err(|error| Unsent::Now(error.to_string()))?;
    let link = SubmissionLink { workspace_id, submission_id: mail.submission_id, expires_at: mail.expires_at };
    let letter = letter(&engine.services.public_url, &link.token(&key), mail);
    let services = &engine.services;
    let login = match &mail.credential {
        Some(name) => Some(login(engine, mail, name).await?),
        None => None,
    };
    let id = format!("form:{}", mail.submission_id);
    let sending = Box::pin(services.mail.send(workspace_id, &id, letter, login.zip(Some(&services.http))));
    match timeout(SEND_TIME_MAX, sending).await {
        Ok(Ok(_)) => Ok(()),
        Ok(Err(error)) => Err(unsent(&error)),
        Err(_) => Err(Unsent::Now("the mail server took too long".into())),
    }
}

/// The login to the workspace's own server.
async fn login(engine: &Engine, mail: &DueMail, name: &str) -> Result<MailLogin, Unsent> {
    let context = Context {
        workspace_id: WorkspaceId(mail.workspace_id),
        // Of no execution: nothing that it does is kept under this id.
        execution_id: ExecutionId(mail.submission_id),
        step: StepKey::root(NodeId::from("form")),
        attempt: 1,
        round: 0,
        now: mail.now,
        wake: None,
        log: Arc::new(NoLog),
        services: Arc::clone(&engine.services),
        secrets: Arc::default(),
        database: Arc::default(),
    };
    Box::pin(mail_login(&context, name, NODE_TYPE)).await.map_err(|outcome| match outcome {
        Outcome::Fail { reason, .. } => Unsent::Ever(reason),
        Outcome::Retry { reason, .. } => Unsent::Now(reason),
        _ => Unsent::Now("the credential cannot be opened at the moment".into()),
    })
}

fn unsent(error: &MailError) -> Unsent {
    let reason = error.to_string();
    match error {
        MailError::Letter(_) | MailError::Rejected { .. } | MailError::Setup { .. } | MailError::Refused(_) => {
            Unsent::Ever(reason)
        }
        MailError::Transient { .. } | MailError::Connect { .. } | MailError::Broken { .. } | MailError::Mailbox(_) => {
            Unsent::Now(reason)
        }
    }
}

/// It holds nothing of what was filled in, so that nobody can have us write to others what they like.
fn letter(public_url: &str, token: &str, mail: &DueMail) -> Letter {
    let title = if mail.title.is_empty() { "a form" } else { &mail.title };
    let text = format!(
        "Somebody has filled in \"{title}\" with this address.\n\n\
         If it was you, open this page and press the button there; what was filled in is sent then:\n\n\
         {public_url}/verify/{token}\n\n\
         The page can be used once, within {LINK_HOURS} hours.\n\n\
         If it was not you, do nothing: nothing is sent, and what was filled in is removed.\n"
    );
    Letter { to: vec![mail.email.clone()], subject: format!("Please confirm: {title}"), text, ..Letter::default() }
}

#[cfg(test)]
mod tests {
    use chrono::Utc;

    use super::*;

    #[test]
    fn a_workspace_has_a_share_of_the_places() {
        let places = Places { all: Arc::new(Semaphore::new(AT_A_TIME)), of: Mutex::default() };
        let (greedy, modest) = (Uuid::from_u128(1), Uuid::from_u128(2));
        for _ in 0..SHARE {
            assert!(places.full().is_empty());
            places.begin(greedy);
        }
        places.begin(modest);
        assert_eq!(places.full(), [greedy]);
        for id in [modest, greedy] {
            places.end(id);
        }
        assert!(places.full().is_empty() && places.of.lock().unwrap().len() == 1);
    }

    #[test]
    fn a_mail_names_the_form_and_the_link_and_what_to_do() {
        let now = Utc::now();
        let mail = DueMail {
            workspace_id: Uuid::nil(),
            submission_id: Uuid::nil(),
            title: "Contact".into(),
            email: "ada@example.com".into(),
            credential: None,
            expires_at: now,
            tries: 1,
            now,
        };
        let written = letter("https://forms.example.com", "a.b", &mail);
        assert_eq!((written.to, written.subject.as_str()), (vec![mail.email.clone()], "Please confirm: Contact"));
        assert!(written.text.contains("\nhttps://forms.example.com/verify/a.b\n"), "{}", written.text);
        assert!(written.text.contains("within 24 hours") && written.html.is_none());
        assert_eq!(letter("u", "t", &DueMail { title: String::new(), ..mail }).subject, "Please confirm: a form");
    }
}
