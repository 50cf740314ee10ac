//! Billing: a provider of payments tells, in signed events, which workspace pays for what, and that gives the workspace its plan.
//! Nobody is charged here: no card, no invoice and no key of the provider's API is known.
//!
//! An event and all that it changes are one transaction of `control`, for the access role. What the workspace's cell is to hear of it
//! waits in `billing_news`. See `docs/billing.md`.

mod event;
mod link;
mod news;
mod prices;
mod settle;
mod show;
mod signing;
mod subscription;
mod take;

pub use event::{Checkout, Event, Invoice, NoEvent, SubscriptionEvent, What};
pub use link::{LinkError, link_by_hand};
pub use news::{NewsRow, mark_told, mark_tried, tell_cell, untold};
pub use prices::{PRICES_MAX, PriceError, PriceRow, is_price, list_prices, remove_price, set_price};
pub use settle::{due_workspaces, put_off, settle};
pub use show::{
    CustomerRow, EventRow, SubscriptionRow, customer_of, events_of, invoices_of, list_events, subscriptions_of,
};
pub use signing::{BadSecrets, SECRETS_MAX, SigningSecrets};
pub use subscription::{Due, Priced, Seen, Status, Subscription, Target, due, is_overtaken};
pub use take::{Outcome, Taken, take_in};
