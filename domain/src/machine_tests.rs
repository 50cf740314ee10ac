use serde_json::json;

use super::*;
use crate::leads::{leads_machine, pursuit_machine};

#[test]
fn the_shipped_machines_are_sound() {
    assert_eq!(leads_machine().check(), []);
    assert_eq!(pursuit_machine().check(), []);
}

#[test]
fn a_pursuit_goes_only_where_its_table_says() {
    let machine = pursuit_machine();
    let allowed = [
        ("lead", "qualified"),
        ("lead", "disqualified"),
        ("qualified", "proposal"),
        ("qualified", "lost"),
        ("proposal", "won"),
        ("proposal", "lost"),
        ("won", "delivered"),
    ];
    for from in &machine.states {
        for to in &machine.states {
            let (from, to) = (from.name.as_str(), to.name.as_str());
            let may = machine.pass(from, to, &json!({})).is_ok();
            assert_eq!(may, from == to || allowed.contains(&(from, to)), "{from} to {to}");
        }
    }
    for end in ["lost", "delivered", "disqualified"] {
        assert!(machine.allowed(end).is_empty(), "{end}");
    }
}

#[test]
fn a_refusal_says_what_would_be_possible() {
    let machine = pursuit_machine();
    let said = |from: &str, to: &str| machine.pass(from, to, &json!({})).unwrap_err().to_string();
    assert_eq!(said("won", "lead"), "won cannot become lead; it can become delivered");
    assert_eq!(said("lost", "won"), "lost cannot become won; it can become nothing else");
    assert!(said("lead", "gone").starts_with("there is no status \"gone\"; there are lead, qualified"));
    assert_eq!(machine.pass("of_yesterday", "won", &json!({})), Ok(()));
}

#[test]
fn a_condition_guards_a_transition_and_says_why() {
    let machine = Machine {
        transitions: vec![Transition {
            from: "lead".into(),
            to: "qualified".into(),
            when: Some("{{ input.fields.budget > 1000 }}".into()),
            reason: Some("the budget is too small".into()),
        }],
        ..pursuit_machine()
    };
    assert_eq!(machine.check(), []);
    let pass = |budget: Value| machine.pass("lead", "qualified", &json!({ "fields": { "budget": budget } }));
    assert_eq!(pass(json!(2000)), Ok(()));
    assert_eq!(pass(json!(5)).unwrap_err().to_string(), "lead cannot become qualified now: the budget is too small");
    assert!(matches!(pass(json!("much")), Err(Refused::Guarded { .. })));
}

#[test]
fn every_flaw_is_found_with_its_place() {
    let found = |machine: Value| {
        let machine: Machine = serde_json::from_value(machine).unwrap();
        machine.check().into_iter().map(|flaw| flaw.pointer).collect::<Vec<_>>()
    };
    let state = |name: &str| json!({ "name": name, "label": "L" });
    let way = |from: &str, to: &str| json!({ "from": from, "to": to });
    let machine = json!({ "initial": "x", "states": [state("a"), state("a"), state("B"), state("c")], "transitions": [
        way("a", "nowhere"), way("a", "a"), way("a", "c"), way("a", "c"),
        { "from": "c", "to": "a", "when": "{{ steps.x }}" }, { "from": "c", "to": "a", "when": "true" },
    ] });
    assert_eq!(
        found(machine),
        [
            "/states/1/name",
            "/states/2/name",
            "/initial",
            "/transitions/0/to",
            "/transitions/1/to",
            "/transitions/3",
            "/transitions/4/when",
            "/transitions/5/when"
        ]
    );
    assert_eq!(found(json!({ "initial": "a", "states": [], "transitions": [] })), ["/states", "/initial"]);
}
