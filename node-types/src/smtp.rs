//! What servers that speak SMTP read: lines, addresses and the text of a mail. They keep to bounds, and to line ends of CR and
//! LF where a mail ends, so that nobody can hide a second mail in one.

use std::io;
use std::time::Duration;

use tokio::io::{AsyncBufRead, AsyncBufReadExt, AsyncReadExt};
use tokio::time::timeout;

/// Reads up to the end of a line, or up to `bytes_max` bytes of one that is longer.
///
/// # Errors
/// After `idle`, or if the client went away.
pub async fn read_piece(
    stream: &mut (impl AsyncBufRead + Unpin),
    bytes_max: usize,
    idle: Duration,
) -> io::Result<Vec<u8>> {
    let mut piece = Vec::new();
    let limit = u64::try_from(bytes_max).unwrap_or(u64::MAX);
    timeout(idle, stream.take(limit).read_until(b'\n', &mut piece)).await??;
    if piece.ends_with(b"\n") || piece.len() == bytes_max {
        return Ok(piece);
    }
    Err(io::Error::new(io::ErrorKind::UnexpectedEof, "the client went away"))
}

/// Reads one line with its end.
///
/// # Errors
/// The same, and if the line is longer.
pub async fn read_line(
    stream: &mut (impl AsyncBufRead + Unpin),
    bytes_max: usize,
    idle: Duration,
) -> io::Result<Vec<u8>> {
    let line = read_piece(stream, bytes_max, idle).await?;
    let too_long = || io::Error::new(io::ErrorKind::InvalidData, "the line is too long");
    if line.ends_with(b"\n") { Ok(line) } else { Err(too_long()) }
}

/// The address in `FROM:<address> SIZE=…`, and what follows it.
#[must_use]
pub fn path<'a>(argument: &'a str, prefix: &str) -> Option<(&'a str, &'a str)> {
    let head = argument.get(..prefix.len())?;
    let rest = argument[prefix.len()..].trim_start();
    let rest = head.eq_ignore_ascii_case(prefix).then_some(rest)?;
    rest.strip_prefix('<')?.split_once('>').map(|(address, rest)| (address, rest.trim()))
}

/// The text of a mail as it comes, without the dots that stand before dots.
#[derive(Debug)]
pub struct MailText {
    bytes: Vec<u8>,
    bytes_max: usize,
    fits: bool,
    /// The last two bytes that came.
    last: [u8; 2],
}

impl MailText {
    /// Nothing yet of a mail of at most so many bytes.
    #[must_use]
    pub fn new(bytes_max: usize) -> Self {
        Self { bytes: Vec::new(), bytes_max, fits: true, last: *b"\r\n" }
    }

    /// Takes a line, or a piece of one; whether the mail is over with it. What comes of one that is too long is dropped.
    pub fn add(&mut self, piece: &[u8]) -> bool {
        let begins_line = self.last == *b"\r\n";
        if begins_line && piece == b".\r\n" {
            return true;
        }
        match *piece {
            [.., a, b] => self.last = [a, b],
            [b] => self.last = [self.last[1], b],
            [] => {}
        }
        let text = if begins_line { piece.strip_prefix(b".").unwrap_or(piece) } else { piece };
        self.fits = self.fits && self.bytes.len() + text.len() <= self.bytes_max;
        if self.fits {
            self.bytes.extend_from_slice(text);
        } else {
            self.bytes = Vec::new();
        }
        false
    }

    /// The mail; none if it was too long.
    #[must_use]
    pub fn finish(self) -> Option<Vec<u8>> {
        self.fits.then_some(self.bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What comes of these pieces, and how many were read.
    fn text(pieces: &[&str], bytes_max: usize) -> (Option<String>, usize) {
        let mut text = MailText::new(bytes_max);
        let read = pieces.iter().take_while(|piece| !text.add(piece.as_bytes())).count();
        (text.finish().map(|bytes| String::from_utf8(bytes).unwrap()), read)
    }

    #[test]
    fn a_mail_ends_at_a_dot_between_two_line_ends_and_nowhere_else() {
        assert_eq!(text(&["a\r\n", "..b\r\n", ".\r\n"], 100), (Some("a\r\n.b\r\n".into()), 2));
        assert_eq!(text(&[".\r\n"], 100), (Some(String::new()), 0));
        // What other servers may take for an end, with another mail behind it.
        for not_over in [&["a\n", ".\r\n"][..], &["a\r\n", ".\n"], &["a\r", "x\r\n"]] {
            assert_eq!(text(not_over, 100).1, not_over.len(), "{not_over:?}");
        }
        // A line end that comes in two pieces is one.
        assert_eq!(text(&["aaa\r", "\n", ".\r\n"], 100), (Some("aaa\r\n".into()), 2));
    }

    #[test]
    fn what_is_too_long_is_read_to_its_end_and_dropped() {
        assert_eq!(text(&["abcd\r\n", "e\r\n", ".\r\n"], 8), (None, 2));
        assert_eq!(text(&["abcdef\r\n", ".\r\n"], 8), (Some("abcdef\r\n".into()), 1));
    }

    #[test]
    fn an_address_stands_in_brackets_before_what_is_said_of_the_mail() {
        assert_eq!(path("FROM:<a@b.c> SIZE=3", "FROM:"), Some(("a@b.c", "SIZE=3")));
        assert_eq!(path("to: <a@b.c>", "TO:"), Some(("a@b.c", "")));
        assert_eq!(path("FROM:<>", "FROM:"), Some(("", "")));
        for bad in ["FROM:a@b.c", "TO:<a@b.c>", "", "FRÖM:<a>", "FROM:<a"] {
            assert_eq!(path(bad, "FROM:"), None, "{bad}");
        }
    }

    #[tokio::test]
    async fn lines_have_a_longest_length() {
        let mut stream = &b"EHLO a\r\nabcdefgh"[..];
        let idle = Duration::from_secs(60);
        assert_eq!(read_line(&mut stream, 20, idle).await.unwrap(), b"EHLO a\r\n");
        assert_eq!(read_piece(&mut stream, 4, idle).await.unwrap(), b"abcd");
        assert_eq!(read_line(&mut stream, 3, idle).await.unwrap_err().kind(), io::ErrorKind::InvalidData);
        assert_eq!(read_piece(&mut stream, 4, idle).await.unwrap_err().kind(), io::ErrorKind::UnexpectedEof);
    }
}
