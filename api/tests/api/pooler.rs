//! The API behind PgBouncer in transaction mode: all of it, if `CAPSTAN_TEST_POOLER` is set (`PROVE=pooler make prove`).

use axum::body::Body;
use axum::http::Request;
use axum::http::request::Builder;
use capstan_engine::store::commit::Then;
use capstan_engine::store::connect::{Place, Role};
use capstan_engine::store::transactions::Transactions;
use futures::future::join_all;
use serde_json::{Value, json};
use sqlx::postgres::PgRow;
use sqlx::{Connection, Executor, PgConnection, Row};

use crate::bouncer;
use crate::hand::{Hand, completed};
use crate::live::Client;
use crate::support::{Answer, App, as_json, simple};

/// Requests that are under way at the same time: many more than there are sessions.
const AT_ONCE: usize = 60;
/// How far requests get before they are given up: at each of the first so many waits.
const GIVEN_UP: usize = 40;

async fn behind_pgbouncer() -> Option<App> {
    let mut is_there = true;
    let app =
        App::start_with(|settings, _| match (bouncer::before(&settings.control), bouncer::before(&settings.cell)) {
            (Some(control), Some(cell)) => (settings.control, settings.cell) = (control, cell),
            _ => is_there = false,
        })
        .await;
    is_there.then_some(app)
}

/// A request with the key of the other workspace.
fn by_other(app: &App, method: &str, path: &str) -> Builder {
    Request::builder().method(method).uri(path).header("authorization", format!("Bearer {}", app.other_key))
}

async fn other_gets(app: &App, path: &str) -> Answer {
    app.send(by_other(app, "GET", path).body(Body::empty()).unwrap()).await
}

async fn other_posts(app: &App, path: &str, body: &Value) -> Answer {
    app.send(as_json(by_other(app, "POST", path), body)).await
}

async fn made(app: &App, name: &str, is_other: bool) -> String {
    let new = json!({ "name": name, "graph": simple() });
    let made = match is_other {
        true => other_posts(app, "/api/v1/workflows", &new).await,
        false => app.post("/api/v1/workflows", &new).await,
    };
    assert_eq!(made.status, 201, "{}", made.text());
    made.json()["id"].as_str().unwrap().to_owned()
}

fn names(listed: &Answer) -> Vec<String> {
    let listed = listed.json();
    listed["items"].as_array().unwrap().iter().map(|item| item["name"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn requests_share_two_sessions_of_pgbouncer_and_workspaces_never_mix() {
    let Some(app) = behind_pgbouncer().await else { return };
    let (ours, theirs) = (made(&app, "Ours", false).await, made(&app, "Theirs", true).await);
    let published = app.post_nothing(&format!("/api/v1/workflows/{ours}/publish")).await;
    assert_eq!(published.status, 201, "{}", published.text());
    let watched = app.begin(&ours).await;
    let mut client = Client::open(&app, &watched, None).await;
    assert_eq!(client.next().await.unwrap().0, "snapshot");
    let mut hand = Hand::claim(&app).await;

    join_all((0..AT_ONCE).map(|number| {
        let (app, ours, theirs) = (&app, &ours, &theirs);
        async move {
            match number % 6 {
                0 => assert_eq!(names(&app.get("/api/v1/workflows").await), ["Ours"]),
                1 => assert_eq!(names(&other_gets(app, "/api/v1/workflows").await), ["Theirs"]),
                2 => assert_eq!(app.get(&format!("/api/v1/workflows/{theirs}")).await.verdict(), "404 not_found"),
                3 => {
                    let start = json!({ "workflow_id": ours });
                    assert_eq!(other_posts(app, "/api/v1/executions", &start).await.verdict(), "404 not_found");
                    app.begin(ours).await;
                }
                4 => {
                    let list = other_gets(app, "/api/v1/executions").await;
                    assert_eq!(list.json()["items"], json!([]));
                    assert_eq!(app.get("/readyz").await.status, 200);
                }
                _ => {
                    let draft = json!({ "graph": simple() });
                    let checked = other_posts(app, "/api/v1/workflows/validate", &draft).await;
                    assert_eq!(checked.status, 200, "{}", checked.text());
                }
            }
        }
    }))
    .await;

    hand.settle("a", Then::Hold).await;
    hand.settle("b", completed()).await;
    assert_eq!(client.rest().await.last().map(String::as_str), Some("end - completed @"));
    let listed = app.get("/api/v1/executions").await.json();
    assert_eq!(listed["items"].as_array().unwrap().len(), 1 + AT_ONCE / 6);
    let went = went_through(&app).await;
    assert!(went > i64::try_from(AT_ONCE).unwrap(), "only {went} transactions went through PgBouncer");
}

#[tokio::test]
async fn a_request_that_is_given_up_leaves_nothing_in_a_session() {
    let Some(app) = behind_pgbouncer().await else { return };
    made(&app, "Ours", false).await;
    for polls in 0..GIVEN_UP {
        let mut request = Box::pin(app.get("/api/v1/workflows"));
        for _ in 0..polls {
            if futures::poll!(&mut request).is_ready() {
                break;
            }
            tokio::task::yield_now().await;
        }
    }
    assert_eq!(names(&app.get("/api/v1/workflows").await), ["Ours"]);
    let pooler = bouncer::before(&app.cell).unwrap().pooler.unwrap();
    let mut sessions = Vec::new();
    for _ in 0..bouncer::SESSIONS {
        let mut connection = PgConnection::connect_with(&pooler.clone().extra_float_digits(None::<i8>)).await.unwrap();
        connection.execute("BEGIN").await.unwrap();
        sessions.push(connection);
    }
    for session in &mut sessions {
        let asked = "SELECT current_user::text, coalesce(current_setting('app.workspace_id', true), ''), \
                     current_setting('search_path'), current_setting('statement_timeout')";
        let row: PgRow = session.fetch_one(asked).await.unwrap();
        let left: Vec<String> = (0..4).map(|at| row.try_get_unchecked(at).unwrap()).collect();
        let login = app.cell.database.get_username();
        assert_eq!(left, [login, "", "\"$user\", public", "0"]);
    }
}

#[tokio::test]
async fn a_pooler_that_leads_elsewhere_is_known() {
    let Some(app) = behind_pgbouncer().await else { return };
    let place = bouncer::before(&app.control).unwrap();
    let elsewhere = Place { pooler: place.pooler.clone().map(|pooler| pooler.database("postgres")), ..place.clone() };
    let mut owner = app.control.connect(Role::Owner).await.unwrap();
    assert!(Transactions::new(&place, Role::Api, 1).lead_to(&mut owner).await.unwrap());
    assert!(!Transactions::new(&elsewhere, Role::Api, 1).lead_to(&mut owner).await.unwrap());
}

/// Transactions of the test's database that PgBouncer has counted.
async fn went_through(app: &App) -> i64 {
    let console = bouncer::before(&app.cell).unwrap().pooler.unwrap().database("pgbouncer");
    let mut console = PgConnection::connect_with(&console.extra_float_digits(None::<i8>)).await.unwrap();
    let rows = console.fetch_all("SHOW STATS_TOTALS").await.unwrap();
    let of_test =
        |row: &&PgRow| row.try_get_unchecked::<String, _>(0).unwrap() == app.cell.database.get_database().unwrap();
    let row = rows.iter().find(of_test).expect("nothing went through PgBouncer");
    row.try_get_unchecked::<String, _>(1).unwrap().parse().unwrap()
}
