//! Connections to receivers that take messages: UDP, TCP and the sockets of a system's log.

use super::ExporterCounters;
use crate::model::clock;
use std::io::{self, Write};
use std::net::{TcpStream, ToSocketAddrs, UdpSocket};
use std::os::unix::net::UnixDatagram;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// How long a receiver may take to accept, and to take a message.
const PATIENCE: Duration = Duration::from_secs(5);
/// The pause after the first failure; it doubles with each further one.
const FIRST_PAUSE: Duration = Duration::from_secs(1);
/// The longest pause.
const LONGEST_PAUSE: Duration = Duration::from_secs(60);

/// Where messages go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Endpoint {
    /// Datagrams to a host and port.
    Udp(String, u16),
    /// A stream to a host and port.
    Tcp(String, u16),
    /// Datagrams to a socket of this machine.
    Unix(PathBuf),
}

impl Endpoint {
    /// `udp://HOST:PORT`, `tcp://HOST:PORT`, `unix:PATH`; `HOST` and `HOST:PORT` go by UDP.
    pub fn parse(text: &str, port: u16) -> Option<Self> {
        if let Some(path) = text.strip_prefix("unix:") {
            return (!path.is_empty()).then(|| Endpoint::Unix(path.into()));
        }
        let (kind, rest) = text.split_once("://").unwrap_or(("udp", text));
        let rest = rest.trim_end_matches('/');
        let (host, port) = match rest.strip_prefix('[') {
            Some(six) => {
                let (host, after) = six.split_once(']')?;
                (host, if after.is_empty() { port } else { after.strip_prefix(':')?.parse().ok()? })
            }
            None => match rest.rsplit_once(':') {
                Some((host, number)) if !host.contains(':') => (host, number.parse().ok()?),
                Some(_) => (rest, port),
                None => (rest, port),
            },
        };
        match kind {
            _ if host.is_empty() => None,
            "udp" => Some(Endpoint::Udp(host.to_owned(), port)),
            "tcp" => Some(Endpoint::Tcp(host.to_owned(), port)),
            _ => None,
        }
    }

    /// Whether messages lie in a stream, and need a frame.
    pub fn is_stream(&self) -> bool {
        matches!(self, Endpoint::Tcp(..))
    }

    /// The TCP port it connects to.
    pub fn port(&self) -> Option<u16> {
        match self {
            Endpoint::Tcp(_, port) => Some(*port),
            _ => None,
        }
    }
}

impl std::fmt::Display for Endpoint {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Endpoint::Udp(host, port) => write!(f, "udp://{host}:{port}"),
            Endpoint::Tcp(host, port) => write!(f, "tcp://{host}:{port}"),
            Endpoint::Unix(path) => write!(f, "unix:{}", path.display()),
        }
    }
}

enum Open {
    Udp(UdpSocket),
    Tcp(TcpStream),
    Unix(UnixDatagram),
}

/// Pauses between attempts: they double, up to a minute.
#[derive(Debug, Default)]
pub struct BackOff {
    until: Option<Instant>,
    pause: Duration,
}

impl BackOff {
    /// Whether it is time for another attempt.
    pub fn is_over(&self) -> bool {
        self.until.is_none_or(|until| clock::now() >= until)
    }

    /// An attempt failed.
    pub fn failed(&mut self) {
        self.pause = if self.pause.is_zero() { FIRST_PAUSE } else { (self.pause * 2).min(LONGEST_PAUSE) };
        self.until = Some(clock::now() + self.pause);
    }

    /// One worked, or the next one is not to wait.
    pub fn reset(&mut self) {
        *self = Self::default();
    }
}

/// A connection that is made again when it breaks.
pub struct ReceiverLink {
    endpoint: Endpoint,
    /// Where attempts that failed are counted.
    counters: Arc<ExporterCounters>,
    open: Option<Open>,
    pauses: BackOff,
    /// What went wrong last.
    trouble: String,
}

impl ReceiverLink {
    /// To a receiver, not connected yet.
    pub fn new(endpoint: Endpoint, counters: Arc<ExporterCounters>) -> Self {
        Self { endpoint, counters, open: None, pauses: BackOff::default(), trouble: String::new() }
    }

    /// Where to.
    pub fn endpoint(&self) -> &Endpoint {
        &self.endpoint
    }

    /// Whether messages could be sent now without connecting.
    pub fn is_open(&self) -> bool {
        self.open.is_some()
    }

    /// The next attempt is made at once.
    pub fn hurry(&mut self) {
        self.pauses.reset();
    }

    /// Connects where it is not connected; true where it is a new connection.
    ///
    /// # Errors
    /// It cannot, or it is too early for another attempt.
    pub fn connect(&mut self) -> Result<bool, String> {
        if self.open.is_some() {
            return Ok(false);
        }
        if !self.pauses.is_over() {
            return Err(format!("{}; another attempt follows", self.trouble));
        }
        match open(&self.endpoint) {
            Ok(open) => {
                self.open = Some(open);
                self.pauses.reset();
                Ok(true)
            }
            Err(e) => Err(self.broken(&e)),
        }
    }

    /// Sends a message.
    ///
    /// # Errors
    /// The connection is gone.
    pub fn send(&mut self, message: &[u8]) -> Result<(), String> {
        let sent = match &mut self.open {
            Some(Open::Udp(socket)) => socket.send(message).map(drop),
            Some(Open::Unix(socket)) => socket.send(message).map(drop),
            Some(Open::Tcp(stream)) => stream.write_all(message),
            None => Err(io::ErrorKind::NotConnected.into()),
        };
        sent.map_err(|e| self.broken(&e))
    }

    fn broken(&mut self, error: &io::Error) -> String {
        ExporterCounters::add(&self.counters.retries, 1);
        self.open = None;
        self.pauses.failed();
        self.trouble = format!("{}: {error}", self.endpoint);
        self.trouble.clone()
    }
}

fn open(endpoint: &Endpoint) -> io::Result<Open> {
    let nowhere = || io::Error::new(io::ErrorKind::NotFound, "no such name or address");
    match endpoint {
        Endpoint::Udp(host, port) => {
            let address = (host.as_str(), *port).to_socket_addrs()?.next().ok_or_else(nowhere)?;
            let socket = UdpSocket::bind(if address.is_ipv6() { "[::]:0" } else { "0.0.0.0:0" })?;
            socket.connect(address)?;
            Ok(Open::Udp(socket))
        }
        Endpoint::Tcp(host, port) => {
            let mut last = nowhere();
            for address in (host.as_str(), *port).to_socket_addrs()? {
                match TcpStream::connect_timeout(&address, PATIENCE) {
                    Ok(stream) => {
                        stream.set_write_timeout(Some(PATIENCE))?;
                        stream.set_nodelay(true)?;
                        return Ok(Open::Tcp(stream));
                    }
                    Err(e) => last = e,
                }
            }
            Err(last)
        }
        Endpoint::Unix(path) => {
            let socket = UnixDatagram::unbound()?;
            socket.connect(path)?;
            socket.set_write_timeout(Some(PATIENCE))?;
            Ok(Open::Unix(socket))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn receivers_are_named_in_few_ways() {
        let of = |text: &str| Endpoint::parse(text, 4739).map(|e| e.to_string()).unwrap_or_default();
        assert_eq!(of("collector"), "udp://collector:4739");
        assert_eq!(of("tcp://10.0.0.1:99"), "tcp://10.0.0.1:99");
        assert_eq!(of("udp://[2001:db8::1]"), "udp://2001:db8::1:4739");
        assert_eq!(of("2001:db8::1"), "udp://2001:db8::1:4739");
        assert_eq!(of("unix:/dev/log"), "unix:/dev/log");
        for wrong in ["", "http://x", "x:port", "unix:", "udp://"] {
            assert_eq!(of(wrong), "", "{wrong}");
        }
    }

    #[test]
    fn pauses_grow() {
        let mut pauses = BackOff::default();
        assert!(pauses.is_over());
        (0..20).for_each(|_| pauses.failed());
        assert_eq!((pauses.pause, pauses.is_over()), (LONGEST_PAUSE, false));
        pauses.reset();
        assert!(pauses.is_over());
    }
}
