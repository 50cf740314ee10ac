//! Against real servers on the loopback.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::Bytes;
use axum::http::{HeaderMap, StatusCode};
use axum::response::Redirect;
use axum::routing::{any, get, post};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

use super::*;
use crate::services::{ServiceSettings, Services};
use crate::testing::{context_allowing, failed, retried, settings};

/// Serves until the test ends.
async fn serve(router: Router) -> SocketAddr {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move { axum::serve(listener, router).await });
    address
}

/// Answers one connection with `head`, then with `chunk` again and again up to `times`; counts the bytes it got rid of.
async fn serve_raw(head: &'static str, chunk: Vec<u8>, times: usize) -> (SocketAddr, JoinHandle<usize>) {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let address = listener.local_addr().unwrap();
    let task = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let mut request = [0; 4096];
        assert!(stream.read(&mut request).await.unwrap() > 0);
        stream.write_all(head.as_bytes()).await.unwrap();
        let mut written = 0;
        for _ in 0..times {
            if stream.write_all(&chunk).await.is_err() {
                return written;
            }
            written += chunk.len();
        }
        // Stays open until the client leaves.
        _ = stream.read(&mut request).await;
        written
    });
    (address, task)
}

async fn run(config: Value, servers: &[SocketAddr]) -> Outcome {
    let config = serde_json::from_value(config).unwrap();
    ActionHttpRequest.run(config, &context_allowing(servers)).await
}

#[tokio::test]
async fn a_good_answer_is_the_output() {
    let echo = async |headers: HeaderMap, body: String| {
        let key = headers["idempotency-key"].to_str().unwrap().to_owned();
        ([("content-type", "application/json"), ("x-seen", "1")], json!({"key": key, "body": body}).to_string())
    };
    let server = serve(Router::new().route("/echo", post(echo))).await;
    let context = context_allowing(&[server]);
    let config = json!({"method": "POST", "url": format!("http://{server}/echo"), "body": {"a": 1}});
    let outcome = ActionHttpRequest.run(serde_json::from_value(config).unwrap(), &context).await;
    let Outcome::Done { port, output, .. } = outcome else { panic!("{outcome:?}") };
    assert_eq!(port, "out");
    assert_eq!(output["status"], 200);
    assert_eq!(output["headers"]["x-seen"], "1");
    assert_eq!(output["body"], json!({"key": context.idempotency_key(), "body": "{\"a\":1}"}));
}

#[tokio::test]
async fn every_status_has_its_outcome() {
    let status = async |axum::extract::Path(code): axum::extract::Path<u16>| {
        (StatusCode::from_u16(code).unwrap(), [("retry-after", "7")], "because")
    };
    let server = serve(Router::new().route("/{code}", any(status))).await;
    let after = Some(Duration::from_secs(7));
    for (code, retries, expected) in [
        (400, false, "http_4xx"),
        (404, false, "http_4xx"),
        (304, false, "http_3xx"),
        (408, true, "http_408"),
        (425, true, "http_425"),
        (429, true, "http_429"),
        (500, true, "http_5xx"),
        (503, true, "http_5xx"),
    ] {
        let url = format!("http://{server}/{code}");
        match run(json!({"url": url}), &[server]).await {
            Outcome::Retry { class, reason, after: found } if retries => {
                assert_eq!((class.as_str(), found), (expected, after), "{code}");
                assert!(reason.contains(&url) && reason.contains(&code.to_string()), "{reason}");
                assert!(reason.ends_with(": because"), "{reason}");
            }
            Outcome::Fail { class, reason } if !retries => {
                assert_eq!(class, expected, "{code}");
                assert_eq!(reason.ends_with(": because"), code != 304, "{reason}");
            }
            other => panic!("{code}: {other:?}"),
        }
    }
    let done = run(json!({"url": format!("http://{server}/404"), "success": [200, 404]}), &[server]).await;
    let Outcome::Done { output, .. } = done else { panic!("{done:?}") };
    assert_eq!((&output["status"], &output["body"]), (&json!(404), &json!("because")));
}

#[tokio::test]
async fn a_reason_says_how_the_answer_begins_without_secrets() {
    let secret = "s3cret-".repeat(40);
    let answer = format!("no\r\n\tsuch\u{7} project, {}{secret} {}", "é".repeat(150), "z".repeat(8_000));
    let png = Bytes::from_static(b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR");
    let router = Router::new()
        .route("/text", any(async move || (StatusCode::BAD_REQUEST, answer)))
        .route("/image", any(async move || (StatusCode::BAD_REQUEST, png)))
        .route("/nothing", any(async || (StatusCode::BAD_REQUEST, " \n")));
    let server = serve(router).await;
    let context = context_allowing(&[server]);
    context.secrets.add([secret.as_str()]).unwrap();
    let reason = async |path: &str| {
        let config = serde_json::from_value(json!({"url": format!("http://{server}{path}")})).unwrap();
        let (class, reason) = failed(ActionHttpRequest.run(config, &context).await);
        assert_eq!(class, "http_4xx");
        reason
    };
    let bare = |path: &str| format!("http://{server}{path} answered 400 Bad Request");
    let begins = format!("no such project, {}[redacted] ", "é".repeat(150));
    let told = format!("{begins}{}…", "z".repeat(200 - begins.chars().count()));
    assert_eq!(reason("/text").await, format!("{}: {told}", bare("/text")));
    for path in ["/image", "/nothing"] {
        assert_eq!(reason(path).await, bare(path));
    }
}

#[tokio::test]
async fn every_attempt_carries_the_same_key() {
    let seen = Arc::new(Mutex::new(Vec::new()));
    let keys = Arc::clone(&seen);
    let flaky = async move |headers: HeaderMap| {
        keys.lock().unwrap().push(headers["idempotency-key"].clone());
        StatusCode::INTERNAL_SERVER_ERROR
    };
    let server = serve(Router::new().route("/", any(flaky))).await;
    let mut context = context_allowing(&[server]);
    for attempt in 1..=3 {
        context.attempt = attempt;
        let config = serde_json::from_value(json!({"url": format!("http://{server}/")})).unwrap();
        assert_eq!(retried(ActionHttpRequest.run(config, &context).await).0, "http_5xx");
    }
    let seen = seen.lock().unwrap();
    assert_eq!(seen.len(), 3);
    assert!(seen.iter().all(|key| *key == context.idempotency_key()), "{seen:?}");
}

#[tokio::test]
async fn private_addresses_are_refused_by_literal_by_name_and_by_redirect() {
    let hidden = serve(Router::new().route("/", get(|| async { "secret" }))).await;
    let port = hidden.port();
    let to_hidden = move || async move { Redirect::temporary(&format!("http://127.0.0.1:{port}/")) };
    let open = serve(Router::new().route("/", any(to_hidden))).await;
    for url in [
        format!("http://{hidden}/"),
        format!("http://localhost:{port}/"),
        format!("http://[::ffff:127.0.0.1]:{port}/"),
        format!("http://{open}/"),
    ] {
        let (class, reason) = failed(run(json!({"url": url}), &[open]).await);
        assert_eq!(class, "address_blocked", "{url}");
        assert!(reason.contains("127.0.0.1") || reason.contains("::1"), "{reason}");
    }
    let outcome = run(json!({"url": format!("http://{open}/")}), &[open, hidden]).await;
    assert!(matches!(outcome, Outcome::Done { .. }), "{outcome:?}");
}

#[tokio::test]
async fn an_allowed_name_may_stand_for_a_private_address() {
    let server = serve(Router::new().route("/", get(|| async { "inside" }))).await;
    let allow = vec![format!("localhost:{}", server.port())];
    let services = Services::new(ServiceSettings { allow, ..settings() }).unwrap();
    let context = Context { services: Arc::new(services), ..context_allowing(&[]) };
    let config = serde_json::from_value(json!({"url": format!("http://localhost:{}/", server.port())})).unwrap();
    let outcome = ActionHttpRequest.run(config, &context).await;
    assert!(matches!(outcome, Outcome::Done { .. }), "{outcome:?}");
}

#[tokio::test]
async fn secrets_stay_with_their_origin() {
    let tell = async |headers: HeaderMap| {
        let mut names: Vec<String> = headers.keys().map(ToString::to_string).collect();
        names.sort();
        names.join(" ")
    };
    let far = serve(Router::new().route("/", any(tell))).await;
    let away = move || async move { Redirect::temporary(&format!("http://{far}/")) };
    let near = Router::new().route("/", any(tell)).route("/here", any(|| async { Redirect::temporary("/") }));
    let near = serve(near.route("/away", any(away))).await;
    let headers = json!({"Authorization": "Bearer s", "Cookie": "s=1", "X-Api-Key": "s", "Accept": "text/plain"});
    for (path, expected) in [
        ("here", "accept authorization cookie host idempotency-key user-agent x-api-key"),
        ("away", "accept host user-agent"),
    ] {
        let url = format!("http://{near}/{path}");
        let outcome = run(json!({"url": url, "headers": headers}), &[near, far]).await;
        let Outcome::Done { output, .. } = outcome else { panic!("{outcome:?}") };
        assert_eq!(output["body"], expected);
    }
}

#[tokio::test]
async fn redirects_end() {
    let server = serve(Router::new().route("/", any(|| async { Redirect::temporary("/") }))).await;
    let (class, reason) = failed(run(json!({"url": format!("http://{server}/")}), &[server]).await);
    assert!(class == "redirect" && reason.contains("more than 5"), "{reason}");
    let bad = async || (StatusCode::FOUND, [("location", "file:///etc/passwd")]);
    let server = serve(Router::new().route("/", any(bad))).await;
    let (class, reason) = failed(run(json!({"url": format!("http://{server}/")}), &[server]).await);
    assert!(class == "config" && reason.contains("only http and https"), "{reason}");
}

#[tokio::test]
async fn an_endless_answer_is_cut_at_the_cap() {
    const CAP: usize = 64 * 1024;
    /// What may lie in the socket buffers of both ends.
    const BUFFERS: usize = 24 * 1024 * 1024;
    let head = "HTTP/1.1 200 OK\r\ncontent-type: text/plain\r\n\r\n";
    let (server, written) = serve_raw(head, vec![b'x'; CAP], 1024 * 1024 * 1024 / CAP).await;
    let config = json!({"url": format!("http://{server}/"), "body_bytes_max": CAP});
    assert_eq!(failed(run(config, &[server]).await).0, "body_too_large");
    let written = written.await.unwrap();
    assert!(written < CAP + BUFFERS, "the server got rid of {written} bytes");
}

#[tokio::test]
async fn a_declared_length_over_the_cap_is_not_even_read() {
    let head = "HTTP/1.1 200 OK\r\ncontent-length: 1073741824\r\n\r\n";
    let (server, written) = serve_raw(head, Vec::new(), 0).await;
    assert_eq!(failed(run(json!({"url": format!("http://{server}/")}), &[server]).await).0, "body_too_large");
    assert_eq!(written.await.unwrap(), 0);
}

#[tokio::test]
async fn an_answer_that_never_ends_times_out() {
    for head in ["HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nabc", "HTTP/1.1 200 OK\r\nx-a: ", ""] {
        let (server, _task) = serve_raw(head, Vec::new(), 0).await;
        let config = json!({"url": format!("http://{server}/"), "timeout_ms": 100});
        let (class, reason) = retried(run(config, &[server]).await);
        assert!(class == "timeout" && reason.contains("100 ms"), "{class}: {reason}");
    }
}

#[tokio::test]
async fn a_refusal_whose_body_never_ends_is_still_a_refusal() {
    let head = "HTTP/1.1 400 Bad Request\r\ncontent-length: 10\r\n\r\nabc";
    let (server, _task) = serve_raw(head, Vec::new(), 0).await;
    assert_eq!(failed(run(json!({"url": format!("http://{server}/")}), &[server]).await).0, "http_4xx");
}

#[tokio::test]
async fn a_broken_connection_is_worth_another_attempt() {
    let short = async {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let address = listener.local_addr().unwrap();
        tokio::spawn(async move {
            let (mut stream, _) = listener.accept().await.unwrap();
            let mut request = [0; 4096];
            assert!(stream.read(&mut request).await.unwrap() > 0);
            stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nabc").await.unwrap();
        });
        address
    };
    let short = short.await;
    assert_eq!(retried(run(json!({"url": format!("http://{short}/")}), &[short]).await).0, "broken");
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let closed = listener.local_addr().unwrap();
    drop(listener);
    assert_eq!(retried(run(json!({"url": format!("http://{closed}/")}), &[closed]).await).0, "connect");
    let (noise, _task) = serve_raw("SSH-2.0-x\r\n", Vec::new(), 0).await;
    assert_eq!(retried(run(json!({"url": format!("http://{noise}/")}), &[noise]).await).0, "broken");
}

#[tokio::test]
async fn a_request_that_was_taken_and_never_answered_is_told_from_one_that_was_never_sent() {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let server = listener.local_addr().unwrap();
    let taken = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let mut request = Vec::new();
        while !request.ends_with(b"{\"pay\":7}") {
            assert!(stream.read_buf(&mut request).await.unwrap() > 0, "the request ends early");
        }
    });
    let config = json!({"url": format!("http://{server}/pay?secret=1"), "method": "POST", "body": {"pay": 7}});
    let (class, reason) = retried(run(config, &[server]).await);
    let told =
        reason.starts_with(&format!("the connection to http://{server}/pay broke before the answer was whole: "));
    assert!(class == "broken" && told, "{class}: {reason}");
    taken.await.unwrap();
}

#[tokio::test]
async fn json_that_is_none_fails() {
    let lie = async || ([("content-type", "application/json")], "<html>");
    let server = serve(Router::new().route("/", get(lie))).await;
    let (class, reason) = failed(run(json!({"url": format!("http://{server}/")}), &[server]).await);
    assert!(class == "invalid_json" && reason.contains("expected value"), "{reason}");
}

#[tokio::test]
async fn a_bad_config_fails_before_any_request() {
    for config in [
        json!({"url": "ftp://example.com/"}),
        json!({"url": "http://me:pw@example.com/"}),
        json!({"url": "http://example.com/", "timeout_ms": 0}),
        json!({"url": "http://example.com/", "body_bytes_max": 10_485_761}),
    ] {
        let (class, reason) = failed(run(config.clone(), &[]).await);
        assert!(class == "config" && !reason.contains("pw"), "{config}: {reason}");
    }
    let config = json!({"url": "example.com", "headers": {"Host": "x"}});
    let found: Vec<_> = ActionHttpRequest::check(&config).into_iter().map(|problem| problem.code).collect();
    assert_eq!(found, ["bad_url", "bad_header"]);
    assert!(ActionHttpRequest::check(&json!({"url": "{{ input.url }}"})).is_empty());
}
