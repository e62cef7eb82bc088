use std::net::SocketAddr;
use std::path::PathBuf;

use super::*;

fn variables(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
    pairs
        .iter()
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
        .collect()
}

/// A file in a folder of its own, and its path as messages print it.
fn file(text: &str) -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = folder.path().join("coldtrace.toml");
    std::fs::write(&path, text).expect("write the file");
    (folder, path)
}

fn read_collector(settings: &mut Settings) -> (SocketAddr, HumanBytes, Option<PathBuf>) {
    let mut section = settings.section("collector");
    let listen = section.value("listen", SocketAddr::from(([127, 0, 0, 1], 4317)));
    let cap = section.value("log_cap", HumanBytes(1 << 30));
    let dir = section.optional("data_dir");
    (listen, cap, dir)
}

#[test]
fn environment_beats_file_beats_default() {
    let (_folder, path) = file("[collector]\nlisten = \"127.0.0.1:1\"\nlog_cap = \"1MiB\"\n");
    let environment = variables(&[("COLDTRACE_COLLECTOR__LOG_CAP", "2MiB")]);
    let mut settings = Settings::load(Some(&path), environment);
    let (listen, cap, dir) = read_collector(&mut settings);
    assert_eq!(listen.port(), 1, "from the file");
    assert_eq!(cap, HumanBytes(2 << 20), "from the environment");
    assert_eq!(dir, None, "not set");
    assert_eq!(settings.finish(), Ok(()));
}

#[test]
fn every_mistake_is_told_with_key_source_and_what_is_allowed() {
    let (_folder, path) =
        file("[collector]\nlisten = \"localhost\"\nlog_kap = 5\n\n[colector]\nx = 1\n");
    let environment = variables(&[
        ("COLDTRACE_COLLECTOR__LOG_CAP", "much"),
        ("COLDTRACE_ENDPOINT", "http://127.0.0.1:4317"),
    ]);
    let mut settings = Settings::load(Some(&path), environment);
    let (listen, ..) = read_collector(&mut settings);
    assert_eq!(listen.port(), 4317, "the default stands in");
    let told = settings.finish().expect_err("four mistakes").to_string();
    let told = told.replace(&path.display().to_string(), "coldtrace.toml");
    let expected = "\
4 mistakes in the configuration
  collector.listen (coldtrace.toml:2): `localhost` is not an address with a port, such as 127.0.0.1:4317
  collector.log_cap (COLDTRACE_COLLECTOR__LOG_CAP): `much` is not a size in bytes such as 512, 64KiB, 16MiB or 1GiB
  colector.x (coldtrace.toml:6): unknown section; did you mean `collector`?
  collector.log_kap (coldtrace.toml:3): unknown key; did you mean `log_cap`?";
    assert_eq!(told, expected);
}

#[test]
fn a_variable_with_an_underscore_too_few_is_told_and_those_of_others_are_not() {
    let environment = variables(&[
        ("COLDTRACE_COLLECTOR_LOG_CAP", "2MiB"),
        ("COLDTRACE_COLLECTOR_ADDRESS", "x"),
        ("COLDTRACE_LOG", "debug"),
    ]);
    let mut settings = Settings::load(None, environment);
    read_collector(&mut settings);
    let told = settings.finish().expect_err("one mistake").to_string();
    assert_eq!(
        told,
        "1 mistake in the configuration\n  collector.log_cap (COLDTRACE_COLLECTOR_LOG_CAP): \
         not read under this name; did you mean COLDTRACE_COLLECTOR__LOG_CAP?"
    );
}

#[test]
fn a_broken_file_is_told_with_its_line_and_the_rest_is_still_checked() {
    let (_folder, path) = file("[collector]\nlisten = \n[query]\nport = [1, 2]\n");
    let mut settings = Settings::load(Some(&path), Vec::new());
    settings.section("query").value("port", 1_u16);
    let problems = settings.finish().expect_err("mistakes").0;
    let lines: Vec<&str> = problems
        .iter()
        .map(|problem| problem.source.rsplit(':').next().unwrap_or_default())
        .collect();
    assert!(lines.contains(&"2"), "the syntax error: {problems:?}");
    assert!(lines.contains(&"4"), "the list: {problems:?}");
}

#[test]
fn a_missing_file_is_told() {
    let settings = Settings::load(Some(Path::new("/nowhere/coldtrace.toml")), Vec::new());
    let told = settings.finish().expect_err("no file").to_string();
    assert_eq!(
        told,
        "1 mistake in the configuration\n  /nowhere/coldtrace.toml: cannot be read: No such file or directory (os error 2)"
    );
}

#[test]
fn a_cross_field_mistake_names_the_source_of_its_key() {
    let environment = variables(&[("COLDTRACE_COLLECTOR__LOG_CAP", "1KiB")]);
    let mut settings = Settings::load(None, environment);
    read_collector(&mut settings);
    settings
        .section("collector")
        .problem("log_cap", "must hold one request");
    let problems = settings.finish().expect_err("one mistake").0;
    assert_eq!(problems[0].source, "COLDTRACE_COLLECTOR__LOG_CAP");
}

#[test]
fn what_is_in_force_is_printed_as_toml_without_secrets() {
    let environment = variables(&[
        ("COLDTRACE_COLLECTOR__PASSWORD", "hunter2"),
        ("COLDTRACE_COLLECTOR__RETRIES", "3"),
    ]);
    let mut settings = Settings::load(None, environment);
    read_collector(&mut settings);
    let mut section = settings.section("collector");
    section.optional::<String>("password");
    section.value("retries", 5_u32);
    let printed: Vec<(&str, Option<&str>)> = settings
        .effective()
        .iter()
        .map(|one| (one.key, one.value.as_deref()))
        .collect();
    let expected = [
        ("listen", Some("\"127.0.0.1:4317\"")),
        ("log_cap", Some("\"1GiB\"")),
        ("data_dir", None),
        ("password", Some("\"***\"")),
        ("retries", Some("3")),
    ];
    assert_eq!(printed, expected);
    assert!(!format!("{printed:?}").contains("hunter2"));
}
