//! The line of an edge: sideways where it can be, around nodes where it must.

use super::layout::{NODE_HEIGHT_PX, NODE_WIDTH_PX, Place};

/// A line that rises or falls by less has its label above instead of on it.
const FLAT_PX: f64 = 24.0;
/// Least bend of a line that leaves downwards.
const BEND_MIN_PX: f64 = 24.0;
/// How far a line passes below the nodes that are in its way.
const DETOUR_PX: f64 = 16.0;
/// Where a detour leaves and arrives, from the corners of the nodes.
const INSET_PX: f64 = 24.0;

/// A cubic curve.
pub(super) struct Curve {
    from: Place,
    bends: [Place; 2],
    to: Place,
}

impl Curve {
    /// From the node at `from` to the one at `to`; `places` are those of all nodes.
    pub(super) fn new(from: Place, to: Place, places: &[Place]) -> Self {
        if to.x < from.x + NODE_WIDTH_PX {
            return Self::downwards(from, to);
        }
        let start = Place { x: from.x + NODE_WIDTH_PX, y: from.y + NODE_HEIGHT_PX / 2.0 };
        let end = Place { x: to.x, y: to.y + NODE_HEIGHT_PX / 2.0 };
        if is_blocked(start, end, places) {
            return Self::below(from, to, places);
        }
        let middle = f64::midpoint(start.x, end.x);
        Self { from: start, bends: [Place { x: middle, ..start }, Place { x: middle, ..end }], to: end }
    }

    fn downwards(from: Place, to: Place) -> Self {
        let start = Place { x: from.x + NODE_WIDTH_PX / 2.0, y: from.y + NODE_HEIGHT_PX };
        let end = Place { x: to.x + NODE_WIDTH_PX / 2.0, y: to.y };
        let bend = ((end.y - start.y) / 2.0).abs().max(BEND_MIN_PX);
        let bends = [Place { y: start.y + bend, ..start }, Place { y: end.y - bend, ..end }];
        Self { from: start, bends, to: end }
    }

    fn below(from: Place, to: Place, places: &[Place]) -> Self {
        let start = Place { x: from.x + NODE_WIDTH_PX - INSET_PX, y: from.y + NODE_HEIGHT_PX };
        let end = Place { x: to.x + INSET_PX, y: to.y + NODE_HEIGHT_PX };
        let (top, bottom) = (start.y.min(end.y) - NODE_HEIGHT_PX, start.y.max(end.y));
        let between = places.iter().filter(|it| it.x > from.x && it.x < to.x && it.y >= top && it.y <= bottom);
        let lowest = between.map(|it| it.y + NODE_HEIGHT_PX).fold(bottom, f64::max);
        // A cubic comes three quarters as near to its bends as they are far.
        let bend = |point: Place| Place { y: point.y + (lowest - point.y + DETOUR_PX) * 4.0 / 3.0, ..point };
        Self { from: start, bends: [bend(start), bend(end)], to: end }
    }

    /// The `d` of a path.
    pub(super) fn path(&self) -> String {
        let Self { from, bends: [a, b], to } = self;
        format!("M{:.1} {:.1}C{:.1} {:.1} {:.1} {:.1} {:.1} {:.1}", from.x, from.y, a.x, a.y, b.x, b.y, to.x, to.y)
    }

    /// Where the middle of the label's base line is.
    pub(super) fn label(&self) -> Place {
        let middle = self.middle();
        let is_flat = (middle.y - self.from.y).abs() < FLAT_PX / 2.0;
        Place { y: middle.y + if is_flat { -6.0 } else { 4.0 }, ..middle }
    }

    /// The lowest point, for the size of the drawing.
    pub(super) fn bottom(&self) -> f64 {
        self.from.y.max(self.to.y).max(self.middle().y)
    }

    fn middle(&self) -> Place {
        let [a, b] = self.bends;
        let mean = |from: f64, a: f64, b: f64, to: f64| (from + 3.0 * (a + b) + to) / 8.0;
        Place { x: mean(self.from.x, a.x, b.x, self.to.x), y: mean(self.from.y, a.y, b.y, self.to.y) }
    }
}

/// Whether a node lies on the straight line.
fn is_blocked(start: Place, end: Place, places: &[Place]) -> bool {
    places.iter().any(|place| {
        let x = place.x + NODE_WIDTH_PX / 2.0;
        let y = start.y + (end.y - start.y) * (x - start.x) / (end.x - start.x).max(1.0);
        x > start.x && x < end.x && y > place.y && y < place.y + NODE_HEIGHT_PX
    })
}
