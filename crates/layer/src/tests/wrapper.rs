//! The wrapper script, run by each shell that functions' images have.

use std::net::{Ipv4Addr, TcpListener};
use std::process::Command;

use crate::WRAPPER;

const PLATFORM: &str = "127.0.0.1:9001";

/// Which Runtime API a runtime is led to by a scratch folder with this file of the extension's, by each shell.
fn led_to(word: Option<&str>) -> String {
    let scratch = tempfile::tempdir().unwrap();
    let script = scratch.path().join("wrapper");
    std::fs::write(&script, WRAPPER).unwrap();
    if let Some(word) = word {
        std::fs::write(scratch.path().join("coldtrace-runtime-api"), word).unwrap();
    }
    let led = |shell: &str| {
        let output = Command::new(shell)
            .arg(&script)
            .args(["/usr/bin/printenv", "AWS_LAMBDA_RUNTIME_API"])
            .env("TMPDIR", scratch.path())
            .env("AWS_LAMBDA_RUNTIME_API", PLATFORM)
            .output()
            .unwrap();
        assert!(output.status.success(), "{shell}: {output:?}");
        String::from_utf8(output.stdout).unwrap().trim().to_owned()
    };
    let led_by = ["sh", "bash"].map(led);
    assert_eq!(led_by[0], led_by[1], "both shells");
    led_by[0].clone()
}

#[test]
fn the_runtime_is_led_to_the_extension_where_that_listens() {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let port = listener.local_addr().unwrap().port();
    assert_eq!(
        led_to(Some(&format!("{port}\n"))),
        format!("127.0.0.1:{port}")
    );
}

/// A function whose runtime calls a dead port fails; one whose payloads are not captured works.
#[test]
fn the_runtime_is_led_nowhere_by_a_word_that_an_earlier_process_left() {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let port = listener.local_addr().unwrap().port();
    drop(listener);
    assert_eq!(led_to(Some(&format!("{port}\n"))), PLATFORM);
}

#[test]
fn without_a_word_or_by_one_that_is_no_port_nothing_changes() {
    assert_eq!(led_to(None), PLATFORM);
    for word in [
        "",
        "\n",
        "port\n",
        "-1\n",
        "0\n",
        "08080\n",
        "65536\n",
        "99999999999999999999\n",
        "1;2\n",
    ] {
        assert_eq!(led_to(Some(word)), PLATFORM, "{word:?}");
    }
}
