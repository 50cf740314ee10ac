//! Tokens for services, and where people log in.

use super::super::operation::{Operation, op};
use super::super::shapes::PublicKeys;
use crate::routes::people::tokens;

pub(super) fn all() -> Vec<Operation> {
    vec![
        op(
            tokens::create,
            "createToken",
            "A short-lived token in exchange for the API key that the request comes with",
        )
        .may_take::<tokens::Wish>()
        .gives::<tokens::Token>(200),
        op(tokens::public_keys, "getPublicKeys", "The keys that tokens are verified with, as a JWK set")
            .gives::<PublicKeys>(200),
    ]
}
