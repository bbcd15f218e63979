//! A page or two over HTTP, for a scraper or a health check: some callers at a time in one thread, each with a deadline, and nothing that a
//! caller sends is kept. RFC 9112, as much of it as a `GET` needs.

use crate::model::clock;
use crate::model::limits::HTTP_REQUEST_BYTES;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use std::collections::VecDeque;
use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// Pause after the system refused a caller.
const PAUSE: Duration = Duration::from_millis(200);

/// How long a caller may take for its request, and to take the answer.
const PATIENCE: Duration = Duration::from_secs(2);

/// Callers that are looked after at a time.
const CALLERS: usize = 64;

/// What is answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WebPage {
    /// 200, 404, 503.
    pub status: u16,
    /// Its media type.
    pub kind: &'static str,
    /// Its text.
    pub text: String,
}

impl WebPage {
    /// A page that is not there.
    pub fn missing() -> Self {
        Self { status: 404, kind: "text/plain", text: "not found\n".into() }
    }

    fn write(&self, out: &mut dyn Write, with_text: bool) -> io::Result<()> {
        let words = match self.status {
            200 => "OK",
            404 => "Not Found",
            405 => "Method Not Allowed",
            503 => "Service Unavailable",
            _ => "Bad Request",
        };
        let head = format!(
            "HTTP/1.1 {} {words}\r\nContent-Type: {}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n",
            self.status,
            self.kind,
            self.text.len()
        );
        out.write_all(head.as_bytes())?;
        if with_text {
            out.write_all(self.text.as_bytes())?;
        }
        out.flush()
    }
}

/// Where a port is to be opened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AnswerPlace {
    /// An address and port.
    Tcp(SocketAddr),
    /// A socket in the file system.
    Unix(PathBuf),
}

impl std::fmt::Display for AnswerPlace {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Tcp(address) => write!(f, "{address}"),
            Self::Unix(path) => f.write_str(&super::files::place(path)),
        }
    }
}

impl AnswerPlace {
    /// `ADDRESS:PORT` or `unix:PATH`.
    ///
    /// # Errors
    /// It is neither; in words.
    pub fn named(text: &str) -> Result<Self, String> {
        let wanted = || "an address and a port (127.0.0.1:9901) or unix:PATH is wanted".to_owned();
        match text.strip_prefix("unix:") {
            Some("") => Err(wanted()),
            Some(path) => Ok(Self::Unix(path.into())),
            None => text.parse().map(Self::Tcp).map_err(|_| wanted()),
        }
    }

    /// The same, where only this machine may ask.
    ///
    /// # Errors
    /// Others could ask there, or it is no such place; in words.
    pub fn of_this_machine(text: &str) -> Result<Self, String> {
        match Self::named(text)? {
            Self::Tcp(address) if !address.ip().is_loopback() => {
                Err("only this machine may ask: a loopback address (127.0.0.1:9901) or unix:PATH is wanted".into())
            }
            place => Ok(place),
        }
    }

    /// Opens it.
    ///
    /// # Errors
    /// What the system says; in words.
    pub fn open(&self) -> Result<AnswerPort, String> {
        let opened = match self {
            Self::Tcp(address) => AnswerPort::tcp(*address),
            Self::Unix(path) => AnswerPort::unix(path),
        };
        opened.map_err(|e| e.to_string())
    }
}

#[derive(Debug)]
enum Door {
    Tcp(TcpListener),
    Unix(UnixListener),
}

/// A port that has been opened, and that nobody answers at yet.
#[derive(Debug)]
pub struct AnswerPort {
    door: Door,
}

impl AnswerPort {
    /// Opens an address and port.
    ///
    /// # Errors
    /// What the system says.
    pub fn tcp(address: SocketAddr) -> io::Result<Self> {
        let listener = TcpListener::bind(address)?;
        listener.set_nonblocking(true)?;
        Ok(Self { door: Door::Tcp(listener) })
    }

    /// Opens a socket in the file system. One that an earlier run has left is replaced; a file that is none stays.
    ///
    /// # Errors
    /// What the system says.
    pub fn unix(path: &Path) -> io::Result<Self> {
        use std::os::unix::fs::FileTypeExt;
        let is_left =
            std::fs::symlink_metadata(path).is_ok_and(|about| about.file_type().is_socket()) && UnixStream::connect(path).is_err();
        if is_left {
            std::fs::remove_file(path)?;
        }
        let listener = UnixListener::bind(path)?;
        listener.set_nonblocking(true)?;
        Ok(Self { door: Door::Unix(listener) })
    }

    /// The TCP address it has, when the system chose the port.
    pub fn address(&self) -> Option<SocketAddr> {
        match &self.door {
            Door::Tcp(listener) => listener.local_addr().ok(),
            Door::Unix(_) => None,
        }
    }

    /// Answers for ever in the calling thread.
    pub fn answer(self, page: impl Fn(&str) -> WebPage) {
        self.answer_until(&AtomicBool::new(false), &page);
    }

    /// Answers in a thread of its own, until what is returned is dropped.
    ///
    /// # Errors
    /// The system refuses a thread.
    pub fn answer_in_thread(self, page: impl Fn(&str) -> WebPage + Send + 'static) -> io::Result<Answering> {
        let stop = Arc::<AtomicBool>::default();
        let stopped = Arc::clone(&stop);
        let thread = std::thread::Builder::new().name("answers".into()).spawn(move || {
            self.answer_until(&stopped, &page);
            self
        })?;
        Ok(Answering { stop, thread: Some(thread) })
    }

    /// Sends those away who call while nobody answers: they need not wait to learn it.
    pub fn turn_away(&self) {
        // Some at a time: whoever calls without end holds nobody up.
        for _ in 0..CALLERS {
            if self.door.accept().is_err() {
                return;
            }
        }
    }

    /// Looks after everybody who calls at once: whoever says nothing, or takes nothing, keeps nobody else waiting.
    fn answer_until(&self, stop: &AtomicBool, page: &dyn Fn(&str) -> WebPage) {
        let mut callers: VecDeque<Caller> = VecDeque::new();
        while !stop.load(Ordering::Relaxed) {
            let called = self.door.wait(&callers);
            if called {
                match self.door.accept() {
                    Ok(stream) => callers.push_back(Caller::new(stream)),
                    Err(e) if e.kind() == io::ErrorKind::WouldBlock => {}
                    // Without descriptors the caller stays at the door: asking again at once would keep a core busy.
                    Err(_) => std::thread::sleep(PAUSE),
                }
            }
            callers.retain_mut(|caller| caller.go_on(page));
            // Those who have waited longest for themselves go first.
            while callers.len() > CALLERS {
                callers.pop_front();
            }
        }
    }
}

/// A thread that answers. When this has been dropped nobody answers any more, and the port is free: a caller at the door has been answered, or
/// was too slow.
#[derive(Debug)]
pub struct Answering {
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<AnswerPort>>,
}

impl Answering {
    /// Ends it; the port, which is open still.
    pub fn end(mut self) -> Option<AnswerPort> {
        self.join()
    }

    fn join(&mut self) -> Option<AnswerPort> {
        self.stop.store(true, Ordering::Relaxed);
        self.thread.take()?.join().ok()
    }
}

impl Drop for Answering {
    fn drop(&mut self) {
        self.join();
    }
}

impl Door {
    fn fd(&self) -> BorrowedFd<'_> {
        match self {
            Door::Tcp(listener) => listener.as_fd(),
            Door::Unix(listener) => listener.as_fd(),
        }
    }

    fn accept(&self) -> io::Result<CallerStream> {
        let stream = match self {
            Door::Tcp(listener) => listener.accept().map(|(stream, _)| CallerStream::Tcp(stream))?,
            Door::Unix(listener) => listener.accept().map(|(stream, _)| CallerStream::Unix(stream))?,
        };
        match &stream {
            CallerStream::Tcp(stream) => stream.set_nonblocking(true)?,
            CallerStream::Unix(stream) => stream.set_nonblocking(true)?,
        }
        Ok(stream)
    }

    /// Waits a little for somebody to call, or to say or take something; whether somebody calls.
    fn wait(&self, callers: &VecDeque<Caller>) -> bool {
        let waits = |caller: &Caller| if caller.answer.is_empty() { PollFlags::IN } else { PollFlags::OUT };
        let mut fds = vec![PollFd::from_borrowed_fd(self.fd(), PollFlags::IN)];
        fds.extend(callers.iter().map(|caller| PollFd::from_borrowed_fd(caller.stream.fd(), waits(caller))));
        let wait = Timespec { tv_sec: 0, tv_nsec: 200_000_000 };
        match poll(&mut fds, Some(&wait)) {
            Ok(_) => fds.first().is_some_and(|door| door.revents().contains(PollFlags::IN)),
            Err(_) => {
                std::thread::sleep(PAUSE);
                false
            }
        }
    }
}

enum CallerStream {
    Tcp(TcpStream),
    Unix(UnixStream),
}

impl CallerStream {
    fn fd(&self) -> BorrowedFd<'_> {
        match self {
            CallerStream::Tcp(stream) => stream.as_fd(),
            CallerStream::Unix(stream) => stream.as_fd(),
        }
    }

    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        match self {
            CallerStream::Tcp(stream) => stream.read(into),
            CallerStream::Unix(stream) => stream.read(into),
        }
    }

    fn write(&mut self, from: &[u8]) -> io::Result<usize> {
        match self {
            CallerStream::Tcp(stream) => stream.write(from),
            CallerStream::Unix(stream) => stream.write(from),
        }
    }
}

/// Somebody who called.
struct Caller {
    stream: CallerStream,
    /// When he called, or when the answer began to go out.
    since: Instant,
    request: Vec<u8>,
    /// What is to be sent of the answer; empty as long as the request is not whole.
    answer: Vec<u8>,
    sent: usize,
}

impl Caller {
    fn new(stream: CallerStream) -> Self {
        Self { stream, since: clock::now(), request: Vec::new(), answer: Vec::new(), sent: 0 }
    }

    /// Takes what he says and gives him what he takes; false when it is over. Whoever sends a byte a second is not waited for any longer than
    /// whoever sends none.
    fn go_on(&mut self, page: &dyn Fn(&str) -> WebPage) -> bool {
        if clock::since(self.since) > PATIENCE {
            return false;
        }
        let went = if self.answer.is_empty() { self.listen(page) } else { Ok(true) };
        let went = went.and_then(|goes_on| if self.answer.is_empty() { Ok(goes_on) } else { self.speak() });
        match went {
            Ok(goes_on) => goes_on,
            Err(e) => matches!(e.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::Interrupted),
        }
    }

    fn listen(&mut self, page: &dyn Fn(&str) -> WebPage) -> io::Result<bool> {
        let mut piece = [0; 1024];
        while !self.request.windows(4).any(|end| end == b"\r\n\r\n") {
            if self.request.len() > HTTP_REQUEST_BYTES {
                return Ok(false);
            }
            let n = self.stream.read(&mut piece)?;
            if n == 0 {
                return Ok(false);
            }
            self.request.extend_from_slice(piece.get(..n).unwrap_or_default());
        }
        answer(&self.request, page, &mut self.answer)?;
        self.since = clock::now();
        Ok(true)
    }

    fn speak(&mut self) -> io::Result<bool> {
        while let Some(rest) = self.answer.get(self.sent..).filter(|rest| !rest.is_empty()) {
            self.sent += self.stream.write(rest)?;
        }
        Ok(false)
    }
}

/// What a request is answered.
fn answer(request: &[u8], page: &dyn Fn(&str) -> WebPage, to: &mut Vec<u8>) -> io::Result<()> {
    let line = request.split(|b| *b == b'\r').next().unwrap_or_default();
    let line = String::from_utf8_lossy(line);
    let mut words = line.split(' ');
    let (method, path) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
    let path = path.split('?').next().unwrap_or_default();
    match method {
        "GET" => page(path).write(to, true),
        "HEAD" => page(path).write(to, false),
        _ => WebPage { status: 405, kind: "text/plain", text: "GET only\n".into() }.write(to, true),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_is_answered_and_nothing_else_is() {
        let port = AnswerPort::tcp("127.0.0.1:0".parse().unwrap()).unwrap();
        let address = port.address().unwrap();
        let page = |path: &str| match path {
            "/x" => WebPage { status: 200, kind: "text/plain", text: "here\n".into() },
            _ => WebPage::missing(),
        };
        let answering = port.answer_in_thread(page).unwrap();
        let ask = |request: &str| {
            let mut stream = TcpStream::connect(address).unwrap();
            stream.write_all(request.as_bytes()).unwrap();
            let mut text = String::new();
            let _ = stream.read_to_string(&mut text);
            text
        };
        let answer = ask("GET /x?y=1 HTTP/1.1\r\nHost: a\r\n\r\n");
        assert!(answer.starts_with("HTTP/1.1 200 OK\r\n") && answer.ends_with("\r\n\r\nhere\n"), "{answer}");
        assert!(ask("GET /y HTTP/1.1\r\n\r\n").starts_with("HTTP/1.1 404"));
        assert!(ask("POST /x HTTP/1.1\r\n\r\n").starts_with("HTTP/1.1 405"));
        assert_eq!(ask(&format!("GET /x HTTP/1.1\r\nA: {}", "a".repeat(2 * HTTP_REQUEST_BYTES))), "", "no end, no answer");
        // Many who say nothing, and one who takes nothing, keep nobody waiting.
        let idle: Vec<TcpStream> = (0..100).map(|_| TcpStream::connect(address).unwrap()).collect();
        let started = clock::now();
        assert!(ask("GET /x HTTP/1.1\r\n\r\n").ends_with("here\n"));
        assert!(clock::since(started) < PATIENCE / 2, "{:?}", clock::since(started));
        drop(idle);
        drop(answering);
        assert!(TcpStream::connect(address).is_err(), "nobody answers any more");
    }
}
