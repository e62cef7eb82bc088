use coldtrace_proto::otlp::common::any_value::Value as Wire;
use proptest::prelude::*;
use serde_json::json;

use super::*;

fn datagram(document: &Value) -> Vec<u8> {
    format!("{{\"format\": \"json\", \"version\": 1}}\n{document}").into_bytes()
}

/// What an SDK sends of a handler that calls a table and then fails.
fn document() -> Value {
    json!({
        "id": "6226467e3f845502",
        "name": "## handler",
        "type": "subsegment",
        "trace_id": "1-5759e988-bd862e3fe1be46a994272793",
        "parent_id": "53995c3f42cd8ad8",
        "start_time": 1_498_082_657.375_18,
        "end_time": 1_498_082_695.428,
        "fault": true,
        "cause": {
            "working_directory": "/var/task",
            "exceptions": [{
                "id": "1a2b",
                "type": "ValueError",
                "message": "no such basket",
                "stack": [{"path": "app.py", "line": 12, "label": "handler"}],
            }],
        },
        "annotations": {"ColdStart": true, "Service": "shop", "items": 3},
        "metadata": {"shop": {"checkout response": {"ok": false}}},
        "subsegments": [
            {
                "id": "6226467e3f845503",
                "name": "dynamodb",
                "namespace": "aws",
                "start_time": 1_498_082_658.0,
                "end_time": 1_498_082_659.0,
                "http": {"response": {"status": 200, "content_length": 60}},
                "aws": {"operation": "GetItem", "region": "eu-central-1", "table_name": "baskets", "retries": 0},
            },
            {"id": "6226467e3f845504", "name": "later", "start_time": 1_498_082_658.0, "in_progress": true},
        ],
    })
}

fn value<'a>(span: &'a Span, key: &str) -> Option<&'a Wire> {
    let found = span.attributes.iter().find(|one| one.key == key);
    found?.value.as_ref()?.value.as_ref()
}

#[test]
fn a_document_gives_its_span_and_those_inside_that_have_ended() {
    let spans = spans(&datagram(&document())).unwrap();
    let [handler, call] = &spans[..] else {
        panic!("{spans:?}");
    };
    assert_eq!(handler.name, "## handler");
    assert_eq!(handler.kind, INTERNAL);
    assert_eq!(
        handler.trace_id,
        0x5759_e988_bd86_2e3f_e1be_46a9_9427_2793_u128.to_be_bytes()
    );
    assert_eq!(
        handler.parent_span_id,
        0x5399_5c3f_42cd_8ad8_u64.to_be_bytes()
    );
    // Doubles of this size are exact to a quarter of a microsecond.
    let off_by = handler
        .start_time_unix_nano
        .abs_diff(1_498_082_657_375_180_000);
    assert!(off_by < 1_000, "{off_by} ns");
    let status = handler.status.as_ref().unwrap();
    assert_eq!(
        (status.code, status.message.as_str()),
        (2, "no such basket")
    );
    assert_eq!(handler.events[0].name, "exception");
    assert_eq!(value(handler, "ColdStart"), Some(&Wire::BoolValue(true)));
    assert_eq!(value(handler, "items"), Some(&Wire::IntValue(3)));
    assert_eq!(
        value(handler, "aws.xray.metadata.shop"),
        Some(&Wire::StringValue(
            r#"{"checkout response":{"ok":false}}"#.to_owned()
        ))
    );
    assert_eq!(call.name, "dynamodb.GetItem");
    assert_eq!(
        (call.kind, &call.parent_span_id),
        (CLIENT, &handler.span_id)
    );
    assert_eq!(call.trace_id, handler.trace_id);
    for (key, expected) in [
        ("rpc.service", Wire::StringValue("dynamodb".to_owned())),
        ("rpc.method", Wire::StringValue("GetItem".to_owned())),
        ("aws.table_name", Wire::StringValue("baskets".to_owned())),
        ("http.response.status_code", Wire::IntValue(200)),
    ] {
        assert_eq!(value(call, key), Some(&expected), "{key}");
    }
}

#[test]
fn what_is_no_document_is_refused_with_a_reason() {
    let refused = |change: &dyn Fn(&mut Value)| {
        let mut document = document();
        change(&mut document);
        spans(&datagram(&document)).unwrap_err()
    };
    assert_eq!(spans(b"{}").unwrap_err(), "no line before the document");
    assert_eq!(
        refused(&|document| document["trace_id"] = json!("x")),
        "no trace id: \"x\""
    );
    assert_eq!(
        refused(&|document| document["id"] = json!("x")),
        "no id: \"x\""
    );
    assert_eq!(
        refused(&|document| document["end_time"] = json!("now")),
        "no end_time"
    );
    assert!(spans(b"{}\n[").unwrap_err().contains("EOF"));
    let deep = format!("{{}}\n{}", "[".repeat(100_000));
    assert!(spans(deep.as_bytes()).unwrap_err().contains("recursion"));
}

proptest! {
    #[test]
    fn any_bytes_are_read_or_refused(cut in 0..2_000_usize, change in any::<(usize, u8)>()) {
        let mut whole = datagram(&document());
        let place = change.0 % whole.len();
        whole[place] = change.1;
        drop(spans(&whole));
        whole.truncate(cut);
        drop(spans(&whole));
    }
}
