use serde_json::json;

use super::*;
use crate::leads::leads_machine;
use crate::records::pursuit_machine;

/// Whether somebody may move `record` so, without a reason.
fn pass(machine: &Machine, from: &str, to: &str, record: &Value) -> Result<(), Refused> {
    machine.pass(&Move { label: "pursuit", from, to, record, why: None, doer: None })
}

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
            let may = pass(&machine, from, to, &json!({})).is_ok();
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
    let said = |from: &str, to: &str| pass(&machine, from, to, &json!({})).unwrap_err().to_string();
    assert_eq!(said("won", "lead"), "Invalid pursuit transition: won → lead; it can become delivered");
    assert_eq!(said("lost", "won"), "Invalid pursuit transition: lost → won; it can become nothing else");
    assert!(said("lead", "gone").starts_with("there is no state \"gone\"; there are lead, qualified"));
    assert_eq!(pass(&machine, "of_yesterday", "won", &json!({})), Ok(()));
}

#[test]
fn a_condition_guards_a_transition_and_says_why() {
    let machine = Machine {
        transitions: vec![Transition {
            when: Some("{{ input.fields.budget > 1000 }}".into()),
            reason: Some("the budget is too small".into()),
            ..Transition::plain("lead", "qualified")
        }],
        ..pursuit_machine()
    };
    assert_eq!(machine.check(), []);
    let with = |budget: Value| pass(&machine, "lead", "qualified", &json!({ "fields": { "budget": budget } }));
    assert_eq!(with(json!(2000)), Ok(()));
    let refused = with(json!(5)).unwrap_err().to_string();
    assert_eq!(refused, "Invalid pursuit transition: lead → qualified; the budget is too small");
    assert!(matches!(with(json!("much")), Err(Refused::Guarded { .. })));
}

#[test]
fn a_way_may_ask_why_and_who_it_is() {
    let way = Transition { needs_reason: true, by: vec![Doer::Admin, Doer::Step], ..Transition::plain("won", "lost") };
    let machine = Machine { transitions: vec![way], ..pursuit_machine() };
    for (why, doer, said) in [
        (Some("they went bankrupt"), Some(Doer::Admin), None),
        (Some("they went bankrupt"), Some(Doer::Step), None),
        (Some("they went bankrupt"), Some(Doer::Member), Some("it is for admin, step")),
        (Some("they went bankrupt"), None, Some("it is for admin, step")),
        (Some(" "), Some(Doer::Admin), Some("it needs a reason")),
        (None, Some(Doer::Admin), Some("it needs a reason")),
    ] {
        let wish = Move { label: "deal", from: "won", to: "lost", record: &json!({}), why, doer };
        let refused = machine.pass(&wish).err().map(|refused| refused.to_string());
        assert_eq!(
            refused,
            said.map(|said| format!("Invalid deal transition: won → lost; {said}")),
            "{why:?} {doer:?}"
        );
    }
}

#[test]
fn a_way_is_found_by_its_name() {
    let named = |to: &str, name: &str| Transition { name: Some(name.into()), ..Transition::plain("lead", to) };
    let transitions = vec![named("qualified", "qualify"), named("disqualified", "drop")];
    let machine = Machine { transitions, ..pursuit_machine() };
    assert_eq!(machine.way_called("lead", "drop").unwrap().to, "disqualified");
    let refused = machine.way_called("lead", "win").unwrap_err().to_string();
    assert_eq!(refused, "no transition out of lead is called \"win\"; there are qualify, drop");
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
    let called = |to: &str, name: &str| json!({ "from": "a", "to": to, "name": name });
    let over = json!({ "name": "d", "label": "D", "final": true });
    let machine = json!({ "initial": "a", "states": [state("a"), state("b"), state("c"), over], "transitions": [
        called("b", "go"), called("c", "go"), called("d", "Go on"), way("d", "a"),
        { "from": "b", "to": "c", "by": ["key", "key"] },
    ] });
    let expected = ["/transitions/1/name", "/transitions/2/name", "/transitions/3/from", "/transitions/4/by"];
    assert_eq!(found(machine), expected);
}
