//! Signals: leave, stop at once, say how far it is, and never leave a terminal behind that is not as it was.

use super::rights::EarlyThread;
use crate::error::{Error, Result};
use crate::settings::RightsSettings;
use signal_hook::consts::{SIGABRT, SIGALRM, SIGHUP, SIGINT, SIGPROF, SIGQUIT, SIGTERM, SIGUSR1, SIGUSR2, SIGVTALRM, SIGXCPU, SIGXFSZ};
use signal_hook::flag::{register, register_conditional_shutdown};
use signal_hook::iterator::Signals;
use signal_hook::low_level::{emulate_default_handler, raise};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// A flag that the first Ctrl-C, SIGTERM or SIGHUP sets; a second one ends the program at once. Who started it with SIGHUP ignored (`nohup`)
/// wants it to outlive the terminal. Processor time that has run out sets it, too, and goes on saying so every second until it is taken away
/// (setrlimit(2)): what came is written meanwhile. A file that may grow no further is an error of writing, not the end.
pub fn watch() -> Result<Arc<AtomicBool>> {
    let stop = Arc::new(AtomicBool::new(false));
    for (signal, status) in [(SIGINT, 130), (SIGTERM, 143), (SIGHUP, 129)] {
        if signal == SIGHUP && is_ignored(signal) {
            continue;
        }
        // The order matters: the shutdown looks at the flag before this signal sets it.
        register_conditional_shutdown(signal, status, Arc::clone(&stop))
            .and_then(|_| register(signal, Arc::clone(&stop)))
            .map_err(|e| Error::io("cannot watch for Ctrl-C", &e))?;
    }
    register(SIGXCPU, Arc::clone(&stop))
        .and_then(|_| register(SIGXFSZ, Arc::default()))
        .map_err(|e| Error::io("cannot watch for limits", &e))?;
    Ok(stop)
}

/// Whether a signal is ignored, where the system tells (proc_pid_status(5)).
fn is_ignored(signal: i32) -> bool {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:")).and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok());
    let bit = u32::try_from(signal - 1).ok().and_then(|bit| 1_u64.checked_shl(bit));
    mask.zip(bit).is_some_and(|(mask, bit)| mask & bit != 0)
}

/// A flag that SIGUSR1 sets: somebody asks for statistics, as of tcpdump.
pub fn asks_for_statistics() -> Result<Arc<AtomicBool>> {
    let asked = Arc::new(AtomicBool::new(false));
    register(SIGUSR1, Arc::clone(&asked)).map_err(|e| Error::io("cannot watch for SIGUSR1", &e))?;
    Ok(asked)
}

/// Watches over a dashboard from a thread of its own, because the one that draws may be held up by a terminal that takes nothing.
/// Ctrl-C, SIGTERM and a terminal that has gone set `stop`; when it is set already, the terminal is given back and the program ends at
/// once. Other signals that end a program give the terminal back first. SIGUSR1 means nothing here: the statistics are on the screen.
///
/// Where a port is still to be picked the thread starts with all rights: it is to give them up with the others.
///
/// # Errors
/// The system refuses a thread, or to watch for signals.
pub fn guard(stop: &Arc<AtomicBool>, give_back: fn(), rights: &RightsSettings) -> Result<EarlyThread> {
    let leave = [SIGINT, SIGTERM, SIGHUP];
    let end = [SIGQUIT, SIGABRT, SIGALRM, SIGVTALRM, SIGPROF, SIGUSR2, SIGXCPU, SIGXFSZ];
    let failed = |e| Error::io("cannot watch for signals", &e);
    let mut signals = Signals::new(leave.iter().chain(&end).chain(&[SIGUSR1])).map_err(failed)?;
    let (stop, sandbox) = (Arc::clone(stop), rights.sandbox);
    let (thread, rights) = EarlyThread::new("signals", || drop(raise(SIGUSR1)));
    let watching = std::thread::Builder::new().name("signals".into());
    let watch = move || {
        if sandbox {
            rights.begin();
        }
        for signal in signals.forever() {
            rights.woken();
            let ends = end.contains(&signal) || leave.contains(&signal) && stop.swap(true, Ordering::Relaxed);
            if ends {
                give_back();
                let _ = emulate_default_handler(signal);
            }
        }
    };
    watching.spawn(watch).map_err(failed)?;
    Ok(thread)
}
