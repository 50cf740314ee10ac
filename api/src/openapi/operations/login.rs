//! Tokens for services, and where people log in.

use super::super::operation::{Operation, op};
use super::super::shapes::{Items, PublicKeys};
use crate::routes::people::{login, tokens};

pub(super) fn all() -> Vec<Operation> {
    vec![
        op(login::list, "listLoginProviders", "Where people may log in beside here")
            .gives::<Items<login::ProviderView>>(200),
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
