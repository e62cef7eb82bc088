//! The child's side: loads the library and serves until it is told to end or its parent is gone.
//!
//! The library has no call that serves. It has one that runs `clickhouse local` on a command line: a query that opens the
//! HTTP listener and then sleeps for ever. Everything else is ordinary ClickHouse configuration.

use std::ffi::{CStr, CString, OsStr, OsString, c_char, c_int, c_void};
use std::io::{self, Read as _, Write as _};
use std::os::fd::AsFd as _;
use std::os::unix::ffi::OsStringExt as _;
use std::path::Path;

use super::guard::{self, Unguarded};
use rustix::process::{Signal, getpid, kill_process};

/// A tenth of a second bounds how long the end takes to be noticed, and costs no CPU that could be measured.
const SERVE: &str = "SYSTEM START LISTEN HTTP; SELECT sleepEachRow(0.1) FROM system.numbers FORMAT Null \
    SETTINGS max_block_size = 1, function_sleep_max_microseconds_per_block = 0";

/// Why the child can't serve. Told on standard error, where the parent finds it.
#[derive(Debug, thiserror::Error)]
enum ChildError {
    #[error("expected the arguments LIBRARY CONFIG DATA")]
    Arguments,
    #[error("cannot take over standard input: {0}")]
    Input(#[source] io::Error),
    #[error("cannot find the data: {0}")]
    Data(#[source] io::Error),
    #[error("cannot load the library: {0}")]
    Library(#[source] libloading::Error),
    #[error("{0}")]
    Guard(#[from] Unguarded),
    #[error("{0}")]
    Engine(String),
}

/// The command line for a child of this library, configuration and data.
pub(super) fn arguments(library: &Path, config: &Path, data: &Path) -> [OsString; 3] {
    [library.into(), config.into(), data.into()]
}

/// Becomes the engine; `arguments` are those that followed [`super::EngineConfig::command`]. Standard input must be the
/// pipe from the parent.
pub fn run_child(arguments: Vec<OsString>) -> ! {
    let ended = serve(arguments);
    if let Err(error) = ended {
        // Nobody is left to be told that this failed.
        writeln!(io::stderr(), "{error}").ok();
    }
    // The query never ends by itself.
    std::process::exit(1)
}

fn serve(arguments: Vec<OsString>) -> Result<(), ChildError> {
    let [library, config, data] =
        <[OsString; 3]>::try_from(arguments).map_err(|_| ChildError::Arguments)?;
    end_with_parent().map_err(ChildError::Input)?;
    let command_line = [
        "clickhouse".into(),
        option("--config-file=", &config),
        option("--path=", &data),
        "--log-level=warning".into(),
        "--query".into(),
        SERVE.into(),
    ];
    // As the system tells it of an open file.
    let data = std::fs::create_dir_all(&data).and_then(|()| std::fs::canonicalize(&data));
    let data = data.map_err(ChildError::Data)?;
    run(&library, &data, command_line)
}

fn option(name: &str, value: &OsStr) -> OsString {
    let mut option = OsString::from(name);
    option.push(value);
    option
}

/// Ends this process when the pipe on standard input closes: when the parent has ended, by whatever means. At once, since
/// all that was confirmed is synced and there is nobody to answer.
fn end_with_parent() -> io::Result<()> {
    let pipe = io::stdin().as_fd().try_clone_to_owned()?;
    // ClickHouse takes a piped standard input for a table's data.
    rustix::stdio::dup2_stdin(std::fs::File::open("/dev/null")?)?;
    let mut pipe = std::fs::File::from(pipe);
    std::thread::Builder::new()
        .name("parent watch".to_owned())
        .spawn(move || {
            // Nothing is ever written: this returns when the other end is closed.
            pipe.read_to_end(&mut Vec::new()).ok();
            // exit() would run the library's destructors under its running threads.
            kill_process(getpid(), Signal::KILL).ok();
        })?;
    Ok(())
}

/// Runs a command line in the library. Returns when its query ended.
#[expect(
    unsafe_code,
    reason = "the engine is a C++ library: loading and calling it can't be checked by the compiler"
)]
fn run(library: &OsStr, data: &Path, command_line: [OsString; 6]) -> Result<(), ChildError> {
    type QueryCommandLine = unsafe extern "C" fn(c_int, *mut *mut c_char) -> *mut c_void;
    type ResultError = unsafe extern "C" fn(*mut c_void) -> *const c_char;

    let arguments = command_line.map(|argument| {
        CString::new(argument.into_vec()).expect("arguments came from a command line: no NUL")
    });
    let mut pointers = arguments
        .each_ref()
        .map(|argument| argument.as_ptr().cast_mut());
    let count = c_int::try_from(pointers.len()).expect("six");
    // SAFETY: the library's initialisers have no preconditions.
    let library = unsafe { libloading::Library::new(library) }.map_err(ChildError::Library)?;
    // SAFETY: the signatures are those of the library's header chdb.h.
    let (query, error) = unsafe {
        let query = library.get::<QueryCommandLine>(b"chdb_query_cmdline\0");
        let error = library.get::<ResultError>(b"chdb_result_error\0");
        (
            query.map_err(ChildError::Library)?,
            error.map_err(ChildError::Library)?,
        )
    };
    guard::install(*query as *const c_void, data)?;
    // SAFETY: `pointers` are NUL-terminated strings that live until after the call, which does not write to them.
    let result = unsafe { query(count, pointers.as_mut_ptr()) };
    // SAFETY: `result` came from the library; it is not freed, since the process ends now.
    let message = unsafe { error(result) };
    if message.is_null() {
        return Ok(());
    }
    // SAFETY: the library's error is a NUL-terminated string that lives as long as the result.
    let message = unsafe { CStr::from_ptr(message) };
    Err(ChildError::Engine(message.to_string_lossy().into_owned()))
}
