//! Connection URLs, as libpq and sqlx both read them.

use std::fmt::Write;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use crate::socket::PORT;

/// The superuser of every private cluster. There is no password: who can enter the socket's folder is in.
pub(crate) const SUPERUSER: &str = "capstan";

/// A URL for a database behind a Unix socket. The port is spelled out so that a `PGPORT` of the caller has no say.
pub(crate) fn socket_url(socket_folder: &Path, database: &str) -> String {
    let folder = encode(socket_folder.as_os_str().as_bytes());
    let database = encode(database.as_bytes());
    format!("postgres://{SUPERUSER}@localhost:{PORT}/{database}?host={folder}&sslmode=disable")
}

/// The same URL with another database; user, host and parameters stay.
pub(crate) fn with_database(url: &str, database: &str) -> String {
    let (server, parameters) = url.split_once('?').map_or((url, None), |(server, rest)| (server, Some(rest)));
    let authority_at = server.find("://").map_or(0, |at| at + 3);
    let authority_end = server[authority_at..].find('/').map_or(server.len(), |at| authority_at + at);
    let mut out = format!("{}/{}", &server[..authority_end], encode(database.as_bytes()));
    if let Some(parameters) = parameters {
        out.push('?');
        out.push_str(parameters);
    }
    out
}

/// Percent-encodes all but the unreserved characters of RFC 3986.
fn encode(bytes: &[u8]) -> String {
    let mut out = String::with_capacity(bytes.len());
    for byte in bytes {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(byte) {
            out.push(char::from(*byte));
        } else {
            // Writing to a string cannot fail.
            let _ = write!(out, "%{byte:02X}");
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_socket_folder_is_encoded() {
        let url = socket_url(Path::new("/tmp/a b"), "postgres");
        assert_eq!(url, "postgres://capstan@localhost:5432/postgres?host=%2Ftmp%2Fa%20b&sslmode=disable");
    }

    #[test]
    fn only_the_database_is_replaced() {
        for (url, expected) in [
            ("postgres://u:p@h:1/old?host=%2Fx", "postgres://u:p@h:1/new?host=%2Fx"),
            ("postgres://u@h/old", "postgres://u@h/new"),
            ("postgres://u@h", "postgres://u@h/new"),
            ("postgres://u@h?sslmode=disable", "postgres://u@h/new?sslmode=disable"),
        ] {
            assert_eq!(with_database(url, "new"), expected);
        }
    }
}
