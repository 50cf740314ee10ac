//! Quotas that plans and workspaces name themselves.

use std::collections::{HashMap, HashSet};
use std::sync::{LazyLock, Mutex, PoisonError};

use capstan_engine::core::ids::WorkspaceId;
use capstan_engine::store::quotas::{EMAILS, EXECUTIONS, quota_of};

use super::room::{LEADS, WORKFLOWS};

/// The quota of text messages that were sent.
pub const SMS: &str = "sms";
/// Longest name, in bytes; as in the table of limits.
const NAME_BYTES_MAX: usize = 50;
/// Most names that a process keeps, and that one workspace brings to it. What a process knows costs a workspace none.
const NAMES_MAX: usize = 65_536;
const NAMES_OF_A_WORKSPACE_MAX: usize = 50;

/// Names for as long as the process lives: what is held of quotas is found by them, often, so that they are to be small and alike.
static NAMES: LazyLock<Mutex<Names>> = LazyLock::new(Mutex::default);

#[derive(Default)]
struct Names {
    known: HashSet<&'static str>,
    /// How many each workspace has brought.
    brought: HashMap<WorkspaceId, usize>,
}

/// Whether it can be the name of a quota that workflows charge: a letter, then letters, digits and `_`, all small, at most 50; and none
/// that Capstan counts itself.
#[must_use]
pub fn is_custom(quota: &str) -> bool {
    let own = [EXECUTIONS, EMAILS, WORKFLOWS, LEADS, SMS, quota_of(EXECUTIONS), quota_of(EMAILS)];
    let is_plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_';
    quota.len() <= NAME_BYTES_MAX
        && quota.starts_with(|first: char| first.is_ascii_lowercase())
        && quota.bytes().all(is_plain)
        && !own.contains(&quota)
}

/// The meter of a quota of that name; none if it cannot be one, or if the workspace has brought too many.
#[must_use]
pub fn custom_meter(workspace_id: WorkspaceId, quota: &str) -> Option<&'static str> {
    if !is_custom(quota) {
        return None;
    }
    let mut names = NAMES.lock().unwrap_or_else(PoisonError::into_inner);
    let Names { known, brought } = &mut *names;
    let name = known.get(quota).copied();
    if name.is_some() {
        return name;
    }
    if known.len() >= NAMES_MAX || brought.get(&workspace_id).is_some_and(|count| *count >= NAMES_OF_A_WORKSPACE_MAX) {
        return None;
    }
    let name: &'static str = Box::leak(quota.to_owned().into_boxed_str());
    known.insert(name);
    *brought.entry(workspace_id).or_default() += 1;
    Some(name)
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    #[test]
    fn names_are_those_of_the_table_and_none_of_ours() {
        for good in ["pages", "gpu_seconds_2", "a"] {
            assert!(is_custom(good), "{good}");
        }
        let long = "a".repeat(51);
        for bad in ["", "Pages", "2pages", "_a", "a-b", "ä", "emails", "executions_per_month", "leads", "sms", &long] {
            assert!(!is_custom(bad), "{bad}");
        }
    }

    #[test]
    fn a_workspace_brings_some_names_and_takes_no_others_their_place() {
        let [greedy, other] = [(); 2].map(|()| WorkspaceId(Uuid::now_v7()));
        let first = custom_meter(greedy, "greedy_0").unwrap();
        for no in 1..NAMES_OF_A_WORKSPACE_MAX {
            assert!(custom_meter(greedy, &format!("greedy_{no}")).is_some());
        }
        assert_eq!(custom_meter(greedy, "greedy_more"), None);
        assert_eq!(custom_meter(greedy, "greedy_0"), Some(first));
        assert_eq!(custom_meter(other, "greedy_more"), Some("greedy_more"));
        assert_eq!(custom_meter(greedy, "greedy_more"), Some("greedy_more"), "somebody else has brought it");
    }
}
