//! Privacy mode: what leaves a source has lost its addresses and names before anything else sees it, and what comes in beside packets passes
//! [`Privacy`] where it comes in.

mod masked;
mod pseudonyms;

use super::console::say;
use crate::anonymize::{Anonymizer, KEY_BYTES};
use crate::browse::SaveFolder;
use crate::capture::host::HostProbe;
use crate::cli::{Common, SwitchRequest};
use crate::error::{Error, Result};
use crate::model::Address;
use crate::model::text::printable;
use crate::settings::{InputSettings, LoadSettings};
use crate::tui::OwnNames;
use ipnet::{IpNet, Ipv4Net, Ipv6Net};
use std::fs::File;
use std::io::Read;
use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

pub use masked::{shelf, source};

/// The key of this run, once it is known: a capture that is read again is replaced by the same one.
static KEY: OnceLock<[u8; KEY_BYTES]> = OnceLock::new();

/// Random keys tried at most: that all of them are weak does not happen.
const KEYS_DRAWN: usize = 256;

/// The networks that are local unless told otherwise, as the engine has them: RFC 1918, RFC 6598, RFC 4193, loopback and link-local ones.
const PRIVATE: [&str; 9] =
    ["10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "fc00::/7", "fe80::/10", "::1/128"];

fn key(common: &Common) -> Result<[u8; KEY_BYTES]> {
    if let Some(key) = KEY.get() {
        return Ok(*key);
    }
    let path = common.privacy.key.clone();
    let place = path.clone().unwrap_or_else(|| "/dev/urandom".into());
    // A key that nobody chose is drawn until it is a good one.
    let tries = if path.is_some() { 1 } else { KEYS_DRAWN };
    let (key, moves) = read_key(&place, tries).map_err(|e| match e.kind() {
        std::io::ErrorKind::UnexpectedEof => {
            Error::usage(format!("--anonymize-key {}: a key has {KEY_BYTES} bytes or more", place.display()))
        }
        _ if path.is_some() => Error::usage(format!("--anonymize-key {}: {e}", place.display())),
        _ => Error::io(place.display().to_string(), &e),
    })?;
    if !moves {
        say(format_args!("warning: this key leaves private addresses in their network (one key in three does): another one hides more"));
    }
    Ok(*KEY.get_or_init(|| key))
}

/// Reads a key, again and again until one moves private networks away or `tries` are over; whether it does.
fn read_key(place: &Path, tries: usize) -> std::io::Result<([u8; KEY_BYTES], bool)> {
    let (mut key, mut moves) = ([0; KEY_BYTES], false);
    for _ in 0..tries {
        File::open(place)?.read_exact(&mut key)?;
        moves = Anonymizer::new(&key).moves_private();
        if moves {
            break;
        }
    }
    Ok((key, moves))
}

/// Draws a key while the system still hands one out: a screen may want it later, when the rights to read it are given up. Where there is none
/// who wants it is told.
pub fn prepare(common: &Common) {
    let _ = key(common);
}

fn anonymizer(common: &Common) -> Result<Option<Anonymizer>> {
    if !common.privacy.anonymize {
        return Ok(None);
    }
    key(common).map(|key| Some(Anonymizer::new(&key)))
}

/// What comes in beside packets, as it may be told where addresses and names are hidden. Whatever names somebody or something passes it where
/// it comes in, so that nothing behind has to remember: one that is not of this run's key tells nothing at all.
pub struct Privacy {
    hides: bool,
    anonymizer: Option<Anonymizer>,
}

impl Privacy {
    /// As the command line has it. Addresses are replaced as those of packets are.
    pub fn of(common: &Common) -> Self {
        Self { hides: common.privacy.anonymize, anonymizer: anonymizer(common).ok().flatten() }
    }

    /// Whether anything is hidden.
    pub fn hides(&self) -> bool {
        self.hides
    }

    /// Addresses.
    pub fn addresses(&mut self, addresses: Vec<Address>) -> Vec<Address> {
        match &mut self.anonymizer {
            _ if !self.hides => addresses,
            Some(anonymizer) => addresses.into_iter().map(|address| anonymizer.address(address)).collect(),
            None => Vec::new(),
        }
    }

    /// The local networks: prefixes stay prefixes.
    pub fn load(&mut self, load: &LoadSettings) -> LoadSettings {
        let mut load = load.clone();
        if !self.hides {
            return load;
        }
        if load.local_nets.is_empty() {
            load.local_nets = PRIVATE.iter().filter_map(|net| net.parse().ok()).collect();
        }
        let mut replaced = |net: &IpNet| {
            let address = self.anonymizer.as_mut()?.address(Address::from(net.network())).ip()?;
            Some(match address {
                IpAddr::V4(a) => IpNet::V4(Ipv4Net::new(a, net.prefix_len()).ok()?.trunc()),
                IpAddr::V6(a) => IpNet::V6(Ipv6Net::new(a, net.prefix_len()).ok()?.trunc()),
            })
        };
        load.local_nets = load.local_nets.iter().filter_map(&mut replaced).collect();
        load
    }

    /// A capture filter as it is told: it names what is not to be named.
    pub fn filter(&self, filter: &str) -> String {
        if self.hides { "(hidden: --anonymize)".into() } else { filter.to_owned() }
    }

    /// What is looked at, in a few words. A file's name often says whose it is.
    pub fn title(&self, input: &InputSettings) -> String {
        match input {
            _ if !self.hides => super::title::of_input(input),
            InputSettings::Files(_) => pseudonyms::FILE.to_owned(),
            InputSettings::Live(live) => {
                let names: Vec<String> = live.interfaces.iter().map(|name| pseudonyms::of_port(name, None)).collect();
                names.join(", ")
            }
        }
    }

    /// What a capture beside is called.
    pub fn file_name(&self, path: &Path) -> String {
        let name = path.display().to_string();
        if self.hides { pseudonyms::of_file(&name, None) } else { name }
    }

    /// What is said of captures, such as why one cannot be read.
    pub fn words(&self, words: &str, of: &[&Path]) -> String {
        if self.hides { pseudonyms::Pseudonyms::of_paths(of).in_text(words) } else { words.to_owned() }
    }

    /// What is said of a file of the user's own, such as the configuration: without the directory it lies in.
    pub fn without_folder(&self, words: &str, path: Option<&Path>) -> String {
        let folder = path.and_then(Path::parent).filter(|_| self.hides);
        match folder.map(|folder| printable(&format!("{}/", folder.display())).into_owned()) {
            Some(folder) => words.replace(&folder, ""),
            None => words.to_owned(),
        }
    }

    /// A capture for other programs, which would show what is hidden here.
    pub fn capture_file(&self, path: Option<PathBuf>) -> Option<PathBuf> {
        path.filter(|_| !self.hides)
    }

    /// Where files are written; what they are called is told, not whose directory it is.
    pub fn folder(&self, folder: Option<&PathBuf>) -> Option<SaveFolder> {
        folder.map(|folder| SaveFolder { path: folder.clone(), is_told: !self.hides })
    }

    /// Names of one's own.
    pub fn own_names(&self, names: &OwnNames) -> OwnNames {
        if self.hides { OwnNames::default() } else { names.clone() }
    }

    /// This host, whose ports the checklist names.
    pub fn host(&self, host: HostProbe) -> HostProbe {
        let several = host.interfaces.len() > 1;
        let called = |(at, name): (usize, &String)| pseudonyms::of_port(name, several.then_some(at + 1));
        let called = if self.hides { host.interfaces.iter().enumerate().map(called).collect() } else { Vec::new() };
        HostProbe { called, ..host }
    }

    /// A switch that is to be asked.
    ///
    /// # Errors
    /// What it would answer is not replaced.
    pub fn switch<'a>(&self, request: Option<&'a SwitchRequest>) -> Result<Option<&'a SwitchRequest>> {
        match request {
            Some(_) if self.hides => Err(Error::usage(
                "--switch does not go with --anonymize: what a switch answers names it, its place and its neighbours, and is not replaced; leave one of them out (here or in the configuration file)",
            )),
            request => Ok(request),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::{FileSettings, LiveSettings};

    fn privacy(hides: bool) -> Privacy {
        Privacy { hides, anonymizer: hides.then(|| Anonymizer::new(&[7; KEY_BYTES])) }
    }

    /// Everything that it lets through, of things that are all called secret.
    fn told(privacy: &mut Privacy) -> String {
        let path = Path::new("/secret/secret.pcap");
        let files = InputSettings::Files(FileSettings { paths: vec![path.into()], ..FileSettings::default() });
        let live = InputSettings::Live(LiveSettings { interfaces: vec!["eth0".into(), "secret".into()], ..LiveSettings::default() });
        let mut own = OwnNames::default();
        own.hosts.insert(Address::V4([192, 0, 2, 1].into()), "secret".into());
        own.ports.insert((1, String::new()), "secret".into());
        let folder = privacy.folder(Some(&"/secret".into())).map(|folder| folder.called(Path::new("/secret/a.pcapng")));
        let host = privacy.host(HostProbe { interfaces: vec!["secret".into()], ..HostProbe::default() });
        let host = if host.called.is_empty() { host.interfaces } else { host.called };
        format!(
            "{:?}",
            (
                (privacy.filter("host secret"), privacy.title(&files), privacy.title(&live), privacy.file_name(path)),
                (privacy.words("/secret/secret.pcap: broken", &[path]), privacy.capture_file(Some(path.into())), folder),
                (privacy.own_names(&own), host, privacy.addresses(vec![Address::V4([192, 0, 2, 1].into())])),
            )
        )
    }

    #[test]
    fn what_comes_in_beside_packets_passes_it() {
        let (mut shown, mut hidden) = (privacy(false), privacy(true));
        assert_eq!(told(&mut shown).matches("secret").count(), 14, "{}", told(&mut shown));
        let words = told(&mut hidden);
        assert!(!words.contains("secret") && !words.contains("192.0.2.1"), "{words}");
        assert!(words.contains("\"eth0, port\"") && words.contains("capture.pcap: broken") && words.contains("a.pcapng"), "{words}");
        // Without the key nothing is told rather than everything.
        let mut keyless = Privacy { hides: true, anonymizer: None };
        let net = "203.0.113.0/24".parse().unwrap();
        assert!(!told(&mut keyless).contains("192.0.2.1"));
        assert!(keyless.load(&LoadSettings { local_nets: vec![net], ..LoadSettings::default() }).local_nets.is_empty());
    }

    #[test]
    fn a_switch_is_not_asked_where_names_are_hidden() {
        let request = SwitchRequest { host: "secret".into(), port: 161, credentials: None, mirror_port: None };
        assert_eq!(privacy(false).switch(Some(&request)).ok().flatten(), Some(&request));
        let error = privacy(true).switch(Some(&request)).err();
        assert!(
            error
                .as_ref()
                .is_some_and(|e| e.exit_code() == 2 && e.to_string().contains("--anonymize") && !e.to_string().contains("secret"))
        );
        assert!(privacy(true).switch(None).is_ok_and(|request| request.is_none()));
        // Before anything is looked up, read or opened.
        let typed = ["spantop", "report", "-i", "lo", "--anonymize", "--switch", "snmp://secret.invalid"];
        let Ok(crate::cli::Parsed::Invocation(meant)) = crate::cli::parse(typed.map(Into::into), &crate::app::offered()) else {
            panic!("it is well-formed")
        };
        assert_eq!(crate::app::ask::agent(&meant.common, &InputSettings::Live(LiveSettings::default())).err(), error);
    }
}
