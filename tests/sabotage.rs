//! A checker that finds nothing proves nothing: bugs that are planted in the database are found.
//! `make sabotage` hunts for all of them.
#![allow(clippy::unwrap_used, reason = "tests")]

use capstan_chaos::hunt::hunt;
use capstan_chaos::sabotage::Bug;
use capstan_chaos::settings::Settings;
use tokio::sync::Mutex;

const SEED: u64 = 1;
/// Hunts take turns: each is a whole fleet, and slow ones beside each other would tell of the machine.
static TURN: Mutex<()> = Mutex::const_new(());

#[tokio::test(flavor = "multi_thread")]
async fn a_timer_that_wakes_nobody_is_found() {
    is_found("drop-token").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_commit_that_skips_the_fence_is_found() {
    is_found("skip-fence").await;
}

async fn is_found(name: &str) {
    let _turn = TURN.lock().await;
    let settings = Settings::short(env!("CARGO_BIN_EXE_capstan").into(), SEED);
    let hunt = hunt(&settings, Bug::named(name).unwrap()).await.unwrap();
    println!("{name}: {:?} after {:?}", hunt.found, hunt.took);
    assert!(hunt.found.is_some(), "{name} was not found");
}
