//! The fleet: whether anybody works, and whether work flows.

use capstan_engine::store::connect::{Place, Role};
use capstan_engine::store::error::StoreError;
use capstan_engine::store::health::{OUTBOX_S, QUEUE_S, TIMER_S};
use capstan_engine::store::vitals::{self, Flow};

use super::finding::Findings;

/// Days without a comparison of quotas: it is done each night.
const RECONCILED_DAYS_MAX: i32 = 2;

/// Looks as the worker's role, which sees all workspaces.
pub(super) async fn look(cell: &Place, found: &mut Findings) {
    match see(cell).await {
        Ok(flow) => judge(&flow, found),
        Err(error) => found.fail("fleet", error, "GRANT capstan_worker to the login of DATABASE_URL"),
    }
}

async fn see(cell: &Place) -> Result<Flow, StoreError> {
    vitals::flow(&mut cell.connect(Role::Worker).await?).await
}

fn judge(flow: &Flow, found: &mut Findings) {
    let waits = flow.queue_age_s.is_some() || flow.timer_late_s.is_some();
    let last = flow.last_beat_s.map_or("there was none yet".into(), |age| format!("the last beat was {age:.0} s ago"));
    match flow.workers {
        0 if waits => found.fail("workers", format!("none works, and work waits; {last}"), "start `capstan worker`"),
        0 => found.warn(
            "workers",
            format!("none works; {last}"),
            "start `capstan worker`: without one nothing is executed",
        ),
        count => found.ok("workers", format!("{count} beat")),
    }
    let more = "start more workers, or raise CAPSTAN_SLOTS; `capstan explain` says what an execution waits for";
    found.measured("queue", "the oldest execution waits", flow.queue_age_s, QUEUE_S, more);
    found.measured("timers", "the latest timer is late by", flow.timer_late_s, TIMER_S, more);
    let stuck = "see the log of the workers for \"handed out\"; an old transaction holds it up, too";
    found.measured("outbox", "the oldest event waits", flow.outbox_age_s, OUTBOX_S, stuck);
    match flow.reconciled_days {
        None => found.ok("quotas", "nothing is counted yet"),
        Some(days) if days > RECONCILED_DAYS_MAX => {
            let hint = "workers do it each night: see their log for \"quota\"";
            found.warn("quotas", format!("counters were compared with facts {days} days ago"), hint);
        }
        Some(days) => found.ok("quotas", format!("counters were compared with facts {days} days ago")),
    }
}

#[cfg(test)]
mod tests {
    use super::super::finding::State;
    use super::*;

    #[test]
    fn work_that_does_not_flow_is_told() {
        let calm = Flow {
            workers: 2,
            last_beat_s: Some(0.5),
            queue_age_s: None,
            timer_late_s: None,
            outbox_age_s: None,
            reconciled_days: Some(1),
        };
        let judged = |change: fn(&mut Flow)| {
            let (mut flow, mut found) = (calm.clone(), Findings::default());
            change(&mut flow);
            judge(&flow, &mut found);
            found.worst()
        };
        assert_eq!(judged(|_| ()), State::Ok);
        assert_eq!(judged(|flow| flow.workers = 0), State::Warn);
        assert_eq!(judged(|flow| (flow.workers, flow.queue_age_s) = (0, Some(0.1))), State::Fail);
        assert_eq!(judged(|flow| flow.queue_age_s = Some(31.0)), State::Warn);
        assert_eq!(judged(|flow| flow.timer_late_s = Some(301.0)), State::Fail);
        assert_eq!(judged(|flow| flow.outbox_age_s = Some(61.0)), State::Warn);
        assert_eq!(judged(|flow| flow.reconciled_days = Some(3)), State::Warn);
    }
}
