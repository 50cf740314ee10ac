//! Tokens of pages: what makes two clicks one, and, of a signed form, what says that it was sent from its page.

use capstan_domain::approvals::{newest_key, verifying_key};
use capstan_domain::form_token::{FormPlace, UnverifiedToken, is_nonce, nonce, sign};
use capstan_domain::schedules::now;

use super::found::Found;
use crate::problem::Problem;

fn place(found: &Found) -> FormPlace<'_> {
    FormPlace { workspace_id: found.caller.workspace_id, path: &found.path }
}

/// The token of a new page.
pub(super) async fn new(found: &Found) -> Result<String, Problem> {
    if !found.config.signed {
        return Ok(nonce());
    }
    // It makes the key of the workspace if nothing was signed yet.
    let mut transaction = found.caller.write().await?;
    let key = newest_key(&mut transaction, found.caller.workspace_id).await?;
    let now = now(&mut transaction).await?;
    transaction.commit().await?;
    Ok(sign(place(found), &key, now))
}

/// Whether a token was signed for that form, not long ago.
pub(super) async fn is_good(found: &Found, token: Option<&str>) -> Result<bool, Problem> {
    let Some(token) = token.and_then(UnverifiedToken::read) else { return Ok(false) };
    let mut transaction = found.caller.read().await?;
    let key = verifying_key(&mut transaction, found.caller.workspace_id, token.key_no).await?;
    transaction.commit().await?;
    Ok(key.is_some_and(|(key, now)| token.is_good(place(found), &key, now, found.config.token_valid_s())))
}

/// Whether a token can tell two clicks from two submissions.
pub(super) fn is_known(token: &str) -> bool {
    is_nonce(token) || UnverifiedToken::read(token).is_some()
}
