//! The points at which a process of the build with `faults` can be killed, as an operator would have to know them.

/// A named point.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Point {
    /// Its name.
    pub name: &'static str,
    /// What has to be done so that a process passes it.
    pub place: Place,
    /// The last pass at which a process is killed: some seconds of work.
    pub passes_max: u64,
}

/// Who passes a point, and when.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Place {
    /// A worker while it works.
    Work,
    /// A worker that takes over from a lost one.
    Reap,
    /// A worker that is told to end.
    Drain,
    /// The API while it answers a start.
    Reply,
}

/// All of them.
pub const POINTS: [Point; 14] = [
    Point::new("before_claim", Place::Work, 40),
    Point::new("after_claim", Place::Work, 20),
    Point::new("before_effect", Place::Work, 60),
    Point::new("after_effect", Place::Work, 60),
    Point::new("before_commit", Place::Work, 60),
    Point::new("after_commit", Place::Work, 60),
    Point::new("before_reply", Place::Reply, 20),
    Point::new("after_reply", Place::Reply, 20),
    Point::new("before_park", Place::Work, 20),
    Point::new("after_park", Place::Work, 20),
    Point::new("before_reap", Place::Reap, 1),
    Point::new("after_reap", Place::Reap, 1),
    Point::new("before_drain", Place::Drain, 1),
    Point::new("after_drain", Place::Drain, 1),
];

impl Point {
    const fn new(name: &'static str, place: Place, passes_max: u64) -> Self {
        Self { name, place, passes_max }
    }
}

#[cfg(test)]
mod tests {
    use super::POINTS;

    #[test]
    fn every_point_of_the_engine_is_known() {
        let engine = capstan_engine::faults::Point::ALL.map(|point| point.name());
        assert_eq!(POINTS.map(|point| point.name), engine);
    }
}
