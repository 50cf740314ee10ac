//! A mail that a mailbox forwards becomes a lead: from the wire to the rows, with the graph of the example.

use std::fs;
use std::path::Path;

use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;

use crate::process::Process;
use crate::site::Site;
use crate::world::World;

/// As the server of the mailbox sends it on: what it adds stands before what the sender wrote.
const MAIL: &str = "Received: from mx.acme.example by relay.acme.example with ESMTPS; Mon, 30 Nov 2026 12:00:02 +0100\r\n\
    X-Forwarded-For: office@acme.example\r\nDelivered-To: office@acme.example\r\n\
    Received: from mail.analytical.example by mx.acme.example with ESMTPS; Mon, 30 Nov 2026 12:00:01 +0100\r\n\
    From: =?utf-8?q?Ada_L=C3=B6velace?= <ada@analytical.example>\r\nTo: Office <office@acme.example>\r\n\
    Subject: =?utf-8?q?An_offer_for_=C3=96fen?=\r\nMessage-ID: <m1@analytical.example>\r\n\
    Date: Mon, 30 Nov 2026 12:00:00 +0100\r\nMIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\n\
    Content-Transfer-Encoding: quoted-printable\r\n\r\n\
    Dear people,\r\n\r\nwhat does an engine cost? Gr=C3=BC=C3=9Fe\r\n.. and two dots.\r\n";
/// What a machine answers by itself.
const ABSENCE: &str = "From: Bob <bob@elsewhere.example>\r\nTo: office@acme.example\r\nSubject: I am away\r\n\
    Message-ID: <m2@elsewhere.example>\r\nAuto-Submitted: auto-replied\r\n\r\nUntil Monday.\r\n";
/// What gives no sender that one could write to.
const NAMELESS: &str =
    "From: <>\r\nTo: office@acme.example\r\nSubject: Hello\r\nMessage-ID: <m3@elsewhere.example>\r\n\r\nGuess who.\r\n";

/// The graph of the example, which keeps the subject as a value of the lead, too.
fn example() -> Value {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/forwarded-mail/workflow.json");
    let mut graph: Value = serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap();
    let lead = graph["nodes"].as_array_mut().unwrap().iter_mut().find(|node| node["id"] == "lead").unwrap();
    lead["data"]["config"]["fields"] = json!({ "topic": "{{ input.subject }}" });
    graph
}

/// Hands a mail over as the server of the mailbox, which says itself as the sender.
async fn hand_over(server: &str, to: &str, mail: &str) {
    let mut stream = BufReader::new(TcpStream::connect(server).await.unwrap());
    assert_eq!(reply(&mut stream).await, "220");
    let stuffed = mail.replace("\r\n.", "\r\n..");
    for (said, code) in [
        ("EHLO relay.acme.example".to_owned(), "250"),
        ("MAIL FROM:<office@acme.example>".to_owned(), "250"),
        (format!("RCPT TO:<{to}>"), "250"),
        ("DATA".to_owned(), "354"),
        (format!("{stuffed}."), "250"),
        ("QUIT".to_owned(), "221"),
    ] {
        stream.write_all(format!("{said}\r\n").as_bytes()).await.unwrap();
        assert_eq!(reply(&mut stream).await, code, "{said}");
    }
}

/// The code of the next answer, which may have several lines.
async fn reply(stream: &mut BufReader<TcpStream>) -> String {
    loop {
        let mut line = String::new();
        assert!(stream.read_line(&mut line).await.unwrap() > 3, "the server went away after {line:?}");
        if line.as_bytes()[3] != b'-' {
            return line[..3].to_owned();
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_forwarded_mail_becomes_a_lead_with_its_values_source_and_history_once() {
    let (world, _) = World::start().await;
    let site = Site::new().await;
    let worker = Process::start(&["worker"], &site.worker_env(&world)).await;
    let takes_mail =
        [("CAPSTAN_MAIL_IN_LISTEN", "127.0.0.1:0".to_owned()), ("CAPSTAN_MAIL_IN_DOMAIN", "in.example.com".to_owned())];
    let (server, url) = site.serve_with(&takes_mail).await;
    let published = site.publish_over_http(&url, "forwarded", &example()).await;
    let shown = published["triggers"][0]["url"].as_str().unwrap_or_else(|| panic!("{published}"));
    let address = shown.strip_prefix("mailto:").unwrap();
    assert!(address.starts_with("leads.") && address.ends_with("@in.example.com"), "{address}");

    // The same twice, as it comes where an acknowledgement is lost; then what is from nobody.
    let mail_in = server.ready["mail_in"].as_str().unwrap();
    for mail in [MAIL, MAIL, ABSENCE, NAMELESS] {
        hand_over(mail_in, address, mail).await;
    }
    site.until_completed(3).await;
    let execution = format!(
        "SELECT execution_id FROM executions WHERE trigger_node_id = 'mail' AND input ->> 'message_id' = 'm1@analytical.example' \
           AND input #>> '{{envelope,from}}' = 'office@acme.example' AND input #>> '{{envelope,to}}' = '{address}'"
    );
    let lead = "SELECT lead_id FROM leads WHERE email = 'ada@analytical.example'";
    for of in [
        "leads".to_owned(),
        format!(
            "leads WHERE workspace_id = '{}' AND email = 'ada@analytical.example' AND name = 'Ada Lövelace' \
               AND status = 'new' AND source = 'forwarded mail' AND last_email_at IS NOT NULL",
            site.workspace_id
        ),
        format!("lead_field_data WHERE lead_id = ({lead}) AND name = 'topic' AND text_value = 'An offer for Öfen'"),
        "lead_sources WHERE name = 'forwarded mail'".to_owned(),
        format!(
            "lead_events WHERE lead_id = ({lead}) AND type = 'created' AND by_kind = 'step' AND execution_id = ({execution})"
        ),
        format!(
            "lead_events WHERE lead_id = ({lead}) AND type = 'email' AND execution_id = ({execution}) \
               AND data ->> 'text' LIKE 'An offer for Öfen%what does an engine cost? Grüße%.. and two dots.'"
        ),
        format!(
            "events WHERE type = 'lead.created' AND key = ({lead})::text AND data #>> '{{lead,source}}' = 'forwarded mail' \
               AND data #>> '{{lead,fields,topic}}' = 'An offer for Öfen'"
        ),
    ] {
        assert_eq!(site.rows(&of).await, 1, "{of}");
    }
    let nobody = "execution_steps WHERE node_id = 'person' AND port = 'false' AND status = 'completed'";
    assert_eq!(site.rows(nobody).await, 2);
    let listed = site.get(&url, "leads?email=ada@analytical.example").await.body;
    assert_eq!(listed["items"][0]["email"], "ada@analytical.example", "{listed}");
    for process in [worker, server] {
        process.end().await;
    }
}
