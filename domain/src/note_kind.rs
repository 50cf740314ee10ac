//! What a note in a history is about.

/// Something that was done about a lead or a record, as somebody notes it in its history.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NoteKind {
    /// Somebody wrote something down.
    Note,
    /// An e-mail was sent or came.
    Email,
    /// Somebody called.
    Call,
    /// People met.
    Meeting,
}

impl NoteKind {
    /// As in tables and JSON.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Note => "note",
            Self::Email => "email",
            Self::Call => "call",
            Self::Meeting => "meeting",
        }
    }
}
