//! `debug.crash`

use std::hint::black_box;

use capstan_engine::core::catalogue::Effect;
use capstan_engine::core::outcome::Outcome;
use schemars::JsonSchema;
use serde::Deserialize;

use crate::node_type::{Context, NodeType, Spec};

/// Bytes of address space that are taken at a time; none of them is touched, so that nobody else suffers.
const PIECE_BYTES: usize = 8 << 30;
/// Bytes of stack that each call takes.
const FRAME_BYTES: usize = 16 << 10;

/// Ends its own process: a node that kills every worker that runs it. Only a registry that is made
/// [`with_crash`](crate::registry::Registry::with_crash) knows it.
pub(crate) struct DebugCrash;

/// How it ends.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Config {
    /// What the process dies of; `abort` if absent.
    #[serde(default)]
    how: How,
}

/// What a process can die of.
#[derive(Clone, Copy, Debug, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum How {
    /// It ends itself.
    #[default]
    Abort,
    /// It asks for memory until there is no more for it.
    Memory,
    /// It calls itself until the stack is full.
    Stack,
}

impl NodeType for DebugCrash {
    const NAME: &'static str = "debug.crash";
    const EFFECT: Effect = Effect::Idempotent;
    type Config = Config;

    fn spec() -> Spec {
        Spec::step("Crash", "Ends the process of its worker at once, as a fault in a node would.")
    }

    async fn run(&self, config: Config, _context: &Context) -> Outcome {
        match config.how {
            How::Abort => {}
            How::Memory => take_all_memory(),
            How::Stack => drop(black_box(fill_the_stack(0))),
        }
        std::process::abort()
    }
}

/// Ends when the allocator gives up, and the process with it.
fn take_all_memory() {
    let mut taken = Vec::new();
    loop {
        taken.push(black_box(Vec::<u8>::with_capacity(PIECE_BYTES)));
    }
}

#[expect(unconditional_recursion, reason = "that is its point")]
fn fill_the_stack(depth: u64) -> u64 {
    let frame = black_box([depth; FRAME_BYTES / 8]);
    fill_the_stack(depth + 1) + frame[0]
}
