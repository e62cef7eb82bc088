//! Starts the extension as Lambda would, and sees it register and end.

use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail, ensure};

use super::Toolchain;
use crate::bench::free_port;
use crate::lambda::{Call, Lambda, shutdown};
use crate::setup::have;

/// The name that its file has in the zip, and that it has to register under.
const NAME: &str = "coldtrace";
/// What the platform gives it to end, and more on an emulated processor.
const END: Duration = Duration::from_secs(10);

/// Says how it went, or why it was not tried.
pub(super) fn check(toolchain: &Toolchain, binary: &Path) -> anyhow::Result<String> {
    let folder = tempfile::tempdir().context("create a temporary folder")?;
    let program = folder.path().join(NAME);
    std::fs::copy(binary, &program).context("copy the binary")?;
    std::fs::set_permissions(&program, std::fs::Permissions::from_mode(0o755))
        .context("make it executable")?;
    let Some((mut command, how)) = launcher(toolchain, &program) else {
        let emulator = format!("qemu-{}", toolchain.architecture.linux());
        return Ok(format!(
            "not tried: {emulator} is not there (Debian: apt-get install qemu-user)"
        ));
    };
    let lambda = Lambda::open()?;
    command
        .env_clear()
        .env("AWS_LAMBDA_RUNTIME_API", lambda.address())
        .env("TMPDIR", folder.path())
        // Nobody listens there: it has to end in time all the same.
        .env("COLDTRACE_ENDPOINT", "http://127.0.0.1:9")
        .stdin(Stdio::null());
    let telemetry = free_port()?;
    command.env("COLDTRACE_TELEMETRY_PORT", telemetry.to_string());
    for port in ["OTLP_GRPC", "OTLP_HTTP"] {
        command.env(format!("COLDTRACE_{port}_PORT"), free_port()?.to_string());
    }
    if let Some(compiler) = &toolchain.compiler {
        command.env("LD_LIBRARY_PATH", &compiler.libraries);
    }
    let started = Instant::now();
    let mut child = command.spawn().context("start the extension")?;
    let lived = live(&lambda, telemetry).and_then(|registered| {
        let told = Instant::now();
        loop {
            match child.try_wait().context("wait for its end")? {
                Some(status) if status.success() => return Ok(registered - started),
                Some(status) => bail!("it ended with {status}"),
                None if told.elapsed() > END => bail!("it did not end when told to"),
                None => std::thread::sleep(Duration::from_millis(5)),
            }
        }
    });
    if lived.is_err() {
        // It may have ended by itself.
        child.kill().ok();
        child.wait().ok();
    }
    let took = lived?.as_secs_f64() * 1e3;
    Ok(format!(
        "registered as `{NAME}` after {took:.1} ms, subscribed, asked for its next event, ended when told to ({how})"
    ))
}

/// Its life: registered, perhaps subscribed, then the end. Returns when it registered.
fn live(lambda: &Lambda, telemetry: u16) -> anyhow::Result<Instant> {
    let first = lambda.request()?;
    match &first.call {
        Call::Register { name } => ensure!(name == NAME, "it registered as `{name}`"),
        _ => bail!("its first call was no registration"),
    }
    first.answer_registered()?;
    loop {
        let request = lambda.request()?;
        match &request.call {
            Call::Subscribe { port } => {
                ensure!(*port == telemetry, "it wants telemetry on port {port}");
                request.answer_subscribed()?;
            }
            Call::Next => {
                request.answer_event(&shutdown())?;
                return Ok(first.at);
            }
            Call::Register { .. } => bail!("it registered twice"),
            Call::Other(line) => bail!("it asked for `{line}`"),
        }
    }
}

/// What starts a program of that architecture here, in words too.
fn launcher(toolchain: &Toolchain, program: &Path) -> Option<(Command, String)> {
    if toolchain.architecture.is_of_this_machine() {
        return Some((Command::new(program), "on this machine".to_owned()));
    }
    let name = format!("qemu-{}", toolchain.architecture.linux());
    let (emulator, sysroot) = match &toolchain.compiler {
        Some(compiler) => (compiler.emulator.clone(), compiler.sysroot.clone()),
        // Where Debian's cross compilers have it.
        None if have(&name, "--version") => {
            let sysroot = format!("/usr/{}-linux-gnu", toolchain.architecture.linux());
            (name.clone().into(), sysroot.into())
        }
        None => return None,
    };
    let mut command = Command::new(emulator);
    // The emulator's own libraries are not the program's.
    command.args(["-U", "LD_LIBRARY_PATH", "-L"]);
    command.arg(sysroot).arg(program);
    Some((command, format!("under {name}")))
}
