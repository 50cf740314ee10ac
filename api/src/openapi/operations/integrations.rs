//! What connects a workspace with others: credentials and outbound webhooks; and what is counted and recorded.

use std::collections::BTreeMap;

use super::super::operation::{Operation, op};
use super::super::shapes::{
    AuditEntry, Credential, CredentialDetails, CredentialTest, CredentialType, EventType, Items, Receipt, ResentRange,
    Usage,
};
use crate::paging::Page;
use crate::routes::credentials::wish::{NewName, Replacement, Wish};
use crate::routes::webhooks::wish::WishBody;
use crate::routes::webhooks::{EndpointView, actions, certificate, deliveries, endpoints, event_types};
use crate::routes::{alerts, audit, credentials, stats, usage};

pub(super) fn all() -> Vec<Operation> {
    let mut all = of_webhooks();
    all.extend(of_credentials());
    all.extend([
        op(usage::show, "getUsage", "What the workspace uses of its plan").gives::<Usage>(200),
        op(usage::receipts, "listReceipts", "The facts that were counted, newest first")
            .query::<usage::ListQuery>()
            .gives::<Page<Receipt>>(200),
        op(alerts::list, "listAlerts", "Alerts, newest first; the open ones unless all are asked for")
            .query::<alerts::ListQuery>()
            .gives::<Page<alerts::AlertView>>(200),
        op(alerts::rules::list, "listAlertRules", "What raises alerts, by name")
            .gives::<Items<alerts::rules::RuleView>>(200),
        op(alerts::rules::put, "putAlertRule", "Write a rule; an open alert of the rule as it was is cleared")
            .takes::<alerts::rules::Wish>()
            .gives_nothing(204)
            .refuses(&[404]),
        op(alerts::rules::delete, "deleteAlertRule", "Have no such rule; of `failures`, the shipped one holds again")
            .gives_nothing(204),
        op(stats::daily, "listDailyStats", "What the workspace did, day by day, the oldest first")
            .query::<stats::DailyQuery>()
            .gives::<stats::DailyView>(200),
        op(audit::list, "listAudit", "Who changed what, newest first")
            .query::<audit::ListQuery>()
            .gives::<Page<AuditEntry>>(200),
        op(audit::export::show, "exportAudit", "Who changed what, the oldest first, as a stream")
            .query::<audit::export::ExportQuery>()
            .gives_lines_or_table(),
    ]);
    all
}

fn of_webhooks() -> Vec<Operation> {
    vec![
        op(endpoints::list, "listWebhookEndpoints", "All endpoints, newest first").gives::<Items<EndpointView>>(200),
        op(endpoints::create, "createWebhookEndpoint", "Make an endpoint, whose secret is told this once")
            .takes::<WishBody>()
            .tells("Location")
            .gives::<EndpointView>(201),
        op(endpoints::get, "getWebhookEndpoint", "An endpoint").gives::<EndpointView>(200),
        op(endpoints::update, "updateWebhookEndpoint", "Change all of it but its secrets")
            .takes::<WishBody>()
            .gives::<EndpointView>(200),
        op(endpoints::delete, "deleteWebhookEndpoint", "Nothing is sent to it any more").gives_nothing(204),
        op(certificate::put, "setWebhookClientCertificate", "Show its receiver a certificate")
            .takes::<certificate::NewCertificate>()
            .gives::<EndpointView>(200),
        op(certificate::delete, "removeWebhookClientCertificate", "Show its receiver none any more").gives_nothing(204),
        op(actions::counts, "countWebhookDeliveries", "Its deliveries by status, each counted up to 10,000")
            .gives::<BTreeMap<String, u32>>(200),
        op(actions::enable, "enableWebhookEndpoint", "Have it get events from now on").gives::<EndpointView>(200),
        op(actions::disable, "disableWebhookEndpoint", "Send it nothing; what was not delivered is cancelled")
            .may_take::<actions::Disable>()
            .gives::<EndpointView>(200),
        op(actions::rotate, "rotateWebhookSecret", "Give it a new secret; those of before sign along for a while")
            .may_take::<actions::Rotate>()
            .gives::<EndpointView>(200)
            .refuses(&[409]),
        op(actions::test, "testWebhookEndpoint", "Send it a test event")
            .gives::<deliveries::DeliveryView>(202)
            .refuses(&[409]),
        op(actions::resend, "resendWebhookDeliveries", "Send it again what was not delivered")
            .takes::<actions::Resend>()
            .gives::<ResentRange>(202)
            .refuses(&[409]),
        op(deliveries::list, "listWebhookDeliveries", "Deliveries, newest first")
            .query::<deliveries::Wanted>()
            .gives::<Page<deliveries::DeliveryView>>(200),
        op(deliveries::get, "getWebhookDelivery", "A delivery with its body and attempts")
            .gives::<deliveries::WholeView>(200),
        op(deliveries::resend, "resendWebhookDelivery", "Send it again")
            .gives::<deliveries::DeliveryView>(202)
            .refuses(&[409]),
        op(event_types::list, "listEventTypes", "Events that endpoints may get").gives::<Items<EventType>>(200),
    ]
}

fn of_credentials() -> Vec<Operation> {
    vec![
        op(credentials::types, "listCredentialTypes", "Kinds of credentials, and what each is made of")
            .gives::<Items<CredentialType>>(200),
        op(credentials::list, "listCredentials", "Credentials without their secrets, newest first")
            .query::<credentials::ListQuery>()
            .gives::<Page<Credential>>(200),
        op(credentials::create, "createCredential", "Make a credential")
            .takes::<Wish>()
            .tells("Location")
            .gives::<Credential>(201)
            .refuses(&[409]),
        op(credentials::get, "getCredential", "A credential, and what names it").gives::<CredentialDetails>(200),
        op(credentials::uses::list, "listCredentialUses", "Executions that have used it, newest first")
            .query::<credentials::uses::ListQuery>()
            .gives::<Page<credentials::uses::UseView>>(200),
        op(credentials::replace, "replaceCredential", "Give it other fields, all of them")
            .takes::<Replacement>()
            .gives::<Credential>(200),
        op(credentials::rename, "renameCredential", "Give it another name")
            .takes::<NewName>()
            .gives::<Credential>(200)
            .refuses(&[409]),
        op(credentials::test::create, "testCredential", "Try it at its provider, without doing anything there")
            .may_take::<credentials::test::Wish>()
            .gives::<CredentialTest>(200)
            .refuses(&[409]),
        op(credentials::delete, "deleteCredential", "Its secret is gone").gives_nothing(204).refuses(&[409]),
    ]
}
