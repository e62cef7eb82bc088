//! Threads share one heap. The only test of its process: heaps of others would be there already.
#![cfg(target_env = "gnu")]

use std::collections::BTreeSet;
use std::hint::black_box;
use std::sync::Barrier;
use std::thread;

use coldtrace_service::memory::keep_one_heap;

const THREADS: usize = 8;
/// glibc's heaps of threads begin at multiples of this, bytes.
const HEAP: usize = 64 << 20;
/// The main one, which may lie across a multiple, and that of the test's own thread.
const MOST: usize = 3;

#[test]
fn threads_get_no_heap_of_their_own() {
    keep_one_heap();
    let all_are_there = Barrier::new(THREADS);
    let heap = || {
        let memory = black_box(vec![1_u8; 32 << 10]);
        // A thread that ended would leave its heap to the next.
        all_are_there.wait();
        memory.as_ptr().addr() / HEAP
    };
    let heaps: BTreeSet<usize> = thread::scope(|scope| {
        let threads = [(); THREADS].map(|()| scope.spawn(heap));
        threads.map(|thread| thread.join().expect("it ends")).into()
    });
    assert!(heaps.len() <= MOST, "{heaps:?}");
}
