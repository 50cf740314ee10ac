//! Tells about the company behind an e-mail address: made up, but the same for the same address.

use axum::Router;
use axum::extract::Query;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Json, Response};
use axum::routing::get;
use serde::Deserialize;
use serde_json::json;
use sha2::{Digest, Sha256};
use tokio::net::TcpListener;

/// Fields of work to choose from.
const INDUSTRIES: [&str; 6] = ["logistics", "retail", "energy", "health", "software", "construction"];

#[derive(Deserialize)]
struct Asked {
    email: String,
}

/// Answers `GET /companies?email=…` until aborted.
pub(super) async fn serve(listener: TcpListener) {
    let router = Router::new().route("/companies", get(company));
    if let Err(error) = axum::serve(listener, router).await {
        tracing::warn!(%error, "the demo enrichment service stopped");
    }
}

async fn company(Query(asked): Query<Asked>) -> Response {
    let Some((_, domain)) = asked.email.rsplit_once('@').filter(|(_, domain)| !domain.is_empty()) else {
        return (StatusCode::UNPROCESSABLE_ENTITY, Json(json!({"error": "email is no address"}))).into_response();
    };
    let hash = Sha256::digest(domain.as_bytes());
    let company = json!({
        "company": domain.split('.').next().unwrap_or(domain),
        "domain": domain,
        "industry": INDUSTRIES[usize::from(hash[0]) % INDUSTRIES.len()],
        "employees": 10 + 5 * u32::from(hash[1]),
    });
    Json(company).into_response()
}
