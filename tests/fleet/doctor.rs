//! `capstan doctor` on a real installation, healthy and with faults that are planted one after the other.

use std::collections::BTreeMap;

use serde_json::Value;
use sqlx::Executor;

use crate::process::Process;
use crate::site::Site;
use crate::world::World;

/// A key that opens nothing here: its bytes are zeros.
const KEY: &str = "k1:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";

/// The worst state of each check.
fn states(result: &Value) -> BTreeMap<&str, &str> {
    let mut states = BTreeMap::new();
    for check in result["checks"].as_array().unwrap() {
        let (name, state) = (check["check"].as_str().unwrap(), check["state"].as_str().unwrap());
        let rank = |state: &str| ["ok", "warn", "fail"].iter().position(|known| *known == state).unwrap();
        let worst = states.entry(name).or_insert(state);
        *worst = if rank(state) > rank(worst) { state } else { worst };
        assert_eq!(check["hint"] == "", state == "ok", "what is wrong comes with what to do: {check}");
    }
    states
}

#[tokio::test(flavor = "multi_thread")]
async fn a_planted_fault_is_found_and_nothing_is_found_without_one() {
    let (world, _) = World::start().await;
    let site = Site::new().await;
    let mut env = site.worker_env(&world);
    env.push(("CAPSTAN_METRICS_LISTEN", "127.0.0.1:0".into()));
    let worker = Process::start(&["worker"], &env).await;
    let keys = [("CAPSTAN_SECRET_KEYS", KEY.to_owned())];

    let (is_well, healthy) = site.doctor(&keys).await;
    let states_now = states(&healthy);
    assert!(is_well, "{healthy:#}");
    // The login of a private cluster is a superuser, and no mail server is set.
    let warned: Vec<_> = states_now.iter().filter(|(_, state)| **state != "ok").map(|(check, _)| *check).collect();
    assert_eq!(warned, ["login", "settings"], "{healthy:#}");
    let told = reqwest::get(worker.ready["metrics_url"].as_str().unwrap()).await.unwrap().text().await.unwrap();
    assert!(told.contains("capstan_workers_reaped_total 0"), "{told}");
    worker.end().await;

    let mut owner = site.owner().await;
    for (check, wished, plant, mend) in FAULTS {
        owner.execute(*plant).await.unwrap_or_else(|error| panic!("{plant}: {error}"));
        let (is_well, sick) = site.doctor(&keys).await;
        assert_eq!(states(&sick)[check], *wished, "{plant}: {sick:#}");
        assert_eq!(is_well, !states(&sick).values().any(|state| *state == "fail"), "{sick:#}");
        owner.execute(*mend).await.unwrap_or_else(|error| panic!("{mend}: {error}"));
    }
    let (is_well, mended) = site.doctor(&keys).await;
    assert!(is_well, "all is mended, and nobody works: {mended:#}");
    assert_eq!(states(&mended)["workers"], "warn");
    for (settings, wished) in settings() {
        let (_, found) = site.doctor(&settings).await;
        assert_eq!(states(&found)[wished], "fail", "{settings:?}: {found:#}");
    }
}

/// Check, state, the fault and how it is mended.
const FAULTS: &[(&str, &str, &str, &str)] = &[
    (
        "cell",
        "fail",
        "UPDATE _sqlx_migrations SET version = -version WHERE version = 38",
        "UPDATE _sqlx_migrations SET version = -version WHERE version = -38",
    ),
    (
        "control",
        "fail",
        "UPDATE control._sqlx_migrations SET checksum = checksum || '\\x00' WHERE version = 1",
        "UPDATE control._sqlx_migrations SET checksum = substr(checksum, 1, length(checksum) - 1) WHERE version = 1",
    ),
    (
        "duties",
        "warn",
        "INSERT INTO duties (name, holder, take_no, last_begun_at, last_ended_at, is_done, outcome, next_due_at) \
         VALUES ('planted', 'w', 1, now(), now(), false, 'why', now())",
        "DELETE FROM duties WHERE name = 'planted'",
    ),
    ("roles", "fail", "ALTER ROLE capstan_api BYPASSRLS", "ALTER ROLE capstan_api NOBYPASSRLS"),
    (
        "isolation",
        "fail",
        "ALTER TABLE credentials NO FORCE ROW LEVEL SECURITY",
        "ALTER TABLE credentials FORCE ROW LEVEL SECURITY",
    ),
    (
        "workers",
        "fail",
        "INSERT INTO queue (vt, execution_id, workspace_id, fresh) \
         VALUES (1, uuid_floor_1(now() - interval '1 minute'), gen_random_uuid(), true)",
        "SELECT 1",
    ),
    ("queue", "warn", "SELECT 1", "DELETE FROM queue"),
    (
        "timers",
        "fail",
        "INSERT INTO timers VALUES (gen_random_uuid(), gen_random_uuid(), now() - interval '10 minutes')",
        "DELETE FROM timers",
    ),
    (
        "months",
        "fail",
        "DO $$ BEGIN EXECUTE format('ALTER TABLE %I RENAME TO usage_away', \
         'usage' || to_char(now() AT TIME ZONE 'UTC', '_YYYY_MM')); END $$",
        "DO $$ BEGIN EXECUTE format('ALTER TABLE usage_away RENAME TO %I', \
         'usage' || to_char(now() AT TIME ZONE 'UTC', '_YYYY_MM')); END $$",
    ),
    (
        "quotas",
        "warn",
        "UPDATE quota_rounds SET day = current_date - 5; \
         INSERT INTO quota_counters (workspace_id, meter, period) VALUES (gen_random_uuid(), 'm', now())",
        "UPDATE quota_rounds SET day = current_date; DELETE FROM quota_counters",
    ),
    (
        "keys",
        "fail",
        "INSERT INTO credentials (workspace_id, credential_id, name, type, allowed_hosts, fields_set, sealed, key_id, \
         created_by, updated_by) VALUES (gen_random_uuid(), gen_random_uuid(), 'c', 'bearer', '{a.example}', '{}', \
         '\\x01', 'k1', 'test', 'test')",
        "DELETE FROM credentials",
    ),
];

/// Settings with a contradiction, and the check that tells of it.
fn settings() -> Vec<(Vec<(&'static str, String)>, &'static str)> {
    vec![
        (vec![("CAPSTAN_SIGN_UP", "true".into())], "settings"),
        (vec![("CAPSTAN_TRUSTED_PROXIES", "everybody".into())], "settings"),
        (vec![("CAPSTAN_PUBLIC_URL", "flows".into())], "settings"),
        (vec![("CAPSTAN_SECRET_KEYS", "k1:short".into())], "keys"),
        (vec![("CAPSTAN_DEFAULT_PLAN", "no-such-plan".into())], "plan"),
        (vec![("CAPSTAN_API_POOLER_URL", "postgres://nobody@127.0.0.1:1/none".into())], "pooler"),
        (vec![("CAPSTAN_REPLICA_URL", "no URL".into())], "replica"),
        (vec![("DATABASE_URL", "postgres://nobody@127.0.0.1:1/none".into())], "database"),
    ]
}
