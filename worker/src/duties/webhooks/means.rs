//! What signs and sends for an endpoint in a turn.

use std::sync::Arc;

use capstan_domain::secrets::Secret;
use capstan_domain::webhooks::lane::{Lane, Target};
use capstan_domain::webhooks::{Signer, StoredSecret, open_certificate, open_secrets};
use capstan_node_types::services::certificate::identity;
use capstan_node_types::services::http::HttpClient;
use tokio::task::spawn_blocking;

use crate::worker::Engine;

pub(super) struct Means {
    /// Newest first, at least one.
    pub(super) signers: Vec<Signer>,
    /// Shows the endpoint's certificate; absent where it has none.
    own: Option<HttpClient>,
}

impl Means {
    /// Opens what is sealed for an endpoint; in words why that cannot be done.
    pub(super) async fn open(
        engine: &Arc<Engine>,
        lane: &Lane,
        target: &Target,
        stored: &[StoredSecret],
    ) -> Result<Self, String> {
        let signers = open_secrets(&engine.keys, lane.workspace(), stored).map_err(|error| error.to_string())?;
        if signers.is_empty() {
            return Err("it has no secrets".into());
        }
        let Some(sealed) = target.certificate() else { return Ok(Self { signers, own: None }) };
        let certificate = open_certificate(&engine.keys, lane.workspace(), lane.endpoint_id, &sealed);
        let certificate = certificate.map_err(|error| format!("its client certificate: {error}"))?;
        let engine = Arc::clone(engine);
        // It reads the system's roots.
        let making = spawn_blocking(move || showing(&engine.services.http, &certificate));
        let own = making.await.map_err(|error| error.to_string())??;
        Ok(Self { signers, own: Some(own) })
    }

    /// Sends, `shared` where the endpoint has nothing of its own.
    pub(super) fn http<'a>(&'a self, shared: &'a HttpClient) -> &'a HttpClient {
        self.own.as_ref().unwrap_or(shared)
    }
}

fn showing(shared: &HttpClient, certificate: &Secret) -> Result<HttpClient, String> {
    let unusable = |why: String| format!("its client certificate cannot be used: {why}");
    let pem = certificate.text().ok_or_else(|| unusable("it is no text".into()))?;
    let identity = identity(pem).map_err(|error| unusable(error.to_string()))?;
    shared.showing(identity).map_err(|error| unusable(error.to_string()))
}
