//! Reads a mail as it came over SMTP: enough of MIME for what our own mailer writes.

use capstan_node_types::services::mail::Mail;
use capstan_node_types::smtp_sink::ReceivedMail;

/// The mail as a mailbox keeps it.
pub(super) fn read(received: &ReceivedMail) -> Mail {
    let header = |name: &str| received.header(name).unwrap_or_default();
    let (text, html) = bodies(received);
    Mail {
        to: received.to.clone(),
        from: words(&header("From")),
        subject: words(&header("Subject")),
        text,
        html,
        message_id: header("Message-ID"),
    }
}

/// Plain text and HTML.
fn bodies(received: &ReceivedMail) -> (String, Option<String>) {
    let kind = received.header("Content-Type").unwrap_or_default();
    let Some(boundary) = parameter(&kind, "boundary") else {
        let encoding = received.header("Content-Transfer-Encoding").unwrap_or_default();
        return (decoded(received.body(), &encoding), None);
    };
    let (mut text, mut html) = (String::new(), None);
    for part in received.body().split(&format!("--{boundary}")).skip(1) {
        let part = ReceivedMail { data: part.trim_start_matches("\r\n").to_owned(), ..received.clone() };
        let body = decoded(part.body(), &part.header("Content-Transfer-Encoding").unwrap_or_default());
        match part.header("Content-Type").unwrap_or_default() {
            kind if kind.starts_with("text/plain") => text = body,
            kind if kind.starts_with("text/html") => html = Some(body),
            _ => {}
        }
    }
    (text, html)
}

fn parameter(header: &str, name: &str) -> Option<String> {
    let (_, value) =
        header.split(';').filter_map(|part| part.trim().split_once('=')).find(|(found, _)| *found == name)?;
    Some(value.trim_matches('"').to_owned())
}

fn decoded(body: &str, encoding: &str) -> String {
    let bytes = match encoding.to_ascii_lowercase().as_str() {
        "base64" => base64(body),
        "quoted-printable" => quoted_printable(body, false),
        _ => body.as_bytes().to_vec(),
    };
    String::from_utf8_lossy(&bytes).replace("\r\n", "\n").trim_end().to_owned()
}

/// A header with its encoded words (RFC 2047) decoded.
fn words(header: &str) -> String {
    let mut out = String::new();
    let mut rest = header;
    while let Some((before, after)) = rest.split_once("=?") {
        let mut parts = after.splitn(4, '?');
        let (Some(_), Some(how), Some(text), Some(after)) = (parts.next(), parts.next(), parts.next(), parts.next())
        else {
            break;
        };
        // Blanks between two encoded words belong to the encoding.
        if !(rest.len() < header.len() && before.trim().is_empty()) {
            out.push_str(before);
        }
        let bytes = if how.eq_ignore_ascii_case("b") { base64(text) } else { quoted_printable(text, true) };
        out.push_str(&String::from_utf8_lossy(&bytes));
        rest = after.strip_prefix('=').unwrap_or(after);
    }
    out + rest
}

fn quoted_printable(text: &str, in_header: bool) -> Vec<u8> {
    let text = text.replace("=\r\n", "");
    let bytes = text.as_bytes();
    let mut out = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while let Some(&byte) = bytes.get(at) {
        let code = bytes.get(at + 1..at + 3).and_then(|hex| std::str::from_utf8(hex).ok());
        match code.filter(|_| byte == b'=').and_then(|hex| u8::from_str_radix(hex, 16).ok()) {
            Some(value) => {
                out.push(value);
                at += 2;
            }
            None => out.push(if in_header && byte == b'_' { b' ' } else { byte }),
        }
        at += 1;
    }
    out
}

fn base64(text: &str) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len() / 4 * 3);
    let (mut bits, mut count) = (0_u32, 0);
    for byte in text.bytes() {
        let value = match byte {
            b'A'..=b'Z' => byte - b'A',
            b'a'..=b'z' => byte - b'a' + 26,
            b'0'..=b'9' => byte - b'0' + 52,
            b'+' => 62,
            b'/' => 63,
            _ => continue,
        };
        bits = (bits << 6 | u32::from(value)) & 0xff_ffff;
        count += 6;
        if count >= 8 {
            count -= 8;
            out.push((bits >> count & 0xff) as u8);
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use capstan_engine::core::ids::WorkspaceId;
    use capstan_node_types::services::mail::{Letter, MailSettings, Mailbox, MailboxError, Mailer};
    use capstan_node_types::smtp_sink::SmtpSink;
    use futures::future::BoxFuture;

    use super::*;

    struct NoMailbox;

    impl Mailbox for NoMailbox {
        fn store<'a>(&'a self, _: WorkspaceId, _: Mail) -> BoxFuture<'a, Result<(), MailboxError>> {
            Box::pin(async { Ok(()) })
        }
    }

    #[tokio::test]
    async fn what_our_mailer_sends_is_read_as_it_was_written() {
        let (sink, mut mails) = SmtpSink::start().await.unwrap();
        let server = Some(format!("smtp://{}", sink.address()).parse().unwrap());
        let settings = MailSettings { server, from: "Capstan <capstan@example.com>".into(), sandbox: false };
        let mailer = Mailer::new(&settings, Arc::new(NoMailbox)).unwrap();
        let long = "long line ".repeat(200);
        for (subject, text, html) in [
            ("Offer", "Hello\n.\nbye", None),
            ("Angebot für Käse = gut", "Größe: ½\n\nüber = unter", Some("<b>für</b>")),
            ("日本語の件名、とても長い件名なので折り返されます、日本語の件名", "日本語 日本語 日本語", None),
            ("x", long.trim_end(), None),
        ] {
            let letter = Letter {
                to: vec!["ada@example.com".into()],
                subject: subject.into(),
                text: text.into(),
                html: html.map(Into::into),
                ..Letter::default()
            };
            let receipt = mailer.send(WorkspaceId::new(), "key", letter, None).await.unwrap();
            let mail = read(&mails.recv().await.unwrap());
            assert_eq!((mail.subject.as_str(), mail.text.as_str(), mail.html.as_deref()), (subject, text, html));
            assert_eq!(mail.message_id, receipt.message_id);
            assert_eq!(
                (mail.from.as_str(), mail.to.as_slice()),
                ("Capstan <capstan@example.com>", &["ada@example.com".to_owned()][..])
            );
        }
    }
}
