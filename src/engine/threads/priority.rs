//! Who goes first when there is more to do than cores.

/// How far others stand back, in steps of nice(2): the threads that take packets get nine tenths of a core they share.
#[cfg(target_os = "linux")]
const NICE: i32 = 10;

/// Has the calling thread stand back behind those that take packets from a live port: a picture may be late, a packet may not. Where the
/// system does not let a thread do so alone, or refuses, nothing changes.
pub fn lower_priority() {
    #[cfg(target_os = "linux")]
    {
        // On Linux the number of a thread will do where that of a process is asked for, and means this thread alone.
        let _ = rustix::process::setpriority_process(Some(rustix::thread::gettid()), NICE);
    }
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    #[test]
    fn a_thread_stands_back_alone() {
        let nice = || rustix::process::getpriority_process(Some(rustix::thread::gettid())).expect("a priority");
        let before = nice();
        let (its, expected) = std::thread::spawn(move || {
            lower_priority();
            (nice(), NICE.max(before))
        })
        .join()
        .expect("a thread");
        assert_eq!((its, nice()), (expected, before));
    }
}
