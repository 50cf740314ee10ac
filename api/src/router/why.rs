//! Why some routes whose methods may change something take no `Idempotency-Key`, as the document tells it.

/// Logging in.
pub(super) const EACH_IS_ITS_OWN: &str =
    "Each login opens a session of its own; one whose cookie was lost with the answer ends by itself.";
/// Logging out, and another password in place of a known one.
pub(super) const ENDS_ITS_SESSION: &str =
    "It ends the session that it comes with: a repeat is not let in, and 401 tells that it is done.";
/// What anybody may ask for who has a mailbox.
pub(super) const MAILS_A_LINK: &str = "Nobody is known yet to whom a key would belong. A repeat mails another link, which is as good; \
     an address gets few of them.";
/// What is behind a link of a mail.
pub(super) const LINK_WORKS_ONCE: &str = "Its link works once: a repeat changes nothing, and gets 410 link_expired.";
/// Tokens.
pub(super) const KEEPS_NOTHING: &str =
    "It signs a token and keeps nothing: a repeat gets another one, which ends as soon.";
