//! The engine seen directly, past the reader.

use coldtrace_store::StoreConfig;

/// What a query answers, tab-separated unless it names a format.
pub(crate) async fn ask(store: &StoreConfig, query: &str) -> String {
    let client = clickhouse::Client::default()
        .with_url(&store.url)
        .with_user(&store.user)
        .with_password(&store.password)
        .with_database(&store.database);
    let answer = client.query_raw(query).fetch_bytes("TabSeparated");
    let answer = answer.expect("the query is sent").collect().await;
    let answer = answer.unwrap_or_else(|error| panic!("{query}: {error}"));
    String::from_utf8_lossy(&answer).into_owned()
}
