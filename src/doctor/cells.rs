//! Dedicated cells: whether workers come to those that have something to do, and whether each can be reached and is migrated.

use std::time::Duration;

use capstan_domain::access::ddl_waits_s;
use capstan_domain::cells::{CellAddress, ready_cells, service};
use capstan_domain::secrets::KeyRing;
use capstan_engine::store::connect::{Place, Role};
use capstan_engine::store::migrate::Kind;
use capstan_engine::store::vitals::{self, Migrations};
use futures::StreamExt;
use futures::stream;
use sqlx::PgConnection;
use tokio::time::timeout;

use super::DoctorArgs;
use super::finding::Findings;
use crate::cells;

/// How long a cell that has something to do waits for a worker, in seconds.
const WAITS_S: (f64, f64) = (30.0, 900.0);
/// How long a workspace that is being made waits for a provisioner; what takes long itself may be under way for a quarter of an hour.
const MADE_S: (f64, f64) = (60.0, 1_800.0);
/// Cells that are looked into at a time, and longest look.
const AT_A_TIME: usize = 8;
const LOOK_MAX: Duration = Duration::from_secs(10);
/// Cells that are told of by name.
const TOLD_MAX: usize = 20;

/// What is wrong with a cell.
enum Trouble {
    /// It is on the home server, only its owner may look into it, and nobody says who that is.
    NoCreator,
    /// In words.
    Other(String),
}

/// Looks over `control` at how cells are served, and then into each.
pub(super) async fn look(args: &DoctorArgs, control: &Place, owner: &mut PgConnection, found: &mut Findings) {
    let (all, served) = match (ready_cells(owner).await, service(owner).await) {
        (Ok(all), Ok(served)) => (all, served),
        (Err(error), _) | (_, Err(error)) => {
            return found.fail("cells", error, "run this with the login of DATABASE_URL");
        }
    };
    match ddl_waits_s(owner).await {
        Ok(None) => {}
        Ok(waits_s) => {
            let hint = "run `capstan provision`; its log says why a database cannot be made";
            found.measured("cells", "the workspace that has waited longest for a database", waits_s, MADE_S, hint);
        }
        Err(error) => return found.fail("cells", error, "run this with the login of DATABASE_URL"),
    }
    if all.is_empty() {
        return found.ok("cells", "there are no dedicated cells");
    }
    let more = "start workers, or raise CAPSTAN_CELLS_MAX; their logs say if a dedicated cell cannot be served";
    found.measured("cells", "the dedicated cell that has waited longest for a worker", served.waits_s, WAITS_S, more);
    let troubles = match args.secrets.ring_or_empty() {
        Ok(keys) => troubles(args, control, owner, &keys, &all).await,
        Err(error) => return found.fail("cells", format!("{error:#}"), "look at CAPSTAN_SECRET_KEYS"),
    };
    let others: Vec<&String> = troubles.iter().filter_map(Trouble::other).collect();
    for trouble in others.iter().take(TOLD_MAX) {
        found.fail("cells", trouble, "is its server running? then run `capstan migrate`");
    }
    let ownerless = troubles.len() - others.len();
    if ownerless > 0 {
        let detail = format!("{ownerless} dedicated cells cannot be looked into, as CAPSTAN_CREATOR_URL is not set");
        found.fail("cells", detail, "run this with the login that `capstan provision` has, which owns them");
    }
    if troubles.is_empty() {
        found.ok(
            "cells",
            format!("{} dedicated cells, all as this build knows them; {} are served", all.len(), served.served),
        );
    } else if others.len() > TOLD_MAX {
        found.fail("cells", format!("{} more are like that", others.len() - TOLD_MAX), "mend the first ones");
    }
}

impl Trouble {
    fn other(&self) -> Option<&String> {
        match self {
            Self::NoCreator => None,
            Self::Other(words) => Some(words),
        }
    }
}

/// What is wrong with cells, in their order.
async fn troubles(
    args: &DoctorArgs,
    control: &Place,
    owner: &mut PgConnection,
    keys: &KeyRing,
    all: &[CellAddress],
) -> Vec<Trouble> {
    let mut places = Vec::with_capacity(all.len());
    for address in all {
        let used = cells::used(control, owner, address, keys).await;
        let owned = cells::owned(control, owner, &args.creator, address, keys).await;
        places.push((address, used, owned));
    }
    let looks = places.into_iter().map(|(address, used, owned)| async move {
        let looked = async {
            used?.connect(Role::Worker).await?;
            match look_into(&owned?).await {
                Err(_) if cells::lacks_creator(&args.creator, address) => Ok(Some(Trouble::NoCreator)),
                seen => judge(&seen?).map(|()| None),
            }
        };
        let trouble = match timeout(LOOK_MAX, looked).await {
            Ok(Ok(trouble)) => return trouble,
            Ok(Err(error)) => cells::cause(&error),
            Err(_) => format!("there was no answer within {} s", LOOK_MAX.as_secs()),
        };
        Some(Trouble::Other(format!("cell {} (database {}): {trouble}", address.cell_id, address.name())))
    });
    stream::iter(looks).buffered(AT_A_TIME).filter_map(std::future::ready).collect().await
}

/// As the owner.
async fn look_into(owned: &Place) -> anyhow::Result<Migrations> {
    Ok(vitals::migrations(&mut owned.connect(Role::Owner).await?, Kind::Cell).await?)
}

fn judge(migrations: &Migrations) -> anyhow::Result<()> {
    if !migrations.different.is_empty() {
        anyhow::bail!("migrations {:?} are not those of this build", migrations.different);
    }
    if !migrations.missing.is_empty() {
        anyhow::bail!("it lacks {} migrations, the first is {}", migrations.missing.len(), migrations.missing[0]);
    }
    Ok(())
}
