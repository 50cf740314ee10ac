//! Scopes, as they stand in keys and tables: `each[3]/inner[0]`.

/// The frames of a scope, outermost first: each container with the number of its frame. None if it is no scope.
pub(crate) fn frames_of(scope: &str) -> Option<Vec<(&str, u32)>> {
    if scope.is_empty() {
        return Some(Vec::new());
    }
    scope.split('/').map(one).collect()
}

/// The scope around the last frame of a scope, and that frame; none at the top.
pub(crate) fn last_of(scope: &str) -> Option<(&str, &str, u32)> {
    let (around, last) = scope.rsplit_once('/').unwrap_or(("", scope));
    let (container, number) = one(last)?;
    Some((around, container, number))
}

fn one(frame: &str) -> Option<(&str, u32)> {
    let (container, rest) = frame.split_once('[')?;
    let number = rest.strip_suffix(']')?;
    // As it is written: without a sign, and without zeros before it.
    let is_plain = number.bytes().all(|byte| byte.is_ascii_digit()) && (number == "0" || !number.starts_with('0'));
    Some((container, number.parse().ok().filter(|_| is_plain)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_scope_is_a_path_of_frames() {
        assert_eq!(frames_of(""), Some(Vec::new()));
        assert_eq!(frames_of("each[3]/inner[0]"), Some(vec![("each", 3), ("inner", 0)]));
        for wrong in ["each", "each[]", "each[1", "each[1]2", "each[01]", "each[+1]", "/each[1]"] {
            assert_eq!(frames_of(wrong), None, "{wrong}");
        }
        assert_eq!(last_of("each[3]/inner[0]"), Some(("each[3]", "inner", 0)));
        assert_eq!(last_of("each[3]"), Some(("", "each", 3)));
        assert_eq!(last_of(""), None);
    }
}
