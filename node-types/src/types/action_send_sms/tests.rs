//! Against real servers on the loopback.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::extract::Path;
use axum::http::{HeaderMap, StatusCode};
use axum::routing::post;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

use super::*;
use crate::testing::{context_keeping, failed, retried};

/// Token and text of what came in.
type Seen = Arc<Mutex<Vec<(HeaderMap, String)>>>;

/// A provider: `/messages` takes a message, `/{code}` answers with that status.
async fn provider() -> (SocketAddr, Seen) {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let (address, seen) = (listener.local_addr().unwrap(), Seen::default());
    let kept = Arc::clone(&seen);
    let take = async move |headers: HeaderMap, body: String| {
        kept.lock().unwrap().push((headers, body));
        let answer = json!({"sid": "SM1", "status": "queued"}).to_string();
        (StatusCode::CREATED, [("content-type", "application/json")], answer)
    };
    let status = async |Path(code): Path<u16>| {
        (StatusCode::from_u16(code).unwrap(), [("retry-after", "7"), ("location", "/messages")], "because")
    };
    let router = Router::new().route("/messages", post(take)).route("/{code}", post(status));
    tokio::spawn(async move { axum::serve(listener, router).await });
    (address, seen)
}

fn login() -> Value {
    json!({"username": "AC1", "password": "hunter22-token"})
}

fn context_for(server: SocketAddr, kind: &str, fields: Value) -> Context {
    context_keeping(vec![server.to_string()], kind, vec![format!("http://{server}")], fields)
}

fn message(server: SocketAddr, path: &str, more: Value) -> Config {
    let mut config = json!({"url": format!("http://{server}/{path}"), "credential": "sms",
                            "to": "+49 (151) 123-456", "from": "Shop", "text": "Zażółć & 1 + 1"});
    config.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    serde_json::from_value(config).unwrap()
}

#[tokio::test]
async fn a_message_is_posted_as_a_form_with_one_key_for_all_attempts() {
    let (server, seen) = provider().await;
    let context = context_for(server, "basic", login());
    for _ in 0..2 {
        let more = json!({"more": {"StatusCallback": "https://example.com/sms", "MaxPrice": 1}});
        let outcome = ActionSendSms.run(message(server, "messages", more), &context).await;
        let Outcome::Done { port, output, .. } = outcome else { panic!("{outcome:?}") };
        assert_eq!((port.as_str(), &output["status"], &output["id"]), ("out", &json!(201), &json!("SM1")));
        assert_eq!(output["body"]["status"], "queued");
    }
    let seen = seen.lock().unwrap();
    for (headers, body) in seen.iter() {
        assert_eq!(headers["authorization"], "Basic QUMxOmh1bnRlcjIyLXRva2Vu");
        assert_eq!(headers["content-type"], "application/x-www-form-urlencoded");
        assert_eq!(headers["idempotency-key"], context.idempotency_key());
        let expected = "Body=Za%C5%BC%C3%B3%C5%82%C4%87+%26+1+%2B+1&From=Shop&MaxPrice=1&\
                        StatusCallback=https%3A%2F%2Fexample.com%2Fsms&To=%2B49151123456";
        assert_eq!(body, expected);
    }
    assert_eq!(seen.len(), 2);
}

#[tokio::test]
async fn a_provider_with_other_names_gets_json_and_a_token() {
    let (server, seen) = provider().await;
    let context = context_for(server, "bearer", json!({"token": "hunter22-token"}));
    let names = json!({"to": "recipient", "text": "message", "id": "status"});
    let more = json!({"format": "json", "names": names, "from": null, "to": 49151123456_u64, "text": 7});
    let outcome = ActionSendSms.run(message(server, "messages", more), &context).await;
    let Outcome::Done { output, .. } = outcome else { panic!("{outcome:?}") };
    assert_eq!(output["id"], "queued");
    let seen = seen.lock().unwrap();
    assert_eq!(seen[0].0["authorization"], "Bearer hunter22-token");
    let body: Value = serde_json::from_str(&seen[0].1).unwrap();
    assert_eq!(body, json!({"recipient": "49151123456", "message": "7"}));
}

#[tokio::test]
async fn every_status_has_its_outcome_and_no_redirect_is_followed() {
    let (server, seen) = provider().await;
    let context = context_for(server, "basic", login());
    for (code, expected) in [(400, "http_4xx"), (401, "http_4xx"), (302, "http_3xx"), (307, "http_3xx")] {
        let outcome = ActionSendSms.run(message(server, &code.to_string(), json!({})), &context).await;
        assert_eq!(failed(outcome).0, expected, "{code}");
    }
    for (code, expected) in [(408, "http_408"), (429, "http_429"), (500, "http_5xx"), (503, "http_5xx")] {
        let outcome = ActionSendSms.run(message(server, &code.to_string(), json!({})), &context).await;
        let Outcome::Retry { class, after, .. } = outcome else { panic!("{outcome:?}") };
        assert_eq!((class.as_str(), after), (expected, Some(Duration::from_secs(7))), "{code}");
    }
    assert!(seen.lock().unwrap().is_empty());
}

#[tokio::test]
async fn what_was_taken_is_not_sent_again_and_what_may_have_been_is_told_apart() {
    for (answer, taken) in [
        ("HTTP/1.1 201 Created\r\ncontent-type: application/json\r\ncontent-length: 1\r\n\r\n<", true),
        ("HTTP/1.1 201 Created\r\ncontent-length: 9\r\n\r\nhalf", true),
        ("HTTP/1.1 201 Cre", false),
    ] {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let server = listener.local_addr().unwrap();
        tokio::spawn(async move {
            let (mut stream, _) = listener.accept().await.unwrap();
            let (mut request, mut chunk) = (Vec::new(), [0; 4_096]);
            while !request.ends_with(b"To=%2B49151123456") {
                let count = stream.read(&mut chunk).await.unwrap();
                request.extend_from_slice(&chunk[..count]);
            }
            stream.write_all(answer.as_bytes()).await.unwrap();
        });
        let context = context_for(server, "basic", login());
        let outcome = ActionSendSms.run(message(server, "messages", json!({})), &context).await;
        if taken {
            let Outcome::Done { output, .. } = outcome else { panic!("{outcome:?}") };
            assert_eq!((&output["status"], &output["id"]), (&json!(201), &Value::Null), "{answer}");
        } else {
            assert_eq!(retried(outcome).0, BROKEN, "{answer}");
        }
    }
}

#[tokio::test]
async fn what_cannot_be_sent_fails_before_it_is() {
    let (server, seen) = provider().await;
    let context = context_for(server, "basic", login());
    for (more, class) in [
        (json!({"to": "Ada"}), BAD_NUMBER),
        (json!({"to": "+1234567890123456"}), BAD_NUMBER),
        (json!({"to": "+49151123456\r\nx"}), BAD_NUMBER),
        (json!({"text": ""}), "config"),
        (json!({"text": "x".repeat(TEXT_CHARS_MAX + 1)}), "config"),
        (json!({"from": "two\nlines"}), "config"),
        (json!({"more": {"To": "+4930123456"}}), "config"),
        (json!({"names": {"to": "x", "text": "x"}}), "config"),
        (json!({"url": "nowhere"}), "config"),
        (json!({"url": "http://192.0.2.1/messages"}), "credential_host"),
    ] {
        let outcome = ActionSendSms.run(message(server, "messages", more.clone()), &context).await;
        assert_eq!(failed(outcome).0, class, "{more}");
    }
    let refused = context_keeping(Vec::new(), "basic", vec![format!("http://{server}")], login());
    let outcome = ActionSendSms.run(message(server, "messages", json!({})), &refused).await;
    assert_eq!(failed(outcome).0, "address_blocked");
    let mail = context_for(server, "smtp", json!({"host": "h", "port": 25}));
    let outcome = ActionSendSms.run(message(server, "messages", json!({})), &mail).await;
    assert_eq!(failed(outcome).0, "credential");
    assert!(seen.lock().unwrap().is_empty());
}

#[test]
fn what_is_plainly_wrong_is_found_before_anything_runs() {
    let codes = |config: Value| -> Vec<String> {
        ActionSendSms::check(&config).into_iter().map(|problem| problem.code).collect()
    };
    let good = json!({"url": "https://api.example.com/m", "credential": "sms", "to": "{{ input.phone }}"});
    assert!(codes(good).is_empty());
    let bad = json!({"url": "ftp://example.com", "credential": "{{ input.c }}", "to": "Ada"});
    assert_eq!(codes(bad), ["bad_url", "bad_number", "bad_credential"]);
}
