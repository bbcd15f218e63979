//! Long lists are written by two threads in turns: what one has written goes out while the other writes on.

use super::buffer::Buffer;
use super::writer::Writer;
use crate::model::JoinScoped;
use std::io;
use std::ops::Range;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};

/// Rows of a turn: few enough that what was written stays in a core's cache until it goes out.
const TURN: usize = 256;

/// Rows that are worth a second thread.
const MANY: usize = 32 * TURN;

/// Writes `count` rows, and where they are many every other turn of them in a thread beside. `turn` writes the rows of a range, each on a
/// line of its own.
///
/// # Errors
/// What the output answers to a write.
pub fn rows(
    w: &mut Writer,
    count: usize,
    join: Option<JoinScoped>,
    turn: impl Fn(&mut Writer, Range<usize>) -> io::Result<()> + Sync,
) -> io::Result<()> {
    let Some(join) = join.filter(|_| count >= MANY) else { return turn(w, 0..count) };
    // Four buffers go round: some are written to while others go out.
    let (give_back, spare) = sync_channel(4);
    let (give, written) = sync_channel(4);
    (0..4).for_each(|_| drop(give_back.send(Buffer::of_turn())));
    // Each side takes its ends along: whatever ends it lets the other know.
    let (mut ours, mut theirs) = (Some((give_back, written)), Some((spare, give)));
    let mut help = || {
        let Some((spare, give)) = theirs.take() else { return };
        for rows in turns(count).skip(1).step_by(2) {
            let Ok(buffer) = spare.recv() else { return };
            let mut piece = Writer::of_piece(buffer);
            // A piece goes nowhere yet, so that nothing can fail.
            let _ = turn(&mut piece, rows);
            if give.send(piece.into_buffer()).is_err() {
                return;
            }
        }
    };
    let mut outcome = Ok(());
    let helped = join(&mut help, &mut || {
        if let Some((give_back, written)) = ours.take() {
            outcome = in_turns(w, count, &turn, &written, &give_back);
        }
    });
    if helped { outcome } else { turn(w, 0..count) }
}

/// The rows of each turn.
fn turns(count: usize) -> impl Iterator<Item = Range<usize>> {
    (0..count).step_by(TURN).map(move |at| at..count.min(at + TURN))
}

fn in_turns(
    w: &mut Writer,
    count: usize,
    turn: &impl Fn(&mut Writer, Range<usize>) -> io::Result<()>,
    written: &Receiver<Buffer>,
    give_back: &SyncSender<Buffer>,
) -> io::Result<()> {
    for (n, rows) in turns(count).enumerate() {
        if n % 2 == 0 {
            turn(w, rows)?;
        } else if let Ok(buffer) = written.recv() {
            let _ = give_back.send(w.append(buffer)?);
        } else {
            return Err(io::Error::other("a thread of the report has ended"));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn join_scoped(help: &mut (dyn FnMut() + Send), own: &mut dyn FnMut()) -> bool {
        std::thread::scope(|scope| {
            scope.spawn(help);
            own();
        });
        true
    }

    fn numbers(w: &mut Writer, turn: Range<usize>) -> io::Result<()> {
        for n in turn {
            w.line()?;
            w.open(b'{');
            w.count("n", n as u64);
            w.close(b'}');
        }
        Ok(())
    }

    fn written(count: u64, join: Option<JoinScoped>) -> Vec<u8> {
        let mut out = Vec::new();
        let mut w = Writer::new(&mut out);
        w.open(b'[');
        rows(&mut w, count as usize, join, numbers).unwrap();
        w.close(b']');
        w.finish().unwrap();
        out
    }

    #[test]
    fn two_threads_write_what_one_does() {
        for count in [0, 1, MANY as u64 - 1, MANY as u64, MANY as u64 + 1, 9 * TURN as u64 + 7, 30_000] {
            let text = written(count, Some(join_scoped));
            assert_eq!(text, written(count, None), "{count}");
            assert_eq!(text, written(count, Some(|_, _| false)), "{count}, no thread to be had");
            assert_eq!(text.iter().filter(|&&b| b == b'{').count() as u64, count);
            assert!(serde_json::from_slice::<serde_json::Value>(&text).is_ok());
        }
    }

    #[test]
    fn a_broken_pipe_ends_both() {
        struct Broken(usize);
        impl io::Write for Broken {
            fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
                self.0 = self.0.checked_sub(bytes.len()).ok_or(io::ErrorKind::BrokenPipe)?;
                Ok(bytes.len())
            }
            fn flush(&mut self) -> io::Result<()> {
                Ok(())
            }
        }
        for room in [0, 300_000, 1_000_000] {
            let mut out = Broken(room);
            let done = rows(&mut Writer::new(&mut out), 1_000_000, Some(join_scoped), numbers);
            assert_eq!(done.map_err(|e| e.kind()), Err(io::ErrorKind::BrokenPipe));
        }
    }
}
