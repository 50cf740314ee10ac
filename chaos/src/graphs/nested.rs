//! Graphs with containers in containers, races, undos and what runs at last; few effects in each.

use serde_json::json;

use super::drawing::{Drawing, Place};
use super::parts::{STREAM, draw_kind};
use super::{Container, GraphSpec, Kind, NodeSpec};
use crate::dice::Dice;

/// Containers in each other.
const DEPTH_MAX: usize = 2;
/// Of a hundred nodes that may be containers, so many are.
const NESTED_PERCENT: u64 = 20;
/// Of a hundred graphs of containers, so many race.
const RACES_PERCENT: u64 = 20;
/// Of a hundred calls, so many can be undone.
const UNDONE_PERCENT: u64 = 40;
/// Of a hundred graphs, also those of containers, so many have something that runs at last.
const FINALLY_PERCENT: u64 = 35;
/// Of a hundred failures, so many have something beside them.
const BESIDE_PERCENT: u64 = 50;

/// What a graph is about.
#[derive(Clone, Copy)]
enum Theme {
    Holds(Container),
    Races,
    /// Fails with most inputs, and undoes what it did.
    Fails,
}

/// Each in turn.
const THEMES: [Theme; 6] = [
    Theme::Holds(Container::ForEach),
    Theme::Holds(Container::Group),
    Theme::Races,
    Theme::Holds(Container::Try),
    Theme::Fails,
    Theme::Holds(Container::Loop),
];

/// Graph number `number` of a seed, the one at `turn` among those of its sort.
pub(super) fn graph(seed: u64, number: u64, turn: u64, site_url: &str) -> GraphSpec {
    let mut drawing = Drawing::new(Dice::new(seed, STREAM + number), site_url);
    let top = Place::top();
    let first = drawing.step(&top, Kind::Call { refusals: 0 });
    drawing.link("n0", &first);
    let theme = THEMES[((seed % THEMES.len() as u64 + turn) % THEMES.len() as u64) as usize];
    let last = match theme {
        Theme::Holds(of) => Some(drawing.container(&top, of)),
        Theme::Races => {
            let join = drawing.race(&top, Some(&first), false);
            drawing.chain(&top, Some(join), 1);
            None
        }
        Theme::Fails => {
            drawing.ill(&top, Some(&first));
            None
        }
    };
    if let Some(container) = last {
        drawing.link(&first, &container);
        let more = drawing.dice.between(1, 2);
        drawing.chain(&top, Some(container), more);
    }
    drawing.finally(&top);
    drawing.done()
}

impl Drawing<'_> {
    /// A node, and perhaps what undoes it.
    fn step(&mut self, place: &Place, kind: Kind) -> String {
        let id = self.begin(place, kind);
        if kind.calls() && self.dice.chance(UNDONE_PERCENT) {
            let kind = if self.dice.chance(70) { Kind::Call { refusals: 0 } } else { Kind::Noop };
            self.undo(place, &id, kind);
        }
        id
    }

    /// Nodes in a row, after `from` if there is one; what fails at their end is taken. Answers the last.
    fn chain(&mut self, place: &Place, from: Option<String>, length: u64) -> String {
        let mut last = from;
        for _ in 0..length {
            let next = if place.depth < DEPTH_MAX && self.dice.chance(NESTED_PERCENT) {
                let of = [Container::ForEach, Container::Loop, Container::Try, Container::Group];
                let of = of[self.dice.below(of.len() as u64) as usize];
                self.container(place, of)
            } else {
                // All steps that wait for one name would wait for the same signal.
                let signalled = place.parent.is_some() || self.is_signalled();
                let kind = draw_kind(&mut self.dice, signalled);
                self.step(place, kind)
            };
            self.link_after(last.as_deref(), &next);
            last = Some(next);
        }
        let last = last.unwrap_or_else(|| self.begin(place, Kind::Noop));
        match self.kind(&last) {
            Some(Kind::Doomed | Kind::Container { fails: true, .. }) => {
                let taker = self.begin(place, Kind::Noop);
                self.link(&last, &taker);
                taker
            }
            _ => last,
        }
    }

    /// A row that comes to a failure, with most inputs, and perhaps a step beside it: that is cancelled, or awaited, and
    /// which of the two, and when, hangs on who is faster.
    fn ill(&mut self, place: &Place, from: Option<&str>) {
        if self.dice.chance(BESIDE_PERCENT) {
            let beside = Place { is_certain: false, ..place.clone() };
            let kind = if self.dice.chance(70) { Kind::Call { refusals: 0 } } else { Kind::Delay };
            let id = self.step(&beside, kind);
            self.link_after(from, &id);
        }
        let length = self.dice.between(1, 2);
        let last = self.chain(place, from.map(Into::into), length);
        let doomed = self.begin(place, Kind::Doomed);
        self.link(&last, &doomed);
    }

    /// Branches of which the first few are enough; most often the others are cancelled then, and always if what comes after
    /// the join `fails`. Answers the join.
    fn race(&mut self, place: &Place, from: Option<&str>, fails: bool) -> String {
        let (branches, cuts) = (self.dice.between(2, 3), self.dice.chance(75));
        let inside = Place { is_certain: place.is_certain && !cuts && !fails, ..place.clone() };
        let (mut all, mut ends) = (Vec::new(), Vec::new());
        for _ in 0..branches {
            let id = match self.dice.below(100) {
                0..20 if place.depth < DEPTH_MAX => self.for_each(&inside, false),
                0..65 => self.step(&inside, Kind::Call { refusals: 0 }),
                65..90 => self.step(&inside, Kind::Delay),
                _ => self.step(&inside, Kind::Flaky),
            };
            from.into_iter().for_each(|from| self.link_if(from, &id, None));
            all.push(id.clone());
            ends.push(id.clone());
            if self.dice.chance(30) {
                let second = self.step(&inside, Kind::Call { refusals: 0 });
                self.link_if(&id, &second, None);
                all.push(second.clone());
                ends.pop();
                ends.push(second);
            }
        }
        let wanted = self.dice.between(1, branches - 1) as usize;
        let losers = if cuts { all } else { Vec::new() };
        let kind = if self.dice.chance(50) { Kind::Call { refusals: 0 } } else { Kind::Noop };
        let join = NodeSpec { wanted: Some(wanted), losers, ..NodeSpec::new("", kind, &[]) };
        let join = self.add(place, join, None);
        ends.iter().for_each(|end| self.link_if(end, &join, None));
        join
    }

    fn container(&mut self, place: &Place, of: Container) -> String {
        match of {
            Container::ForEach => {
                let fails = self.dice.chance(40);
                self.for_each(place, fails)
            }
            Container::Loop => self.turns(place),
            Container::Try => self.caught(place),
            Container::Group => self.group(place),
        }
    }

    /// Items, one of which may fail: that is tolerated, or fails all.
    fn for_each(&mut self, place: &Place, one_fails: bool) -> String {
        let (items, tolerated) = (self.dice.between(2, 3), one_fails && self.dice.chance(60));
        let config = json!({ "items": (0..items).collect::<Vec<_>>(), "concurrency": self.dice.between(1, items),
                             "tolerated_failures": u64::from(tolerated) });
        let fails = one_fails && !tolerated;
        let kind = Kind::Container { of: Container::ForEach, fails };
        let id = self.add(place, NodeSpec::new("", kind, &[]), Some(config));
        let inside = Place { is_certain: place.is_certain && !fails, is_counted: true, ..place.within(&id) };
        let last = self.body(&inside, one_fails);
        if one_fails {
            let (before, doomed) = (self.begin(&inside, Kind::Noop), self.begin(&inside, Kind::Doomed));
            self.link(&last, &before);
            let when = format!("{{{{ item == {} }}}}", self.dice.below(items));
            self.link_if(&before, &doomed, Some(when));
        }
        self.finally(&inside);
        id
    }

    /// A loop of two or three turns, or one that fails at the first.
    fn turns(&mut self, place: &Place) -> String {
        let (turns, fails) = (self.dice.between(2, 3), self.dice.chance(20));
        let config = match self.dice.chance(50) {
            true => json!({ "max_iterations": turns, "at_max": "done" }),
            false => json!({ "max_iterations": 10, "plateau": { "score": 1, "turns": turns - 1 } }),
        };
        let kind = Kind::Container { of: Container::Loop, fails };
        let id = self.add(place, NodeSpec::new("", kind, &[]), Some(config));
        self.fill(&Place { is_counted: true, ..place.within(&id) }, fails);
        id
    }

    fn caught(&mut self, place: &Place) -> String {
        let (fails, all) = (self.dice.chance(75), self.dice.chance(50));
        let config = json!({ "catch": if all { json!([]) } else { json!(["doomed"]) } });
        let kind = Kind::Container { of: Container::Try, fails };
        let id = self.add(place, NodeSpec::new("", kind, &[]), Some(config));
        self.fill(&place.within(&id), fails);
        id
    }

    /// A group that is well, that fails and is undone, or that is well at its second attempt.
    fn group(&mut self, place: &Place) -> String {
        let way = self.dice.below(100);
        let (fails, repeats) = (way < 35, way >= 60);
        let kind = Kind::Container { of: Container::Group, fails };
        let id = self.add(place, NodeSpec::new("", kind, &[]), Some(json!({ "repeat": repeats })));
        let inside = place.within(&id);
        if !repeats {
            self.fill(&inside, fails);
            return id;
        }
        let first = self.begin(&inside, Kind::Call { refusals: 0 });
        self.undo(&inside, &first, Kind::Call { refusals: 0 });
        let last = self.chain(&inside, Some(first), 1);
        let falls = self.begin(&inside, Kind::Falls);
        self.link(&last, &falls);
        self.finally(&inside);
        id
    }

    fn fill(&mut self, place: &Place, fails: bool) {
        match fails {
            true => self.ill(place, None),
            false => drop(self.body(place, false)),
        }
        self.finally(place);
    }

    /// Answers the last node; what comes after it may be what `fails`.
    fn body(&mut self, place: &Place, fails: bool) -> String {
        if self.dice.chance(RACES_PERCENT) {
            return self.race(place, None, fails);
        }
        let length = self.dice.between(1, 2);
        self.chain(place, None, length)
    }

    fn finally(&mut self, place: &Place) {
        if self.dice.chance(FINALLY_PERCENT) {
            let kind = if self.dice.chance(60) { Kind::Call { refusals: 0 } } else { Kind::Noop };
            self.add(place, NodeSpec { finally: true, ..NodeSpec::new("", kind, &[]) }, None);
        }
    }

    fn link_after(&mut self, source: Option<&str>, target: &str) {
        if let Some(source) = source {
            self.link(source, target);
        }
    }
}
