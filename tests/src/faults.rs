//! What is to go wrong below a backend; `tests/faults` makes it so.

use std::fs::File;
use std::os::unix::fs::FileExt as _;
use std::path::{Path, PathBuf};

pub use coldtrace_faults::{ALL, ALL_AT_ONCE, Fault, MERGES};

use crate::BackendOptions;

/// The numbers that processes started below it go by.
pub struct Faults {
    file: File,
    path: PathBuf,
}

// === impl Faults ===

impl Faults {
    /// Nothing goes wrong yet. Its file is made in this folder.
    pub fn new(folder: &Path) -> Self {
        let path = folder.join("faults");
        let mut options = File::options();
        let file = options.read(true).write(true).create_new(true).open(&path);
        let file = file.expect("make a file in a fresh folder");
        file.set_len(coldtrace_faults::LENGTH as u64)
            .expect("a page of zeros");
        Self { file, path }
    }

    /// The backend with the library below it, and its engine as well.
    #[must_use]
    pub fn below(&self, options: BackendOptions) -> BackendOptions {
        let environment = self.environment().into_iter();
        environment.fold(options, |options, (name, value)| options.set(name, value))
    }

    /// Of a process that is to have the library below it.
    pub fn environment(&self) -> [(&'static str, String); 2] {
        let test = std::env::current_exe().expect("a test knows where it is");
        let library = test.with_file_name("libcoldtrace_faults.so");
        assert!(library.is_file(), "cargo builds it with the tests");
        let text = |path: &Path| path.to_string_lossy().into_owned();
        [
            ("LD_PRELOAD", text(&library)),
            ("FAULTS_FILE", text(&self.path)),
        ]
    }

    /// Holds at once.
    pub fn set(&self, fault: Fault, number: i64) {
        let written = self.file.write_all_at(&number.to_ne_bytes(), at(fault));
        written.expect("write a number");
    }

    /// As it stands.
    pub fn get(&self, fault: Fault) -> i64 {
        let mut number = [0; 8];
        let read = self.file.read_exact_at(&mut number, at(fault));
        read.expect("read a number");
        i64::from_ne_bytes(number)
    }
}

fn at(fault: Fault) -> u64 {
    fault as u64 * 8
}
