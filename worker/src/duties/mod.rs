//! What the fleet does on the side.

mod alerts;
mod archive;
mod bulk;
mod credential_tests;
mod ends;
mod events;
mod facts;
mod form_mails;
mod gates;
mod health;
mod item;
mod lease;
mod migrate;
mod orders;
mod pauses;
mod persons;
mod quotas;
mod retention;
mod secrets;
mod starts;
mod stats;
mod trigger_burst;
mod trigger_start;
mod trigger_starts;
mod upkeep;
mod webhooks;
mod words;

use std::sync::Arc;

use capstan_engine::store::connect::Place;
use tokio::sync::Notify;
use tokio::task::JoinSet;

pub(crate) use self::upkeep::first_months;
use crate::worker::Engine;

/// Begins all duties of a worker; they end when the set is dropped. `waker` is told of new work.
pub(crate) fn spawn(engine: &Arc<Engine>, place: &Place, waker: &Arc<Notify>) -> JoinSet<()> {
    let mut duties = JoinSet::new();
    duties.spawn(upkeep::upkeep(Arc::clone(engine), place.clone()));
    duties.spawn(bulk::bulk(Arc::clone(engine), place.clone(), Arc::clone(waker)));
    let starts = Arc::new(Notify::new());
    duties.spawn(events::events(Arc::clone(engine), place.clone(), Arc::clone(waker), Arc::clone(&starts)));
    duties.spawn(ends::ends(Arc::clone(engine), place.clone(), Arc::clone(&starts)));
    duties.spawn(gates::gates(Arc::clone(engine)));
    duties.spawn(health::health(Arc::clone(engine), place.clone()));
    duties.spawn(starts::starts(Arc::clone(engine), Arc::clone(waker)));
    duties.spawn(trigger_starts::trigger_starts(Arc::clone(engine), place.clone(), Arc::clone(waker), starts));
    duties.spawn(pauses::pauses(Arc::clone(engine)));
    duties.spawn(facts::facts(Arc::clone(engine)));
    duties.spawn(persons::persons(Arc::clone(engine), place.clone()));
    duties.spawn(quotas::quotas(Arc::clone(engine), place.clone()));
    duties.spawn(secrets::secrets(Arc::clone(engine)));
    duties.spawn(credential_tests::credential_tests(Arc::clone(engine)));
    duties.spawn(form_mails::form_mails(Arc::clone(engine)));
    duties.spawn(alerts::alerts(Arc::clone(engine), place.clone()));
    duties.spawn(stats::stats(Arc::clone(engine), place.clone()));
    duties.spawn(words::words(Arc::clone(engine), place.clone()));
    let due = Arc::new(Notify::new());
    duties.spawn(webhooks::hand_out(Arc::clone(engine), place.clone(), Arc::clone(&due)));
    duties.spawn(webhooks::deliver(Arc::clone(engine), place.clone(), due));
    duties
}
