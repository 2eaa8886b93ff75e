//! Reads the OpenTelemetry environment variables.

use std::fmt::Display;
use std::time::Duration;

use http::{HeaderMap, HeaderName, HeaderValue, Uri};
use mcp_lambda_contract::{Milliseconds, Reader, ServerInfo, Setting, Settings};
use opentelemetry::KeyValue;
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::resource::TelemetryResourceDetector;
use opentelemetry_sdk::trace::ShouldSample;
use serde_json::json;

use crate::runtime::process::Process;
use crate::telemetry::spans::values::{Endpoint, Lenient, Pairs, Propagators, Ratio, SamplerName};

/// Path of the traces below `OTEL_EXPORTER_OTLP_ENDPOINT` (OTLP specification, "Endpoint URLs for OTLP/HTTP").
const TRACES: &str = "v1/traces";

mcp_lambda_contract::settings! {
    /// Variables of the OpenTelemetry specification. As it demands, a malformed one does not keep the server from
    /// starting: it is logged, and its default counts.
    pub(crate) struct OtelSettings owned by McpLambda {
        /// Whether no span is made at all.
        sdk_disabled: Lenient<bool> = "OTEL_SDK_DISABLED" or "false",
        /// Base URL of an OTLP receiver that takes protobuf over HTTP: spans go to v1/traces below it. Without it and
        /// OTEL_EXPORTER_OTLP_TRACES_ENDPOINT no span is made.
        endpoint: Option<Lenient<Endpoint>> = "OTEL_EXPORTER_OTLP_ENDPOINT",
        /// URL that spans go to, as it is. It counts more than OTEL_EXPORTER_OTLP_ENDPOINT.
        traces_endpoint: Option<Lenient<Endpoint>> = "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT",
        /// Headers of every export, name=value, separated by commas, values percent-encoded. A key in them is a secret.
        headers: Option<Lenient<Pairs>> = "OTEL_EXPORTER_OTLP_HEADERS",
        /// The same for spans alone. It counts more than OTEL_EXPORTER_OTLP_HEADERS.
        traces_headers: Option<Lenient<Pairs>> = "OTEL_EXPORTER_OTLP_TRACES_HEADERS",
        /// Time for one export. A function waits for it after its answer, so the default is less than OpenTelemetry's
        /// ten seconds.
        timeout: Lenient<Milliseconds> = "OTEL_EXPORTER_OTLP_TIMEOUT" or "1000",
        /// What the service is called in traces. Default: service.name of OTEL_RESOURCE_ATTRIBUTES, or else the
        /// server's name in its contract.
        service_name: Option<String> = "OTEL_SERVICE_NAME",
        /// What else is said about the service in every export, key=value, separated by commas, values percent-encoded.
        resource_attributes: Option<Lenient<Pairs>> = "OTEL_RESOURCE_ATTRIBUTES",
        /// Which traces are recorded: always_on, always_off, traceidratio, or one of them after parentbased_, which does
        /// what the caller does when the caller sent a traceparent.
        sampler: Lenient<SamplerName> = "OTEL_TRACES_SAMPLER" or "parentbased_always_on",
        /// Share of the traces that traceidratio records, 0 to 1.
        sampler_arg: Lenient<Ratio> = "OTEL_TRACES_SAMPLER_ARG" or "1.0",
        /// Whose trace a request continues: tracecontext for the caller's traceparent, xray-lambda for that of AWS X-Ray
        /// where the caller sent none, none for neither.
        propagators: Lenient<Propagators> = "OTEL_PROPAGATORS" or "tracecontext",
    }
}

/// The resulting configuration.
pub(super) struct Configuration {
    pub(super) url: Uri,
    pub(super) headers: HeaderMap,
    pub(super) timeout: Duration,
    pub(super) sampler: Box<dyn ShouldSample>,
    pub(super) propagators: Propagators,
    pub(super) resource: Resource,
}

/// Their definitions for the contract.
pub(crate) fn definitions() -> Vec<Setting> {
    OtelSettings::definitions()
}

/// Reads the settings and logs their problems; `None` when they name no receiver.
pub(super) fn configuration(server: &ServerInfo, process: &Process) -> Option<Configuration> {
    let mut reader = Reader::new(&process.variables);
    let settings = OtelSettings::read(&mut reader)?;
    let complain = |name: &str, rule: &dyn Display| {
        process.log.error(
            "an OpenTelemetry variable is ignored",
            &json!({ "variable": name, "rule": format!("{name} must {rule}") }),
        );
    };
    let disabled = settings.sdk_disabled.or_else(|rule| {
        complain("OTEL_SDK_DISABLED", &rule);
        false
    });
    let endpoint = |setting: Option<Lenient<Endpoint>>, name: &str| {
        setting?.0.map_err(|rule| complain(name, &rule)).ok()
    };
    let own = endpoint(
        settings.traces_endpoint,
        "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT",
    );
    let base = endpoint(settings.endpoint, "OTEL_EXPORTER_OTLP_ENDPOINT");
    let url = own
        .map(|Endpoint(url)| url)
        .or_else(|| base.and_then(|base| base.below(TRACES)))
        .filter(|_| !disabled)?;

    let pairs = |setting: Option<Lenient<Pairs>>, name: &str| {
        setting.map_or_else(Vec::new, |pairs| {
            pairs.0.map(|Pairs(pairs)| pairs).unwrap_or_else(|rule| {
                complain(name, &rule);
                Vec::new()
            })
        })
    };
    let (given, name) = match settings.traces_headers {
        Some(headers) => (Some(headers), "OTEL_EXPORTER_OTLP_TRACES_HEADERS"),
        None => (settings.headers, "OTEL_EXPORTER_OTLP_HEADERS"),
    };
    let mut headers = HeaderMap::new();
    for (key, value) in pairs(given, name) {
        match (
            HeaderName::try_from(key.as_str()),
            HeaderValue::try_from(value),
        ) {
            (Ok(key), Ok(mut value)) => {
                value.set_sensitive(true);
                headers.insert(key, value);
            }
            (Ok(_) | Err(_), _) => complain(name, &"have names and values that HTTP allows"),
        }
    }
    let attributes = pairs(settings.resource_attributes, "OTEL_RESOURCE_ATTRIBUTES");
    let ratio = settings.sampler_arg.or_else(|rule| {
        complain("OTEL_TRACES_SAMPLER_ARG", &rule);
        Ratio(1.0)
    });
    let sampler = settings.sampler.or_else(|rule| {
        complain("OTEL_TRACES_SAMPLER", &rule);
        SamplerName::DEFAULT
    });
    Some(Configuration {
        url,
        headers,
        timeout: settings
            .timeout
            .or_else(|rule| {
                complain("OTEL_EXPORTER_OTLP_TIMEOUT", &rule);
                Milliseconds(Duration::from_secs(1))
            })
            .0,
        sampler: sampler.sampler(ratio),
        propagators: settings.propagators.or_else(|rule| {
            complain("OTEL_PROPAGATORS", &rule);
            Propagators::DEFAULT
        }),
        resource: resource(server, attributes, settings.service_name, process),
    })
}

/// The resource of the spans, by the semantic conventions for services, FaaS and cloud resources.
fn resource(
    server: &ServerInfo,
    given: Vec<(String, String)>,
    service_name: Option<String>,
    process: &Process,
) -> Resource {
    let mut all = vec![
        KeyValue::new("service.name", server.name.clone()),
        KeyValue::new("service.version", server.version.clone()),
    ];
    if process.runtime_api().is_some() {
        all.push(KeyValue::new("cloud.provider", "aws"));
        all.push(KeyValue::new("cloud.platform", "aws_lambda"));
        for (key, variable) in [
            ("cloud.region", "AWS_REGION"),
            ("faas.name", "AWS_LAMBDA_FUNCTION_NAME"),
            ("faas.version", "AWS_LAMBDA_FUNCTION_VERSION"),
            ("faas.instance", "AWS_LAMBDA_LOG_STREAM_NAME"),
        ] {
            let value = process.variable(variable).map(str::to_owned);
            all.extend(value.map(|value| KeyValue::new(key, value)));
        }
        let megabytes = process.variable("AWS_LAMBDA_FUNCTION_MEMORY_SIZE");
        let megabytes = megabytes.and_then(|size| size.parse::<i64>().ok());
        all.extend(megabytes.map(|size| KeyValue::new("faas.max_memory", size * 1024 * 1024)));
    }
    // Later ones replace earlier ones.
    all.extend(
        given
            .into_iter()
            .map(|(key, value)| KeyValue::new(key, value)),
    );
    all.extend(service_name.map(|name| KeyValue::new("service.name", name)));
    Resource::builder_empty()
        .with_detector(Box::new(TelemetryResourceDetector))
        .with_attributes(all)
        .build()
}
