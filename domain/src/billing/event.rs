//! Events of Stripe as they are sent, read as far as anything here goes by them.

use capstan_engine::core::ids::WorkspaceId;
use chrono::{DateTime, Utc};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use thiserror::Error;

use super::subscription::{Seen, Status};

/// Longest id at the provider, in bytes.
const ID_BYTES_MAX: usize = 255;
/// Longest type of an event, in bytes.
const TYPE_BYTES_MAX: usize = 100;
/// The year 10000, in seconds since 1970: no event tells of a time from there on.
const SECONDS_MAX: i64 = 253_402_300_800;
/// Most items of a subscription that are looked at; Stripe has at most 20.
const ITEMS_MAX: usize = 20;

/// Something happened at the provider.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    /// The same in each repetition.
    pub id: String,
    /// Such as `invoice.paid`.
    pub type_name: String,
    /// When it happened, in whole seconds.
    pub at: DateTime<Utc>,
    /// What.
    pub what: What,
}

/// What happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum What {
    /// Somebody has subscribed.
    Checkout(Checkout),
    /// A subscription is new, has changed, or has ended.
    Subscription(SubscriptionEvent),
    /// An invoice was paid, or was not.
    Invoice(Invoice),
    /// Something that nothing here goes by.
    Other,
    /// It is of a type that we know, and has another shape.
    Unreadable,
}

/// A checkout of a subscription that was completed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Checkout {
    /// Whose.
    pub customer_id: String,
    /// What was bought.
    pub subscription_id: Option<String>,
    /// The workspace that it is for, of `client_reference_id`.
    pub workspace_id: Option<WorkspaceId>,
}

/// A subscription as it was at its event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SubscriptionEvent {
    /// Its id.
    pub subscription_id: String,
    /// Whose.
    pub customer_id: String,
    /// How it stood, and how that compares with other events.
    pub seen: Seen,
    /// Of each item the ids of its price and its product, in pairs; empty text where there is none.
    pub prices: Vec<String>,
    /// Until when it is paid, or would be.
    pub period_ends_at: Option<DateTime<Utc>>,
    /// When it ends, or has ended, if that is known.
    pub ends_at: Option<DateTime<Utc>>,
}

/// An invoice.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Invoice {
    /// Its id.
    pub invoice_id: String,
    /// Whose.
    pub customer_id: String,
    /// For what, if for a subscription.
    pub subscription_id: Option<String>,
    /// Whether it was paid.
    pub is_paid: bool,
    /// What was paid, or is due, in the smallest unit of its currency.
    pub amount: i64,
    /// Such as `eur`.
    pub currency: String,
    /// How often it was tried.
    pub attempts: Option<i32>,
    /// When it is tried again.
    pub next_attempt_at: Option<DateTime<Utc>>,
}

/// It is no event.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("it is no event of Stripe: {0}")]
pub struct NoEvent(String);

#[derive(Deserialize)]
struct RawEvent {
    id: String,
    #[serde(rename = "type")]
    type_name: String,
    created: i64,
    data: RawData,
}

#[derive(Deserialize)]
struct RawData {
    object: Value,
    #[serde(default)]
    previous_attributes: Value,
}

/// An object, or its id.
#[derive(Deserialize)]
#[serde(untagged)]
enum Reference {
    Id(String),
    Object { id: String },
}

#[derive(Deserialize)]
struct RawCheckout {
    mode: String,
    client_reference_id: Option<String>,
    customer: Option<Reference>,
    subscription: Option<Reference>,
}

#[derive(Deserialize)]
struct RawSubscription {
    id: String,
    customer: Reference,
    status: Status,
    items: RawItems,
    /// Of versions of the API before that of March 2025; since then each item has its own.
    current_period_end: Option<i64>,
    cancel_at: Option<i64>,
    #[serde(default)]
    cancel_at_period_end: bool,
    ended_at: Option<i64>,
}

#[derive(Deserialize)]
struct RawItems {
    data: Vec<RawItem>,
}

#[derive(Deserialize)]
struct RawItem {
    price: Option<RawPrice>,
    /// What prices were before.
    plan: Option<RawPrice>,
    current_period_end: Option<i64>,
}

#[derive(Deserialize)]
struct RawPrice {
    id: String,
    product: Option<Reference>,
}

#[derive(Deserialize)]
struct RawInvoice {
    id: String,
    customer: Reference,
    /// Of versions of the API before that of March 2025; since then it is in `parent`.
    subscription: Option<Reference>,
    parent: Option<RawParent>,
    #[serde(default)]
    amount_paid: i64,
    #[serde(default)]
    amount_due: i64,
    currency: String,
    attempt_count: Option<i32>,
    next_payment_attempt: Option<i64>,
}

#[derive(Deserialize)]
struct RawParent {
    subscription_details: Option<RawDetails>,
}

#[derive(Deserialize)]
struct RawDetails {
    subscription: Option<Reference>,
}

impl Event {
    /// Reads the body of a request that is signed.
    ///
    /// # Errors
    /// [`NoEvent`]; an event of a type that we know, with another shape, is [`What::Unreadable`].
    pub fn parse(body: &[u8]) -> Result<Self, NoEvent> {
        let raw: RawEvent = serde_json::from_slice(body).map_err(|error| NoEvent(error.to_string()))?;
        if !is_id(&raw.id) || !is_plain(&raw.type_name, TYPE_BYTES_MAX) {
            return Err(NoEvent("its id or type is none".into()));
        }
        let at = time(raw.created).ok_or_else(|| NoEvent("its time is none".into()))?;
        let what = match raw.type_name.as_str() {
            "checkout.session.completed" => checkout(raw.data.object),
            "customer.subscription.created" => subscription(raw.data, at, 0),
            "customer.subscription.updated" => subscription(raw.data, at, 1),
            "customer.subscription.deleted" => subscription(raw.data, at, 2),
            "invoice.paid" => invoice(raw.data.object, true),
            "invoice.payment_failed" => invoice(raw.data.object, false),
            _ => Some(What::Other),
        };
        Ok(Self { id: raw.id, type_name: raw.type_name, at, what: what.unwrap_or(What::Unreadable) })
    }

    /// The customer that it is about.
    #[must_use]
    pub fn customer_id(&self) -> Option<&str> {
        match &self.what {
            What::Checkout(it) => Some(&it.customer_id),
            What::Subscription(it) => Some(&it.customer_id),
            What::Invoice(it) => Some(&it.customer_id),
            What::Other | What::Unreadable => None,
        }
    }

    /// The subscription or invoice that it is about.
    #[must_use]
    pub fn object_id(&self) -> Option<&str> {
        match &self.what {
            What::Checkout(it) => it.subscription_id.as_deref(),
            What::Subscription(it) => Some(&it.subscription_id),
            What::Invoice(it) => Some(&it.invoice_id),
            What::Other | What::Unreadable => None,
        }
    }
}

/// What is sold once is not ours.
fn checkout(object: Value) -> Option<What> {
    let raw: RawCheckout = read(object)?;
    if raw.mode != "subscription" {
        return Some(What::Other);
    }
    let workspace_id = raw.client_reference_id.and_then(|id| id.parse().ok()).map(WorkspaceId);
    let subscription_id = optional(raw.subscription)?;
    Some(What::Checkout(Checkout { customer_id: id(raw.customer?)?, subscription_id, workspace_id }))
}

fn subscription(data: RawData, at: DateTime<Utc>, rank: i16) -> Option<What> {
    let raw: RawSubscription = read(data.object)?;
    let before = data.previous_attributes.get("status").cloned().and_then(read);
    let of_items = raw.items.data.iter().filter_map(|item| item.current_period_end).max();
    let period_ends_at = of_items.or(raw.current_period_end).map(time).map_or(Some(None), |at| at.map(Some))?;
    let known_end = raw.ended_at.or(raw.cancel_at).map(time).map_or(Some(None), |at| at.map(Some))?;
    let mut prices = Vec::new();
    for item in raw.items.data.into_iter().take(ITEMS_MAX) {
        let Some(price) = item.price.or(item.plan) else { continue };
        prices.push(Some(price.id).filter(|id| is_id(id))?);
        prices.push(optional(price.product)?.unwrap_or_default());
    }
    Some(What::Subscription(SubscriptionEvent {
        subscription_id: Some(raw.id).filter(|id| is_id(id))?,
        customer_id: id(raw.customer)?,
        seen: Seen { at, rank, status: raw.status, before },
        prices,
        period_ends_at,
        ends_at: known_end.or(period_ends_at.filter(|_| raw.cancel_at_period_end)),
    }))
}

fn invoice(object: Value, is_paid: bool) -> Option<What> {
    let raw: RawInvoice = read(object)?;
    let of_parent = raw.parent.and_then(|parent| parent.subscription_details).and_then(|it| it.subscription);
    let next_attempt_at = raw.next_payment_attempt.map(time).map_or(Some(None), |at| at.map(Some))?;
    Some(What::Invoice(Invoice {
        invoice_id: Some(raw.id).filter(|id| is_id(id))?,
        customer_id: id(raw.customer)?,
        subscription_id: optional(of_parent.or(raw.subscription))?,
        is_paid,
        amount: if is_paid { raw.amount_paid } else { raw.amount_due },
        currency: Some(raw.currency).filter(|currency| is_plain(currency, 10))?,
        attempts: raw.attempt_count,
        next_attempt_at,
    }))
}

fn read<T: DeserializeOwned>(value: Value) -> Option<T> {
    serde_json::from_value(value).ok()
}

fn id(reference: Reference) -> Option<String> {
    let (Reference::Id(id) | Reference::Object { id }) = reference;
    Some(id).filter(|id| is_id(id))
}

/// None within if there is none; none at all if it is no id.
fn optional(reference: Option<Reference>) -> Option<Option<String>> {
    reference.map_or(Some(None), |reference| id(reference).map(Some))
}

fn is_id(text: &str) -> bool {
    is_plain(text, ID_BYTES_MAX)
}

fn is_plain(text: &str, bytes_max: usize) -> bool {
    (1..=bytes_max).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_graphic())
}

/// Of what the database can keep.
fn time(seconds: i64) -> Option<DateTime<Utc>> {
    DateTime::from_timestamp(seconds, 0).filter(|_| (0..SECONDS_MAX).contains(&seconds))
}

#[cfg(test)]
#[path = "event_tests.rs"]
mod tests;
