//! Addresses that mails come in at: `{path}.{workspace}@{domain}`. The workspace is its id in 26 letters and digits, as a slug may
//! be longer than one side of an address.

use capstan_domain::trigger_paths::{EMAIL_PATH_BYTES_MAX, is_path};
use capstan_engine::core::ids::WorkspaceId;
use uuid::Uuid;

/// RFC 4648, in lower case: what says the address to somebody may change its case.
const ALPHABET: &[u8; 32] = b"abcdefghijklmnopqrstuvwxyz234567";
/// Letters and digits of an id.
const ID_CHARS: usize = 26;

/// The address of a trigger.
pub(crate) fn of(path: &str, workspace_id: WorkspaceId, domain: &str) -> String {
    let id = workspace_id.0.as_u128();
    let letter = |n: usize| char::from(ALPHABET[usize::try_from(id >> (5 * n) & 31).unwrap_or_default()]);
    let id: String = (0..ID_CHARS).rev().map(letter).collect();
    format!("{path}.{id}@{domain}")
}

/// Path and workspace of an address; nothing if it cannot be that of a trigger.
pub(super) fn read(local: &str) -> Option<(String, WorkspaceId)> {
    let local = local.to_ascii_lowercase();
    let (path, id) = local.rsplit_once('.')?;
    if path.len() > EMAIL_PATH_BYTES_MAX || !is_path(path) || id.len() != ID_CHARS {
        return None;
    }
    let bits = |byte: u8| ALPHABET.iter().position(|letter| *letter == byte).and_then(|n| u128::try_from(n).ok());
    let id = id.bytes().try_fold(0_u128, |id, byte| id.checked_mul(32)?.checked_add(bits(byte)?))?;
    Some((path.to_owned(), WorkspaceId(Uuid::from_u128(id))))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_says_path_and_workspace_in_any_case_within_what_one_side_may_have() {
        for id in [WorkspaceId::new(), WorkspaceId(Uuid::nil()), WorkspaceId(Uuid::max())] {
            let path = "a".repeat(EMAIL_PATH_BYTES_MAX);
            let address = of(&path, id, "in.example.com");
            let (local, domain) = address.split_once('@').unwrap();
            assert_eq!((local.len(), domain), (64, "in.example.com"));
            assert_eq!(read(local), Some((path.clone(), id)));
            assert_eq!(read(&local.to_ascii_uppercase()), Some((path, id)));
        }
    }

    #[test]
    fn what_is_no_address_of_a_trigger_is_not_looked_up() {
        let good = of("a", WorkspaceId(Uuid::nil()), "d").replace("@d", "");
        assert!(read(&good).is_some());
        let beyond = format!("a.{}", "7".repeat(ID_CHARS));
        let long = good.replace("a.", &format!("{}.", "a".repeat(38)));
        for bad in
            ["", "postmaster", "a.b", &good[1..], &good[..27], &good.replace('.', "+"), &beyond, &long, "\"a b\".c"]
        {
            assert_eq!(read(bad), None, "{bad}");
        }
    }
}
