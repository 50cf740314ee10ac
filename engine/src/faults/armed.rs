//! The point that this process is to die at, from its environment: `CAPSTAN_FAILPOINT=after_commit:17` at its
//! seventeenth pass.

use std::sync::LazyLock;
use std::sync::atomic::{AtomicU32, Ordering};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use super::Point;

/// The name of the variable.
const VARIABLE: &str = "CAPSTAN_FAILPOINT";

static ARMED: LazyLock<Option<Armed>> = LazyLock::new(|| std::env::var(VARIABLE).ok().and_then(|text| parse(&text)));

struct Armed {
    point: Point,
    /// Passes that are left.
    left: AtomicU32,
}

pub(super) fn pass(point: Point) {
    let Some(armed) = ARMED.as_ref().filter(|armed| armed.point == point) else { return };
    if armed.left.fetch_sub(1, Ordering::Relaxed) == 1 {
        // Nothing of this process runs after it.
        let _ = kill(Pid::this(), Signal::SIGKILL);
    }
}

fn parse(text: &str) -> Option<Armed> {
    let (name, nth) = text.split_once(':')?;
    let point = Point::ALL.into_iter().find(|point| point.name() == name)?;
    Some(Armed { point, left: AtomicU32::new(nth.parse().ok().filter(|&nth| nth > 0)?) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_point_can_be_armed_by_its_name() {
        for point in Point::ALL {
            let armed = parse(&format!("{}:3", point.name())).map(|armed| (armed.point, armed.left.into_inner()));
            assert_eq!(armed, Some((point, 3)));
        }
    }

    #[test]
    fn nonsense_arms_nothing() {
        assert!(
            ["", "after_commit", "after_commit:0", "nowhere:1", "after_commit:x"]
                .iter()
                .all(|text| parse(text).is_none())
        );
    }
}
