//! Idempotency keys over HTTP.

use futures::future::join_all;
use reqwest::Client;
use serde_json::{Value, json};

use crate::graphs::row;
use crate::site::Site;
use crate::world::World;

const POSTS: usize = 50;

/// What the API answered.
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) body: Value,
    replayed: bool,
}

impl Site {
    pub(crate) async fn post(&self, url: &str, path: &str, key: &str, body: &Value) -> Answer {
        let request = Client::new().post(format!("{url}/api/v1/{path}")).bearer_auth(&self.key).json(body);
        answer(request.header("idempotency-key", key)).await
    }

    pub(crate) async fn get(&self, url: &str, path: &str) -> Answer {
        answer(Client::new().get(format!("{url}/api/v1/{path}")).bearer_auth(&self.key)).await
    }
}

async fn answer(request: reqwest::RequestBuilder) -> Answer {
    let response = request.send().await.unwrap();
    let replayed = response.headers().contains_key("idempotent-replayed");
    Answer { status: response.status().as_u16(), body: response.json().await.unwrap(), replayed }
}

#[tokio::test(flavor = "multi_thread")]
async fn one_key_posted_fifty_times_at_once_starts_one_execution_and_gives_one_answer() {
    let (world, _) = World::start().await;
    let site = Site::new().await;
    let version = site.publish(&row(&[("only", "debug.noop", json!({}))])).await;
    let (server, url) = site.serve().await;
    let body = json!({ "workflow_id": version.workflow_id, "input": { "order": 7 } });
    let post = || site.post(&url, "executions", "order-7", &body);
    let answers = join_all((0..POSTS).map(|_| post())).await;

    let first = &answers[0].body;
    assert!(first["id"].is_string(), "{first}");
    for answer in &answers {
        assert_eq!((answer.status, &answer.body), (202, first));
    }
    assert_eq!(answers.iter().filter(|answer| !answer.replayed).count(), 1, "one of them was the first");
    assert_eq!(site.count("SELECT count(*) FROM executions").await, 1);
    assert_eq!(site.count("SELECT count(*) FROM queue").await, 1);
    let other = json!({ "workflow_id": version.workflow_id, "input": { "order": 8 } });
    let refused = site.post(&url, "executions", "order-7", &other).await;
    assert_eq!((refused.status, &refused.body["code"]), (422, &json!("idempotency_key_reused")));

    let worker = site.worker(&world).await;
    site.until_completed(1).await;
    let again = post().await;
    assert_eq!((again.status, &again.body, again.replayed), (202, first, true));
    site.assert_settled_once(1).await;
    worker.end().await;
    server.end().await;
}
