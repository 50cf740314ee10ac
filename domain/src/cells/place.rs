//! From the address of a cell to the place that connections are made to.

use capstan_engine::core::ids::WorkspaceId;
use capstan_engine::store::connect::Place;
use capstan_engine::store::error::StoreError;
use sqlx::FromRow;
use sqlx::postgres::{PgConnectOptions, PgSslMode};
use thiserror::Error;
use uuid::Uuid;

use super::CellAddress;
use crate::secrets::{KeyRing, OpenError, Sealed, open};

/// Schema of a dedicated cell. The home cell has another one, so that nobody takes the one for the other.
pub const DEDICATED_SCHEMA: &str = "capstan";
/// What the password of a runtime login is bound to, beside the server's id.
pub const SERVER_PASSWORD: &str = "database_server";
/// The same of a creator's.
pub const CREATOR_PASSWORD: &str = "database_server_creator";
/// The database that is connected to where none of our own is there yet, or another one is made.
pub(super) const MAINTENANCE_DATABASE: &str = "postgres";
/// How connections to a server may be secured.
pub const TLS_MODES: [&str; 5] = ["disable", "prefer", "require", "verify-ca", "verify-full"];

/// Name of the database of a workspace: the same however often it is made.
#[must_use]
pub fn database_name(workspace_id: WorkspaceId) -> String {
    format!("capstan_{}", workspace_id.0.simple())
}

/// What a cell is called in archives of its history: by the database of a dedicated one, as all of these have the same schema, by the
/// schema of another. No two cells of a server have one name.
#[must_use]
pub fn name_in_archive(place: &Place) -> &str {
    match place.database.get_database() {
        Some(database) if place.schema == DEDICATED_SCHEMA => database,
        _ => &place.schema,
    }
}

/// A cell cannot be reached, or nobody knows how.
#[derive(Debug, Error)]
pub enum CellError {
    /// Its server is not known.
    #[error("the database server {0} of the cell is not known any more")]
    UnknownServer(Uuid),
    /// The password of its server does not open.
    #[error("the password of the cell's database server does not open: {0}")]
    Sealed(#[from] OpenError),
    /// It is not text.
    #[error("the password of the cell's database server is not text: give it again")]
    NoText,
    /// Nobody is known who makes databases on the home server.
    #[error("who makes databases on the home server is not known here: set CAPSTAN_CREATOR_URL")]
    NoCreator,
    /// `control` does not answer.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// A server as its runtime login reaches it.
#[derive(Clone, PartialEq, Eq, FromRow)]
pub struct RuntimeServer {
    /// Its id.
    pub server_id: Uuid,
    /// Name or address.
    pub host: String,
    /// TCP port.
    pub port: i32,
    /// One of [`TLS_MODES`].
    pub tls: String,
    /// Who logs in.
    pub login: String,
    /// Bound to the server and [`SERVER_PASSWORD`].
    pub password_sealed: Vec<u8>,
    /// Under which key.
    pub password_key_id: String,
}

/// Without the password, though it is sealed.
impl std::fmt::Debug for RuntimeServer {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_struct("RuntimeServer").field("server_id", &self.server_id).finish_non_exhaustive()
    }
}

impl RuntimeServer {
    /// How it is connected to.
    ///
    /// # Errors
    /// If the password does not open.
    pub fn options(&self, keys: &KeyRing) -> Result<PgConnectOptions, CellError> {
        let sealed = Sealed { key_id: self.password_key_id.clone(), bytes: self.password_sealed.clone() };
        let id = self.server_id.to_string();
        // It belongs to no workspace.
        let password = open(keys, WorkspaceId(Uuid::nil()), SERVER_PASSWORD, &id, &sealed)?;
        Ok(server_options(&self.host, self.port, &self.tls)
            .username(&self.login)
            .password(password.text().ok_or(CellError::NoText)?))
    }
}

/// The address of a server, for nobody yet.
pub(super) fn server_options(host: &str, port: i32, tls: &str) -> PgConnectOptions {
    let port = u16::try_from(port).unwrap_or(5432);
    PgConnectOptions::new_without_pgpass().host(host).port(port).ssl_mode(tls_mode(tls))
}

/// What `tls` asks for; a word of a later release is the strictest.
#[must_use]
pub fn tls_mode(tls: &str) -> PgSslMode {
    match tls {
        "disable" => PgSslMode::Disable,
        "prefer" => PgSslMode::Prefer,
        "require" => PgSslMode::Require,
        "verify-ca" => PgSslMode::VerifyCa,
        _ => PgSslMode::VerifyFull,
    }
}

/// Where the cell at `address` is, for the runtime login. `home` is a place in the fleet's own database, `server` that of the address
/// if it names one ([`server_of`](super::server_of)). A dedicated cell has no pooler.
///
/// # Errors
/// See [`CellError`].
pub fn place_of(
    home: &Place,
    address: &CellAddress,
    server: Option<&RuntimeServer>,
    keys: &KeyRing,
) -> Result<Place, CellError> {
    let Some(database) = &address.database_name else { return Ok(home.sibling(&address.schema_name)) };
    let options = match (address.server_id, server) {
        (None, _) => home.database.clone(),
        (Some(id), Some(server)) if server.server_id == id => server.options(keys)?,
        (Some(id), _) => return Err(CellError::UnknownServer(id)),
    };
    Ok(Place { database: options.database(database), schema: address.schema_name.clone(), pooler: None })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::secrets::seal;

    fn address(server_id: Option<Uuid>) -> CellAddress {
        let (cell_id, schema_name) = (Uuid::now_v7(), DEDICATED_SCHEMA.to_owned());
        CellAddress { cell_id, schema_name, database_name: Some("capstan_one".into()), server_id }
    }

    #[test]
    fn a_cell_is_where_its_address_says() {
        let (keys, id) = (KeyRing::generate(), Uuid::now_v7());
        let home = Place::new("postgres://me:secret@home.example/fleet", "cell_1").unwrap();
        let sealed = seal(&keys, WorkspaceId(Uuid::nil()), SERVER_PASSWORD, &id.to_string(), b"hidden").unwrap();
        let server = RuntimeServer {
            server_id: id,
            host: "far.example".into(),
            port: 5433,
            tls: "require".into(),
            login: "capstan".into(),
            password_sealed: sealed.bytes,
            password_key_id: sealed.key_id,
        };
        let pooled = CellAddress { database_name: None, ..address(None) };
        let place = place_of(&home, &pooled, None, &keys).unwrap();
        assert_eq!((place.schema.as_str(), place.database.get_database()), ("capstan", Some("fleet")));
        let place = place_of(&home, &address(None), None, &keys).unwrap();
        assert_eq!((place.database.get_host(), place.database.get_database()), ("home.example", Some("capstan_one")));
        let place = place_of(&home, &address(Some(id)), Some(&server), &keys).unwrap();
        assert_eq!((place.database.get_host(), place.database.get_port()), ("far.example", 5433));
        assert_eq!(place.database.get_database(), Some("capstan_one"));
        // Not to a server that is not its own, and not with a password that does not open.
        let wrong = place_of(&home, &address(Some(Uuid::now_v7())), Some(&server), &keys);
        assert!(matches!(wrong, Err(CellError::UnknownServer(_))));
        let wrong = place_of(&home, &address(Some(id)), Some(&server), &KeyRing::generate());
        assert!(matches!(wrong, Err(CellError::Sealed(_))));
        assert!(!format!("{server:?}").contains("far.example"));
    }
}
