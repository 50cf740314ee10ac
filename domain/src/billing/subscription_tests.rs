//! Tables of orders and of what subscriptions come to.

use super::*;

fn at(seconds: i64) -> DateTime<Utc> {
    DateTime::from_timestamp(seconds, 0).unwrap()
}

fn seen(seconds: i64, rank: i16, status: Status, before: Option<Status>) -> Seen {
    Seen { at: at(seconds), rank, status, before }
}

#[test]
fn the_later_event_wins_whatever_order_they_come_in() {
    use Status::{Active, Canceled, Incomplete, IncompleteExpired, PastDue, Trialing};
    for (earlier, later) in [
        (seen(10, 1, PastDue, None), seen(11, 1, Active, None)),
        (seen(10, 0, Incomplete, None), seen(10, 1, Active, Some(Incomplete))),
        (seen(10, 1, Trialing, None), seen(10, 1, Active, Some(Trialing))),
        (seen(10, 1, Active, None), seen(10, 2, Canceled, None)),
        // What is over stays over, even if clocks say otherwise.
        (seen(12, 1, Active, None), seen(11, 2, Canceled, None)),
        (seen(12, 1, Incomplete, None), seen(11, 1, IncompleteExpired, Some(Incomplete))),
    ] {
        assert!(is_overtaken(&earlier, &later), "{earlier:?} before {later:?}");
        assert!(!is_overtaken(&later, &earlier), "{later:?} after {earlier:?}");
    }
    // Of two that nothing tells apart, the one that comes later counts.
    let (one, other) = (seen(10, 1, Active, None), seen(10, 1, PastDue, None));
    assert!(!is_overtaken(&one, &other) && !is_overtaken(&other, &one));
    assert!(!is_overtaken(&one, &one));
}

fn prices() -> HashMap<String, Priced> {
    [("price_s", "starter", 2), ("prod_s", "free", 1), ("prod_p", "pro", 3)]
        .map(|(id, plan, place)| (id.to_owned(), Priced { plan: plan.into(), place }))
        .into()
}

fn paid(status: Status, prices: &[&str], period_ends_s: i64) -> Subscription {
    let prices = prices.iter().map(|&id| id.to_owned()).collect();
    Subscription { status, prices, period_ends_at: Some(at(period_ends_s)) }
}

#[test]
fn the_plan_is_what_is_paid_until_its_period_ends() {
    use Status::{Active, Canceled, Incomplete, IncompleteExpired, PastDue, Paused, Trialing, Unpaid};
    let starter = ["price_s", "prod_s"];
    let plan = |plan: &str| Target::Plan(plan.into());
    for (subscriptions, target, look_at) in [
        (vec![], Target::AsItIs, None),
        (vec![paid(Incomplete, &starter, 200)], Target::AsItIs, None),
        (vec![paid(IncompleteExpired, &starter, 200)], Target::AsItIs, None),
        // A price goes before its product, and a product stands for all its prices.
        (vec![paid(Active, &starter, 200)], plan("starter"), None),
        (vec![paid(Trialing, &["price_other", "prod_s"], 200)], plan("free"), None),
        // It is told when these change, also if the period is over by our clock.
        (vec![paid(PastDue, &starter, 50)], plan("starter"), None),
        (vec![paid(Unpaid, &starter, 200)], plan("starter"), Some(200)),
        (vec![paid(Canceled, &starter, 200)], plan("starter"), Some(200)),
        (vec![paid(Canceled, &starter, 100)], Target::Fallback, None),
        (vec![paid(Unpaid, &starter, 99)], Target::Fallback, None),
        (vec![paid(Paused, &starter, 99)], Target::Fallback, None),
        // The largest one counts, and the first end is looked at.
        (vec![paid(Active, &starter, 200), paid(Active, &["price_p", "prod_p"], 200)], plan("pro"), None),
        (vec![paid(Canceled, &["x", "prod_p"], 300), paid(Unpaid, &starter, 200)], plan("pro"), Some(200)),
        (vec![paid(Canceled, &["x", "prod_p"], 90), paid(Active, &starter, 200)], plan("starter"), None),
        (vec![paid(Active, &["price_s", "prod_s", "x", "prod_p"], 200)], plan("pro"), None),
    ] {
        let found = due(&subscriptions, &prices(), at(100));
        let expected = Due { target, look_at: look_at.map(at), has_unknown_price: false };
        assert_eq!(found, expected, "{subscriptions:?}");
    }
}

#[test]
fn what_is_paid_for_and_is_no_plan_changes_none() {
    let found = due(&[paid(Status::Active, &["price_x", ""], 200)], &prices(), at(100));
    assert_eq!((found.target, found.has_unknown_price), (Target::AsItIs, true));
    let both = [paid(Status::Active, &["price_x", ""], 200), paid(Status::Active, &["price_s", ""], 200)];
    assert_eq!(due(&both, &prices(), at(100)).target, Target::Plan("starter".into()));
}

#[test]
fn words_and_states_are_one_to_one() {
    for status in Status::ALL {
        assert_eq!(status.as_str().parse(), Ok(status));
        assert_eq!(serde_json::json!(status), status.as_str());
        assert!(!(status.pays() && status.lapses()));
    }
}
