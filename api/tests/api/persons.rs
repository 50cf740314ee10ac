//! Jobs about persons as clients see them; what workers do with them is tested with workers.

use capstan_domain::persons;
use capstan_engine::store::connect::Role;
use serde_json::{Value, json};

use crate::support::{Answer, App};

const JOBS: &str = "/api/v1/person-jobs";
const ANN: &str = "Ann@Example.org";

async fn make(app: &App, kind: &str) -> Answer {
    app.post(JOBS, &json!({ "kind": kind, "email": ANN })).await
}

/// Does what a worker does, until nothing is left.
async fn work(app: &App) {
    let mut worker = app.cell.connect(Role::Worker).await.unwrap();
    while persons::work(&mut worker).await.unwrap() {}
}

#[tokio::test]
async fn a_job_is_made_for_an_address_which_nothing_tells_again() {
    let app = App::start().await;
    for (body, verdict) in [
        (json!({ "kind": "erase", "email": "nobody" }), "422 bad_address"),
        (json!({ "kind": "erase", "email": "" }), "422 bad_address"),
        (json!({ "kind": "hide", "email": ANN }), "400 bad_body"),
        (json!({ "email": ANN }), "400 bad_body"),
    ] {
        assert_eq!(app.post(JOBS, &body).await.verdict(), verdict, "{body}");
    }
    let made = make(&app, "erase").await;
    assert_eq!(made.status, 202, "{}", made.text());
    let job = made.json();
    let path = format!("{JOBS}/{}", job["id"].as_str().unwrap());
    assert_eq!((made.header("location"), &job["status"]), (Some(path.as_str()), &json!("running")));
    work(&app).await;
    let ended = app.get(&path).await.json();
    assert_eq!((&ended["status"], &ended["counts"]["left"]), (&json!("completed"), &json!(0)));
    assert_eq!(app.get(&format!("{path}/lines")).await.verdict(), "409 no_export");
    let list = app.get(JOBS).await;
    assert_eq!(list.json()["items"], json!([ended]));
    // The log tells that it was about the same person as another job, and not about whom.
    let log = app.get("/api/v1/audit").await;
    let subject = log.json()["items"][0]["subject"].as_str().unwrap().to_owned();
    assert_eq!(subject, format!("{path} erase address_hash {}", ended["address_hash"].as_str().unwrap()));
    for text in [made.text(), list.text(), log.text()] {
        assert!(!text.to_lowercase().contains("ann@"), "{text}");
    }
    assert_eq!(app.count("person_jobs WHERE address IS NULL").await, 1);
    let again = make(&app, "export").await.json();
    assert_eq!(again["address_hash"], ended["address_hash"]);
}

#[tokio::test]
async fn an_export_is_read_page_by_page_and_each_reading_is_recorded() {
    let app = App::start().await;
    let lead = json!({ "email": ANN, "name": "Ann", "fields": { "plan": "pro" } });
    assert_eq!(app.post("/api/v1/leads", &lead).await.status, 201);
    let job = make(&app, "export").await.json();
    let path = format!("{JOBS}/{}/lines", job["id"].as_str().unwrap());
    assert_eq!(app.get(&path).await.verdict(), "409 job_not_completed");
    work(&app).await;
    let page = app.get(&path).await;
    assert_eq!((page.status.as_u16(), page.header("content-type")), (200, Some("application/x-ndjson")));
    assert_eq!((page.header("link"), page.header("cache-control")), (None, Some("no-store")));
    let lines: Vec<Value> = page.text().lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let told: Vec<&Value> = lines.iter().map(|line| &line["part"]).collect();
    assert_eq!(told, ["lead", "lead_event", "event"]);
    assert_eq!((&lines[0]["value"]["email"], &lines[0]["value"]["fields"]), (&json!(ANN), &json!({ "plan": "pro" })));
    assert_eq!(app.get(&format!("{path}?after=-1")).await.verdict(), "400 bad_cursor");
    let reads = "audit_log WHERE action = 'GET /api/v1/person-jobs/{person_job_id}/lines'";
    assert_eq!(app.count(reads).await, 1);

    // Many lines come in pages, each of which leads to the next.
    let mut owner = app.cell.connect(Role::Owner).await.unwrap();
    let more = "INSERT INTO person_lines (workspace_id, job_id, line_no, line) \
         SELECT workspace_id, job_id, n, '{}' FROM person_jobs, generate_series(4, 1500) n; \
         UPDATE person_jobs SET found = 1500";
    sqlx::raw_sql(more).execute(&mut owner).await.unwrap();
    let (mut at, mut counts) = (Some(path.clone()), Vec::new());
    while let Some(path) = at {
        let page = app.get(&path).await;
        counts.push(page.text().lines().count());
        let link =
            page.header("link").map(|link| link.trim_start_matches('<').split_once(">; rel=\"next\"").unwrap().0);
        at = link.map(str::to_owned);
    }
    assert_eq!(counts, [1_000, 500]);

    // A week later nothing of it is left.
    sqlx::raw_sql("UPDATE person_jobs SET ended_at = now() - interval '8 days'").execute(&mut owner).await.unwrap();
    let mut worker = app.cell.connect(Role::Worker).await.unwrap();
    while persons::tidy(&mut worker).await.unwrap() > 0 {}
    assert_eq!((app.count("person_lines").await, app.count("person_jobs").await), (0, 0));
    assert_eq!(app.get(&path).await.verdict(), "404 not_found");
}

#[tokio::test]
async fn a_workspace_has_a_bounded_number_of_jobs_that_have_not_ended() {
    let app = App::start().await;
    let mut owner = app.cell.connect(Role::Owner).await.unwrap();
    let fill = format!(
        "INSERT INTO person_jobs (workspace_id, job_id, kind, address, address_hash, by_kind, by_name) \
         SELECT '{}', gen_random_uuid(), 'export', 'a@b', decode(repeat('00', 32), 'hex'), 'key', 'k' \
           FROM generate_series(1, {})",
        app.acme,
        persons::OPEN_MAX
    );
    sqlx::raw_sql(&fill).execute(&mut owner).await.unwrap();
    assert_eq!(make(&app, "export").await.verdict(), "429 too_many_jobs");
    work(&app).await;
    assert_eq!(make(&app, "export").await.status, 202);
}
