//! `spantop packets`: one line a packet, as they are read.

use super::console::Console;
use super::output::Output;
use super::{engine_settings, progress, signals, source};
use crate::cli::Common;
use crate::engine::{self, Listeners};
use crate::error::{Error, Result};
use crate::report::packets::{PacketFormat, PacketList};
use crate::settings::InputSettings;
use crate::snapshot::Query;
use std::io::{self, BufWriter, ErrorKind};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

/// Bytes gathered before a system call.
const BUFFER: usize = 64 * 1024;

/// Lists the packets of captures on standard output. A reader that has gone ends it without a word.
pub fn list(console: &Console, common: &Common, input: &InputSettings, format: &str) -> Result<()> {
    let format = PacketFormat::find(format).ok_or_else(|| Error::usage(format!("--format {format}: no such format")))?;
    if matches!(input, InputSettings::Live(_)) {
        return Err(Error::usage("packets lists captures: spantop packets FILE (of a port: tcpdump -w - -i eth1 | spantop packets -)"));
    }
    // Whether there is a standard output at all.
    Output::Stdout.write(None, |out| out.flush())?;
    let stop = signals::watch()?;
    let (source, _) = source::open(input, None, common, console)?;
    let mut settings = engine_settings(common, input, &source.info());
    // Nobody looks at the tables.
    settings.query = Query { rows: 0, ..Query::default() };
    let source = progress::watch(source, console, input.limit(), signals::asks_for_statistics()?);
    let done = Arc::new(AtomicBool::new(false));
    let failed = Arc::new(Mutex::new(None));
    let mut list = PacketList::new(BufWriter::with_capacity(BUFFER, io::stdout()), format);
    let listener = {
        let (stop, done, failed) = (Arc::clone(&stop), Arc::clone(&done), Arc::clone(&failed));
        Box::new(move |packets: &[_]| {
            if done.load(Ordering::Relaxed) {
                return;
            }
            // Whoever follows a capture sees each block as it is read.
            if let Err(error) = list.write(packets).and_then(|()| list.flush()) {
                *failed.lock().unwrap_or_else(PoisonError::into_inner) = Some(error);
                done.store(true, Ordering::Relaxed);
                stop.store(true, Ordering::Relaxed);
            }
        })
    };
    let outcome = engine::run_with(source, &settings, Listeners { packets: Some(listener), ..Listeners::default() }, Arc::clone(&stop))?;
    match failed.lock().unwrap_or_else(PoisonError::into_inner).take() {
        Some(error) if error.kind() == ErrorKind::BrokenPipe => return Ok(()),
        Some(error) => return Err(Error::io("cannot write to standard output", &error)),
        None => {}
    }
    if stop.load(Ordering::Relaxed) && !source::is_endless(input) {
        return Err(Error::Interrupted);
    }
    console.losses(&outcome.result);
    outcome.complete().map(|_| ())
}
