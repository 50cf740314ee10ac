//! A session is no process's own.

use capstan_domain::access;
use capstan_engine::store::connect::Role;
use reqwest::{Client, Response};
use serde_json::{Value, json};

use crate::site::Site;

const EMAIL: &str = "ada@example.com";
const PASSWORD: &str = "a horse of iron";

async fn somebody(site: &Site) {
    let mut control = site.place.sibling("control").connect(Role::Owner).await.unwrap();
    let hash = access::hash_password(PASSWORD.into()).await.unwrap();
    let user_id = access::create_user(&mut control, EMAIL, "Ada", &hash).await.unwrap();
    access::add_member(&mut control, site.workspace_id, user_id, access::Role::Owner).await.unwrap();
}

/// The cookie that a log-in gives.
async fn log_in(url: &str) -> String {
    let request =
        Client::new().post(format!("{url}/api/v1/session")).json(&json!({ "email": EMAIL, "password": PASSWORD }));
    let answer = request.send().await.unwrap();
    assert_eq!(answer.status().as_u16(), 200);
    let cookie = answer.headers()["set-cookie"].to_str().unwrap();
    cookie.split(';').next().unwrap().to_owned()
}

async fn get(url: &str, path: &str, cookie: &str) -> Response {
    Client::new().get(format!("{url}/api/v1/{path}")).header("cookie", cookie).send().await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_is_used_at_another_process_after_the_one_that_made_it_was_killed() {
    let site = Site::new().await;
    somebody(&site).await;
    let (first, url) = site.serve().await;
    let cookie = log_in(&url).await;
    first.kill9().await;
    let (second, url) = site.serve().await;
    let answer = get(&url, "me", &cookie).await;
    assert_eq!(answer.status().as_u16(), 200);
    let told: Value = answer.json().await.unwrap();
    assert_eq!(told["user"]["email"], json!(EMAIL), "{told}");
    // What ends there has ended everywhere.
    let ended = Client::new().delete(format!("{url}/api/v1/session")).header("cookie", &cookie).send().await.unwrap();
    assert!(ended.status().is_success(), "{}", ended.status());
    second.kill9().await;
    let (third, url) = site.serve().await;
    assert_eq!(get(&url, "sessions", &cookie).await.status().as_u16(), 401);
    third.end().await;
}
