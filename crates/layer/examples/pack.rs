//! Packs binaries of the extension into layers and prints their table: what `cargo xtask layer` does once they are built.
#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a tool for a terminal"
)]

use std::error::Error as _;
use std::path::PathBuf;
use std::process::ExitCode;

use coldtrace_layer::{Extension, Layer, LayerError, table};

fn main() -> ExitCode {
    let mut paths = std::env::args_os().skip(1).map(PathBuf::from);
    let folder = paths.next().unwrap_or_default();
    let pack = |path: PathBuf| Extension::read(&path)?.pack(&folder);
    match paths.map(pack).collect::<Result<Vec<Layer>, LayerError>>() {
        Ok(layers) => {
            print!("{}", table(&layers));
            ExitCode::SUCCESS
        }
        Err(error) => {
            let why = error.source().map_or_else(String::new, ToString::to_string);
            eprintln!("{error}: {why}");
            ExitCode::FAILURE
        }
    }
}
