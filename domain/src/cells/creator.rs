//! Places as the logins reach them that own dedicated cells: for provisioners, and for migrations.

use capstan_engine::core::ids::WorkspaceId;
use capstan_engine::store::connect::Place;
use capstan_engine::store::error::StoreError;
use sqlx::postgres::PgConnectOptions;
use sqlx::{FromRow, PgConnection};
use uuid::Uuid;

use super::CellAddress;
use super::place::{CREATOR_PASSWORD, CellError, MAINTENANCE_DATABASE, server_options};
use crate::secrets::{KeyRing, Sealed, open};

/// A server as its creator reaches it.
#[derive(FromRow)]
struct CreatorServer {
    host: String,
    port: i32,
    tls: String,
    creator_login: String,
    creator_password_sealed: Vec<u8>,
    creator_key_id: String,
}

/// The cell at `address`, as the login that owns it. `home` is a place of the creator of the home server. For a connection of the
/// access role.
///
/// # Errors
/// See [`CellError`].
pub async fn creator_place(
    control: &mut PgConnection,
    home: Option<&Place>,
    address: &CellAddress,
    keys: &KeyRing,
) -> Result<Place, CellError> {
    let options = match address.server_id {
        None => home.ok_or(CellError::NoCreator)?.database.clone(),
        Some(id) => options(control, id, keys).await?,
    };
    let database = address.database_name.as_deref().unwrap_or(MAINTENANCE_DATABASE);
    Ok(Place { database: options.database(database), schema: address.schema_name.clone(), pooler: None })
}

/// The same, where other databases are made.
///
/// # Errors
/// See [`CellError`].
pub(super) async fn maintenance_place(
    control: &mut PgConnection,
    home: Option<&Place>,
    address: &CellAddress,
    keys: &KeyRing,
) -> Result<Place, CellError> {
    // That of the home server is at the database that its setting names.
    let of_home = home.filter(|_| address.server_id.is_none());
    let place = creator_place(control, home, address, keys).await?;
    Ok(match of_home {
        Some(home) => home.clone(),
        None => Place { database: place.database.database(MAINTENANCE_DATABASE), ..place },
    })
}

async fn options(control: &mut PgConnection, server_id: Uuid, keys: &KeyRing) -> Result<PgConnectOptions, CellError> {
    let row: Option<CreatorServer> = sqlx::query_as(
        "SELECT host, port, tls, creator_login, creator_password_sealed, creator_key_id FROM database_servers \
         WHERE server_id = $1",
    )
    .bind(server_id)
    .fetch_optional(control)
    .await
    .map_err(StoreError::from)?;
    let row = row.ok_or(CellError::UnknownServer(server_id))?;
    let sealed = Sealed { key_id: row.creator_key_id, bytes: row.creator_password_sealed };
    let password = open(keys, WorkspaceId(Uuid::nil()), CREATOR_PASSWORD, &server_id.to_string(), &sealed)?;
    Ok(server_options(&row.host, row.port, &row.tls)
        .username(&row.creator_login)
        .password(password.text().ok_or(CellError::NoText)?))
}
