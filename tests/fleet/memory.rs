//! An answer without end does not fill a worker.
#![cfg(target_os = "linux")]

use std::fs;

use serde_json::{Value, json};

use crate::graphs::row;
use crate::process::Process;
use crate::site::Site;
use crate::world::World;

/// Most that a worker may grow by, in KiB.
const GROWTH_KIB_MAX: u64 = 32 * 1024;
/// The longest answer that a node may ask for, in bytes.
const BODY_BYTES_MAX: u64 = 10 * 1024 * 1024;

#[tokio::test(flavor = "multi_thread")]
async fn an_endless_answer_raises_the_worker_by_less_than_32_mib() {
    let (world, _) = World::start().await;
    let site = Site::new().await;
    let calling = |config: Value| row(&[("call", "action.http_request", config)]);
    let small = site.publish(&calling(json!({ "url": format!("{}/small", world.url) }))).await;
    let url = format!("{}/endless", world.url);
    let endless = site.publish(&calling(json!({ "url": url }))).await;
    let widest = site.publish(&calling(json!({ "url": url, "body_bytes_max": BODY_BYTES_MAX }))).await;

    let worker = site.worker(&world).await;
    let id = site.start(&small, json!({})).await;
    assert_eq!(site.until_ended(id).await.0, "completed");
    let before = resident_kib(&worker, "VmRSS");
    // The peak is counted from here.
    fs::write(format!("/proc/{}/clear_refs", worker.id()), "5").unwrap();
    for version in [endless, widest] {
        let id = site.start(&version, json!({})).await;
        let (status, error) = site.until_ended(id).await;
        assert_eq!((status.as_str(), &error.unwrap()["class"]), ("failed", &json!("body_too_large")));
    }
    let peak = resident_kib(&worker, "VmHWM");
    assert!(peak < before + GROWTH_KIB_MAX, "the worker grew from {before} to {peak} KiB");
    worker.end().await;
}

/// A line of the process's status that counts KiB.
fn resident_kib(process: &Process, name: &str) -> u64 {
    let status = fs::read_to_string(format!("/proc/{}/status", process.id())).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':')).unwrap();
    line.trim().trim_end_matches(" kB").parse().unwrap()
}
