//! `spantop save`: some of the packets, as they were captured, in a file of their own.

use super::console::{Console, say};
use super::output::Output;
use super::privacy::Privacy;
use super::{signals, source};
use crate::capture::{Block, Fill, Source};
use crate::cli::Common;
use crate::error::{Error, Result};
use crate::model::{TapePacket, Timestamp, units};
use crate::record::{InterfaceAbout, PcapngWriter};
use crate::settings::{InputSettings, PacketStretch};
use std::io::{self, IsTerminal, Write};
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};

/// How many packets were met and how many of them saved.
#[derive(Debug, Default)]
struct Saved {
    seen: u64,
    saved: u64,
    bytes: u64,
}

/// Saves packets. The file is there whole or not at all.
pub fn save(console: &Console, common: &Common, input: &InputSettings, stretch: PacketStretch, output: &Path) -> Result<()> {
    let mut input = input.clone();
    let InputSettings::Files(files) = &mut input else {
        return Err(Error::usage(
            "save is for captures: spantop save FILE -o PATH (of a port: the dashboard with --save-dir and W, a probe with --ring, or tcpdump -w)",
        ));
    };
    if files.follow {
        return Err(Error::usage("save reads captures to their end: without --follow"));
    }
    files.notes = true;
    let filter = files.filter.clone();
    let output = Output::new(Some(output), &input)?;
    if output.is_stdout() && io::stdout().is_terminal() {
        return Err(Error::usage("-o - is standard output, and that is a terminal: name a file, or pipe it somewhere"));
    }
    let stop = signals::watch()?;
    let (mut source, _) = source::open(&input, output.path(), common, console)?;
    let endless = source::is_endless(&input);
    let (mut done, mut failure) = (Saved::default(), None);
    let why = why(&Privacy::of(common), filter.as_deref(), stretch);
    output.write((!endless).then_some(&*stop), |out| {
        let outcome = copy(source.as_mut(), (stretch, &why), &stop, endless, out, &mut done);
        // What was read before a source failed is saved.
        match outcome {
            Ok(()) => Ok(()),
            Err(Trouble::Read(error)) => {
                failure = Some(error);
                Ok(())
            }
            Err(Trouble::Write(error)) => Err(error),
        }
    })?;
    for info in source.info() {
        if let Some(warning) = info.warning {
            say(format_args!("warning: {}: {warning}", info.name));
        }
    }
    if done.saved == 0 {
        let why = match (&filter, done.seen) {
            (Some(filter), 0) => format!("no packet matches the capture filter '{filter}'"),
            (None, 0) => "nothing was captured".to_owned(),
            (_, seen) => format!("no packet of {} lies in what was asked for", units::grouped(seen)),
        };
        say(format_args!("warning: {why}: the file holds none"));
    }
    console.details(format_args!("saved {} of {} packets, {}", done.saved, done.seen, units::bytes(done.bytes)));
    failure.map_or(Ok(()), Err)
}

/// What the file says of why it holds what it does.
fn why(privacy: &Privacy, filter: Option<&str>, stretch: PacketStretch) -> String {
    let which = match filter {
        Some(filter) => format!("packets that match {}", privacy.filter(filter)),
        None => "packets".to_owned(),
    };
    let part = if stretch == PacketStretch::default() { "" } else { ", of a part of it" };
    format!("saved by spantop save: {which}{part}")
}

/// What ends it early.
enum Trouble {
    Read(Error),
    Write(io::Error),
}

impl From<io::Error> for Trouble {
    fn from(error: io::Error) -> Self {
        Self::Write(error)
    }
}

/// Writes what each interface lost, as the original tells: only where all of its packets are saved is it theirs.
fn losses<W: Write>(writer: &mut PcapngWriter<W>, source: &dyn Source, last: Timestamp) -> io::Result<()> {
    let sources = source.info();
    let [only] = sources.as_slice() else { return Ok(()) };
    if only.unfiltered.is_some() {
        return Ok(());
    }
    for (number, interface) in (0..).zip(&only.interfaces).filter(|(_, interface)| interface.dropped > 0) {
        writer.statistics(number, last.0, interface.dropped, 0)?;
    }
    Ok(())
}

/// What a stretch of a capture is saved with.
struct StretchWriter<'a> {
    writer: PcapngWriter<&'a mut dyn Write>,
    stretch: PacketStretch,
    first: Option<Timestamp>,
    last: Timestamp,
}

impl StretchWriter<'_> {
    /// Saves a block's packets of the stretch; whether it ends there.
    fn block(&mut self, source: &dyn Source, block: &Block, done: &mut Saved) -> io::Result<bool> {
        // What a packet can be deciphered with is needed whether or not it is saved itself: what it says may go on in others.
        for extra in block.notes.iter().flat_map(|note| &note.before) {
            self.writer.extra(extra)?;
        }
        for packet in &block.packets {
            done.seen += 1;
            let first = *self.first.get_or_insert(packet.time);
            self.last = packet.time;
            if self.stretch.contains(done.seen, packet.time, first) {
                let interface = || {
                    let known = source.interface(packet.interface).unwrap_or_default();
                    InterfaceAbout { name: known.name, description: known.description }
                };
                let captured = TapePacket {
                    time: packet.time,
                    link: packet.link,
                    wire: packet.wire,
                    interface: packet.interface,
                    bytes: block.captured(packet),
                };
                self.writer.packet(&captured, block.note(packet), interface)?;
                done.saved += 1;
            }
            if self.stretch.ends_at(done.seen, done.saved) {
                return Ok(true);
            }
        }
        Ok(false)
    }
}

fn copy(
    source: &mut dyn Source,
    (stretch, why): (PacketStretch, &str),
    stop: &AtomicBool,
    endless: bool,
    out: &mut dyn Write,
    done: &mut Saved,
) -> std::result::Result<(), Trouble> {
    let mut saving = StretchWriter { writer: PcapngWriter::new(out, why), stretch, first: None, last: Timestamp::UNKNOWN };
    let mut block = Block::new();
    loop {
        block.clear();
        let filled = source.fill(&mut block);
        let is_over = saving.block(source, &block, done)?;
        let StretchWriter { writer, last, .. } = &mut saving;
        done.bytes = writer.bytes();
        if is_over {
            return Ok(writer.flush()?);
        }
        match filled {
            Ok(Fill::End) => {
                if done.saved == done.seen {
                    losses(writer, source, *last)?;
                }
                return Ok(writer.flush()?);
            }
            Err(error) => {
                writer.flush()?;
                return Err(Trouble::Read(error));
            }
            // Whoever reads from a pipe sees what has come.
            Ok(_) if endless => writer.flush()?,
            Ok(_) => {}
        }
        if stop.load(Ordering::Relaxed) {
            writer.flush()?;
            return Ok(());
        }
    }
}
