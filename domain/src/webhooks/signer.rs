//! What signs for an endpoint at a time, and the header that comes of it.

use super::key_pair::SigningPair;
use super::signature::SigningSecret;

/// A secret, and the key pair that signs along with it.
#[derive(Debug)]
pub struct Signer {
    /// Makes a signature `v1`.
    pub secret: SigningSecret,
    /// Makes a signature `v1a`; absent where the endpoint's owner wants none.
    pub pair: Option<SigningPair>,
}

/// The value of [`super::SIGNATURE_HEADER`]: first the signatures `v1`, then those `v1a`, with one space between two.
#[must_use]
pub fn signatures(signers: &[Signer], id: &str, timestamp_s: i64, body: &str) -> String {
    let secrets = signers.iter().map(|signer| signer.secret.sign(id, timestamp_s, body));
    let pairs = signers.iter().filter_map(|signer| signer.pair.as_ref()).map(|pair| pair.sign(id, timestamp_s, body));
    secrets.chain(pairs).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn while_secrets_overlap_each_of_them_verifies() {
        let (old, new) = (SigningSecret::generate(), SigningSecret::generate());
        let signers = [&new, &old].map(|secret| Signer { secret: secret.clone(), pair: None });
        let header = signatures(&signers, "evt_1", 7, "{}");
        assert_eq!(header.split(' ').count(), 2);
        assert!(old.verify("evt_1", 7, "{}", &header) && new.verify("evt_1", 7, "{}", &header));
    }

    #[test]
    fn key_pairs_sign_after_all_secrets_and_each_of_them_verifies() {
        let signer = || Signer { secret: SigningSecret::generate(), pair: Some(SigningPair::generate()) };
        let signers = [signer(), signer(), Signer { pair: None, ..signer() }];
        let header = signatures(&signers, "evt_1", 7, "{}");
        let versions: Vec<&str> = header.split(' ').map(|item| item.split_once(',').unwrap().0).collect();
        assert_eq!(versions, ["v1", "v1", "v1", "v1a", "v1a"]);
        assert!(signers.iter().all(|signer| signer.secret.verify("evt_1", 7, "{}", &header)));
        let mut keys = signers.iter().filter_map(|signer| signer.pair.as_ref()).map(SigningPair::public);
        assert!(keys.all(|key| key.verify("evt_1", "7", b"{}", &header)));
    }
}
