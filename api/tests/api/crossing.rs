//! The functions that cross workspaces, and how little they tell.

use capstan_domain::access;
use capstan_engine::store::connect::Role;

use crate::support::App;

#[tokio::test]
async fn one_function_crosses_workspaces_and_only_by_an_exact_key_or_slug() {
    let app = App::start().await;
    let mut api = app.control.connect(Role::Api).await.unwrap();
    let by_key = access::resolve_key(&mut api, &app.key).await.unwrap().unwrap();
    assert_eq!(
        (by_key.workspace_id, by_key.slug.as_str(), by_key.cell.schema_name.as_str()),
        (app.acme, "acme", "cell_1")
    );
    assert_eq!(access::resolve_slug(&mut api, "acme").await.unwrap(), Some(by_key));
    for slug in ["acm", "ACME", "acme%", ""] {
        assert_eq!(access::resolve_slug(&mut api, slug).await.unwrap(), None, "{slug}");
    }
    for none_or_two in ["NULL, NULL, NULL", "NULL, 'acme', gen_random_uuid()"] {
        let sql = format!("SELECT slug FROM resolve_workspace_3({none_or_two})");
        let found: Vec<(String,)> = sqlx::query_as(&sql).fetch_all(&mut api).await.unwrap();
        assert!(found.is_empty(), "{none_or_two}");
    }
    let hash = access::hash_key(&app.key);
    for (key, slug, expected) in
        [(Some(hash.as_slice()), Some("other"), 0), (Some(&hash[..31]), None, 0), (Some(&hash[..]), None, 1)]
    {
        let found: Vec<(String,)> = sqlx::query_as("SELECT slug FROM resolve_workspace_2($1, $2)")
            .bind(key)
            .bind(slug)
            .fetch_all(&mut api)
            .await
            .unwrap();
        assert_eq!(found.len(), expected, "{slug:?}");
    }
    let mut owner = app.control.connect(Role::Owner).await.unwrap();
    let crossing: Vec<String> = sqlx::query_scalar(
        "SELECT p.proname::text FROM pg_proc p WHERE p.prosecdef AND has_function_privilege('capstan_api', p.oid, 'EXECUTE') \
         AND p.pronamespace IN ('control'::regnamespace, 'cell_1'::regnamespace) ORDER BY 1",
    )
    .fetch_all(&mut owner)
    .await
    .unwrap();
    // `admit_key_1`, `name_key_1` and `touch_key_1` are about a key whose text one has, `admit_key_by_id_1` and
    // `touch_key_by_id_1` about one that a signed token names. `give_plan_1` gives a workspace
    // its first plan only; `plans_to_sync_1` and `plan_synced_1` bring limits, which are no business data, to the cells; `alerts_to_mail_1` names alerts and `notices_to_tell_1` and `_2` notices, and
    // says nothing about them; `facts_1` is told of which workspaces, as a process asks once for all that somebody listens to, and says
    // ids and states. The others take the workspace from the transaction, as
    // row-level security does; `announce_cell_1` says that there will be something to do in a cell, and
    // `database_server_1` where cells are, with a password that is sealed; `slow_statements_1` tells texts of statements, without values; `line_1` only counts how many of others come before.
    let known = [
        "admit_key_1",
        "admit_key_2",
        "admit_key_3",
        "admit_key_by_id_1",
        "admit_key_by_id_2",
        "alerts_to_mail_1",
        "announce_cell_1",
        "apart_1",
        "cancel_pending_1",
        "database_server_1",
        "facts_1",
        "forget_trial_1",
        "give_plan_1",
        "lift_pause_1",
        "line_1",
        "migrate_1",
        "name_key_1",
        "notices_to_tell_1",
        "notices_to_tell_2",
        "order_1",
        "plan_not_synced_1",
        "plan_synced_1",
        "plans_to_sync_1",
        "plans_to_sync_2",
        "resolve_workspace_1",
        "resolve_workspace_2",
        "resolve_workspace_3",
        "restart_1",
        "restart_2",
        "search_configs_1",
        "search_words_1",
        "set_quota_limits_1",
        "set_standing_1",
        "slow_statements_1",
        "tell_billing_1",
        "touch_key_1",
        "touch_key_by_id_1",
    ];
    assert_eq!(crossing, known);
}
