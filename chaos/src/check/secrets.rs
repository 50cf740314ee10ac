//! 12. No secret appears anywhere: neither keys of clients, nor those that sign links.

use super::Violation;
use crate::facts::Facts;

pub(super) fn check(facts: &Facts) -> Vec<Violation> {
    facts.leaks.iter().map(|what| Violation::new(12, None, what)).collect()
}

#[cfg(test)]
mod tests {
    use super::check;
    use crate::testing::calm;

    #[test]
    fn a_secret_that_was_found_is_told() {
        let mut facts = calm();
        assert_eq!(check(&facts), []);
        facts.leaks.push("a client's key is in 1 rows of journal".into());
        assert_eq!(check(&facts)[0].what, facts.leaks[0]);
    }
}
