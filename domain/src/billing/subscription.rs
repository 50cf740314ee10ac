//! How subscriptions stand, which of two events about one is the newer, and what all of a workspace come to. Nothing here asks a
//! database or a clock.

use std::collections::HashMap;
use std::fmt;
use std::str::FromStr;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

/// How a subscription stands at the provider.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// The first payment has not come.
    Incomplete,
    /// It never came.
    IncompleteExpired,
    /// A time for trying.
    Trialing,
    /// It is paid.
    Active,
    /// A payment has failed, and is tried again.
    PastDue,
    /// It is over.
    Canceled,
    /// Payments have failed, and are not tried any more.
    Unpaid,
    /// The time for trying is over, and nobody pays.
    Paused,
}

impl Status {
    /// All of them.
    pub const ALL: [Self; 8] = [
        Self::Incomplete,
        Self::IncompleteExpired,
        Self::Trialing,
        Self::Active,
        Self::PastDue,
        Self::Canceled,
        Self::Unpaid,
        Self::Paused,
    ];

    /// As in tables and JSON.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Incomplete => "incomplete",
            Self::IncompleteExpired => "incomplete_expired",
            Self::Trialing => "trialing",
            Self::Active => "active",
            Self::PastDue => "past_due",
            Self::Canceled => "canceled",
            Self::Unpaid => "unpaid",
            Self::Paused => "paused",
        }
    }

    /// Whether its plan holds whatever the time is.
    #[must_use]
    pub const fn pays(self) -> bool {
        matches!(self, Self::Trialing | Self::Active | Self::PastDue)
    }

    /// Whether its plan holds until its period ends.
    #[must_use]
    pub const fn lapses(self) -> bool {
        matches!(self, Self::Canceled | Self::Unpaid | Self::Paused)
    }

    /// Whether it never changes again.
    #[must_use]
    pub const fn is_over(self) -> bool {
        matches!(self, Self::Canceled | Self::IncompleteExpired)
    }
}

impl fmt::Display for Status {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(self.as_str())
    }
}

impl FromStr for Status {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        Self::ALL.into_iter().find(|status| status.as_str() == text).ok_or(())
    }
}

/// What an event says of a subscription, as far as it is compared with other events.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Seen {
    /// When the event happened, in whole seconds.
    pub at: DateTime<Utc>,
    /// 0 for one that is new, 1 for a change, 2 for an end.
    pub rank: i16,
    /// How it stood then.
    pub status: Status,
    /// How it stood right before, if that had changed.
    pub before: Option<Status>,
}

/// Whether `new` tells of a time before that of `kept`. Events come in any order, and their times are whole seconds. What is over
/// stays over; then times go first; within a second, what is new is before changes, and these before an end; of two changes, the
/// one that led to what the other began with.
#[must_use]
pub fn is_overtaken(new: &Seen, kept: &Seen) -> bool {
    if kept.status.is_over() != new.status.is_over() {
        return kept.status.is_over();
    }
    if (new.at, new.rank) != (kept.at, kept.rank) {
        return (new.at, new.rank) < (kept.at, kept.rank);
    }
    kept.before == Some(new.status) && new.status != kept.status
}

/// A subscription of a workspace.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Subscription {
    /// How it stands.
    pub status: Status,
    /// As in [`super::SubscriptionEvent::prices`].
    pub prices: Vec<String>,
    /// Until when it is paid, or would be.
    pub period_ends_at: Option<DateTime<Utc>>,
}

impl Subscription {
    /// Whether its plan holds.
    #[must_use]
    pub fn holds(&self, now: DateTime<Utc>) -> bool {
        self.status.pays() || (self.status.lapses() && self.period_ends_at.is_some_and(|end| end > now))
    }

    /// The largest plan that its items are of; a price goes before its product.
    fn priced<'a>(&self, prices: &'a HashMap<String, Priced>) -> Option<&'a Priced> {
        let of_items = self.prices.chunks(2).filter_map(|ids| ids.iter().find_map(|id| prices.get(id)));
        of_items.max_by_key(|priced| priced.place)
    }
}

/// What a price is paid for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Priced {
    /// The plan.
    pub plan: String,
    /// Its place among plans, from the smallest to the largest.
    pub place: i32,
}

/// The plan that a workspace is to have.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Target {
    /// The one that it has.
    #[default]
    AsItIs,
    /// One that is paid for.
    Plan(String),
    /// That of those who do not pay.
    Fallback,
}

/// What subscriptions come to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Due {
    /// The plan.
    pub target: Target,
    /// When to look again, as a period ends then that nobody tells of.
    pub look_at: Option<DateTime<Utc>>,
    /// Whether something is paid for that is no plan.
    pub has_unknown_price: bool,
}

/// What the subscriptions of a workspace come to at `now`: the largest plan that one of them holds. Where what is paid for is no plan,
/// and where nothing was ever paid, the plan stays as it is.
#[must_use]
pub fn due(subscriptions: &[Subscription], prices: &HashMap<String, Priced>, now: DateTime<Utc>) -> Due {
    let mut due = Due::default();
    let mut best: Option<&Priced> = None;
    for one in subscriptions.iter().filter(|one| one.holds(now)) {
        if one.status.lapses() {
            due.look_at = due.look_at.into_iter().chain(one.period_ends_at).min();
        }
        match one.priced(prices) {
            Some(priced) => best = best.into_iter().chain([priced]).max_by_key(|priced| priced.place),
            None => due.has_unknown_price = true,
        }
    }
    let was_paid = subscriptions.iter().any(|one| one.status.pays() || one.status.lapses());
    due.target = match best {
        Some(priced) => Target::Plan(priced.plan.clone()),
        None if was_paid && !due.has_unknown_price => Target::Fallback,
        None => Target::AsItIs,
    };
    due
}

#[cfg(test)]
#[path = "subscription_tests.rs"]
mod tests;
