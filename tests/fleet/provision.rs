//! The process that makes databases is killed at what it does.

use capstan_domain::access::{Asked, Placement, WantedWorkspace, ask_operation, create_user};
use capstan_domain::cells::{DEDICATED_SCHEMA, database_name};
use capstan_engine::store::connect::{Place, Role};
use sqlx::PgConnection;

use crate::process::Process;
use crate::site::Site;

/// Advisory locks of this test, by the number of a step.
const GATES: i32 = 7;
/// That under which a database is migrated.
const MIGRATE_LOCK: i64 = 0x6361_7073_7461_6e02;

async fn run(connection: &mut PgConnection, sql: &str) {
    sqlx::raw_sql(sql).execute(connection).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_provisioner_that_is_killed_at_each_step_leaves_one_database_and_an_active_workspace() {
    let site = Site::new().await;
    let control = site.place.sibling("control");
    let mut owner = control.connect(Role::Owner).await.unwrap();
    // A login that may make databases and is above nobody. And who has done a step waits before it is noted.
    run(
        &mut owner,
        "CREATE ROLE makes LOGIN CREATEDB; GRANT capstan_api, capstan_access, capstan_starter, capstan_worker, \
           capstan_tenant, capstan_resolver TO makes; \
         CREATE FUNCTION hold() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN \
           PERFORM pg_advisory_xact_lock(7, OLD.step); RETURN NEW; END $$; \
         CREATE TRIGGER hold BEFORE UPDATE ON operations FOR EACH ROW WHEN (NEW.step > OLD.step) EXECUTE FUNCTION hold()",
    )
    .await;
    let mut gates = control.connect(Role::Owner).await.unwrap();
    run(&mut gates, "SELECT pg_advisory_lock(7, 1), pg_advisory_lock(7, 2)").await;
    let workspace_id = ask(&mut owner).await;
    let name = database_name(workspace_id);
    let (server, _) = site.serve().await;
    let env = site.provision_env("makes");
    let provisioner = async || Process::start(&["provision"], &env).await;

    // It has made the database, and waits to say so.
    let first = provisioner().await;
    site.until_count(&waiting_at(1), 1).await;
    first.kill9().await;
    run(&mut gates, "SELECT pg_advisory_unlock(7, 1)").await;

    // The next one finds it, and is about to make what is in it.
    let options = site.place.database.clone().database(&name);
    let cell = Place { database: options, schema: DEDICATED_SCHEMA.into(), pooler: None };
    let mut inside = cell.connect(Role::Owner).await.unwrap();
    run(&mut inside, &format!("SELECT pg_advisory_lock({MIGRATE_LOCK})")).await;
    let second = provisioner().await;
    let is_inside = format!("SELECT count(*) FROM pg_stat_activity WHERE datname = '{name}' AND usename = 'makes'");
    site.until_count(&is_inside, 1).await;
    second.kill9().await;
    run(&mut inside, &format!("SELECT pg_advisory_unlock({MIGRATE_LOCK})")).await;

    // The third one has made it all, and waits to say so.
    let third = provisioner().await;
    site.until_count(&waiting_at(2), 1).await;
    third.kill9().await;
    run(&mut gates, "SELECT pg_advisory_unlock(7, 2)").await;

    let last = provisioner().await;
    site.until_count("SELECT count(*) FROM control.operations WHERE ended_at IS NOT NULL", 1).await;
    let (status, state): (String, String) = sqlx::query_as(
        "SELECT o.status, w.state FROM operations o JOIN workspaces w ON w.workspace_id = o.workspace_id",
    )
    .fetch_one(&mut owner)
    .await
    .unwrap();
    assert_eq!((status.as_str(), state.as_str()), ("completed", "active"));
    let databases: Vec<String> = sqlx::query_scalar("SELECT datname::text FROM pg_database ORDER BY datname")
        .fetch_all(&mut owner)
        .await
        .unwrap();
    assert_eq!(databases, ["capstan", name.as_str(), "postgres", "template0", "template1"]);
    let migrations = "SELECT count(*) FROM _sqlx_migrations WHERE success";
    let made: i64 = sqlx::query_scalar(migrations).fetch_one(&mut inside).await.unwrap();
    assert_eq!(made, site.count(migrations).await);
    last.end().await;
    server.end().await;
}

/// Whether somebody waits to note that the step is done.
fn waiting_at(step: i32) -> String {
    format!(
        "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND classid = {GATES} AND objid = {step} AND NOT granted"
    )
}

/// Asks for a dedicated workspace on the home server; answers its id.
async fn ask(owner: &mut PgConnection) -> capstan_engine::core::ids::WorkspaceId {
    let by = create_user(owner, "root@example.com", "Root", "$argon2id$none").await.unwrap();
    let wanted = WantedWorkspace {
        slug: "globex".into(),
        name: "Globex".into(),
        plan: "free".into(),
        owner_email: "o@example.com".into(),
        owner_name: None,
        placement: Placement::Dedicated,
        server_id: None,
    };
    let asked = Asked { by, by_name: "root@example.com", key: "k", request_hash: &[7; 32] };
    ask_operation(owner, &asked, &wanted).await.unwrap().unwrap()
}
