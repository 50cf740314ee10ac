//! The plans of lists and searches where a workspace is one of ten in a cell of many rows: under the API role each goes by an index, and
//! meets rows of its own workspace only. 20,000 rows, or as many as `PLANS_ROWS` says.

use capstan_engine::core::ids::{ExecutionId, VersionId};
use capstan_engine::store::connect::Role;
use capstan_engine::store::listing::{LOOKED_AT_MAX, Wanted, looked_for, of_ids};
use capstan_engine::store::{executions, logs};
use sqlx::PgConnection;
use uuid::Uuid;

use super::explain::{Plan, Plans};
use super::plans_data::empty;
use super::support::{Cell, run};

const ROWS: i64 = 20_000;
const PAGE: i64 = 51;
/// What is rare in the own workspace; in the others all have it.
const RARE: i64 = 20;
/// Executions that a search looks through before it asks the index of words, as `search_words_1` has it.
const NEWEST: i64 = 1_000;

fn rows() -> i64 {
    let rows: i64 = std::env::var("PLANS_ROWS").map_or(ROWS, |rows| rows.parse().expect("PLANS_ROWS is a number"));
    assert!(rows >= ROWS && rows % ROWS == 0, "PLANS_ROWS is a multiple of {ROWS}");
    rows
}

/// Executions of last month and of this one, half each, a tenth of them the own workspace's, with a line of log and with words each; and
/// as many nodes of published versions, a hundred in each. Others have everywhere what is rare in the own workspace. All is
/// one transaction and so of one moment.
async fn fill(cell: &Cell, rows: i64) {
    let ids = format!(
        "(SELECT (substr(uuid_floor_1(date_trunc('month', now(), 'UTC') + interval '1 day' + m * interval '25 days')::text, \
            1, 24) || lpad(to_hex(n), 12, '0'))::uuid AS id, n, m, n % 10 = 0 AS own, n % 10 > 0 OR n % {} = 0 AS has \
          FROM generate_series(1, {}) n, generate_series(-1, 0) m) AS ids",
        rows / RARE,
        rows / 2
    );
    let workspace = format!("CASE WHEN own THEN '{}'::uuid ELSE md5((n % 10)::text)::uuid END", cell.workspace);
    let workflows = format!(
        "(SELECT md5(n::text)::uuid AS id, n, n % 10 = 0 AS own FROM generate_series(1, {}) n) AS workflows",
        rows / 100
    );
    let mut owner = cell.connect(Role::Owner).await;
    for sql in [
        "BEGIN".to_owned(),
        format!(
            "INSERT INTO executions (execution_id, workspace_id, workflow_id, version_id, trigger_node_id, input, status, \
               error, ended_at) SELECT id, {workspace}, id, id, 'start', '1', CASE WHEN has THEN 'failed' ELSE 'completed' END, \
               CASE WHEN has THEN '{{\"class\": \"rare\"}}'::jsonb END, now() FROM {ids}"
        ),
        format!(
            "INSERT INTO execution_logs (execution_id, log_id, workspace_id, node_id, attempt, level, message, created_at) \
             SELECT id, id, {workspace}, 'a', 1, 'info', 'hello', now() FROM {ids}"
        ),
        format!(
            "INSERT INTO execution_words (workspace_id, execution_id, words) \
             SELECT w, id, array_to_tsvector(ARRAY[word_mark_1(w, 'e') || 'common', word_mark_1(w, 'e') || 'n' || n, \
               word_mark_1(w, 'e') || CASE WHEN has THEN 'rare' ELSE 'often' END, \
               word_mark_1(w, 'l') || CASE WHEN has THEN 'spark' ELSE 'hum' END]) \
             FROM (SELECT {workspace} AS w, id, n, has FROM {ids}) AS made"
        ),
        format!("INSERT INTO workflows (workspace_id, workflow_id, name) SELECT {workspace}, id, 'w' FROM {workflows}"),
        format!(
            "INSERT INTO workflow_versions (workspace_id, version_id, workflow_id, number, graph, semantics) \
             SELECT {workspace}, id, id, 1, '1', 1 FROM {workflows}"
        ),
        format!(
            "INSERT INTO workflow_nodes (workspace_id, version_id, node_id, type, label, config) \
             SELECT {workspace}, id, 'n' || k, 't', 'l', jsonb_build_object('method', 'GET', 'url', CASE \
               WHEN NOT own OR n = 10 AND k <= 3 THEN 'https://rare.example' ELSE 'https://often.example/' || k END) \
             FROM {workflows}, generate_series(1, 100) k"
        ),
        "COMMIT".to_owned(),
    ] {
        run(&mut owner, &sql).await;
    }
}

/// No table is read whole, an index whose name has `index` in it is used, and no scan meets more rows than that.
fn assert_by(plan: &Plan, index: &str, rows_max: i64) {
    plan.assert_by_index(index, u64::try_from(rows_max).unwrap());
}

async fn check_lists(cell: &Cell, api: &mut PgConnection, plans: &Plans) {
    let newest = ExecutionId(Uuid::max());
    let page = executions::list(api, cell.workspace, None, Some(false), newest, PAGE).await.unwrap();
    assert_eq!(page.len() as i64, PAGE);
    assert_by(&plans.take_one("FROM executions e"), "_workspace_id_execution_id_idx", PAGE + 1);

    for wanted in [
        Wanted { status: Some("failed"), ..Wanted::default() },
        Wanted { error_class: Some("rare"), ..Wanted::default() },
        Wanted { version_id: Some(VersionId(page[7].version_id)), ..Wanted::default() },
    ] {
        let (found, _) = looked_for(api, cell.workspace, &wanted, newest, PAGE).await.unwrap();
        assert!((1..=RARE as usize).contains(&found.len()), "{wanted:?} {}", found.len());
        for plan in plans.take() {
            assert_by(&plan, "_workspace_id_execution_id_idx", LOOKED_AT_MAX + 1);
        }
    }
    let ids: Vec<Uuid> = page.iter().map(|row| row.execution_id).collect();
    assert_eq!(of_ids(api, cell.workspace, &Wanted::default(), &ids).await.unwrap().len(), ids.len());
    assert_by(&plans.take_one("FROM executions e"), "executions_", PAGE);
    assert_eq!(logs::read(api, cell.workspace, ExecutionId(ids[0]), Uuid::nil(), 100).await.unwrap().len(), 1);
    assert_by(&plans.take_one("FROM execution_logs"), "execution_logs_", 1);
}

async fn search(cell: &Cell, api: &mut PgConnection, kind: &str, words: &[&str]) -> Vec<Uuid> {
    let sql = "SELECT (search_words_1($1, $2, $3, $4, $5, $6)).execution_ids";
    let found = sqlx::query_scalar(sql).bind(cell.workspace.0).bind(kind).bind(words);
    let found = found.bind(Uuid::nil()).bind(Uuid::max()).bind(i32::try_from(PAGE).unwrap());
    found.fetch_one(api).await.unwrap()
}

async fn check_words(cell: &Cell, api: &mut PgConnection, plans: &Plans) {
    assert_eq!(search(cell, api, "e", &["common"]).await.len() as i64, PAGE);
    assert_by(&plans.take_one("WITH looked_at"), "execution_words_", NEWEST);
    for (kind, words, expected) in [
        ("e", &["rare"][..], RARE),
        ("l", &["spar"][..], RARE),
        ("e", &["comm", "rar"][..], RARE),
        ("e", &["rare", "nowhere"][..], 0),
    ] {
        let found = search(cell, api, kind, words).await;
        assert_eq!(found.len() as i64, expected, "{words:?}");
        assert!(found.is_sorted_by(|one, next| one > next));
        let all = plans.take();
        let of = |text: &str| all.iter().find(|plan| plan.query.contains(text)).unwrap();
        assert_by(of("WITH looked_at"), "execution_words_", NEWEST);
        // Of the index of words, the entries of its own workspace alone.
        assert_by(of("WITH matched"), "_words_idx", RARE);
    }
}

async fn check_configs(cell: &Cell, api: &mut PgConnection, plans: &Plans) {
    let sql = "SELECT (search_configs_1($1, $2, 20000)).workflow_ids";
    let rare = serde_json::json!({ "url": "https://rare.example", "method": "GET" });
    let found: Vec<Uuid> = sqlx::query_scalar(sql).bind(cell.workspace.0).bind(rare).fetch_one(api).await.unwrap();
    assert_eq!(found.len(), 1);
    assert_by(&plans.take_one("WITH matched"), "workflow_nodes_config", 3);
}

async fn check(cell: &Cell, api: &mut PgConnection, plans: &Plans) {
    plans.take();
    check_lists(cell, api, plans).await;
    check_words(cell, api, plans).await;
}

#[tokio::test]
async fn lists_and_searches_go_by_an_index_and_meet_rows_of_their_own_workspace_only() {
    let cell = empty().await;
    let mut api = cell.connect(Role::Api).await;
    let own = format!("SELECT set_config('app.workspace_id', '{}', false)", cell.workspace);
    run(&mut api, &own).await;
    // Plans from when everything was empty, then with statistics, then of a new connection.
    fill(&cell, rows()).await;
    let plans = Plans::of(&mut api).await;
    check(&cell, &mut api, &plans).await;
    cell.execute("ANALYZE").await;
    check(&cell, &mut api, &plans).await;
    // Tables of workflows are not filled in a moment: their statistics are there.
    check_configs(&cell, &mut api, &plans).await;
    let mut fresh = cell.connect(Role::Api).await;
    run(&mut fresh, &own).await;
    drop(plans);
    let plans = Plans::of(&mut fresh).await;
    check(&cell, &mut fresh, &plans).await;
}
