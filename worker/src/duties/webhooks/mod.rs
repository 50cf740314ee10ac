//! Outbound webhooks: events become deliveries, and deliveries requests.

mod deliver;
mod handout;
mod means;
mod turn;

pub(crate) use deliver::deliver;
pub(crate) use handout::hand_out;
