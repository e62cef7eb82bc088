//! `coldtrace status`: asks the running services how they are, and tells it to a person or a machine.
//!
//! Everything told was read from a running service just now: from its readiness page and its metrics. What is not known
//! is told as such. The store is not asked itself: what counts is whether the services reach it. Here: the command.
//! Asking is [`mod@ask`], reading [`page`], judging [`report`], wording [`words`].

use clap::Args;
use coldtrace_model::UnixNanos;

mod ask;
mod page;
mod report;
mod words;

use crate::ConfigFile;
use crate::client;
use crate::failure::Failure;
use crate::settings::{Config, say};
use ask::{Answer, Asker};
use report::{Bounds, Report, Role};

/// `coldtrace status`.
#[derive(Args)]
pub(crate) struct StatusArguments {
    #[command(flatten)]
    file: ConfigFile,
    /// The service that runs here, where it is not both.
    #[arg(long, value_name = "SERVICE")]
    only: Option<Role>,
    /// Where the collector takes OTLP over HTTP, where the settings do not say.
    #[arg(long, value_name = "URL")]
    collector: Option<String>,
    /// Where the query service is, where the settings do not say.
    #[arg(long, value_name = "URL")]
    query: Option<String>,
    /// For machines.
    #[arg(long)]
    json: bool,
}

/// Runs it. All is well, or it fails.
pub(crate) fn run(arguments: &StatusArguments) -> Result<(), Failure> {
    let config = Config::load(&arguments.file)?;
    let asker = Asker::new(&config.control)?;
    let wanted = Role::ALL.into_iter();
    let wanted = wanted.filter(|role| arguments.only.is_none_or(|only| only == *role));
    let answers: Vec<Answer> = wanted
        .map(|role| asker.ask(role, &arguments.url(role, &config)))
        .collect();
    let bounds = Bounds {
        log_cap: config.collector.log_cap.0,
        settles: config.query.settle.enabled,
    };
    let report = Report::of(&answers, bounds, UnixNanos::now());
    match arguments.json {
        true => say(&format!("{}\n", report.to_json()))?,
        false => say(&words::told(&report))?,
    }
    match report.problems.len() {
        0 => Ok(()),
        1 => Err(Failure::Told("one thing is not well".to_owned())),
        many => Err(Failure::Told(format!("{many} things are not well"))),
    }
}

// === impl StatusArguments ===

impl StatusArguments {
    fn url(&self, role: Role, config: &Config) -> String {
        let (given, scheme, address) = match role {
            Role::Collector => (
                &self.collector,
                config.collector.tls.scheme(),
                config.collector.http_listen,
            ),
            Role::Query => (&self.query, config.query.tls.scheme(), config.query.listen),
        };
        match given {
            Some(url) => url.trim_end_matches('/').to_owned(),
            None => client::url(scheme, address),
        }
    }
}
