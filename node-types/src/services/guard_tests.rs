//! A table of addresses and tricks: literals are judged by the guard alone; names and redirects lead to a trap on the
//! loopback, by a resolver of our own. With the guard nobody comes there, and without it each of them does.

use std::sync::Arc;
use std::time::Duration;

use capstan_domain::webhooks::Broke;
use reqwest::Method;
use reqwest::header::HeaderMap;
use serde_json::json;
use url::Url;

use super::guard::{Guard, Refusal, Trust};
use super::http::{HttpClient, HttpError, Request};
use super::webhook::{Post, post};
use crate::node_type::NodeType;
use crate::testing::{NOW, context, retried};
use crate::types::ActionHttpRequest;

mod trap;

use trap::{Trap, Zone};

/// Networks that count as public where the trap is set.
const PUBLIC: [&str; 2] = ["127.0.0.2/32", "127.0.0.3/32"];
/// The guard switched off.
const ANYTHING: [&str; 2] = ["0.0.0.0/0", "::/0"];

/// An address, whose `{port}` is that of the trap; what the guard alone says of it; and what becomes of it when it is
/// requested a second time, if it leads to the trap.
#[rustfmt::skip]
const TABLE: &[(&str, &str, Option<&str>)] = &[
    // This machine, as a number in many spellings.
    ("http://127.0.0.1:{port}/", "loopback", Some("refused")),
    ("HTTP://127.0.0.1.:{port}/", "loopback", Some("refused")),
    ("http://127.1:{port}/", "loopback", Some("refused")),
    ("http://127.0.1:{port}/", "loopback", Some("refused")),
    ("http://2130706433:{port}/", "loopback", Some("refused")),
    ("http://0x7f000001:{port}/", "loopback", Some("refused")),
    ("http://0x7F.0x0.0x0.0x1:{port}/", "loopback", Some("refused")),
    ("http://0x7f.1:{port}/", "loopback", Some("refused")),
    ("http://0177.0.0.1:{port}/", "loopback", Some("refused")),
    ("http://017700000001:{port}/", "loopback", Some("refused")),
    ("http://0000000000177.0.0.1:{port}/", "loopback", Some("refused")),
    ("http://%31%32%37.0.0.1:{port}/", "loopback", Some("refused")),
    ("http://127\u{3002}0\u{3002}0\u{3002}1:{port}/", "loopback", Some("refused")),
    ("http://\u{2460}\u{2461}\u{2466}.\u{24ea}.\u{24ea}.\u{2460}:{port}/", "loopback", Some("refused")),
    ("http://127.0.\n0.1:{port}/", "loopback", Some("refused")),
    ("http:127.0.0.1:{port}/", "loopback", Some("refused")),
    ("http:///127.0.0.1:{port}/", "loopback", Some("refused")),
    ("http://127.0.0.1:{port}\\@public.test/", "loopback", Some("refused")),
    ("http://0.0.0.0:{port}/", "this network", Some("refused")),
    ("http://0:{port}/", "this network", Some("refused")),
    ("http://[::ffff:127.0.0.1]:{port}/", "loopback", Some("refused")),
    ("http://[::ffff:7f00:1]:{port}/", "loopback", Some("refused")),
    ("http://[0:0:0:0:0:ffff:127.0.0.1]:{port}/", "loopback", Some("refused")),
    ("http://127.255.255.254/", "loopback", None),
    ("http://[::1]/", "loopback", None),
    ("http://[0:0:0:0:0:0:0:1]/", "loopback", None),
    ("http://[::]/", "unspecified or IPv4-compatible", None),
    ("http://[::127.0.0.1]/", "unspecified or IPv4-compatible", None),
    ("http://[64:ff9b::127.0.0.1]/", "NAT64", None),
    ("http://[2002:7f00:1::]/", "6to4", None),
    ("http://[2001:0:7f00:1::]/", "protocol assignments", None),
    // Metadata services and what else is near.
    ("http://169.254.169.254/latest/meta-data/", "link-local", None),
    ("http://2852039166/", "link-local", None),
    ("http://0xa9fea9fe/", "link-local", None),
    ("http://0251.0376.0251.0376/", "link-local", None),
    ("http://169.254.43518/", "link-local", None),
    ("http://[::ffff:169.254.169.254]/", "link-local", None),
    ("http://[64:ff9b::a9fe:a9fe]/", "NAT64", None),
    ("http://[2002:a9fe:a9fe::1]/", "6to4", None),
    ("http://169.254.170.2/v2/credentials", "link-local", None),
    ("http://169.254.170.23/v1/credentials", "link-local", None),
    ("http://[fd00:ec2::254]/", "unique local", None),
    ("http://[fe80::a9fe:a9fe]/", "link-local", None),
    ("http://100.100.100.200/", "carrier-grade NAT", None),
    ("http://192.0.0.192/", "protocol assignments", None),
    ("http://168.63.129.16/machine", "cloud metadata", None),
    ("http://[::ffff:168.63.129.16]/machine", "cloud metadata", None),
    ("http://168.63.129.17/", "judged", None),
    ("http://10.0.2.2/", "private", None),
    ("http://0300.0250.0.1/", "private", None),
    ("http://172.17.0.1:2375/", "private", None),
    // What is no address for a request.
    ("http://public.test@127.0.0.1:{port}/", "bad url", None),
    ("http://127.0.0.1:{port}@public.test/", "bad url", None),
    ("ftp://127.0.0.1/", "bad url", None),
    ("file:///etc/passwd", "bad url", None),
    ("gopher://127.0.0.1:6379/_FLUSHALL", "bad url", None),
    ("http://[fe80::1%25eth0]/", "no url", None),
    ("http://256.256.256.256/", "no url", None),
    ("http://127.0.0.1%00.public.test/", "no url", None),
    // Names, which are judged by what they stand for.
    ("http://public.test/#@127.0.0.1/", "judged", None),
    ("http://localhost:{port}/", "judged", Some("refused")),
    ("http://LocalHost.:{port}/", "judged", Some("refused")),
    ("http://%6c%6f%63alhost:{port}/", "judged", Some("refused")),
    ("http://trap.test:{port}/", "judged", Some("refused")),
    ("http://127.0.0.1.nip.test:{port}/", "judged", Some("refused")),
    ("http://zero.test:{port}/", "judged", Some("refused")),
    ("http://ffff-mapped.test:{port}/", "judged", Some("refused")),
    ("http://alias.test:{port}/", "judged", Some("refused")),
    ("http://chain.test:{port}/", "judged", Some("refused")),
    ("http://metadata:{port}/", "judged", Some("refused")),
    ("http://metadata.google.internal:{port}/computeMetadata/v1/", "judged", Some("refused")),
    ("http://metadata.goog:{port}/", "judged", Some("refused")),
    ("http://instance-data.ec2.internal:{port}/", "judged", Some("refused")),
    ("http://metadata.tencentyun.com:{port}/", "judged", Some("refused")),
    ("http://metadata.platformequinix.com:{port}/", "judged", Some("refused")),
    ("http://rancher-metadata:{port}/", "judged", Some("refused")),
    ("http://kubernetes.default.svc:{port}/", "judged", Some("refused")),
    ("http://host.docker.internal:{port}/", "judged", Some("refused")),
    // Names that stand for several addresses, of which only the public one is tried.
    ("http://mixed-first.test:{port}/", "judged", Some("no connection")),
    ("http://mixed-last.test:{port}/", "judged", Some("no connection")),
    ("http://mixed-public.test:{port}/", "judged", Some("answered")),
    // Names that stand for something else the next time.
    ("http://rebind.test:{port}/", "judged", Some("refused")),
    ("http://rebind-alias.test:{port}/", "judged", Some("refused")),
    ("http://rebind-mixed.test:{port}/", "judged", Some("no connection")),
    ("http://rebind-hop.test:{port}/?302=http://rebind-hop.test:{port}/", "judged", Some("refused")),
    ("http://rebind-late.test:{port}/?307=http://rebind-late.test:{port}/", "judged", Some("refused")),
    ("http://flip.test:{port}/", "judged", Some("answered")),
    // Redirects.
    ("http://public.test:{port}/?301=http://127.0.0.1:{port}/", "judged", Some("refused")),
    ("http://public.test:{port}/?302=http://2130706433:{port}/", "judged", Some("refused")),
    ("http://public.test:{port}/?303=http://0177.1:{port}/", "judged", Some("refused")),
    ("http://public.test:{port}/?307=http://%5B::ffff:127.0.0.1%5D:{port}/", "judged", Some("refused")),
    ("http://public.test:{port}/?308=http://0.0.0.0:{port}/", "judged", Some("refused")),
    ("http://public.test:{port}/?302=//127.0.0.1:{port}/", "judged", Some("refused")),
    ("http://public.test:{port}/?302=/%5C127.0.0.1:{port}/", "judged", Some("refused")),
    ("http://public.test:{port}/?302=http://localhost:{port}/", "judged", Some("refused")),
    ("http://public.test:{port}/?302=http://chain.test:{port}/", "judged", Some("refused")),
    ("http://public.test:{port}/?302=http://metadata.google.internal:{port}/", "judged", Some("refused")),
    ("http://public.test:{port}/?302=http%3A%2F%2Fpublic.test%3A{port}%2F%3F302%3Dhttp%3A%2F%2F127.1%3A{port}%2F",
     "judged", Some("refused")),
];

fn client(allow: &[&str]) -> HttpClient {
    HttpClient::knowing(guard(allow), Zone::names())
}

fn guard(allow: &[&str]) -> Guard {
    Guard::new(&allow.iter().map(|&entry| entry.into()).collect::<Vec<_>>()).unwrap()
}

fn judge(guard: &Guard, url: &str) -> &'static str {
    let Ok(url) = Url::parse(url) else { return "no url" };
    match guard.check(&url) {
        Ok(Trust::Named) => "named",
        Ok(Trust::Judged) => "judged",
        Err(Refusal::Url { .. }) => "bad url",
        Err(Refusal::Address { kind, .. }) => kind,
    }
}

async fn request(client: &HttpClient, url: &str) -> &'static str {
    let request = Request {
        method: Method::GET,
        url: Url::parse(url).unwrap(),
        headers: HeaderMap::new(),
        body: None,
        is_traced: false,
    };
    match client.execute(request, |_| false).await {
        Ok(_) => "answered",
        Err(HttpError::Refused(_)) => "refused",
        Err(HttpError::Connect { .. }) => "no connection",
        Err(_) => "broken",
    }
}

/// The rows that lead to the trap: their addresses, and what becomes of them.
fn leading_to(trap: &Trap) -> impl Iterator<Item = (String, &'static str)> {
    let port = trap.port.to_string();
    TABLE.iter().filter_map(move |(url, _, expected)| Some((url.replace("{port}", &port), (*expected)?)))
}

#[test]
fn the_guard_alone_judges_every_spelling_of_an_address() {
    let guard = guard(&[]);
    for (url, expected, _) in TABLE {
        assert_eq!(judge(&guard, &url.replace("{port}", "80")), *expected, "{url}");
    }
}

#[tokio::test]
async fn no_trick_leads_to_a_private_server_and_without_the_guard_each_of_them_does() {
    let trap = Trap::set().await;
    let guarded = client(&PUBLIC);
    for (url, expected) in leading_to(&trap) {
        request(&guarded, &url).await;
        assert_eq!(request(&guarded, &url).await, expected, "{url}");
    }
    assert!(trap.knock("127.0.0.1".parse().unwrap()).await);
    assert_eq!(trap.taken(), 1, "somebody else than the last one has come to the trap");
    // There are machines that do not know the other family at all.
    let speaks_ipv6 = trap.knock("::ffff:127.0.0.1".parse().unwrap()).await;
    let open = client(&ANYTHING);
    for (url, _) in leading_to(&trap).filter(|(url, _)| speaks_ipv6 || !url.contains("ffff")) {
        let before = trap.taken();
        request(&open, &url).await;
        request(&open, &url).await;
        assert!(trap.taken() > before, "{url} does not lead to the trap");
    }
}

#[tokio::test]
async fn a_name_is_judged_by_its_addresses_before_anything_is_connected_to() {
    let strict = client(&[]);
    for (name, expected) in [
        ("at-link-local.test", "link-local"),
        ("at-azure.test", "cloud metadata"),
        ("at-alibaba.test", "carrier-grade NAT"),
        ("at-oracle.test", "protocol assignments"),
        ("at-amazon.test", "unique local"),
        ("at-nat64.test", "NAT64"),
        ("at-mapped.test", "link-local"),
        ("at-several.test", "private"),
        ("chain.test", "loopback"),
    ] {
        match strict.address(name, 25).await {
            Err(HttpError::Refused(Refusal::Address { kind, host, .. })) => {
                assert_eq!((kind, &*host), (expected, name));
            }
            other => panic!("{name}: {other:?}"),
        }
    }
    assert_eq!(client(&PUBLIC).address("mixed-last.test", 25).await.unwrap().to_string(), "127.0.0.3");
}

#[tokio::test]
async fn a_name_that_does_not_resolve_is_told_as_such() {
    for name in ["nowhere.test", "empty.test"] {
        let (url, text) = (format!("http://{name}/"), format!("the name {name} does not resolve: it has no address"));
        let sent = Post { url: url.clone(), headers: Vec::new(), body: "{}".into(), now: NOW.parse().unwrap() };
        let attempt = post(&client(&[]), sent, Duration::from_secs(60)).await;
        assert!(matches!(attempt.broke, Some(Broke::Connection)), "{attempt:?}");
        assert!(attempt.detail.as_ref().unwrap().contains(&text), "{attempt:?}");
        let mut context = context();
        Arc::get_mut(&mut context.services).unwrap().http = client(&[]);
        let config = serde_json::from_value(json!({ "url": url })).unwrap();
        let (class, reason) = retried(ActionHttpRequest.run(config, &context).await);
        assert!(class == "connect" && reason.contains(&text), "{class}: {reason}");
    }
}
