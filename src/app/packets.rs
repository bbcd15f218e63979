//! `spantop packets`: one line a packet, as they are read.

use super::ascii_lines::AsciiLines;
use super::console::{Console, say};
use super::output::Output;
use super::{engine_settings, progress, signals, source};
use crate::browse::{self, StreamStarts};
use crate::cli::{Common, PacketsRequest};
use crate::decode::Rules;
use crate::engine::{self, Listeners, PacketBatch};
use crate::error::{Error, Result};
use crate::model::{Timestamp, units};
use crate::report::packets::{PacketFormat, PacketList};
use crate::settings::{InputSettings, PacketStretch};
use crate::snapshot::Query;
use std::io::{self, BufWriter, ErrorKind, Write};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

/// Bytes gathered before a system call.
const BUFFER: usize = 64 * 1024;

/// Lists the packets of captures on standard output. A reader that has gone ends it without a word.
pub fn list(console: &Console, common: &Common, input: &InputSettings, request: &PacketsRequest, stretch: PacketStretch) -> Result<()> {
    let PacketsRequest { format, tree } = request;
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
    let out = BufWriter::with_capacity(BUFFER, io::stdout());
    // JSON is UTF-8 wherever it goes (RFC 8259 section 8.1).
    let is_ascii = console.is_ascii() && format == PacketFormat::Text;
    let out: Box<dyn Write + Send> = if is_ascii { Box::new(AsciiLines::new(out)) } else { Box::new(out) };
    let list = PacketList::new(out, format, *tree);
    let streams = StreamStarts::new(rules.clone());
    let listed = Arc::new(AtomicU64::new(0));
    let mut listing = Listing { list, stretch, rules, streams, first: None, listed: Arc::clone(&listed) };
    let listener = {
        let (stop, done, failed) = (Arc::clone(&stop), Arc::clone(&done), Arc::clone(&failed));
        Box::new(move |packets: &PacketBatch<'_>| {
            if done.load(Ordering::Relaxed) {
                return;
            }
            let written = listing.batch(packets);
            if !matches!(written, Ok(false)) {
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
    if let (0, seen) = (listed.load(Ordering::Relaxed), outcome.result.mirror.link.packets)
        && seen > 0
    {
        let (seen, lasts) = (units::plural(seen, "packet"), units::duration(outcome.result.duration()));
        say(format_args!("warning: nothing lies in what was asked for: there are {seen}, over {lasts}"));
    }
    console.losses(&outcome.result);
    outcome.complete().map(|_| ())
}

/// Writes the packets of a stretch as they come.
struct Listing<W> {
    list: PacketList<W>,
    stretch: PacketStretch,
    rules: Rules,
    streams: StreamStarts,
    /// Time of the capture's first packet.
    first: Option<Timestamp>,
    /// How many were listed, for who waits for the end.
    listed: Arc<AtomicU64>,
}

impl<W: Write> Listing<W> {
    /// Lists what is wanted of these packets and flushes it: whoever follows a capture sees each block as it is read. Whether the stretch ends there.
    fn batch(&mut self, packets: &PacketBatch<'_>) -> io::Result<bool> {
        let mut is_over = false;
        for (listed, packet) in packets.iter() {
            let first = *self.first.get_or_insert(listed.time);
            // Times count from the capture's first packet, as numbers do, whichever is listed first.
            self.list.begin(first);
            let number = listed.number.saturating_sub(1);
            self.streams.note(number, &packet);
            if self.stretch.contains(listed.number, listed.time, first) {
                self.listed.fetch_add(1, Ordering::Relaxed);
                let tree = browse::take_apart_in(&self.streams, number, &packet, &self.rules);
                self.list.write(listed, Some(&tree))?;
            }
            is_over = self.stretch.ends_at(listed.number, self.listed.load(Ordering::Relaxed));
            if is_over {
                break;
            }
        }
        self.list.flush()?;
        Ok(is_over)
    }
}
