//! Frames: the length of what follows in four bytes, little-endian, and then JSON.

use std::io::{self, Read, Write};

use serde::Serialize;
use serde::de::DeserializeOwned;
use tokio::io::{AsyncRead, AsyncReadExt};

/// Largest frame: an input or output of the largest size, with each byte escaped.
pub const FRAME_BYTES_MAX: usize = 8 * 1024 * 1024;
const LENGTH_BYTES: usize = 4;

/// Why there is no frame.
#[derive(Debug, thiserror::Error)]
pub enum FrameError {
    /// The other side has ended, or the pipe is broken.
    #[error(transparent)]
    Io(#[from] io::Error),
    /// Larger than [`FRAME_BYTES_MAX`].
    #[error("a frame of {0} bytes; at most {FRAME_BYTES_MAX} are taken")]
    TooLong(usize),
    /// Not what was expected.
    #[error("a frame that cannot be read: {0}")]
    Unreadable(#[source] serde_json::Error),
}

/// The bytes of a frame.
///
/// # Errors
/// It is too long.
pub fn bytes(content: &impl Serialize) -> Result<Vec<u8>, FrameError> {
    let mut frame = vec![0; LENGTH_BYTES];
    serde_json::to_writer(&mut frame, content).map_err(FrameError::Unreadable)?;
    let length = frame.len() - LENGTH_BYTES;
    let told = u32::try_from(length).ok().filter(|_| length <= FRAME_BYTES_MAX).ok_or(FrameError::TooLong(length))?;
    frame[..LENGTH_BYTES].copy_from_slice(&told.to_le_bytes());
    Ok(frame)
}

/// Writes a frame.
///
/// # Errors
/// The pipe is broken, or the frame is too long.
pub fn write(to: &mut impl Write, content: &impl Serialize) -> Result<(), FrameError> {
    Ok(to.write_all(&bytes(content)?)?)
}

/// Reads a frame.
///
/// # Errors
/// The other side has ended, or sends something else.
pub fn read<T: DeserializeOwned>(from: &mut impl Read) -> Result<T, FrameError> {
    let mut length = [0; LENGTH_BYTES];
    from.read_exact(&mut length)?;
    let mut content = vec![0; within(length)?];
    from.read_exact(&mut content)?;
    serde_json::from_slice(&content).map_err(FrameError::Unreadable)
}

/// Reads a frame from a pipe that others wait for.
///
/// # Errors
/// As [`read`].
pub async fn receive<T: DeserializeOwned>(from: &mut (impl AsyncRead + Unpin)) -> Result<T, FrameError> {
    let mut length = [0; LENGTH_BYTES];
    from.read_exact(&mut length).await?;
    let mut content = vec![0; within(length)?];
    from.read_exact(&mut content).await?;
    serde_json::from_slice(&content).map_err(FrameError::Unreadable)
}

fn within(length: [u8; LENGTH_BYTES]) -> Result<usize, FrameError> {
    let length = u32::from_le_bytes(length) as usize;
    if length > FRAME_BYTES_MAX { Err(FrameError::TooLong(length)) } else { Ok(length) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_frame_is_read_as_it_was_written_and_a_bad_one_is_refused() {
        let mut pipe = Vec::new();
        write(&mut pipe, &["a", "b"]).unwrap();
        assert_eq!(read::<Vec<String>>(&mut pipe.as_slice()).unwrap(), ["a", "b"]);
        assert!(matches!(read::<u8>(&mut pipe.as_slice()), Err(FrameError::Unreadable(_))));
        assert!(matches!(read::<u8>(&mut &pipe[..6]), Err(FrameError::Io(_))));
        assert!(matches!(read::<u8>(&mut &[255; 9][..]), Err(FrameError::TooLong(_))));
        assert!(matches!(bytes(&"x".repeat(FRAME_BYTES_MAX)), Err(FrameError::TooLong(_))));
    }
}
