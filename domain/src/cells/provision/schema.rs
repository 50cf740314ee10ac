//! The tables of a dedicated cell, and whether the fleet gets at them.

use capstan_engine::store::connect::{Place, Role};
use capstan_engine::store::migrate::{Kind, migrate};
use sqlx::{Connection, Executor};

use super::Failure;

/// Who connects to a dedicated cell. Nobody else does.
const MAY_CONNECT: &str = "capstan_api, capstan_starter, capstan_worker";

/// Brings the schema at `owned`, for its owner, to the newest version.
pub(super) async fn make(owned: &Place) -> Result<(), Failure> {
    migrate(owned, Kind::Cell).await?;
    let mut owner = owned.connect(Role::Owner).await?;
    let name: String = sqlx::query_scalar("SELECT quote_ident(current_database())").fetch_one(&mut owner).await?;
    let closed = format!(
        "REVOKE ALL ON DATABASE {name} FROM PUBLIC; GRANT CONNECT ON DATABASE {name} TO {MAY_CONNECT}; \
         REVOKE ALL ON SCHEMA public FROM PUBLIC"
    );
    owner.execute(closed.as_str()).await?;
    owner.close().await?;
    Ok(())
}

/// Every role of the fleet gets in as its login, and finds its tables or functions.
pub(super) async fn verify(used: &Place) -> Result<(), Failure> {
    for (role, look) in [
        (Role::Api, "SELECT EXISTS (SELECT FROM workflows)"),
        (Role::Starter, "SELECT has_schema_privilege(current_schema(), 'USAGE')"),
        (Role::Worker, "SELECT EXISTS (SELECT FROM leases)"),
    ] {
        let asked = async {
            let mut connection = used.connect(role).await?;
            sqlx::query_scalar::<_, bool>(look).fetch_one(&mut connection).await?;
            Ok::<_, Failure>(connection.close().await?)
        };
        asked.await.map_err(|failure| {
            Failure::for_now(format!("the fleet does not get into its new cell as {role:?}: {}", failure.detail))
        })?;
    }
    Ok(())
}

/// How much of the new database is catalogue.
pub(super) async fn catalogue_bytes(owned: &Place) -> Result<i64, Failure> {
    let mut owner = owned.connect(Role::Owner).await?;
    let bytes = sqlx::query_scalar(
        "SELECT coalesce(sum(pg_total_relation_size(c.oid)), 0)::bigint FROM pg_class c \
          WHERE c.relnamespace = 'pg_catalog'::regnamespace AND c.relkind = 'r'",
    )
    .fetch_one(&mut owner)
    .await?;
    owner.close().await?;
    Ok(bytes)
}
