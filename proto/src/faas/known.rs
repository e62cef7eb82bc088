//! The attributes that mean something here, picked out of all that a span or a resource has.
//!
//! Most attributes are none of these, and a span has many: a table of lengths and first letters turns those away.

use crate::wire::{Attribute, Value};

macro_rules! keys {
    ($($key:ident = $name:literal,)*) => {
        /// A name that is known.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub(crate) enum Key {
            $($key,)*
        }

        const KEYS: &[(Key, &str)] = &[$((Key::$key, $name),)*];
    };
}

keys! {
    FaasInvocationId = "faas.invocation_id",
    FaasExecution = "faas.execution",
    AwsRequestIdCamel = "aws.requestId",
    AwsRequestIdDotted = "aws.request_id",
    AwsRequestId = "aws_request_id",
    RequestId = "request_id",
    DatadogOrigin = "_dd.origin",
    FunctionName = "functionname",
    FunctionArn = "function_arn",
    FaasColdstart = "faas.coldstart",
    FaasColdStart = "faas.cold_start",
    AzureColdstart = "azure.functions.coldstart.impacted",
    ColdStartSnake = "cold_start",
    ColdStartCamel = "coldStart",
    ColdStartPascal = "ColdStart",
    Readiness = "readiness",
    CloudflareColdStartMs = "cloudflare.cold_start_ms",
    FaasName = "faas.name",
    FaasId = "faas.id",
    FaasInstance = "faas.instance",
    FaasVersion = "faas.version",
    FaasTrigger = "faas.trigger",
    FaasMaxMemory = "faas.max_memory",
    ServiceName = "service.name",
    ServiceVersion = "service.version",
    ServiceInstanceId = "service.instance.id",
    CloudPlatform = "cloud.platform",
    CloudRegion = "cloud.region",
    CloudAccountId = "cloud.account.id",
    VercelSha = "vercel.sha",
    VercelRegion = "vercel.region",
    VercelProjectId = "vercel.projectId",
    VercelDeploymentIdCamel = "vercel.deploymentId",
    VercelDeploymentId = "vercel.deployment_id",
    VercelRuntime = "vercel.runtime",
    CloudflareColo = "cloudflare.colo",
    CloudflareRayId = "cloudflare.ray_id",
    AzureFunctionsGroup = "azure.functions.group",
    DenoDeploymentId = "deno.deployment_id",
    DenoRevisionId = "deno.revision_id",
    AwsLambdaInvokedArn = "aws.lambda.invoked_arn",
    AwsLogGroupNames = "aws.log.group.names",
    ProcessRuntimeName = "process.runtime.name",
    HostArch = "host.arch",
    ColdtracePhase = "coldtrace.phase",
    HttpResponseStatusCode = "http.response.status_code",
    HttpStatusCode = "http.status_code",
    RpcService = "rpc.service",
    FaasInvokedName = "faas.invoked_name",
}

/// Longer names are none of these.
const LONGEST: usize = 40;

/// By a name's length: the first letters, as bits, of those that are known.
const FIRST_LETTERS: [u128; LONGEST] = {
    let mut letters = [0; LONGEST];
    let mut index = 0;
    while index < KEYS.len() {
        let name = KEYS[index].1.as_bytes();
        letters[name.len()] |= 1 << name[0];
        index += 1;
    }
    letters
};

/// Where in [`KEYS`] the names of a length are, behind them [`NONE`].
const BY_LENGTH: [[u8; 8]; LONGEST] = {
    let mut indices = [[NONE; 8]; LONGEST];
    let mut counts = [0; LONGEST];
    let mut index = 0;
    while index < KEYS.len() {
        let length = KEYS[index].1.len();
        indices[length][counts[length]] = index as u8;
        counts[length] += 1;
        index += 1;
    }
    indices
};
const NONE: u8 = u8::MAX;

/// What a span or a resource says under names that are known. Of a name that stands twice the first counts.
#[derive(Clone, Copy, Debug)]
pub struct Known<'a> {
    values: [Value<'a>; KEYS.len()],
    /// Which of `values` were said.
    said: u64,
}

// === impl Key ===

impl Key {
    #[inline]
    pub(crate) fn of(name: &[u8]) -> Option<Self> {
        let first = *name.first()?;
        let letters = *FIRST_LETTERS.get(name.len())?;
        // Shifted by more than there are bits, nothing is left.
        let may_be = letters.checked_shr(u32::from(first)).unwrap_or(0) & 1 == 1;
        may_be.then(|| Self::find(name)).flatten()
    }

    fn find(name: &[u8]) -> Option<Self> {
        for index in &BY_LENGTH[name.len()] {
            let (key, known) = KEYS.get(usize::from(*index))?;
            if known.as_bytes() == name {
                return Some(*key);
            }
        }
        None
    }

    const fn bit(self) -> u64 {
        1 << self as u32
    }
}

// === impl Known ===

impl Default for Known<'_> {
    fn default() -> Self {
        Self {
            values: [Value::Empty; KEYS.len()],
            said: 0,
        }
    }
}

impl<'a> Known<'a> {
    /// Of these attributes.
    pub fn of(attributes: impl IntoIterator<Item = Attribute<'a>>) -> Self {
        let mut known = Self::default();
        for attribute in attributes {
            known.add(&attribute);
        }
        known
    }

    /// Takes note of an attribute, if it is known and says something.
    #[inline]
    pub fn add(&mut self, attribute: &Attribute<'a>) {
        if let Some(key) = Key::of(attribute.key) {
            self.add_value(key, attribute.value);
        }
    }

    /// As [`Known::add`], of an attribute whose name was looked up.
    #[inline]
    pub(crate) fn add_value(&mut self, key: Key, value: Value<'a>) {
        if value != Value::Empty && self.said & key.bit() == 0 {
            self.values[key as usize] = value;
            self.said |= key.bit();
        }
    }

    /// Forgets everything.
    #[inline]
    pub fn clear(&mut self) {
        self.said = 0;
    }

    /// Whether nothing was said that concerns an invocation, but for an HTTP status and who is called.
    #[inline]
    pub(super) fn adds_little(&self) -> bool {
        const LITTLE: u64 = Key::HttpResponseStatusCode.bit()
            | Key::HttpStatusCode.bit()
            | Key::ColdtracePhase.bit()
            | Key::RpcService.bit()
            | Key::FaasInvokedName.bit();
        self.said & !LITTLE == 0
    }

    /// The phase that the extension says a span of its own stands for.
    pub fn phase(&self) -> Option<&'a str> {
        self.get(Key::ColdtracePhase)?.as_text()
    }

    /// The id of the invocation by OpenTelemetry's own name.
    pub fn invocation_id(&self) -> Option<&'a str> {
        self.get(Key::FaasInvocationId)?.as_text()
    }

    /// What the service calls itself: its name, else its function's.
    pub(super) fn service(&self) -> Option<&'a str> {
        let names = [Key::ServiceName, Key::FaasName];
        let names = names.iter().filter_map(|key| self.get(*key)?.as_text());
        names.into_iter().find(|name| !name.is_empty())
    }

    #[inline]
    pub(super) fn get(&self, key: Key) -> Option<Value<'a>> {
        (self.said & key.bit() != 0).then(|| self.values[key as usize])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_is_found_and_its_likes_are_not() {
        assert!(KEYS.len() <= 64, "a bit for each");
        for (key, name) in KEYS {
            assert_eq!(Key::of(name.as_bytes()), Some(*key), "{name}");
            let longer = format!("{name}x");
            assert_eq!(Key::of(longer.as_bytes()), None, "{longer}");
        }
        for name in ["", "http.route", "\u{ff}", "service.namx"] {
            assert_eq!(Key::of(name.as_bytes()), None, "{name}");
        }
    }
}
