//! A database of its own for a workspace. Its name comes from the workspace's id, and a comment says for which operation it was made.

use capstan_engine::store::connect::{Place, Role};
use sqlx::{Connection, Executor, PgConnection};
use uuid::Uuid;

use super::Failure;

/// What is there under a name.
#[derive(sqlx::FromRow)]
struct Found {
    is_ours: bool,
    is_whole: bool,
    mark: Option<String>,
}

/// Makes the database `name` unless it is there. One that is somebody else's, or was made for something else, is left alone.
pub(super) async fn make(place: &Place, name: &str, operation_id: Uuid) -> Result<(), Failure> {
    let mut creator = place.connect(Role::Owner).await?;
    let mark = format!("Capstan operation {operation_id}");
    if find(&mut creator, name).await?.is_none() {
        // Nobody is connected to template0, so nobody is waited for. Whoever was quicker has made it.
        let made = format!("CREATE DATABASE \"{name}\" TEMPLATE template0 ENCODING 'UTF8'");
        creator.execute(made.as_str()).await?;
    }
    let found = find(&mut creator, name).await?.ok_or_else(|| Failure::for_now("the database is gone"))?;
    let refused = |detail: &str| Failure { code: Some("database_in_use"), detail: format!("{detail} {name:?}") };
    if !found.is_ours {
        return Err(refused("somebody else has a database"));
    }
    if !found.is_whole {
        return Err(refused("the server could not drop the database"));
    }
    match found.mark.as_deref() {
        Some(found) if found == mark => {}
        Some(_) => return Err(refused("something else was made in the database")),
        // Whoever made it died before it was marked.
        None => {
            creator.execute(format!("COMMENT ON DATABASE \"{name}\" IS '{mark}'").as_str()).await?;
        }
    }
    creator.close().await?;
    Ok(())
}

async fn find(creator: &mut PgConnection, name: &str) -> Result<Option<Found>, Failure> {
    let found = sqlx::query_as(
        "SELECT r.rolname = current_user AS is_ours, d.datconnlimit <> -2 AS is_whole, \
                shobj_description(d.oid, 'pg_database') AS mark \
           FROM pg_database d JOIN pg_roles r ON r.oid = d.datdba WHERE d.datname = $1",
    );
    Ok(found.bind(name).fetch_optional(creator).await?)
}
