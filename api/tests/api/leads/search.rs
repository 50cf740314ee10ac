//! Words are sought within bounds.

use capstan_domain::leads::SOUGHT_AMONG_MAX;
use capstan_engine::store::connect::Role;
use serde_json::json;

use super::{LEADS, make, names};
use crate::support::App;

#[tokio::test]
async fn words_are_sought_among_so_many_leads_and_a_narrower_search_goes_further_back() {
    let app = App::start().await;
    let mut owner = app.cell.connect(Role::Owner).await.unwrap();
    // The newest is that of number 1; two have the word, one of them too far back.
    sqlx::query(
        "INSERT INTO leads (workspace_id, lead_id, name, status, source, words) \
         SELECT $1, ('01900000-0000-7000-8000-' || lpad(to_hex($2 + 10 - n), 12, '0'))::uuid, 'L' || n, 'new', \
                CASE WHEN n > $2 THEN 'fair' ELSE 'web' END, \
                array_to_tsvector(ARRAY['ada', CASE WHEN n IN ($2, $2 + 1) THEN 'rare' ELSE 'often' END]) \
           FROM generate_series(1, $2 + 2) AS n",
    )
    .bind(app.acme.0)
    .bind(SOUGHT_AMONG_MAX)
    .execute(&mut owner)
    .await
    .unwrap();
    let (within, beyond) = (format!("L{SOUGHT_AMONG_MAX}"), format!("L{}", SOUGHT_AMONG_MAX + 1));
    assert_eq!(names(&app, "q=rare").await, [within.as_str()]);
    assert_eq!(names(&app, "q=rare&source=fair").await, [beyond.as_str()]);
    assert_eq!(names(&app, "q=oft%20ada&limit=2").await, ["L1", "L2"]);
    let board = app.get("/api/v1/lead-board?q=ada&limit=1").await.json();
    assert_eq!(board["columns"][0]["count"], json!(1_000));
}

#[tokio::test]
async fn clients_are_the_leads_in_states_that_are_won_whatever_these_are_called() {
    let app = App::start().await;
    for (name, status) in [("Ada", "won"), ("Bob", "delivered"), ("Eve", "lost"), ("Kim", "new")] {
        make(&app, json!({ "name": name, "status": status })).await;
    }
    for (query, expected) in [
        ("kind=won", &["Bob", "Ada"][..]),
        ("kind=lost", &["Eve"]),
        ("kind=open", &["Kim"]),
        ("kind=won&status=won", &["Ada"]),
        ("kind=won&q=bob", &["Bob"]),
        ("kind=won&status=new", &[]),
    ] {
        assert_eq!(names(&app, query).await, expected, "{query}");
    }
    assert_eq!(app.get(&format!("{LEADS}?kind=best")).await.verdict(), "400 bad_kind");
    let mut other = app.another_process();
    other.key = app.other_key.clone();
    assert_eq!(names(&other, "kind=won").await, Vec::<String>::new());
}
