//! Webhook endpoints and deliveries through the API.

use axum::body::Body;
use axum::http::Request;
use capstan_domain::webhooks::{PublicKey, SigningSecret};
use capstan_engine::store::connect::Role;
use serde_json::{Value, json};

use crate::support::{Answer, App, as_json};

const ENDPOINTS: &str = "/api/v1/webhook-endpoints";
const DELIVERIES: &str = "/api/v1/webhook-deliveries";

fn wish(url: &str) -> Value {
    json!({ "url": url, "types": ["execution.*", "order.paid"], "filter": "event.data.status == 'failed'" })
}

async fn make(app: &App) -> Value {
    let made = app.post(ENDPOINTS, &wish("https://example.com/hooks")).await;
    assert_eq!(made.status, 201, "{}", made.text());
    made.json()
}

async fn put(app: &App, path: &str, body: &Value) -> Answer {
    app.send(as_json(app.request("PUT", path), body)).await
}

#[tokio::test]
async fn an_endpoint_is_made_changed_switched_and_deleted() {
    let app = App::start().await;
    let made = make(&app).await;
    let path = format!("{ENDPOINTS}/{}", made["id"].as_str().unwrap());
    let secret = SigningSecret::parse(made["secret"].as_str().unwrap());
    assert!(secret.is_ok());
    assert_eq!((&made["status"], &made["concurrency"]), (&json!("enabled"), &json!(10)));
    // The secret is told once.
    let shown = app.get(&path).await;
    assert_eq!((shown.status.as_u16(), &shown.json()["secret"]), (200, &Value::Null));
    assert_eq!(shown.json()["secrets"].as_array().unwrap().len(), 1);
    let changed = json!({ "url": "https://example.com/new", "types": ["*"], "rate_per_s": 5, "concurrency": 1 });
    let changed = put(&app, &path, &changed).await.json();
    assert_eq!((&changed["filter"], &changed["rate_per_s"]), (&Value::Null, &json!(5)));
    let disabled = app.post(&format!("{path}/disable"), &json!({ "reason": "holidays" })).await.json();
    assert_eq!((&disabled["status"], &disabled["reason"]), (&json!("disabled"), &json!("holidays")));
    assert_eq!(app.post_nothing(&format!("{path}/test")).await.verdict(), "409 endpoint_disabled");
    let enabled = app.post_nothing(&format!("{path}/enable")).await.json();
    assert_eq!((&enabled["status"], &enabled["reason"]), (&json!("enabled"), &Value::Null));
    assert_eq!(app.get(ENDPOINTS).await.json()["items"].as_array().unwrap().len(), 1);
    let deleted = app.send(app.request("DELETE", &path).body(Body::empty()).unwrap()).await;
    assert_eq!(deleted.status, 204);
    assert_eq!(app.get(&path).await.verdict(), "404 not_found");
    assert_eq!((app.get(ENDPOINTS).await.json()["items"].clone(), app.count("webhook_secrets").await), (json!([]), 0));
}

#[tokio::test]
async fn all_that_is_wrong_with_an_endpoint_is_told_at_once() {
    let app = App::start().await;
    let bad = json!({ "url": "ftp://example.com", "types": ["a*", "ok"], "filter": "input.x", "rate_per_s": 0,
                      "description": "x".repeat(501), "concurrency": 51 });
    let refused = app.post(ENDPOINTS, &bad).await;
    assert_eq!(refused.verdict(), "422 invalid_endpoint");
    let body = refused.json();
    let found: Vec<(&str, &str)> = body["errors"]
        .as_array()
        .unwrap()
        .iter()
        .map(|error| (error["pointer"].as_str().unwrap(), error["code"].as_str().unwrap()))
        .collect();
    let expected = [
        ("/url", "bad_url"),
        ("/types/0", "bad_type"),
        ("/filter", "bad_filter"),
        ("/description", "too_long"),
        ("/rate_per_s", "bad_number"),
        ("/concurrency", "bad_number"),
    ];
    assert_eq!(found, expected);
    for (url, code) in [
        ("http://127.0.0.1/", "address_refused"),
        ("http://169.254.169.254/latest/meta-data", "address_refused"),
        ("http://[::1]:80/", "address_refused"),
        ("http://2130706433/", "address_refused"),
        ("http://user:pw@example.com/", "bad_url"),
        ("https://example.com/#part", "bad_url"),
        ("example.com", "bad_url"),
        ("", "bad_url"),
    ] {
        let refused = app.post(ENDPOINTS, &wish(url)).await;
        assert_eq!(
            (refused.verdict().as_str(), &refused.json()["errors"][0]["code"]),
            ("422 invalid_endpoint", &json!(code)),
            "{url}"
        );
    }
    assert_eq!(
        app.post(ENDPOINTS, &json!({ "url": "https://a.example", "types": [] })).await.verdict(),
        "422 invalid_endpoint"
    );
    assert_eq!(app.count("webhook_endpoints").await, 0);
}

#[tokio::test]
async fn secrets_overlap_and_are_few() {
    let app = App::start().await;
    let made = make(&app).await;
    let rotate = format!("{ENDPOINTS}/{}/rotate", made["id"].as_str().unwrap());
    let rotated = app.post(&rotate, &json!({ "overlap_s": 60 })).await.json();
    assert_ne!(rotated["secret"], made["secret"]);
    let untils: Vec<bool> = rotated["secrets"].as_array().unwrap().iter().map(|it| it["until"].is_null()).collect();
    assert_eq!(untils, [true, false]);
    for _ in 0..3 {
        assert_eq!(app.post_nothing(&rotate).await.status, 200);
    }
    assert_eq!(app.post_nothing(&rotate).await.verdict(), "409 too_many_secrets");
    // At once, the new one alone signs.
    let alone = app.post(&rotate, &json!({ "overlap_s": 0 })).await.json();
    assert_eq!(alone["secrets"].as_array().unwrap().len(), 1);
    assert_eq!(app.post(&rotate, &json!({ "overlap_s": -1 })).await.verdict(), "422 bad_number");
    assert_eq!(app.count("webhook_secrets").await, 1);
}

#[tokio::test]
async fn a_key_pair_signs_along_as_long_as_its_owner_wants() {
    let app = App::start().await;
    let made = make(&app).await;
    assert_eq!((&made["asymmetric"], &made["secrets"][0]["public_key"]), (&json!(false), &Value::Null));
    let path = format!("{ENDPOINTS}/{}", made["id"].as_str().unwrap());
    let with = |asymmetric: Option<bool>| {
        let mut wish = wish("https://example.com/hooks");
        asymmetric.into_iter().for_each(|it| wish["asymmetric"] = json!(it));
        wish
    };
    let keys = |endpoint: &Value| -> Vec<Option<PublicKey>> {
        let secrets = endpoint["secrets"].as_array().unwrap().iter();
        secrets.map(|secret| secret["public_key"].as_str().map(|key| PublicKey::parse(key).unwrap())).collect()
    };
    let on = keys(&put(&app, &path, &with(Some(true))).await.json());
    assert!(matches!(on[..], [Some(_)]));
    // The same wish again, and one that says nothing of it, change nothing.
    for again in [Some(true), None] {
        let changed = put(&app, &path, &with(again)).await.json();
        assert_eq!((keys(&changed), &changed["asymmetric"]), (on.clone(), &json!(true)));
    }
    let rotated = keys(&app.post_nothing(&format!("{path}/rotate")).await.json());
    assert!(rotated[0].is_some() && rotated[0] != rotated[1] && rotated[1] == on[0]);
    let off = put(&app, &path, &with(Some(false))).await.json();
    assert_eq!((keys(&off), &off["asymmetric"]), (vec![None, None], &json!(false)));
    let sealed = "webhook_secrets WHERE pair_sealed IS NOT NULL OR pair_key_id IS NOT NULL";
    assert_eq!(app.count(sealed).await, 0);
    assert_eq!(keys(&app.post_nothing(&format!("{path}/rotate")).await.json()), [None, None, None]);
    // A new one may have it from the start; nothing of its private half is told.
    let new = app.post(ENDPOINTS, &with(Some(true))).await;
    assert!(matches!(keys(&new.json())[..], [Some(_)]) && !new.text().contains("whsk_"));
    assert_eq!(app.count(sealed).await, 1);
}

#[tokio::test]
async fn an_endpoint_is_ordered_as_long_as_its_owner_wants_and_tells_what_waits() {
    let app = App::start().await;
    let made = make(&app).await;
    assert_eq!(made["ordered"], json!(false));
    let path = format!("{ENDPOINTS}/{}", made["id"].as_str().unwrap());
    let with = |ordered: Option<bool>| {
        let mut wish = wish("https://example.com/hooks");
        ordered.into_iter().for_each(|it| wish["ordered"] = json!(it));
        wish
    };
    assert_eq!(put(&app, &path, &with(Some(true))).await.json()["ordered"], json!(true));
    // A wish that says nothing of it leaves it.
    assert_eq!(put(&app, &path, &with(None)).await.json()["ordered"], json!(true));
    assert_eq!(app.post(ENDPOINTS, &with(Some(true))).await.json()["ordered"], json!(true));
    let sent = app.post_nothing(&format!("{path}/test")).await.json();
    assert_eq!((&sent["waits_in_line"], sent["next_attempt_at"].is_null()), (&json!(false), false));
    let mut owner = app.cell.connect(Role::Owner).await.unwrap();
    sqlx::query("UPDATE webhook_deliveries SET line = 'lead:1', place = 1, due_at = '9999-01-01 00:00:00+00'")
        .execute(&mut owner)
        .await
        .unwrap();
    let delivery = format!("{DELIVERIES}/{}", sent["id"].as_str().unwrap());
    let shown = app.get(&delivery).await.json();
    assert_eq!((&shown["waits_in_line"], &shown["next_attempt_at"]), (&json!(true), &Value::Null));
    // Sent again it is the first of its line.
    let again = app.post_nothing(&format!("{delivery}/resend")).await.json();
    assert_eq!((&again["waits_in_line"], again["next_attempt_at"].is_null()), (&json!(false), false));
    sqlx::query("UPDATE webhook_lanes SET due_at = 'infinity'").execute(&mut owner).await.unwrap();
    assert_eq!(put(&app, &path, &with(Some(false))).await.json()["ordered"], json!(false));
    let loose = "webhook_endpoints p JOIN webhook_lanes l USING (workspace_id, endpoint_id) \
        WHERE p.has_lines AND NOT p.is_ordered AND l.due_at <= now()";
    assert_eq!(app.count(loose).await, 1, "a worker lets go what waits");
}

#[tokio::test]
async fn a_client_certificate_is_set_shown_by_its_fingerprint_and_removed() {
    let app = App::start().await;
    let made = make(&app).await;
    assert_eq!(made["client_certificate"], Value::Null);
    let path = format!("{ENDPOINTS}/{}", made["id"].as_str().unwrap());
    let certificate = format!("{path}/client-certificate");
    let pem = || {
        let key = rcgen::KeyPair::generate().unwrap();
        let certificate = rcgen::CertificateParams::new(vec!["client".into()]).unwrap().self_signed(&key).unwrap();
        (certificate.pem(), key.serialize_pem())
    };
    let ((one, key), (_, other_key)) = (pem(), pem());
    let set = put(&app, &certificate, &json!({ "certificate": one, "private_key": key })).await;
    assert_eq!(set.status, 200, "{}", set.text());
    let shown = app.get(&path).await;
    let fingerprint = shown.json()["client_certificate"]["fingerprint"].as_str().unwrap().to_owned();
    assert!(fingerprint.starts_with("sha256:") && fingerprint.len() == 7 + 64, "{fingerprint}");
    assert!(!set.text().contains("PRIVATE KEY") && !shown.text().contains("PRIVATE KEY"));
    // What cannot be used changes nothing, and is not repeated.
    for (certificate_text, key_text, pointer) in
        [(&one, &other_key, "/certificate"), (&one, &one, "/private_key"), (&key, &key, "/certificate")]
    {
        let wish = json!({ "certificate": certificate_text, "private_key": key_text });
        let refused = put(&app, &certificate, &wish).await;
        assert_eq!(refused.verdict(), "422 bad_client_certificate");
        assert_eq!(refused.json()["errors"][0]["pointer"], pointer);
        assert!(!refused.text().contains("BEGIN"), "{}", refused.text());
    }
    // Other changes leave it; it goes with a request of its own, and with the endpoint.
    put(&app, &path, &wish("https://example.com/new")).await;
    assert_eq!(app.get(&path).await.json()["client_certificate"]["fingerprint"], fingerprint.as_str());
    let delete = async |path: &str| app.send(app.request("DELETE", path).body(Body::empty()).unwrap()).await;
    assert_eq!(delete(&certificate).await.status, 204);
    assert_eq!(delete(&certificate).await.verdict(), "404 not_found");
    assert_eq!(app.get(&path).await.json()["client_certificate"], Value::Null);
    assert_eq!(put(&app, &certificate, &json!({ "certificate": one, "private_key": key })).await.status, 200);
    assert_eq!(delete(&path).await.status, 204);
    assert_eq!(app.count("webhook_endpoints WHERE certificate_sealed IS NOT NULL").await, 0);
    let gone = put(&app, &certificate, &json!({ "certificate": one, "private_key": key })).await;
    assert_eq!(gone.verdict(), "404 not_found");
}

#[tokio::test]
async fn deliveries_are_listed_shown_and_sent_again() {
    let app = App::start().await;
    let id = make(&app).await["id"].as_str().unwrap().to_owned();
    for _ in 0..3 {
        assert_eq!(app.post_nothing(&format!("{ENDPOINTS}/{id}/test")).await.status, 202);
    }
    let mut owner = app.cell.connect(Role::Owner).await.unwrap();
    sqlx::query("UPDATE webhook_deliveries SET status = 'failed', tried = 10, settled_at = now()")
        .execute(&mut owner)
        .await
        .unwrap();
    let page = app.get(&format!("{DELIVERIES}?endpoint_id={id}&status=failed&type=webhook.test&limit=2")).await.json();
    let cursor = page["next_cursor"].as_str().unwrap();
    let rest = app.get(&format!("{DELIVERIES}?endpoint_id={id}&status=failed&limit=2&cursor={cursor}")).await.json();
    assert_eq!((page["items"].as_array().unwrap().len(), rest["items"].as_array().unwrap().len()), (2, 1));
    let first = format!("{DELIVERIES}/{}", page["items"][0]["id"].as_str().unwrap());
    let shown = app.get(&first).await.json();
    assert_eq!((&shown["body"]["type"], &shown["tries"]), (&json!("webhook.test"), &json!([])));
    assert_eq!(shown["body"]["id"], shown["event_id"]);
    let again = app.post_nothing(&format!("{first}/resend")).await;
    assert_eq!((again.status.as_u16(), &again.json()["status"]), (202, &json!("pending")));
    let resend = format!("{ENDPOINTS}/{id}/resend");
    let resent = app.post(&resend, &json!({ "since": "2026-01-01T00:00:00Z", "until": "2026-01-20T00:00:00Z" })).await;
    assert_eq!(resent.json(), json!({ "resent": 0, "has_more": false }));
    let (since, until) =
        (chrono::Utc::now() - chrono::TimeDelta::hours(1), chrono::Utc::now() + chrono::TimeDelta::hours(1));
    let resent = app.post(&resend, &json!({ "since": since, "until": until })).await;
    assert_eq!(resent.json(), json!({ "resent": 2, "has_more": false }), "{}", resent.text());
    let counts = app.get(&format!("{ENDPOINTS}/{id}/counts")).await.json();
    assert_eq!(counts, json!({ "pending": 3, "delivered": 0, "failed": 0, "cancelled": 0 }));
    for (path, verdict) in [
        (format!("{DELIVERIES}?status=lost"), "400 bad_filter"),
        (format!("{DELIVERIES}?endpoint_id=1"), "400 bad_filter"),
        (format!("{DELIVERIES}/{id}"), "404 not_found"),
    ] {
        assert_eq!(app.get(&path).await.verdict(), verdict, "{path}");
    }
    for bad in [
        json!({ "since": until, "until": since }),
        json!({ "since": "2020-01-01T00:00:00Z" }),
        json!({ "since": since, "statuses": ["pending"] }),
    ] {
        assert_eq!(app.post(&resend, &bad).await.verdict(), "422 bad_range", "{bad}");
    }
}

#[tokio::test]
async fn nobody_else_sees_an_endpoint_or_sends_to_it() {
    let app = App::start().await;
    let id = make(&app).await["id"].as_str().unwrap().to_owned();
    let foreign = |method: &str, path: String| {
        Request::builder().method(method).uri(path).header("x-api-key", &app.other_key).body(Body::empty()).unwrap()
    };
    assert_eq!(app.send(foreign("GET", ENDPOINTS.into())).await.json()["items"], json!([]));
    for (method, path) in [
        ("GET", format!("{ENDPOINTS}/{id}")),
        ("DELETE", format!("{ENDPOINTS}/{id}")),
        ("POST", format!("{ENDPOINTS}/{id}/enable")),
        ("POST", format!("{ENDPOINTS}/{id}/disable")),
        ("POST", format!("{ENDPOINTS}/{id}/rotate")),
        ("POST", format!("{ENDPOINTS}/{id}/test")),
        ("GET", format!("{ENDPOINTS}/{id}/counts")),
    ] {
        assert_eq!(app.send(foreign(method, path.clone())).await.verdict(), "404 not_found", "{method} {path}");
    }
    assert_eq!(app.count("webhook_deliveries").await, 0);
}

#[tokio::test]
async fn the_catalogue_has_our_types_and_those_that_were_sent() {
    let app = App::start().await;
    for name in ["order.sent", "order.paid", "order.paid"] {
        assert_eq!(app.post("/api/v1/events", &json!({ "type": name })).await.status, 202);
    }
    let types = app.get("/api/v1/event-types").await.json();
    let custom: Vec<&Value> =
        types["items"].as_array().unwrap().iter().filter(|it| it["custom"] == true).map(|it| &it["type"]).collect();
    assert_eq!(custom, [&json!("order.paid"), &json!("order.sent")]);
    assert_eq!(types["items"][0]["type"], "execution.completed");
    assert!(types["items"].as_array().unwrap().iter().any(|it| it["type"] == "quota.soft" && it["custom"] == false));
}
