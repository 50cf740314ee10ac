//! The short tier of `make chaos`: a few faults of every kind, and every invariant that can be checked.
#![allow(clippy::unwrap_used, reason = "tests")]

use capstan_chaos::run::run;
use capstan_chaos::settings::Settings;

/// The plan of the short tier; `CHAOS_SEED` tries another one.
const SEED: u64 = 1;

#[tokio::test(flavor = "multi_thread")]
async fn a_fleet_under_every_kind_of_fault_keeps_its_promises() {
    let seed = std::env::var("CHAOS_SEED").ok().and_then(|text| text.parse().ok()).unwrap_or(SEED);
    let settings = Settings::short(env!("CARGO_BIN_EXE_capstan").into(), seed);
    let report = run(&settings, |told| println!("{told}")).await.unwrap();
    println!("{}", report.json());
    assert!(report.is_clean(), "{}", report.text());
    assert!(!report.is_void(), "too few faults landed: {}", report.text());
}
