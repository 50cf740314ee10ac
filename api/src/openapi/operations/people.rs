//! People: logging in, signing up, members, invitations, keys.

use super::super::operation::{Operation, op};
use super::super::shapes::{
    AccessOffered, ApiKey, Invitation, Items, MadeApiKey, MailLink, Me, Member, Nothing, Session,
};
use crate::routes::me;
use crate::routes::people::{identities, invitations, keys, links, members, password, sessions, sign_up};

pub(super) fn all() -> Vec<Operation> {
    let mut all = of_oneself();
    all.extend(of_the_workspace());
    all
}

fn of_oneself() -> Vec<Operation> {
    vec![
        op(me::access, "getAccess", "What a page for logging in may offer").gives::<AccessOffered>(200),
        op(me::rename, "renameMe", "Have another name").takes::<me::Change>().gives_nothing(204),
        op(password::change, "changePassword", "Have another password; all other sessions end")
            .takes::<password::Change>()
            .gives_nothing(204)
            .tells("SetCookie")
            .refuses(&[429]),
        op(sessions::log_in, "logIn", "Log in")
            .takes::<sessions::LogIn>()
            .gives::<Me>(200)
            .tells("SetCookie")
            .refuses(&[401, 429]),
        op(sessions::log_out, "logOut", "Log out").gives_nothing(204).tells("SetCookie"),
        op(sessions::list, "listSessions", "Where one is logged in").gives::<Items<Session>>(200),
        op(sessions::end, "endSession", "Log out there").gives_nothing(204),
        op(sessions::end_others, "endOtherSessions", "Log out everywhere else").gives_nothing(204),
        op(identities::list, "listIdentities", "Who one is at login providers")
            .gives::<Items<identities::IdentityView>>(200),
        op(identities::unlink, "unlinkIdentity", "No longer be that one").gives_nothing(204).refuses(&[409]),
        op(sign_up::begin, "signUp", "Ask for a mail to sign up with")
            .takes::<sign_up::SignUp>()
            .gives::<Nothing>(202)
            .refuses(&[403, 429]),
        op(sign_up::complete, "completeSignUp", "Become a user with a workspace")
            .takes::<sign_up::Complete>()
            .gives::<Me>(201)
            .tells("SetCookie")
            .refuses(&[403, 409, 410]),
        op(password::forgot, "forgotPassword", "Ask for a mail to choose another password with")
            .takes::<password::Forgot>()
            .gives::<Nothing>(202)
            .refuses(&[429]),
        op(password::reset, "resetPassword", "Choose another password; all sessions end")
            .takes::<password::Reset>()
            .gives_nothing(204)
            .refuses(&[410]),
        op(links::look, "lookAtMailLink", "What a link in a mail is for; changes nothing")
            .takes::<links::Look>()
            .gives::<MailLink>(200)
            .refuses(&[410]),
        op(invitations::accept, "acceptInvitation", "Join a workspace, as a new user or as oneself")
            .takes::<invitations::Accept>()
            .gives::<Me>(200)
            .gives::<Me>(201)
            .tells("SetCookie")
            .refuses(&[401, 403, 409, 410]),
    ]
}

fn of_the_workspace() -> Vec<Operation> {
    vec![
        op(invitations::list, "listInvitations", "Invitations that are open").gives::<Items<Invitation>>(200),
        op(invitations::create, "invite", "Invite somebody by mail; once more renews it")
            .takes::<invitations::Invite>()
            .gives::<Invitation>(201)
            .refuses(&[409, 429]),
        op(invitations::revoke, "revokeInvitation", "Its link opens nothing any more").gives_nothing(204),
        op(members::list, "listMembers", "Who belongs to the workspace").gives::<Items<Member>>(200),
        op(members::leave, "leaveWorkspace", "Belong to it no more").gives_nothing(204).refuses(&[404, 409]),
        op(members::change, "changeMember", "Give somebody another role")
            .takes::<members::Wish>()
            .gives_nothing(204)
            .refuses(&[409]),
        op(members::remove, "removeMember", "Have somebody belong to it no more").gives_nothing(204).refuses(&[409]),
        op(members::transfer, "transferWorkspace", "Give the workspace to another member")
            .takes::<members::Transfer>()
            .gives_nothing(204)
            .refuses(&[404, 409]),
        op(keys::list, "listKeys", "API keys, newest first, without the keys themselves").gives::<Items<ApiKey>>(200),
        op(keys::create, "createKey", "Make an API key, which is told this once")
            .takes::<keys::Make>()
            .gives::<MadeApiKey>(201),
        op(keys::revoke, "revokeKey", "It opens nothing any more").gives_nothing(204),
    ]
}
