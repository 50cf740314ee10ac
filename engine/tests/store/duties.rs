use std::time::Duration;

use capstan_engine::store::connect::Role;
use capstan_engine::store::duties::{free, give_back, list, note, put_off, take};

use super::support::Cell;

const LEASE: Duration = Duration::from_secs(60);
const HOUR: Duration = Duration::from_secs(3_600);

#[tokio::test]
async fn a_duty_is_one_workers_until_it_ends_it_or_is_not_heard_of() {
    let cell = Cell::new().await;
    let (mut one, mut two) = (cell.connect(Role::Worker).await, cell.connect(Role::Worker).await);
    // Both at once: one of them has it.
    let both = tokio::join!(take(&mut one, "tidying", "one", LEASE), take(&mut two, "tidying", "two", LEASE));
    let (first, second) = (both.0.unwrap(), both.1.unwrap());
    assert!(first.is_some() != second.is_some(), "{first:?} {second:?}");
    let dead = first.or(second).unwrap();
    assert!(take(&mut two, "tidying", "two", LEASE).await.unwrap().is_none());
    assert!(take(&mut two, "partitions", "two", LEASE).await.unwrap().is_some(), "others are free");

    assert_eq!(free(&mut one, &["tidying", "retention", "partitions"]).await.unwrap(), ["retention"]);

    // The one that has it dies: nobody hears of it, and its lease runs out.
    cell.execute("UPDATE duties SET leased_until = now() WHERE name = 'tidying'").await;
    assert_eq!(free(&mut one, &["tidying"]).await.unwrap(), ["tidying"]);
    let taken = take(&mut two, "tidying", "three", LEASE).await.unwrap().unwrap();
    assert!(!put_off(&mut one, &dead, LEASE).await.unwrap(), "it was another one all along, and is overtaken");
    assert!(!note(&mut one, &dead, Ok("done"), HOUR).await.unwrap());
    give_back(&mut one, &dead).await.unwrap();
    assert!(put_off(&mut two, &taken, LEASE).await.unwrap());
    assert!(note(&mut two, &taken, Err("why"), Duration::ZERO).await.unwrap());
    assert!(!note(&mut two, &taken, Ok("done"), HOUR).await.unwrap(), "once");

    // What failed is due as it was said; what is done is not due for an hour.
    let taken = take(&mut two, "tidying", "three", LEASE).await.unwrap().unwrap();
    give_back(&mut two, &taken).await.unwrap();
    let taken = take(&mut one, "tidying", "one", LEASE).await.unwrap().unwrap();
    assert!(note(&mut one, &taken, Ok(&"x".repeat(2_000)), HOUR).await.unwrap());
    assert!(take(&mut one, "tidying", "one", LEASE).await.unwrap().is_none());
    let rows = list(&mut one).await.unwrap();
    let row = rows.iter().find(|row| row.name == "tidying").unwrap();
    assert_eq!((row.holder.as_str(), row.is_done, row.leased_until, row.late_s), ("one", Some(true), None, 0.0));
    assert_eq!(row.outcome.as_deref().map(str::len), Some(1_000));
    cell.execute("UPDATE duties SET next_due_at = now() - interval '1 hour'").await;
    let late = list(&mut one).await.unwrap();
    assert!(
        late.iter().any(|row| row.name == "tidying" && row.late_s >= 3_600.0 && row.is_late && !row.is_held),
        "{late:?}"
    );
    let held = late.iter().find(|row| row.name == "partitions").unwrap();
    assert!(held.late_s == 0.0 && held.is_held && !held.is_late, "somebody is at it: {late:?}");
    cell.execute("UPDATE duties SET next_due_at = now() - interval '20 minutes', leased_until = now()").await;
    let soon = list(&mut one).await.unwrap();
    assert!(soon.iter().all(|row| row.late_s >= 1_200.0 && !row.is_late && !row.is_held), "not late enough: {soon:?}");
}
