//! Several readers of the same interfaces, each with a thread, handles and rings of its own; their packets come together by time.
//!
//! Whoever reads a port does nothing but copy packets out of the kernel's rings into blocks, so that it keeps up with more of them than the
//! thread that also gives packets their shards. That thread takes the earliest packet of all readers, one after the other. It may take a packet
//! of one reader when no other can bring an earlier one: each has a later one in hand, or began to look into its rings long enough
//! after that packet had been read, and found nothing. Which packet goes to which reader does not matter then, not even for
//! the pieces of a datagram; the kernel is not asked to put those together, because what was on the wire is what is counted.

use super::Live;
use super::handle::RETIRE_MS;
use crate::capture::{Block, Fill, Source, SourceInfo, SourceLosses};
use crate::error::{Error, Result};
use crate::model::limits::READER_BLOCKS;
use crate::model::{Timestamp, clock};
use crossbeam_channel::{Receiver, RecvTimeoutError, Sender, bounded};
use std::collections::VecDeque;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// How long a reader may gather packets: the others wait for its word.
pub const PATIENCE: Duration = Duration::from_millis(5);

/// How late a packet may come out of a ring: the kernel holds back a part of it that is not full, and its timer is not exact.
const LAG: Duration = Duration::from_millis(RETIRE_MS as u64 + 10);

/// How long a call of [`Source::fill`] may gather packets.
const GATHER: Duration = Duration::from_millis(50);

/// A reader that has not been heard of for so long is not waited for: the machine may have something better to do than to run it.
const STALLED: Duration = Duration::from_secs(1);

/// What a reader has read.
struct Read {
    block: Block,
    /// When it began to look into its rings, and when it had looked.
    begun: Instant,
    ended: Instant,
    about: About,
}

/// What a reader knows.
#[derive(Debug, Default, Clone)]
struct About {
    interfaces: Vec<SourceInfo>,
    losses: SourceLosses,
}

impl About {
    fn of(live: &mut Live) -> Self {
        Self { interfaces: live.info(), losses: live.losses() }
    }
}

/// Where a reader's packets are taken from.
struct Reader {
    reads: Receiver<Result<Read>>,
    /// Blocks that have been taken from.
    free: Sender<Block>,
    held: VecDeque<Read>,
    /// The next packet of the first block held.
    next: usize,
    /// When it last began to look into its rings.
    begun: Instant,
    about: About,
    thread: Option<JoinHandle<()>>,
}

/// Several readers as one source.
pub struct Readers {
    /// Those that are not yet running: threads begin where packets are first asked for, with the rights that are left then.
    idle: Vec<Live>,
    readers: Vec<Reader>,
    has_fine_stamps: bool,
}

impl Readers {
    /// Readers that share the packets of the same interfaces.
    pub fn new(lives: Vec<Live>) -> Self {
        Self { has_fine_stamps: lives.iter().all(Live::has_fine_stamps), idle: lives, readers: Vec::new() }
    }

    fn start(&mut self) -> Result<()> {
        for (number, mut live) in self.idle.drain(..).enumerate() {
            let about = About::of(&mut live);
            let (read, reads) = bounded(READER_BLOCKS);
            let (free, blocks) = bounded(READER_BLOCKS);
            (0..READER_BLOCKS).for_each(|_| _ = free.try_send(Block::new()));
            let thread = std::thread::Builder::new()
                .name(format!("reader-{number}"))
                .spawn(move || keep_reading(live, &blocks, &read))
                .map_err(|e| Error::io("cannot start a thread that reads packets", &e))?;
            self.readers.push(Reader { reads, free, held: VecDeque::new(), next: 0, begun: clock::now(), about, thread: Some(thread) });
        }
        Ok(())
    }

    /// Which reader has the earliest packet, if it is certain to be that; the second says until which time it has the earliest.
    fn earliest(&self) -> Option<(usize, Timestamp)> {
        let mut first: Option<(usize, Timestamp)> = None;
        let mut second = Timestamp(i64::MAX);
        for (at, reader) in self.readers.iter().enumerate() {
            let Some(time) = reader.head() else { continue };
            match first {
                Some((_, earliest)) if time >= earliest => second = second.min(time),
                _ => {
                    second = first.map_or(second, |(_, earliest)| second.min(earliest));
                    first = Some((at, time));
                }
            }
        }
        let (at, _) = first?;
        let ended = self.readers[at].held.front()?.ended;
        let is_later = |other: &Reader| !other.held.is_empty() || other.begun >= ended + LAG;
        let is_certain = self.readers.iter().all(is_later) || clock::since(ended) > STALLED;
        is_certain.then_some((at, second))
    }

    /// Moves packets into the block, in the order of their time, as far as that is certain. Returns whether the block is full.
    fn merge(&mut self, block: &mut Block) -> bool {
        while let Some((at, until)) = self.earliest() {
            if !self.readers[at].give(block, until) {
                return true;
            }
        }
        false
    }
}

impl Reader {
    /// Time of its next packet.
    fn head(&self) -> Option<Timestamp> {
        Some(self.held.front()?.block.packets.get(self.next)?.time)
    }

    /// Takes in what it has read, waiting until the given time for the first of it.
    ///
    /// # Errors
    /// What ended it.
    fn listen(&mut self, until: Instant) -> Result<()> {
        let mut read = match self.reads.recv_deadline(until) {
            Ok(read) => Some(read?),
            Err(RecvTimeoutError::Timeout) => return Ok(()),
            Err(RecvTimeoutError::Disconnected) => return Err(Error::internal("a thread that reads packets has ended")),
        };
        while let Some(taken) = read {
            self.begun = taken.begun;
            self.about.clone_from(&taken.about);
            if taken.block.packets.is_empty() {
                self.release(taken.block);
            } else {
                self.held.push_back(taken);
            }
            read = self.reads.try_recv().ok().transpose()?;
        }
        Ok(())
    }

    /// Moves packets up to a time of the first block held, the next one in any case. False when there is no room for one.
    fn give(&mut self, block: &mut Block, until: Timestamp) -> bool {
        let Some(read) = self.held.front() else { return true };
        let mut has_room = true;
        let from = self.next;
        for packet in &read.block.packets[from..] {
            if self.next > from && packet.time > until {
                break;
            }
            let bytes = read.block.captured(packet);
            if !block.has_room(bytes.len()) {
                has_room = false;
                break;
            }
            block.push(packet.time, packet.wire, packet.link, packet.interface, bytes);
            self.next += 1;
        }
        if self.next >= read.block.packets.len()
            && let Some(read) = self.held.pop_front()
        {
            self.next = 0;
            self.release(read.block);
        }
        has_room
    }

    fn release(&self, mut block: Block) {
        block.clear();
        // Nobody takes it when the reader has ended, which its channel tells.
        let _ = self.free.try_send(block);
    }
}

/// Reads until nobody listens any more.
fn keep_reading(mut live: Live, blocks: &Receiver<Block>, read: &Sender<Result<Read>>) {
    while let Ok(mut block) = blocks.recv() {
        let begun = clock::now();
        let outcome = live.fill(&mut block).map(|_| Read { block, begun, ended: clock::now(), about: About::of(&mut live) });
        let has_failed = outcome.is_err();
        if read.send(outcome).is_err() || has_failed {
            return;
        }
    }
}

impl Source for Readers {
    fn fill(&mut self, block: &mut Block) -> Result<Fill> {
        self.start()?;
        let deadline = clock::now() + GATHER;
        loop {
            let is_full = self.merge(block);
            let now = clock::now();
            // What is in hand is not yet certain to be the earliest: a quiet port is one where nothing is.
            let is_undecided = block.packets.is_empty() && self.readers.iter().any(|reader| !reader.held.is_empty());
            if is_full || now >= deadline && !is_undecided {
                break;
            }
            // Who has nothing in hand is waited for, and says so every few milliseconds.
            for reader in &mut self.readers {
                let until = if reader.held.is_empty() { now + PATIENCE } else { now };
                reader.listen(until)?;
            }
        }
        Ok(if block.packets.is_empty() { Fill::Quiet } else { Fill::Packets })
    }

    fn info(&self) -> Vec<SourceInfo> {
        let idle = self.idle.iter().map(Source::info);
        let running = self.readers.iter().map(|reader| reader.about.interfaces.clone());
        idle.chain(running).reduce(|sum, each| sum.into_iter().zip(each).map(|(a, b)| together(a, b)).collect()).unwrap_or_default()
    }

    fn losses(&mut self) -> SourceLosses {
        let soon = clock::now() + 2 * PATIENCE;
        for reader in self.readers.iter_mut().filter(|reader| reader.held.len() < READER_BLOCKS) {
            // What ended it is told by the next call of `fill`, which finds its channel closed.
            let _ = reader.listen(soon);
        }
        let mut losses = SourceLosses::default();
        for about in self.readers.iter().map(|reader| &reader.about.losses) {
            // Each reader has a ring of its own; the interface is the same for all.
            losses.kernel = losses.kernel.saturating_add(about.kernel);
            losses.interface = losses.interface.max(about.interface);
        }
        losses
    }

    fn is_live(&self) -> bool {
        true
    }

    fn has_fine_stamps(&self) -> bool {
        self.has_fine_stamps
    }
}

impl Drop for Readers {
    fn drop(&mut self) {
        for mut reader in self.readers.drain(..) {
            let thread = reader.thread.take();
            // Without its channels it ends.
            drop(reader);
            if let Some(thread) = thread {
                let _ = thread.join();
            }
        }
    }
}

/// What two readers know of one interface.
fn together(mut one: SourceInfo, other: SourceInfo) -> SourceInfo {
    one.packets = one.packets.saturating_add(other.packets);
    one.link_types.extend(other.link_types.into_iter().filter(|link| !one.link_types.contains(link)).collect::<Vec<_>>());
    one.is_away |= other.is_away;
    one.warning = one.warning.or(other.warning);
    one.promiscuous = one.promiscuous.zip(other.promiscuous).map(|(a, b)| a && b);
    one
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::LinkType;

    /// A reader without a thread, and the end that hands over what it would have read.
    fn reader() -> (Reader, Sender<Result<Read>>) {
        let (read, reads) = bounded(READER_BLOCKS);
        let (free, _) = bounded(READER_BLOCKS);
        let about = About::default();
        (Reader { reads, free, held: VecDeque::new(), next: 0, begun: clock::now(), about, thread: None }, read)
    }

    /// A look into the rings that began and ended at once and found packets of these times.
    fn look(at: Instant, times: &[i64]) -> Read {
        let mut block = Block::with_bytes(4096);
        times.iter().for_each(|&time| block.push(Timestamp(time), 60, LinkType::ETHERNET, 0, &time.to_be_bytes()));
        Read { block, begun: at, ended: at, about: About::default() }
    }

    fn merged(readers: &mut Readers) -> Vec<i64> {
        let mut block = Block::new();
        readers.readers.iter_mut().for_each(|reader| reader.listen(clock::now()).expect("it goes on"));
        assert!(!readers.merge(&mut block));
        let times: Vec<i64> = block.packets.iter().map(|packet| packet.time.0).collect();
        let written: Vec<i64> =
            block.packets.iter().map(|p| i64::from_be_bytes(block.captured(p).try_into().expect("eight bytes"))).collect();
        assert_eq!(written, times, "each packet keeps its bytes");
        times
    }

    #[test]
    fn packets_of_all_readers_come_by_time() {
        let (readers, hands): (Vec<_>, Vec<_>) = (0..3).map(|_| reader()).unzip();
        let mut all = Readers { idle: Vec::new(), readers };
        let now = clock::now();
        hands[0].send(Ok(look(now, &[1, 4, 5, 9]))).expect("somebody listens");
        hands[1].send(Ok(look(now, &[2, 3, 8]))).expect("somebody listens");
        assert!(merged(&mut all).is_empty(), "the third may have an earlier one");
        hands[2].send(Ok(look(now, &[0, 6, 7]))).expect("somebody listens");
        assert_eq!(merged(&mut all), [0, 1, 2, 3, 4, 5, 6, 7], "behind that it has nothing in hand");
        hands[2].send(Ok(look(now + LAG / 2, &[]))).expect("somebody listens");
        assert!(merged(&mut all).is_empty(), "it may still come out of the ring");
        hands[2].send(Ok(look(now + LAG, &[]))).expect("somebody listens");
        assert_eq!(merged(&mut all), [8], "now the second has nothing");
        hands[1].send(Ok(look(now + LAG, &[]))).expect("somebody listens");
        assert_eq!(merged(&mut all), [9]);
    }

    #[test]
    fn nobody_waits_for_ever() {
        let (readers, hands): (Vec<_>, Vec<_>) = (0..2).map(|_| reader()).unzip();
        let mut all = Readers { idle: Vec::new(), readers };
        let long_ago = clock::now().checked_sub(2 * STALLED).expect("the machine runs for some seconds");
        hands[0].send(Ok(look(long_ago, &[1, 2]))).expect("somebody listens");
        assert_eq!(merged(&mut all), [1, 2]);
    }

    #[test]
    fn a_full_block_goes_on_where_it_ended() {
        let (readers, hands): (Vec<_>, Vec<_>) = (0..2).map(|_| reader()).unzip();
        let mut all = Readers { idle: Vec::new(), readers };
        let now = clock::now();
        hands[0].send(Ok(look(now, &[1, 3, 5]))).expect("somebody listens");
        hands[1].send(Ok(look(now, &[2, 4, 6]))).expect("somebody listens");
        all.readers.iter_mut().for_each(|reader| reader.listen(now).expect("it goes on"));
        let mut times = Vec::new();
        for _ in 0..3 {
            let mut block = Block::with_bytes(16);
            assert_eq!(all.merge(&mut block), times.len() < 4, "five are certain, two at a time");
            times.extend(block.packets.iter().map(|packet| packet.time.0));
        }
        assert_eq!(times, [1, 2, 3, 4, 5]);
    }

    #[test]
    fn what_readers_lose_is_added_up() {
        let (readers, _hands): (Vec<_>, Vec<_>) = (0..2).map(|_| reader()).unzip();
        let mut all = Readers { idle: Vec::new(), readers };
        for (reader, kernel) in all.readers.iter_mut().zip([30, 12]) {
            let one = SourceInfo { packets: 7, ..SourceInfo::default() };
            reader.about = About { interfaces: vec![one], losses: SourceLosses { interface: 5, kernel } };
        }
        assert_eq!(all.losses(), SourceLosses { interface: 5, kernel: 42 }, "the adapter's own losses are those of one adapter");
        assert_eq!(all.info()[0].packets, 14);
    }
}
