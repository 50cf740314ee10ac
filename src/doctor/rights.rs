//! Roles: that all are there, that the login may work as them, and that the API's cannot see past its workspace.

use capstan_engine::store::connect::{Place, Role};
use capstan_engine::store::vitals::{self, RoleStanding};
use sqlx::PgConnection;

use super::finding::Findings;

/// What to do where roles are missing.
const MAKE_ROLES: &str =
    "run `capstan migrate` with a login that may create roles, or migrations/roles.sql as an administrator";

/// Looks at the roles and at the login.
pub(super) async fn look_at_roles(owner: &mut PgConnection, found: &mut Findings) {
    match (vitals::roles(owner).await, vitals::server(owner).await) {
        (Ok(roles), Ok(server)) => {
            judge(&roles, found);
            if server.login_is_superuser || server.login_bypasses_rls {
                let hint = "give serve and worker logins of their own without such rights (docs/operation.md, Roles)";
                found.warn("login", "the login of DATABASE_URL passes over row-level security", hint);
            } else if server.login_makes_databases {
                let hint =
                    "ALTER ROLE … NOCREATEDB: databases are made by `capstan provision`, with a login of its own";
                found.warn("login", "the login of DATABASE_URL may make databases", hint);
            } else {
                found.ok("login", "it is under row-level security");
            }
        }
        (Err(error), _) | (_, Err(error)) => found.fail("roles", error, MAKE_ROLES),
    }
}

fn judge(roles: &[RoleStanding], found: &mut Findings) {
    let names = |wanted: fn(&RoleStanding) -> bool| {
        roles.iter().filter(|role| wanted(role)).map(|role| role.name.as_str()).collect::<Vec<_>>().join(", ")
    };
    let (missing, bypassing) = (names(|role| !role.exists), names(|role| role.bypasses));
    let foreign = names(|role| role.exists && !role.is_member);
    if !missing.is_empty() {
        found.fail("roles", format!("missing: {missing}"), MAKE_ROLES);
    }
    if !bypassing.is_empty() {
        let hint = "ALTER ROLE … NOSUPERUSER NOBYPASSRLS: else a workspace may see the rows of others";
        found.fail("roles", format!("these pass over row-level security: {bypassing}"), hint);
    }
    if !foreign.is_empty() {
        // Separate logins of `serve` and `worker` have only what they use.
        let hint = "right for a login of its own for serve or worker; else GRANT them to the login of DATABASE_URL";
        found.warn("roles", format!("the login may not work as {foreign}"), hint);
    }
    if missing.is_empty() && bypassing.is_empty() && foreign.is_empty() {
        found.ok("roles", format!("all {} are there and under row-level security", roles.len()));
    }
}

/// Looks through the eyes of the API: every table that names a workspace is guarded, and without a workspace there is no row.
pub(super) async fn look_at_api(cell: &Place, found: &mut Findings) {
    match see(cell).await {
        Ok((unguarded, rows)) if unguarded.is_empty() && rows == 0 => {
            found.ok("isolation", "the API's role sees no row without a workspace");
        }
        Ok((unguarded, rows)) => {
            let detail = format!("not guarded: {}; rows seen without a workspace: {rows}", unguarded.join(", "));
            let hint = "stop `capstan serve`, then ALTER TABLE … ENABLE and FORCE ROW LEVEL SECURITY on these tables";
            found.fail("isolation", detail, hint);
        }
        Err(error) => found.fail("isolation", error, "GRANT capstan_api to the login of DATABASE_URL"),
    }
}

async fn see(cell: &Place) -> Result<(Vec<String>, i64), capstan_engine::store::error::StoreError> {
    let mut api = cell.connect(Role::Api).await?;
    let unguarded = vitals::unguarded(&mut api).await?;
    let seen = "SELECT (SELECT count(*) FROM (SELECT FROM workflows LIMIT 10) w) \
                     + (SELECT count(*) FROM (SELECT FROM executions LIMIT 10) e)";
    Ok((unguarded, sqlx::query_scalar(seen).fetch_one(&mut api).await?))
}

#[cfg(test)]
mod tests {
    use super::super::finding::State;
    use super::*;

    #[test]
    fn a_role_that_is_missing_foreign_or_too_mighty_is_told() {
        let judged = |exists, is_member, bypasses| {
            let mut found = Findings::default();
            judge(&[RoleStanding { name: "capstan_api".into(), exists, is_member, bypasses }], &mut found);
            found.worst()
        };
        assert_eq!(judged(true, true, false), State::Ok);
        assert_eq!(judged(true, false, false), State::Warn);
        assert_eq!(judged(false, false, false), State::Fail);
        assert_eq!(judged(true, true, true), State::Fail);
    }
}
