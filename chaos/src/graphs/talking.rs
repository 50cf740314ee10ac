//! Graphs that have to do with others: they call workflows, send events and wait for some, answer whoever waits. And the
//! workflows that they call.

use serde_json::{Value, json};

use super::drawing::{Drawing, Place};
use super::parts::STREAM;
use super::{GraphSpec, Kind, NodeSpec, Teller, VARIANTS, Way};
use crate::dice::Dice;

/// Names of the workflows that are called: the first is well, the other one fails.
pub(crate) const CALLED: [&str; 2] = ["called", "called-ill"];
/// The type of all events.
pub(crate) const EVENT_TYPE: &str = "chaos.told";
/// Behind the streams of all other graphs.
const TALKING_STREAM: u64 = STREAM + 1_000_000;
/// How long before a step its event may have come: longer than any run.
const EARLIER: &str = "3h";

/// The workflow of the name [`CALLED`]`[nth]`: a call, a delay, and a call or a failure.
pub(crate) fn called(nth: usize, site_url: &str) -> GraphSpec {
    let mut drawing = Drawing::new(Dice::new(nth as u64, TALKING_STREAM - 1), site_url);
    let top = Place::top();
    let last = if nth == 0 { Kind::Call { refusals: 0 } } else { Kind::Doomed };
    drawing.row(&top, "n0", &[Kind::Call { refusals: 0 }, Kind::Delay, last]);
    drawing.done()
}

/// Graph number `number` of a seed that talks: a call, two or three branches that each have to do with others, one more call
/// once all are done, and links that are signed.
pub(crate) fn talking(seed: u64, number: u64, site_url: &str) -> GraphSpec {
    let mut drawing = Drawing::new(Dice::new(seed, TALKING_STREAM + number), site_url);
    let top = Place::top();
    let first = drawing.row(&top, "n0", &[Kind::Call { refusals: 0 }]);
    let mut ends = Vec::new();
    let turn = seed.wrapping_add(number);
    for branch in 0..drawing.dice.between(2, 3) {
        let end = drawing.branch(&top, &first, turn.wrapping_add(2 * branch));
        ends.push(end);
    }
    let last = drawing.begin(&top, Kind::Call { refusals: 0 });
    ends.iter().for_each(|end| drawing.link_if(end, &last, None));
    drawing.signed(&top, &last);
    drawing.done()
}

impl Drawing<'_> {
    /// Nodes in a row behind another one, without conditions. Answers the last.
    fn row(&mut self, place: &Place, from: &str, kinds: &[Kind]) -> String {
        let mut last = from.to_owned();
        for &kind in kinds {
            let next = self.begin(place, kind);
            self.link_always(&last, &next);
            last = next;
        }
        last
    }

    /// One of what there is to talk about. Answers a node that leads on by `out`.
    fn branch(&mut self, place: &Place, from: &str, turn: u64) -> String {
        let way = if self.dice.chance(50) { Way::Awaited } else { Way::Abandoned };
        match turn % 7 {
            0 => self.row(place, from, &[Kind::Calls(way)]),
            1 => self.row(place, from, &[Kind::Event(Teller::Client), Kind::Noop]),
            2 => self.row(place, from, &[Kind::Calls(Way::Ill), Kind::Noop]),
            3 => self.emitted(place, from),
            4 => self.row(place, from, &[Kind::Respond, Kind::Delay, Kind::Calls(Way::Detached)]),
            5 => self.called_or_not(place, from, way),
            _ => self.row(place, from, &[Kind::Event(Teller::Nobody), Kind::Respond]),
        }
    }

    /// A step that sends an event, and one that waits for it.
    fn emitted(&mut self, place: &Place, from: &str) -> String {
        let sender = self.row(place, from, &[Kind::Emit]);
        let config = waited(&key_of(&sender), None);
        let hears = self.add(place, NodeSpec::new("", Kind::Event(Teller::Step), &[]), Some(config));
        self.link_always(&sender, &hears);
        self.row(place, &hears, &[Kind::Noop])
    }

    /// Links that are signed, to a step that no variant comes to.
    fn signed(&mut self, place: &Place, from: &str) {
        let asks = self.begin(place, Kind::Ask);
        let links = self.add(place, NodeSpec::new("", Kind::Link, &[]), Some(json!({ "node": asks })));
        self.link_always(from, &links);
        self.link_if(&links, &asks, Some(format!("{{{{ input.variant > {VARIANTS} }}}}")));
    }

    /// Two called workflows that race with a delay: whoever is first is enough.
    fn called_or_not(&mut self, place: &Place, from: &str, way: Way) -> String {
        let inside = Place { is_certain: false, ..place.clone() };
        let losers = vec![
            self.row(&inside, from, &[Kind::Calls(way)]),
            self.row(&inside, from, &[Kind::Delay]),
            self.row(&inside, from, &[Kind::Calls(Way::Awaited)]),
        ];
        let join = NodeSpec { wanted: Some(1), losers: losers.clone(), ..NodeSpec::new("", Kind::Noop, &[]) };
        let join = self.add(place, join, None);
        losers.iter().for_each(|loser| self.link_if(loser, &join, None));
        join
    }
}

/// Calls the workflow with an input of the step's own, so that each call has a tag of its own.
pub(super) fn called_config(way: Way, id: &str) -> Value {
    json!({
        "workflow": CALLED[usize::from(way == Way::Ill)],
        "mode": if way.waits() { "awaited" } else { "detached" },
        "on_cancel": if way == Way::Abandoned { "abandon" } else { "cancel" },
        "input": { "tag": key_of(id), "variant": "{{ input.variant }}" },
    })
}

/// Waits for the event with the step's own key.
pub(super) fn event_config(teller: Teller, id: &str) -> Value {
    waited(&key_of(id), (teller == Teller::Nobody).then_some("1s"))
}

fn waited(key: &str, timeout: Option<&str>) -> Value {
    let mut config = json!({ "event": EVENT_TYPE, "key": key, "accept_earlier": EARLIER });
    timeout.into_iter().for_each(|timeout| config["timeout"] = json!(timeout));
    config
}

fn key_of(id: &str) -> String {
    format!("{{{{ input.tag }}}}-{id}")
}
