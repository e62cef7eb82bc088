//! tmp
use coldtrace_service::{config::Settings, health::Health, metrics::Registry, shutdown::Shutdown};
#[tokio::main]
async fn main() {
    let mut settings = Settings::load(
        None,
        [(
            "COLDTRACE_QUERY__LISTEN".to_owned(),
            "127.0.0.1:17070".to_owned(),
        )],
    );
    let config = coldtrace_query::Config::read(&mut settings.section("query"));
    let store = coldtrace_store::Store::connect(coldtrace_store::StoreConfig {
        url: std::env::args().nth(1).unwrap(),
        user: "default".into(),
        password: String::new(),
        database: "ct".into(),
    });
    let app = coldtrace_query::App::build(config, store, &Registry::new(), &Health::new())
        .await
        .unwrap();
    app.run(Shutdown::new()).await;
}
