//! Embeds the built ui: lists the files of `ui/dist`, each with a Brotli twin, for `src/http/ui.rs` to include. Where it is
//! not built there are no files, and the service says how to build it.

use std::fmt::Write as _;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// What gets a twin: the rest is compressed already.
const TEXT: [&str; 7] = ["css", "html", "js", "json", "map", "svg", "txt"];
/// Near the best, at a fraction of its time.
const QUALITY: i32 = 9;
/// The largest window that every client takes.
const WINDOW: i32 = 22;

fn main() -> io::Result<()> {
    let manifest = PathBuf::from(variable("CARGO_MANIFEST_DIR"));
    let out = PathBuf::from(variable("OUT_DIR"));
    let ui = manifest.with_file_name("ui");
    let dist = ui.join("dist");
    println!("cargo::rerun-if-changed=build.rs");
    if ui.join("package.json").is_file() {
        // Cargo takes a path that is absent for changed, and would build this crate anew every time: so the folder is made.
        fs::create_dir_all(&dist)?;
        println!("cargo::rerun-if-changed={}", dist.display());
    }
    let mut list = String::from("&[\n");
    for (number, path) in files(&dist)?.iter().enumerate() {
        let twin = twin(path, &out.join(format!("{number}.br")))?;
        let twin = match twin {
            Some(twin) => format!("Some(include_bytes!({twin:?}))"),
            None => "None".to_owned(),
        };
        let name = name(path, &dist);
        writeln!(
            list,
            "    File {{ path: {name:?}, plain: include_bytes!({path:?}), brotli: {twin} }},"
        )
        .expect("strings take everything");
    }
    list.push(']');
    fs::write(out.join("ui_files.rs"), list)
}

#[expect(
    clippy::disallowed_methods,
    reason = "what Cargo tells a build script stands in the environment"
)]
fn variable(name: &str) -> String {
    std::env::var(name).expect("Cargo sets it for build scripts")
}

/// Every file below a folder, sorted; none where the folder is absent.
fn files(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        if !folder.is_dir() {
            continue;
        }
        for entry in fs::read_dir(folder)? {
            let path = entry?.path();
            match path.is_dir() {
                true => folders.push(path),
                false => files.push(path),
            }
        }
    }
    files.sort();
    Ok(files)
}

/// A file's path below the folder, as it stands in addresses.
fn name(path: &Path, folder: &Path) -> String {
    let below = path
        .strip_prefix(folder)
        .expect("it was found in the folder");
    let parts: Vec<_> = below
        .iter()
        .map(|part| part.to_string_lossy().into_owned())
        .collect();
    parts.join("/")
}

/// Writes a file's Brotli twin, if it is text.
fn twin(path: &Path, twin: &Path) -> io::Result<Option<PathBuf>> {
    let extension = path.extension().and_then(|extension| extension.to_str());
    if !extension.is_some_and(|extension| TEXT.contains(&extension)) {
        return Ok(None);
    }
    let parameters = brotli::enc::BrotliEncoderParams {
        quality: QUALITY,
        lgwin: WINDOW,
        ..Default::default()
    };
    let mut compressed = Vec::new();
    brotli::BrotliCompress(&mut fs::File::open(path)?, &mut compressed, &parameters)?;
    fs::write(twin, compressed)?;
    Ok(Some(twin.to_owned()))
}
