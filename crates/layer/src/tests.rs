use std::io::Read as _;
use std::path::Path;

use super::*;

mod program;
mod wrapper;

use program::Program;

fn check(program: &Program) -> Result<(Architecture, Libc), Misfit> {
    elf::check(&program.bytes())
}

fn glibc(minor: u32) -> Libc {
    Libc::Glibc(Version { major: 2, minor })
}

#[test]
fn the_newest_version_of_any_symbol_is_what_a_binary_needs() {
    let program = Program {
        versions: vec!["GLIBC_2.17", "GLIBC_2.25", "GLIBC_2.3.4", "GCC_3.0"],
        ..Program::default()
    };
    assert_eq!(check(&program), Ok((Architecture::X86_64, glibc(25))));
}

#[test]
fn what_needs_a_newer_glibc_than_the_oldest_runtime_has_is_refused() {
    for (newest, fits) in [("GLIBC_2.26", true), ("GLIBC_2.27", false)] {
        let program = Program {
            versions: vec!["GLIBC_2.2.5", newest, "GLIBC_2.9"],
            ..Program::default()
        };
        assert_eq!(check(&program).is_ok(), fits, "{newest}");
    }
    let program = Program {
        versions: vec!["GLIBC_2.34"],
        ..Program::default()
    };
    let refused = check(&program).unwrap_err();
    assert!(
        refused
            .to_string()
            .contains("needs GLIBC_2.34, and Lambda's runtimes on Amazon Linux 2 have GLIBC_2.26"),
        "{refused}"
    );
}

#[test]
fn a_program_without_a_loader_needs_no_glibc() {
    let program = Program {
        machine: 183,
        has_loader: false,
        ..Program::default()
    };
    assert_eq!(check(&program), Ok((Architecture::Arm64, Libc::Static)));
}

#[test]
fn what_is_for_another_processor_is_refused() {
    let risc = Program {
        machine: 243,
        ..Program::default()
    };
    assert_eq!(check(&risc), Err(Misfit::Machine(243)));
}

#[test]
fn libraries_that_the_runtimes_lack_are_named() {
    let program = Program {
        libraries: vec!["libc.so.6", "libssl.so.3"],
        ..Program::default()
    };
    let library = "libssl.so.3".to_owned();
    assert_eq!(check(&program), Err(Misfit::Library(library)));
}

#[test]
fn what_is_no_program_is_refused_and_never_panics() {
    let whole = Program::default().bytes();
    for content in [&b"#!/bin/sh\n"[..], b"", b"\x7fELF"] {
        assert!(matches!(elf::check(content), Err(Misfit::NotElf(_))));
    }
    for end in 0..whole.len() {
        assert!(elf::check(&whole[..end]).is_err(), "cut at {end}");
    }
}

#[test]
fn a_zip_holds_the_program_where_lambda_starts_it_from() {
    let folder = tempfile::tempdir().unwrap();
    let content = Program::default().bytes();
    let layer = packed(folder.path(), &content);
    assert_eq!(layer.path, folder.path().join("coldtrace-layer-x86_64.zip"));
    assert_eq!(layer.binary_bytes, content.len());

    let mut zip = zip::ZipArchive::new(std::fs::File::open(&layer.path).unwrap()).unwrap();
    assert_eq!(zip.len(), 2);
    let expected: [(&str, &[u8]); 2] = [
        ("coldtrace-wrapper", WRAPPER.as_bytes()),
        ("extensions/coldtrace", &content),
    ];
    for (place, (name, content)) in expected.into_iter().enumerate() {
        let mut file = zip.by_index(place).unwrap();
        assert_eq!(file.name().unwrap(), name);
        assert_eq!(file.unix_mode(), Some(0o100_755), "all may run it");
        let mut unpacked = Vec::new();
        file.read_to_end(&mut unpacked).unwrap();
        assert!(unpacked == content, "as it was");
    }
}

#[test]
fn the_same_binary_makes_the_same_bytes() {
    let content = Program::default().bytes();
    let zips = [(), ()].map(|()| {
        let folder = tempfile::tempdir().unwrap();
        std::fs::read(packed(folder.path(), &content).path).unwrap()
    });
    assert!(zips[0] == zips[1]);
}

#[test]
fn a_table_has_a_line_for_each_layer() {
    let layer = |architecture: Architecture, libc| Layer {
        path: architecture.file_name().into(),
        architecture,
        libc,
        zip_bytes: 690_123,
        binary_bytes: 1_438_400,
    };
    let layers = [
        layer(Architecture::X86_64, glibc(25)),
        layer(Architecture::Arm64, Libc::Static),
    ];
    let expected = "\
layer                        zip bytes  binary bytes       needs  contents
coldtrace-layer-x86_64.zip      690123       1438400  GLIBC_2.25  extensions/coldtrace, coldtrace-wrapper, x86_64, mode 0755
coldtrace-layer-arm64.zip       690123       1438400        none  extensions/coldtrace, coldtrace-wrapper, arm64, mode 0755
";
    assert_eq!(table(&layers), expected);
}

fn packed(folder: &Path, content: &[u8]) -> Layer {
    let binary = folder.join("binary");
    std::fs::write(&binary, content).unwrap();
    Extension::read(&binary).unwrap().pack(folder).unwrap()
}
