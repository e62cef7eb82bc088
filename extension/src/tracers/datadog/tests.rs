use coldtrace_proto::otlp::common::any_value::Value;
use proptest::prelude::*;

use super::*;

/// Writes MessagePack as tracers do: always the long forms, which hold everything.
#[derive(Default)]
struct Writer(Vec<u8>);

impl Writer {
    fn array(mut self, length: u32) -> Self {
        self.0.push(0xdd);
        self.0.extend(length.to_be_bytes());
        self
    }

    fn map(mut self, length: u32) -> Self {
        self.0.push(0xdf);
        self.0.extend(length.to_be_bytes());
        self
    }

    fn text(mut self, text: &str) -> Self {
        self.0.push(0xdb);
        self.0.extend((text.len() as u32).to_be_bytes());
        self.0.extend(text.as_bytes());
        self
    }

    fn int(mut self, number: u64) -> Self {
        self.0.push(0xcf);
        self.0.extend(number.to_be_bytes());
        self
    }

    fn float(mut self, number: f64) -> Self {
        self.0.push(0xcb);
        self.0.extend(number.to_bits().to_be_bytes());
        self
    }

    fn texts(self, texts: &[&str]) -> Self {
        texts.iter().fold(self, |writer, text| writer.text(text))
    }
}

/// Two spans: a request, and the query in it that failed.
fn as_v04() -> Vec<u8> {
    let writer = Writer::default().array(1).array(2);
    let writer = writer.map(10);
    let writer = writer
        .texts(&["service", "shop", "name", "flask.request"])
        .texts(&["resource", "GET /basket", "type", "web"]);
    let writer = writer.text("trace_id").int(7).text("span_id").int(8);
    let writer = writer.text("parent_id").int(0);
    let writer = writer.text("start").int(1_000).text("duration").int(500);
    let writer = writer.text("metrics").map(2);
    let writer = writer
        .text("_sampling_priority_v1")
        .float(1.0)
        .text("basket.items")
        .float(3.0);
    let writer = writer.map(11);
    let writer = writer
        .texts(&["service", "shop-db", "name", "sqlite.query"])
        .texts(&["resource", "SELECT 1", "type", "sql"]);
    let writer = writer.text("trace_id").int(7).text("span_id").int(9);
    let writer = writer.text("parent_id").int(8).text("error").int(1);
    let writer = writer.text("start").int(1_100).text("duration").int(100);
    let writer = writer.text("meta").map(4);
    let writer = writer
        .texts(&["_dd.p.tid", "0000000000000005"])
        .texts(&["error.type", "OperationalError"])
        .texts(&["error.message", "no such table"])
        .texts(&["db.row_count", "0"]);
    // What is not known is passed over, however deep.
    let writer = writer.text("meta_struct").map(1).text("a").array(1).map(0);
    writer.0
}

fn as_v05() -> Vec<u8> {
    let texts = [
        "",
        "shop",
        "flask.request",
        "GET /basket",
        "web",
        "_sampling_priority_v1",
        "basket.items",
        "shop-db",
        "sqlite.query",
        "SELECT 1",
        "sql",
        "_dd.p.tid",
        "0000000000000005",
        "error.type",
        "OperationalError",
        "error.message",
        "no such table",
        "db.row_count",
        "0",
    ];
    let writer = Writer::default().array(2).array(texts.len() as u32);
    let writer = writer.texts(&texts).array(1).array(2);
    let ints = |writer: Writer, numbers: &[u64]| {
        let numbers = numbers.iter();
        numbers.fold(writer, |writer, number| writer.int(*number))
    };
    let writer = ints(writer.array(12), &[1, 2, 3, 7, 8, 0, 1_000, 500, 0]);
    let writer = writer.map(0).map(2);
    let writer = writer.int(5).float(1.0).int(6).float(3.0).int(4);
    let writer = ints(writer.array(12), &[7, 8, 9, 7, 9, 8, 1_100, 100, 1]);
    let writer = ints(writer.map(4), &[11, 12, 13, 14, 15, 16, 17, 18]);
    writer.map(0).int(10).0
}

fn attribute<'a>(span: &'a Span, key: &str) -> Option<&'a Value> {
    let found = span.attributes.iter().find(|one| one.key == key);
    found?.value.as_ref()?.value.as_ref()
}

#[test]
fn both_versions_give_the_same_spans() {
    let groups = v04(&as_v04(), "python").unwrap();
    assert_eq!(groups, v05(&as_v05(), "python").unwrap());
    let spans: Vec<&Span> = groups
        .iter()
        .flat_map(|group| &group.scope_spans[0].spans)
        .collect();
    let [request, query] = spans[..] else {
        panic!("{spans:?}");
    };
    assert_eq!(
        (request.name.as_str(), request.kind),
        ("GET /basket", SERVER)
    );
    // One span of the trace has the upper half of its id.
    let upper_and_lower = [5_u64.to_be_bytes(), 7_u64.to_be_bytes()].concat();
    assert_eq!(request.trace_id, upper_and_lower);
    assert_eq!(query.trace_id, upper_and_lower);
    assert_eq!(query.parent_span_id, request.span_id);
    assert_eq!(
        (request.start_time_unix_nano, request.end_time_unix_nano),
        (1_000, 1_500)
    );
    assert_eq!(
        attribute(request, "basket.items"),
        Some(&Value::IntValue(3))
    );
    assert_eq!(attribute(request, "_sampling_priority_v1"), None);
    assert_eq!(query.kind, CLIENT);
    assert_eq!(query.status.as_ref().unwrap().message, "no such table");
    assert_eq!(query.events[0].name, "exception");
    assert!(attribute(query, "db.row_count").is_some());
    let services: Vec<&str> = groups
        .iter()
        .map(|group| {
            let resource = group.resource.as_ref().unwrap();
            match resource.attributes[0]
                .value
                .as_ref()
                .unwrap()
                .value
                .as_ref()
            {
                Some(Value::StringValue(service)) => service.as_str(),
                other => panic!("{other:?}"),
            }
        })
        .collect();
    assert_eq!(services, ["shop", "shop-db"]);
}

#[test]
fn what_a_sampler_rejected_is_dropped() {
    let writer = Writer::default().array(1).array(1).map(3);
    let writer = writer.text("trace_id").int(7).text("span_id").int(8);
    let writer = writer.text("metrics").map(1).text(PRIORITY).float(0.0);
    assert_eq!(v04(&writer.0, ""), Ok(Vec::new()));
}

proptest! {
    #[test]
    fn any_bytes_are_read_or_refused(
        bytes in prop::collection::vec(any::<u8>(), 0..200),
        cut in 0..1_000_usize,
        change in any::<(usize, u8)>(),
    ) {
        for read in [v04, v05] {
            drop(read(&bytes, ""));
        }
        for (read, mut whole) in [(v04 as fn(&[u8], &str) -> _, as_v04()), (v05, as_v05())] {
            let place = change.0 % whole.len();
            whole[place] = change.1;
            drop::<Result<Vec<ResourceSpans>, Problem>>(read(&whole, ""));
            whole.truncate(cut);
            drop::<Result<Vec<ResourceSpans>, Problem>>(read(&whole, ""));
        }
    }
}
