//! What `serve` and `dev` have to know to take events of payments in.

use std::fmt;
use std::path::PathBuf;

use anyhow::{Context, bail};
use capstan_api::BillingSettings;
use capstan_domain::billing::SigningSecrets;
use clap::Args;

use crate::output::hidden;

/// How a provider of payments is heard.
#[derive(Args, Clone)]
pub(crate) struct BillingArgs {
    /// Signing secrets of the endpoints at Stripe, with commas: while one is changed, the new one and the old one.
    #[arg(long, env = "CAPSTAN_BILLING_STRIPE_SECRETS", hide_env_values = true, help_heading = "Billing")]
    billing_stripe_secrets: Option<String>,
    /// A file with such secrets, one a line.
    #[arg(long, env = "CAPSTAN_BILLING_STRIPE_SECRETS_FILE", help_heading = "Billing")]
    billing_stripe_secrets_file: Option<PathBuf>,
    /// Plan of workspaces that do not pay any more, once what they have paid ends.
    #[arg(long, env = "CAPSTAN_BILLING_FALLBACK_PLAN", default_value = BillingSettings::FALLBACK_PLAN,
        help_heading = "Billing")]
    billing_fallback_plan: String,
}

impl fmt::Debug for BillingArgs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BillingArgs")
            .field("billing_stripe_secrets", &hidden(self.billing_stripe_secrets.as_ref()))
            .field("billing_stripe_secrets_file", &self.billing_stripe_secrets_file)
            .field("billing_fallback_plan", &self.billing_fallback_plan)
            .finish()
    }
}

impl BillingArgs {
    /// The plan of those who do not pay any more, if payments are heard of at all.
    pub(crate) fn fallback_plan(settings: &BillingSettings) -> Option<&str> {
        (!settings.secrets.is_empty()).then_some(settings.fallback_plan.as_str())
    }

    /// What the API has to know; without secrets it takes no events in.
    pub(crate) fn settings(&self) -> anyhow::Result<BillingSettings> {
        let text = self.billing_stripe_secrets.as_deref().filter(|text| !text.trim().is_empty());
        let file = self.billing_stripe_secrets_file.as_ref().filter(|path| !path.as_os_str().is_empty());
        let secrets = match (text, file) {
            (Some(_), Some(_)) => {
                bail!("set CAPSTAN_BILLING_STRIPE_SECRETS or CAPSTAN_BILLING_STRIPE_SECRETS_FILE, not both")
            }
            (Some(text), None) => {
                SigningSecrets::parse(text).context("CAPSTAN_BILLING_STRIPE_SECRETS cannot be used")?
            }
            (None, Some(path)) => {
                let shown = path.display();
                let text = std::fs::read_to_string(path)
                    .with_context(|| format!("cannot read the signing secrets in {shown}"))?;
                let secrets = SigningSecrets::parse(&text)
                    .with_context(|| format!("the signing secrets in {shown} cannot be used"))?;
                if secrets.is_empty() {
                    bail!("there is no signing secret in {shown}; copy that of the endpoint from the provider");
                }
                secrets
            }
            (None, None) => SigningSecrets::default(),
        };
        Ok(BillingSettings { secrets, fallback_plan: self.billing_fallback_plan.clone() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn args(secrets: Option<&str>, file: Option<PathBuf>) -> BillingArgs {
        BillingArgs {
            billing_stripe_secrets: secrets.map(str::to_owned),
            billing_stripe_secrets_file: file,
            billing_fallback_plan: "free".into(),
        }
    }

    #[test]
    fn secrets_come_from_one_place_and_are_not_told() {
        let settings = args(Some("whsec_first1,whsec_second"), None).settings().unwrap();
        assert_eq!(BillingArgs::fallback_plan(&settings), Some("free"));
        let none = args(Some(" "), None).settings().unwrap();
        assert_eq!(BillingArgs::fallback_plan(&none), None);
        for (args, said) in [
            (args(Some("whsec_first1"), Some("/nowhere".into())), "not both"),
            (args(None, Some("/nowhere/at/all".into())), "cannot read"),
            (args(Some("whsec_first1,secret"), None), "number 2"),
        ] {
            let error = format!("{:#}", args.settings().unwrap_err());
            assert!(error.contains(said) && !error.contains("whsec_first1"), "{error}");
        }
    }
}
