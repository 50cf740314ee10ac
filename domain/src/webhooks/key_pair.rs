//! Asymmetric signatures of the Standard Webhooks specification: ed25519 over `{id}.{timestamp}.{body}`. Whoever verifies them
//! holds nothing that could sign.

use std::fmt;

use aws_lc_rs::signature::{ED25519, Ed25519KeyPair, KeyPair as _, UnparsedPublicKey};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use thiserror::Error;
use zeroize::Zeroizing;

/// How private keys begin where they are written down, which is under seal only.
const PRIVATE_PREFIX: &str = "whsk_";
/// How public keys begin.
const PUBLIC_PREFIX: &str = "whpk_";
/// How signatures begin.
const VERSION: &str = "v1a,";
/// Bytes of the half of a private key that all follows from, and of a public key.
const KEY_BYTES: usize = 32;
/// Most signatures of a header that are looked at.
const SIGNATURES_MAX: usize = 10;

/// A key pair that signs for an endpoint.
pub struct SigningPair {
    seed: Zeroizing<[u8; KEY_BYTES]>,
    pair: Ed25519KeyPair,
}

/// What its signatures are verified with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PublicKey([u8; KEY_BYTES]);

/// A text is no key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum BadKey {
    /// Of a private key.
    #[error("a private key is whsk_ and the standard base64 of 32 bytes, followed by those of the public key")]
    Private,
    /// Of a public key.
    #[error("a public key is whpk_ and the standard base64 of 32 bytes")]
    Public,
}

impl fmt::Debug for SigningPair {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[redacted]")
    }
}

impl SigningPair {
    /// A new one.
    #[must_use]
    pub fn generate() -> Self {
        Self::from_seed(Zeroizing::new(rand::random()))
    }

    /// Reads `whsk_…`.
    ///
    /// # Errors
    /// [`BadKey`], also where the two halves do not belong together.
    pub fn parse(text: &str) -> Result<Self, BadKey> {
        let encoded = text.strip_prefix(PRIVATE_PREFIX).ok_or(BadKey::Private)?;
        let bytes = Zeroizing::new(STANDARD.decode(encoded).map_err(|_| BadKey::Private)?);
        let (seed, public) = bytes.split_first_chunk::<KEY_BYTES>().ok_or(BadKey::Private)?;
        let pair = Self::from_seed(Zeroizing::new(*seed));
        if pair.public().0 == *public { Ok(pair) } else { Err(BadKey::Private) }
    }

    /// `whsk_…`: both halves, as other senders of the specification write them.
    #[must_use]
    pub fn reveal(&self) -> Zeroizing<String> {
        let bytes = Zeroizing::new([self.seed.as_slice(), &self.public().0].concat());
        Zeroizing::new(format!("{PRIVATE_PREFIX}{}", STANDARD.encode(bytes.as_slice())))
    }

    /// What others verify with.
    #[must_use]
    pub fn public(&self) -> PublicKey {
        let bytes = self.pair.public_key().as_ref().try_into();
        PublicKey(bytes.expect("a public key of ed25519 has 32 bytes"))
    }

    /// `v1a,` and the signature.
    #[must_use]
    pub fn sign(&self, id: &str, timestamp_s: i64, body: &str) -> String {
        let signature = self.pair.sign(format!("{id}.{timestamp_s}.{body}").as_bytes());
        format!("{VERSION}{}", STANDARD.encode(signature))
    }

    fn from_seed(seed: Zeroizing<[u8; KEY_BYTES]>) -> Self {
        let pair = Ed25519KeyPair::from_seed_unchecked(seed.as_slice());
        Self { pair: pair.expect("any 32 bytes are the seed of a key pair"), seed }
    }
}

impl PublicKey {
    /// Reads `whpk_…`.
    ///
    /// # Errors
    /// [`BadKey`]
    pub fn parse(text: &str) -> Result<Self, BadKey> {
        let encoded = text.strip_prefix(PUBLIC_PREFIX).ok_or(BadKey::Public)?;
        let bytes = STANDARD.decode(encoded).map_err(|_| BadKey::Public)?;
        bytes.try_into().map(Self).map_err(|_| BadKey::Public)
    }

    /// Whether one of the signatures of a header is of its pair, over `id.time.body` as they came.
    #[must_use]
    pub fn verify(&self, id: &str, time: &str, body: &[u8], signatures: &str) -> bool {
        let content = [id.as_bytes(), b".", time.as_bytes(), b".", body].concat();
        let key = UnparsedPublicKey::new(&ED25519, self.0);
        let given = signatures.split(' ').filter_map(|item| item.strip_prefix(VERSION)).take(SIGNATURES_MAX);
        let mut given = given.filter_map(|text| STANDARD.decode(text).ok());
        given.any(|signature| key.verify(&content, &signature).is_ok())
    }
}

impl fmt::Display for PublicKey {
    /// `whpk_…`
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{PUBLIC_PREFIX}{}", STANDARD.encode(self.0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Of the tests of the server that the specification comes from; its signature is also the specification's example.
    const PRIVATE: &str =
        "whsk_6Xb/dCcHpPea21PS1N9VY/NZW723CEc77N4rJCubMbfVKIDij2HKpMKkioLlX0dRqSKJp4AJ6p9lMicMFs6Kvg==";
    const PUBLIC: &str = "whpk_1SiA4o9hyqTCpIqC5V9HUakiiaeACeqfZTInDBbOir4=";
    const ID: &str = "msg_p5jXN8AQM9LWM0D4loKWxJek";
    const AT: &str = "1614265330";
    const BODY: &str = "{\"test\": 2432232314}";
    const SIGNATURE: &str =
        "v1a,hnO3f9T8Ytu9HwrXslvumlUpqtNVqkhqw/enGzPCXe5BdqzCInXqYXFymVJaA7AZdpXwVLPo3mNl8EM+m7TBAg==";

    #[test]
    fn signatures_are_those_of_the_published_vector() {
        let pair = SigningPair::parse(PRIVATE).unwrap();
        assert_eq!(pair.sign(ID, AT.parse().unwrap(), BODY), SIGNATURE);
        assert_eq!(pair.public().to_string(), PUBLIC);
        assert!(PublicKey::parse(PUBLIC).unwrap().verify(ID, AT, BODY.as_bytes(), SIGNATURE));
    }

    #[test]
    fn whatever_is_altered_is_refused() {
        let key = PublicKey::parse(PUBLIC).unwrap();
        let beside_others = format!("v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE= v1a,AAAA {SIGNATURE}");
        assert!(key.verify(ID, AT, BODY.as_bytes(), &beside_others));
        assert!(!key.verify("msg_p5jXN8AQM9LWM0D4loKWxJel", AT, BODY.as_bytes(), SIGNATURE), "id");
        assert!(!key.verify(ID, "1614265331", BODY.as_bytes(), SIGNATURE), "time");
        assert!(!key.verify(ID, AT, b"{\"test\": 2432232315}", SIGNATURE), "body");
        assert!(!SigningPair::generate().public().verify(ID, AT, BODY.as_bytes(), SIGNATURE), "key");
        for header in ["", "v1a,", "v1a", &SIGNATURE[..40], &SIGNATURE[4..], &SIGNATURE.replace("v1a", "v1")] {
            assert!(!key.verify(ID, AT, BODY.as_bytes(), header), "{header}");
        }
    }

    #[test]
    fn a_pair_reads_back_and_its_private_half_is_never_printed() {
        let pair = SigningPair::generate();
        let again = SigningPair::parse(&pair.reveal()).unwrap();
        assert_eq!(again.sign("evt_1", 7, "{}"), pair.sign("evt_1", 7, "{}"));
        assert_eq!(PublicKey::parse(&pair.public().to_string()), Ok(pair.public()));
        assert_eq!(format!("{pair:?}"), "[redacted]");
        let other_half = PRIVATE.replace("VKIDij2H", "VKIDij2I");
        for bad in ["", "whsk_", "whsk_AAAA", &PRIVATE[5..], PUBLIC, &other_half, &format!("{PRIVATE}AAAA")] {
            assert_eq!(SigningPair::parse(bad).err(), Some(BadKey::Private), "{bad}");
        }
        for bad in ["", "whpk_", "whpk_AAAA", &PUBLIC[5..], PRIVATE] {
            assert_eq!(PublicKey::parse(bad), Err(BadKey::Public), "{bad}");
        }
    }
}
