//! X-Ray's segment documents, as its SDKs send them to a daemon: one document a datagram, behind a line of their own.
//!
//! Ids, times and names are kept: X-Ray's trace id in W3C's form, so that they meet the platform's own spans. A document that
//! is in progress is passed over: the same comes again when it has ended.

use coldtrace_proto::otlp::common::KeyValue;
use coldtrace_proto::otlp::trace::{Span, Status, span};
use serde_json::{Map, Value};

use super::{CLIENT, ERROR, INTERNAL, Problem, SERVER, exception, int, number, text, truth};
use crate::trace_header::trace_id_of_root;

/// The line before a document says `{"format":"json","version":1}`.
const LINE_END: u8 = b'\n';

/// The spans of a datagram: those of the document and of every document inside it.
pub(crate) fn spans(datagram: &[u8]) -> Result<Vec<Span>, Problem> {
    let end = datagram.iter().position(|byte| *byte == LINE_END);
    let body = end.and_then(|end| datagram.get(end + 1..));
    let body = body.ok_or_else(|| "no line before the document".to_owned())?;
    let document: Value = serde_json::from_slice(body).map_err(|error| error.to_string())?;
    let told = Told(document.as_object().ok_or("not an object")?);
    let root = trace_id_of_root(told.text("trace_id"));
    let trace_id = root.ok_or_else(|| format!("no trace id: {:?}", told.text("trace_id")))?;
    let mut spans = Vec::new();
    let parent = told.id("parent_id");
    told.tell(&trace_id.as_bytes()[..], parent, &mut spans)?;
    Ok(spans)
}

/// A document. What is absent or of another form than it should be is not said.
#[derive(Clone, Copy)]
struct Told<'a>(&'a Map<String, Value>);

// === impl Told ===

impl<'a> Told<'a> {
    /// Its span and, below it, those of the documents inside. The reader caps the depth.
    fn tell(self, trace_id: &[u8], parent: Vec<u8>, spans: &mut Vec<Span>) -> Result<(), Problem> {
        let id = self.id("id");
        if id.is_empty() {
            return Err(format!("no id: {:?}", self.text("id")));
        }
        let inner = self.list("subsegments").filter_map(Value::as_object);
        if !self.is("in_progress") {
            spans.push(self.span(trace_id, id.clone(), parent)?);
        }
        for document in inner {
            Told(document).tell(trace_id, id.clone(), spans)?;
        }
        Ok(())
    }

    fn span(self, trace_id: &[u8], id: Vec<u8>, parent: Vec<u8>) -> Result<Span, Problem> {
        let start = self.time("start_time").ok_or("no start_time")?;
        let end = self.time("end_time").ok_or("no end_time")?;
        let is_call = matches!(self.text("namespace"), "aws" | "remote");
        let kind = match (is_call, self.text("type")) {
            (true, _) => CLIENT,
            (false, "subsegment") => INTERNAL,
            // Without a type, one inside another is a subsegment as well.
            (false, _) if !parent.is_empty() && self.text("trace_id").is_empty() => INTERNAL,
            (false, _) => SERVER,
        };
        let operation = self.object("aws").map_or("", |aws| aws.text("operation"));
        let name = match operation {
            "" => self.text("name").to_owned(),
            operation => format!("{}.{operation}", self.text("name")),
        };
        Ok(Span {
            trace_id: trace_id.to_vec(),
            span_id: id,
            parent_span_id: parent,
            name,
            kind,
            start_time_unix_nano: start,
            end_time_unix_nano: end.max(start),
            attributes: self.attributes(),
            events: self.exceptions(end),
            status: self.status(),
            ..Span::default()
        })
    }

    fn attributes(self) -> Vec<KeyValue> {
        let mut attributes = Vec::new();
        for (key, told) in [("aws.xray.origin", "origin"), ("enduser.id", "user")] {
            push_text(&mut attributes, key, self.text(told));
        }
        push_text(
            &mut attributes,
            "aws.resource_arn",
            self.text("resource_arn"),
        );
        if let Some(http) = self.object("http") {
            http.tell_http(&mut attributes);
        }
        if let Some(aws) = self.object("aws") {
            aws.tell_aws(self.text("name"), &mut attributes);
        }
        if let Some(sql) = self.object("sql") {
            sql.tell_sql(&mut attributes);
        }
        if let Some(service) = self.object("service") {
            push_text(&mut attributes, "service.version", service.text("version"));
        }
        for kind in ["throttle", "fault"]
            .into_iter()
            .filter(|kind| self.is(kind))
        {
            attributes.push(truth(&format!("aws.xray.{kind}"), true));
        }
        if let Some(annotations) = self.object("annotations") {
            let told = annotations.0.iter();
            attributes.extend(told.filter_map(|(key, value)| plain(key, value)));
        }
        if let Some(metadata) = self.object("metadata") {
            let told = metadata.0.iter();
            attributes.extend(
                told.map(|(key, value)| {
                    text(&format!("aws.xray.metadata.{key}"), value.to_string())
                }),
            );
        }
        attributes
    }

    fn tell_http(self, attributes: &mut Vec<KeyValue>) {
        if let Some(request) = self.object("request") {
            for (key, told) in [
                ("http.request.method", "method"),
                ("url.full", "url"),
                ("user_agent.original", "user_agent"),
                ("client.address", "client_ip"),
            ] {
                push_text(attributes, key, request.text(told));
            }
        }
        if let Some(response) = self.object("response") {
            for (key, told) in [
                ("http.response.status_code", "status"),
                ("http.response.body.size", "content_length"),
            ] {
                let value = response.0.get(told).and_then(Value::as_f64);
                attributes.extend(value.map(|value| number(key, value)));
            }
        }
    }

    /// A call to a service of AWS; what has no name in the conventions keeps X-Ray's.
    fn tell_aws(self, service: &str, attributes: &mut Vec<KeyValue>) {
        if !self.text("operation").is_empty() {
            attributes.push(text("rpc.system", "aws-api"));
            push_text(attributes, "rpc.service", service);
        }
        for (key, value) in self.0 {
            let key = match key.as_str() {
                "operation" => "rpc.method".to_owned(),
                "region" => "cloud.region".to_owned(),
                "account_id" => "cloud.account.id".to_owned(),
                "request_id" => "aws.request_id".to_owned(),
                // The SDK on itself.
                "xray" => continue,
                other => format!("aws.{other}"),
            };
            attributes.extend(plain(&key, value));
        }
    }

    fn tell_sql(self, attributes: &mut Vec<KeyValue>) {
        for (key, value) in self.0 {
            let key = match key.as_str() {
                "sanitized_query" => "db.query.text".to_owned(),
                "database_type" => "db.system.name".to_owned(),
                "user" => "db.user".to_owned(),
                "url" | "connection_string" => "db.connection_string".to_owned(),
                other => format!("aws.xray.sql.{other}"),
            };
            attributes.extend(plain(&key, value));
        }
    }

    fn status(self) -> Option<Status> {
        let failed = ["fault", "error", "throttle"].into_iter();
        let kind = failed.into_iter().find(|kind| self.is(kind))?;
        let mut exceptions = self.causes();
        let message = exceptions.find_map(|one| {
            let [message, kind] = ["message", "type"].map(|key| Told(one).text(key));
            [message, kind].into_iter().find(|words| !words.is_empty())
        });
        Some(Status {
            code: ERROR,
            message: message.unwrap_or(kind).to_owned(),
        })
    }

    fn exceptions(self, time: u64) -> Vec<span::Event> {
        let causes = self.causes().map(|cause| {
            let cause = Told(cause);
            let frames = cause.list("stack").filter_map(Value::as_object).map(Told);
            let frames = frames.map(|frame| {
                let line = frame.0.get("line").and_then(Value::as_u64);
                let line = line.map_or_else(String::new, |line| format!(":{line}"));
                format!(
                    "  at {} ({}{line})",
                    frame.text("label"),
                    frame.text("path")
                )
            });
            let stack = frames.collect::<Vec<_>>().join("\n");
            exception(time, cause.text("type"), cause.text("message"), &stack)
        });
        causes.collect()
    }

    /// The exceptions that are written out; one that is the id of another's is told there.
    fn causes(self) -> impl Iterator<Item = &'a Map<String, Value>> {
        let cause = self.object("cause").into_iter();
        cause
            .flat_map(|cause| cause.list("exceptions"))
            .filter_map(Value::as_object)
    }

    fn text(self, key: &str) -> &'a str {
        let value = self.0.get(key).and_then(Value::as_str);
        value.unwrap_or_default()
    }

    fn is(self, key: &str) -> bool {
        self.0.get(key).and_then(Value::as_bool).unwrap_or_default()
    }

    fn object(self, key: &str) -> Option<Self> {
        self.0.get(key).and_then(Value::as_object).map(Self)
    }

    fn list(self, key: &str) -> impl Iterator<Item = &'a Value> {
        let list = self.0.get(key).and_then(Value::as_array);
        list.into_iter().flatten()
    }

    /// Seconds since the epoch, as nanoseconds.
    fn time(self, key: &str) -> Option<u64> {
        let seconds = self.0.get(key)?.as_f64()?;
        (seconds > 0.0).then_some((seconds * 1e9) as u64)
    }

    /// The eight bytes of an id; none where it is no id.
    fn id(self, key: &str) -> Vec<u8> {
        let digits = self.text(key);
        let id = u64::from_str_radix(digits, 16).unwrap_or_default();
        match digits.len() == 16 && id != 0 {
            true => id.to_be_bytes().to_vec(),
            false => Vec::new(),
        }
    }
}

fn push_text(attributes: &mut Vec<KeyValue>, key: &str, value: &str) {
    if !value.is_empty() {
        attributes.push(text(key, value));
    }
}

/// A scalar as it is, anything else as JSON.
fn plain(key: &str, value: &Value) -> Option<KeyValue> {
    Some(match value {
        Value::Null => return None,
        Value::Bool(value) => truth(key, *value),
        Value::Number(value) => match value.as_i64() {
            Some(whole) => int(key, whole),
            None => number(key, value.as_f64()?),
        },
        Value::String(value) => text(key, value.as_str()),
        Value::Array(_) | Value::Object(_) => text(key, value.to_string()),
    })
}

#[cfg(test)]
mod tests;
