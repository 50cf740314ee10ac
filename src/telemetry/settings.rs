//! What OpenTelemetry's own settings ask for. They are those of every program that speaks it, and so they are read as they are
//! there, from the environment alone.

use anyhow::{Context, bail};
use opentelemetry_otlp::Protocol;
use reqwest::Url;

use super::sampling::Sampling;

/// Under which name the product appears where none is chosen.
const SERVICE_NAME: &str = "capstan";
/// Where a collector takes traces, below its address.
const TRACES_PATH: &str = "v1/traces";

/// Where traces go, and which.
#[derive(Debug, PartialEq)]
pub(super) struct Settings {
    pub(super) endpoint: String,
    pub(super) protocol: Protocol,
    pub(super) service_name: String,
    pub(super) sampling: Sampling,
}

impl Settings {
    /// What `setting` says; nothing if no traces are asked for.
    pub(super) fn read(setting: impl Fn(&str) -> Option<String>) -> anyhow::Result<Option<Self>> {
        let set = |name: &str| setting(name).map(|value| value.trim().to_owned()).filter(|value| !value.is_empty());
        let is_off = set("OTEL_SDK_DISABLED").is_some_and(|value| value.eq_ignore_ascii_case("true"))
            || set("OTEL_TRACES_EXPORTER").is_some_and(|value| value == "none");
        let endpoint = match (set("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT"), set("OTEL_EXPORTER_OTLP_ENDPOINT")) {
            _ if is_off => return Ok(None),
            (Some(whole), _) => http_url("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", &whole)?,
            (None, Some(base)) => {
                let base = http_url("OTEL_EXPORTER_OTLP_ENDPOINT", &base)?;
                format!("{}/{TRACES_PATH}", base.trim_end_matches('/'))
            }
            (None, None) => return Ok(None),
        };
        let protocol = set("OTEL_EXPORTER_OTLP_TRACES_PROTOCOL").or_else(|| set("OTEL_EXPORTER_OTLP_PROTOCOL"));
        Ok(Some(Self {
            endpoint,
            protocol: protocol_of(protocol.as_deref())?,
            service_name: set("OTEL_SERVICE_NAME").unwrap_or_else(|| SERVICE_NAME.into()),
            sampling: sampling_of(set("OTEL_TRACES_SAMPLER").as_deref(), set("OTEL_TRACES_SAMPLER_ARG").as_deref())?,
        }))
    }
}

/// The address as it is written, if it is one that can be sent to.
fn http_url(name: &str, text: &str) -> anyhow::Result<String> {
    let url = Url::parse(text).with_context(|| format!("{name} is no URL; write for example http://127.0.0.1:4318"))?;
    if !matches!(url.scheme(), "http" | "https") {
        bail!("{name} has to begin with http:// or https://");
    }
    Ok(text.to_owned())
}

fn protocol_of(name: Option<&str>) -> anyhow::Result<Protocol> {
    match name {
        None | Some("http/protobuf") => Ok(Protocol::HttpBinary),
        Some("http/json") => Ok(Protocol::HttpJson),
        Some(other) => bail!(
            "OTEL_EXPORTER_OTLP_PROTOCOL={other:?} is not spoken here; write http/protobuf or http/json, and give the \
             collector's address for HTTP, whose usual port is 4318"
        ),
    }
}

fn sampling_of(name: Option<&str>, argument: Option<&str>) -> anyhow::Result<Sampling> {
    let share = || {
        let share = argument.unwrap_or("1").parse::<f64>().ok().filter(|share| (0.0..=1.0).contains(share));
        share.with_context(|| format!("OTEL_TRACES_SAMPLER_ARG={argument:?} is no share from 0 to 1, such as 0.1"))
    };
    Ok(match name {
        None | Some("parentbased_always_on") => Sampling::by_caller(1.0),
        Some("parentbased_always_off") => Sampling::by_caller(0.0),
        Some("parentbased_traceidratio") => Sampling::by_caller(share()?),
        Some("always_on") => Sampling::alone(1.0),
        Some("always_off") => Sampling::alone(0.0),
        Some("traceidratio") => Sampling::alone(share()?),
        Some(other) => bail!(
            "OTEL_TRACES_SAMPLER={other:?} is not known here; write always_on, always_off, traceidratio, or one of these \
             after parentbased_"
        ),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(given: &[(&str, &str)]) -> anyhow::Result<Option<Settings>> {
        let given: Vec<(String, String)> =
            given.iter().map(|(name, value)| ((*name).into(), (*value).into())).collect();
        Settings::read(move |name| given.iter().find(|one| one.0 == name).map(|one| one.1.clone()))
    }

    #[test]
    fn nothing_is_sent_unless_it_is_said_where() {
        let base = ("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:4318");
        let nothing: &[(&str, &str)] = &[];
        for off in [
            nothing,
            &[("OTEL_SERVICE_NAME", "flows")],
            &[("OTEL_EXPORTER_OTLP_ENDPOINT", " ")],
            &[base, ("OTEL_SDK_DISABLED", "true")],
            &[base, ("OTEL_TRACES_EXPORTER", "none")],
        ] {
            assert_eq!(read(off).unwrap(), None, "{off:?}");
        }
        let usual = read(&[base]).unwrap().unwrap();
        assert_eq!(
            (usual.endpoint.as_str(), usual.protocol),
            ("http://127.0.0.1:4318/v1/traces", Protocol::HttpBinary)
        );
        assert_eq!((usual.service_name.as_str(), usual.sampling), ("capstan", Sampling::by_caller(1.0)));
    }

    #[test]
    fn what_is_set_is_followed() {
        let settings = read(&[
            ("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:4318/"),
            ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "https://traces.example.com/in"),
            ("OTEL_EXPORTER_OTLP_PROTOCOL", "http/json"),
            ("OTEL_SERVICE_NAME", "flows"),
            ("OTEL_TRACES_SAMPLER", "traceidratio"),
            ("OTEL_TRACES_SAMPLER_ARG", "0.25"),
        ]);
        let wished = Settings {
            endpoint: "https://traces.example.com/in".into(),
            protocol: Protocol::HttpJson,
            service_name: "flows".into(),
            sampling: Sampling::alone(0.25),
        };
        assert_eq!(settings.unwrap(), Some(wished));
    }

    #[test]
    fn what_cannot_be_followed_is_named() {
        let base = ("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:4318");
        for (bad, named) in [
            (&[("OTEL_EXPORTER_OTLP_ENDPOINT", "collector:4318")][..], "OTEL_EXPORTER_OTLP_ENDPOINT"),
            (&[base, ("OTEL_EXPORTER_OTLP_PROTOCOL", "grpc")], "OTEL_EXPORTER_OTLP_PROTOCOL"),
            (&[base, ("OTEL_TRACES_SAMPLER", "xray")], "OTEL_TRACES_SAMPLER"),
            (&[base, ("OTEL_TRACES_SAMPLER", "traceidratio"), ("OTEL_TRACES_SAMPLER_ARG", "2")], "_SAMPLER_ARG"),
        ] {
            let error = read(bad).unwrap_err().to_string();
            assert!(error.contains(named), "{error}");
        }
    }
}
