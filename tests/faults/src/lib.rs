//! What goes wrong below a process: a library for LD_PRELOAD that delays, refuses or shifts what the C library does.
//!
//! The file that `FAULTS_FILE` names is mapped by every process that is started with it; a test writes numbers into it
//! ([`Fault`]) and they hold at once. Without it nothing changes. Not here: what the numbers are to be.
#![expect(
    unsafe_code,
    reason = "it stands in for functions of the C library, which is nothing that the compiler could check"
)]

use std::ffi::{CStr, c_char, c_int, c_void};
use std::io::Write as _;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicI64, Ordering};

/// Which number of the file says what; each is an `i64` in the order of the machine.
#[derive(Clone, Copy, Debug)]
#[repr(usize)]
pub enum Fault {
    /// Milliseconds that the engine waits between its note of an insert and the move of the part into its place.
    PartDelay,
    /// How many such moves have begun to wait; counted here.
    PartsDelayed,
    /// Milliseconds that every sync of a file takes longer.
    SyncDelay,
    /// Nanoseconds by which the clock is off.
    ClockShift,
    /// Other than 0: no file can be made in the collector's log.
    LogIsFull,
    /// Which files in the engine's folder take no more than [`Fault::EngineRoom`]: [`ALL`] and the disk says so, [`ALL_AT_ONCE`]
    /// where it said that there is room, as with a quota or when others are quicker, [`MERGES`] alone, in the same way; 0 none.
    EngineIsFull,
    /// Bytes that they still take; counted down here. The write that reaches the end is cut short, as a disk does it.
    EngineRoom,
    /// How many writes found no room; counted here.
    WritesRefused,
}

/// Of [`Fault::EngineIsFull`].
pub const ALL: i64 = 1;
/// Of [`Fault::EngineIsFull`].
pub const ALL_AT_ONCE: i64 = 2;
/// Of [`Fault::EngineIsFull`].
pub const MERGES: i64 = 3;

/// Bytes of the file.
pub const LENGTH: usize = 4096;
const NUMBERS: usize = 8;

/// In the data folder of `coldtrace up`.
const ENGINE_FOLDER: &[u8] = b"/engine/";
/// Of the paths that are looked at; those of tests are shorter.
const PATH_LENGTH: usize = 1024;

type Numbers = [AtomicI64; NUMBERS];

fn numbers() -> Option<&'static Numbers> {
    static MAPPED: OnceLock<Option<&'static Numbers>> = OnceLock::new();
    *MAPPED.get_or_init(map)
}

fn map() -> Option<&'static Numbers> {
    // SAFETY: the name is NUL-terminated; what it returns is used before anybody changes the environment.
    let mapped = unsafe {
        let path = libc::getenv(c"FAULTS_FILE".as_ptr());
        if path.is_null() {
            return None;
        }
        // The system's own, not ours below.
        let file = libc::syscall(libc::SYS_openat, libc::AT_FDCWD, path, libc::O_RDWR) as c_int;
        if file < 0 {
            return None;
        }
        libc::mmap(
            std::ptr::null_mut(),
            LENGTH,
            libc::PROT_READ | libc::PROT_WRITE,
            libc::MAP_SHARED,
            file,
            0,
        )
    };
    // SAFETY: mapped for good, page-aligned and longer than the numbers; every access is atomic.
    (mapped != libc::MAP_FAILED).then(|| unsafe { &*mapped.cast::<Numbers>() })
}

fn number(fault: Fault) -> i64 {
    numbers().map_or(0, |numbers| numbers[fault as usize].load(Ordering::Relaxed))
}

fn wait(milliseconds: i64) {
    if milliseconds > 0 {
        std::thread::sleep(std::time::Duration::from_millis(
            milliseconds.unsigned_abs(),
        ));
    }
}

/// The function that ours stands in for.
fn next(name: &CStr) -> *mut c_void {
    // SAFETY: the name is NUL-terminated.
    let found = unsafe { libc::dlsym(libc::RTLD_NEXT, name.as_ptr()) };
    assert!(!found.is_null(), "the C library has it");
    found
}

macro_rules! next {
    ($name:literal as $type:ty) => {{
        static NEXT: OnceLock<usize> = OnceLock::new();
        let found = *NEXT.get_or_init(|| next($name) as usize);
        // SAFETY: the C library declares it so.
        unsafe { std::mem::transmute::<usize, $type>(found) }
    }};
}

/// # Safety
/// As of the C library.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn rename(from: *const c_char, to: *const c_char) -> c_int {
    // SAFETY: a path, as the caller promises.
    let is_new_part = contains(unsafe { CStr::from_ptr(from) }.to_bytes(), b"tmp_insert_");
    let delay = number(Fault::PartDelay);
    if is_new_part && delay > 0 {
        if let Some(numbers) = numbers() {
            numbers[Fault::PartsDelayed as usize].fetch_add(1, Ordering::Relaxed);
        }
        wait(delay);
    }
    let next = next!(c"rename" as unsafe extern "C" fn(*const c_char, *const c_char) -> c_int);
    // SAFETY: the caller's arguments.
    unsafe { next(from, to) }
}

/// # Safety
/// As of the C library.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn fsync(file: c_int) -> c_int {
    wait(number(Fault::SyncDelay));
    let next = next!(c"fsync" as unsafe extern "C" fn(c_int) -> c_int);
    // SAFETY: the caller's arguments.
    unsafe { next(file) }
}

/// # Safety
/// As of the C library.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn fdatasync(file: c_int) -> c_int {
    wait(number(Fault::SyncDelay));
    let next = next!(c"fdatasync" as unsafe extern "C" fn(c_int) -> c_int);
    // SAFETY: the caller's arguments.
    unsafe { next(file) }
}

/// # Safety
/// As of the C library.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn open64(path: *const c_char, flags: c_int, mode: libc::mode_t) -> c_int {
    if flags & libc::O_CREAT != 0 && number(Fault::LogIsFull) != 0 && is_segment(path) {
        // SAFETY: the thread's own.
        unsafe { *libc::__errno_location() = libc::ENOSPC };
        return -1;
    }
    let next =
        next!(c"open64" as unsafe extern "C" fn(*const c_char, c_int, libc::mode_t) -> c_int);
    // SAFETY: the caller's arguments; the mode is not read where none was given.
    unsafe { next(path, flags, mode) }
}

fn is_segment(path: *const c_char) -> bool {
    // SAFETY: a path, as the caller promises.
    let path = unsafe { CStr::from_ptr(path) };
    path.to_bytes().ends_with(b".segment")
}

/// # Safety
/// As of the C library.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn write(file: c_int, bytes: *const c_void, length: usize) -> isize {
    let Some(length) = room(file, length) else {
        return -1;
    };
    let next = next!(c"write" as unsafe extern "C" fn(c_int, *const c_void, usize) -> isize);
    // SAFETY: the caller's arguments, or fewer of the same bytes.
    unsafe { next(file, bytes, length) }
}

/// # Safety
/// As of the C library.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn pwrite(
    file: c_int,
    bytes: *const c_void,
    length: usize,
    at: libc::off_t,
) -> isize {
    let Some(length) = room(file, length) else {
        return -1;
    };
    let next =
        next!(c"pwrite" as unsafe extern "C" fn(c_int, *const c_void, usize, libc::off_t) -> isize);
    // SAFETY: as of `write`.
    unsafe { next(file, bytes, length, at) }
}

/// # Safety
/// As of the C library.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn pwrite64(
    file: c_int,
    bytes: *const c_void,
    length: usize,
    at: libc::off64_t,
) -> isize {
    // SAFETY: the same function where offsets have 64 bits.
    unsafe { pwrite(file, bytes, length, at) }
}

/// # Safety
/// As of the C library.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn statvfs(path: *const c_char, told: *mut libc::statvfs) -> c_int {
    let next =
        next!(c"statvfs" as unsafe extern "C" fn(*const c_char, *mut libc::statvfs) -> c_int);
    // SAFETY: the caller's arguments.
    let answered = unsafe { next(path, told) };
    let is_full = || {
        // SAFETY: a path, as the caller promises.
        let path = unsafe { CStr::from_ptr(path) };
        number(Fault::EngineIsFull) == ALL && contains(path.to_bytes(), ENGINE_FOLDER)
    };
    if answered == 0 && is_full() {
        // SAFETY: it was filled just now.
        let told = unsafe { &mut *told };
        (told.f_bfree, told.f_bavail) = (0, 0);
    }
    answered
}

/// How many bytes of a write are taken. Where there are none, the error of a full disk is set.
fn room(file: c_int, length: usize) -> Option<usize> {
    let refused = number(Fault::EngineIsFull);
    if refused == 0 {
        return Some(length);
    }
    let mut path = [0; PATH_LENGTH];
    let path = path_of(file, &mut path);
    let is_meant = match refused {
        MERGES => contains(path, b"/tmp_merge_"),
        _ => contains(path, ENGINE_FOLDER),
    };
    let numbers = numbers().filter(|_| is_meant && length > 0);
    let Some(numbers) = numbers else {
        return Some(length);
    };
    let wanted = i64::try_from(length).unwrap_or(i64::MAX);
    let left = numbers[Fault::EngineRoom as usize].fetch_sub(wanted, Ordering::Relaxed);
    if left > 0 {
        return Some(length.min(left.unsigned_abs() as usize));
    }
    numbers[Fault::WritesRefused as usize].fetch_add(1, Ordering::Relaxed);
    // SAFETY: the thread's own.
    unsafe { *libc::__errno_location() = libc::ENOSPC };
    None
}

/// As the system tells it; empty where it does not. Takes no memory, since it stands below whoever has none.
fn path_of(file: c_int, path: &mut [u8; PATH_LENGTH]) -> &[u8] {
    let mut link = [0; 32];
    // It fits, and its last byte stays 0.
    let written = write!(&mut link[..31], "/proc/self/fd/{file}");
    if written.is_err() {
        return &[];
    }
    // SAFETY: the name is NUL-terminated, and no more is written than there is room for.
    let length = unsafe {
        libc::readlink(
            link.as_ptr().cast::<c_char>(),
            path.as_mut_ptr().cast::<c_char>(),
            PATH_LENGTH,
        )
    };
    &path[..usize::try_from(length).unwrap_or(0)]
}

fn contains(path: &[u8], name: &[u8]) -> bool {
    path.windows(name.len()).any(|part| part == name)
}

/// # Safety
/// As of the C library.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn clock_gettime(clock: libc::clockid_t, time: *mut libc::timespec) -> c_int {
    const SECOND: i64 = 1_000_000_000;
    let next = next!(
        c"clock_gettime" as unsafe extern "C" fn(libc::clockid_t, *mut libc::timespec) -> c_int
    );
    // SAFETY: the caller's arguments.
    let answered = unsafe { next(clock, time) };
    let shift = number(Fault::ClockShift);
    if answered == 0 && clock == libc::CLOCK_REALTIME && shift != 0 {
        // SAFETY: it was filled just now.
        let time = unsafe { &mut *time };
        let nanos = time.tv_nsec + shift % SECOND;
        time.tv_sec += shift / SECOND + nanos.div_euclid(SECOND);
        time.tv_nsec = nanos.rem_euclid(SECOND);
    }
    answered
}
