//! What an ELF file tells of where it can run. Only what the file itself says counts, never how it was built.

use std::fmt;

use object::elf::{EM_AARCH64, EM_X86_64, ET_DYN, ET_EXEC, FileHeader64, PT_INTERP};
use object::read::elf::{Dyn as _, FileHeader as _, ProgramHeader as _, SectionTable};
use object::{Endianness, elf};

/// The oldest runtimes that Lambda has stand on Amazon Linux 2.
const OLDEST_GLIBC: Version = Version {
    major: 2,
    minor: 26,
};
/// What glibc itself is made of, and what gcc adds for unwinding; the runtimes have these.
const LIBRARIES: [&str; 8] = [
    "ld-linux-aarch64.so.1",
    "ld-linux-x86-64.so.2",
    "libc.so.6",
    "libdl.so.2",
    "libgcc_s.so.1",
    "libm.so.6",
    "libpthread.so.0",
    "librt.so.1",
];

type Header = FileHeader64<Endianness>;
type Sections<'a> = SectionTable<'a, Header>;

/// A processor that Lambda has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Architecture {
    /// x86-64.
    X86_64,
    /// 64-bit Arm.
    Arm64,
}

/// What a binary needs of the runtime's C library.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Libc {
    /// Nothing.
    Static,
    /// glibc, this version or a newer one.
    Glibc(Version),
}

/// A version of glibc.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Version {
    /// Always 2, so far.
    pub major: u32,
    /// Counts up twice a year.
    pub minor: u32,
}

/// Why Lambda could not run a file.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Misfit {
    /// It is something else.
    #[error("it is no 64-bit ELF program for Linux ({0})")]
    NotElf(String),
    /// It is for a processor that Lambda does not have.
    #[error(
        "it is for another processor than x86_64 and arm64 (ELF machine {0}); build the extension for one of them"
    )]
    Machine(u16),
    /// It would not start on the older runtimes.
    #[error(
        "it needs GLIBC_{0}, and Lambda's runtimes on Amazon Linux 2 have GLIBC_{OLDEST_GLIBC}; \
         take a binary that was linked against an older glibc (`cargo xtask layer` builds one) or a static one"
    )]
    Glibc(Version),
    /// It would not start on any runtime.
    #[error(
        "it needs {0}, which Lambda's runtimes do not have; take a binary that is linked against glibc alone, or a static one"
    )]
    Library(String),
}

/// What the file runs on, if Lambda can run it.
pub(crate) fn check(content: &[u8]) -> Result<(Architecture, Libc), Misfit> {
    let header = Header::parse(content).map_err(not_elf)?;
    let endian = header.endian().map_err(not_elf)?;
    if ![ET_EXEC, ET_DYN].contains(&header.e_type(endian)) {
        return Err(Misfit::NotElf("it is an object file".to_owned()));
    }
    let architecture = match header.e_machine(endian) {
        EM_X86_64 => Architecture::X86_64,
        EM_AARCH64 => Architecture::Arm64,
        other => return Err(Misfit::Machine(other.0)),
    };
    let programs = header.program_headers(endian, content).map_err(not_elf)?;
    let has_loader = programs
        .iter()
        .any(|program| program.p_type(endian) == PT_INTERP);
    if !has_loader {
        return Ok((architecture, Libc::Static));
    }
    let sections = header.sections(endian, content).map_err(not_elf)?;
    for library in libraries(&sections, endian, content)? {
        if !LIBRARIES.contains(&library.as_str()) {
            return Err(Misfit::Library(library));
        }
    }
    match newest_glibc(&sections, endian, content)? {
        newest if newest > OLDEST_GLIBC => Err(Misfit::Glibc(newest)),
        newest => Ok((architecture, Libc::Glibc(newest))),
    }
}

/// The shared libraries that the loader looks for.
fn libraries(
    sections: &Sections<'_>,
    endian: Endianness,
    content: &[u8],
) -> Result<Vec<String>, Misfit> {
    let Some((entries, link)) = sections.dynamic(endian, content).map_err(not_elf)? else {
        return Err(Misfit::NotElf(
            "it has a loader but no dynamic section".to_owned(),
        ));
    };
    let strings = sections.strings(endian, content, link).map_err(not_elf)?;
    let needed = entries
        .iter()
        .filter(|entry| entry.tag(endian) == elf::DT_NEEDED);
    needed
        .map(|entry| {
            let name = entry.string(endian, strings).map_err(not_elf)?;
            Ok(String::from_utf8_lossy(name).into_owned())
        })
        .collect()
}

/// The newest version of glibc's symbols that the file asks for. Each symbol has the version in which it last changed.
fn newest_glibc(
    sections: &Sections<'_>,
    endian: Endianness,
    content: &[u8],
) -> Result<Version, Misfit> {
    // Without the section nothing says what it needs, and a guess may fail on Lambda only.
    let Some((mut libraries, link)) = sections.gnu_verneed(endian, content).map_err(not_elf)?
    else {
        return Err(Misfit::NotElf(
            "it does not say which glibc it needs".to_owned(),
        ));
    };
    let strings = sections.strings(endian, content, link).map_err(not_elf)?;
    let mut newest = Version { major: 2, minor: 0 };
    while let Some((_, mut versions)) = libraries.next().map_err(not_elf)? {
        while let Some(version) = versions.next().map_err(not_elf)? {
            let name = version.name(endian, strings).map_err(not_elf)?;
            if let Some(version) = Version::parse(name) {
                newest = newest.max(version);
            }
        }
    }
    Ok(newest)
}

fn not_elf(error: object::read::Error) -> Misfit {
    Misfit::NotElf(error.to_string())
}

// === impl Version, Libc ===

impl Version {
    /// Of a symbol's version, such as `GLIBC_2.17`; nothing for other libraries' and for glibc's private ones.
    fn parse(name: &[u8]) -> Option<Self> {
        let version = std::str::from_utf8(name).ok()?.strip_prefix("GLIBC_")?;
        let mut numbers = version.split('.').map(str::parse);
        let (major, minor) = (numbers.next()?.ok()?, numbers.next()?.ok()?);
        Some(Self { major, minor })
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.major, self.minor)
    }
}

impl fmt::Display for Libc {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Static => f.write_str("none"),
            Self::Glibc(version) => write!(f, "GLIBC_{version}"),
        }
    }
}
