//! Receivers behind TLS that ask for a certificate.

use capstan_domain::webhooks::set_certificate;
use capstan_node_types::services::certificate::check_certificate;
use capstan_node_types::services::guard::Guard;
use capstan_node_types::services::http::HttpClient;
use rcgen::{BasicConstraints, Certificate, CertificateParams, IsCa, Issuer, KeyPair};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::crypto::aws_lc_rs::default_provider;
use tokio_rustls::rustls::pki_types::PrivateKeyDer;
use tokio_rustls::rustls::server::WebPkiClientVerifier;
use tokio_rustls::rustls::{RootCertStore, ServerConfig};

use super::*;

/// Who signs certificates.
struct Authority {
    certificate: Certificate,
    issuer: Issuer<'static, KeyPair>,
}

impl Authority {
    fn new() -> Self {
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let key = KeyPair::generate().unwrap();
        let certificate = params.self_signed(&key).unwrap();
        Self { certificate, issuer: Issuer::new(params, key) }
    }

    fn sign(&self, name: &str) -> (Certificate, KeyPair) {
        let key = KeyPair::generate().unwrap();
        let params = CertificateParams::new(vec![name.to_owned()]).unwrap();
        (params.signed_by(&key, &self.issuer).unwrap(), key)
    }

    /// A server on loopback that takes only whom this has signed for.
    fn acceptor(&self) -> TlsAcceptor {
        let (provider, mut roots) = (Arc::new(default_provider()), RootCertStore::empty());
        roots.add(self.certificate.der().clone()).unwrap();
        let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), Arc::clone(&provider));
        let (certificate, key) = self.sign("127.0.0.1");
        let key = PrivateKeyDer::try_from(key.serialize_der()).unwrap();
        let config = ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
        let config = config.with_client_cert_verifier(verifier.build().unwrap());
        TlsAcceptor::from(Arc::new(config.with_single_cert(vec![certificate.der().clone()], key).unwrap()))
    }
}

impl Place {
    /// With a receiver behind TLS that the workers trust, and that asks them for a certificate.
    async fn asking(authority: &Authority) -> Self {
        let mut place = Self::with(Receiver::start_behind(Some(authority.acceptor())).await).await;
        let guard = Guard::new(&[place.receiver.address.to_string()]).unwrap();
        let root = reqwest::Certificate::from_der(authority.certificate.der()).unwrap();
        let services = Arc::get_mut(&mut place.cell.services).expect("no worker has them yet");
        services.http = HttpClient::trusting(guard, vec![root]).unwrap();
        place
    }

    async fn show(&self, endpoint: &Endpoint, (certificate, key): &(Certificate, KeyPair)) {
        let (pem, fingerprint) = check_certificate(&certificate.pem(), &key.serialize_pem()).unwrap();
        let (mut owner, workspace_id) = (self.cell.owner().await, self.cell.workspace_id);
        assert!(set_certificate(&mut owner, &self.keys, workspace_id, endpoint.id, &pem, &fingerprint).await.unwrap());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_receiver_that_asks_for_a_certificate_is_shown_that_of_the_endpoint_only() {
    let (ours, theirs) = (Authority::new(), Authority::new());
    let place = Place::asking(&ours).await;
    let url = |path: &str| format!("https://{}{path}", place.receiver.address);
    let shown = place.endpoint(&url("/shown"), &["order.*"], None).await;
    let strange = place.endpoint(&url("/strange"), &["order.*"], None).await;
    let without = place.endpoint(&url("/without"), &["order.*"], None).await;
    place.show(&shown, &ours.sign("client")).await;
    place.show(&strange, &theirs.sign("client")).await;
    let worker = place.worker().await;
    place.send("order.paid", json!(1)).await;
    let got = place.receiver.until("/shown", 1).await;
    assert!(verifies(&shown.secret, &got[0]));
    place.cell.until_count(DELIVERED, 1).await;
    // The others were refused before anything of them was read.
    let refused = "SELECT count(*) FROM webhook_attempts WHERE outcome = 'failed' AND error = 'connection' AND status_code IS NULL";
    place.cell.until_count(refused, 2).await;
    assert_eq!((place.receiver.on("/strange").len(), place.receiver.on("/without").len()), (0, 0));
    // A certificate counts from the next turn on.
    place.show(&without, &ours.sign("client")).await;
    place.hasten().await;
    place.receiver.until("/without", 1).await;
    place.cell.until_count(DELIVERED, 2).await;
    worker.drain().await;
}
