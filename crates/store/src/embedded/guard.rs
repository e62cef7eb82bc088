//! A write of the engine that fails ends the engine.
//!
//! The library counts a failed `write` and goes on as if it had succeeded: on a full disk it confirms inserts of empty files, and
//! replaces good parts by merged ones of which the end is missing. (It does tell of a sync that failed.) So its calls
//! of `write` come here first, and the process ends at the first that fails on one of its data files: what it had begun is then
//! a temporary folder, which the next start removes. Inserts without room for a megabyte never get so far: the engine
//! refuses them and lives. Not here: starting it again (`supervisor`). Invariant: a library whose calls can't be led here is not run.
#![expect(
    unsafe_code,
    reason = "it puts a function of ours into the table of a loaded library, which is nothing that the compiler could check"
)]

use std::ffi::{CStr, c_int, c_void};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use libc::{Elf64_Phdr, Elf64_Sym, dl_phdr_info};

/// What the process ends with: EX_IOERR of sysexits.h, which the engine itself does not use.
pub(super) const CANNOT_WRITE: i32 = 74;

/// Below it are the data files.
static DATA: OnceLock<PathBuf> = OnceLock::new();

/// Of the dynamic section, as elf.h numbers them.
const DT_PLTRELSZ: u64 = 2;
const DT_STRTAB: u64 = 5;
const DT_SYMTAB: u64 = 6;
const DT_RELA: u64 = 7;
const DT_RELASZ: u64 = 8;
const DT_JMPREL: u64 = 23;

/// An entry of the dynamic section.
#[repr(C)]
struct Dynamic {
    tag: u64,
    value: u64,
}

/// A place in the library that the loader filled.
#[repr(C)]
struct Relocation {
    offset: u64,
    info: u64,
    _addend: i64,
}

/// The tables by which the loader found what the library calls.
#[derive(Default)]
struct Tables {
    base: u64,
    strings: u64,
    symbols: u64,
    /// Addresses and bytes of the two tables of places.
    calls: (u64, u64),
    others: (u64, u64),
}

/// Which library is looked for, and what was found.
struct Search {
    base: u64,
    tables: Option<Tables>,
}

/// The library's calls of `write` can't be led elsewhere.
#[derive(Debug, thiserror::Error)]
#[error("the library calls write in a way that this program does not know")]
pub(super) struct Unguarded;

/// Leads the library's calls of `write` here. `within` is a function of it; its data files are below `data`.
pub(super) fn install(within: *const c_void, data: &Path) -> Result<(), Unguarded> {
    DATA.set(data.to_owned()).map_err(|_| Unguarded)?;
    let tables = Tables::of(within).ok_or(Unguarded)?;
    // SAFETY: the tables are those of a library that stays loaded and whose code does not run yet.
    match unsafe { tables.redirect(c"write", write as *const () as u64) } {
        Ok(places) if places > 0 => Ok(()),
        _ => Err(Unguarded),
    }
}

// === impl Tables ===

impl Tables {
    /// Of the library that has this function.
    fn of(function: *const c_void) -> Option<Self> {
        // SAFETY: all zeros are a valid value of this struct of pointers, and the call only fills it.
        let (found, info) = unsafe {
            let mut info: libc::Dl_info = std::mem::zeroed();
            (libc::dladdr(function, &raw mut info), info)
        };
        let mut search = Search {
            base: info.dli_fbase as u64,
            tables: None,
        };
        if found != 0 {
            // SAFETY: `visit` takes what is given here.
            unsafe { libc::dl_iterate_phdr(Some(visit), (&raw mut search).cast()) };
        }
        search.tables
    }

    /// # Safety
    /// The headers are those of a loaded library.
    unsafe fn read(base: u64, headers: &[Elf64_Phdr]) -> Option<Self> {
        let mut headers = headers.iter();
        let dynamic = headers.find(|header| header.p_type == libc::PT_DYNAMIC)?;
        let mut tables = Self {
            base,
            ..Self::default()
        };
        let mut entry = (base + dynamic.p_vaddr) as *const Dynamic;
        // SAFETY: the section ends with an entry of tag 0.
        while let Dynamic { tag: 1.., .. } = unsafe { &*entry } {
            let Dynamic { tag, value } = unsafe { &*entry };
            match *tag {
                DT_STRTAB => tables.strings = tables.address(*value),
                DT_SYMTAB => tables.symbols = tables.address(*value),
                DT_JMPREL => tables.calls.0 = tables.address(*value),
                DT_PLTRELSZ => tables.calls.1 = *value,
                DT_RELA => tables.others.0 = tables.address(*value),
                DT_RELASZ => tables.others.1 = *value,
                _ => {}
            }
            entry = unsafe { entry.add(1) };
        }
        (tables.strings != 0 && tables.symbols != 0).then_some(tables)
    }

    /// Some loaders leave what stands in the file.
    fn address(&self, value: u64) -> u64 {
        match value < self.base {
            true => self.base + value,
            false => value,
        }
    }

    /// In how many places the function's address was replaced.
    ///
    /// # Safety
    /// As of [`Tables::read`]; nobody calls the function meanwhile.
    unsafe fn redirect(&self, name: &CStr, to: u64) -> io::Result<usize> {
        let mut places = 0;
        for (address, bytes) in [self.calls, self.others] {
            if address == 0 {
                continue;
            }
            let length = bytes as usize / size_of::<Relocation>();
            // SAFETY: the library says so of itself.
            let table = unsafe { std::slice::from_raw_parts(address as *const Relocation, length) };
            // What names no symbol is the library's own.
            for place in table.iter().filter(|place| place.info >> 32 != 0) {
                if unsafe { self.name(place.info >> 32) } == name {
                    unsafe { replace(self.base + place.offset, to)? };
                    places += 1;
                }
            }
        }
        Ok(places)
    }

    /// # Safety
    /// The number is one of the library's symbols.
    unsafe fn name(&self, symbol: u64) -> &CStr {
        let symbols = self.symbols as *const Elf64_Sym;
        // SAFETY: as above; names are NUL-terminated.
        unsafe {
            let symbol = &*symbols.add(symbol as usize);
            CStr::from_ptr((self.strings + u64::from(symbol.st_name)) as *const _)
        }
    }
}

/// # Safety
/// `search` is a [`Search`].
unsafe extern "C" fn visit(info: *mut dl_phdr_info, _size: usize, search: *mut c_void) -> c_int {
    // SAFETY: the loader's own list, and what was given to it.
    let (info, search) = unsafe { (&*info, &mut *search.cast::<Search>()) };
    if info.dlpi_addr != search.base {
        return 0;
    }
    // SAFETY: so many headers.
    let headers =
        unsafe { std::slice::from_raw_parts(info.dlpi_phdr, usize::from(info.dlpi_phnum)) };
    search.tables = unsafe { Tables::read(info.dlpi_addr, headers) };
    1
}

/// # Safety
/// An address is kept there, which nobody reads meanwhile.
unsafe fn replace(place: u64, value: u64) -> io::Result<()> {
    let page = rustix::param::page_size() as u64;
    let start = place / page * page;
    // SAFETY: a page of the library's data. The loader may have made it read-only once it was filled.
    let unlocked = unsafe {
        libc::mprotect(
            start as *mut c_void,
            page as usize,
            libc::PROT_READ | libc::PROT_WRITE,
        )
    };
    if unlocked != 0 {
        return Err(io::Error::last_os_error());
    }
    // SAFETY: as the caller says; addresses are aligned, so that they lie in one page.
    unsafe { *(place as *mut u64) = value };
    Ok(())
}

/// What the library calls.
///
/// # Safety
/// As of the C library.
unsafe extern "C" fn write(file: c_int, bytes: *const c_void, length: usize) -> isize {
    // SAFETY: the caller's arguments.
    let written = unsafe { libc::write(file, bytes, length) };
    if written <= 0 && length > 0 {
        let error = io::Error::last_os_error();
        end_if_data(file, &error);
        // SAFETY: the thread's own; the caller reads it.
        unsafe { *libc::__errno_location() = error.raw_os_error().unwrap_or(0) };
    }
    written
}

fn end_if_data(file: c_int, error: &io::Error) {
    if matches!(
        error.kind(),
        io::ErrorKind::Interrupted | io::ErrorKind::WouldBlock
    ) {
        return;
    }
    let path = std::fs::read_link(format!("/proc/self/fd/{file}")).unwrap_or_default();
    let Some(data) = DATA.get() else { return };
    if path.starts_with(data) {
        let path = path.display();
        // Its own disk may be the same.
        writeln!(io::stderr(), "cannot write {path}: {error}").ok();
        // SAFETY: nothing of this process is to run any more, destructors least of all.
        unsafe { libc::_exit(CANNOT_WRITE) };
    }
}
