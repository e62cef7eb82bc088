//! `coldtrace keys` and `coldtrace limits`: who may send and read, and how much.
//!
//! They write the control database of the data folder themselves, whether or not a service runs on it; a service follows
//! within a second. A secret goes to standard output, once.

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Subcommand};
use coldtrace_control::{Db, DbError, Key, Limits, NewKey, Scope, Secret};
use coldtrace_model::{Nanos, Tenant, UnixNanos};
use coldtrace_service::config::{HumanBytes, HumanDuration};
use serde_json::{Value, json};

mod table;

use crate::data_dir::DataDir;
use crate::failure::Failure;
use crate::settings::say;

/// `coldtrace keys`.
#[derive(Args)]
pub(crate) struct KeysArguments {
    #[command(subcommand)]
    command: KeysCommand,
}

#[derive(Subcommand)]
enum KeysCommand {
    /// Make a key and print it, this once.
    Create(Create),
    /// Show every key, but for its secret.
    List(Output),
    /// Give a key another secret and print it, this once; the old one is taken for a while longer.
    Rotate(Rotate),
    /// End a key for good.
    Revoke(Revoke),
}

#[derive(Args)]
struct Create {
    /// What it is good for: ingest, read, write or admin.
    #[arg(long, default_value_t = Scope::Ingest)]
    scope: Scope,
    /// Whose data it sends or reads.
    #[arg(long, default_value_t = Tenant::single(), value_parser = parse_tenant)]
    tenant: Tenant,
    /// Its name for people.
    #[arg(long, default_value = "")]
    name: String,
    /// After how long it ends by itself, such as 90d; never if left out.
    #[arg(long, value_name = "DURATION")]
    expires: Option<HumanDuration>,
    #[command(flatten)]
    output: Output,
}

#[derive(Args)]
struct Rotate {
    /// As `coldtrace keys list` shows it.
    id: String,
    /// How long the old secret is taken as well; 0 for not at all.
    #[arg(long, value_name = "DURATION", default_value_t = HumanDuration(Duration::from_secs(86_400)))]
    grace: HumanDuration,
    #[command(flatten)]
    output: Output,
}

#[derive(Args)]
struct Revoke {
    /// As `coldtrace keys list` shows it.
    id: String,
    #[command(flatten)]
    output: Output,
}

/// `coldtrace limits`.
#[derive(Args)]
pub(crate) struct LimitsArguments {
    #[command(subcommand)]
    command: LimitsCommand,
}

#[derive(Subcommand)]
enum LimitsCommand {
    /// Show the tenants that have limits of their own.
    List(Output),
    /// Replace a tenant's limits; what is left out is as the collector's configuration says.
    Set(SetLimits),
}

#[derive(Args)]
struct SetLimits {
    /// Whose.
    #[arg(value_parser = parse_tenant)]
    tenant: Tenant,
    /// After how many days its data is dropped.
    #[arg(long, value_name = "DAYS")]
    keep_days: Option<u16>,
    /// Unpacked bytes per second, such as 5MiB.
    #[arg(long, value_name = "BYTES")]
    bytes_per_second: Option<HumanBytes>,
    /// Spans, log records and facts per second.
    #[arg(long, value_name = "NUMBER")]
    spans_per_second: Option<u64>,
    /// How much of the collector's log it may fill, in percent.
    #[arg(long, value_name = "PERCENT")]
    log_share: Option<u8>,
    #[command(flatten)]
    output: Output,
}

#[derive(Args)]
struct Output {
    /// For machines.
    #[arg(long)]
    json: bool,
    /// The data folder of the query service, or of `coldtrace up`.
    #[arg(long, value_name = "DIR")]
    data_dir: Option<PathBuf>,
}

/// Runs `coldtrace keys`.
pub(crate) fn keys(arguments: KeysArguments) -> Result<(), Failure> {
    let now = UnixNanos::now();
    match arguments.command {
        KeysCommand::Create(create) => {
            let mut db = create.output.open()?;
            let is_first = db.keys().map_err(failed)?.is_empty();
            let new = NewKey {
                name: create.name,
                tenant: create.tenant,
                scope: create.scope,
                expires: create.expires.map(|length| later(now, length)),
            };
            let secret = db.create(&new, now).map_err(failed)?;
            let key = find(&db, secret.id().as_str())?;
            match create.output.json {
                true => print(&secret_json(&secret, &key)),
                false => say(&created(&secret, &key, is_first)),
            }
        }
        KeysCommand::List(output) => {
            let keys = output.open()?.keys().map_err(failed)?;
            match output.json {
                true => print(&keys.iter().map(key_json).collect()),
                false => say(&table::keys(&keys, now)),
            }
        }
        KeysCommand::Rotate(rotate) => {
            let mut db = rotate.output.open()?;
            let secret = db.rotate(&rotate.id, rotate.grace.0, now).map_err(failed)?;
            let key = find(&db, &rotate.id)?;
            match rotate.output.json {
                true => print(&secret_json(&secret, &key)),
                false => say(&rotated(&secret, rotate.grace)),
            }
        }
        KeysCommand::Revoke(revoke) => {
            let key = revoke
                .output
                .open()?
                .revoke(&revoke.id, now)
                .map_err(failed)?;
            match revoke.output.json {
                true => print(&key_json(&key)),
                false => say(&format!("The key {} is revoked.\n", key.id)),
            }
        }
    }
}

/// Runs `coldtrace limits`.
pub(crate) fn limits(arguments: LimitsArguments) -> Result<(), Failure> {
    match arguments.command {
        LimitsCommand::List(output) => {
            let limits = output.open()?.limits().map_err(failed)?;
            match output.json {
                true => print(&limits.iter().map(limits_json).collect()),
                false => say(&table::limits(&limits)),
            }
        }
        LimitsCommand::Set(set) => {
            let limits = Limits {
                keep_days: set.keep_days,
                bytes_per_second: set.bytes_per_second.map(|bytes| bytes.0),
                spans_per_second: set.spans_per_second,
                log_share: set.log_share,
            };
            let mut db = set.output.open()?;
            db.set_limits(&set.tenant, limits).map_err(failed)?;
            let of_tenant = (set.tenant, limits);
            match set.output.json {
                true => print(&limits_json(&of_tenant)),
                false => say(&table::limits(&[of_tenant])),
            }
        }
    }
}

fn created(secret: &Secret, key: &Key, is_first: bool) -> String {
    let does = match key.scope {
        Scope::Ingest => "sends as",
        Scope::Read => "reads what was sent by",
        Scope::Write => "decides on alerts and reads what was sent by",
        Scope::Admin => "looks after the service and reads what was sent by",
    };
    let presented = match key.scope {
        Scope::Ingest => {
            "The extension takes it from COLDTRACE_API_KEY, exporters from the header `authorization: Bearer KEY`."
        }
        Scope::Read | Scope::Write | Scope::Admin => {
            "The ui asks for it; the API takes it from the header `authorization: Bearer KEY`."
        }
    };
    let first = match is_first {
        true => {
            "It is the first key: from now on nobody sends or reads without one, also on this machine.\n"
        }
        false => "",
    };
    format!(
        "{}\n\nThis key {does} the tenant {} (id {}). It is shown this once.\n{presented}\n{first}",
        secret.reveal(),
        key.tenant,
        key.id
    )
}

fn rotated(secret: &Secret, grace: HumanDuration) -> String {
    let old = match grace.0.is_zero() {
        true => "The secret before it is not taken any more.".to_owned(),
        false => format!("The secret before it is taken for {grace} more."),
    };
    format!("{}\n\nIt is shown this once. {old}\n", secret.reveal())
}

fn secret_json(secret: &Secret, key: &Key) -> Value {
    let mut json = key_json(key);
    json["key"] = secret.reveal().into();
    json
}

/// Times as the API has them: nanoseconds in decimal.
fn key_json(key: &Key) -> Value {
    let time = |time: Option<UnixNanos>| time.map(|time| time.0.to_string());
    json!({
        "id": key.id.as_str(),
        "name": key.name,
        "tenant": key.tenant.as_str(),
        "scope": key.scope.as_str(),
        "created": time(Some(key.created)),
        "rotated": time(key.rotated),
        "expires": time(key.expires),
        "revoked": time(key.revoked),
        "previous_until": time(key.previous_until),
    })
}

fn limits_json((tenant, limits): &(Tenant, Limits)) -> Value {
    json!({
        "tenant": tenant.as_str(),
        "keep_days": limits.keep_days,
        "bytes_per_second": limits.bytes_per_second.map(|bytes| bytes.to_string()),
        "spans_per_second": limits.spans_per_second.map(|spans| spans.to_string()),
        "log_share": limits.log_share,
    })
}

fn print(json: &Value) -> Result<(), Failure> {
    say(&format!("{json}\n"))
}

fn find(db: &Db, id: &str) -> Result<Key, Failure> {
    let keys = db.keys().map_err(failed)?;
    let found = keys.into_iter().find(|key| key.id.as_str() == id);
    found.ok_or_else(|| failed(DbError::NoSuchKey(id.to_owned())))
}

fn later(now: UnixNanos, length: HumanDuration) -> UnixNanos {
    now.plus(Nanos(
        u64::try_from(length.0.as_nanos()).unwrap_or(u64::MAX),
    ))
}

/// Names that need no quotes wherever they stand.
fn parse_tenant(text: &str) -> Result<Tenant, String> {
    let is_plain = |letter: char| letter.is_ascii_alphanumeric() || "-_.".contains(letter);
    if !text.chars().all(is_plain) {
        return Err("may have letters, digits, `-`, `_` and `.`".to_owned());
    }
    Tenant::parse(text).map_err(|error| error.to_string())
}

fn failed(error: DbError) -> Failure {
    Failure::failed("cannot do that", error)
}

// === impl Output ===

impl Output {
    fn open(&self) -> Result<Db, Failure> {
        let folder = DataDir::locate(self.data_dir.as_deref())?;
        Db::open(&folder).map_err(failed)
    }
}
