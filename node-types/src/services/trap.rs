//! Names and redirects that lead inside, through a resolver of the test's own, to a trap on the loopback.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use reqwest::Method;
use reqwest::header::HeaderMap;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use url::Url;

use super::guard::Guard;
use super::http::{HttpClient, HttpError, Request};
use super::resolver::Names;

/// Names of the loopback: without the guard, each leads to the trap.
const INSIDE: [(&str, &str); 3] =
    [("loopback.example", "127.0.0.1"), ("zero.example", "0.0.0.0"), ("localhost.localdomain", "127.0.0.1")];
/// Names of other places that are nobody's business.
const ELSEWHERE: [(&str, &str); 11] = [
    ("metadata.google.internal", "169.254.169.254"),
    ("metadata.aws.example", "fd00:ec2::254"),
    ("alibaba.example", "100.100.100.200"),
    ("private.example", "10.0.0.7"),
    ("other.example", "127.8.8.8"),
    ("six.example", "::1"),
    ("mapped.example", "::ffff:127.0.0.1"),
    ("nat64.example", "64:ff9b::7f00:1"),
    ("link.example", "fe80::1"),
    ("multicast.example", "224.0.0.1"),
    ("reserved.example", "255.255.255.255"),
];
/// An address that is public. Nothing connects to it here.
const PUBLIC: &str = "93.184.215.14";

/// A server that answers everything so; how many connections it had.
async fn serve(head: String) -> (SocketAddr, Arc<AtomicUsize>) {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let (address, connections) = (listener.local_addr().unwrap(), Arc::new(AtomicUsize::new(0)));
    let counted = Arc::clone(&connections);
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            counted.fetch_add(1, Ordering::SeqCst);
            let _ = stream.read(&mut [0; 4_096]).await;
            let answer = format!("HTTP/1.1 {head}\r\ncontent-length: 0\r\nconnection: close\r\n\r\n");
            let _ = stream.write_all(answer.as_bytes()).await;
        }
    });
    (address, connections)
}

fn client(allow: &[String]) -> HttpClient {
    let names = Names::Told(Arc::new(|host: &str| -> Vec<IpAddr> {
        let known = INSIDE.iter().chain(&ELSEWHERE).filter(|(name, _)| *name == host);
        known.map(|(_, address)| address.parse().unwrap()).collect()
    }));
    HttpClient::knowing(Guard::new(allow).unwrap(), names)
}

async fn get(client: &HttpClient, url: &str) -> Result<u16, HttpError> {
    let (url, headers) = (Url::parse(url).unwrap(), HeaderMap::new());
    let request = Request { method: Method::GET, url, headers, body: None };
    client.execute(request, |status| status.is_success()).await.map(|response| response.status().as_u16())
}

#[tokio::test]
async fn no_name_and_no_redirect_reaches_the_trap_and_without_the_guard_each_does() {
    let (trap, connections) = serve("200 OK".into()).await;
    let port = trap.port();
    let named = |names: &[(&str, &str)]| -> Vec<String> {
        names.iter().map(|(name, _)| format!("http://{name}:{port}/")).collect()
    };
    let literals = ["127.0.0.1", "2130706433", "0x7f.1", "0.0.0.0"].map(|host| format!("http://{host}:{port}/"));
    let inside: Vec<String> = named(&INSIDE).into_iter().chain(literals).collect();
    let mapped = format!("http://[::ffff:127.0.0.1]:{port}/");
    for url in inside.iter().chain(&named(&ELSEWHERE)).chain([&mapped]) {
        let (door, _) = serve(format!("302 Found\r\nlocation: {url}")).await;
        let client = client(&[door.to_string()]);
        for asked in [url.clone(), format!("http://{door}/")] {
            let refused = get(&client, &asked).await;
            assert!(matches!(refused, Err(HttpError::Refused(_))), "{url} by {asked}: {refused:?}");
        }
    }
    assert_eq!(connections.load(Ordering::SeqCst), 0, "the trap was reached");

    let open = client(&["127.0.0.0/8".to_owned(), "0.0.0.0/8".to_owned()]);
    for url in &inside {
        let (door, _) = serve(format!("302 Found\r\nlocation: {url}")).await;
        for asked in [url.clone(), format!("http://{door}/")] {
            let reached = get(&open, &asked).await;
            assert!(matches!(reached, Ok(200)), "{url} by {asked}: {reached:?}");
        }
    }
    assert_eq!(connections.load(Ordering::SeqCst), 2 * inside.len(), "the trap catches who is not guarded");
}

#[tokio::test]
async fn a_name_that_stands_for_something_else_the_second_time_is_judged_the_second_time() {
    let (trap, connections) = serve("200 OK".into()).await;
    let asked = AtomicUsize::new(0);
    let (public, loopback): (IpAddr, IpAddr) = (PUBLIC.parse().unwrap(), IpAddr::from([127, 0, 0, 1]));
    let names = Names::Told(Arc::new(move |host: &str| -> Vec<IpAddr> {
        match (host, asked.fetch_add(1, Ordering::SeqCst)) {
            ("both.example", _) => vec![loopback, public],
            (_, 0) => vec![public],
            _ => vec![loopback],
        }
    }));
    let client = HttpClient::knowing(Guard::new(&[]).unwrap(), names);
    assert_eq!(client.address("rebind.example", trap.port()).await.unwrap(), public);
    let refused = get(&client, &format!("http://rebind.example:{}/", trap.port())).await;
    assert!(matches!(refused, Err(HttpError::Refused(_))), "{refused:?}");
    assert_eq!(client.address("both.example", trap.port()).await.unwrap(), public, "what is inside is left out");
    assert_eq!(connections.load(Ordering::SeqCst), 0);
}
