//! `trigger.manual`

use capstan_engine::core::catalogue::Effect;
use capstan_engine::core::outcome::Outcome;
use schemars::JsonSchema;
use serde::Deserialize;

use super::parts::trigger_run;
use crate::node_type::{Context, NodeType, Spec};

/// Starts through the API, the command line or the editor.
pub(crate) struct TriggerManual;

/// Nothing to set.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Config {}

impl NodeType for TriggerManual {
    const NAME: &'static str = "trigger.manual";
    const EFFECT: Effect = Effect::Pure;
    type Config = Config;

    fn spec() -> Spec {
        Spec::trigger(
            "Manual start",
            "Starts when someone asks for it: in the editor, on the command line or through the API.",
        )
    }

    async fn run(&self, _config: Config, _context: &Context) -> Outcome {
        trigger_run()
    }
}
