//! Real connections.

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio_util::sync::CancellationToken;

use crate::support::{App, simple};

/// Sends `request` and reads until the server closes.
async fn exchange(address: std::net::SocketAddr, request: &str) -> String {
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    answer
}

#[tokio::test]
async fn a_client_that_does_not_finish_its_request_is_hung_up_on() {
    let app = App::start().await;
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let serving = tokio::spawn(capstan_api::serve(listener, app.api.clone(), CancellationToken::new()));
    // From here on time passes whenever everybody waits.
    tokio::time::pause();
    for head in ["", "GET / HTTP/1.1\r\nHost: localhost\r\n"] {
        let answer = exchange(address, head).await;
        assert!(!answer.contains("200 OK"), "{answer}");
    }
    serving.abort();
}

#[tokio::test]
async fn a_served_connection_is_known_by_its_peer_and_shutdown_ends_live_streams() {
    let app = App::start_with(|settings, acme| settings.page_workspace = Some(acme)).await;
    let id = app.begin(&app.publish(&simple()).await).await;
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let shutdown = CancellationToken::new();
    let serving = tokio::spawn(capstan_api::serve(listener, app.api.clone(), shutdown.clone()));
    let plain = "GET /api/v1/workflows HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
    assert!(exchange(address, plain).await.starts_with("HTTP/1.1 200 OK"));
    let foreign = plain.replace("localhost", "evil.example.com");
    assert!(exchange(address, &foreign).await.starts_with("HTTP/1.1 401 "));

    let mut stream = TcpStream::connect(address).await.unwrap();
    let follow = format!("GET /api/v1/executions/{id}/events HTTP/1.1\r\nHost: localhost\r\n\r\n");
    stream.write_all(follow.as_bytes()).await.unwrap();
    let mut head = [0; 15];
    stream.read_exact(&mut head).await.unwrap();
    assert_eq!(&head, b"HTTP/1.1 200 OK");
    shutdown.cancel();
    let mut rest = String::new();
    stream.read_to_string(&mut rest).await.unwrap();
    assert!(rest.contains("event: snapshot"), "{rest}");
    serving.await.unwrap().unwrap();
}
