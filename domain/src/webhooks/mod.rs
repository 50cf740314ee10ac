//! Outbound webhooks: endpoints of a workspace, and the events that are brought to them, signed.
//!
//! `signature`, `schedule`, `answer` and `subscription` are pure. `handout` makes deliveries of events, `lane` is the queue of
//! an endpoint, `lines` keep the order of those that want one, all for workers; `endpoints`, `secrets` and `deliveries` are what
//! owners see and do.

mod answer;
mod body;
mod catalogue;
mod catalogue_steps;
mod certificates;
pub mod deliveries;
pub mod endpoints;
mod facts;
mod handout;
mod key_pair;
pub mod lane;
mod lines;
mod schedule;
mod secrets;
mod settle;
mod signature;
mod signer;
mod subscription;
mod telling;

pub use answer::{Attempt, Broke, Verdict, judge, retry_after};
pub use body::wire_id;
pub(crate) use body::{Ended, ended, of_execution};
pub use catalogue::{EventType, catalogue, custom};
pub use certificates::{open_certificate, remove_certificate, set_certificate};
pub use handout::{HandedOut, Source, Turn, end_turn, hand_out, is_any_endpoint, take_turn};
pub use key_pair::{BadKey, PublicKey, SigningPair};
pub use lines::let_go;
pub use schedule::{
    Asked, CIRCUIT_FAILURES, DEADLINE_HOURS, DISABLE_HOURS, PAUSES_S, WARN_HOURS, pause_after, probe_pause, rest,
};
pub use secrets::{
    OVERLAP_S_DEFAULT, OVERLAP_S_MAX, SECRETS_MAX, SecretError, SecretRow, StoredSecret, add_secret, fit_pairs,
    open_secrets,
};
pub use signature::{BadSecret, ID_HEADER, SIGNATURE_HEADER, SigningSecret, TIMESTAMP_HEADER};
pub use signer::{Signer, signatures};
pub use subscription::{BadPattern, FILTER_BYTES_MAX, TYPES_MAX, check_pattern, filter_flaw, fits, passes};
