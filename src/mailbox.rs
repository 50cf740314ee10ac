//! The sandbox mailbox of the mailer, kept in the database.

use capstan_domain::mailbox::{NewMail, store_mail};
use capstan_engine::core::ids::WorkspaceId;
use capstan_engine::store::connect::{Place, Role};
use capstan_engine::store::error::StoreError;
use capstan_node_types::services::mail::{Mail, Mailbox, MailboxError};
use futures::future::BoxFuture;
use sqlx::PgPool;

/// Connections for mail; mail that finds none waits a moment.
const CONNECTIONS_MAX: u32 = 2;

/// Keeps mail in the cell.
pub(crate) struct SandboxMailbox {
    pool: PgPool,
}

impl SandboxMailbox {
    /// The mailbox of the cell at `place`; connects when the first mail comes.
    pub(crate) fn new(place: &Place) -> Self {
        Self { pool: place.pool(Role::Worker, CONNECTIONS_MAX) }
    }
}

impl Mailbox for SandboxMailbox {
    fn store<'a>(&'a self, workspace: WorkspaceId, mail: Mail) -> BoxFuture<'a, Result<(), MailboxError>> {
        let mail = NewMail {
            message_id: mail.message_id,
            sender: mail.from,
            recipients: mail.to,
            subject: mail.subject,
            body_text: mail.text,
            body_html: mail.html,
        };
        Box::pin(async move {
            let mut transaction = self.pool.begin().await.map_err(StoreError::from)?;
            store_mail(&mut transaction, workspace, &mail).await?;
            Ok(transaction.commit().await.map_err(StoreError::from)?)
        })
    }
}
