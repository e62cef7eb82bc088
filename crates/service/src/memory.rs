//! What the process gives back of the memory that it used.
//!
//! glibc maps a large piece of memory for itself alone, and gives it back to the system when it is freed; but each that is
//! freed raises what it takes for large, up to 32 MiB, and it keeps a heap for every thread that allocates. Buffers that one
//! thread takes and another frees then stay in many heaps, in none of which all is free (docs/adr/0016-pages.md has the
//! figures). Hence what is large is fixed here. Not here: which memory is used again, which is its owner's matter.
#![cfg_attr(
    target_env = "gnu",
    expect(
        unsafe_code,
        reason = "the allocator has no other interface than a function of C"
    )
)]

/// From here on memory is given back when it is freed, bytes: what glibc begins with. Most that a request or a row takes is smaller,
/// and a page of a block, which is used again, is larger.
pub const LARGE: usize = 128 << 10;

/// From now on what is allocated of [`LARGE`] and more is given back to the system as soon as it is freed. To be called
/// before other threads are started. Where the C library is another than glibc it does nothing.
pub fn give_back_large() {
    #[cfg(target_env = "gnu")]
    {
        // SAFETY: it takes two numbers and keeps no pointer. It can only refuse them, and then all stays as it was.
        unsafe { libc::mallopt(libc::M_MMAP_THRESHOLD, LARGE as libc::c_int) };
    }
}

#[cfg(all(test, target_env = "gnu"))]
mod tests {
    use super::*;

    /// Memory that glibc maps for itself alone begins with two words of glibc's at the begin of a page.
    fn is_mapped_alone(memory: &[u8]) -> bool {
        memory.as_ptr().addr() % 4_096 == 2 * size_of::<usize>()
    }

    #[test]
    fn what_is_large_stays_so_after_something_larger_was_freed() {
        give_back_large();
        drop(std::hint::black_box(Vec::<u8>::with_capacity(16 << 20)));
        let several = [(); 4].map(|()| vec![1_u8; 2 * LARGE]);
        assert!(several.iter().all(|memory| is_mapped_alone(memory)));
        let small = [(); 4].map(|()| vec![1_u8; LARGE / 2]);
        assert!(!small.iter().all(|memory| is_mapped_alone(memory)));
    }
}
