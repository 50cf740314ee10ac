#![allow(clippy::unwrap_used, reason = "tests")]

use chrono::DateTime;
use serde_json::{Value, json};
use uuid::Uuid;

use super::*;
use crate::core::ids::ExecutionId;
use crate::core::outcome::StepError;

/// `fetch` completed, `other` was skipped, `broken` failed.
pub(super) struct Some3 {
    pub(super) fetched: Value,
    pub(super) error: StepError,
}

impl Steps for Some3 {
    fn step(&self, id: &str) -> Seen<'_> {
        match id {
            "fetch" => Seen::Output(&self.fetched),
            "other" => Seen::Null("was skipped"),
            "broken" => Seen::Null("failed"),
            _ => Seen::Unknown,
        }
    }
    fn error(&self, id: &str) -> Option<&StepError> {
        (id == "broken").then_some(&self.error)
    }
    fn ids(&self) -> Vec<&str> {
        vec!["fetch", "other", "broken"]
    }
}

pub(super) fn with_names<T>(run: impl FnOnce(&Names<'_>) -> T) -> T {
    let input = json!({
        "name": "Ada", "n": 3, "big": 12_345_678_901_234_567_i64, "price": 2.5, "none": null, "yes": true,
        "list": [1, 2, 3], "people": [{"id": 2, "name": "Bo"}, {"id": 1, "name": "Al"}], "two words": "x", "html": "<a & b>"
    });
    let steps = Some3 {
        fetched: json!({ "body": { "id": 7, "name": "seven" }, "status": 200 }),
        error: StepError { class: "http_5xx".into(), reason: "down".into() },
    };
    let now = DateTime::from_timestamp(1_700_000_000, 0).unwrap();
    run(&Names::new(&input, &steps, ExecutionId(Uuid::nil()), now))
}

pub(super) fn rendered(source: &str) -> Result<Value, ExpressionError> {
    with_names(|names| render(&json!(source), names))
}

#[track_caller]
fn renders(source: &str, expected: Value) {
    assert_eq!(rendered(source), Ok(expected), "{source}");
}

#[track_caller]
fn fails(source: &str, part: &str) {
    let error = rendered(source).unwrap_err().to_string();
    assert!(error.contains(part), "{source}: {error}");
}

#[test]
fn one_expression_keeps_its_json_type() {
    renders("{{ input.n }}", json!(3));
    renders("{{ input.big }}", json!(12_345_678_901_234_567_i64));
    renders("{{ input.none }}", json!(null));
    renders("{{ input.list }}", json!([1, 2, 3]));
    renders("{{ steps.fetch.body }}", json!({"id": 7, "name": "seven"}));
    renders("{{ steps[\"fetch\"]['body'].id }}", json!(7));
    renders("{{ input[\"two words\"] }}", json!("x"));
    renders("{{ input.list[-1] }}", json!(3));
    renders("{{ input.people.0.name }}", json!("Bo"));
    renders("{{ {\"a\": {\"b\": input.n}} }}", json!({"a": {"b": 3}}));
    renders("{{ [input.n, null, 'x'] }}", json!([3, null, "x"]));
    renders("{{ input.yes and input.n > 2 }}", json!(true));
    renders("{{ now }}", json!("2023-11-14T22:13:20.000Z"));
    renders("{{ execution.id }}", json!("00000000-0000-0000-0000-000000000000"));
    renders("{{ steps.other }}", json!(null));
    renders("{{ steps.other == none }}", json!(true));
    renders("{{ errors.broken.class }}", json!("http_5xx"));
    renders("{{ errors.fetch }}", json!(null));
}

#[test]
fn text_is_filled_in() {
    renders("no expression }}", json!("no expression }}"));
    renders("{% if %} alone is text", json!("{% if %} alone is text"));
    renders("Dear {{ input.name }}!", json!("Dear Ada!"));
    renders("{{ input.none }}|{{ input.list }}|{{ input.price }}|{{ input.yes }}", json!("|[1,2,3]|2.5|true"));
    renders("{{ input.html }} ", json!("<a & b> "));
    renders("a {{- input.n -}} b", json!("a3b"));
    renders("{{ '}}' }} {{ \"{{\" }}", json!("}} {{"));
    renders("{% if input.n > 2 %}many{% elif input.n %}few{% else %}none{% endif %} {{ input.n }}", json!("many 3"));
    renders("{% if input.n > 9 %}{{ input.nope }}{% elif false %}b{% else %}c{% endif %}{{ 1 }}", json!("c1"));
    renders("{% if false %}{% if true %}a{% else %}b{% endif %}{% else %}c{% endif %}{{ 1 }}", json!("c1"));
}

#[test]
fn operators_and_filters() {
    renders("{{ input.n * 2 + 1 }}", json!(7));
    renders("{{ 2 * input.n * -1 ** 2 }}", json!(6));
    renders("{{ (input.n + 1) * (2) }}", json!(8));
    renders("{{ -input.n | abs }}", json!(3));
    renders("{{ 'a' ~ input.n ~ input.none ~ input.list }}", json!("a3[1,2,3]"));
    renders("{{ 'a' + 'b' }}", json!("ab"));
    renders("{{ 7 // 2 }}", json!(3));
    renders("{{ 2 in input.list and 9 not in input.list }}", json!(true));
    renders("{{ 'x' if input.yes else input.nope }}", json!("x"));
    renders("{{ input.nope | default('d') }}", json!("d"));
    renders("{{ steps.other.body.id | default(0) }}", json!(0));
    renders("{{ input.nope is defined }}", json!(false));
    renders("{{ not input.nope is defined and input.n is not none }}", json!(true));
    renders("{{ input.name | upper | replace('A', 'b') | trim }}", json!("bDb"));
    renders("{{ input.name[:2] }}", json!("Ad"));
    renders("{{ input.list | join('-') }}", json!("1-2-3"));
    renders("{{ 'a,b' | split(',') | last }}", json!("b"));
    renders("{{ input.people | map(attribute='name') | sort | first }}", json!("Al"));
    renders("{{ input.people | sort(attribute='id') | map(attribute='id') }}", json!([1, 2]));
    renders("{{ input.people | selectattr('id', 'gt', 1) | length }}", json!(1));
    renders("{{ input.people | sum(attribute='id') }}", json!(3));
    renders("{{ input.list | sum }}", json!(6));
    renders("{{ [1, 1, 2] | unique | length }}", json!(2));
    renders("{{ input.list | max - (input.list | min) }}", json!(2));
    renders("{{ '12' | int + ('1.5' | float) | round }}", json!(14.0));
    renders("{{ input.people[0] | tojson }}", json!("{\"id\":2,\"name\":\"Bo\"}"));
    renders("{{ input.people[0] | keys }}", json!(["id", "name"]));
    renders("{{ {'a': 1} | items }}", json!([["a", 1]]));
    renders("{{ input.list[input.n - 1] }}", json!(3));
    renders("{{ (input.people | first).name }}", json!("Bo"));
}

#[test]
fn a_missing_name_is_told_with_the_names_that_exist() {
    fails("{{ steps.fetch.body.idd }}", "\"idd\" does not exist in \"body\"; there are: id, name");
    fails(
        "x{{ 1 + steps.fetch.body.idd }}",
        "line 1, column 9: \"idd\" does not exist in \"body\"; there are: id, name",
    );
    fails(
        "{{ steps.fetch.nope + (input.gone | default(1)) }}",
        "\"nope\" does not exist in \"fetch\"; there are: body, status",
    );
    fails("{{ steps.fetch.nope | replace(input.gone | default('a'), 'b') }}", "\"nope\"");
    fails("{{ steps.nope.x }}", "step \"nope\" does not exist before this one; there are: fetch, other, broken");
    fails("{{ steps.other.body }}", "step \"other\" was skipped, so it is null and has no \"body\"");
    fails("{{ steps.broken.body }}", "step \"broken\" failed");
    fails(
        "{{ inputs.x }}",
        "\"inputs\" does not exist; there are: input, steps, errors, execution, now, item, index, last",
    );
    fails("{{ steps }}", "must be followed by the id of a step");
    fails("{{ input.none.x }}", "\"none\" is null");
    fails("{{ input.list[7] }}", "it is a list of 3 items");
    fails("{{ (input.people | first).nope }}", "does not exist");
    fails("{{ [input.nope] }}", "\"nope\" does not exist in \"input\"");
    fails("{% if input.nope %}a{% endif %}{{ 1 }}", "\"nope\"");
    fails("{{ range(3) }}", "there is no function \"range\"");
    fails("{{ input.name.upper() }}", "cannot be called");
    fails("{{ input.name | shout }}", "there is no filter \"shout\"; there are: abs");
    fails("{{ input.name is loud }}", "there is no test \"loud\"");
}

#[test]
fn syntax_errors_have_a_place() {
    fails("{{ input.name", "never closed");
    fails("{{ }}", "it is empty");
    fails("a\nb {{ 1 + }}", "line 2");
    fails("{{ input.n 3 }}", "column 12");
    fails("{{ (1 }}", "never closed");
    fails("{{ 'x }}", "no closing quote");
    fails("{{ 1 ) }}", "closes nothing");
    fails("{{ ? }}", "unexpected character '?'");
    fails("{% for x in y %}{{ x }}{% endfor %}", "the block \"for\" does not exist; there are: if, elif, else, endif");
    fails("{% set a = 1 %}{{ a }}", "the block \"set\" does not exist");
    fails("{% if input.n %}{{ 1 }}", "never closed");
}

#[test]
fn the_error_names_the_field() {
    let config = json!({ "a": [{ "b/c": "{{ nope }}" }] });
    let error = with_names(|names| render(&config, names)).unwrap_err();
    assert_eq!(error.field, "/a/0/b~1c");
    assert_eq!(
        error.to_string(),
        "expression \"nope\" in config field \"/a/0/b~1c\", line 1, column 4: \"nope\" does not exist; \
         there are: input, steps, errors, execution, now, item, index, last"
    );
}

#[test]
fn a_condition_is_true_or_false() {
    let holds = |condition: &str| with_names(|names| holds(condition, names));
    assert_eq!(holds("steps.fetch.body.id > 1"), Ok(true));
    assert_eq!(holds(" {{ steps.fetch.status == 404 }} "), Ok(false));
    assert_eq!(holds("input.yes"), Ok(true));
    for (condition, part) in [
        ("input.n", "must be true or false, and this is a number"),
        ("a {{ input.yes }}", "\"a\" does not exist"),
        ("{{ input.yes }} b", "one expression"),
        ("input.yes and", "unexpected end"),
        ("", "it is empty"),
    ] {
        let error = holds(condition).unwrap_err().to_string();
        assert!(error.contains(part), "{condition}: {error}");
    }
}

#[test]
fn check_finds_the_steps_that_are_named() {
    let steps = |source: &str| check(source).unwrap().steps.into_iter().collect::<Vec<_>>();
    assert_eq!(steps("{{ steps.a.x + steps['b-c'] }}{{ errors.d }}{{ input.steps.e }}"), ["a", "b-c", "d"]);
    assert_eq!(steps("steps.a"), [""; 0]);
    assert_eq!(check_condition("steps.a.x > 1 and 'steps.z'").unwrap().steps.len(), 1);
    assert!(check("{{ steps.a | nope }}").is_err());
    assert!(check("{{ steps[input.x] }}").is_err());
    assert!(check_condition("1 +").is_err());
}

#[test]
fn values_of_different_types_are_not_compared() {
    for (source, left, right) in [
        ("{{ input.name >= 100 }}", "text", "a number"),
        ("{{ 100 < input.name }}", "a number", "text"),
        ("{{ input.n ~ 1 < 5 }}", "text", "a number"),
        ("{{ 5 > input.n ~ 1 }}", "a number", "text"),
        ("{{ (input.name) > (input.list | length) }}", "text", "a number"),
        ("{{ input.none < 5 }}", "null", "a number"),
        ("{{ input.yes >= 1 }}", "true or false", "a number"),
        ("{{ input.list > 1 }}", "a list", "a number"),
        ("{{ input.n > 1 and input.name > 1 }}", "text", "a number"),
        ("{{ 1 if input.n > (2 if input.n > 1 else 3) and '5' > 4 else 2 }}", "text", "a number"),
        ("{{ input.name is gt(3) }}", "text", "a number"),
        ("{{ [1, 'a'] | sort }}", "a number", "text"),
        ("{{ ['a', 1] | max }}", "text", "a number"),
        ("{{ [{'a': 1}, {'a': 'x'}] | sort(attribute='a') }}", "a number", "text"),
        ("{{ [{'a': 1}, {}] | sort(attribute='a') }}", "a number", "null"),
    ] {
        fails(source, &format!("compares {left} with {right}"));
    }
    let error = rendered("{{ input.name >= 100 }}").unwrap_err();
    assert_eq!((error.excerpt.as_str(), error.column), ("input.name >= 100", 18));
    for (source, expected) in [
        ("{{ input.n + 1 > 2.5 }}", json!(true)),
        ("{{ input.n * 2 >= input.price * 2 }}", json!(true)),
        ("{{ input.name < 'B' }}", json!(true)),
        ("{{ '7' | int > 5 }}", json!(true)),
        ("{{ input.name | length > 5 or input.n > 1 }}", json!(true)),
        ("{{ input.x | default(4) > 3 }}", json!(true)),
        ("{{ input.name == 3 or '3' == 3 }}", json!(false)),
        ("{{ not input.n > 5 }}", json!(true)),
        ("{{ -1 < -input.price }}", json!(false)),
        ("{{ [3, 1.5] | sort }}", json!([1.5, 3])),
        ("{{ input.people | map(attribute='id') | min < 2 }}", json!(true)),
    ] {
        renders(source, expected);
    }
}

#[test]
fn what_was_published_under_older_rules_compares_as_it_did() {
    with_names(|names| {
        let older =
            Names { mixes: true, execution: json!({}), now: json!(""), index: json!(0), last: json!(0), ..*names };
        let render = |source: &str| render(&json!(source), &older).unwrap();
        assert_eq!(render("{{ '5' >= 100 }}"), json!(true));
        assert_eq!(render("{{ [2, 'a', 1] | sort }}"), json!([1, 2, "a"]));
        assert_eq!(render("{{ 'a' is gt(3) }}"), json!(true));
    });
}
