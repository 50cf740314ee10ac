//! Settings that contradict each other, or that what is in the database contradicts.

use capstan_domain::secrets::{KeyRing, census, unopened};
use capstan_engine::store::connect::{Place, Role};
use capstan_engine::store::error::StoreError;
use sqlx::PgConnection;

use super::DoctorArgs;
use super::finding::Findings;
use crate::plan;

/// Hosts without encryption that are no reason to worry.
const LOCAL: [&str; 3] = ["localhost", "127.0.0.1", "[::1]"];

/// Looks at what needs no database.
pub(super) fn look(args: &DoctorArgs, found: &mut Findings) {
    let before = found.all().len();
    if let Err(error) = args.accounts.proxies() {
        found.fail("settings", error, "CAPSTAN_TRUSTED_PROXIES takes networks with commas");
    }
    look_at_mail(args, found);
    look_at_address(args, found);
    if args.node_types.allows_crash() {
        let hint = "take CAPSTAN_ALLOW_CRASH away: whoever may publish can end workers";
        found.warn("settings", "the node debug.crash is known", hint);
    }
    if found.all().len() == before {
        found.ok("settings", "they do not contradict each other");
    }
}

fn look_at_mail(args: &DoctorArgs, found: &mut Findings) {
    match args.mail_server.smtp().map(str::parse::<reqwest::Url>) {
        Some(Err(error)) => {
            found.fail(
                "settings",
                format!("CAPSTAN_SMTP_URL is no URL: {error}"),
                "smtp://user:password@host:587?tls=required",
            );
        }
        Some(Ok(_)) if args.mail_server.mail_from.contains("example.com") => {
            found.warn("settings", "mails would come from example.com", "set CAPSTAN_MAIL_FROM to an address of yours");
        }
        Some(Ok(_)) => {}
        None if args.accounts.sign_up => {
            let hint = "set CAPSTAN_SMTP_URL, or take CAPSTAN_SIGN_UP away";
            found.fail("settings", "people may sign up, but no mail server is set to verify their address", hint);
        }
        None => {
            found.warn("settings", "no mail server is set: mail goes to the sandbox mailbox", "set CAPSTAN_SMTP_URL")
        }
    }
}

fn look_at_address(args: &DoctorArgs, found: &mut Findings) {
    let is_open = !args.listen.listen.ip().is_loopback();
    match args.mail_server.public_url().map(str::parse::<reqwest::Url>) {
        Some(Err(error)) => {
            found.fail(
                "settings",
                format!("CAPSTAN_PUBLIC_URL is no URL: {error}"),
                "write it as https://flows.example.com",
            );
        }
        Some(Ok(url)) if url.scheme() != "https" && !url.host_str().is_some_and(|host| LOCAL.contains(&host)) => {
            let hint =
                "set CAPSTAN_PUBLIC_URL to the https:// address: cookies then go over encrypted connections only";
            found.warn("settings", "people reach the API without encryption", hint);
        }
        Some(Ok(_)) => {}
        None if is_open => {
            let hint = "set CAPSTAN_PUBLIC_URL: links in mails name the address that it listens on";
            found.warn("settings", "serve listens for others, and nobody knows under which address", hint);
        }
        None => {}
    }
}

/// Looks whether the keys of the settings open what is sealed.
pub(super) async fn look_at_keys(args: &DoctorArgs, cell: &Place, found: &mut Findings) {
    let ring = match args.secrets.ring() {
        Ok(ring) => ring,
        Err(error) => return found.fail("keys", format!("{error:#}"), "see docs/credentials.md"),
    };
    match missing(&ring, cell).await {
        Ok((missing, _)) if !missing.is_empty() => {
            let hint = "give all processes the keys that secrets were sealed under; `capstan secrets status` counts them. Beside `capstan \
                 dev`, set CAPSTAN_SECRET_KEYS_FILE to the file secret-keys in its data folder";
            found.fail("keys", format!("secrets cannot be opened: {}", missing.join(", ")), hint);
        }
        Ok(_) if ring.is_empty() => {
            let hint = "set CAPSTAN_SECRET_KEYS or CAPSTAN_SECRET_KEYS_FILE (docs/credentials.md); beside `capstan dev` the latter, to \
                        the file secret-keys in its data folder";
            found.warn("keys", "none are set: credentials are refused", hint);
        }
        Ok((_, rows)) => found.ok("keys", format!("they open what is sealed ({rows} secrets)")),
        Err(error) => found.fail("keys", error, "GRANT capstan_worker to the login of DATABASE_URL"),
    }
}

/// Keys that are missing or wrong, with the table, and how many secrets there are.
async fn missing(ring: &KeyRing, cell: &Place) -> Result<(Vec<String>, i64), StoreError> {
    let mut worker = cell.connect(Role::Worker).await?;
    let counted = census(&mut worker).await?;
    let unknown = counted.iter().filter(|under| ring.ids().all(|id| id != under.key_id));
    let mut missing: Vec<String> = unknown
        .map(|under| format!("key {} of {} rows in {} is missing", under.key_id, under.rows, under.table))
        .collect();
    let wrong = unopened(&mut worker, ring).await?;
    missing.extend(wrong.into_iter().map(|(table, key_id)| format!("key {key_id} does not open {table}")));
    Ok((missing, counted.iter().map(|under| under.rows).sum()))
}

/// Looks whether there is the plan of those who sign up.
pub(super) async fn look_at_plan(args: &DoctorArgs, owner: &mut PgConnection, found: &mut Findings) {
    match plan::require(owner, &args.accounts.default_plan).await {
        Ok(()) => found.ok("plan", format!("{} is there", args.accounts.default_plan)),
        Err(error) => {
            found.fail("plan", format!("{error:#}"), "set CAPSTAN_DEFAULT_PLAN to one of `capstan plan list`")
        }
    }
}
