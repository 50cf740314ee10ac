//! What a client says to an execution, and hears from it, beside its start and its signals: events, orders, answers.

use std::time::Duration;

use reqwest::StatusCode;
use tokio::time::sleep;
use uuid::Uuid;

use crate::api::Api;
use crate::dice::Dice;
use crate::graphs::{EVENT_TYPE, GraphSpec};
use crate::load::good;

/// The stream of its draws.
const STREAM: u64 = 77;
/// Of a hundred events, so many are sent before the start, and so many twice at once.
const EARLY_PERCENT: u64 = 40;
const TWICE_PERCENT: u64 = 15;
/// Longest time from a start to an event, or an order.
const AFTER_MS_MAX: u64 = 1_500;
/// Of a hundred starts, so many wait for an answer: of those that may answer before their end, and of all others.
const WAITS_PERCENT: [u64; 2] = [60, 5];
const WAIT: &str = "3s";
/// Of a hundred executions that are not calm, so many are paused, and so many are told to try again at once.
const PAUSED_PERCENT: u64 = 8;
const HASTENED_PERCENT: u64 = 8;
/// How long they stay paused.
const PAUSE_MS: [u64; 2] = [500, 4_500];

/// All of it for one execution.
pub(crate) struct Talk<'a> {
    api: &'a Api,
    spec: &'a GraphSpec,
    tag: &'a str,
    dice: Dice,
    /// Whether there are answers and orders; events there are always, as steps wait for them.
    is_whole: bool,
    late: Vec<String>,
}

impl<'a> Talk<'a> {
    /// Draws follow from those of `dice`, of which none is used up.
    pub(crate) fn new(api: &'a Api, spec: &'a GraphSpec, tag: &'a str, mut dice: Dice, is_whole: bool) -> Self {
        Self { api, spec, tag, dice: Dice::new(dice.draw(), STREAM), is_whole, late: Vec::new() }
    }

    /// Sends the events that come early, and draws which come late.
    pub(crate) async fn early(&mut self) -> anyhow::Result<()> {
        for node in self.spec.events() {
            let key = format!("{}-{node}", self.tag);
            match self.dice.chance(EARLY_PERCENT) {
                true => send(self.api, &key, self.dice.chance(TWICE_PERCENT)).await?,
                false => self.late.push(key),
            }
        }
        Ok(())
    }

    /// How long the client waits in its start for what comes of it, if it does.
    pub(crate) fn wait(&mut self) -> Option<&'static str> {
        let percent = WAITS_PERCENT[usize::from(!self.spec.responds())];
        (self.dice.chance(percent) && self.is_whole).then_some(WAIT)
    }

    /// Sends what is still to be sent, and gives orders meanwhile.
    pub(crate) async fn with(self, execution: Uuid, calm: bool) -> anyhow::Result<()> {
        let Self { api, tag, mut dice, is_whole, late, .. } = self;
        let mut own = Dice::new(dice.draw(), STREAM);
        let events = async {
            for key in late {
                sleep(Duration::from_millis(own.below(AFTER_MS_MAX))).await;
                send(api, &key, own.chance(TWICE_PERCENT)).await?;
            }
            anyhow::Ok(())
        };
        let orders = async {
            if is_whole && !calm {
                hold_up(api, execution, tag, &mut dice).await?;
                hasten(api, execution, tag, &mut dice).await?;
            }
            anyhow::Ok(())
        };
        let (events, orders) = tokio::join!(events, orders);
        events.and(orders)
    }
}

async fn send(api: &Api, key: &str, twice: bool) -> anyhow::Result<()> {
    let again = async {
        match twice {
            true => Some(api.event(EVENT_TYPE, key).await),
            false => None,
        }
    };
    let (first, again) = tokio::join!(api.event(EVENT_TYPE, key), again);
    for answer in [Some(first), again].into_iter().flatten() {
        let answer = answer?;
        anyhow::ensure!(
            answer.status == StatusCode::ACCEPTED,
            "event {key} was answered {}: {}",
            answer.status,
            answer.body
        );
    }
    Ok(())
}

/// Pauses some, for a while. Whoever has ended, or has become an incident, is paused no more.
async fn hold_up(api: &Api, execution: Uuid, tag: &str, dice: &mut Dice) -> anyhow::Result<()> {
    if !dice.chance(PAUSED_PERCENT) {
        return Ok(());
    }
    sleep(Duration::from_millis(dice.below(AFTER_MS_MAX))).await;
    good(&api.order(execution, "pause").await?, &format!("the pause of {tag}"))?;
    sleep(Duration::from_millis(dice.between(PAUSE_MS[0], PAUSE_MS[1]))).await;
    good(&api.order(execution, "resume").await?, &format!("the resume of {tag}"))
}

/// Has some try again at once what waits for its next attempt; most wait for nothing of the kind.
async fn hasten(api: &Api, execution: Uuid, tag: &str, dice: &mut Dice) -> anyhow::Result<()> {
    if !dice.chance(HASTENED_PERCENT) {
        return Ok(());
    }
    sleep(Duration::from_millis(dice.below(AFTER_MS_MAX))).await;
    good(&api.order(execution, "retry-now").await?, &format!("the order to {tag} to try again"))
}
