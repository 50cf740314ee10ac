//! `capstan bench`, as little of it as there can be.
#![allow(clippy::unwrap_used, reason = "tests")]

mod support;

use support::{capstan, data_dir, last_json, stdout};

#[test]
fn the_last_line_for_programs_has_the_ratios_that_were_asked_for() {
    let data = data_dir();
    let plot = data.path().join("bench.svg");
    let mut command = capstan(data.path());
    command.args(["bench", "--tiny", "--only", "drain_durable", "--json", "--plot"]).arg(&plot);
    let output = command.output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(0), "{said}");

    let result = last_json(&stdout(&output));
    let ratios = result["ratios"].as_object().unwrap();
    assert_eq!(ratios.keys().collect::<Vec<_>>(), ["drain_durable"]);
    assert!(ratios["drain_durable"].as_f64().unwrap() > 0.0, "{result:#}");
    for figure in ["drain_durable_per_s", "drain_durable_reference_per_s", "limit_own_steps_per_s"] {
        assert!(result["figures"][figure].as_f64().unwrap() > 0.0, "{figure} in {result:#}");
    }
    assert_eq!((result["quick"].as_bool(), result["settings"]["fsync"].as_str()), (Some(true), Some("on")));
    assert!(result["cores"].as_u64().unwrap() > 0 && result["postgres"].is_string(), "{result:#}");

    assert!(said.contains("drain_durable") && said.contains("≥ 0.5"), "{said}");
    let svg = std::fs::read_to_string(plot).unwrap();
    assert!(svg.starts_with("<svg") && svg.contains("drain_durable"), "{svg}");
}

#[test]
fn an_unknown_scenario_is_answered_with_the_list() {
    let data = data_dir();
    let output = capstan(data.path()).args(["bench", "--only", "drian"]).output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(2), "{said}");
    assert!(said.contains("\"drian\"") && said.contains("latency_p50") && said.contains("neighbour"), "{said}");
}
