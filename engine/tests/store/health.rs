use capstan_engine::store::connect::Role;
use capstan_engine::store::health::{Standing, judge, newest, series, take};

use super::support::Cell;

#[tokio::test]
async fn figures_are_taken_as_a_worker_and_read_as_means_and_old_ones_go() {
    let cell = Cell::new().await;
    cell.start(3).await;
    let (mut worker, mut api) = (cell.connect(Role::Worker).await, cell.connect(Role::Api).await);
    assert!(series(&mut api, 1, 60).await.unwrap().is_empty());
    take(&mut worker).await.unwrap();
    // As if it had been ten minutes ago, when the counter stood lower by what left the queue since.
    cell.execute(
        "UPDATE system_health_metrics SET taken_at = taken_at - interval '10 minutes', claimed_total = claimed_total - 600, queued = 9",
    )
    .await;
    cell.execute("INSERT INTO system_health_metrics SELECT taken_at - interval '15 days', workers, queued, active, queue_age_s, \
        timer_late_s, outbox_age_s, claimed_total, oldest_transaction_s, live_rows, dead_rows, months_ahead, connections, \
        connections_max, database_bytes FROM system_health_metrics")
        .await;
    take(&mut worker).await.unwrap();
    assert_eq!(cell.count("SELECT count(*) FROM system_health_metrics").await, 2, "what is too old is gone");
    let points = series(&mut api, 1, 60).await.unwrap();
    let [before, now] = points.as_slice() else { panic!("{points:?}") };
    assert_eq!((before.queued, before.claims_per_s), (9.0, None));
    assert_eq!(now.queued, 3.0);
    let rate = now.claims_per_s.unwrap();
    assert!((0.9..=1.1).contains(&rate), "{rate}");
    assert!(now.connections >= 2.0 && now.connections_max >= now.connections && now.months_ahead >= 1.0, "{now:?}");
    assert!(now.database_bytes.unwrap() > 1e6, "{now:?}");
    let judged = judge(Some(now), 0.0);
    assert!(judged.iter().any(|it| it.check == "workers" && it.standing == Standing::Bad), "{judged:?}");
    // Many in one stretch are one point.
    assert_eq!(series(&mut api, 1, 2_000_000_000).await.unwrap().len(), 1);
}

#[tokio::test]
async fn the_newest_figures_count_open_alerts_and_waiting_deliveries_of_all_workspaces() {
    let cell = Cell::new().await;
    let (mut worker, mut api) = (cell.connect(Role::Worker).await, cell.connect(Role::Api).await);
    assert!(newest(&mut api).await.unwrap().is_none());
    take(&mut worker).await.unwrap();
    // A worker of an older release counts neither.
    cell.execute(
        "UPDATE system_health_metrics SET taken_at = taken_at - interval '10 minutes', alerts_open = NULL, \
         deliveries_waiting = NULL, workers = 7",
    )
    .await;
    let old = newest(&mut api).await.unwrap().unwrap();
    assert!(old.age_s >= 600.0, "{old:?}");
    assert_eq!((old.workers, old.alerts_open, old.deliveries_waiting), (7, None, None));

    cell.start(2).await;
    cell.execute(
        "INSERT INTO alerts (workspace_id, alert_id, rule, kind, summary, detail, raised_at, cleared_at, cleared_because, is_mailed) \
         SELECT gen_random_uuid(), gen_random_uuid(), 'failures', 'failure_rate', 'many fail', '{}', clock_timestamp(), \
                CASE WHEN n > 2 THEN clock_timestamp() END, CASE WHEN n > 2 THEN 'recovered' END, false \
           FROM generate_series(1, 3) AS n",
    )
    .await;
    take(&mut worker).await.unwrap();
    let now = newest(&mut api).await.unwrap().unwrap();
    assert!(now.age_s < 600.0 && now.queue_age_s.is_some() && now.connections_max > 0, "{now:?}");
    assert_eq!((now.workers, now.queued, now.alerts_open, now.deliveries_waiting), (0, 2, Some(2), Some(0)));
}
