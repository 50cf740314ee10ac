//! Signatures over raw bytes, compared in constant time.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use sha1::Sha1;
use sha2::{Digest, Sha256, Sha512};
use subtle::ConstantTimeEq;

use super::verify::{Algorithm, Encoding};

/// Longest signature that is looked at, in bytes of text.
const SIGNATURE_BYTES_MAX: usize = 1_024;

/// Whether `signature` is the HMAC of `parts`, one after the other, under `key`.
pub(super) fn is_signed(
    algorithm: Algorithm,
    encoding: Encoding,
    key: &[u8],
    parts: &[&[u8]],
    signature: &str,
) -> bool {
    let Some(signature) = decode(encoding, signature) else { return false };
    match algorithm {
        Algorithm::Sha256 => is_mac::<Hmac<Sha256>>(key, parts, &signature),
        Algorithm::Sha1 => is_mac::<Hmac<Sha1>>(key, parts, &signature),
        Algorithm::Sha512 => is_mac::<Hmac<Sha512>>(key, parts, &signature),
    }
}

fn is_mac<M: Mac + KeyInit>(key: &[u8], parts: &[&[u8]], signature: &[u8]) -> bool {
    let Ok(mut mac) = <M as KeyInit>::new_from_slice(key) else { return false };
    parts.iter().for_each(|part| mac.update(part));
    // Of the whole length, in constant time.
    mac.verify_slice(signature).is_ok()
}

fn decode(encoding: Encoding, text: &str) -> Option<Vec<u8>> {
    if text.is_empty() || text.len() > SIGNATURE_BYTES_MAX {
        return None;
    }
    match encoding {
        Encoding::Base64 => STANDARD.decode(text).ok(),
        Encoding::Hex => unhex(text.as_bytes()),
    }
}

fn unhex(text: &[u8]) -> Option<Vec<u8>> {
    let nibble = |digit: u8| char::from(digit).to_digit(16);
    let pairs = text.chunks(2).map(|pair| match pair {
        [high, low] => u8::try_from(nibble(*high)? * 16 + nibble(*low)?).ok(),
        _ => None,
    });
    pairs.collect()
}

/// Whether two secrets are the same. Their hashes are compared, so that not even a length is told.
pub(super) fn is_same(given: &[u8], secret: &[u8]) -> bool {
    Sha256::digest(given).as_slice().ct_eq(Sha256::digest(secret).as_slice()).into()
}
