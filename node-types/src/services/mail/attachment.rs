//! Files that go along with a mail.

use lettre::message::header::ContentType;
use lettre::message::{Attachment as Part, MultiPart, SinglePart};

use super::letter::{LetterError, bounded, one_line};

/// Most files of one mail.
pub const ATTACHMENTS_MAX: usize = 20;
/// Most bytes of all files of a mail together, before they are encoded: servers refuse much more.
pub const ATTACHMENTS_BYTES_MAX: usize = 10 * 1024 * 1024;
/// Longest name of a file, and longest content type, in bytes: each is in a header.
const NAME_BYTES_MAX: usize = 255;

/// A file of a mail.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attachment {
    /// What the receiver sees, such as `offer.pdf`.
    pub name: String,
    /// Such as `application/pdf`.
    pub content_type: String,
    /// What is in it.
    pub bytes: Vec<u8>,
}

impl Attachment {
    fn part(&self) -> Result<SinglePart, LetterError> {
        let kind = ContentType::parse(&self.content_type)
            .map_err(|_| LetterError::ContentType(self.content_type.chars().take(100).collect()))?;
        Ok(Part::new(self.name.clone()).body(self.bytes.clone(), kind))
    }

    /// For the copy that the sandbox keeps, which has no files.
    fn line(&self) -> String {
        format!("[attached: {}, {}, {} bytes]", self.name, self.content_type, self.bytes.len())
    }
}

/// The files behind what is to be read.
pub(super) fn with_files(message: MultiPart, files: &[Attachment]) -> Result<MultiPart, LetterError> {
    files.iter().try_fold(message, |message, file| Ok(message.singlepart(file.part()?)))
}

/// The text with a line for each file.
pub(super) fn with_lines(text: String, files: &[Attachment]) -> String {
    files.iter().fold(text, |text, file| format!("{text}\n{}", file.line()))
}

/// Whether they are few, small and have names.
pub(super) fn check(files: &[Attachment]) -> Result<(), LetterError> {
    if files.len() > ATTACHMENTS_MAX {
        return Err(LetterError::Attachments(files.len()));
    }
    for file in files {
        bounded("the name of an attachment", &file.name, NAME_BYTES_MAX)?;
        one_line("the name of an attachment", &file.name)?;
        bounded("the content type of an attachment", &file.content_type, NAME_BYTES_MAX)?;
        if file.name.trim().is_empty() || file.name.contains(['/', '\\']) {
            return Err(LetterError::AttachmentName(file.name.clone()));
        }
    }
    let bytes = files.iter().map(|file| file.bytes.len()).sum();
    if bytes > ATTACHMENTS_BYTES_MAX {
        let field = "what is attached to the mail".into();
        return Err(LetterError::TooLong { field, bytes, bytes_max: ATTACHMENTS_BYTES_MAX });
    }
    Ok(())
}
