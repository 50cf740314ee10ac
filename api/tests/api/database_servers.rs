//! Database servers beside the home server: who configures them, what is refused, what a check finds, and what no answer shows.

use axum::http::StatusCode;
use capstan_domain::access::Role;
use capstan_domain::cells::{rotate_servers, server_keys, server_of};
use capstan_domain::secrets::KeyRing;
use capstan_engine::store::connect;
use serde_json::{Value, json};
use sqlx::PgConnection;
use uuid::Uuid;

use crate::people::{member, send};
use crate::support::App;
use crate::tenants::admin;

const PATH: &str = "/platform/database-servers";
const PASSWORD: &str = "only-for-the-runtime-login";
const CREATOR_PASSWORD: &str = "only-for-the-creator";

/// Two logins of the server of the tests, as an operator makes them. Their names are of one test.
pub(crate) struct Logins {
    pub(crate) runtime: String,
    pub(crate) creator: String,
}

impl Logins {
    pub(crate) async fn make(owner: &mut PgConnection) -> Self {
        let id = Uuid::now_v7().simple();
        let logins = Self { runtime: format!("works_{id}"), creator: format!("makes_{id}") };
        let Self { runtime, creator } = &logins;
        let made = format!(
            "CREATE ROLE {runtime} LOGIN; GRANT capstan_api, capstan_starter, capstan_worker TO {runtime}; \
             CREATE ROLE {creator} LOGIN CREATEDB; GRANT capstan_api, capstan_access, capstan_starter, capstan_worker, \
             capstan_tenant, capstan_resolver TO {creator}"
        );
        sqlx::raw_sql(&made).execute(owner).await.unwrap();
        logins
    }

    /// Once nothing of theirs is left.
    pub(crate) async fn remove(self, owner: &mut PgConnection) {
        sqlx::raw_sql(&format!("DROP ROLE {}, {}", self.runtime, self.creator)).execute(owner).await.unwrap();
    }

    /// The server of the tests as another one, for these logins.
    pub(crate) fn wish(&self, app: &App) -> Value {
        let server = &app.control.database;
        let host = server.get_socket().map_or_else(|| server.get_host().to_owned(), |path| path.display().to_string());
        json!({
            "name": "far", "host": host, "port": server.get_port(), "tls": "prefer",
            "login": self.runtime, "password": PASSWORD,
            "creator_login": self.creator, "creator_password": CREATOR_PASSWORD,
        })
    }
}

/// The codes of what a check has found.
fn problems(server: &Value) -> Vec<&str> {
    let problems = server["diagnosis"]["problems"].as_array().unwrap();
    problems.iter().map(|it| it["code"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn a_server_is_configured_and_checked_and_its_passwords_are_never_shown() {
    let app = App::start().await;
    let root = admin(&app).await;
    let mut owner = app.control.connect(connect::Role::Owner).await.unwrap();
    let logins = Logins::make(&mut owner).await;
    let wish = logins.wish(&app);
    let mut shown = Vec::new();
    let mut said = async |method: &str, path: &str, body: Value| {
        let answer = send(&app, &root, method, path, body).await;
        shown.push(answer.text());
        answer
    };
    let made = said("POST", PATH, wish.clone()).await;
    assert_eq!(made.status, StatusCode::CREATED, "{}", made.text());
    let server = made.json();
    assert_eq!(
        (&server["status"], &server["checked_at"], &server["cells"]),
        (&json!("unchecked"), &Value::Null, &json!(0))
    );
    assert_eq!(said("POST", PATH, wish.clone()).await.verdict(), "409 server_exists");
    let path = format!("{PATH}/{}", server["id"].as_str().unwrap());
    let check = format!("{path}/check");

    let checked = said("POST", &check, json!({})).await.json();
    assert_eq!((&checked["status"], problems(&checked)), (&json!("valid"), vec![]), "{checked}");
    assert!(checked["diagnosis"]["latency_ms"].is_u64() && checked["diagnosis"]["server_version"].is_string());

    // What the server says of it, when something is missing there.
    sqlx::raw_sql(&format!("REVOKE capstan_worker FROM {}; ALTER ROLE {} NOCREATEDB", logins.runtime, logins.creator))
        .execute(&mut owner)
        .await
        .unwrap();
    let checked = said("POST", &check, json!({})).await.json();
    assert_eq!(checked["status"], "invalid");
    assert_eq!(problems(&checked), ["creator_may_not_create", "not_a_member"]);

    // A change has it unchecked again; passwords stay only for the same login at the same address.
    let mut other = wish.clone();
    for secret in ["password", "creator_password"] {
        other.as_object_mut().unwrap().remove(secret);
    }
    other["name"] = json!("farther");
    let changed = said("PUT", &path, other.clone()).await.json();
    assert_eq!(
        (&changed["name"], &changed["status"], &changed["diagnosis"]),
        (&json!("farther"), &json!("unchecked"), &Value::Null)
    );
    assert_eq!(changed["revision"], 2);
    other["port"] = json!(1);
    assert_eq!(said("PUT", &path, other).await.verdict(), "422 password_needed");
    let mut away = wish.clone();
    (away["host"], away["port"]) = (json!("127.0.0.1"), json!(1));
    assert_eq!(said("PUT", &path, away).await.json()["port"], 1);
    let checked = said("POST", &check, json!({})).await.json();
    assert_eq!((&checked["status"], problems(&checked)), (&json!("invalid"), vec!["unreachable"]), "{checked}");

    assert_eq!(said("GET", PATH, json!({})).await.json()["items"].as_array().unwrap().len(), 1);
    assert_eq!(said("GET", &path, json!({})).await.json()["status"], "invalid");
    assert_eq!(said("DELETE", &path, json!({})).await.status, StatusCode::NO_CONTENT);
    assert_eq!(said("GET", &path, json!({})).await.verdict(), "404 not_found");
    assert_eq!(said("POST", &check, json!({})).await.verdict(), "404 not_found");
    let shown = shown.concat();
    assert!(!shown.contains(PASSWORD) && !shown.contains(CREATOR_PASSWORD) && !shown.contains("sealed"), "{shown}");
    let told: Vec<(String, String)> =
        sqlx::query_as("SELECT action, changed_by_name FROM database_server_changes ORDER BY change_id")
            .fetch_all(&mut owner)
            .await
            .unwrap();
    assert!(told.iter().all(|(_, by)| by == "root@example.com"));
    let actions: Vec<&str> = told.iter().map(|(action, _)| action.as_str()).collect();
    assert_eq!(actions, ["created", "checked", "checked", "changed", "changed", "checked", "deleted"]);
    logins.remove(&mut owner).await;
}

#[tokio::test]
async fn passwords_lie_sealed_and_what_no_server_can_be_is_refused_and_named() {
    let app = App::start().await;
    let root = admin(&app).await;
    let wish = json!({
        "name": "far", "host": "db.example.com", "login": "works", "password": PASSWORD, "creator_login": "makes",
        "creator_password": CREATOR_PASSWORD,
    });
    for (member, value, code) in [
        ("host", json!("postgres://db"), "bad_host"),
        ("port", json!(0), "bad_port"),
        ("tls", json!("maybe"), "bad_tls"),
        ("name", json!("Far Away"), "bad_name"),
        ("login", json!(""), "bad_login"),
        ("creator_login", json!("works"), "same_login"),
        ("password", json!("a\nb"), "bad_password"),
    ] {
        let mut bad = wish.clone();
        bad[member] = value;
        let refused = send(&app, &root, "POST", PATH, bad).await;
        assert_eq!(refused.verdict(), "422 bad_server", "{member}");
        let errors = &refused.json()["errors"];
        assert_eq!(
            (&errors[0]["code"], &errors[0]["pointer"]),
            (&json!(code), &json!(format!("/{member}"))),
            "{errors}"
        );
    }
    let mut without = wish.clone();
    without.as_object_mut().unwrap().remove("creator_password");
    assert_eq!(send(&app, &root, "POST", PATH, without).await.verdict(), "422 password_needed");
    let ada = member(&app, app.acme, "ada@example.com", Role::Owner).await;
    assert_eq!(send(&app, &ada, "POST", PATH, wish.clone()).await.verdict(), "403 not_platform");
    let keyless = app.another_process_with(|settings| settings.keys = std::sync::Arc::default());
    assert_eq!(send(&keyless, &root, "POST", PATH, wish.clone()).await.verdict(), "503 no_secret_keys");

    assert_eq!(send(&app, &root, "POST", PATH, wish).await.status, StatusCode::CREATED);
    let mut owner = app.control.connect(connect::Role::Owner).await.unwrap();
    let rows: Vec<String> =
        sqlx::query_scalar("SELECT s::text || encode(s.password_sealed, 'escape') FROM database_servers s")
            .fetch_all(&mut owner)
            .await
            .unwrap();
    assert!(rows.len() == 1 && !rows[0].contains(PASSWORD) && !rows[0].contains(CREATOR_PASSWORD));

    // Both come under a new key; whoever has not the old one brings none.
    let new = KeyRing::generate();
    let id = new.ids().next().unwrap().to_owned();
    assert_eq!(rotate_servers(&mut owner, &new).await.unwrap(), (0, 2));
    let both = KeyRing::parse(&format!("{}{}", new.to_text().as_str(), app.keys.to_text().as_str())).unwrap();
    assert_eq!(rotate_servers(&mut owner, &both).await.unwrap(), (2, 0));
    assert_eq!(rotate_servers(&mut owner, &both).await.unwrap(), (0, 0));
    assert_eq!(server_keys(&mut owner).await.unwrap(), [(id, 2)]);
    let server: Uuid =
        sqlx::query_scalar("SELECT server_id FROM database_servers").fetch_one(&mut owner).await.unwrap();
    assert!(server_of(&mut owner, server).await.unwrap().unwrap().options(&new).is_ok());
}
