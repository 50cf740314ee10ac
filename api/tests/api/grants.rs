//! What each role may do, compared with `tests/grants.txt`.

use std::fmt::Write;
use std::path::Path;

use capstan_engine::store::connect::Role;
use sqlx::PgConnection;

use crate::support::App;

const EXPECTED: &str = include_str!("../grants.txt");

/// Grants on tables, views and sequences, of columns, and on functions, of the two schemas; partitions are left out,
/// as nobody is granted anything on them.
const GRANTS: &str = "
    WITH roles AS (SELECT oid, rolname::text AS name FROM pg_roles WHERE rolname LIKE 'capstan\\_%'),
    schemas AS (SELECT oid, nspname::text AS name FROM pg_namespace WHERE nspname IN ('control', 'cell_1'))
    SELECT r.name || ' ' || s.name || '.' || c.relname || ': ' || string_agg(a.privilege_type, ', ' ORDER BY a.privilege_type)
      FROM pg_class c JOIN schemas s ON s.oid = c.relnamespace CROSS JOIN LATERAL aclexplode(c.relacl) a
      JOIN roles r ON r.oid = a.grantee GROUP BY r.name, s.name, c.relname
    UNION ALL
    SELECT r.name || ' ' || s.name || '.' || c.relname || '(' || string_agg(DISTINCT t.attname, ', ' ORDER BY t.attname) || '): '
           || a.privilege_type
      FROM pg_attribute t JOIN pg_class c ON c.oid = t.attrelid JOIN schemas s ON s.oid = c.relnamespace
     CROSS JOIN LATERAL aclexplode(t.attacl) a JOIN roles r ON r.oid = a.grantee
     GROUP BY r.name, s.name, c.relname, a.privilege_type
    UNION ALL
    SELECT coalesce(r.name, 'PUBLIC') || ' ' || s.name || '.' || p.proname || '(): ' || a.privilege_type
           || CASE WHEN p.prosecdef THEN ' as ' || CASE WHEN o.rolsuper THEN 'owner' ELSE o.rolname END ELSE '' END
      FROM pg_proc p JOIN schemas s ON s.oid = p.pronamespace JOIN pg_roles o ON o.oid = p.proowner
     CROSS JOIN LATERAL aclexplode(coalesce(p.proacl, acldefault('f', p.proowner))) a
      LEFT JOIN roles r ON r.oid = a.grantee WHERE r.oid IS NOT NULL OR a.grantee = 0
    UNION ALL
    SELECT r.name || ' schema ' || s.name || ': ' || string_agg(a.privilege_type, ', ' ORDER BY a.privilege_type)
      FROM pg_namespace n JOIN schemas s ON s.oid = n.oid CROSS JOIN LATERAL aclexplode(n.nspacl) a
      JOIN roles r ON r.oid = a.grantee GROUP BY r.name, s.name
    UNION ALL
    SELECT rolname || ' role: ' || concat_ws(', ', CASE WHEN rolsuper THEN 'SUPERUSER' END,
           CASE WHEN rolbypassrls THEN 'BYPASSRLS' END, CASE WHEN rolcreaterole THEN 'CREATEROLE' END,
           CASE WHEN rolcreatedb THEN 'CREATEDB' END, CASE WHEN rolcanlogin THEN 'LOGIN' END)
      FROM pg_roles WHERE rolname LIKE 'capstan\\_%'";

const UNFORCED: &str = "
    SELECT c.oid::regclass::text FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = 'workspace_id'
     WHERE c.relnamespace IN ('control'::regnamespace, 'cell_1'::regnamespace) AND c.relkind IN ('r', 'p')
       AND NOT (c.relrowsecurity AND c.relforcerowsecurity)";

/// Unique keys of tenant tables without the workspace.
const UNSCOPED: &str = "
    SELECT k.relname::text FROM pg_index i JOIN pg_class k ON k.oid = i.indexrelid JOIN pg_class c ON c.oid = i.indrelid
      JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = 'workspace_id'
     WHERE c.relnamespace = 'cell_1'::regnamespace AND i.indisunique AND NOT c.relispartition
       AND NOT a.attnum = ANY (i.indkey::int2[])";
/// Those of executions and of the outbox: we make their ids, and nobody chooses one.
const OF_OUR_IDS: [&str; 15] = [
    "children_pkey",
    "children_step_key",
    "execution_logs_pkey",
    "execution_migrations_pkey",
    "executions_pkey",
    "gated_execution",
    "journal_pkey",
    "leases_pkey",
    "losses_pkey",
    "outbox_pkey",
    "pending_inputs_pkey",
    "pending_starts_pkey",
    "signals_pkey",
    "timers_pkey",
    "usage_pkey",
];

pub(crate) async fn lines(connection: &mut PgConnection, query: &str) -> Vec<String> {
    let mut lines: Vec<String> = sqlx::query_scalar(query).fetch_all(connection).await.unwrap();
    lines.sort_unstable();
    lines
}

#[tokio::test]
async fn the_grants_of_all_roles_are_those_written_down() {
    let app = App::start().await;
    let mut owner = app.control.connect(Role::Owner).await.unwrap();
    let mut found = String::new();
    for line in lines(&mut owner, GRANTS).await {
        let _ = writeln!(found, "{}", line.trim_end());
    }
    if found != EXPECTED {
        let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join("grants.txt");
        std::fs::write(&path, &found).unwrap();
        panic!("the grants are not those of tests/grants.txt; if they should be, copy {}", path.display());
    }
}

#[tokio::test]
async fn every_tenant_table_has_row_level_security_enabled_and_forced() {
    let app = App::start().await;
    let mut owner = app.control.connect(Role::Owner).await.unwrap();
    assert_eq!(lines(&mut owner, UNFORCED).await, Vec::<String>::new());
}

#[tokio::test]
async fn unique_keys_of_tenant_tables_name_the_workspace_unless_they_are_of_ids_of_ours() {
    let app = App::start().await;
    let mut owner = app.control.connect(Role::Owner).await.unwrap();
    assert_eq!(lines(&mut owner, UNSCOPED).await, OF_OUR_IDS);
}
