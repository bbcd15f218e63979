//! Work beside other work.

/// Does `help` in a thread of its own and `own` meanwhile in the caller's; false when the system refuses a thread, and neither was done.
pub fn join_scoped(help: &mut (dyn FnMut() + Send), own: &mut dyn FnMut()) -> bool {
    std::thread::scope(|scope| {
        let started = std::thread::Builder::new().name("beside".into()).spawn_scoped(scope, help).is_ok();
        if started {
            own();
        }
        started
    })
}
