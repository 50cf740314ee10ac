//! The keys of secrets: from the settings, or those that `dev` and `exec` have made for themselves.

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;

use anyhow::{Context, bail};
use capstan_domain::secrets::KeyRing;
use clap::Args;

use crate::memory::Memory;
use crate::output::hidden;

/// With which keys secrets are kept. All processes of an installation have the same.
#[derive(Args, Clone)]
pub(crate) struct SecretArgs {
    /// Keys that seal stored secrets, as `id:base64` of 32 bytes each, with commas, the newest first.
    #[arg(long, env = "CAPSTAN_SECRET_KEYS", hide_env_values = true, help_heading = "Secrets")]
    secret_keys: Option<String>,
    /// A file with such keys, one a line.
    #[arg(long, env = "CAPSTAN_SECRET_KEYS_FILE", help_heading = "Secrets")]
    secret_keys_file: Option<PathBuf>,
}

impl fmt::Debug for SecretArgs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SecretArgs")
            .field("secret_keys", &hidden(self.secret_keys.as_ref()))
            .field("secret_keys_file", &self.secret_keys_file)
            .finish()
    }
}

impl SecretArgs {
    /// The keys of the settings; without any, secrets are refused, and all else works.
    pub(crate) fn ring(&self) -> anyhow::Result<Arc<KeyRing>> {
        let ring = self.set()?.unwrap_or_else(|| {
            tracing::warn!("no secret keys are set: credentials are refused (see CAPSTAN_SECRET_KEYS)");
            KeyRing::empty()
        });
        Ok(Arc::new(ring))
    }

    /// The keys of the settings, if there are any: for commands that may do without.
    pub(crate) fn ring_or_empty(&self) -> anyhow::Result<Arc<KeyRing>> {
        Ok(Arc::new(self.set()?.unwrap_or_else(KeyRing::empty)))
    }

    /// The keys of the settings, else those that `memory` keeps; the first one is made now.
    pub(crate) fn ring_or_kept(&self, memory: &Memory) -> anyhow::Result<Arc<KeyRing>> {
        Ok(Arc::new(match self.set()? {
            Some(ring) => ring,
            None => memory.secret_keys()?,
        }))
    }

    fn set(&self) -> anyhow::Result<Option<KeyRing>> {
        let text = self.secret_keys.as_deref().filter(|text| !text.trim().is_empty());
        let file = self.secret_keys_file.as_ref().filter(|path| !path.as_os_str().is_empty());
        match (text, file) {
            (Some(_), Some(_)) => bail!("set CAPSTAN_SECRET_KEYS or CAPSTAN_SECRET_KEYS_FILE, not both"),
            (Some(text), None) => Ok(Some(KeyRing::parse(text).context("CAPSTAN_SECRET_KEYS cannot be used")?)),
            (None, Some(path)) => {
                let shown = path.display();
                let text =
                    std::fs::read_to_string(path).with_context(|| format!("cannot read the secret keys in {shown}"))?;
                let ring =
                    KeyRing::parse(&text).with_context(|| format!("the secret keys in {shown} cannot be used"))?;
                if ring.is_empty() {
                    bail!("there is no key in {shown}; write id:base64 of 32 bytes, the newest first");
                }
                Ok(Some(ring))
            }
            (None, None) => Ok(None),
        }
    }
}
