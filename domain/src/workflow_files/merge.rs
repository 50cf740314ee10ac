//! What becomes of a file that comes in. Pure.

/// What is done where both a file and the draft here have changed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum OnConflict {
    /// It is told, and nothing is written.
    #[default]
    Report,
    /// The draft becomes what the file has.
    Overwrite,
    /// The file becomes a workflow of its own.
    Copy,
}

/// The workflow of a file's id as it is here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Present<'a> {
    /// Whether it is hidden.
    pub is_deleted: bool,
    /// Of its name and draft.
    pub sum: &'a str,
    /// Of what was last imported.
    pub imported: Option<&'a str>,
}

/// What becomes of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// There is no such workflow here: it is made, with the id of the file.
    Create,
    /// The draft is as the file began: it becomes what the file has.
    Update,
    /// The draft is what the file has.
    Unchanged,
    /// The draft has changed, and becomes what the file has all the same.
    Overwrite,
    /// The draft has changed: the file becomes a workflow of its own.
    Copy,
    /// The draft has changed: it stays.
    Conflict,
    /// The workflow was deleted here: it stays so until somebody restores it.
    Deleted,
}

impl Fate {
    /// Whether something is written.
    #[must_use]
    pub const fn writes(self) -> bool {
        matches!(self, Self::Create | Self::Update | Self::Overwrite | Self::Copy)
    }
}

/// Judges it: `file` is the sum of what came in, `base` that of what it began from.
#[must_use]
pub fn fate(present: Option<Present<'_>>, file: &str, base: Option<&str>, on_conflict: OnConflict) -> Fate {
    let Some(Present { is_deleted, sum, imported }) = present else { return Fate::Create };
    if is_deleted {
        return Fate::Deleted;
    }
    if sum == file {
        return Fate::Unchanged;
    }
    if base == Some(sum) || imported == Some(sum) {
        return Fate::Update;
    }
    match on_conflict {
        OnConflict::Report => Fate::Conflict,
        OnConflict::Overwrite => Fate::Overwrite,
        OnConflict::Copy => Fate::Copy,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_draft_is_replaced_only_by_what_began_from_it_or_followed_what_was_imported() {
        use OnConflict::{Copy, Overwrite, Report};
        let here = |sum, imported| Some(Present { is_deleted: false, sum, imported });
        let gone = Some(Present { is_deleted: true, sum: "old", imported: None });
        for (present, base, on_conflict, expected) in [
            (None, None, Report, Fate::Create),
            (here("new", None), None, Report, Fate::Unchanged),
            (here("new", None), Some("old"), Overwrite, Fate::Unchanged),
            (here("old", None), Some("old"), Report, Fate::Update),
            (here("old", None), Some("old"), Copy, Fate::Update),
            // It came from elsewhere, and was not touched here since.
            (here("first", Some("first")), Some("old"), Report, Fate::Update),
            (here("touched", Some("first")), Some("old"), Report, Fate::Conflict),
            (here("touched", None), None, Report, Fate::Conflict),
            (here("touched", None), Some("old"), Overwrite, Fate::Overwrite),
            (here("touched", None), Some("old"), Copy, Fate::Copy),
            (gone, Some("old"), Overwrite, Fate::Deleted),
        ] {
            assert_eq!(fate(present, "new", base, on_conflict), expected, "{present:?} {base:?} {on_conflict:?}");
        }
    }
}
