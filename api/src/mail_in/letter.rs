//! What executions are given of a mail, within bounds.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use capstan_node_types::types::{EmailAttachments, EmailConfig};
use mail_parser::{Address, Message, MessageParser, MessagePart, MimeHeaders};
use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};

use super::flat;
use crate::body::INPUT_BYTES_MAX;

/// Most addresses of one field.
const ADDRESSES_MAX: usize = 50;
/// Most bytes of a name, an address, a type, and of the subject.
const WORD_BYTES_MAX: usize = 1_000;
/// Most bytes of the text and of the HTML.
const TEXT_BYTES_MAX: usize = 200 * 1024;
/// The same where all together is too long: the HTML is left out then, and what is in attachments.
const SHORT_TEXT_BYTES_MAX: usize = 100 * 1024;
/// Most bytes of a header.
const HEADER_BYTES_MAX: usize = 2_000;
/// Most attachments that are told of.
const ATTACHMENTS_MAX: usize = 50;
/// Most bytes of an attachment that is handed on, and of all of a mail.
const CONTENT_BYTES_MAX: usize = 64 * 1024;
const CONTENTS_BYTES_MAX: usize = 192 * 1024;
/// Places of a mail at which a part may begin: each part takes more memory than it has bytes.
const PARTS_MAX: usize = 10_000;
/// How often the parser may look through all of a mail.
const SEARCHES_MAX: usize = 200;
/// Most bytes of headers, all parts together: what is made of them takes many times their size.
const HEADERS_BYTES_MAX: usize = 1024 * 1024;
/// Servers that a mail may have passed: of more, it goes in a circle.
const HOPS_MAX: usize = 50;

/// A trigger that a mail is for.
#[derive(Clone, Debug, Default)]
pub(super) struct Reader {
    pub(super) config: EmailConfig,
    /// The address that the mail came to. It is not told to whom else: those may be others' workspaces.
    pub(super) to: String,
}

/// Why a mail starts nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Flaw {
    /// It has no headers.
    NoMail,
    /// It has passed more than [`HOPS_MAX`] servers.
    Circle,
    /// It may have more than [`PARTS_MAX`] parts, or [`SEARCHES_MAX`] of parts within each other.
    Pieces,
    /// Its headers have more than [`HEADERS_BYTES_MAX`].
    Headers,
}

/// A mail for some triggers.
#[derive(Debug)]
pub(super) struct Letter {
    /// The same whenever the mail comes: of its Message-ID, or of all of it if it has none.
    pub(super) once: String,
    /// What each trigger is given, in their order.
    pub(super) inputs: Vec<Value>,
}

/// Reads a mail for these triggers. `from` is the sender that was said before the mail, empty for a bounce.
pub(super) fn read(mut bytes: Vec<u8>, from: &str, readers: &[Reader]) -> Result<Letter, Flaw> {
    let extent = flat::extent(&bytes);
    if extent.parts > PARTS_MAX || extent.searches > SEARCHES_MAX {
        return Err(Flaw::Pieces);
    }
    if extent.header_bytes > HEADERS_BYTES_MAX {
        return Err(Flaw::Headers);
    }
    let whole = Sha256::digest(&bytes);
    flat::flatten(&mut bytes);
    let mail = MessageParser::default().parse(&bytes).ok_or(Flaw::NoMail)?;
    if mail.headers().is_empty() {
        return Err(Flaw::NoMail);
    }
    if mail.headers_raw().filter(|(name, _)| name.eq_ignore_ascii_case("received")).count() > HOPS_MAX {
        return Err(Flaw::Circle);
    }
    let id = mail.message_id().map(str::trim).filter(|id| !id.is_empty());
    let once: String = id.map_or(whole, Sha256::digest).iter().map(|byte| format!("{byte:02x}")).collect();
    let inputs = readers.iter().map(|reader| input(&mail, from, reader)).collect();
    Ok(Letter { once: format!("email:{once}"), inputs })
}

fn input(mail: &Message<'_>, from: &str, reader: &Reader) -> Value {
    let whole = fill(mail, from, reader, TEXT_BYTES_MAX);
    if whole.to_string().len() <= INPUT_BYTES_MAX {
        return whole;
    }
    let plain = Reader { to: reader.to.clone(), config: EmailConfig::default() };
    let mut short = fill(mail, from, &plain, SHORT_TEXT_BYTES_MAX);
    short["html"] = Value::Null;
    short["html_cut"] = mail.html_bodies().any(MessagePart::is_text_html).into();
    if short.to_string().len() > INPUT_BYTES_MAX {
        // Nobody writes that much into lists but on purpose.
        for list in ["reply_to", "to", "cc", "attachments"] {
            short[list] = json!([]);
        }
        short["attachments_left_out"] = mail.attachment_count().into();
    }
    short
}

fn fill(mail: &Message<'_>, sender: &str, Reader { config, to }: &Reader, text_max: usize) -> Value {
    let text = mail.body_text(0).unwrap_or_default();
    let html = mail.html_bodies().find(|part| part.is_text_html()).and_then(MessagePart::text_contents);
    json!({
        "message_id": mail.message_id().map(|id| word(id.trim())),
        "from": mail.from().and_then(|from| addresses(Some(from)).into_iter().next()),
        "reply_to": addresses(mail.reply_to()),
        "to": addresses(mail.to()),
        "cc": addresses(mail.cc()),
        "subject": word(mail.subject().unwrap_or_default()),
        "date": mail.date().map(mail_parser::DateTime::to_rfc3339),
        "text": cut(&text, text_max),
        "text_cut": text.len() > text_max,
        "html": html.map(|html| cut(html, text_max)),
        "html_cut": html.is_some_and(|html| html.len() > text_max),
        "attachments": attachments(mail, config.attachments),
        "attachments_left_out": mail.attachment_count().saturating_sub(ATTACHMENTS_MAX),
        "headers": headers(mail, &config.headers),
        "automatic": is_automatic(mail, sender),
        "envelope": { "from": word(sender), "to": word(to) },
    })
}

fn addresses(field: Option<&Address<'_>>) -> Vec<Value> {
    let Some(field) = field else { return Vec::new() };
    let shown =
        field.iter().filter_map(|one| Some(json!({ "name": one.name().map(word), "address": word(one.address()?) })));
    shown.take(ADDRESSES_MAX).collect()
}

fn attachments(mail: &Message<'_>, wanted: EmailAttachments) -> Vec<Value> {
    let mut room = if wanted == EmailAttachments::Contents { CONTENTS_BYTES_MAX } else { 0 };
    let show = |part: &MessagePart<'_>| {
        let bytes = part.contents();
        let fits = wanted == EmailAttachments::Contents && bytes.len() <= CONTENT_BYTES_MAX.min(room);
        if fits {
            room -= bytes.len();
        }
        json!({
            "name": part.attachment_name().map(word),
            "type": kind(part),
            "bytes": part.len(),
            "content_id": part.content_id().map(word),
            "content": fits.then(|| STANDARD.encode(bytes)),
        })
    };
    mail.attachments().take(ATTACHMENTS_MAX).map(show).collect()
}

/// Such as `image/png`.
fn kind(part: &MessagePart<'_>) -> Option<String> {
    let kind = part.content_type()?;
    let whole = kind.subtype().map_or_else(|| kind.ctype().to_owned(), |subtype| format!("{}/{subtype}", kind.ctype()));
    Some(flat::shown(word(&whole.to_ascii_lowercase())))
}

/// Those that are asked for and there, in small letters: the first of each name, as it was sent, on one line.
fn headers(mail: &Message<'_>, wanted: &[String]) -> Map<String, Value> {
    let value = |name: &String| {
        let (_, value) = mail.headers_raw().find(|(found, _)| found.eq_ignore_ascii_case(name))?;
        let line = value.split_whitespace().collect::<Vec<_>>().join(" ");
        Some((name.to_ascii_lowercase(), cut(&line, HEADER_BYTES_MAX).into()))
    };
    wanted.iter().filter_map(value).collect()
}

/// Whether a machine has sent it by itself: whoever answers it may be answered for ever.
fn is_automatic(mail: &Message<'_>, sender: &str) -> bool {
    let says = |name: &str, judge: fn(&str) -> bool| {
        let mut found = mail.headers_raw().filter(|(found, _)| found.eq_ignore_ascii_case(name));
        found.any(|(_, value)| judge(&value.trim().to_ascii_lowercase()))
    };
    sender.is_empty()
        || says("auto-submitted", |value| !value.is_empty() && !value.starts_with("no"))
        || says("precedence", |value| ["bulk", "junk", "list", "auto_reply"].contains(&value))
}

fn word(text: &str) -> String {
    cut(text, WORD_BYTES_MAX)
}

/// Its first bytes, as whole characters that the database takes.
fn cut(text: &str, bytes_max: usize) -> String {
    let end = text.floor_char_boundary(bytes_max);
    text[..end].replace('\0', "\u{fffd}")
}

#[cfg(test)]
mod tests {
    use super::*;

    const MAIL: &str = "Received: from a\r\nFrom: \"Ada L.\" <ada@example.com>\r\nTo: in@example.com, b@example.com\r\n\
        Subject: =?utf-8?q?Gr=C3=BC=C3=9Fe?=\r\nMessage-ID: <1@example.com>\r\nDate: Mon, 30 Nov 2026 12:00:00 +0100\r\n\
        X-Priority:  1\r\n  (High)\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=x\r\n\r\n\
        --x\r\nContent-Type: multipart/alternative; boundary=y\r\n\r\n\
        --y\r\nContent-Type: text/plain; charset=iso-8859-1\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\nH=E9!\r\n\
        --y\r\nContent-Type: text/html\r\n\r\n<p>Hi</p>\r\n--y--\r\n\
        --x\r\nContent-Type: application/pdf; name=a.pdf\r\nContent-Transfer-Encoding: base64\r\n\
        Content-Disposition: attachment; filename=a.pdf\r\n\r\nAAEC\r\n--x--\r\n";

    const SENDER: &str = "ada@example.com";

    fn one(mail: &str, config: Value) -> Value {
        let reader = Reader { config: serde_json::from_value(config).unwrap(), to: "in@example.com".into() };
        read(mail.into(), SENDER, &[reader]).unwrap().inputs.remove(0)
    }

    #[test]
    fn a_mail_is_read_with_its_charsets_parts_and_attachments() {
        let input = one(MAIL, json!({ "headers": ["X-Priority", "X-None"], "attachments": "contents" }));
        assert_eq!(input["from"], json!({ "name": "Ada L.", "address": "ada@example.com" }));
        assert_eq!((&input["to"][1]["address"], &input["subject"]), (&json!("b@example.com"), &json!("Grüße")));
        assert_eq!(
            (&input["message_id"], &input["date"]),
            (&json!("1@example.com"), &json!("2026-11-30T12:00:00+01:00"))
        );
        assert_eq!(
            (input["text"].as_str().unwrap().trim(), input["html"].as_str().unwrap().trim()),
            ("Hé!", "<p>Hi</p>")
        );
        let attachment =
            json!({ "name": "a.pdf", "type": "application/pdf", "bytes": 3, "content_id": null, "content": "AAEC" });
        assert_eq!(input["attachments"], json!([attachment]));
        assert_eq!(input["headers"], json!({ "x-priority": "1 (High)" }));
        assert_eq!((&input["automatic"], &input["text_cut"]), (&json!(false), &json!(false)));
        assert_eq!(one(MAIL, json!({}))["attachments"][0]["content"], Value::Null);
    }

    #[test]
    fn a_mail_within_a_mail_is_an_attachment() {
        let mail = format!(
            "Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Type: message/rfc822\r\n\r\n{MAIL}"
        );
        let input = one(&mail, json!({ "attachments": "contents" }));
        assert_eq!(input["attachments"][0]["type"], "message/rfc822");
        let content = STANDARD.decode(input["attachments"][0]["content"].as_str().unwrap()).unwrap();
        assert_eq!(String::from_utf8(content).unwrap().trim_end(), MAIL.trim_end());
    }

    #[test]
    fn the_same_mail_is_known_by_its_id_or_by_all_of_it() {
        let once = |mail: &str| read(mail.into(), SENDER, &[]).unwrap().once;
        assert_eq!(once(MAIL), once(&MAIL.replace("Received: from a", "Received: from b")));
        assert_ne!(once(MAIL), once(&MAIL.replace("<1@", "<2@")));
        let bare = "Subject: a\r\n\r\nb\r\n";
        assert_eq!(once(bare), once(bare));
        assert_ne!(once(bare), once("Subject: a\r\n\r\nc\r\n"));
    }

    #[test]
    fn what_a_machine_sent_by_itself_is_told() {
        for head in ["Auto-Submitted: auto-replied", "Precedence: bulk", "auto-submitted: auto-generated (x)"] {
            assert_eq!(one(&format!("{head}\r\n{MAIL}"), json!({}))["automatic"], json!(true), "{head}");
        }
        assert_eq!(one(&format!("Auto-Submitted: no\r\n{MAIL}"), json!({}))["automatic"], json!(false));
        let bounce = read(MAIL.into(), "", &[Reader::default()]).unwrap();
        assert_eq!(bounce.inputs[0]["automatic"], json!(true));
    }

    #[test]
    fn no_mail_becomes_more_than_an_input_may_be() {
        let text = "\u{1}\u{1}\u{1}\0".repeat(TEXT_BYTES_MAX);
        let head = format!("Subject: {}\r\nTo: {}\r\n", "s".repeat(9_999), "a@b.c, ".repeat(999));
        let input = one(&format!("{head}\r\n{text}"), json!({}));
        assert!(input.to_string().len() <= INPUT_BYTES_MAX, "{}", input.to_string().len());
        assert_eq!((&input["text_cut"], input["to"].as_array().unwrap().len()), (&json!(true), ADDRESSES_MAX));
        assert!(!input["text"].as_str().unwrap().contains('\0'));
        assert_eq!(input["subject"].as_str().unwrap().len(), WORD_BYTES_MAX);
        let names = format!("\"{}\" <a@b.c>, ", "\u{1}".repeat(999)).repeat(50);
        let input = one(&format!("To: {names}\r\nCc: {names}\r\nReply-To: {names}\r\n\r\n{text}"), json!({}));
        assert!(input.to_string().len() <= INPUT_BYTES_MAX, "{}", input.to_string().len());
    }

    #[test]
    fn what_is_no_mail_or_goes_in_a_circle_is_refused() {
        let flaw = |mail: &str| read(mail.into(), SENDER, &[]).unwrap_err();
        assert_eq!(flaw(""), Flaw::NoMail);
        assert_eq!(flaw(&format!("{}{MAIL}", "Received: from a\r\n".repeat(HOPS_MAX))), Flaw::Circle);
        assert_eq!(flaw(&format!("{MAIL}{}", "--x\r\n".repeat(PARTS_MAX))), Flaw::Pieces);
        assert_eq!(flaw(&format!("{MAIL}{}", "\r\n--x\r\n\r\nx".repeat(PARTS_MAX))), Flaw::Pieces);
        assert_eq!(flaw(&format!("{MAIL}{}", "boundary ".repeat(SEARCHES_MAX))), Flaw::Pieces);
        assert_eq!(flaw(&format!("To: {}\r\n{MAIL}", "a,".repeat(HEADERS_BYTES_MAX / 2))), Flaw::Headers);
    }
}
