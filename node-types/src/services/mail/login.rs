//! Logging in to a mail server without sending anything.

use capstan_engine::core::ids::WorkspaceId;

use super::{HttpClient, MailError, MailLogin, Mailer, Server};

impl Mailer {
    /// Connects to a server of the workspace as for a mail, with TLS and login, and says goodbye. Nothing is sent, and so nothing
    /// is kept in the sandbox either.
    ///
    /// # Errors
    /// See [`MailError`]; a server that does not take the login has rejected it, or put it off.
    pub async fn try_login(
        &self,
        workspace: WorkspaceId,
        login: &MailLogin,
        http: &HttpClient,
    ) -> Result<(), MailError> {
        let server = Server::of_workspace(login, http).await?;
        let _turns = self.turns.take(workspace).await;
        match server.transport.test_connection().await {
            Ok(true) => Ok(()),
            Ok(false) => Err(MailError::Broken { server: server.name, why: "it did not answer NOOP".into() }),
            Err(error) => Err(server.explain(&error)),
        }
    }
}
