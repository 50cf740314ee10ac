//! Making workspaces, and the platform's view of them.

use super::super::operation::{Operation, op};
use super::super::shapes::{
    BillingDetails, BillingEvent, BillingPrice, DatabaseServer, Items, OperationView, Tenant, TenantDetails,
    TenantMove, Upkeep,
};
use crate::paging::Page;
use crate::routes::platform::{billing, duties, servers};
use crate::routes::{operations, platform};

pub(super) fn all() -> Vec<Operation> {
    vec![
        op(operations::create, "createWorkspace", "Ask for a workspace; the same key is the same operation")
            .takes::<operations::New>()
            .header("IdempotencyKey")
            .tells("Location")
            .gives::<OperationView>(202)
            .gives::<OperationView>(200)
            .refuses(&[404, 409, 429]),
        op(operations::get, "getOperation", "How far it is").gives::<OperationView>(200),
        op(operations::retry, "retryOperation", "Let one that failed go on at the step where it did")
            .tells("Location")
            .gives::<OperationView>(202)
            .gives::<OperationView>(200),
        op(platform::transitions, "listTenantMoves", "Which moves of workspaces there are")
            .gives::<Items<TenantMove>>(200),
        op(platform::list, "listTenants", "Workspaces, newest first")
            .query::<platform::ListQuery>()
            .gives::<Page<Tenant>>(200),
        op(platform::create, "createTenant", "Make a workspace for somebody; the same key is the same operation")
            .takes::<operations::New>()
            .header("IdempotencyKey")
            .tells("Location")
            .gives::<OperationView>(202)
            .gives::<OperationView>(200)
            .refuses(&[404, 409, 429]),
        op(platform::get, "getTenant", "A workspace with its history").gives::<TenantDetails>(200),
        op(platform::suspend, "suspendTenant", "Nobody gets in, and nothing of it runs, until it is resumed")
            .may_take::<platform::MoveWish>()
            .gives::<Tenant>(200)
            .refuses(&[409]),
        op(platform::resume, "resumeTenant", "What was held up goes on")
            .may_take::<platform::MoveWish>()
            .gives::<Tenant>(200)
            .refuses(&[409]),
        op(platform::archive, "archiveTenant", "It can be read, and is never changed again")
            .may_take::<platform::MoveWish>()
            .gives::<Tenant>(200)
            .refuses(&[409]),
        op(billing::show, "getTenantBilling", "What the provider of payments says of a workspace")
            .gives::<BillingDetails>(200),
        op(billing::link, "linkTenantCustomer", "Say which customer pays for a workspace")
            .takes::<billing::LinkCustomer>()
            .gives::<BillingDetails>(200)
            .refuses(&[409]),
        op(billing::prices, "listBillingPrices", "Which price or product is paid for which plan")
            .gives::<Items<BillingPrice>>(200),
        op(billing::put_price, "setBillingPrice", "Have it stand for a plan; those who pay it get that plan")
            .takes::<billing::SetPrice>()
            .gives::<BillingPrice>(200)
            .refuses(&[409]),
        op(billing::delete_price, "removeBillingPrice", "Have it stand for no plan").gives_nothing(204),
        op(billing::events, "listBillingEvents", "Events that somebody has to look at, or those with an outcome")
            .query::<billing::EventQuery>()
            .gives::<Page<BillingEvent>>(200),
        op(duties::list, "listDuties", "Duties of upkeep, and what the database says of how it is used")
            .query::<duties::DutiesQuery>()
            .gives::<Upkeep>(200),
        op(servers::list, "listDatabaseServers", "Servers that dedicated workspaces may be on")
            .gives::<Items<DatabaseServer>>(200),
        op(servers::create, "createDatabaseServer", "Make a server known; it has to be checked then")
            .takes::<servers::Wish>()
            .gives::<DatabaseServer>(201)
            .refuses(&[409]),
        op(servers::get, "getDatabaseServer", "A server, and what its last check has found")
            .gives::<DatabaseServer>(200),
        op(servers::change, "changeDatabaseServer", "Change it; it has to be checked again then")
            .takes::<servers::Wish>()
            .gives::<DatabaseServer>(200)
            .refuses(&[409]),
        op(servers::delete, "deleteDatabaseServer", "Forget a server that nothing is on")
            .gives_nothing(204)
            .refuses(&[409]),
        op(servers::check, "checkDatabaseServer", "Connect to it, and say what is wrong with it")
            .gives::<DatabaseServer>(200)
            .refuses(&[409]),
    ]
}
