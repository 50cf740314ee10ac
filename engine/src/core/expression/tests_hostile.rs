//! Expressions that try to use up time, memory or stack.
#![allow(clippy::unwrap_used, reason = "tests")]

use std::thread;
use std::time::{Duration, Instant};

use chrono::Utc;
use serde_json::json;

use super::tests::{rendered, with_names};
use super::*;
use crate::core::ids::ExecutionId;

/// Far above what any of them takes, so that a slow machine does not fail: they take some ten milliseconds.
const TIME_MAX: Duration = Duration::from_secs(2);
/// Smaller than the stack of any thread that evaluates expressions.
const STACK_BYTES: usize = 1024 * 1024;

#[track_caller]
fn refused(source: &str, part: &str) {
    let started = Instant::now();
    let owned = source.to_owned();
    let result =
        thread::Builder::new().stack_size(STACK_BYTES).spawn(move || rendered(&owned)).unwrap().join().unwrap();
    let error = result.unwrap_err().to_string();
    assert!(error.contains(part), "{}: {error}", &source[..source.len().min(80)]);
    assert!(started.elapsed() < TIME_MAX, "{}: {:?}", &source[..source.len().min(80)], started.elapsed());
}

#[test]
fn repetition_is_refused() {
    for source in [
        "{{ 'x' * 10**9 }}",
        "{{ 10**9 * 'x' }}",
        "{{ 2 * 3 * 'x' }}",
        "{{ 2 * ('x' ~ 'y') }}",
        "{{ ('x' * 10000) * 10000 }}",
        "{{ [1] * 10**8 }}",
        "{{ 'a' 'b' * 10**8 }}",
        "{{ input.name * input.n }}",
        "{{ [input.name][0] * input.n }}",
        "{{ input.name | upper * 10**8 }}",
        "{{ {'a': 'b'}['a'] * 10**8 }}",
        "{{ [1][0:1] * 10**8 }}",
        "{{ (input.n if false else 'x') * 10**8 }}",
        "{{ 1 ** 1 * 'x' }}",
        "{{ - 1 * 'x' }}",
    ] {
        refused(source, "multiplies numbers only");
    }
    refused("{{ range(10**9) | list }}", "there is no");
    refused("{{ 'x' | join(*[1]) }}", "needs a value on its left");
    refused("{{ 10 ** 400 }}", "unable to calculate");
    refused("{{ 1e308 * 10 }}", "no JSON number");
}

#[test]
fn long_and_deep_sources_are_refused() {
    refused(&format!("{{{{ {}1{} }}}}", "(".repeat(200), ")".repeat(200)), "nested more than");
    refused(&format!("{{{{ {} }}}}", "(".repeat(400)), "never closed");
    refused(&format!("{{{{ {}1{} }}}}", "[".repeat(200), "]".repeat(200)), "nested more than");
    refused(&format!("{{{{ {}1 }}}}", "not ".repeat(400)), "follow each other");
    refused(&format!("{{{{ {}1 }}}}", "- ".repeat(400)), "follow each other");
    refused(&format!("{{{{ 1{} }}}}", " + 1".repeat(3_000)), "more than 512");
    refused(&format!("{{{{ {} }}}}", "(".repeat(16_000)), "more than 512");
    refused(&format!("{{{{ 1 }}}}{}", "x".repeat(SOURCE_BYTES_MAX)), "limited to 16384 bytes");
    refused(&format!("{{{{ 'a'{} }}}}", "[0:]".repeat(40)), "slices at most");
}

#[test]
fn the_longest_accepted_sources_fit_the_stack() {
    for source in [
        format!("{{{{ 'a'{} }}}}", " | upper".repeat(255)),
        format!("{{{{ {}1 }}}}", "1 if false else ".repeat(120)),
        format!("{{{{ 1{} }}}}", " + 1".repeat(255)),
        format!("{{{{ 1{} }}}}", " < 2".repeat(255)),
        format!("{{{{ {}'a'{} }}}}", "(".repeat(31), ")".repeat(31)),
        format!("{{{{ {}1{} }}}}", "[".repeat(31), "]".repeat(31)),
        format!("{{{{ {}true }}}}", "not ".repeat(32)),
        format!("{{{{ 'a'{} }}}}", " is string".repeat(250)),
    ] {
        let owned = source.clone();
        let result =
            thread::Builder::new().stack_size(STACK_BYTES).spawn(move || rendered(&owned)).unwrap().join().unwrap();
        assert!(result.is_ok(), "{}: {result:?}", &source[..40]);
    }
}

#[test]
fn growing_text_is_refused() {
    let growing = " | replace('a', 'aaaaaaaaaa')".repeat(30);
    refused(&format!("{{{{ 'a'{growing} }}}}"), "more than 1048576 bytes");
    let list = "[".to_owned() + &"'a',".repeat(100) + "'a']";
    let joined = " | map('replace', 'a', 'aaaaaaaaaa')".repeat(12);
    refused(&format!("{{{{ {list}{joined} | join('') }}}}"), "bytes");
}

#[test]
fn big_values_cannot_be_copied_without_end() {
    let big = json!({ "text": "a".repeat(1_000_000), "list": vec![1; 50_000], "words": "a ".repeat(500_000) });
    let refused = |source: String| {
        let started = Instant::now();
        let error =
            with_names(|names| render(&json!(source), &Names::new(&big, names.steps, ExecutionId::new(), Utc::now())));
        let error = error.unwrap_err().to_string();
        assert!(error.contains("bytes"), "{source}: {error}");
        assert!(started.elapsed() < TIME_MAX, "{source}: {:?}", started.elapsed());
    };
    refused(format!("{{{{ (input.text{}) | length }}}}", " ~ input.text".repeat(120)));
    refused(format!("{{{{ (input.text{}) | length }}}}", " + input.text".repeat(120)));
    refused(format!("{{{{ input.list == input.list{} }}}}", " and input.list == input.list".repeat(40)));
    refused("{{ input.text | replace('a', input.text) }}".into());
    refused("{{ input.text | replace('', input.text) }}".into());
    refused("{{ input.list | join(input.text) }}".into());
    refused("{{ input.words | split(' ') | sort | unique | sort | length }}".into());
    refused("{{ input.list | map('replace', input.text, 'b') }}".into());
    refused("{{ input.text }}{{ input.text }}".into());
    refused("{{ input.list | sort(attribute='a,a,a,a,a,a,a,a,a,a,a,a,a,a,a,a,a,a,a,a,a,a') }}".into());
}

#[test]
fn the_same_expression_always_gives_the_same() {
    let source = "{{ input | items | sort | map('last') | tojson }}";
    assert_eq!(rendered(source), rendered(source));
}

proptest::proptest! {
    #![proptest_config(proptest::prelude::ProptestConfig { cases: 256, failure_persistence: None, ..Default::default() })]

    #[test]
    fn no_source_panics(parts in proptest::collection::vec(proptest::sample::select(&[
        "input.n", "input.list", "input.name", "steps.fetch", "1", "'a'", "2.5", "true", "null", "+", "*", "~", "-", "/", "//", "%",
        "**", "==", "<", " in ", " not ", " and ", " is ", "odd", " if ", " else ", "|", "sort", "join", "map", "length", "default",
        "(", ")", "[", "]", "{", "}", ":", ",", ".", "x=", "é", "{{", "}}", "{%", "%}", "\\",
    ][..]), 0..20)) {
        let source = parts.concat();
        drop(rendered(&format!("{{{{ {source} }}}}")));
        drop(with_names(|names| holds(&source, names)));
        drop(check(&source));
    }
}
