//! The protocol of leases as a model: tokens, claim, lease, commit, its repetition after a lost reply, park, signal,
//! gated admission, fence and reap.
//!
//! It is used twice. [`protocol::Protocol`] is a `stateright` model, whose tests look at every behaviour within its
//! bounds: three workers and two executions, with any two faults (crash, lost reply, living worker taken for dead,
//! execution given back), or one execution with any six. [`replay::replay`] takes what a real run has recorded and says
//! at which line, and why, it did what the model does not allow. Both go through [`database::Execution`], which does to
//! the rows of one execution what the functions of the cell do.
//!
//! What is atomic in the database is one action. Apart from it stands what a worker believes, the request that it waits
//! for, and one request that nobody waits for any more and that may still be carried out: a *zombie*. Only a commit is
//! two actions, its checks and its writing, as the checks lock no rows: the lock of the worker's number alone keeps the
//! reaper out between them.
//!
//! What it is worth is shown by taking it apart: without any [`part::Part`] a promise of [`properties`] breaks.

pub mod action;
pub mod database;
pub mod event;
pub mod part;
pub mod properties;
pub mod protocol;
pub mod replay;
pub mod state;

mod replica;
mod search;
mod step;
mod symmetry;
