//! How many requests one may send within a minute, whichever process they come to.

use std::net::SocketAddr;

use axum::body::Body;
use axum::extract::ConnectInfo;
use axum::http::Request;
use capstan_api::RateLimits;
use capstan_engine::store::connect::Role;
use futures::future::join_all;
use serde_json::json;

use crate::support::{Answer, App, as_json};

/// Of a minute, as the headers tell it.
fn is_soon(answer: &Answer) -> bool {
    answer.header("retry-after").is_some_and(|text| (1..=60).contains(&text.parse::<u32>().unwrap()))
}

#[tokio::test]
async fn of_four_processes_the_hundred_and_first_public_request_is_refused_whatever_header_is_forged() {
    let app = App::start().await;
    let processes = [app.another_process(), app.another_process(), app.another_process(), app];
    let send = async |number: u8, peer: [u8; 4]| {
        let request = Request::post("/api/public/lead")
            .header("x-forwarded-for", format!("203.0.113.{number}"))
            .extension(ConnectInfo(SocketAddr::from((peer, 5))));
        processes[usize::from(number) % processes.len()].send(as_json(request, &json!({}))).await
    };
    let answers = join_all((0..120).map(|number| send(number, [198, 51, 100, 7]))).await;
    let (refused, taken): (Vec<_>, Vec<_>) = answers.iter().partition(|answer| answer.status == 429);
    assert_eq!((taken.len(), refused.len()), (100, 20));
    assert!(taken.iter().all(|answer| answer.verdict() == "400 workspace_required"));
    for answer in refused {
        assert_eq!(answer.verdict(), "429 too_many_tries");
        assert!(is_soon(answer), "{:?}", answer.headers);
        assert_eq!(answer.header("ratelimit-policy"), Some("\"address\";q=100;w=60"));
        assert!(answer.header("ratelimit").unwrap().starts_with("\"address\";r=0;t="));
    }
    assert_eq!(send(0, [198, 51, 100, 8]).await.verdict(), "400 workspace_required");
}

#[tokio::test]
async fn a_key_and_a_workspace_have_limits_that_all_processes_hold_to_and_answers_tell_them() {
    let rates = RateLimits { caller: 10, workspace: 13, address: 100 };
    let app = App::start_with(|settings, _| settings.accounts.rates = rates).await;
    let processes = [app.another_process(), app.another_process(), app.another_process()];
    let second = app.post("/api/v1/keys", &json!({ "name": "second" })).await;
    assert_eq!(second.header("ratelimit-policy"), Some("\"key\";q=10;w=60, \"workspace\";q=13;w=60"));
    let left = second.header("ratelimit").unwrap();
    assert!(left.starts_with("\"key\";r=9;t=") && left.contains(", \"workspace\";r=12;t="), "{left}");
    let second = second.json()["key"].as_str().unwrap().to_owned();
    let ask = async |number: usize, key: &str| {
        let request = Request::get("/api/v1/me").header("x-api-key", key);
        processes[number % processes.len()].send(request.body(Body::empty()).unwrap()).await
    };
    let answers = join_all((0..15).map(|number| ask(number, &app.key))).await;
    let (refused, taken): (Vec<_>, Vec<_>) = answers.iter().partition(|answer| answer.status == 429);
    assert_eq!((taken.len(), refused.len()), (9, 6));
    for answer in refused {
        assert_eq!(answer.verdict(), "429 too_many_requests");
        assert!(is_soon(answer) && answer.text().contains("this key may send 10 requests"), "{}", answer.text());
    }
    let answers = join_all((0..5).map(|number| ask(number, &second))).await;
    let taken = answers.iter().filter(|answer| answer.status == 200).count();
    assert_eq!(taken, 3);
    assert!(answers.iter().filter(|it| it.status == 429).all(|it| it.text().contains("all who act in this workspace")));
    assert_eq!(ask(0, &app.other_key).await.status, 200);
}

#[tokio::test]
async fn where_requests_cannot_be_counted_none_is_refused_for_that() {
    let app = App::start().await;
    let mut owner = app.control.connect(Role::Owner).await.unwrap();
    sqlx::raw_sql("REVOKE INSERT ON tries FROM capstan_access").execute(&mut owner).await.unwrap();
    for _ in 0..2 {
        assert_eq!(app.get("/api/v1/me").await.status, 200);
    }
}
