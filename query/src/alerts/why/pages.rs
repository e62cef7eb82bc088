//! The pages of the ui that show what an alert is about. Their addresses are those of `ui/src/app/router.tsx` and of each view's
//! `url.ts`.

use coldtrace_alerts::Link;
use coldtrace_model::{Outcome, RequestId, TimeRange};

use super::{Bad, Question};
use crate::reply::escaped;

/// The page of an invocation.
pub(super) fn invocation(base: &str, request_id: &RequestId) -> String {
    format!("{base}/invocations/{}", escaped(request_id.as_str()))
}

/// Whom it is about in exactly its window, the bad invocations, and what they are compared with.
pub(super) fn links(base: &str, question: &Question) -> Vec<Link> {
    let (window, reach) = (within(question.window), within(question.reach()));
    let (bad, only) = (bad_ones(question.bad), listed(question.bad));
    let link = |title: String, path: String| Link {
        title,
        href: format!("{base}{path}"),
    };
    let Some(function) = &question.function else {
        return vec![
            link("functions in this window".to_owned(), format!("/?{window}")),
            link(bad.to_owned(), format!("/invocations?{window}{only}")),
        ];
    };
    let page = format!("/functions/{}", escaped(function));
    let why = match question.bad {
        Bad::Errors | Bad::Timeouts | Bad::OutOfMemory => "why=errors".to_owned(),
        Bad::Cold => "why=cold".to_owned(),
        Bad::Lost | Bad::Slower(_) | Bad::Everything => {
            let TimeRange { from, to } = question.window;
            format!("why=stretch&since={}&until={}", from.0, to.0)
        }
    };
    vec![
        link(
            format!("{function} in this window"),
            format!("{page}?{window}"),
        ),
        link(bad.to_owned(), format!("{page}?{window}{only}")),
        link(
            "what sets them apart".to_owned(),
            format!("{page}?{reach}&{why}"),
        ),
    ]
}

fn within(TimeRange { from, to }: TimeRange) -> String {
    format!("from={}&to={}", from.0, to.0)
}

fn bad_ones(bad: Bad) -> &'static str {
    match bad {
        Bad::Errors => "failed invocations",
        Bad::Timeouts => "invocations that timed out",
        Bad::OutOfMemory => "invocations that ran out of memory",
        Bad::Lost => "lost invocations",
        Bad::Slower(_) => "the slowest invocations",
        Bad::Cold => "invocations that waited for a start",
        Bad::Everything => "its invocations",
    }
}

/// What of a list is shown.
fn listed(bad: Bad) -> String {
    let outcomes: Vec<&str> = bad
        .outcomes()
        .iter()
        .map(|one| Outcome::as_str(*one))
        .collect();
    match bad {
        Bad::Slower(_) => "&sort=slowest".to_owned(),
        Bad::Cold => "&start=cold&sort=slowest".to_owned(),
        Bad::Everything => String::new(),
        _ => format!("&outcome={}", outcomes.join(",")),
    }
}

#[cfg(test)]
mod tests {
    use coldtrace_model::{Nanos, UnixNanos};

    use super::*;

    fn hrefs(function: Option<&str>, bad: Bad) -> Vec<String> {
        let hour = 3_600_000_000_000;
        let question = Question {
            function: function.map(str::to_owned),
            version: None,
            window: TimeRange {
                from: UnixNanos(2 * hour),
                to: UnixNanos(3 * hour),
            },
            bad,
        };
        let links = links("https://trace.example", &question).into_iter();
        links.map(|link| link.href).collect()
    }

    #[test]
    fn pages_show_exactly_the_window_and_what_is_bad_in_it() {
        let (from, to) = ("from=7200000000000", "to=10800000000000");
        let page = "https://trace.example/functions/a%20b";
        assert_eq!(
            hrefs(Some("a b"), Bad::Errors),
            [
                format!("{page}?{from}&{to}"),
                format!("{page}?{from}&{to}&outcome=error,init_error,crash,timeout,oom,lost"),
                format!("{page}?from=3600000000000&{to}&why=errors"),
            ]
        );
        let slow = hrefs(Some("a b"), Bad::Slower(Nanos(5)));
        assert_eq!(slow[1], format!("{page}?{from}&{to}&sort=slowest"));
        let compared = "from=3600000000000&to=10800000000000&why=stretch&since=7200000000000&until=10800000000000";
        assert_eq!(slow[2], format!("{page}?{compared}"));
        assert_eq!(
            hrefs(None, Bad::Cold),
            [
                format!("https://trace.example/?{from}&{to}"),
                format!("https://trace.example/invocations?{from}&{to}&start=cold&sort=slowest"),
            ]
        );
    }

    #[test]
    fn an_id_may_be_anything_that_an_id_may_be() {
        let id = RequestId::parse("order/1?x").expect("an id");
        assert_eq!(invocation("", &id), "/invocations/order%2F1%3Fx");
    }
}
