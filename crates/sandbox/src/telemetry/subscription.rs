//! What an extension subscribes to, read from its request and checked by the platform's rules.

use std::time::Duration;

use http::Uri;
use serde_json::Value;

use super::Category;

/// What each schema has that the one before has not: objects where the function logs such, and `functionArn` in
/// `platform.start` (told on managed instances alone, which take no other schema).
const SCHEMAS: [&str; 3] = ["2022-07-01", OBJECTS_SINCE, OF_2025];
const OBJECTS_SINCE: &str = "2022-12-13";
const OF_2025: &str = "2025-01-29";
/// How the platform names the sandbox's own loopback.
const HOSTS: [&str; 2] = ["sandbox.localdomain", "sandbox"];

/// A checked subscription.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Subscription {
    schema: &'static str,
    pub(crate) types: Vec<Category>,
    /// On loopback.
    pub(crate) port: u16,
    /// Path and query.
    pub(crate) path: String,
    pub(crate) max_items: usize,
    pub(crate) max_bytes: usize,
    /// How long a record may wait for its batch to fill up.
    pub(crate) timeout: Duration,
}

/// Why a subscription is refused. Its text is the reply's `errorMessage`.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Invalid {
    #[error("the body is not a JSON object")]
    NotAnObject,
    #[error("schemaVersion must be one of {SCHEMAS:?}")]
    Schema,
    #[error("types must be a list of platform, function, extension, and not empty")]
    Types,
    #[error("destination.protocol must be HTTP")]
    Protocol,
    #[error("destination.URI must be http://sandbox.localdomain:PORT[/PATH] with PORT beyond 1024")]
    Destination,
    #[error("buffering.{field} must be a number from {from} to {to}")]
    Buffering {
        field: &'static str,
        from: u64,
        to: u64,
    },
}

impl Subscription {
    /// Reads a request's body.
    pub(crate) fn parse(body: &[u8]) -> Result<Self, Invalid> {
        let body: Value = serde_json::from_slice(body).map_err(|_| Invalid::NotAnObject)?;
        if !body.is_object() {
            return Err(Invalid::NotAnObject);
        }
        let schema = SCHEMAS.into_iter();
        let schema = schema.rev().find(|schema| body["schemaVersion"] == *schema);
        let schema = schema.ok_or(Invalid::Schema)?;
        let (port, path) = destination(&body["destination"])?;
        let buffering = &body["buffering"];
        let timeout = bounded(buffering, "timeoutMs", 25, 30_000, 1_000)?;
        Ok(Self {
            schema,
            types: types(&body["types"])?,
            port,
            path,
            max_items: bounded(buffering, "maxItems", 1_000, 10_000, 10_000)? as usize,
            max_bytes: bounded(buffering, "maxBytes", 262_144, 1_048_576, 262_144)? as usize,
            timeout: Duration::from_millis(timeout),
        })
    }

    pub(crate) fn wants(&self, category: Category) -> bool {
        self.types.contains(&category)
    }

    /// Whether records of a function that logs JSON are objects.
    pub(crate) fn has_objects(&self) -> bool {
        self.schema >= OBJECTS_SINCE
    }

    pub(crate) fn is_of_2025(&self) -> bool {
        self.schema == OF_2025
    }
}

fn types(told: &Value) -> Result<Vec<Category>, Invalid> {
    let told = told.as_array().ok_or(Invalid::Types)?;
    let types: Option<Vec<Category>> = told
        .iter()
        .map(|name| Category::from_name(name.as_str()?))
        .collect();
    types
        .filter(|types| !types.is_empty())
        .ok_or(Invalid::Types)
}

fn destination(told: &Value) -> Result<(u16, String), Invalid> {
    if told["protocol"] != "HTTP" {
        return Err(Invalid::Protocol);
    }
    let uri: Option<Uri> = told["URI"].as_str().and_then(|uri| uri.parse().ok());
    let uri = uri.ok_or(Invalid::Destination)?;
    let is_local = uri.host().is_some_and(|host| HOSTS.contains(&host));
    let port = uri.port_u16().filter(|&port| port > 1024);
    match port {
        Some(port) if is_local && uri.scheme_str() == Some("http") => {
            let path = uri.path_and_query().map_or("/", |path| path.as_str());
            Ok((port, path.to_owned()))
        }
        _ => Err(Invalid::Destination),
    }
}

fn bounded(
    buffering: &Value,
    field: &'static str,
    from: u64,
    to: u64,
    default: u64,
) -> Result<u64, Invalid> {
    match &buffering[field] {
        Value::Null => Ok(default),
        told => told
            .as_u64()
            .filter(|told| (from..=to).contains(told))
            .ok_or(Invalid::Buffering { field, from, to }),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn request() -> Value {
        json!({
            "schemaVersion": "2022-12-13",
            "types": ["platform", "function"],
            "destination": {"protocol": "HTTP", "URI": "http://sandbox.localdomain:4319/events?of=me"},
            "buffering": {"timeoutMs": 25, "maxItems": 1000},
        })
    }

    #[test]
    fn a_request_is_read_with_the_platforms_defaults() {
        let read = Subscription::parse(request().to_string().as_bytes());
        let expected = Subscription {
            schema: OBJECTS_SINCE,
            types: vec![Category::Platform, Category::Function],
            port: 4319,
            path: "/events?of=me".to_owned(),
            max_items: 1_000,
            max_bytes: 262_144,
            timeout: Duration::from_millis(25),
        };
        assert_eq!(read, Ok(expected));
    }

    #[test]
    fn what_the_platform_refuses_is_refused() {
        type Change = fn(&mut Value);
        let timeout = |to| Invalid::Buffering {
            field: "timeoutMs",
            from: 25,
            to,
        };
        let cases: [(Change, Invalid); 7] = [
            (|request| *request = json!([]), Invalid::NotAnObject),
            (
                |request| request["schemaVersion"] = json!("2021-01-01"),
                Invalid::Schema,
            ),
            (
                |request| request["types"] = json!(["platform", "weather"]),
                Invalid::Types,
            ),
            (|request| request["types"] = json!([]), Invalid::Types),
            (
                |request| request["destination"]["protocol"] = json!("TCP"),
                Invalid::Protocol,
            ),
            (
                |request| request["destination"]["URI"] = json!("http://example.com:4319"),
                Invalid::Destination,
            ),
            (
                |request| request["buffering"]["timeoutMs"] = json!(24),
                timeout(30_000),
            ),
        ];
        for (change, expected) in cases {
            let mut changed = request();
            change(&mut changed);
            let read = Subscription::parse(changed.to_string().as_bytes());
            assert_eq!(read, Err(expected), "{changed}");
        }
    }
}
