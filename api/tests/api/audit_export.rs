//! The audit log is taken out as a stream.

use capstan_domain::access::Role;
use capstan_domain::audit::EXPORT_ROWS;
use capstan_engine::store::connect;
use serde_json::Value;

use crate::people::{member, send, start};
use crate::support::{Answer, App};

const EXPORT: &str = "/api/v1/audit/export";

/// Adds that many changes, one each second of a day of January 2026 from midnight on.
async fn log(app: &App, day: u32, count: usize) {
    log_recorded(app, day, count, "t.at").await;
}

/// The same, recorded `at`, in SQL; `t.at` is when a change was begun.
async fn log_recorded(app: &App, day: u32, count: usize, at: &str) {
    let mut owner = app.cell.connect(connect::Role::Owner).await.unwrap();
    let sql = format!(
        "INSERT INTO audit_log (workspace_id, audit_id, recorded_at, by_kind, by_id, by_name, action, subject, status, \
           request_id) \
         SELECT $1, uuid_floor_1(t.at), {at}, 'user', gen_random_uuid(), '=cmd()', 'PUT /x', '/a,\"b\"', 200, 'r' || t.n \
         FROM (SELECT n, $2::timestamptz + n * interval '1 s' AS at FROM generate_series(0, $3 - 1) AS n) t"
    );
    let from = format!("2026-01-{day:02}T00:00:00Z");
    let count = i32::try_from(count).unwrap();
    sqlx::query(&sql).bind(app.acme.0).bind(from).bind(count).execute(&mut owner).await.unwrap();
}

async fn export(app: &App, query: &str) -> Answer {
    let answer = app.get(&format!("{EXPORT}?{query}")).await;
    assert_eq!(answer.status, 200, "{query}: {}", answer.text());
    answer
}

/// The requests that lines tell of.
fn requests(answer: &Answer) -> Vec<String> {
    let lines = answer.text();
    let request = |line: &str| serde_json::from_str::<Value>(line).unwrap()["request_id"].as_str().unwrap().to_owned();
    lines.lines().map(request).collect()
}

#[tokio::test]
async fn all_of_a_time_is_told_once_from_the_oldest_on_and_that_it_was_is_recorded() {
    let app = App::start().await;
    // Two whole pieces, and one with a single change.
    let count = 2 * EXPORT_ROWS + 1;
    log(&app, 2, count).await;
    log(&app, 3, 1).await;
    let query = "from=2026-01-02T00:00:00Z&to=2026-01-03T00:00:00Z";
    let lines = export(&app, query).await;
    assert_eq!(lines.header("content-type"), Some("application/x-ndjson"));
    assert_eq!(lines.header("content-disposition"), Some("attachment; filename=\"audit-acme.ndjson\""));
    let expected: Vec<String> = (0..count).map(|no| format!("r{no}")).collect();
    assert_eq!(requests(&lines), expected);
    // As the list tells it.
    let newest = app.get("/api/v1/audit?limit=1").await.json()["items"][0].clone();
    assert_eq!((&newest["action"], &newest["status"]), (&"GET /api/v1/audit/export".into(), &200.into()));
    assert_eq!(newest["subject"], format!("{EXPORT}?{query}"));
    let all = export(&app, "").await;
    let last: Value = serde_json::from_str(all.text().lines().last().unwrap()).unwrap();
    assert_eq!(
        all.text().lines().count(),
        count + 3,
        "the export before, and this one, whose entry is made before it answers"
    );
    assert_eq!(last["subject"], format!("{EXPORT}?"));
    let none = export(&app, "from=2026-01-04T00:00:00Z&to=2026-01-05T00:00:00Z").await;
    assert_eq!(none.text(), "");
    let mut other = app.another_process();
    other.key = app.other_key.clone();
    assert_eq!(export(&other, query).await.text(), "");
}

#[tokio::test]
async fn whoever_goes_on_behind_a_line_misses_none_though_times_are_in_another_order_than_ids() {
    let app = App::start().await;
    // Begun one after the other, and recorded the other way round.
    log_recorded(&app, 2, 8, "'2026-01-02T00:01:00Z'::timestamptz - t.n * interval '1 s'").await;
    let span = "from=2026-01-02T00:00:00Z&to=2026-01-03T00:00:00Z";
    let whole = export(&app, span).await;
    let expected: Vec<String> = (0..8).map(|no| format!("r{no}")).collect();
    assert_eq!(requests(&whole), expected);
    for (cut, line) in whole.text().lines().enumerate() {
        let line: Value = serde_json::from_str(line).unwrap();
        let rest = export(&app, &format!("{span}&after={}", line["id"].as_str().unwrap())).await;
        assert_eq!(requests(&rest), expected[cut + 1..]);
    }
    // What is asked for twice is both: not from before the span, however early the line was.
    let none = export(&app, &format!("{span}&after=ffffffff-ffff-ffff-ffff-ffffffffffff")).await;
    assert_eq!(none.text(), "");
    let all = export(&app, &format!("{span}&after=00000000-0000-0000-0000-000000000000")).await;
    assert_eq!(requests(&all), expected);
    assert_eq!(app.get(&format!("{EXPORT}?after=r7")).await.verdict(), "400 bad_cursor");
}

#[tokio::test]
async fn a_table_is_one_that_every_program_reads_and_what_cannot_be_asked_for_is_told() {
    let app = App::start().await;
    log(&app, 2, 1).await;
    let table = export(&app, "format=csv&to=2026-01-03T00:00:00Z").await;
    assert_eq!(table.header("content-type"), Some("text/csv; charset=utf-8"));
    let text = table.text();
    let mut lines = text.split("\r\n");
    assert_eq!(lines.next(), Some("id,at,by_kind,by_id,by_name,action,subject,status,address,request_id,changes"));
    let line = lines.next().unwrap();
    assert!(line.contains(",2026-01-02T00:00:00.000000Z,user,"), "{line}");
    assert!(line.ends_with(",'=cmd(),PUT /x,\"/a,\"\"b\"\"\",200,,r0,"), "{line}");
    assert_eq!((lines.next(), lines.next()), (Some(""), None));
    for (query, verdict) in
        [("format=xml", "400 bad_format"), ("from=yesterday", "400 bad_time"), ("by=ada", "400 unknown_parameter")]
    {
        assert_eq!(app.get(&format!("{EXPORT}?{query}")).await.verdict(), verdict, "{query}");
    }
    assert_eq!(app.count("audit_log WHERE action LIKE '%export'").await, 1, "what was refused told nobody anything");
}

#[tokio::test]
async fn only_who_cares_for_the_workspace_takes_its_log_out() {
    let app = start().await;
    for (role, status) in [(Role::Viewer, 403), (Role::Member, 403), (Role::Admin, 200), (Role::Owner, 200)] {
        let session = member(&app, app.acme, &format!("{role}@example.com"), role).await;
        assert_eq!(send(&app, &session, "GET", "/audit/export", Value::Null).await.status, status, "{role}");
    }
}
