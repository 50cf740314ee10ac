//! Random texts that open something and are kept as a hash only: of sessions and of links in mails.

use rand::distr::{Alphanumeric, SampleString};
use sha2::{Digest, Sha256};

/// Random base62 characters: 256 bits.
const CHARS: usize = 43;

/// A fresh one. It is shown to one person, once.
#[must_use]
pub fn new_secret() -> String {
    Alphanumeric.sample_string(&mut rand::rng(), CHARS)
}

/// What is kept of it; nothing if it has not the form of one, so that a look-up would be in vain.
#[must_use]
pub fn hash_secret(plain: &str) -> Option<[u8; 32]> {
    let good = plain.len() == CHARS && plain.bytes().all(|byte| byte.is_ascii_alphanumeric());
    good.then(|| Sha256::digest(plain.as_bytes()).into())
}

/// An address as it is compared and kept: lower case, without blanks around it. None if it cannot be one.
#[must_use]
pub fn normal_email(text: &str) -> Option<String> {
    // Only ASCII becomes lower case: the sign of kelvin, which is no k, would become one, and its address somebody else's.
    let email = text.trim().to_ascii_lowercase();
    let (name, host) = email.split_once('@')?;
    let good = |part: &str| {
        !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_graphic() && !b"@,;<>()\"\\".contains(&byte))
    };
    let has_dot = host.contains('.') && !host.starts_with('.') && !host.ends_with('.');
    (email.len() <= EMAIL_BYTES_MAX && good(name) && good(host) && (has_dot || host == "localhost")).then_some(email)
}

/// Longest address.
const EMAIL_BYTES_MAX: usize = 254;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_have_a_form() {
        let secret = new_secret();
        assert!(hash_secret(&secret).is_some());
        for wrong in ["", &secret[1..], &format!("{}-", &secret[1..])] {
            assert_eq!(hash_secret(wrong), None);
        }
    }

    #[test]
    fn addresses_are_compared_in_one_form() {
        assert_eq!(normal_email(" Ada@Example.COM ").as_deref(), Some("ada@example.com"));
        for wrong in
            ["", "ada", "@example.com", "ada@", "ada@example", "a b@example.com", "a@b@example.com", "a@x.", "a,b@x.y"]
        {
            assert_eq!(normal_email(wrong), None, "{wrong}");
        }
        // Each has a letter that becomes an ASCII one, or nearly, in lower case.
        for other in ["\u{212a}ate@example.com", "kate@\u{212a}.example.com", "\u{130}da@example.com"] {
            assert_eq!(normal_email(other), None, "{other}");
        }
    }
}
