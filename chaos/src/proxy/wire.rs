//! As much of PostgreSQL's protocol as it takes to know a commit and a notification.

use std::collections::HashSet;

/// How the names of the functions that commit begin.
const COMMIT: &[u8] = b"commit_";
const PARSE: u8 = b'P';
const BIND: u8 = b'B';
const NOTIFICATION: u8 = b'A';
const READY: u8 = b'Z';
/// Type and length of a message.
const HEAD_BYTES: usize = 5;

/// What a client sends.
#[derive(Debug, Default)]
pub(super) struct Frontend {
    buffer: Vec<u8>,
    has_started: bool,
    /// Names of prepared statements that commit.
    committing: HashSet<Vec<u8>>,
}

/// What a server answers.
#[derive(Debug, Default)]
pub(super) struct Backend {
    buffer: Vec<u8>,
}

/// Whole messages to pass on.
pub(super) struct Reply {
    pub(super) bytes: Vec<u8>,
    /// Whether the server has said that it is ready for the next request.
    pub(super) is_ready: bool,
}

impl Frontend {
    /// Whether these bytes complete the call of a function that commits.
    pub(super) fn asks_to_commit(&mut self, bytes: &[u8]) -> bool {
        self.buffer.extend_from_slice(bytes);
        if !self.has_started {
            // The first message has no type.
            let Some(length) = length_at(&self.buffer, 0).filter(|&length| self.buffer.len() >= length) else {
                return false;
            };
            self.buffer.drain(..length);
            self.has_started = true;
        }
        let mut asks = false;
        while let Some(message) = next_message(&mut self.buffer) {
            asks |= self.notes(&message);
        }
        asks
    }

    fn notes(&mut self, message: &[u8]) -> bool {
        let mut texts = message[HEAD_BYTES..].split(|&byte| byte == 0);
        match message[0] {
            PARSE => {
                let (Some(name), Some(sql)) = (texts.next(), texts.next()) else { return false };
                match sql.windows(COMMIT.len()).any(|part| part == COMMIT) {
                    true => self.committing.insert(name.to_vec()),
                    false => self.committing.remove(name),
                };
                false
            }
            // The portal comes first.
            BIND => texts.nth(1).is_some_and(|name| self.committing.contains(name)),
            _ => false,
        }
    }
}

impl Backend {
    /// Whole messages, with `mute` without notifications.
    pub(super) fn take(&mut self, bytes: &[u8], mute: bool) -> Reply {
        self.buffer.extend_from_slice(bytes);
        let mut reply = Reply { bytes: Vec::with_capacity(self.buffer.len()), is_ready: false };
        while let Some(message) = next_message(&mut self.buffer) {
            reply.is_ready |= message[0] == READY;
            if !(mute && message[0] == NOTIFICATION) {
                reply.bytes.extend_from_slice(&message);
            }
        }
        reply
    }
}

/// Takes the first message off the buffer if it is whole.
fn next_message(buffer: &mut Vec<u8>) -> Option<Vec<u8>> {
    let whole = 1 + length_at(buffer, 1)?;
    (buffer.len() >= whole).then(|| buffer.drain(..whole).collect())
}

/// The length that stands at `at`, which counts itself.
fn length_at(buffer: &[u8], at: usize) -> Option<usize> {
    let bytes: [u8; 4] = buffer.get(at..at + 4)?.try_into().ok()?;
    usize::try_from(u32::from_be_bytes(bytes)).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(kind: u8, body: &[u8]) -> Vec<u8> {
        let length = u32::try_from(body.len() + 4).unwrap().to_be_bytes();
        [&[kind][..], &length, body].concat()
    }

    #[test]
    fn a_commit_is_known_by_the_statement_that_was_prepared_for_it() {
        let mut frontend = Frontend::default();
        assert!(!frontend.asks_to_commit(&[0, 0, 0, 8, 0, 3, 0, 0]));
        assert!(!frontend.asks_to_commit(&message(PARSE, b"s1\0SELECT * FROM commit_2($1)\0\0\0")));
        assert!(!frontend.asks_to_commit(&message(PARSE, b"s2\0SELECT 1\0\0\0")));
        assert!(!frontend.asks_to_commit(&message(BIND, b"\0s2\0\0\0")));
        let bind = message(BIND, b"\0s1\0\0\0");
        assert!(!frontend.asks_to_commit(&bind[..4]), "half a message says nothing yet");
        assert!(frontend.asks_to_commit(&bind[4..]));
    }

    #[test]
    fn a_muted_connection_loses_notifications_only() {
        let (note, ready) = (message(NOTIFICATION, b"1234x\0y\0"), message(READY, b"I"));
        let both = [note.clone(), ready.clone()].concat();
        assert_eq!(Backend::default().take(&both, true).bytes, ready);
        let heard = Backend::default().take(&both, false);
        assert_eq!((heard.bytes, heard.is_ready), (both, true));
        assert!(!Backend::default().take(&note, false).is_ready);
    }
}
