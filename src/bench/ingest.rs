//! `ingest`: starts over HTTP with an API key, each answered once it is durable, against a route of the same server
//! that checks the same key and asks no database.

use anyhow::{Context, ensure};
use capstan_domain::access;
use capstan_engine::store::connect::Role;
use serde_json::json;

use super::Bench;
use super::cell::result;
use super::client::{Answers, flood};
use super::process::Process;

/// A route that checks the key and answers whose it is.
const KEY_CHECK_ONLY: &str = "GET /api/v1/me";

/// Starts per second, and requests per second of the reference.
pub(crate) async fn run(bench: &mut Bench) -> anyhow::Result<()> {
    for round in bench.rounds() {
        let cell = bench.rig.cell().await?;
        let published = cell.publish_durable().await?;
        let mut control = cell.control.connect(Role::Owner).await?;
        let (_, key) = access::create_key(&mut control, cell.workspace, "bench").await?;
        let server = Process::start("serve", &cell.settings).await?;
        let address = server.ready["url"].as_str().and_then(|url| url.strip_prefix("http://")).context("no address")?;
        let body = json!({ "workflow_id": published.workflow_id, "input": result() }).to_string();
        let check = request(KEY_CHECK_ONLY, &key, "");
        let start = request("POST /api/v1/executions", &key, &body);

        let reference = flood(address, &check, "200", bench.sizes.ingest).await?;
        let ours = flood(address, &start, "202", bench.sizes.ingest).await?;
        let stored: i64 =
            sqlx::query_scalar("SELECT count(*) FROM executions").fetch_one(&mut cell.owner().await?).await?;
        ensure!(stored as u64 == ours.good, "{} starts were accepted and {stored} are stored", ours.good);
        server.end().await?;
        ensure!(reference.other == 0, "the reference answered {} times in another way", reference.other);
        bench.findings.pair("ingest", ours.per_s, reference.per_s);
        bench.findings.figure("ingest_turned_away", share_turned_away(ours));
        bench.progress.found(round, &format!("{:.0} starts/s of {:.0} key checks/s", ours.per_s, reference.per_s));
    }
    Ok(())
}

fn share_turned_away(answers: Answers) -> f64 {
    answers.other as f64 / (answers.good + answers.other).max(1) as f64
}

fn request(line: &str, key: &str, body: &str) -> String {
    format!(
        "{line} HTTP/1.1\r\nHost: bench\r\nAuthorization: Bearer {key}\r\nContent-Type: application/json\r\n\
         Content-Length: {}\r\n\r\n{body}",
        body.len()
    )
}
