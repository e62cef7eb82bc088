//! Panics on purpose, one for each task: for the tests of a debug build, which ask for one by `COLDTRACE_PANIC_AT`.

#[cfg(debug_assertions)]
use std::sync::OnceLock;

/// Set once at start.
#[cfg(debug_assertions)]
static AT: OnceLock<String> = OnceLock::new();

/// From now on [`point`] panics there.
pub(crate) fn panic_at(name: Option<String>) {
    #[cfg(debug_assertions)]
    if let Some(name) = name {
        AT.get_or_init(|| name);
    }
    #[cfg(not(debug_assertions))]
    drop(name);
}

/// A place where a panic may be asked for; nothing in a release build.
#[inline]
pub(crate) fn point(name: &str) {
    #[cfg(debug_assertions)]
    assert!(
        AT.get().is_none_or(|at| at != name),
        "on purpose, at {name}"
    );
    #[cfg(not(debug_assertions))]
    let _ = name;
}
