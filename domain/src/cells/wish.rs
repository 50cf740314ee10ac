//! What a server is to be like, and whether it can be so.

use std::net::IpAddr;

use super::place::TLS_MODES;

/// Longest name of a server, in bytes; letters, digits and hyphens.
const NAME_BYTES_MAX: usize = 63;
/// Longest name of a host, in bytes.
const HOST_BYTES_MAX: usize = 253;
/// Longest label of such a name.
const LABEL_BYTES_MAX: usize = 63;
/// Longest folder of a Unix socket, in bytes: the socket's address has room for no more.
const SOCKET_BYTES_MAX: usize = 90;
/// Longest name of a login, in bytes, as PostgreSQL takes it.
const LOGIN_BYTES_MAX: usize = 63;
/// Longest password, in bytes.
const PASSWORD_BYTES_MAX: usize = 1_000;

/// A server as somebody wants it.
pub struct ServerWish {
    /// What people call it.
    pub name: String,
    /// Name, address, or folder of a Unix socket.
    pub host: String,
    /// TCP port.
    pub port: i32,
    /// One of [`TLS_MODES`].
    pub tls: String,
    /// Who works there.
    pub login: String,
    /// Absent for the one that is kept.
    pub password: Option<String>,
    /// Who makes databases there.
    pub creator_login: String,
    /// Absent for the one that is kept.
    pub creator_password: Option<String>,
}

/// Something that it cannot be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Flaw {
    /// Member of the wish.
    pub field: &'static str,
    /// Stable.
    pub code: &'static str,
    /// What is wrong.
    pub detail: &'static str,
    /// What to do.
    pub hint: &'static str,
}

impl ServerWish {
    /// Everything that is wrong with it; what the server says of it shows when it is checked.
    #[must_use]
    pub fn flaws(&self) -> Vec<Flaw> {
        let flaw = |is_good: bool, field, code, detail, hint| (!is_good).then_some(Flaw { field, code, detail, hint });
        let password = |text: &Option<String>| text.as_deref().is_none_or(is_password);
        [
            flaw(
                is_name(&self.name),
                "name",
                "bad_name",
                "that is no name of a server",
                "write 1 to 63 of a-z, 0-9 and -",
            ),
            flaw(
                is_host(&self.host),
                "host",
                "bad_host",
                "that is no name or address of a host",
                "write db.example.com, 10.1.2.3, or the folder of a Unix socket",
            ),
            flaw((1..=65_535).contains(&self.port), "port", "bad_port", "that is no TCP port", "write 1 to 65535"),
            flaw(
                TLS_MODES.contains(&self.tls.as_str()),
                "tls",
                "bad_tls",
                "that is no way to secure connections",
                "write disable, prefer, require, verify-ca or verify-full",
            ),
            flaw(is_login(&self.login), "login", "bad_login", "that is no name of a login", LOGIN_HINT),
            flaw(is_login(&self.creator_login), "creator_login", "bad_login", "that is no name of a login", LOGIN_HINT),
            flaw(
                self.login != self.creator_login,
                "creator_login",
                "same_login",
                "who works there may not be who makes databases",
                "make a login of its own for that",
            ),
            flaw(password(&self.password), "password", "bad_password", "that is no password", PASSWORD_HINT),
            flaw(
                password(&self.creator_password),
                "creator_password",
                "bad_password",
                "that is no password",
                PASSWORD_HINT,
            ),
        ]
        .into_iter()
        .flatten()
        .collect()
    }
}

const LOGIN_HINT: &str = "write 1 to 63 bytes without control characters";
const PASSWORD_HINT: &str = "write 1 to 1000 bytes without control characters";

fn is_name(text: &str) -> bool {
    let word = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    (1..=NAME_BYTES_MAX).contains(&text.len())
        && text.bytes().all(|byte| word(byte) || byte == b'-')
        && text.bytes().next().is_some_and(word)
        && text.bytes().last().is_some_and(word)
}

fn is_host(text: &str) -> bool {
    if text.starts_with('/') {
        return text.len() <= SOCKET_BYTES_MAX && !text.chars().any(char::is_control);
    }
    text.parse::<IpAddr>().is_ok() || (text.len() <= HOST_BYTES_MAX && text.split('.').all(is_label))
}

fn is_label(text: &str) -> bool {
    (1..=LABEL_BYTES_MAX).contains(&text.len())
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
        && !text.starts_with('-')
        && !text.ends_with('-')
}

fn is_login(text: &str) -> bool {
    (1..=LOGIN_BYTES_MAX).contains(&text.len()) && !text.chars().any(char::is_control)
}

fn is_password(text: &str) -> bool {
    (1..=PASSWORD_BYTES_MAX).contains(&text.len()) && !text.chars().any(char::is_control)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_server_cannot_be_is_named() {
        let good = || ServerWish {
            name: "far-1".into(),
            host: "db.example.com".into(),
            port: 5432,
            tls: "verify-full".into(),
            login: "capstan".into(),
            password: Some("hidden".into()),
            creator_login: "capstan_creator".into(),
            creator_password: None,
        };
        let check = |change: fn(&mut ServerWish), expected: &[(&str, &str)]| {
            let mut wish = good();
            change(&mut wish);
            let found: Vec<_> = wish.flaws().iter().map(|flaw| (flaw.field, flaw.code)).collect();
            assert_eq!(found, expected);
        };
        check(|_| {}, &[]);
        check(|wish| wish.host = "10.1.2.3".into(), &[]);
        check(|wish| wish.host = "fd00::1".into(), &[]);
        check(|wish| wish.host = "/run/postgresql".into(), &[]);
        check(|wish| wish.host = "db.example.com:5432".into(), &[("host", "bad_host")]);
        check(|wish| wish.host = "postgres://db".into(), &[("host", "bad_host")]);
        check(|wish| wish.host = String::new(), &[("host", "bad_host")]);
        check(|wish| wish.host = "a b".into(), &[("host", "bad_host")]);
        check(|wish| wish.host = "-a.example".into(), &[("host", "bad_host")]);
        check(|wish| wish.name = "Far".into(), &[("name", "bad_name")]);
        check(|wish| wish.port = 0, &[("port", "bad_port")]);
        check(|wish| wish.port = 65_536, &[("port", "bad_port")]);
        check(|wish| wish.tls = "maybe".into(), &[("tls", "bad_tls")]);
        check(|wish| wish.login = "a\nb".into(), &[("login", "bad_login")]);
        check(|wish| wish.creator_login = "capstan".into(), &[("creator_login", "same_login")]);
        check(|wish| wish.password = Some(String::new()), &[("password", "bad_password")]);
        check(|wish| wish.creator_password = Some("x".repeat(1_001)), &[("creator_password", "bad_password")]);
        check(|wish| (wish.port, wish.tls) = (-1, String::new()), &[("port", "bad_port"), ("tls", "bad_tls")]);
    }
}
