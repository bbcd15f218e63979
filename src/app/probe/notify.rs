//! sd_notify(3): what the service manager is told, one datagram each to `$NOTIFY_SOCKET`.

use std::ffi::OsString;
use std::os::unix::net::UnixDatagram;
use std::time::Duration;

/// Whoever started the service, where somebody wants to know.
pub struct Notify {
    socket: Option<UnixDatagram>,
    every: Option<Duration>,
}

impl Notify {
    /// From the environment; before sockets are refused.
    pub fn from_environment() -> Self {
        let every = std::env::var("WATCHDOG_USEC").ok().and_then(|text| text.parse().ok()).map(Duration::from_micros);
        // Somebody else may have left it: it is meant for one process.
        let meant = std::env::var("WATCHDOG_PID").ok().and_then(|text| text.parse().ok()).is_none_or(|pid: u32| pid == std::process::id());
        Self { socket: std::env::var_os("NOTIFY_SOCKET").and_then(connect), every: every.filter(|_| meant) }
    }

    /// How often it wants a sign of life.
    pub fn watchdog(&self) -> Option<Duration> {
        self.every.filter(|_| self.socket.is_some())
    }

    /// Tells it; lines `NAME=VALUE`.
    pub fn tell(&self, state: &str) {
        if let Some(socket) = &self.socket {
            let _ = socket.send(state.as_bytes());
        }
    }
}

fn connect(name: OsString) -> Option<UnixDatagram> {
    let socket = UnixDatagram::unbound().ok()?;
    let text = name.to_string_lossy().into_owned();
    match text.strip_prefix('@') {
        #[cfg(target_os = "linux")]
        Some(name) => {
            use std::os::linux::net::SocketAddrExt;
            let address = std::os::unix::net::SocketAddr::from_abstract_name(name.as_bytes()).ok()?;
            socket.connect_addr(&address).ok()?;
        }
        #[cfg(not(target_os = "linux"))]
        Some(_) => return None,
        None => socket.connect(&name).ok()?,
    }
    socket.set_nonblocking(true).ok()?;
    Some(socket)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_datagram_arrives() {
        let path = std::env::temp_dir().join(format!("spantop-notify-{}", std::process::id()));
        let _ = std::fs::remove_file(&path);
        let manager = UnixDatagram::bind(&path).unwrap();
        let notify = Notify { socket: connect(path.clone().into()), every: None };
        notify.tell("READY=1");
        let mut bytes = [0; 32];
        let n = manager.recv(&mut bytes).unwrap();
        assert_eq!(&bytes[..n], b"READY=1");
        std::fs::remove_file(&path).unwrap();
        // Nobody to tell is no failure.
        Notify { socket: None, every: None }.tell("READY=1");
    }
}
