//! The process as a whole: how it starts, refuses, waits and ends.

use std::net::TcpListener;
use std::process::Command;

use coldtrace_tests::{Backend, BackendOptions, Ended, binary};

#[test]
fn a_config_file_with_three_mistakes_is_told_in_one_go() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let file = folder.path().join("coldtrace.toml");
    let mistakes = "[collector]\ngrpc_listen = \"localhost\"\nhttp_listn = \"127.0.0.1:0\"\n\n[store]\nengine_memory = \"lots\"\n";
    std::fs::write(&file, mistakes).expect("write the file");
    let ended = run(&["check-config", "--config", file.to_str().expect("UTF-8")]);
    assert_eq!(
        ended.code,
        Some(2),
        "the exit code for a wrong configuration"
    );
    let told = ended
        .told
        .replace(folder.path().to_str().expect("UTF-8"), "FOLDER");
    let expected = "\
error: 3 mistakes in the configuration
  store.engine_memory (FOLDER/coldtrace.toml:6): `lots` is not a size in bytes such as 512, 64KiB, 16MiB or 1GiB
  collector.grpc_listen (FOLDER/coldtrace.toml:2): `localhost` is not an address with a port, such as 127.0.0.1:4317
  collector.http_listn (FOLDER/coldtrace.toml:3): unknown key; did you mean `http_listen`?
";
    assert_eq!(told, expected);
}

#[test]
fn mistakes_of_rule_files_are_told_together_with_those_of_the_configuration() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = |name: &str| folder.path().join(name).display().to_string();
    let config = format!(
        "[alerts]\ndelay = \"1h\"\nrules = \"{}, {}\"\n",
        path("rules.toml"),
        path("none.toml")
    );
    let rules = "\
[[rule]]
name = \"slow\"
when = { kind = \"threshold\", measure = \"p59\", above = \"1s\", window = \"5m\" }

[[inhibit]]
source = [\"severity\"]
target = ['severity=\"info\"']
";
    std::fs::write(path("coldtrace.toml"), config).expect("write the file");
    std::fs::write(path("rules.toml"), rules).expect("write the file");
    let ended = run(&["check-config", "--config", &path("coldtrace.toml")]);
    assert_eq!(ended.code, Some(2));
    let told = ended
        .told
        .replace(folder.path().to_str().expect("UTF-8"), "FOLDER");
    let expected = "\
error: 4 mistakes in the configuration
  alerts.delay (FOLDER/coldtrace.toml:2): must be at most 10m: what fires is told so much later
  FOLDER/rules.toml:3, rule \"slow\", when.measure: unknown \"p59\"; did you mean `p50`?
  FOLDER/rules.toml:6, inhibit 1, source[0]: `severity` is no matcher: name=\"value\" is, with one of = != =~ !~
  FOLDER/none.toml: can't be read: entity not found
";
    assert_eq!(told, expected);
}

#[test]
fn up_refuses_a_wrong_configuration_before_it_touches_anything() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let data_dir = folder.path().join("data");
    let ended = BackendOptions::default()
        .on(&data_dir)
        .set("COLDTRACE_QUERY__LISTEN", "nowhere")
        .start_and_fail();
    assert_eq!(ended.code, Some(2));
    assert!(
        ended
            .told
            .contains("query.listen (COLDTRACE_QUERY__LISTEN)"),
        "{ended:?}"
    );
    assert!(!data_dir.exists(), "nothing was made");
}

#[test]
fn a_port_in_use_is_told_with_the_key_that_changes_it() {
    let taken = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = taken.local_addr().expect("it is bound").to_string();
    let keys = [
        ("COLDTRACE_COLLECTOR__GRPC_LISTEN", "collector.grpc_listen"),
        ("COLDTRACE_COLLECTOR__HTTP_LISTEN", "collector.http_listen"),
        ("COLDTRACE_QUERY__LISTEN", "query.listen"),
    ];
    for (variable, key) in keys {
        let ended = BackendOptions::default()
            .set(variable, address.as_str())
            // Nothing of this is about the engine: a server that does not answer starts quicker.
            .set("COLDTRACE_STORE__URL", "http://127.0.0.1:9")
            .start_and_fail();
        assert_eq!(ended.code, Some(3), "{ended:?}");
        assert!(
            ended.told.contains(&address),
            "the address is told: {ended:?}"
        );
        assert!(ended.told.contains(key), "the key is told: {ended:?}");
    }
}

#[test]
fn a_second_up_on_the_same_data_is_refused_and_the_first_is_unharmed() {
    let mut first = Backend::up();
    let ended = BackendOptions::default()
        .on(first.data_dir())
        .start_and_fail();
    assert_eq!(ended.code, Some(3), "{ended:?}");
    let expected = format!(
        "error: {} is in use by another coldtrace (process {}); stop it, or choose another folder with --data-dir\n",
        first.data_dir().display(),
        first.pid()
    );
    assert!(ended.told.ends_with(&expected), "{ended:?}");
    assert!(first.is_alive());
    first.wait_until_ready();
}

#[test]
fn a_store_that_does_not_answer_is_told_on_the_readiness_page() {
    let mut backend = BackendOptions::default()
        .set("COLDTRACE_STORE__URL", "http://127.0.0.1:9")
        .start();
    let ready = backend.ready();
    assert_eq!(ready.status, 503);
    let store = &ready.json()["components"]["store"];
    assert_eq!(store["ready"], false);
    let detail = store["detail"].as_str().unwrap_or_default();
    assert!(detail.contains("127.0.0.1:9"), "says which: {detail}");
    assert!(
        detail.to_lowercase().contains("refused"),
        "says why: {detail}"
    );
    assert!(
        backend.printed().contains("the store is not ready"),
        "says so at once: {}",
        backend.printed()
    );
    assert!(backend.is_alive());
    assert!(backend.stop().success(), "and ends when asked");
}

#[test]
fn up_ends_cleanly_when_asked_and_leaves_no_engine_behind() {
    let mut backend = Backend::up();
    backend.wait_until_ready();
    let children = backend.children();
    assert!(!children.is_empty(), "the engine is a child process");
    assert!(backend.stop().success(), "{}", backend.told());
    let left: Vec<&u32> = children.iter().filter(|pid| runs(**pid)).collect();
    assert!(left.is_empty(), "{left:?} still run");
}

#[test]
fn version_names_the_commit() {
    let output = Command::new(binary("coldtrace"))
        .arg("--version")
        .output()
        .expect("run it");
    let printed = String::from_utf8(output.stdout).expect("text");
    assert!(
        printed.starts_with(&format!("coldtrace {}", env!("CARGO_PKG_VERSION"))),
        "{printed}"
    );
}

fn run(arguments: &[&str]) -> Ended {
    let output = Command::new(binary("coldtrace"))
        .args(arguments)
        .output()
        .expect("run it");
    Ended {
        code: output.status.code(),
        told: String::from_utf8_lossy(&output.stderr).into_owned(),
    }
}

/// Whether the process exists and is no zombie.
fn runs(pid: u32) -> bool {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status"));
    status.is_ok_and(|status| !status.contains("State:\tZ"))
}
