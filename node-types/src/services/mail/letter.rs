//! Checks a mail and turns it into a message.

use std::collections::BTreeMap;

use lettre::Message;
use lettre::message::header::{HeaderName, HeaderValue};
use lettre::message::{Mailbox, Mailboxes, MultiPart, SinglePart};
use sha2::{Digest, Sha256};

use super::Mail;
use super::attachment::{ATTACHMENTS_MAX, Attachment, check, with_files, with_lines};
use crate::services::header_text;

/// Most recipients of one mail.
pub const RECIPIENTS_MAX: usize = 50;
/// Longest text, and longest HTML, in bytes.
pub const TEXT_BYTES_MAX: usize = 1024 * 1024;
/// Longest subject and longest extra header, in bytes.
pub const LINE_BYTES_MAX: usize = 998;
/// Most extra headers.
pub const HEADERS_MAX: usize = 20;
/// Bytes of the hash in a message id: too many to meet twice.
const ID_HASH_BYTES: usize = 20;

/// Header of the step's idempotency key.
const KEY_HEADER: &str = "X-Idempotency-Key";
/// Header that tells other machines not to answer, and what it says unless the author says something else (RFC 3834). Two that
/// answer each other would do so for ever.
const AUTOMATIC_HEADER: &str = "Auto-Submitted";
const AUTOMATIC: &str = "auto-generated";
/// Headers that the mailer writes itself; `content-…` and `resent-…` are taken too.
const OWN_HEADERS: [&str; 12] = [
    "from",
    "sender",
    "to",
    "cc",
    "bcc",
    "reply-to",
    "subject",
    "date",
    "message-id",
    "mime-version",
    "return-path",
    "x-idempotency-key",
];

/// What a node wants to send.
#[derive(Clone, Debug, Default)]
pub struct Letter {
    /// Each one address or several with commas, with or without names.
    pub to: Vec<String>,
    /// The default sender if absent.
    pub from: Option<String>,
    /// Where answers go, if not to the sender.
    pub reply_to: Option<String>,
    /// One line.
    pub subject: String,
    /// Plain text.
    pub text: String,
    /// The same as HTML.
    pub html: Option<String>,
    /// Extra headers, one line each.
    pub headers: BTreeMap<String, String>,
    /// Files that go along.
    pub attachments: Vec<Attachment>,
}

/// What is wrong with a mail.
#[derive(Debug, thiserror::Error)]
pub enum LetterError {
    /// Not an address.
    #[error("\"{text}\" in {field} is not an e-mail address: {why}")]
    Address {
        /// `to`, `from` or `reply_to`.
        field: &'static str,
        /// As written, cut.
        text: String,
        /// From the address parser.
        why: String,
    },
    /// None, or more than [`RECIPIENTS_MAX`].
    #[error("a mail has 1 to {RECIPIENTS_MAX} recipients, this one has {0}")]
    Recipients(usize),
    /// A line break would smuggle in a header.
    #[error("{0} holds a line break or a control character; a header is one line")]
    LineBreak(String),
    /// Longer than its limit.
    #[error("{field} is {bytes} bytes long; {bytes_max} are possible")]
    TooLong {
        /// The field.
        field: String,
        /// Its length.
        bytes: usize,
        /// Its limit.
        bytes_max: usize,
    },
    /// A header that is not the author's to set, or has no valid name.
    #[error("the header \"{0}\" cannot be set; use the fields of the node, or a name of letters, digits and hyphens")]
    Header(String),
    /// More than [`HEADERS_MAX`].
    #[error("a mail has at most {HEADERS_MAX} extra headers, this one has {0}")]
    Headers(usize),
    /// More than [`ATTACHMENTS_MAX`].
    #[error("a mail has at most {ATTACHMENTS_MAX} attachments, this one has {0}")]
    Attachments(usize),
    /// None, or one with a path.
    #[error("an attachment has a name such as offer.pdf, without slashes, not \"{0}\"")]
    AttachmentName(String),
    /// Of an attachment.
    #[error("\"{0}\" is not the content type of an attachment; write one such as application/pdf")]
    ContentType(String),
    /// The builder refused it.
    #[error("the mail cannot be made: {0}")]
    Message(#[from] lettre::error::Error),
}

impl Letter {
    /// The message to send and its copy for the sandbox.
    pub(super) fn prepare(self, default_from: &Mailbox, key: &str) -> Result<(Message, Mail), LetterError> {
        self.check_bounds()?;
        let to = self.recipients()?;
        let from = match &self.from {
            Some(from) => address("from", from)?,
            None => default_from.clone(),
        };
        let message_id = message_id(key, from.email.domain());
        let mut builder = Message::builder().from(from.clone()).subject(&self.subject);
        for mailbox in &to {
            builder = builder.to(mailbox.clone());
        }
        if let Some(reply_to) = &self.reply_to {
            builder = builder.reply_to(address("reply_to", reply_to)?);
        }
        builder = builder.message_id(Some(message_id.clone())).date_now();
        builder = builder.raw_header(HeaderValue::new(HeaderName::new_from_ascii_str(KEY_HEADER), header_text(key)));
        for (name, value) in &self.headers {
            builder = builder.raw_header(HeaderValue::new(header_name(name)?, value.clone()));
        }
        if !self.headers.keys().any(|name| name.eq_ignore_ascii_case(AUTOMATIC_HEADER)) {
            let name = HeaderName::new_from_ascii_str(AUTOMATIC_HEADER);
            builder = builder.raw_header(HeaderValue::new(name, AUTOMATIC.into()));
        }
        let files = &self.attachments;
        let message = match &self.html {
            None if files.is_empty() => builder.singlepart(SinglePart::plain(self.text.clone()))?,
            None => {
                let text = SinglePart::plain(self.text.clone());
                builder.multipart(with_files(MultiPart::mixed().singlepart(text), files)?)?
            }
            Some(html) => {
                let both = MultiPart::alternative_plain_html(self.text.clone(), html.clone());
                let all = if files.is_empty() { both } else { with_files(MultiPart::mixed().multipart(both), files)? };
                builder.multipart(all)?
            }
        };
        let mail = Mail {
            to: to.iter().map(|mailbox| mailbox.email.to_string()).collect(),
            from: from.to_string(),
            subject: self.subject,
            text: with_lines(self.text, files),
            html: self.html,
            message_id,
        };
        Ok((message, mail))
    }

    fn check_bounds(&self) -> Result<(), LetterError> {
        bounded("subject", &self.subject, LINE_BYTES_MAX)?;
        one_line("subject", &self.subject)?;
        bounded("text", &self.text, TEXT_BYTES_MAX)?;
        bounded("html", self.html.as_deref().unwrap_or_default(), TEXT_BYTES_MAX)?;
        check(&self.attachments)?;
        if self.headers.len() > HEADERS_MAX {
            return Err(LetterError::Headers(self.headers.len()));
        }
        for (name, value) in &self.headers {
            let field = format!("the header {name:.60}");
            bounded(&field, name, LINE_BYTES_MAX)?;
            bounded(&field, value, LINE_BYTES_MAX)?;
            one_line(&field, value)?;
        }
        Ok(())
    }

    fn recipients(&self) -> Result<Vec<Mailbox>, LetterError> {
        let mut all = Vec::new();
        for text in &self.to {
            let found: Mailboxes = parsed("to", text)?;
            all.extend(found);
            if all.len() > RECIPIENTS_MAX {
                break;
            }
        }
        if all.is_empty() || all.len() > RECIPIENTS_MAX {
            return Err(LetterError::Recipients(all.len()));
        }
        Ok(all)
    }
}

/// True for a header that the author of a workflow may set.
#[must_use]
pub fn may_set_header(name: &str) -> bool {
    header_name(name).is_ok()
}

fn header_name(name: &str) -> Result<HeaderName, LetterError> {
    let lower = name.to_ascii_lowercase();
    let own = OWN_HEADERS.contains(&lower.as_str()) || lower.starts_with("content-") || lower.starts_with("resent-");
    let token =
        !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_');
    if own || !token {
        return Err(LetterError::Header(name.chars().take(60).collect()));
    }
    HeaderName::new_from_ascii(name.into()).map_err(|_| LetterError::Header(name.into()))
}

/// The same for each attempt of a step.
fn message_id(key: &str, domain: &str) -> String {
    let hash = Sha256::digest(key.as_bytes());
    let hex: String = hash.iter().take(ID_HASH_BYTES).map(|byte| format!("{byte:02x}")).collect();
    format!("<{hex}@{domain}>")
}

fn address(field: &'static str, text: &str) -> Result<Mailbox, LetterError> {
    parsed(field, text)
}

fn parsed<T: std::str::FromStr<Err = lettre::address::AddressError>>(
    field: &'static str,
    text: &str,
) -> Result<T, LetterError> {
    bounded(field, text, LINE_BYTES_MAX * RECIPIENTS_MAX)?;
    one_line(field, text)?;
    text.trim().parse().map_err(|error: T::Err| LetterError::Address {
        field,
        text: text.chars().take(100).collect(),
        why: error.to_string(),
    })
}

pub(super) fn bounded(field: &str, text: &str, bytes_max: usize) -> Result<(), LetterError> {
    if text.len() > bytes_max {
        return Err(LetterError::TooLong { field: field.into(), bytes: text.len(), bytes_max });
    }
    Ok(())
}

pub(super) fn one_line(field: &str, text: &str) -> Result<(), LetterError> {
    if text.chars().any(|c| c.is_control() && c != '\t') {
        return Err(LetterError::LineBreak(field.into()));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn letter() -> Letter {
        Letter { to: vec!["a@example.com".into()], subject: "Hi".into(), text: "Hello".into(), ..Letter::default() }
    }

    fn error(change: impl Fn(&mut Letter)) -> String {
        let mut letter = letter();
        change(&mut letter);
        letter
            .prepare(&"me@example.com".parse().unwrap(), "key")
            .err()
            .map(|error| error.to_string())
            .unwrap_or_default()
    }

    #[test]
    fn headers_cannot_be_smuggled_in() {
        for (name, text) in [
            ("subject", error(|l| l.subject = "Hi\r\nBcc: b@example.com".into())),
            ("to", error(|l| l.to = vec!["a@example.com\nBcc: b@example.com".into()])),
            ("from", error(|l| l.from = Some("x\r\n <a@example.com>".into()))),
            ("X-Tag", error(|l| _ = l.headers.insert("X-Tag".into(), "1\r\nBcc: b@example.com".into()))),
            ("X Tag", error(|l| _ = l.headers.insert("X Tag".into(), "1".into()))),
            ("Bcc", error(|l| _ = l.headers.insert("Bcc".into(), "b@example.com".into()))),
            ("content-type", error(|l| _ = l.headers.insert("content-type".into(), "text/html".into()))),
        ] {
            assert!(text.contains(name), "{name}: {text}");
        }
        assert_eq!(error(|l| _ = l.headers.insert("X-Tag".into(), "1".into())), "");
    }

    #[test]
    fn recipients_are_counted_and_checked() {
        assert!(error(|l| l.to = vec![]).contains("has 0"));
        assert!(error(|l| l.to = vec!["a@example.com".into(); 51]).contains("has 51"));
        assert!(error(|l| l.to = vec!["nobody".into()]).contains("\"nobody\" in to"));
        assert_eq!(error(|l| l.to = vec!["A <a@example.com>, b@example.com".into()]), "");
        assert!(error(|l| l.text = "x".repeat(TEXT_BYTES_MAX + 1)).contains("text is"));
    }

    #[test]
    fn a_mail_says_that_a_machine_has_sent_it_unless_the_author_says_something_else() {
        let sent = |letter: Letter| {
            let (message, _) = letter.prepare(&"me@example.com".parse().unwrap(), "key").unwrap();
            String::from_utf8(message.formatted()).unwrap()
        };
        assert!(sent(letter()).contains("Auto-Submitted: auto-generated\r\n"));
        let headers = BTreeMap::from([("auto-submitted".into(), "no".into())]);
        let own = sent(Letter { headers, ..letter() });
        assert!(own.contains("auto-submitted: no\r\n") && !own.contains("auto-generated"), "{own}");
    }

    fn file(name: &str, content_type: &str, bytes: &[u8]) -> Attachment {
        Attachment { name: name.into(), content_type: content_type.into(), bytes: bytes.into() }
    }

    #[test]
    fn files_go_along_with_text_and_html_and_the_kept_copy_names_them() {
        for html in [None, Some("<b>Hello</b>".to_owned())] {
            let attachments =
                vec![file("Angebot für Ada.pdf", "application/pdf", b"%PDF\0\xff"), file("a.csv", "text/csv", b"a;b")];
            let letter = Letter { html: html.clone(), attachments, ..letter() };
            let (message, mail) = letter.prepare(&"me@example.com".parse().unwrap(), "key").unwrap();
            let sent = String::from_utf8(message.formatted()).unwrap();
            let has = |text: &str| assert!(sent.contains(text), "{text}: {sent}");
            has("Content-Type: multipart/mixed");
            has("Content-Type: application/pdf");
            has("filename=\"a.csv\"");
            has("JVBERgD/");
            assert_eq!(sent.contains("multipart/alternative"), html.is_some());
            assert!(mail.text.ends_with(
                "\n[attached: Angebot für Ada.pdf, application/pdf, 6 bytes]\n[attached: a.csv, text/csv, 3 bytes]"
            ));
        }
    }

    #[test]
    fn attachments_are_counted_and_checked() {
        assert!(error(|l| l.attachments = vec![file("a", "text/csv", b""); 21]).contains("has 21"));
        assert!(
            error(|l| l.attachments = vec![file("a", "text/csv", &[0; 6 << 20]); 2]).contains("10485760 are possible")
        );
        assert!(error(|l| l.attachments = vec![file("../a", "text/csv", b"")]).contains("\"../a\""));
        assert!(error(|l| l.attachments = vec![file(" ", "text/csv", b"")]).contains("has a name"));
        assert!(error(|l| l.attachments = vec![file("a\r\nX: 1", "text/csv", b"")]).contains("line break"));
        assert!(error(|l| l.attachments = vec![file("a", "nothing", b"")]).contains("\"nothing\""));
        let long = format!("text/csv; a={}", "b".repeat(300));
        assert!(
            error(|l| l.attachments = vec![file("a", &long, b"")]).contains("the content type of an attachment is")
        );
        assert_eq!(error(|l| l.attachments = vec![file("a", "text/csv; charset=utf-8", b"a")]), "");
    }

    #[test]
    fn the_message_id_depends_on_the_key_alone() {
        let id = |key| letter().prepare(&"me@example.com".parse().unwrap(), key).unwrap().1.message_id;
        assert_eq!(id("one"), id("one"));
        assert_ne!(id("one"), id("two"));
        assert!(id("one").ends_with("@example.com>"));
    }
}
