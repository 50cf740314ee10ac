//! The keys that seal secrets: from the settings, the newest first.

use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use zeroize::Zeroizing;

/// Bytes of a key.
pub(super) const KEY_BYTES: usize = 32;
/// Most keys of a ring: the newest, and old ones until nothing is sealed under them any more.
const KEYS_MAX: usize = 16;
/// Longest id of a key, in bytes.
const ID_BYTES_MAX: usize = 40;

/// Keys by id. The first seals; all of them open.
///
/// A ring without keys is that of a process whose settings have none: it seals and opens nothing, and says so.
pub struct KeyRing {
    keys: Vec<(String, Zeroizing<[u8; KEY_BYTES]>)>,
}

/// Settings that are no keys. Never shows a key.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum KeyRingError {
    /// Not `id:key`.
    #[error(
        "entry {number} of the secret keys is not id:base64, where the id has 1 to {ID_BYTES_MAX} of a-z, A-Z, 0-9, _ and -"
    )]
    Entry {
        /// From 1.
        number: usize,
    },
    /// Not base64, or of another length.
    #[error(
        "the secret key \"{id}\" is not {KEY_BYTES} bytes in base64; `head -c {KEY_BYTES} /dev/urandom | base64` makes some"
    )]
    Key {
        /// Of the key.
        id: String,
    },
    /// The same id again.
    #[error("the secret key \"{id}\" is there twice; give each key an id of its own")]
    Twice {
        /// Of the key.
        id: String,
    },
    /// More than [`KEYS_MAX`].
    #[error("there are {0} secret keys, but at most {KEYS_MAX} may be; take out those under which nothing is sealed")]
    TooMany(usize),
}

impl KeyRing {
    /// A ring without keys.
    #[must_use]
    pub fn empty() -> Self {
        Self { keys: Vec::new() }
    }

    /// A ring with one new key.
    #[must_use]
    pub fn generate() -> Self {
        let id = format!("k{:08x}", rand::random::<u32>());
        Self { keys: vec![(id, Zeroizing::new(rand::random()))] }
    }

    /// Reads `id:base64` entries, separated by commas or white space, the newest first. Lines that begin with `#` are left out.
    ///
    /// # Errors
    /// The first entry that is none, by its number or id.
    pub fn parse(text: &str) -> Result<Self, KeyRingError> {
        let lines = text.lines().filter(|line| !line.trim_start().starts_with('#'));
        let entries = lines.flat_map(|line| line.split([',', ' ', '\t', '\r'])).filter(|entry| !entry.is_empty());
        let mut keys: Vec<(String, Zeroizing<[u8; KEY_BYTES]>)> = Vec::new();
        for (index, entry) in entries.enumerate() {
            let (id, key) = entry.split_once(':').ok_or(KeyRingError::Entry { number: index + 1 })?;
            if !is_id(id) {
                return Err(KeyRingError::Entry { number: index + 1 });
            }
            if keys.iter().any(|(known, _)| known == id) {
                return Err(KeyRingError::Twice { id: id.into() });
            }
            keys.push((id.into(), parse_key(key).ok_or_else(|| KeyRingError::Key { id: id.into() })?));
        }
        if keys.len() > KEYS_MAX {
            return Err(KeyRingError::TooMany(keys.len()));
        }
        Ok(Self { keys })
    }

    /// As [`KeyRing::parse`] reads it, one key a line: for the file of `dev`, for its owner only.
    #[must_use]
    pub fn to_text(&self) -> Zeroizing<String> {
        let mut text = Zeroizing::new(String::with_capacity(self.keys.len() * (ID_BYTES_MAX + 50)));
        for (id, key) in &self.keys {
            let encoded = Zeroizing::new(STANDARD.encode(key.as_slice()));
            text.push_str(id);
            text.push(':');
            text.push_str(&encoded);
            text.push('\n');
        }
        text
    }

    /// Whether it seals and opens nothing.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.keys.is_empty()
    }

    /// Ids of the keys, the newest first.
    pub fn ids(&self) -> impl Iterator<Item = &str> {
        self.keys.iter().map(|(id, _)| id.as_str())
    }

    /// A key for another purpose from each key, by the same ids: what is known of it tells nothing of the key itself.
    pub(crate) fn derive(&self, purpose: &str) -> impl Iterator<Item = (&str, Zeroizing<[u8; KEY_BYTES]>)> {
        self.keys.iter().map(move |(id, key)| {
            let mut mac = Hmac::<Sha256>::new_from_slice(key.as_slice()).expect("HMAC takes keys of any length");
            mac.update(purpose.as_bytes());
            (id.as_str(), Zeroizing::new(mac.finalize().into_bytes().into()))
        })
    }

    /// The key that seals.
    pub(super) fn newest(&self) -> Option<(&str, &[u8; KEY_BYTES])> {
        self.keys.first().map(|(id, key)| (id.as_str(), &**key))
    }

    /// The key of that id.
    pub(super) fn find(&self, id: &str) -> Option<&[u8; KEY_BYTES]> {
        self.keys.iter().find(|(known, _)| known == id).map(|(_, key)| &**key)
    }
}

fn is_id(id: &str) -> bool {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-';
    (1..=ID_BYTES_MAX).contains(&id.len()) && id.bytes().all(is_plain)
}

fn parse_key(text: &str) -> Option<Zeroizing<[u8; KEY_BYTES]>> {
    let bytes = Zeroizing::new(STANDARD.decode(text).ok()?);
    let key: [u8; KEY_BYTES] = bytes.as_slice().try_into().ok()?;
    Some(Zeroizing::new(key))
}

impl Default for KeyRing {
    fn default() -> Self {
        Self::empty()
    }
}

impl fmt::Debug for KeyRing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "KeyRing {{ ids: {:?}, keys: [redacted] }}", self.ids().collect::<Vec<_>>())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: &str = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";

    #[test]
    fn keys_are_read_in_the_order_that_they_are_written_in() {
        for (text, ids) in [
            (String::new(), vec![]),
            (format!("a:{KEY}"), vec!["a"]),
            (format!(" b:{KEY} , a:{KEY},"), vec!["b", "a"]),
            (format!("# made in May\r\nb:{KEY}\r\n\n  # old\na:{KEY}\n"), vec!["b", "a"]),
        ] {
            assert_eq!(KeyRing::parse(&text).unwrap().ids().collect::<Vec<_>>(), ids, "{text}");
        }
    }

    #[test]
    fn what_is_no_key_is_named_and_not_shown() {
        let many: Vec<String> = (0..=KEYS_MAX).map(|n| format!("k{n}:{KEY}")).collect();
        for (text, said) in [
            (KEY.to_owned(), "entry 1 "),
            (format!("a:{KEY},:{KEY}"), "entry 2 "),
            (format!("a b:{KEY}"), "entry 1 "),
            (format!("ä:{KEY}"), "entry 1 "),
            (format!("{}:{KEY}", "x".repeat(41)), "entry 1 "),
            ("a:AAEC".to_owned(), "\"a\" is not 32 bytes"),
            (format!("a:{}!", &KEY[1..]), "\"a\" is not 32 bytes"),
            (format!("a:{KEY},a:{KEY}"), "\"a\" is there twice"),
            (many.join(","), "17 secret keys"),
        ] {
            let error = KeyRing::parse(&text).unwrap_err().to_string();
            assert!(error.contains(said) && !error.contains(&KEY[2..20]), "{text}: {error}");
        }
    }

    #[test]
    fn what_is_derived_depends_on_key_and_purpose() {
        let ring = KeyRing::parse(&format!("b:{KEY},a:{}", STANDARD.encode([7; KEY_BYTES]))).unwrap();
        let derived = |purpose: &str| ring.derive(purpose).map(|(id, key)| (id.to_owned(), *key)).collect::<Vec<_>>();
        assert_eq!(derived("one"), derived("one"));
        let [(b, of_b), (a, of_a)] = &derived("one")[..] else { panic!("two keys") };
        assert_eq!((b.as_str(), a.as_str()), ("b", "a"));
        assert!(of_b != of_a && *of_b != derived("two")[0].1 && Some(of_b) != ring.find("b"));
    }

    #[test]
    fn a_ring_is_read_back_from_its_text_and_shows_no_key() {
        let ring = KeyRing::generate();
        let text = ring.to_text();
        let read = KeyRing::parse(&text).unwrap();
        assert_eq!(read.newest(), ring.newest());
        let key = text.split_once(':').unwrap().1.trim();
        let shown = format!("{ring:?}");
        assert!(shown.contains("[redacted]") && !shown.contains(key), "{shown}");
    }
}
