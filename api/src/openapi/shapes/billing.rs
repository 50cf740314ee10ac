//! What the provider of payments says, as it is sent.

use schemars::JsonSchema;

use super::{Id, Time};

/// What the provider of payments says of a workspace.
#[derive(JsonSchema)]
#[schemars(rename = "Billing")]
pub(crate) struct BillingView {
    /// The workspace as the provider knows it; null as long as nobody has paid for it.
    customer_id: Option<String>,
    plan: Option<String>,
    /// When the plan ends, as it is not paid any more.
    plan_ends_at: Option<Time>,
    /// The one that changed last first, at most 20.
    subscriptions: Vec<BillingSubscription>,
    /// Newest first, at most 50: what was paid, and what was not.
    invoices: Vec<BillingInvoice>,
}

/// The same for the platform.
#[derive(JsonSchema)]
pub(crate) struct BillingDetails {
    #[schemars(flatten)]
    billing: BillingView,
    /// The event that linked the customer, or who did.
    linked_by: Option<String>,
    linked_at: Option<Time>,
    /// The plan that billing gave last; one that was set by hand stays until that changes.
    given_plan: Option<String>,
    /// Newest first, at most 50.
    events: Vec<BillingEvent>,
}

#[derive(JsonSchema)]
pub(crate) struct BillingSubscription {
    subscription_id: String,
    status: BillingStatus,
    /// Until when it is paid, or would be.
    period_ends_at: Option<Time>,
    /// When it ends, or has ended, if that is known.
    ends_at: Option<Time>,
    /// When that was so.
    as_of: Time,
}

#[derive(JsonSchema)]
#[schemars(rename_all = "snake_case")]
pub(crate) enum BillingStatus {
    Incomplete,
    IncompleteExpired,
    Trialing,
    Active,
    PastDue,
    Canceled,
    Unpaid,
    Paused,
}

#[derive(JsonSchema)]
pub(crate) struct BillingInvoice {
    invoice_id: Option<String>,
    /// Else a payment has failed.
    is_paid: bool,
    /// In the smallest unit of the currency.
    amount: Option<i64>,
    currency: Option<String>,
    attempts: Option<i32>,
    next_attempt_at: Option<Time>,
    at: Time,
}

/// A price or product that stands for a plan.
#[derive(JsonSchema)]
pub(crate) struct BillingPrice {
    price: String,
    plan: String,
    set_by: String,
    set_at: Time,
}

/// An event of the provider, as it was taken in.
#[derive(JsonSchema)]
pub(crate) struct BillingEvent {
    id: Id,
    event_id: String,
    r#type: String,
    outcome: BillingOutcome,
    workspace_id: Option<Id>,
    customer_id: Option<String>,
    /// Of the subscription or invoice.
    object_id: Option<String>,
    amount: Option<i64>,
    currency: Option<String>,
    attempts: Option<i32>,
    next_attempt_at: Option<Time>,
    happened_at: Time,
    received_at: Time,
}

/// What became of an event.
#[derive(JsonSchema)]
#[schemars(rename_all = "snake_case")]
pub(crate) enum BillingOutcome {
    /// It holds.
    Applied,
    /// A newer one had come before it.
    Overtaken,
    /// Nothing goes by its type.
    NotUsed,
    /// It has another shape than its type should.
    Unreadable,
    /// A checkout that names no workspace that there is.
    NoWorkspace,
    /// Nobody knows whose customer it is; once that is known, it holds.
    UnknownCustomer,
    /// The workspace pays as another customer, or the customer pays for another workspace.
    OtherCustomer,
    /// Something is paid for that is no plan; once it is one, it holds.
    UnknownPrice,
}
