//! `debug.crash`

use capstan_engine::core::catalogue::Effect;
use capstan_engine::core::outcome::Outcome;
use schemars::JsonSchema;
use serde::Deserialize;

use crate::node_type::{Context, NodeType, Spec};

/// Ends its own process: a node that kills every worker that runs it. Only a registry that is made
/// [`with_crash`](crate::registry::Registry::with_crash) knows it.
pub(crate) struct DebugCrash;

/// Nothing to choose.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Config {}

impl NodeType for DebugCrash {
    const NAME: &'static str = "debug.crash";
    const EFFECT: Effect = Effect::Idempotent;
    type Config = Config;

    fn spec() -> Spec {
        Spec::step("Crash", "Ends the process of its worker at once, as a fault in a node would.")
    }

    async fn run(&self, _config: Config, _context: &Context) -> Outcome {
        std::process::abort()
    }
}
