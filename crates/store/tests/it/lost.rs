//! What has no end is lost once its deadline is long over, in every list and every figure, until somebody tells its end.

use coldtrace_model::{FactSet, Nanos, Outcome, RequestId, Tenant, TimeRange, UnixNanos};
use coldtrace_store::Reader;
use coldtrace_store::reader::{InvocationFilter, InvocationSort, Narrowing};
use coldtrace_store::rows::{InvocationRow, Owner};
use coldtrace_testkit::engine::{self, KEEP_DAYS};

use crate::database::ask;
use crate::settle::{Data, check, settle_all};

const SECOND: u64 = 1_000_000_000;
const MINUTE: u64 = 60 * SECOND;
/// As in the tests of settling.
const BEGIN: u64 = 1_767_225_600 * SECOND - 10 * MINUTE;
const RANGE: TimeRange = TimeRange {
    from: UnixNanos(BEGIN - 60 * MINUTE),
    to: UnixNanos(BEGIN + 60 * MINUTE),
};
const MINE: Owner<'static> = Owner {
    tenant: "default",
    keep_days: KEEP_DAYS,
};
/// Of the invocation that is looked at.
const DEADLINE: u64 = BEGIN + 10 * SECOND;
/// When it is lost: the minute of its deadline is over as long as one waits.
const LOST_AT: UnixNanos = UnixNanos(BEGIN + MINUTE + Outcome::WAITED_FOR.0);

fn started(request_id: &str, deadline_unix_ns: u64) -> InvocationRow<'_> {
    InvocationRow {
        facts: FactSet::STARTED,
        deadline_unix_ns,
        start_unix_ns: BEGIN,
        ..InvocationRow::empty(MINE, "checkout", BEGIN, request_id)
    }
}

/// How each of them ended, by the list and by its own page; they must agree.
async fn outcomes(reader: &Reader, wanted: &[Outcome]) -> Vec<(String, Outcome)> {
    let mut told = Vec::new();
    for sort in [InvocationSort::Newest, InvocationSort::Slowest] {
        let filter = InvocationFilter {
            range: RANGE,
            function: None,
            outcomes: wanted.to_vec(),
            cold: None,
            only: Narrowing::default(),
            sort,
            after: None,
            limit: 10,
        };
        let page = reader.invocations(&filter).await.expect("a page");
        assert_eq!(page.total, page.items.len() as u64);
        let mut listed: Vec<(String, Outcome)> = page
            .items
            .into_iter()
            .map(|one| (one.request_id.as_str().to_owned(), one.outcome))
            .collect();
        listed.sort();
        told.push(listed);
    }
    let listed = told.remove(0);
    assert_eq!(told[0], listed, "in whatever order");
    for (request_id, outcome) in &listed {
        let id = RequestId::parse(request_id).expect("an id");
        let found = reader.invocations_of(&[id]).await.expect("an answer");
        assert_eq!(found[0].outcome, *outcome);
    }
    listed
}

/// Invocations, errors and lost ones of the function: as a whole, by the minute and by the hour.
async fn figures(reader: &Reader) -> (u64, u64, u64) {
    let functions = reader.functions(RANGE).await.expect("functions");
    let all = (
        functions[0].invocations,
        functions[0].errors,
        functions[0].lost,
    );
    for step in [MINUTE, 60 * MINUTE] {
        let points = reader.function_series("checkout", RANGE, Nanos(step)).await;
        let points = points.expect("steps");
        let sum = points.iter().fold((0, 0, 0), |(n, errors, lost), point| {
            (
                n + point.invocations,
                errors + point.errors,
                lost + point.lost,
            )
        });
        assert_eq!(sum, all);
    }
    let parts = reader.function_parts("checkout", RANGE).await;
    let errors: u64 = parts.expect("parts").iter().map(|part| part.errors).sum();
    assert_eq!(errors, all.1);
    all
}

#[tokio::test]
async fn what_has_no_end_is_lost_long_after_its_deadline_until_its_end_is_told() {
    let engine = engine::start().await;
    let mut data = Data::of(&engine.store());
    let settler = engine.store().settler();
    let reader = engine.store().reader(Tenant::single());
    let before = reader.clone().as_of(UnixNanos(LOST_AT.0 - 1));
    let after = reader.as_of(LOST_AT);
    let finished = InvocationRow {
        facts: FactSet::FINISHED,
        outcome: Outcome::Error.number(),
        runtime_duration_ns: SECOND,
        ..InvocationRow::empty(MINE, "checkout", BEGIN, "failed")
    };
    data.invocations(&[
        started("gone", DEADLINE),
        started("failed", DEADLINE),
        finished,
        started("without a deadline", 0),
        started("later", DEADLINE + 5 * MINUTE),
    ])
    .await;
    let named = |outcomes: [Outcome; 4]| {
        let ids = ["failed", "gone", "later", "without a deadline"];
        let ids = ids.map(str::to_owned);
        ids.into_iter().zip(outcomes).collect::<Vec<_>>()
    };
    use Outcome::{Error, Lost, Running};
    // From base tables, then from rollups that were settled before anything was lost.
    for is_settled in [false, true] {
        assert_eq!(
            outcomes(&before, &[]).await,
            named([Error, Running, Running, Running])
        );
        assert_eq!(
            outcomes(&after, &[]).await,
            named([Error, Lost, Running, Running])
        );
        assert_eq!(outcomes(&before, &[Lost]).await, []);
        assert_eq!(outcomes(&after, &[Lost]).await, [("gone".to_owned(), Lost)]);
        assert_eq!(figures(&before).await, (4, 1, 0), "settled: {is_settled}");
        assert_eq!(figures(&after).await, (4, 2, 1), "settled: {is_settled}");
        settle_all(&settler).await;
        check(&settler).await;
    }
    // Somebody heard of it after all.
    let late = InvocationRow {
        request_id: "gone",
        outcome: Outcome::Ok.number(),
        ..finished
    };
    data.invocations(&[late]).await;
    for _ in 0..2 {
        assert_eq!(
            outcomes(&after, &[]).await,
            named([Error, Outcome::Ok, Running, Running])
        );
        assert_eq!(outcomes(&after, &[Lost]).await, []);
        assert_eq!(figures(&after).await, (4, 1, 0));
        settle_all(&settler).await;
        check(&settler).await;
    }
}

#[tokio::test]
async fn those_that_failed_come_first_and_the_lost_among_them() {
    let engine = engine::start().await;
    let mut data = Data::of(&engine.store());
    data.invocations(&[started("gone", DEADLINE), started("running", 0)])
        .await;
    let reader = engine.store().reader(Tenant::single()).as_of(LOST_AT);
    let mut filter = InvocationFilter {
        range: RANGE,
        function: Some("checkout".to_owned()),
        outcomes: Vec::new(),
        cold: None,
        only: Narrowing::default(),
        sort: InvocationSort::FailedFirst,
        after: None,
        limit: 1,
    };
    let mut listed = Vec::new();
    loop {
        let page = reader.invocations(&filter).await.expect("a page");
        listed.extend(page.items.into_iter().map(|one| one.outcome));
        match page.next {
            Some(next) => filter.after = Some(next),
            None => break,
        }
    }
    assert_eq!(listed, [Outcome::Lost, Outcome::Running]);
}

#[tokio::test]
async fn what_was_settled_before_lost_ones_were_counted_is_settled_again() {
    let engine = engine::start().await;
    let mut data = Data::of(&engine.store());
    let settler = engine.store().settler();
    data.invocations(&[started("gone", DEADLINE)]).await;
    settle_all(&settler).await;
    // As it stood in these tables: of a later revision, so that it counts.
    for table in ["fn_1m", "fn_1h"] {
        let older = format!(
            "INSERT INTO {table} SELECT * REPLACE (revision + 4294967296 AS revision,
                if(mark = 1, fingerprint - 1, 0) AS fingerprint, map() AS open_hist) FROM {table}"
        );
        ask(&engine.store_config(), &older).await;
    }
    let stands = "SELECT sum(length(open_hist)) FROM fn_1m FINAL";
    assert_eq!(ask(&engine.store_config(), stands).await.trim(), "0");
    let reader = engine.store().reader(Tenant::single()).as_of(LOST_AT);
    assert_eq!(figures(&reader).await, (1, 1, 1), "from base tables");
    settle_all(&settler).await;
    assert_eq!(figures(&reader).await, (1, 1, 1));
    assert_ne!(ask(&engine.store_config(), stands).await.trim(), "0");
    check(&settler).await;
}
