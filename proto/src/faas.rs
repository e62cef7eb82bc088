//! What a span says of the function invocation that it stands for, in one vocabulary for every platform.
//!
//! Names come from OpenTelemetry's semantic conventions for functions, old and new, and from what the platforms and tracers
//! really send. The span's own attributes win over its resource's. Not here: what becomes of it (the collector's facts).

use coldtrace_model::{Architecture, ByteSize, Platform, Trigger};

mod known;

use crate::wire::Value;
pub(crate) use known::Key;
pub use known::Known;

/// OTLP's numbers of the kinds of span that answer somebody.
const SERVER: i32 = 2;
const CONSUMER: i32 = 5;
/// And of the one that calls.
const CLIENT: i32 = 3;

/// Names of the request id. `request_id` alone is Datadog's and is read where its tracer says so.
const REQUEST_ID: [Key; 5] = [
    Key::FaasInvocationId,
    Key::FaasExecution,
    Key::AwsRequestIdCamel,
    Key::AwsRequestIdDotted,
    Key::AwsRequestId,
];
/// Those that only functions have.
const INVOCATION_ID: [Key; 2] = [Key::FaasInvocationId, Key::FaasExecution];
const COLD: [Key; 6] = [
    Key::FaasColdstart,
    Key::FaasColdStart,
    Key::AzureColdstart,
    Key::ColdStartSnake,
    Key::ColdStartCamel,
    Key::ColdStartPascal,
];
/// What only functions say of themselves. Not `faas.invoked_name` and its likes: those stand at the caller.
const IDENTITY: [Key; 5] = [
    Key::FaasName,
    Key::FaasId,
    Key::FaasInstance,
    Key::FaasVersion,
    Key::FaasTrigger,
];
const HTTP_STATUS: [Key; 2] = [Key::HttpResponseStatusCode, Key::HttpStatusCode];

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

/// What the span says, then what its resource says.
#[derive(Clone, Copy)]
struct Said<'k, 'a> {
    span: &'k Known<'a>,
    resource: &'k Known<'a>,
}

// === impl FaasSpan ===

impl<'a> FaasSpan<'a> {
    /// Of a span of this kind (OTLP's number), by what it and its resource say.
    pub fn read(kind: i32, span: &Known<'a>, resource: &Known<'a>) -> Self {
        let said = Said { span, resource };
        let platform = said.platform();
        let request_id = said.request_id(kind);
        let cold = said.cold();
        let is_function = request_id.is_some()
            || cold.is_some()
            || platform != Platform::Other
            || said.text(&IDENTITY).is_some();
        Self {
            request_id,
            cold,
            trigger: said
                .text(&[Key::FaasTrigger])
                .map_or(Trigger::Unknown, trigger),
            platform,
            function: said
                .text(&[Key::FaasName])
                .or_else(|| said.text(&[Key::ServiceName])),
            version: said.text(&[Key::FaasVersion, Key::ServiceVersion, Key::VercelSha]),
            region: said.text(&[Key::CloudRegion, Key::VercelRegion, Key::CloudflareColo]),
            account: said.text(&[Key::CloudAccountId, Key::VercelProjectId]),
            instance: said.text(&[Key::FaasInstance, Key::ServiceInstanceId]),
            memory: said
                .int(&[Key::FaasMaxMemory])
                .and_then(|size| u64::try_from(size).ok())
                .map(memory),
            runtime: said.text(&[Key::ProcessRuntimeName, Key::VercelRuntime]),
            architecture: said
                .text(&[Key::HostArch])
                .map_or(Architecture::Unknown, architecture),
            is_invocation: answers(kind) && is_function,
            http_status: said.http_status(),
        }
    }
}

/// What a resource says, read once for all its spans.
#[derive(Clone, Copy, Debug)]
pub struct FaasResource<'a> {
    known: Known<'a>,
    /// Of a server's span that adds nothing.
    server: FaasSpan<'a>,
}

// === impl FaasResource ===

impl<'a> FaasResource<'a> {
    /// Of what the resource says.
    pub fn new(known: Known<'a>) -> Self {
        Self {
            known,
            server: FaasSpan::read(SERVER, &Known::default(), &known),
        }
    }

    /// What the resource calls itself: its service's name, else its function's.
    pub fn service(&self) -> Option<&'a str> {
        self.known.service()
    }

    /// Of a span of this kind that says this: the same as [`FaasSpan::read`], sooner where the span adds little.
    #[inline]
    pub fn span(&self, kind: i32, span: &Known<'a>) -> FaasSpan<'a> {
        if !span.adds_little() {
            return FaasSpan::read(kind, span, &self.known);
        }
        let said = Said {
            span,
            resource: &self.known,
        };
        FaasSpan {
            is_invocation: answers(kind) && self.server.is_invocation,
            http_status: said.http_status(),
            ..self.server
        }
    }
}

fn answers(kind: i32) -> bool {
    matches!(kind, SERVER | CONSUMER)
}

// === impl Said ===

impl<'a> Said<'_, 'a> {
    fn value(self, key: Key) -> Option<Value<'a>> {
        self.span.get(key).or_else(|| self.resource.get(key))
    }

    fn text(self, keys: &[Key]) -> Option<&'a str> {
        let texts = keys.iter().filter_map(|key| self.value(*key)?.as_text());
        texts.into_iter().find(|text| !text.is_empty())
    }

    fn int(self, keys: &[Key]) -> Option<i64> {
        keys.iter().find_map(|key| match self.value(*key)? {
            Value::Int(number) => Some(number),
            Value::Double(number) if number.fract() == 0.0 && number.abs() < 9e15 => {
                Some(number as i64)
            }
            Value::Text(digits) => std::str::from_utf8(digits).ok()?.parse().ok(),
            _ => None,
        })
    }

    /// Several platforms send truths as text.
    fn truth(self, key: Key) -> Option<bool> {
        match self.value(key)? {
            Value::Bool(truth) => Some(truth),
            Value::Text(text) if text.eq_ignore_ascii_case(b"true") => Some(true),
            Value::Text(text) if text.eq_ignore_ascii_case(b"false") => Some(false),
            _ => None,
        }
    }

    fn request_id(self, kind: i32) -> Option<&'a str> {
        // With a call to DynamoDB or S3 it is that call's id, and with one to Lambda that of the invocation.
        if kind == CLIENT && self.span.get(Key::AwsRequestIdDotted).is_some() && !self.invokes() {
            return self.text(&INVOCATION_ID);
        }
        let named = self.text(&REQUEST_ID);
        // Datadog's tracers, and what came through their formats, call it `request_id` on the span `aws.lambda`.
        let is_datadog = || self.has(&[Key::DatadogOrigin, Key::FunctionName, Key::FunctionArn]);
        named.or_else(|| self.text(&[Key::RequestId]).filter(|_| is_datadog()))
    }

    fn invokes(self) -> bool {
        self.text(&[Key::RpcService]) == Some("Lambda") || self.has(&[Key::FaasInvokedName])
    }

    fn cold(self) -> Option<bool> {
        let said = COLD.iter().find_map(|key| self.truth(*key));
        let readiness = || match self.text(&[Key::Readiness])? {
            "cold" => Some(true),
            "warm" => Some(false),
            _ => None,
        };
        said.or_else(readiness).or_else(|| {
            self.int(&[Key::CloudflareColdStartMs])
                .map(|millis| millis > 0)
        })
    }

    fn http_status(self) -> u16 {
        self.int(&HTTP_STATUS)
            .and_then(|status| u16::try_from(status).ok())
            .unwrap_or(0)
    }

    fn platform(self) -> Platform {
        match self.text(&[Key::CloudPlatform]) {
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
        if self.has(&[
            Key::VercelProjectId,
            Key::VercelDeploymentIdCamel,
            Key::VercelDeploymentId,
            Key::VercelRegion,
        ]) {
            Platform::Vercel
        } else if self.has(&[Key::CloudflareRayId, Key::CloudflareColo]) {
            Platform::CloudflareWorkers
        } else if self.has(&[Key::AzureFunctionsGroup]) {
            Platform::AzureFunctions
        } else if self.has(&[Key::DenoDeploymentId, Key::DenoRevisionId]) {
            Platform::DenoDeploy
        } else if self.has(&[
            Key::AwsLambdaInvokedArn,
            Key::AwsRequestIdCamel,
            Key::AwsLogGroupNames,
        ]) {
            Platform::AwsLambda
        } else {
            Platform::Other
        }
    }

    fn has(self, keys: &[Key]) -> bool {
        keys.iter().any(|key| self.value(*key).is_some())
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
