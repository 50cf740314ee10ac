//! Workspaces with databases of their own: made step by step, found by one look-up, and alone in there.

use std::ops::RangeInclusive;
use std::sync::Arc;
use std::time::Duration;

use axum::http::StatusCode;
use capstan_domain::access::{self, Asked, DEDICATED_STEPS, OperationRow, Placement, WantedWorkspace};
use capstan_domain::cells::{self, CellAddress, DDL_AT_ONCE_MAX, Provisioner, RuntimeServer, place_of};
use capstan_engine::core::ids::WorkspaceId;
use capstan_engine::store::connect::{Place, Role};
use serde_json::json;
use sqlx::PgConnection;
use uuid::Uuid;

use crate::database_servers::Logins;
use crate::operations::ask;
use crate::people::send;
use crate::support::{App, simple};
use crate::tenants::admin;

/// What the catalogue of a new cell takes on disk: megabytes, which a server with many of them has to have.
const CATALOGUE_BYTES: RangeInclusive<i64> = 1 << 20..=64 << 20;

/// One whose creator is the superuser of the tests.
fn provisioner(app: &App) -> Provisioner {
    Provisioner::new(app.control.clone(), app.control.clone(), Arc::clone(&app.keys))
}

/// Goes on with an operation, as an API process and a provisioner do, until it has ended.
async fn finish(app: &App, provisioner: &Provisioner, id: Uuid) -> OperationRow {
    let mut owner = app.control.connect(Role::Owner).await.unwrap();
    let mut control = provisioner.connect().await.unwrap();
    let waiting = async {
        loop {
            // The API goes on with it by itself, too.
            let _ = app.api.turn(id).await;
            let turn = Box::pin(provisioner.turn(&mut control)).await.unwrap();
            if let Some(turn) = turn.filter(|turn| turn.failure.is_none()) {
                let expected = turn.step == "schema";
                assert_eq!(
                    turn.catalogue_bytes.is_some_and(|bytes| CATALOGUE_BYTES.contains(&bytes)),
                    expected,
                    "{turn:?}"
                );
            }
            let row = access::get_operation(&mut owner, id).await.unwrap().unwrap();
            if row.ended_at.is_some() {
                return row;
            }
        }
    };
    tokio::time::timeout(Duration::from_secs(120), waiting).await.expect("it never ends")
}

async fn address(owner: &mut PgConnection, workspace_id: Uuid) -> CellAddress {
    cells::cell_of(owner, WorkspaceId(workspace_id)).await.unwrap().unwrap()
}

/// The cell as the superuser of the tests sees it.
fn seen(app: &App, address: &CellAddress) -> Place {
    let database = app.control.database.clone().database(address.database_name.as_deref().unwrap());
    Place { database, schema: address.schema_name.clone(), pooler: None }
}

/// Databases that there are for a workspace.
async fn databases(owner: &mut PgConnection, workspace_id: Uuid) -> Vec<String> {
    let named = sqlx::query_scalar("SELECT datname::text FROM pg_database WHERE datname LIKE '%' || $1");
    named.bind(workspace_id.simple().to_string()).fetch_all(owner).await.unwrap()
}

async fn drop_database(owner: &mut PgConnection, name: &str) {
    sqlx::raw_sql(&format!("DROP DATABASE \"{name}\" WITH (FORCE)")).execute(owner).await.unwrap();
}

/// Rows of a workspace in all tables of a cell.
async fn rows_of(cell: &mut PgConnection, workspace_id: Uuid) -> i64 {
    let tables: Vec<String> = sqlx::query_scalar(
        "SELECT c.oid::regclass::text FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = 'workspace_id' \
          WHERE c.relnamespace = to_regnamespace(current_schema()::text) AND c.relkind IN ('r', 'p') AND NOT c.relispartition",
    )
    .fetch_all(&mut *cell)
    .await
    .unwrap();
    let mut rows = 0;
    for table in tables {
        let counted = format!("SELECT count(*) FROM {table} WHERE workspace_id = $1");
        rows += sqlx::query_scalar::<_, i64>(&counted).bind(workspace_id).fetch_one(&mut *cell).await.unwrap();
    }
    rows
}

#[tokio::test]
async fn a_dedicated_workspace_is_made_and_its_rows_are_in_its_own_database_only() {
    let app = App::start().await;
    let root = admin(&app).await;
    let mut owner = app.control.connect(Role::Owner).await.unwrap();
    let body = json!({
        "slug": "globex", "name": "Globex", "placement": "dedicated", "owner": { "email": "o@example.com" },
    });
    let asked = ask(&app, &root, "k", &body).await;
    assert_eq!(asked.status, StatusCode::ACCEPTED, "{}", asked.text());
    let operation = asked.json();
    let steps: Vec<&str> =
        operation["steps"].as_array().unwrap().iter().map(|it| it["name"].as_str().unwrap()).collect();
    assert_eq!(steps, DEDICATED_STEPS);
    let id: Uuid = operation["id"].as_str().unwrap().parse().unwrap();
    let done = finish(&app, &provisioner(&app), id).await;
    assert_eq!((done.status.as_str(), done.error_detail), ("completed", None));
    let workspace_id = done.workspace_id;
    let shown = send(&app, &root, "GET", &format!("/platform/tenants/{workspace_id}"), json!({})).await.json();
    assert_eq!((&shown["placement"], &shown["state"]), (&json!("dedicated"), &json!("active")));

    // Nobody but the fleet's roles gets into the new database.
    let name = databases(&mut owner, workspace_id).await.pop().unwrap();
    let open: i64 = sqlx::query_scalar(
        "SELECT count(*) FROM pg_database d CROSS JOIN LATERAL aclexplode(d.datacl) a WHERE d.datname = $1 AND a.grantee = 0",
    )
    .bind(&name)
    .fetch_one(&mut owner)
    .await
    .unwrap();
    assert_eq!(open, 0);

    // It is used as any other one is; what is written was announced.
    let generation = "SELECT generation FROM cell_dues WHERE cell_id = $1 AND due_at <= clock_timestamp()";
    let (_, key) = access::create_key(&mut owner, WorkspaceId(workspace_id), "test").await.unwrap();
    let mut globex = app.another_process();
    globex.key = key;
    let workflow = globex.publish(&simple()).await;
    globex.begin(&workflow).await;
    assert_eq!(globex.get("/api/v1/executions").await.json()["items"].as_array().unwrap().len(), 1);
    let announced: i64 = sqlx::query_scalar(generation).bind(workspace_id).fetch_one(&mut owner).await.unwrap();
    assert!(announced >= 1, "{announced}");

    // Its rows are there and nowhere else, and nobody else's are there.
    let acme = app.publish(&simple()).await;
    app.begin(&acme).await;
    let mut own = seen(&app, &address(&mut owner, workspace_id).await).connect(Role::Owner).await.unwrap();
    let mut home = app.cell.connect(Role::Owner).await.unwrap();
    assert!(rows_of(&mut own, workspace_id).await > 4);
    assert_eq!(rows_of(&mut home, workspace_id).await, 0);
    assert_eq!(rows_of(&mut own, app.acme.0).await, 0);
    assert!(rows_of(&mut home, app.acme.0).await > 4);
    let (executions, others): (i64, i64) =
        sqlx::query_as("SELECT count(*), count(*) FILTER (WHERE workspace_id <> $1) FROM executions")
            .bind(workspace_id)
            .fetch_one(&mut own)
            .await
            .unwrap();
    assert_eq!((executions, others), (1, 0));
    drop_database(&mut owner, &name).await;
}

#[tokio::test]
async fn whoever_dies_at_a_step_of_a_dedicated_workspace_leaves_one_database_on_its_server() {
    let app = App::start().await;
    let root = admin(&app).await;
    let mut owner = app.control.connect(Role::Owner).await.unwrap();
    let logins = Logins::make(&mut owner).await;
    let body = json!({
        "slug": "globex", "name": "Globex", "placement": "dedicated", "server": "far", "owner": { "email": "o@example.com" },
    });
    assert_eq!(ask(&app, &root, "k", &body).await.verdict(), "422 unknown_server");
    let server = send(&app, &root, "POST", "/platform/database-servers", logins.wish(&app)).await.json();
    assert_eq!(ask(&app, &root, "k", &body).await.verdict(), "409 server_not_valid");
    let path = format!("/platform/database-servers/{}", server["id"].as_str().unwrap());
    assert_eq!(send(&app, &root, "POST", &format!("{path}/check"), json!({})).await.json()["status"], "valid");
    // A step that ends with this does all that it does, and is not noted: as if the process had died before its commit.
    sqlx::raw_sql(
        "CREATE TABLE deaths (step int); GRANT SELECT ON deaths TO capstan_access; INSERT INTO deaths VALUES (0); \
         CREATE FUNCTION die() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN \
           IF EXISTS (SELECT FROM deaths d WHERE d.step = OLD.step) THEN RAISE EXCEPTION 'died'; END IF; RETURN NEW; END $$; \
         CREATE TRIGGER die BEFORE UPDATE ON operations FOR EACH ROW WHEN (NEW.step > OLD.step) EXECUTE FUNCTION die()",
    )
    .execute(&mut owner)
    .await
    .unwrap();
    let wanted = WantedWorkspace {
        slug: "globex".into(),
        name: "Globex".into(),
        plan: "free".into(),
        owner_email: "o@example.com".into(),
        owner_name: None,
        placement: Placement::Dedicated,
        server_id: Some(server["id"].as_str().unwrap().parse().unwrap()),
    };
    let by = access::find_user(&mut owner, "root@example.com").await.unwrap().unwrap().user_id;
    let asked = Asked { by, by_name: "root@example.com", key: "k", request_hash: &[7; 32] };
    let workspace_id = access::ask_operation(&mut owner, &asked, &wanted).await.unwrap().unwrap().0;
    let id = access::find_operation(&mut owner, by, "k").await.unwrap().unwrap().operation_id;
    for step in 0..i32::try_from(DEDICATED_STEPS.len()).unwrap() {
        sqlx::query("UPDATE deaths SET step = $1").bind(step).execute(&mut owner).await.unwrap();
        // Processes of their own, which get as far as that and no further.
        let (api, makes) = (app.another_process(), provisioner(&app));
        let dying = async {
            let mut control = makes.connect().await.unwrap();
            while api.api.turn(id).await.is_ok() && Box::pin(makes.turn(&mut control)).await.is_ok() {}
        };
        tokio::time::timeout(Duration::from_secs(120), dying).await.expect("it does not die");
        let dead = access::get_operation(&mut owner, id).await.unwrap().unwrap();
        assert_eq!((dead.step, dead.ended_at), (step, None), "{:?}", dead.error_detail);
    }
    sqlx::query("DELETE FROM deaths").execute(&mut owner).await.unwrap();
    let done = finish(&app.another_process(), &provisioner(&app), id).await;
    assert_eq!((done.status.as_str(), done.error_detail), ("completed", None));

    let made = databases(&mut owner, workspace_id).await;
    assert_eq!(made.len(), 1);
    let owned_by = "SELECT r.rolname::text FROM pg_database d JOIN pg_roles r ON r.oid = d.datdba WHERE d.datname = $1";
    let owned_by: String = sqlx::query_scalar(owned_by).bind(&made[0]).fetch_one(&mut owner).await.unwrap();
    assert_eq!(owned_by, logins.creator);
    let cell = address(&mut owner, workspace_id).await;
    let server: RuntimeServer = cells::server_of(&mut owner, cell.server_id.unwrap()).await.unwrap().unwrap();
    let used = place_of(&app.control, &cell, Some(&server), &app.keys).unwrap();
    let mut own = used.connect(Role::Worker).await.unwrap();
    let who: String = sqlx::query_scalar("SELECT session_user::text").fetch_one(&mut own).await.unwrap();
    assert_eq!(who, logins.runtime);
    let mut own = seen(&app, &cell).connect(Role::Owner).await.unwrap();
    let activated = "SELECT count(*) FROM outbox WHERE type = 'tenant.activated'";
    let waiting = async {
        // Whoever did the last step tells the cell after its commit.
        while sqlx::query_scalar::<_, i64>(activated).fetch_one(&mut own).await.unwrap() != 1 {}
    };
    tokio::time::timeout(Duration::from_secs(60), waiting).await.expect("the cell is not told once");
    assert_eq!(send(&app, &root, "DELETE", &path, json!({})).await.verdict(), "409 server_in_use");
    drop_database(&mut owner, &made[0]).await;
    logins.remove(&mut owner).await;
}

#[tokio::test]
async fn a_database_is_made_once_however_often_it_is_tried_and_a_foreign_one_is_left_alone() {
    let app = App::start().await;
    let mut owner = app.control.connect(Role::Owner).await.unwrap();
    let by = access::create_user(&mut owner, "ada@example.com", "Ada", "$argon2id$none").await.unwrap();
    let wanted = WantedWorkspace {
        slug: "globex".into(),
        name: "Globex".into(),
        plan: "free".into(),
        owner_email: "o@example.com".into(),
        owner_name: None,
        placement: Placement::Dedicated,
        server_id: None,
    };
    let asked = Asked { by, by_name: "ada@example.com", key: "k", request_hash: &[7; 32] };
    let workspace_id = access::ask_operation(&mut owner, &asked, &wanted).await.unwrap().unwrap();
    let id = access::find_operation(&mut owner, by, "k").await.unwrap().unwrap().operation_id;
    let makes = provisioner(&app);
    let mut control = makes.connect().await.unwrap();
    while access::get_operation(&mut owner, id).await.unwrap().unwrap().step == 0 {
        let _ = app.api.turn(id).await;
    }
    // Enough others are at it.
    let mut others = app.control.connect(Role::Access).await.unwrap();
    let lock = "SELECT pg_advisory_lock(hashtext(current_schema() || '#ddl'), n) FROM generate_series(0, $1 - 1) AS n";
    sqlx::query(lock).bind(DDL_AT_ONCE_MAX).execute(&mut others).await.unwrap();
    assert_eq!(Box::pin(makes.turn(&mut control)).await.unwrap(), None);
    // From here on one other is: two make databases at the same time, and no more.
    let one_is_done = "SELECT pg_advisory_unlock(hashtext(current_schema() || '#ddl'), 0)";
    sqlx::query(one_is_done).execute(&mut others).await.unwrap();
    assert_eq!(DDL_AT_ONCE_MAX, 2);

    let name = cells::database_name(workspace_id);
    for change in ["", "COMMENT ON DATABASE {} IS NULL"] {
        if !change.is_empty() {
            sqlx::raw_sql(&change.replace("{}", &name)).execute(&mut owner).await.unwrap();
        }
        for _ in 0..2 {
            let turn = Box::pin(makes.turn(&mut control)).await.unwrap().unwrap();
            assert_eq!((turn.operation_id, turn.step, turn.failure), (id, "database", None));
            again(&mut owner, id).await;
        }
    }
    assert_eq!(databases(&mut owner, workspace_id.0).await, [name.as_str()]);
    let mark = "SELECT shobj_description(oid, 'pg_database') FROM pg_database WHERE datname = $1";
    let mark: Option<String> = sqlx::query_scalar(mark).bind(&name).fetch_one(&mut owner).await.unwrap();
    assert_eq!(mark, Some(format!("Capstan operation {id}")));

    let foreign = format!("COMMENT ON DATABASE {name} IS 'of the accountants'");
    sqlx::raw_sql(&foreign).execute(&mut owner).await.unwrap();
    let turn = Box::pin(makes.turn(&mut control)).await.unwrap().unwrap();
    assert!(turn.failure.is_some_and(|said| said.contains("something else was made in the database")));
    let failed = access::get_operation(&mut owner, id).await.unwrap().unwrap();
    assert_eq!((failed.status.as_str(), failed.error_code.as_deref()), ("failed", Some("database_in_use")));
    drop_database(&mut owner, &name).await;
}

/// Has the database step done again, as if its note had been lost.
async fn again(owner: &mut PgConnection, id: Uuid) {
    let undone = sqlx::query("UPDATE operations SET step = 1, steps = steps - 'database' WHERE operation_id = $1");
    undone.bind(id).execute(owner).await.unwrap();
}

#[tokio::test]
async fn a_workspace_is_found_by_indexes_and_nothing_is_read_whole() {
    let app = App::start().await;
    let mut owner = app.control.connect(Role::Owner).await.unwrap();
    // As the functions ask, with the settings of the role that calls them.
    let mut asker = app.control.connect(Role::Api).await.unwrap();
    sqlx::raw_sql("SET ROLE capstan_resolver").execute(&mut asker).await.unwrap();
    for (function, given) in [
        (
            "resolve_workspace_3",
            vec![("p_slug", "'acme'::text"), ("p_key_hash", "NULL::bytea"), ("p_workspace", "NULL::uuid")],
        ),
        (
            "resolve_workspace_3",
            vec![("p_slug", "NULL::text"), ("p_key_hash", "'\\x00'::bytea"), ("p_workspace", "NULL::uuid")],
        ),
        ("admit_key_3", vec![("p_key_hash", "'\\x00'::bytea")]),
        ("database_server_1", vec![("p_server", "'00000000-0000-0000-0000-000000000000'::uuid")]),
    ] {
        let body: String = sqlx::query_scalar("SELECT prosrc FROM pg_proc WHERE proname = $1")
            .bind(function)
            .fetch_one(&mut owner)
            .await
            .unwrap();
        let body = given.iter().fold(body, |body, (name, value)| body.replace(name, value));
        let plan: Vec<String> = sqlx::query_scalar(&format!("EXPLAIN {body}")).fetch_all(&mut asker).await.unwrap();
        let plan = plan.join("\n");
        assert!(plan.contains("Index") && !plan.contains("Seq Scan"), "{function}: {plan}");
    }
}
