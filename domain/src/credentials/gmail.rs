//! Credentials of Google accounts that mail is sent as: they are good for that and for nothing else.

use super::types::{CLIENT_ID, CredentialType, FieldKind, TOKEN_URL, field, needed, secret};

/// Name of the type.
pub const GMAIL: &str = "gmail";
/// The one scope that is asked for, and the only one that is taken.
pub const GMAIL_SCOPE: &str = "https://www.googleapis.com/auth/gmail.send";

pub(super) const TYPE: CredentialType = CredentialType {
    name: GMAIL,
    title: "Gmail",
    description: "Sends mail as a Google account that has allowed that and nothing else.",
    fields: &[
        TOKEN_URL,
        needed(field("send_url", FieldKind::Url, "Where mail is handed over; its host is one of the allowed hosts.")),
        CLIENT_ID,
        needed(secret(field("client_secret", FieldKind::Text, "The secret of the client."))),
        needed(secret(field("refresh_token", FieldKind::Text, "What the account gave for sending mail."))),
        field("from", FieldKind::Text, "Sender of mails that name none: an address of the account."),
    ],
    fits: &["action.send_email"],
};

/// Whether what was granted, scopes with spaces between them, is to send mail and nothing else.
#[must_use]
pub fn is_send_only(granted: &str) -> bool {
    let mut scopes = granted.split_ascii_whitespace().peekable();
    scopes.peek().is_some() && scopes.all(|scope| scope == GMAIL_SCOPE)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_sending_is_taken() {
        for (granted, expected) in [
            (GMAIL_SCOPE.to_owned(), true),
            (format!("{GMAIL_SCOPE} openid"), false),
            (format!("https://www.googleapis.com/auth/gmail.readonly {GMAIL_SCOPE}"), false),
            ("https://mail.google.com/".into(), false),
            (format!("{GMAIL_SCOPE}x"), false),
            (String::new(), false),
            (" ".into(), false),
        ] {
            assert_eq!(is_send_only(&granted), expected, "{granted}");
        }
    }
}
