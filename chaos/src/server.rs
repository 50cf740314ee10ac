//! The API process: it can be replaced by one that dies at a point, and always comes back at the same address.

use std::sync::Arc;

use anyhow::Context;
use tokio::sync::Mutex;
use tokio::time::sleep;

use crate::armed::{REACH_MAX, TRIES_MAX};
use crate::fleet::AGAIN;
use crate::inject::Struck;
use crate::process::{Process, was_killed};
use crate::program::{Manner, Pass, Program};

/// The API of a run.
#[derive(Clone, Debug)]
pub(crate) struct Server {
    program: Program,
    env: [(&'static str, String); 3],
    process: Arc<Mutex<Process>>,
}

impl Server {
    /// Starts it at `listen`.
    pub(crate) async fn start(program: Program, database_url: &str, listen: &str) -> anyhow::Result<Self> {
        let env = [
            ("DATABASE_URL", database_url.to_owned()),
            ("CAPSTAN_LISTEN", listen.to_owned()),
            ("CAPSTAN_ALLOW_CRASH", "true".into()),
        ];
        let process = program.start(&["serve"], &env, &Manner::default()).await?;
        Ok(Self { program, env, process: Arc::new(Mutex::new(process)) })
    }

    /// Lets API processes die at a point until one does.
    pub(crate) async fn die(self, mut at: Pass) -> anyhow::Result<Vec<Struck>> {
        let mut process = self.process.lock().await;
        process.end().await.context("the API did not end")?;
        let mut tries = Vec::new();
        for _ in 0..TRIES_MAX {
            *process = self.program.arm(&["serve"], &self.env, &Manner::default(), at)?;
            // Only a start that is under way passes its points.
            let landed = was_killed(process.ended_within(REACH_MAX).await?);
            tries.push(Struck { landed, ..Struck::now(at.fault()) });
            if landed {
                break;
            }
            at = at.again(false);
        }
        *process = loop {
            match self.program.start(&["serve"], &self.env, &Manner::default()).await {
                Ok(process) => break process,
                Err(_) => sleep(AGAIN).await,
            }
        };
        Ok(tries)
    }

    /// Ends it: it gives back what it has not spent of quotas.
    pub(crate) async fn end(self) -> anyhow::Result<()> {
        self.process.lock().await.end().await
    }
}
