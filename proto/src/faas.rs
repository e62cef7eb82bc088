//! What a span says of the function invocation that it stands for, in one vocabulary for every platform.
//!
//! Names come from OpenTelemetry's semantic conventions for functions, old and new, and from what the platforms and tracers
//! really send. The span's own attributes win over its resource's. Not here: what becomes of it (the collector's facts).

use coldtrace_model::{Architecture, ByteSize, Platform, Trigger};

use crate::otlp::common::KeyValue;
use crate::otlp::common::any_value::Value;
use crate::otlp::trace::Span;

/// OTLP's numbers of the kinds of span that answer somebody.
const SERVER: i32 = 2;
const CONSUMER: i32 = 5;

/// Names of the request id. `request_id` alone is Datadog's and is read where its tracer says so.
const REQUEST_ID: [&str; 5] = [
    "faas.invocation_id",
    "faas.execution",
    "aws.requestId",
    "aws.request_id",
    "aws_request_id",
];
const COLD: [&str; 6] = [
    "faas.coldstart",
    "faas.cold_start",
    "azure.functions.coldstart.impacted",
    "cold_start",
    "coldStart",
    "ColdStart",
];
/// What only functions say of themselves. Not `faas.invoked_name` and its likes: those stand at the caller.
const IDENTITY: [&str; 5] = [
    "faas.name",
    "faas.id",
    "faas.instance",
    "faas.version",
    "faas.trigger",
];
const CLOUDFLARE_COLD_MS: &str = "cloudflare.cold_start_ms";
const HTTP_STATUS: [&str; 2] = ["http.response.status_code", "http.status_code"];

/// What a span says of an invocation. What it does not say is absent.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct FaasSpan<'a> {
    /// The platform's id of the invocation.
    pub request_id: Option<&'a str>,
    /// Whether it waited for a cold start.
    pub cold: Option<bool>,
    /// What caused it.
    pub trigger: Trigger,
    /// Where it ran.
    pub platform: Platform,
    /// The function's name.
    pub function: Option<&'a str>,
    /// The function's version.
    pub version: Option<&'a str>,
    /// The platform's region.
    pub region: Option<&'a str>,
    /// The platform's account or project.
    pub account: Option<&'a str>,
    /// The platform's name of the sandbox.
    pub instance: Option<&'a str>,
    /// Configured memory.
    pub memory: Option<ByteSize>,
    /// The language's runtime.
    pub runtime: Option<&'a str>,
    /// Instruction set.
    pub architecture: Architecture,
    /// Whether the span is an invocation: it answers somebody, and it names its request or says that it is a function.
    pub is_invocation: bool,
    /// HTTP response status, 0 if none.
    pub http_status: u16,
}

/// Attributes of the span, then of its resource.
#[derive(Clone, Copy)]
struct Said<'a> {
    span: &'a [KeyValue],
    resource: &'a [KeyValue],
}

// === impl FaasSpan ===

impl<'a> FaasSpan<'a> {
    /// Reads a span and the attributes of its resource.
    pub fn read(span: &'a Span, resource: &'a [KeyValue]) -> Self {
        let said = Said {
            span: &span.attributes,
            resource,
        };
        let platform = said.platform();
        let request_id = said.request_id();
        let cold = said.cold();
        let answers = matches!(span.kind, SERVER | CONSUMER);
        let is_function = request_id.is_some()
            || cold.is_some()
            || platform != Platform::Other
            || said.text(&IDENTITY).is_some();
        Self {
            request_id,
            cold,
            trigger: said
                .text(&["faas.trigger"])
                .map_or(Trigger::Unknown, trigger),
            platform,
            function: said
                .text(&["faas.name"])
                .or_else(|| said.text(&["service.name"])),
            version: said.text(&["faas.version", "service.version", "vercel.sha"]),
            region: said.text(&["cloud.region", "vercel.region", "cloudflare.colo"]),
            account: said.text(&["cloud.account.id", "vercel.projectId"]),
            instance: said.text(&["faas.instance", "service.instance.id"]),
            memory: said
                .int(&["faas.max_memory"])
                .and_then(|size| u64::try_from(size).ok())
                .map(memory),
            runtime: said.text(&["process.runtime.name", "vercel.runtime"]),
            architecture: said
                .text(&["host.arch"])
                .map_or(Architecture::Unknown, architecture),
            is_invocation: answers && is_function,
            http_status: said
                .int(&HTTP_STATUS)
                .and_then(|status| u16::try_from(status).ok())
                .unwrap_or(0),
        }
    }
}

// === impl Said ===

impl<'a> Said<'a> {
    fn value(self, key: &str) -> Option<&'a Value> {
        let find = |attributes: &'a [KeyValue]| {
            attributes
                .iter()
                .find(|pair| pair.key == key)
                .and_then(|pair| pair.value.as_ref()?.value.as_ref())
        };
        find(self.span).or_else(|| find(self.resource))
    }

    fn text(self, keys: &[&str]) -> Option<&'a str> {
        keys.iter().find_map(|key| match self.value(key) {
            Some(Value::StringValue(text)) if !text.is_empty() => Some(text.as_str()),
            _ => None,
        })
    }

    fn int(self, keys: &[&str]) -> Option<i64> {
        keys.iter().find_map(|key| match self.value(key)? {
            Value::IntValue(number) => Some(*number),
            Value::DoubleValue(number) if number.fract() == 0.0 && number.abs() < 9e15 => {
                Some(*number as i64)
            }
            Value::StringValue(digits) => digits.parse().ok(),
            _ => None,
        })
    }

    /// Several platforms send truths as text.
    fn truth(self, key: &str) -> Option<bool> {
        match self.value(key)? {
            Value::BoolValue(truth) => Some(*truth),
            Value::StringValue(text) if text.eq_ignore_ascii_case("true") => Some(true),
            Value::StringValue(text) if text.eq_ignore_ascii_case("false") => Some(false),
            _ => None,
        }
    }

    fn request_id(self) -> Option<&'a str> {
        let named = self.text(&REQUEST_ID);
        // Datadog's tracers, and what came through their formats, call it `request_id` on the span `aws.lambda`.
        let is_datadog = || {
            self.value("_dd.origin").is_some()
                || self.value("functionname").is_some()
                || self.value("function_arn").is_some()
        };
        named.or_else(|| self.text(&["request_id"]).filter(|_| is_datadog()))
    }

    fn cold(self) -> Option<bool> {
        let said = COLD.iter().find_map(|key| self.truth(key));
        let readiness = || match self.text(&["readiness"])? {
            "cold" => Some(true),
            "warm" => Some(false),
            _ => None,
        };
        said.or_else(readiness)
            .or_else(|| self.int(&[CLOUDFLARE_COLD_MS]).map(|millis| millis > 0))
    }

    fn platform(self) -> Platform {
        match self.text(&["cloud.platform"]) {
            Some("aws_lambda") => Platform::AwsLambda,
            Some("gcp_cloud_functions" | "gcp_cloud_run") => Platform::GoogleCloud,
            Some("azure_functions" | "azure.functions") => Platform::AzureFunctions,
            Some("cloudflare.workers" | "cloudflare_workers") => Platform::CloudflareWorkers,
            Some("vercel" | "vercel_functions") => Platform::Vercel,
            Some("deno_deploy" | "deno.deploy") => Platform::DenoDeploy,
            _ => self.platform_by_traits(),
        }
    }

    /// Of those that do not say `cloud.platform`.
    fn platform_by_traits(self) -> Platform {
        let has = |keys: &[&str]| keys.iter().any(|key| self.value(key).is_some());
        if has(&[
            "vercel.projectId",
            "vercel.deploymentId",
            "vercel.deployment_id",
            "vercel.region",
        ]) {
            Platform::Vercel
        } else if has(&["cloudflare.ray_id", "cloudflare.colo"]) {
            Platform::CloudflareWorkers
        } else if has(&["azure.functions.group"]) {
            Platform::AzureFunctions
        } else if has(&["deno.deployment_id", "deno.revision_id"]) {
            Platform::DenoDeploy
        } else if has(&[
            "aws.lambda.invoked_arn",
            "aws.requestId",
            "aws.log.group.names",
        ]) {
            Platform::AwsLambda
        } else {
            Platform::Other
        }
    }
}

/// Early conventions counted MiB, today's count bytes; no function has a MiB of them, nor a million MiB.
fn memory(size: u64) -> ByteSize {
    match size {
        mib if mib < 1 << 20 => ByteSize::from_mib(mib),
        bytes => ByteSize(bytes),
    }
}

fn trigger(name: &str) -> Trigger {
    match name {
        "http" => Trigger::Http,
        "pubsub" | "queue" | "email" => Trigger::PubSub,
        "datasource" => Trigger::Datasource,
        "timer" | "cron" => Trigger::Timer,
        _ => Trigger::Other,
    }
}

fn architecture(name: &str) -> Architecture {
    match name {
        "amd64" | "x86_64" | "x64" => Architecture::X86_64,
        "arm64" | "aarch64" => Architecture::Arm64,
        _ => Architecture::Unknown,
    }
}

#[cfg(test)]
mod tests;
