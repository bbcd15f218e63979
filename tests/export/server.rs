//! Receivers in this process: an HTTP server that does as it is told, and a reader of IPFIX.

use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ServerConfig, ServerConnection, StreamOwned};
use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::net::TcpListener;
use std::path::Path;
use std::sync::{Arc, Mutex};

/// A request.
#[derive(Debug, Clone)]
pub struct Request {
    /// Path and query, decoded.
    pub path: String,
    /// Fields of its head, names in small letters.
    pub fields: BTreeMap<String, String>,
    /// Its body, unpacked.
    pub body: String,
}

/// What is answered; `None`: nothing, the connection is closed.
pub type Answer = Option<(u16, String)>;

/// A server that answers by a function, and notes what it was asked.
pub struct Server {
    /// Its address.
    pub url: String,
    /// What it was asked.
    pub requests: Arc<Mutex<Vec<Request>>>,
}

/// Starts one at a port, 0 for any.
pub fn serve(port: u16, answer: impl Fn(&Request) -> Answer + Send + 'static) -> Server {
    let listener = TcpListener::bind(("127.0.0.1", port)).unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let requests = Arc::<Mutex<Vec<Request>>>::default();
    let noted = Arc::clone(&requests);
    std::thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            let Some(request) = read(&mut stream) else { continue };
            noted.lock().unwrap().push(request.clone());
            if let Some((status, text)) = answer(&request) {
                let _ = write!(stream, "HTTP/1.1 {status} X\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{text}", text.len());
            }
        }
    });
    Server { url, requests }
}

fn read(stream: &mut impl Read) -> Option<Request> {
    let (mut bytes, mut piece) = (Vec::new(), [0; 4096]);
    let end = loop {
        if let Some(at) = bytes.windows(4).position(|w| w == b"\r\n\r\n") {
            break at + 4;
        }
        match stream.read(&mut piece).ok()? {
            0 => return None,
            n => bytes.extend(&piece[..n]),
        }
    };
    let head = String::from_utf8_lossy(&bytes[..end]).into_owned();
    let fields: BTreeMap<String, String> =
        head.lines().skip(1).filter_map(|l| l.split_once(": ")).map(|(k, v)| (k.to_lowercase(), v.to_owned())).collect();
    let length: usize = fields.get("content-length").and_then(|l| l.parse().ok()).unwrap_or(0);
    while bytes.len() < end + length {
        match stream.read(&mut piece).ok()? {
            0 => return None,
            n => bytes.extend(&piece[..n]),
        }
    }
    let body = &bytes[end..];
    let body = match fields.get("content-encoding").map(String::as_str) {
        Some("gzip") => {
            let mut text = String::new();
            flate2::read::GzDecoder::new(body).read_to_string(&mut text).unwrap();
            text
        }
        Some("zstd") => String::from_utf8(zstd::decode_all(body).unwrap()).unwrap(),
        _ => String::from_utf8_lossy(body).into_owned(),
    };
    Some(Request { path: decoded(head.split(' ').nth(1)?), fields, body })
}

fn decoded(text: &str) -> String {
    let mut out = Vec::new();
    let mut rest = text.as_bytes();
    while let [first, tail @ ..] = rest {
        if let (b'%', [a, b, after @ ..]) = (first, tail) {
            out.push(u8::from_str_radix(&String::from_utf8_lossy(&[*a, *b]), 16).unwrap());
            rest = after;
        } else {
            out.push(*first);
            rest = tail;
        }
    }
    String::from_utf8(out).unwrap()
}

/// The same by TLS, with a certificate and its key (PEM).
pub fn serve_by_tls(certificate: &Path, key: &Path) -> Server {
    let certificates = CertificateDer::pem_file_iter(certificate).unwrap().map(|c| c.unwrap()).collect();
    let config = ServerConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()));
    let config = config.with_safe_default_protocol_versions().unwrap().with_no_client_auth();
    let config = Arc::new(config.with_single_cert(certificates, PrivateKeyDer::from_pem_file(key).unwrap()).unwrap());
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("https://localhost:{}", listener.local_addr().unwrap().port());
    let requests = Arc::<Mutex<Vec<Request>>>::default();
    let noted = Arc::clone(&requests);
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let mut stream = StreamOwned::new(ServerConnection::new(Arc::clone(&config)).unwrap(), stream);
            let Some(request) = read(&mut stream) else { continue };
            noted.lock().unwrap().push(request);
            let _ = stream.write_all(b"HTTP/1.1 200 X\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
            stream.conn.send_close_notify();
            let _ = stream.flush();
        }
    });
    Server { url, requests }
}

/// What a collector has understood.
#[derive(Debug, Default)]
pub struct Collected {
    /// Elements (enterprise, number, length) by template.
    templates: BTreeMap<u16, Vec<(u32, u16, u16)>>,
    /// Flow records: values by (enterprise, number).
    pub flows: Vec<BTreeMap<(u32, u16), Vec<u8>>>,
    /// Records of options.
    pub options: Vec<BTreeMap<(u32, u16), Vec<u8>>>,
    /// Data records that the next message should have before it; `None`: the first one has not come.
    sequence: Option<u32>,
}

/// A number of an element.
pub fn number(record: &BTreeMap<(u32, u16), Vec<u8>>, enterprise: u32, id: u16) -> u64 {
    record[&(enterprise, id)].iter().fold(0, |n, b| n << 8 | u64::from(*b))
}

impl Collected {
    /// Takes a message.
    pub fn message(&mut self, m: &[u8]) {
        let word = |at: usize| u16::from_be_bytes([m[at], m[at + 1]]);
        assert_eq!((word(0), usize::from(word(2))), (10, m.len()));
        let sequence = u32::from_be_bytes([m[8], m[9], m[10], m[11]]);
        assert!(self.sequence.is_none_or(|expected| expected == sequence), "{:?} {sequence}", self.sequence);
        let before = self.flows.len() + self.options.len();
        let mut at = 16;
        while at < m.len() {
            let (kind, end) = (word(at), at + usize::from(word(at + 2)));
            let set = &m[at + 4..end];
            match kind {
                2 | 3 => self.template(set, kind == 3),
                _ => self.records(kind, set),
            }
            at = end;
        }
        let records = (self.flows.len() + self.options.len() - before) as u32;
        self.sequence = Some(sequence.wrapping_add(records));
    }

    fn template(&mut self, mut set: &[u8], is_options: bool) {
        let word = |s: &mut &[u8]| {
            let n = u16::from_be_bytes([s[0], s[1]]);
            *s = &s[2..];
            n
        };
        while set.len() >= 4 {
            let (id, count) = (word(&mut set), word(&mut set));
            if is_options {
                assert_eq!(word(&mut set), 1, "one scope");
            }
            let elements = (0..count)
                .map(|_| {
                    let (number, length) = (word(&mut set), word(&mut set));
                    let enterprise = if number & 0x8000 != 0 { u32::from(word(&mut set)) << 16 | u32::from(word(&mut set)) } else { 0 };
                    (enterprise, number & 0x7fff, length)
                })
                .collect();
            self.templates.insert(id, elements);
        }
    }

    fn records(&mut self, kind: u16, mut set: &[u8]) {
        let elements = self.templates.get(&kind).unwrap_or_else(|| panic!("no template {kind} before its records")).clone();
        while !set.is_empty() {
            let mut record = BTreeMap::new();
            for (enterprise, number, length) in &elements {
                let mut length = usize::from(*length);
                if length == 0xffff {
                    length = usize::from(set[0]);
                    set = &set[1..];
                }
                record.insert((*enterprise, *number), set[..length].to_vec());
                set = &set[length..];
            }
            if kind == 258 { self.options.push(record) } else { self.flows.push(record) }
        }
    }
}

/// A port that nobody has at the moment.
pub fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

/// The name of a tool of another maker, where it is here.
pub fn tool(name: &str) -> Option<&str> {
    let mut command = std::process::Command::new("sh");
    let there = command.args(["-c", &format!("command -v {name}")]).stdout(std::process::Stdio::null()).status().unwrap().success();
    if !there {
        eprintln!("{name} is not installed: not tried");
    }
    there.then_some(name)
}
