//! What a mail has the parser do is bounded before. Mails within mails stay closed. The parser would open each, in a recursion as deep as whoever sends it likes, which ends the
//! process where its stack does.

/// What begins the header that says what a part is.
const CONTENT_TYPE: &[u8] = b"content-type";
/// What says in it how parts within a part are told from each other.
const BOUNDARY: &[u8] = b"boundary";
/// Subtypes that the parser opens, and as what it sees them instead: of the same length, and known to nobody.
const OPENED: [(&[u8], &[u8]); 3] = [(b"rfc822", b"rfc8x2"), (b"global", b"glob8x"), (b"digest", b"dige8x")];
/// What a mail within a mail is shown as.
const SHOWN: [(&str, &str); 3] = [
    ("message/rfc8x2", "message/rfc822"),
    ("message/glob8x", "message/global"),
    ("multipart/dige8x", "multipart/digest"),
];

/// Has nothing in a mail be of a type that the parser opens. In headers that say what a part is, up to their ends, those words are
/// others then; the length stays. A text that quotes such a header is changed by that, too.
pub(super) fn flatten(mail: &mut [u8]) {
    let mut from = 0;
    while let Some(at) = find(&mail[from..], CONTENT_TYPE) {
        let begin = from + at + CONTENT_TYPE.len();
        let end = begin + header_end(&mail[begin..]);
        for (opened, other) in OPENED {
            let mut next = begin;
            while let Some(at) = find(&mail[next..end], opened) {
                mail[next + at..next + at + other.len()].copy_from_slice(other);
                next += at + other.len();
            }
        }
        from = end;
    }
}

/// What a mail can have the parser make, at most.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Extent {
    /// Places at which a part may begin or end: the parser takes two dashes anywhere in a line for one.
    pub(super) parts: usize,
    /// How often it may look for the first part within a part, to the end of the mail if there is none.
    pub(super) searches: usize,
    /// Bytes that may be of headers: up to an empty line from the beginning, and from each of those places.
    pub(super) header_bytes: usize,
}

/// Looks through a mail once, before anything is made of it.
pub(super) fn extent(mail: &[u8]) -> Extent {
    let searches = mail.windows(BOUNDARY.len()).filter(|word| word.eq_ignore_ascii_case(BOUNDARY)).count();
    let (mut parts, mut header_bytes, mut is_header) = (0, 0, true);
    for at in 0..mail.len() {
        let rest = &mail[at..];
        if rest.starts_with(b"--") && (at == 0 || mail[at - 1] != b'-') {
            parts += 1;
            is_header = true;
        } else if rest.starts_with(b"\n\n") || rest.starts_with(b"\n\r\n") {
            is_header = false;
        }
        header_bytes += usize::from(is_header);
    }
    Extent { parts, searches, header_bytes }
}

/// The type as it was sent.
pub(super) fn shown(kind: String) -> String {
    SHOWN.iter().find(|(flat, _)| *flat == kind).map_or(kind, |(_, sent)| (*sent).to_owned())
}

/// Where a header ends: at a line end with no blank behind it.
fn header_end(rest: &[u8]) -> usize {
    let folds = |at: usize| matches!(rest.get(at + 1), Some(b' ' | b'\t'));
    rest.iter().enumerate().find(|(at, byte)| **byte == b'\n' && !folds(*at)).map_or(rest.len(), |(at, _)| at)
}

fn find(bytes: &[u8], word: &[u8]) -> Option<usize> {
    bytes.windows(word.len()).position(|found| found.eq_ignore_ascii_case(word))
}

#[cfg(test)]
mod tests {
    use base64::Engine;
    use base64::engine::general_purpose::STANDARD;
    use mail_parser::{MessageParser, PartType};

    use super::*;

    #[test]
    fn headers_that_say_what_a_part_is_name_nothing_that_is_opened() {
        let flat = |mail: &str| {
            let mut bytes = mail.as_bytes().to_vec();
            flatten(&mut bytes);
            String::from_utf8(bytes).unwrap()
        };
        assert_eq!(flat("Content-Type: message/RFC822\r\n\r\nrfc822"), "Content-Type: message/rfc8x2\r\n\r\nrfc822");
        assert_eq!(
            flat("CONTENT-TYPE: a;\r\n digest=global\r\nX: digest"),
            "CONTENT-TYPE: a;\r\n dige8x=glob8x\r\nX: digest"
        );
        assert_eq!(flat("rfc822\r\ncontent-type"), "rfc822\r\ncontent-type");
        assert_eq!(shown("message/rfc8x2".into()), "message/rfc822");
        assert_eq!(shown("text/plain".into()), "text/plain");
    }

    #[test]
    fn what_the_parser_may_make_of_a_mail_is_known_before() {
        let found = |mail: &str| {
            let Extent { parts, searches, header_bytes } = extent(mail.as_bytes());
            (parts, searches, header_bytes)
        };
        assert_eq!(found(""), (0, 0, 0));
        assert_eq!(found("A: b\r\n\r\nc: d\r\n"), (0, 0, 5));
        assert_eq!(found("A: b\n\n-----x\nC: d\n\ne--f"), (2, 0, 4 + 11 + 3));
        assert_eq!(found("A: Boundary=b; BOUNDARY=c"), (0, 2, 25));
        // Parts that no line begins.
        let hidden = format!("Content-Type: multipart/mixed; boundary=b\n\n{}", "--b\n\nx".repeat(1_000));
        let parsed = MessageParser::default().parse(hidden.as_bytes()).unwrap();
        assert!(parsed.parts.len() > 900 && found(&hidden).0 >= 1_000, "{} parts", parsed.parts.len());
    }

    #[test]
    fn a_mail_within_a_mail_is_not_opened_however_it_is_written() {
        let deep = "Content-Type: message/rfc822\r\n\r\n".repeat(60_000);
        let hidden = STANDARD.encode(&deep);
        let digest = "Content-Type: multipart/digest; boundary=b\r\n\r\n--b\r\n\r\n".repeat(1_000);
        for mail in [
            deep.clone(),
            format!("Content-Type: message/rfc822\r\nContent-Transfer-Encoding: base64\r\n\r\n{hidden}"),
            format!("Content-Type: message\r\n /(x)GLOBAL\r\nContent-Transfer-Encoding: base64\r\n\r\n{hidden}"),
            format!(
                "Content-Type: multipart/digest; boundary=b\r\n\r\n--b\r\nContent-Transfer-Encoding: base64\r\n\r\n{hidden}"
            ),
            format!("Content-Type : (a\r\n\tb) message / rfc822\n\n{deep}"),
            format!("{digest}{deep}"),
        ] {
            let mut bytes = mail.into_bytes();
            flatten(&mut bytes);
            let parsed = MessageParser::default().parse(&bytes).unwrap();
            assert!(
                !parsed.parts.iter().any(|part| matches!(part.body, PartType::Message(_))),
                "{:?}",
                &parsed.parts[0]
            );
        }
    }
}
