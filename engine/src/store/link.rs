//! A worker's connection over time: it comes and goes, and of what was asked on a lost one nothing happens later.

use chrono::{DateTime, Utc};
use sqlx::PgConnection;

use super::connect::{Place, Role};
use super::error::StoreError;

/// At most one connection at a time. Before a new one is used, the session of the last one is ended: a request that
/// was given up may still be on its way, and would otherwise be carried out after those that followed it.
pub struct Link {
    place: Place,
    connection: Option<PgConnection>,
    /// The last one that was used, as long as it may live.
    session: Option<Session>,
    /// Set while requests are under way; still set when they were given up in the middle.
    busy: bool,
}

#[derive(sqlx::FromRow)]
struct Session {
    pid: i32,
    started_at: DateTime<Utc>,
}

impl Link {
    /// Connects when first used.
    #[must_use]
    pub fn new(place: Place) -> Self {
        Self { place, connection: None, session: None, busy: false }
    }

    /// Whether the next use needs no new connection.
    #[must_use]
    pub fn is_open(&self) -> bool {
        self.connection.is_some() && !self.busy
    }

    /// The connection, for requests up to [`Link::done`]. One on which requests were given up is not used again.
    ///
    /// # Errors
    /// If the database cannot be reached, or the last session does not end.
    pub async fn begin(&mut self) -> Result<&mut PgConnection, StoreError> {
        if self.busy {
            self.connection = None;
        }
        let connection = match self.connection.take() {
            Some(connection) => connection,
            None => self.connect().await?,
        };
        self.busy = true;
        Ok(self.connection.insert(connection))
    }

    /// Ends what [`Link::begin`] began, unless it failed in a way that leaves the connection in doubt.
    pub fn done<T>(&mut self, result: Result<T, StoreError>) -> Result<T, StoreError> {
        self.busy = matches!(&result, Err(error) if error.is_transient());
        result
    }

    async fn connect(&mut self) -> Result<PgConnection, StoreError> {
        let mut connection = self.place.connect(Role::Worker).await?;
        if let Some(session) = &self.session {
            // One that ends by itself just as it is ended answers no, and is gone at the next question.
            if !session.end(&mut connection).await? && !session.end(&mut connection).await? {
                return Err(StoreError::LockTimeout);
            }
        }
        let own = sqlx::query_as("SELECT pid, started_at FROM session_1()").fetch_one(&mut connection).await?;
        self.session = Some(own);
        Ok(connection)
    }
}

impl Session {
    /// Ends it; whether it is gone.
    async fn end(&self, connection: &mut PgConnection) -> Result<bool, StoreError> {
        let ended = sqlx::query_scalar("SELECT end_session_1($1, $2)").bind(self.pid).bind(self.started_at);
        Ok(ended.fetch_one(connection).await?)
    }
}
