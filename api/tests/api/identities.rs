//! Who one is at providers is taken back, but not the last way to log in.

use capstan_domain::access::{self, Role, Unlinked};
use capstan_engine::store::connect;
use serde_json::{Value, json};
use sqlx::Connection;
use uuid::Uuid;

use crate::people::{member, send};
use crate::support::App;

const EMAIL: &str = "ada@example.com";

/// Links Ada with two providers; her session, and the two.
async fn linked(app: &App, password_known: bool) -> (String, Vec<String>) {
    let session = member(app, app.acme, EMAIL, Role::Viewer).await;
    let mut owner = app.control.connect(connect::Role::Owner).await.unwrap();
    let sql = "INSERT INTO user_identities (issuer, subject, user_id, email, created_at) \
         SELECT 'https://' || n || '.example.com', 'ada', user_id, email, now() + n * interval '1 second' \
           FROM users, generate_series(1, 2) n WHERE email = $1";
    sqlx::query(sql).bind(EMAIL).execute(&mut owner).await.unwrap();
    let sql = "UPDATE users SET password_known = $2 WHERE email = $1";
    sqlx::query(sql).bind(EMAIL).bind(password_known).execute(&mut owner).await.unwrap();
    let listed = send(app, &session, "GET", "/identities", Value::Null).await.json();
    let issuers: Vec<&Value> = listed["items"].as_array().unwrap().iter().map(|item| &item["issuer"]).collect();
    assert_eq!(issuers, ["https://1.example.com", "https://2.example.com"]);
    let ids = listed["items"].as_array().unwrap().iter().map(|item| item["id"].as_str().unwrap().to_owned());
    (session, ids.collect())
}

async fn unlink(app: &App, session: &str, id: &str) -> String {
    send(app, session, "DELETE", &format!("/identities/{id}"), Value::Null).await.verdict()
}

#[tokio::test]
async fn an_identity_is_taken_back_by_its_own_user_while_there_is_another_way_to_log_in() {
    let app = App::start().await;
    let (session, ids) = linked(&app, true).await;
    let other = member(&app, app.acme, "bob@example.com", Role::Owner).await;
    assert_eq!(unlink(&app, &other, &ids[0]).await, "404 not_found");
    assert_eq!(unlink(&app, &session, &Uuid::now_v7().to_string()).await, "404 not_found");
    for id in &ids {
        assert_eq!(unlink(&app, &session, id).await, "204");
        assert_eq!(unlink(&app, &session, id).await, "404 not_found");
    }
    assert_eq!(send(&app, &session, "GET", "/identities", Value::Null).await.json(), json!({ "items": [] }));
}

#[tokio::test]
async fn the_last_way_to_log_in_stays_and_a_provider_that_is_no_longer_set_up_is_none() {
    let app = App::start().await;
    let (session, ids) = linked(&app, false).await;
    assert_eq!(unlink(&app, &session, &ids[0]).await, "409 last_login");
    // With a password of her own both go.
    let mut owner = app.control.connect(connect::Role::Owner).await.unwrap();
    let user = access::find_user(&mut owner, EMAIL).await.unwrap().unwrap();
    access::set_password(&mut owner, user.user_id, "$argon2id$none").await.unwrap();
    for id in &ids {
        assert_eq!(unlink(&app, &session, id).await, "204");
    }
}

#[tokio::test]
async fn of_two_that_are_taken_back_at_once_one_stays() {
    let app = App::start().await;
    let (_, ids) = linked(&app, false).await;
    let mut owner = app.control.connect(connect::Role::Owner).await.unwrap();
    let user_id = access::find_user(&mut owner, EMAIL).await.unwrap().unwrap().user_id;
    let take = async |id: &str| {
        let mut connection = app.control.connect(connect::Role::Access).await.unwrap();
        let mut transaction = connection.begin().await.unwrap();
        let issuers = ["https://1.example.com", "https://2.example.com"];
        let id = id.parse().unwrap();
        let said = access::unlink_identity(&mut transaction, user_id, id, &issuers).await.unwrap();
        if said == Unlinked::Done {
            transaction.commit().await.unwrap();
        }
        said
    };
    let (one, two) = tokio::join!(take(&ids[0]), take(&ids[1]));
    assert!([(Unlinked::Done, Unlinked::LastWay), (Unlinked::LastWay, Unlinked::Done)].contains(&(one, two)));
}
