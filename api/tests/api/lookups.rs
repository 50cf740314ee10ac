//! What is looked up with each request is found by an index, however many others there are.

use capstan_domain::access::{MEMBERSHIPS, PERSON_BY_TOKEN};
use capstan_engine::store::connect::Role;
use sqlx::PgConnection;

use crate::support::App;

/// Tenants beside those of the test: each with a key, and an owner who is logged in.
const OTHERS: i32 = 5_000;

async fn many(app: &App) {
    let mut owner = app.control.connect(Role::Owner).await.unwrap();
    let made = format!(
        "INSERT INTO workspaces (workspace_id, slug, name, cell_id) \
           SELECT gen_random_uuid(), 'tenant-' || n, 'Tenant', (SELECT cell_id FROM cells LIMIT 1) FROM generate_series(1, {OTHERS}) AS n; \
         INSERT INTO api_keys (workspace_id, key_id, key_hash, prefix, name) \
           SELECT workspace_id, workspace_id, sha256(slug::bytea), 'p', 'k' FROM workspaces WHERE slug LIKE 'tenant-%'; \
         INSERT INTO users (user_id, email, name, password_hash) \
           SELECT workspace_id, slug || '@example.com', 'Somebody', '$argon2id$' FROM workspaces WHERE slug LIKE 'tenant-%'; \
         INSERT INTO user_sessions (session_id, user_id, token_hash, expires_at) \
           SELECT user_id, user_id, sha256(email::bytea), clock_timestamp() + interval '1 day' FROM users \
            WHERE email LIKE 'tenant-%'; \
         INSERT INTO members (workspace_id, user_id, role) SELECT user_id, user_id, 'owner' FROM users WHERE email LIKE 'tenant-%'; \
         ANALYZE workspaces, api_keys, users, user_sessions, members"
    );
    sqlx::raw_sql(&made).execute(&mut owner).await.unwrap();
}

async fn plan(asker: &mut PgConnection, query: &str, given: &[(&str, &str)]) -> String {
    let query = given.iter().fold(query.to_owned(), |query, (name, value)| query.replace(name, value));
    let lines: Vec<String> = sqlx::query_scalar(&format!("EXPLAIN {query}")).fetch_all(asker).await.unwrap();
    lines.join("\n")
}

/// Only the index is read of each of these; of the few cells all may be.
fn assert_by(plan: &str, indexes: &[&str]) {
    for index in indexes {
        assert!(plan.contains(index), "{index} is not used: {plan}");
    }
    let whole: Vec<&str> =
        plan.lines().filter(|line| line.contains("Seq Scan") && !line.contains("on cells")).collect();
    assert!(whole.is_empty(), "{whole:?} are read whole: {plan}");
}

#[tokio::test]
async fn a_workspace_a_key_and_a_session_are_found_by_their_indexes_among_thousands() {
    let app = App::start().await;
    many(&app).await;
    let mut owner = app.control.connect(Role::Owner).await.unwrap();
    // As the functions ask, with the settings of the role that calls them.
    let mut resolver = app.control.connect(Role::Api).await.unwrap();
    sqlx::raw_sql("SET ROLE capstan_resolver").execute(&mut resolver).await.unwrap();
    let (slug, key) = (("p_slug", "'tenant-7'::text"), ("p_key_hash", "sha256('tenant-7')"));
    let nobody = "'00000000-0000-0000-0000-000000000000'::uuid";
    let (no_slug, no_key, no_id) =
        (("p_slug", "NULL::text"), ("p_key_hash", "NULL::bytea"), ("p_workspace", "NULL::uuid"));
    for (function, given, indexes) in [
        ("resolve_workspace_3", vec![slug, no_key, no_id], vec!["workspaces_slug_key", "workspaces_pkey"]),
        ("resolve_workspace_3", vec![key, no_slug, no_id], vec!["api_keys_key_hash_key", "workspaces_pkey"]),
        ("resolve_workspace_3", vec![no_key, no_slug, ("p_workspace", nobody)], vec!["workspaces_pkey"]),
        ("admit_key_3", vec![key], vec!["api_keys_key_hash_key", "workspaces_pkey"]),
    ] {
        let body = "SELECT prosrc FROM pg_proc WHERE proname = $1 AND pronamespace = current_schema()::regnamespace";
        let body: String = sqlx::query_scalar(body).bind(function).fetch_one(&mut owner).await.unwrap();
        assert_by(&plan(&mut resolver, &body, &given).await, &indexes);
    }

    let mut access = app.control.connect(Role::Access).await.unwrap();
    let session = plan(&mut access, PERSON_BY_TOKEN, &[("$1", "sha256('tenant-7@example.com')"), ("$2", "12")]).await;
    assert_by(&session, &["user_sessions_token_hash_key", "users_pkey"]);
    let theirs = plan(&mut access, MEMBERSHIPS, &[("$1", nobody), ("$2", "200")]).await;
    assert_by(&theirs, &["members_by_user", "workspaces_pkey"]);
}
