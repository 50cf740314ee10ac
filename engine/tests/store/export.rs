use std::collections::BTreeSet;

use capstan_engine::core::ids::WorkspaceId;
use capstan_engine::store::connect::{Place, Role};
use capstan_engine::store::export::export;
use serde_json::Value;
use sqlx::PgConnection;
use uuid::Uuid;

use super::roles_rows::rows;
use super::support::{Cell, run};

async fn exported(connection: &mut PgConnection, workspace: WorkspaceId) -> Vec<Value> {
    let mut lines = Vec::new();
    let count = export(connection, workspace, |line| {
        lines.push(serde_json::from_str(line).unwrap());
        Ok(())
    });
    assert_eq!(count.await.unwrap(), lines.len() as u64);
    lines
}

#[tokio::test]
async fn an_export_has_a_row_of_every_tenant_table_and_none_of_another_workspace() {
    let cell = Cell::new().await;
    let (own, other) = (WorkspaceId::new(), WorkspaceId::new());
    let mut owner = cell.connect(Role::Owner).await;
    for workspace in [own, other] {
        run(&mut owner, &rows(&workspace.0.to_string())).await;
    }
    let tables: Vec<String> = sqlx::query_scalar(
        "SELECT DISTINCT c.relname::text FROM pg_class c JOIN pg_policy p ON p.polrelid = c.oid \
          WHERE c.relnamespace = current_schema()::regnamespace AND NOT c.relispartition",
    )
    .fetch_all(&mut owner)
    .await
    .unwrap();

    // As a login without any right but to work as the product's roles.
    let login = format!("exporter_{}", Uuid::now_v7().simple());
    let grants = "capstan_api, capstan_access, capstan_starter, capstan_worker, capstan_tenant, capstan_resolver";
    run(&mut owner, &format!("CREATE ROLE {login} LOGIN; GRANT {grants} TO {login}")).await;
    let place = Place { database: cell.place.database.clone().username(&login), ..cell.place.clone() };
    let lines = exported(&mut place.connect(Role::Owner).await.unwrap(), own).await;

    let found: BTreeSet<&str> = lines.iter().map(|line| line["table"].as_str().unwrap()).collect();
    assert_eq!(found, tables.iter().map(String::as_str).collect::<BTreeSet<_>>());
    for line in &lines {
        assert_eq!(line["row"]["workspace_id"], own.0.to_string(), "{line}");
        assert!(line["row"].get("sealed").is_none() && line["row"].get("secret").is_none(), "no secret leaves: {line}");
    }
    assert_eq!(exported(&mut owner, WorkspaceId::new()).await, Vec::<Value>::new());
    run(&mut owner, &format!("DROP ROLE {login}")).await;
}
