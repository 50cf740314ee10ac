//! The tables of `control` are those that `docs/tenants.md` lists, and no others.

use std::collections::BTreeSet;

use capstan_engine::store::connect::Role;

use crate::support::App;

const DOCUMENT: &str = include_str!("../../../docs/tenants.md");
/// Where the list begins.
const HEADING: &str = "## Tables of `control`";

/// First cells of the rows of the table below the heading.
fn documented() -> BTreeSet<String> {
    let (_, list) = DOCUMENT.split_once(HEADING).expect("a list of tables");
    let list = list.split("\n## ").next().unwrap_or_default();
    let rows = list.lines().filter_map(|line| line.strip_prefix("| `")?.split_once('`'));
    rows.map(|(name, _)| name.to_owned()).collect()
}

#[tokio::test]
async fn a_fresh_installation_has_the_documented_tables_of_control_and_no_others() {
    let app = App::start().await;
    let mut owner = app.control.connect(Role::Owner).await.unwrap();
    let sql = "SELECT c.relname::text FROM pg_class c \
               WHERE c.relnamespace = 'control'::regnamespace AND c.relkind IN ('r', 'p', 'v', 'm', 'f')";
    let found: Vec<String> = sqlx::query_scalar(sql).fetch_all(&mut owner).await.unwrap();
    assert_eq!(documented(), found.into_iter().collect::<BTreeSet<_>>());
}

#[tokio::test]
async fn the_platform_has_one_role_and_nobody_who_serves_gives_it() {
    let app = App::start().await;
    let mut owner = app.control.connect(Role::Owner).await.unwrap();
    let give = "INSERT INTO user_roles (user_id, role) VALUES (gen_random_uuid(), $1)";
    for role in ["admin", "owner", "SUPER_ADMIN", ""] {
        let refused = sqlx::query(give).bind(role).execute(&mut owner).await.unwrap_err();
        let constraint = refused.as_database_error().and_then(|error| error.constraint());
        assert_eq!(constraint, Some("user_roles_role_known"), "{role}");
    }
    for serving in [Role::Api, Role::Access, Role::Starter, Role::Worker] {
        let mut connection = app.control.connect(serving).await.unwrap();
        let refused = sqlx::query(give).bind("super_admin").execute(&mut connection).await.unwrap_err();
        let code = refused.as_database_error().and_then(|error| error.code());
        assert_eq!(code.as_deref(), Some("42501"), "{serving:?}: {refused}");
    }
}
