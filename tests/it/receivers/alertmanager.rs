//! Prometheus' Alertmanager: an alert appears there, is silenced there, ends there, and whom it tells is told what we would tell him.

use std::fs::File;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use coldtrace_tests::{Setup, eventually};
use serde_json::{Value, json};

use super::{ALERT, FUNCTION, Inbox, Scene, TOLD};

/// For it to print where it listens.
const START_DEADLINE: Duration = Duration::from_secs(30);
/// Where it tells others, and where we do as it does.
const THEIRS: &str = "/theirs";
const OURS: &str = "/ours";

#[test]
fn an_alertmanager_has_an_alert_until_it_ends_and_silences_it() {
    let inbox = Inbox::open();
    let alertmanager = Alertmanager::start(&inbox.url(THEIRS));
    let scene = Scene::start();
    let channel = scene.channel(&json!({
        "name": "prometheus",
        "kind": "alertmanager",
        "url": alertmanager.url,
    }));
    scene.channel(&json!({
        "name": "as prometheus", "kind": "alertmanager_webhook", "url": inbox.url(OURS),
    }));

    scene.fire();
    let active = alertmanager.wait_for("active");
    let labels = json!({
        "alertname": ALERT, "severity": "critical", "function": FUNCTION, "team": "payments",
    });
    assert_eq!(active["labels"], labels);
    let annotations = &active["annotations"];
    let summary = annotations["summary"].as_str().expect("a summary");
    assert!(summary.contains(FUNCTION), "{active:#}");
    assert!(annotations["description"].is_string(), "{active:#}");
    let runbook = "https://wiki.example.com/checkout?a=1&b=2";
    assert_eq!(annotations["runbook_url"], runbook);
    let page = active["generatorURL"].as_str().expect("a link");
    assert!(page.starts_with(super::PUBLIC_URL), "{active:#}");
    assert_same(&inbox, 1, "firing");

    let named = format!("alertname={ALERT}");
    let silence = alertmanager.tool(&[
        "silence",
        "add",
        "--author=test",
        "--comment=test",
        "--duration=1h",
        &named,
    ]);
    let silenced = alertmanager.wait_for("suppressed");
    assert_eq!(silenced["status"]["silencedBy"], json!([silence.trim()]));
    assert_eq!(silenced["fingerprint"], active["fingerprint"]);
    alertmanager.tool(&["silence", "expire", silence.trim()]);
    alertmanager.wait_for("active");

    scene.end();
    eventually("the alert to end", TOLD, || {
        alertmanager.alerts().is_empty().then_some(())
    });
    assert_same(&inbox, 2, "resolved");
    scene.delivered(&channel, 2);
}

/// What we tell a webhook of an alert is what it tells one, but for who tells it and how each calls the alert.
fn assert_same(inbox: &Inbox, number: usize, status: &str) {
    let [ours, theirs] = [OURS, THEIRS].map(|path| {
        let mut body = inbox.message(path, number).json();
        assert_eq!(body["status"], status);
        body["receiver"] = json!("");
        body["externalURL"] = json!("");
        let fingerprint = body["alerts"][0]["fingerprint"].take();
        let fingerprint = fingerprint.as_str().expect("text");
        assert_eq!(fingerprint.len(), 16, "{fingerprint}");
        body
    });
    // A newer one may say more.
    for (name, ours) in ours.as_object().expect("an object") {
        assert_eq!(ours, &theirs[name], "{name}");
    }
}

/// A running one with nothing in it, ended when dropped.
struct Alertmanager {
    child: Child,
    url: String,
    /// Its configuration, what it keeps, and what it told.
    folder: tempfile::TempDir,
}

// === impl Alertmanager ===

impl Alertmanager {
    /// Tells a webhook of everything, at once.
    fn start(webhook: &str) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let file = |name: &str| folder.path().join(name);
        let configuration = json!({
            "route": {
                "receiver": "test",
                "group_by": ["alertname", "function"],
                "group_wait": "0s",
                "group_interval": "1s",
                "repeat_interval": "1h",
            },
            "receivers": [{"name": "test", "webhook_configs": [{"url": webhook}]}],
        });
        // JSON is YAML.
        std::fs::write(file("config.yml"), configuration.to_string()).expect("write a file");
        let told = File::create(file("told")).expect("create a file");
        let child = Command::new(Setup::read().path("alertmanager"))
            .arg("--config.file")
            .arg(file("config.yml"))
            .arg("--storage.path")
            .arg(file("data"))
            .args(["--web.listen-address=127.0.0.1:0"])
            .args(["--cluster.listen-address="])
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(told)
            .spawn()
            .expect("start alertmanager");
        let mut alertmanager = Self {
            child,
            url: String::new(),
            folder,
        };
        alertmanager.url = alertmanager.read_address();
        alertmanager
    }

    /// Its only alert, once it is in this state.
    fn wait_for(&self, state: &str) -> Value {
        eventually(&format!("the alert to be {state}"), TOLD, || {
            let mut alerts = self.alerts();
            assert!(alerts.len() <= 1, "{alerts:#?}");
            alerts.pop().filter(|one| one["status"]["state"] == state)
        })
    }

    /// All that have not ended.
    fn alerts(&self) -> Vec<Value> {
        let flags = ["--active", "--silenced", "--inhibited", "--unprocessed"];
        let query = [&["alert", "query", "-o", "json"], &flags[..]].concat();
        let listed = self.tool(&query);
        serde_json::from_str(&listed).unwrap_or_else(|error| panic!("{error}: {listed}"))
    }

    /// What amtool prints. Panics with what it told where it fails.
    fn tool(&self, arguments: &[&str]) -> String {
        let output = Command::new(Setup::read().path("amtool"))
            .arg(format!("--alertmanager.url={}", self.url))
            .args(arguments)
            .stdin(Stdio::null())
            .output()
            .expect("run amtool");
        let told = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "amtool {arguments:?}: {told}");
        String::from_utf8(output.stdout).expect("text")
    }

    fn told(&self) -> String {
        let read = std::fs::read_to_string(self.folder.path().join("told"));
        read.expect("read what it told")
    }

    fn read_address(&mut self) -> String {
        eventually("alertmanager's address", START_DEADLINE, || {
            let ended = self.child.try_wait().expect("ask for its status");
            let told = self.told();
            assert!(
                ended.is_none(),
                "alertmanager ended with {ended:?}:\n{told}"
            );
            let listens = told.lines().find(|line| line.contains("Listening on"))?;
            let (_, address) = listens.split_once("address=")?;
            let address = address.split_whitespace().next()?;
            Some(format!("http://{}", address.trim_matches('"')))
        })
    }
}

impl Drop for Alertmanager {
    #[expect(
        clippy::print_stdout,
        reason = "the test runner shows it when a test fails"
    )]
    fn drop(&mut self) {
        // It may have ended by itself.
        self.child.kill().ok();
        self.child.wait().ok();
        if std::thread::panicking() {
            println!("--- alertmanager told\n{}", self.told());
        }
    }
}
