//! A page or two over HTTP, for a scraper or a health check: one request at a time, with a deadline, and nothing that a caller sends is
//! kept. RFC 9112, as much of it as a `GET` needs.

use crate::model::limits::HTTP_REQUEST_BYTES;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::os::fd::AsFd;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

/// Pause after the system refused a caller.
const PAUSE: Duration = Duration::from_millis(200);

/// How long a caller may take for its request, and to take the answer.
const PATIENCE: Duration = Duration::from_secs(2);

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

enum Door {
    Tcp(TcpListener),
    Unix(UnixListener),
}

/// A port that has been opened, and that nobody answers at yet.
pub struct AnswerPort {
    door: Door,
}

impl AnswerPort {
    /// Opens an address and port.
    ///
    /// # Errors
    /// What the system says.
    pub fn tcp(address: SocketAddr) -> io::Result<Self> {
        Ok(Self { door: Door::Tcp(TcpListener::bind(address)?) })
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
        Ok(Self { door: Door::Unix(UnixListener::bind(path)?) })
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
        let thread = std::thread::Builder::new().name("answers".into()).spawn(move || self.answer_until(&stopped, &page))?;
        Ok(Answering { stop, thread: Some(thread) })
    }

    fn answer_until(self, stop: &AtomicBool, page: &dyn Fn(&str) -> WebPage) {
        while !stop.load(Ordering::Relaxed) {
            if !self.door.is_called() {
                continue;
            }
            let answered = match &self.door {
                Door::Tcp(listener) => listener.accept().map(|(caller, _)| drop(tcp(caller, page))),
                Door::Unix(listener) => listener.accept().map(|(caller, _)| drop(unix(caller, page))),
            };
            // Without descriptors the caller stays at the door: asking again at once would keep a core busy.
            if answered.is_err() {
                std::thread::sleep(PAUSE);
            }
        }
    }
}

/// A thread that answers. When this has been dropped nobody answers any more, and the port is free: a caller at the door has been answered, or
/// was too slow.
#[derive(Debug)]
pub struct Answering {
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Drop for Answering {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

impl Door {
    /// Whether somebody calls soon.
    fn is_called(&self) -> bool {
        let door = match self {
            Door::Tcp(listener) => listener.as_fd(),
            Door::Unix(listener) => listener.as_fd(),
        };
        let wait = Timespec { tv_sec: 0, tv_nsec: 200_000_000 };
        match poll(&mut [PollFd::from_borrowed_fd(door, PollFlags::IN)], Some(&wait)) {
            Ok(ready) => ready > 0,
            Err(_) => {
                std::thread::sleep(PAUSE);
                false
            }
        }
    }
}

fn tcp(caller: TcpStream, page: &dyn Fn(&str) -> WebPage) -> io::Result<()> {
    caller.set_read_timeout(Some(PATIENCE))?;
    caller.set_write_timeout(Some(PATIENCE))?;
    exchange(&mut &caller, &mut &caller, page)
}

fn unix(caller: UnixStream, page: &dyn Fn(&str) -> WebPage) -> io::Result<()> {
    caller.set_read_timeout(Some(PATIENCE))?;
    caller.set_write_timeout(Some(PATIENCE))?;
    exchange(&mut &caller, &mut &caller, page)
}

fn exchange(from: &mut dyn Read, to: &mut dyn Write, page: &dyn Fn(&str) -> WebPage) -> io::Result<()> {
    let started = crate::model::clock::now();
    let mut request = Vec::with_capacity(1024);
    let mut piece = [0; 1024];
    while !request.windows(4).any(|end| end == b"\r\n\r\n") {
        // Whoever sends a byte a second is not waited for any longer than whoever sends none.
        if request.len() > HTTP_REQUEST_BYTES || crate::model::clock::since(started) > PATIENCE {
            return Err(io::ErrorKind::InvalidData.into());
        }
        let n = from.read(&mut piece)?;
        if n == 0 {
            return Ok(());
        }
        request.extend_from_slice(piece.get(..n).unwrap_or_default());
    }
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
        drop(answering);
        assert!(TcpStream::connect(address).is_err(), "nobody answers any more");
    }
}
