//! How many heaps the process keeps.
//!
//! glibc keeps a heap for every thread that allocates, up to eight for each processor. A server's buffers are taken by one thread
//! and freed by another: then many heaps hold a little each, and none gives anything back. One is enough where nothing is
//! allocated for a single span or row (docs/adr/0016-pages.md has the figures). Not here: which memory is used again, which is its
//! owner's matter.
#![cfg_attr(
    target_env = "gnu",
    expect(
        unsafe_code,
        reason = "the allocator has no other interface than a function of C"
    )
)]

/// From now on no thread gets a heap of its own. To be called before other threads are started: what they have they keep.
/// Where the C library is another than glibc it does nothing.
pub fn keep_one_heap() {
    #[cfg(target_env = "gnu")]
    {
        // SAFETY: it takes two numbers and keeps no pointer. It can only refuse them, and then all stays as it was.
        unsafe { libc::mallopt(libc::M_ARENA_MAX, 1) };
    }
}
