//! Mails that ask whether an address of a form is somebody's own: sent by workers to real servers.

use capstan_domain::approvals::verifying_key;
use capstan_domain::form_submissions::{self, DueMail, NewSubmission, Room, UnverifiedSubmission, take};
use capstan_engine::core::ids::WorkflowId;
use capstan_engine::store::connect::Role;
use capstan_node_types::registry::Registry;
use capstan_node_types::services::mail::MailSettings;
use capstan_node_types::smtp_sink::{ReceivedMail, SmtpSink};
use serde_json::json;
use sqlx::PgConnection;
use uuid::Uuid;

use crate::secrets::keep;
use crate::support::{Cell, services_with};

impl Cell {
    /// Keeps a submission of the form "Contact", as the API does.
    async fn submitted(&self, email: &str, credential: Option<&str>) -> Uuid {
        let (submission_id, input) = (Uuid::now_v7(), json!({ "email": email, "text": "what was filled in" }));
        let new = NewSubmission {
            submission_id,
            once: &submission_id.to_string(),
            workflow_id: WorkflowId::new(),
            node_id: "form",
            path: "contact",
            title: "Contact\r\nBcc: eve@example.com",
            email,
            credential,
            input: &input,
        };
        form_submissions::keep(&mut self.owner().await, self.workspace_id, &new).await.unwrap();
        submission_id
    }

    async fn until_submission(&self, id: Uuid, wished: &str) {
        let sql = format!("SELECT count(*) FROM form_submissions WHERE submission_id = '{id}' AND {wished}");
        self.until_count(&sql, 1).await;
    }
}

async fn taken(worker: &mut PgConnection, places: usize, full: &[Uuid]) -> Vec<DueMail> {
    take(worker, &Room { places, share: 2, full }).await.unwrap()
}

/// The token of the link in a mail.
fn token(mail: &ReceivedMail) -> String {
    // Long lines are folded, if the mail is quoted-printable.
    let text = mail.body().replace("=\r\n", "").replace("=3D", "=");
    let (_, rest) = text.split_once("http://127.0.0.1:7400/verify/").unwrap_or_else(|| panic!("{text}"));
    rest.split_whitespace().next().unwrap().to_owned()
}

#[tokio::test]
async fn a_link_is_mailed_once_and_again_only_where_the_server_has_put_it_off() {
    let (sink, mut mails) = SmtpSink::start().await.unwrap();
    let (own, mut own_mails) = SmtpSink::start().await.unwrap();
    let mut cell = Cell::with_registry(Registry::standard(), &[]).await;
    let server = Some(format!("smtp://{}", sink.address()).parse().unwrap());
    let settings = MailSettings { server, from: "Capstan <capstan@example.com>".into(), sandbox: false };
    cell.services = services_with(&cell.place, &[&own.address().to_string()], &cell.keys, settings);
    let login = json!({"host": own.address().ip().to_string(), "port": own.address().port(), "tls": "none",
                       "from": "Shop <shop@example.com>"});
    keep(&cell, &cell.keys, "mail", "smtp", &[own.address().ip().to_string()], login).await;
    let ada = cell.submitted("ada@example.com", None).await;
    let bob = cell.submitted("bob@example.com", Some("mail")).await;
    let busy = cell.submitted("busy@example.com", None).await;
    let gone = cell.submitted("reject@example.com", None).await;
    let lost = cell.submitted("carl@example.com", Some("no such")).await;
    let worker = cell.worker().await;

    let mail = mails.recv().await.unwrap();
    assert_eq!(
        (mail.from.as_str(), mail.to.as_slice()),
        ("capstan@example.com", ["ada@example.com".to_owned()].as_slice())
    );
    assert_eq!(mail.header("subject").as_deref(), Some("Please confirm: ContactBcc: eve@example.com"));
    assert!(mail.header("bcc").is_none() && !mail.data.contains("what was filled in"), "{}", mail.data);
    let token = token(&mail);
    let link = UnverifiedSubmission::read(&token).unwrap();
    let (mut owner, workspace_id) = (cell.owner().await, cell.workspace_id);
    let (key, now) = verifying_key(&mut owner, workspace_id, link.key_no).await.unwrap().unwrap();
    let link = link.verify(&key).unwrap();
    assert_eq!((link.workspace_id, link.submission_id), (workspace_id, ada));
    assert!(link.expires_at > now + chrono::Duration::hours(23), "{link:?}");
    let other = own_mails.recv().await.unwrap();
    assert_eq!(
        (other.from.as_str(), other.to.as_slice()),
        ("shop@example.com", ["bob@example.com".to_owned()].as_slice())
    );

    for id in [ada, bob] {
        cell.until_submission(id, "mailed_at IS NOT NULL AND mail_due_at IS NULL AND mail_error IS NULL").await;
    }
    cell.until_submission(busy, "mail_error LIKE '%try again%' AND mail_due_at > clock_timestamp() AND mail_tries = 1")
        .await;
    cell.until_submission(gone, "mail_error LIKE '%no such mailbox%' AND mail_due_at IS NULL AND mailed_at IS NULL")
        .await;
    cell.until_submission(lost, "mail_error LIKE '%no credential%' AND mail_due_at IS NULL AND mailed_at IS NULL")
        .await;
    // As if it had come to its last try.
    let last =
        "UPDATE form_submissions SET mail_tries = 5, mail_due_at = clock_timestamp() WHERE mail_due_at IS NOT NULL";
    sqlx::query(last).execute(&mut owner).await.unwrap();
    cell.until_submission(busy, "mail_tries = 6 AND mail_due_at IS NULL AND mailed_at IS NULL").await;
    worker.drain().await;
    assert!(mails.try_recv().is_err() && own_mails.try_recv().is_err(), "a mail was sent twice");
}

#[tokio::test]
async fn workspaces_take_turns_and_a_mail_whose_sender_died_comes_again() {
    let mut cell = Cell::new().await;
    let first = cell.workspace_id;
    for n in 0..3 {
        cell.submitted(&format!("a{n}@example.com"), None).await;
    }
    cell.workspace_id = capstan_engine::core::ids::WorkspaceId::new();
    cell.submitted("b@example.com", None).await;
    let mut worker = cell.place.connect(Role::Worker).await.unwrap();
    let both = taken(&mut worker, 2, &[]).await;
    let mut whose: Vec<bool> = both.iter().map(|mail| mail.workspace_id == first.0).collect();
    whose.sort_unstable();
    assert_eq!(whose, [false, true], "each workspace has a turn");
    assert!(both.iter().all(|mail| mail.tries == 1));
    assert!(taken(&mut worker, 9, &[first.0]).await.is_empty(), "who has its share waits");
    assert_eq!(taken(&mut worker, 9, &[]).await.len(), 2, "what is taken is nobody else's for a while");
    assert!(taken(&mut worker, 9, &[]).await.is_empty());
    // Their worker dies.
    let later = "UPDATE form_submissions SET mail_due_at = clock_timestamp() WHERE mail_due_at IS NOT NULL";
    sqlx::query(later).execute(&mut cell.owner().await).await.unwrap();
    let again = taken(&mut worker, 9, &[]).await;
    assert!(
        again.len() == 3 && again.iter().all(|mail| mail.tries == 2),
        "two of one, and one of the other: {again:?}"
    );
    let over = "UPDATE form_submissions SET expires_at = clock_timestamp() - interval '1 second' WHERE email LIKE 'a%'";
    sqlx::query(over).execute(&mut cell.owner().await).await.unwrap();
    assert_eq!(form_submissions::tidy(&mut worker).await.unwrap(), 3);
    assert_eq!(cell.count("SELECT count(*) FROM form_submissions").await, 1);
}
