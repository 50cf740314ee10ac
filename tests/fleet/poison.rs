//! A node that kills every worker that runs it.

use serde_json::{Value, json};

use crate::crew::Crew;
use crate::graphs::row;
use crate::site::Site;
use crate::world::World;

const HARMLESS: usize = 100;
const WORKERS: usize = 3;

#[tokio::test(flavor = "multi_thread")]
async fn what_kills_three_workers_becomes_an_incident_that_names_them_and_nothing_else_does() {
    let (world, _) = World::start().await;
    let site = Site::new().await;
    let noop = |id| (id, "debug.noop", json!({}));
    let harmless = site.publish(&row(&[noop("one"), noop("two")])).await;
    let poison = site.publish(&row(&[("crash", "debug.crash", json!({}))])).await;
    let mut poisoned = Vec::new();
    for _ in 0..2 {
        site.start_many(&harmless, &json!({}), HARMLESS).await;
        poisoned.push(site.start(&poison, json!({})).await);
    }
    let _crew = Crew::start(&site, &world, WORKERS).await;
    let over = "SELECT count(*) FROM executions WHERE ended_at IS NOT NULL OR status = 'incident'";
    site.until_count(over, (2 * HARMLESS + poisoned.len()) as i64).await;

    assert_eq!(site.count("SELECT count(*) FROM executions WHERE status = 'completed'").await, 2 * HARMLESS as i64);
    let (_server, url) = site.serve().await;
    for id in poisoned {
        let shown = site.get(&url, &format!("executions/{id}")).await.body;
        assert_eq!(shown["status"], "incident", "{shown}");
        let names: Vec<String> =
            sqlx::query_scalar("SELECT worker_name FROM losses WHERE execution_id = $1 AND blamed")
                .bind(id.0)
                .fetch_all(&mut site.owner().await)
                .await
                .unwrap();
        assert_eq!(names.len(), 3, "{names:?}");
        let reason = shown["error"]["reason"].as_str().unwrap();
        assert!(names.iter().all(|name| reason.contains(name)), "{reason} names not all of {names:?}");
        let kinds: Vec<Value> = site.journal(id).await.into_iter().map(|row| row["kind"].clone()).collect();
        assert_eq!(kinds, ["poisoned"]);
    }
}
