//! Certificates that we show to servers that ask for one.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use reqwest::{Client, Identity};
use sha2::{Digest, Sha256};

/// Most bytes of certificates and private key together.
pub const CERTIFICATE_BYTES_MAX: usize = 32 * 1024;

const BEGIN: &str = "-----BEGIN CERTIFICATE-----";
const END: &str = "-----END CERTIFICATE-----";
const KEY: &str = "PRIVATE KEY-----";

/// Why a certificate cannot be shown. Tells nothing of the private key.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadCertificate {
    /// No certificates.
    #[error("certificate has to be PEM: the client's own certificate, and below it those that it is signed with")]
    Certificate,
    /// No private key.
    #[error("private_key has to be one private key as PEM (PKCS #8, PKCS #1 or SEC 1), without a password")]
    Key,
    /// Both together are longer than [`CERTIFICATE_BYTES_MAX`].
    #[error("certificate and private_key have at most {CERTIFICATE_BYTES_MAX} bytes together")]
    TooLong,
    /// Not of each other, or of a kind that TLS does not know.
    #[error("certificate and private_key cannot be used together: they are not of each other, or of an unknown kind")]
    Together,
}

/// Certificate and private key in one text, and the SHA-256 of the former, if both can be shown. Reads the system's roots, which
/// takes some milliseconds.
///
/// # Errors
/// See [`BadCertificate`].
pub fn check_certificate(certificate: &str, private_key: &str) -> Result<(String, String), BadCertificate> {
    if certificate.len() + private_key.len() > CERTIFICATE_BYTES_MAX {
        return Err(BadCertificate::TooLong);
    }
    let first = first_of(certificate).filter(|_| !certificate.contains(KEY)).ok_or(BadCertificate::Certificate)?;
    // Begin and end of one.
    if private_key.matches(KEY).count() != 2 || private_key.contains(BEGIN) {
        return Err(BadCertificate::Key);
    }
    let pem = format!("{}\n{}\n", certificate.trim(), private_key.trim());
    let identity = identity(&pem).map_err(|_| BadCertificate::Key)?;
    Client::builder().no_proxy().identity(identity).build().map_err(|_| BadCertificate::Together)?;
    let digest = Sha256::digest(first);
    let hex: String = digest.as_slice().iter().map(|byte| format!("{byte:02x}")).collect();
    Ok((pem, format!("sha256:{hex}")))
}

/// What `check_certificate` has put together.
///
/// # Errors
/// If it was not that.
pub fn identity(pem: &str) -> Result<Identity, reqwest::Error> {
    Identity::from_pem(pem.as_bytes())
}

/// The bytes of the first certificate of a text.
fn first_of(text: &str) -> Option<Vec<u8>> {
    let encoded = text.split_once(BEGIN)?.1.split_once(END)?.0;
    STANDARD.decode(encoded.split_ascii_whitespace().collect::<String>()).ok()
}

#[cfg(test)]
mod tests {
    use rcgen::{CertificateParams, KeyPair};

    use super::*;

    fn made() -> (String, String) {
        let key = KeyPair::generate().unwrap();
        let certificate = CertificateParams::new(vec!["client".into()]).unwrap().self_signed(&key).unwrap();
        (certificate.pem(), key.serialize_pem())
    }

    #[test]
    fn what_belongs_together_is_taken_and_anything_else_is_not() {
        let ((certificate, key), (other, other_key)) = (made(), made());
        let (pem, fingerprint) = check_certificate(&certificate, &key).unwrap();
        assert!(identity(&pem).is_ok());
        let der = first_of(&certificate).unwrap();
        let digest: String = Sha256::digest(der).as_slice().iter().map(|byte| format!("{byte:02x}")).collect();
        assert_eq!(fingerprint, format!("sha256:{digest}"));
        // A chain shows its first.
        assert_eq!(check_certificate(&format!("{certificate}\n{other}"), &key).unwrap().1, fingerprint);
        let garbled = certificate.replace("MII", "AII");
        let encrypted = key.replace("PRIVATE", "ENCRYPTED PRIVATE");
        for (certificate, key, expected) in [
            (&certificate, &other_key, BadCertificate::Together),
            (&garbled, &key, BadCertificate::Together),
            (&certificate, &certificate, BadCertificate::Key),
            (&certificate, &encrypted, BadCertificate::Key),
            (&certificate, &format!("{key}{other_key}"), BadCertificate::Key),
            (&certificate, &String::new(), BadCertificate::Key),
            (&key, &key, BadCertificate::Certificate),
            (&format!("{certificate}{key}"), &key, BadCertificate::Certificate),
            (&String::from("x"), &key, BadCertificate::Certificate),
            (&certificate.repeat(100), &key, BadCertificate::TooLong),
        ] {
            assert_eq!(check_certificate(certificate, key).err(), Some(expected), "{certificate}");
        }
    }
}
