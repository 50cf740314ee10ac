//! Prints random sound graphs, one JSON document a line, for `scripts/schemathesis.sh`: `graphs COUNT`.
#![allow(clippy::print_stdout, reason = "an example for a script")]

use capstan_chaos::graphs::graph;

/// Whose graphs.
const SEED: u64 = 1;
/// Where their calls go: to an address that the guard refuses.
const SITE: &str = "http://127.0.0.1:9";

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let count: u64 = std::env::args().nth(1).ok_or("usage: graphs COUNT")?.parse()?;
    for number in 0..count {
        println!("{}", graph(SEED, number, SITE).document);
    }
    Ok(())
}
