//! `spantop packets`: one line a packet, as they are read.

use super::console::Console;
use super::output::Output;
use super::{engine_settings, progress, signals, source};
use crate::browse::{self, StreamStarts};
use crate::cli::Common;
use crate::engine::{self, Listeners, PacketBatch};
use crate::error::{Error, Result};
use crate::report::packets::{PacketFormat, PacketList};
use crate::settings::{InputSettings, PacketStretch};
use crate::snapshot::Query;
use std::io::{self, BufWriter, ErrorKind};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

/// What is listed, and how.
#[derive(Debug, Clone, Copy)]
pub struct ListingRequest<'a> {
    /// Token of the format.
    pub format: &'a str,
    /// Which packets.
    pub stretch: PacketStretch,
    /// Whether every header's fields are listed.
    pub tree: bool,
}

/// Bytes gathered before a system call.
const BUFFER: usize = 64 * 1024;

/// Lists the packets of captures on standard output. A reader that has gone ends it without a word.
pub fn list(console: &Console, common: &Common, input: &InputSettings, wanted: ListingRequest<'_>) -> Result<()> {
    let ListingRequest { format, stretch, tree } = wanted;
    let format = PacketFormat::find(format).ok_or_else(|| Error::usage(format!("--format {format}: no such format")))?;
    let rules = engine::rules_of(&common.mirror.clone().resolved())?;
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
    let mut list = PacketList::new(BufWriter::with_capacity(BUFFER, io::stdout()), format, tree);
    let listener = {
        let (stop, done, failed) = (Arc::clone(&stop), Arc::clone(&done), Arc::clone(&failed));
        let (mut first, mut taken) = (None, 0);
        let mut streams = StreamStarts::new(rules.clone());
        Box::new(move |packets: &PacketBatch<'_>| {
            if done.load(Ordering::Relaxed) {
                return;
            }
            // Whoever follows a capture sees each block as it is read.
            let mut over = false;
            let mut written = Ok(());
            for (listed, packet) in packets.iter() {
                let first = *first.get_or_insert(listed.time);
                let number = listed.number.saturating_sub(1);
                streams.note(number, &packet);
                if stretch.contains(listed.number, listed.time, first) {
                    taken += 1;
                    let tree = browse::take_apart_in(&streams, number, &packet, &rules);
                    written = list.write(listed, Some(&tree));
                }
                over = stretch.ends_at(listed.number, taken);
                if over || written.is_err() {
                    break;
                }
            }
            let written = written.and_then(|()| list.flush());
            if over || written.is_err() {
                *failed.lock().unwrap_or_else(PoisonError::into_inner) = written.err();
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
    if stop.load(Ordering::Relaxed) && !done.load(Ordering::Relaxed) && !source::is_endless(input) {
        return Err(Error::Interrupted);
    }
    console.losses(&outcome.result);
    outcome.complete().map(|_| ())
}
