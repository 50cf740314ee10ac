//! Whether a database server can hold dedicated cells: reached as its runtime login, and asked. The password of its creator is not
//! opened for that; what that login may do is read from the server's catalogue.

use std::time::Duration;

use capstan_engine::store::preflight::SERVER_VERSION_MIN;
use serde_json::{Value, json};
use sqlx::postgres::PgConnectOptions;
use sqlx::{Connection, FromRow, PgConnection};
use tokio::time::{Instant, timeout};

use super::place::{MAINTENANCE_DATABASE, RuntimeServer};
use crate::secrets::KeyRing;

/// Longest time that a check takes.
const CHECK_MAX: Duration = Duration::from_secs(15);
/// Most characters of what a server or the network says.
const SAID_CHARS_MAX: usize = 300;
/// What the runtime login has to be a member of.
const RUNTIME_ROLES: [&str; 3] = ["capstan_api", "capstan_starter", "capstan_worker"];
/// What the creator has to be a member of: things in cells belong to them.
const CREATOR_ROLES: [&str; 6] =
    ["capstan_api", "capstan_access", "capstan_starter", "capstan_worker", "capstan_tenant", "capstan_resolver"];

/// What a check has found.
#[derive(Clone, Debug)]
pub struct Checked {
    /// Whether dedicated cells can be made and used there.
    pub is_valid: bool,
    /// `{latency_ms, server_version, databases, connections_max, problems: [{code, detail, hint}]}`; facts are null if it let nobody in.
    pub diagnosis: Value,
}

/// Something that stands in the way.
struct Trouble {
    code: &'static str,
    detail: String,
    hint: &'static str,
}

impl Trouble {
    fn new(code: &'static str, detail: impl Into<String>, hint: &'static str) -> Self {
        Self { code, detail: detail.into(), hint }
    }
}

#[derive(FromRow)]
struct Server {
    version: String,
    version_num: i32,
    is_standby: bool,
    databases: i64,
    connections_max: i32,
    may_too_much: bool,
    creator_is_there: bool,
    creator_may_create: bool,
    creator_may_too_much: bool,
}

/// Looks at a server. Whatever goes wrong is what it finds.
pub async fn check(server: &RuntimeServer, creator_login: &str, keys: &KeyRing) -> Checked {
    let options = match server.options(keys) {
        Ok(options) => options.database(MAINTENANCE_DATABASE).application_name("capstan check"),
        Err(error) => {
            let hint = "give the password again, or add the key to CAPSTAN_SECRET_KEYS of this process";
            return found(unknown(), &[Trouble::new("password_does_not_open", error.to_string(), hint)]);
        }
    };
    match timeout(CHECK_MAX, look(&options, creator_login)).await {
        Ok(Ok((facts, troubles))) => found(facts, &troubles),
        Ok(Err(error)) => found(unknown(), &[refusal(&error)]),
        Err(_) => {
            let detail = format!("there was no answer within {} s", CHECK_MAX.as_secs());
            found(unknown(), &[Trouble::new("no_answer", detail, "look at the address, and at what is between")])
        }
    }
}

/// What there is to tell of a server that did not let us in.
fn unknown() -> Value {
    json!({ "latency_ms": null, "server_version": null, "databases": null, "connections_max": null })
}

fn found(mut facts: Value, troubles: &[Trouble]) -> Checked {
    let problems = troubles.iter().map(|it| json!({ "code": it.code, "detail": it.detail, "hint": it.hint }));
    facts["problems"] = problems.collect();
    Checked { is_valid: troubles.is_empty(), diagnosis: facts }
}

async fn look(options: &PgConnectOptions, creator_login: &str) -> Result<(Value, Vec<Trouble>), sqlx::Error> {
    let mut connection = PgConnection::connect_with(options).await?;
    let begun = Instant::now();
    connection.ping().await?;
    let latency_ms = u64::try_from(begun.elapsed().as_millis()).unwrap_or(u64::MAX);
    let server: Server = sqlx::query_as(
        "SELECT current_setting('server_version') AS version, current_setting('server_version_num')::int AS version_num, \
                pg_is_in_recovery() AS is_standby, (SELECT count(*) FROM pg_database) AS databases, \
                current_setting('max_connections')::int AS connections_max, \
                coalesce(r.rolsuper OR r.rolcreaterole OR r.rolcreatedb OR r.rolbypassrls, true) AS may_too_much, \
                c.oid IS NOT NULL AS creator_is_there, \
                coalesce(c.rolcanlogin AND (c.rolcreatedb OR c.rolsuper), false) AS creator_may_create, \
                coalesce(c.rolsuper, false) AS creator_may_too_much \
           FROM (SELECT 1) AS one LEFT JOIN pg_roles r ON r.rolname = session_user LEFT JOIN pg_roles c ON c.rolname = $1",
    )
    .bind(creator_login)
    .fetch_one(&mut connection)
    .await?;
    let mut troubles = of_server(&server, creator_login);
    let members: Vec<(String, bool, bool, bool)> = sqlx::query_as(
        "SELECT n.name, to_regrole(n.name) IS NOT NULL, \
                coalesce(pg_has_role(session_user, to_regrole(n.name)::oid, 'USAGE'), false), \
                coalesce(pg_has_role(c.oid, to_regrole(n.name)::oid, 'MEMBER'), false) \
           FROM unnest($1::text[]) AS n (name) LEFT JOIN pg_roles c ON c.rolname = $2 ORDER BY n.name",
    )
    .bind(CREATOR_ROLES.as_slice())
    .bind(creator_login)
    .fetch_all(&mut connection)
    .await?;
    connection.close().await?;
    troubles.extend(members.iter().filter_map(|(role, is_there, has_it, creator_has_it)| {
        let needs_it = RUNTIME_ROLES.contains(&role.as_str());
        match (is_there, has_it, creator_has_it) {
            (false, ..) => {
                Some(Trouble::new("role_missing", format!("there is no role {role}"), "run migrations/roles.sql there"))
            }
            (_, false, _) if needs_it => Some(Trouble::new(
                "not_a_member",
                format!("the login is no member of {role}"),
                "grant it, with INHERIT",
            )),
            (_, _, false) if server.creator_is_there => {
                let detail = format!("the creator is no member of {role}");
                Some(Trouble::new("creator_not_a_member", detail, "grant it, with INHERIT"))
            }
            _ => None,
        }
    }));
    let facts = json!({
        "latency_ms": latency_ms, "server_version": server.version, "databases": server.databases,
        "connections_max": server.connections_max,
    });
    Ok((facts, troubles))
}

fn of_server(server: &Server, creator_login: &str) -> Vec<Trouble> {
    let trouble = |is_so: bool, code, detail: String, hint| is_so.then(|| Trouble::new(code, detail, hint));
    [
        trouble(
            server.version_num < SERVER_VERSION_MIN,
            "too_old",
            format!("PostgreSQL {} is too old", server.version),
            "take one of version 15 or later",
        ),
        trouble(
            server.is_standby,
            "read_only",
            "it is a standby, where nothing can be written".into(),
            "name its primary",
        ),
        trouble(
            server.may_too_much,
            "login_may_too_much",
            "the login is a superuser, makes roles or databases, or is above row-level security".into(),
            "take a login that may nothing but what its memberships give",
        ),
        trouble(
            !server.creator_is_there,
            "creator_missing",
            format!("there is no login {creator_login:?}"),
            "make it: CREATE ROLE … LOGIN CREATEDB",
        ),
        trouble(
            server.creator_is_there && !server.creator_may_create,
            "creator_may_not_create",
            "the creator may not log in, or not make databases".into(),
            "alter it: LOGIN CREATEDB",
        ),
        trouble(
            server.creator_may_too_much,
            "creator_may_too_much",
            "the creator is a superuser".into(),
            "take a login with CREATEDB and the memberships, and no more",
        ),
    ]
    .into_iter()
    .flatten()
    .collect()
}

/// What kept us out.
fn refusal(error: &sqlx::Error) -> Trouble {
    let said: String = error.to_string().chars().take(SAID_CHARS_MAX).collect();
    let code = error.as_database_error().and_then(|error| error.code());
    match (error, code.as_deref()) {
        (_, Some("28P01" | "28000")) => {
            Trouble::new("login_refused", said, "look at login and password, and at pg_hba.conf of the server")
        }
        (_, Some("3D000" | "42501")) => {
            Trouble::new("database_refused", said, "let the login connect to the database postgres there")
        }
        (sqlx::Error::Tls(_), _) => {
            Trouble::new("tls_failed", said, "look at tls, and at the certificate of the server")
        }
        (_, Some(_)) => Trouble::new("refused", said, "look at the log of the server"),
        _ => Trouble::new("unreachable", said, "look at host and port, and whether the server runs"),
    }
}
