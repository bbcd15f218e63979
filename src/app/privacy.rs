//! Privacy mode: what leaves a source has lost its addresses and names before anything else sees it.

use super::console::say;
use crate::anonymize::{Anonymizer, KEY_BYTES};
use crate::browse::Shelf;
use crate::capture::{Block, Fill, Source, SourceLosses};
use crate::cli::Common;
use crate::error::{Error, Result};
use crate::model::{Address, FileInterface, SourceInfo, TapePacket, Timestamp};
use crate::record::InterfaceAbout;
use crate::settings::LoadSettings;
use ipnet::{IpNet, Ipv4Net, Ipv6Net};
use std::fs::File;
use std::io::Read;
use std::net::IpAddr;
use std::ops::Range;
use std::path::Path;
use std::sync::OnceLock;

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

/// A source whose packets are replaced, where that is wanted.
pub fn masked(source: Box<dyn Source>, common: &Common) -> Result<Box<dyn Source>> {
    Ok(match anonymizer(common)? {
        Some(anonymizer) => Box::new(MaskedSource { source, anonymizer }),
        None => source,
    })
}

/// A shelf whose packets are replaced, where that is wanted.
pub fn shelf(shelf: Box<dyn Shelf>, common: &Common) -> Result<Box<dyn Shelf>> {
    Ok(match anonymizer(common)? {
        Some(anonymizer) => Box::new(MaskedShelf { shelf, anonymizer }),
        None => shelf,
    })
}

/// A file's name and the directories above it often say whose network it is: of both the ending stays, and which of several it is.
fn mask_file(source: &mut SourceInfo, number: Option<usize>) {
    // Standard input has no name of its own.
    if source.name == "-" {
        return;
    }
    let ending = Path::new(&source.name).extension().and_then(|e| e.to_str()).filter(|e| e.len() <= LONGEST_ENDING && is_plain(e));
    let masked = format!(
        "capture{}{}",
        number.map(|n| format!("-{n}")).unwrap_or_default(),
        ending.map(|ending| format!(".{ending}")).unwrap_or_default()
    );
    let name = std::mem::replace(&mut source.name, masked);
    if let Some(warning) = source.warning.as_mut().filter(|warning| !name.is_empty() && warning.contains(&name)) {
        *warning = warning.replace(&name, &source.name);
    }
}

/// Letters of an ending such as `pcapng`.
const LONGEST_ENDING: usize = 6;

fn is_plain(ending: &str) -> bool {
    ending.chars().all(|c| c.is_ascii_alphanumeric())
}

struct MaskedSource {
    source: Box<dyn Source>,
    anonymizer: Anonymizer,
}

impl Source for MaskedSource {
    fn fill(&mut self, block: &mut Block) -> Result<Fill> {
        let filled = self.source.fill(block);
        for packet in &block.packets {
            let start = packet.offset as usize;
            if let Some(bytes) = block.data.get_mut(start..start.saturating_add(packet.captured as usize)) {
                self.anonymizer.packet(packet.link, bytes);
            }
        }
        // What people wrote beside packets, names, and keys to what they say.
        block.notes.iter_mut().for_each(|note| {
            note.comments.clear();
            note.before.clear();
        });
        filled
    }

    fn info(&self) -> Vec<SourceInfo> {
        let mut sources = self.source.info();
        sources.iter_mut().flat_map(|source| &mut source.interfaces).for_each(mask_interface);
        let several = sources.len() > 1;
        for (number, source) in sources.iter_mut().enumerate().filter(|(_, source)| source.format != "live") {
            mask_file(source, several.then_some(number + 1));
        }
        sources
    }

    fn interface(&self, number: u16) -> Option<FileInterface> {
        let mut interface = self.source.interface(number)?;
        mask_interface(&mut interface);
        Some(interface)
    }

    fn losses(&mut self) -> SourceLosses {
        self.source.losses()
    }

    fn counts_losses(&self) -> bool {
        self.source.counts_losses()
    }

    fn is_live(&self) -> bool {
        self.source.is_live()
    }

    fn waits(&self) -> bool {
        self.source.waits()
    }
}

/// Names that systems give to interfaces by their kind and place (`eth0`, `enp3s0f1`, `wlan0`): they tell nothing of anybody.
const KINDS: [&str; 14] = ["eth", "enp", "ens", "eno", "em", "wlan", "wlp", "wls", "lo", "any", "br", "bond", "vlan", "en"];

/// Whether an interface's name is one of those. Others hold hardware addresses, identifiers of a machine, or what somebody called it.
fn is_ordinary(name: &str) -> bool {
    let place = |rest: &str| rest.len() <= 6 && rest.bytes().all(|byte| byte.is_ascii_digit() || b"sfdnp.".contains(&byte));
    KINDS.iter().any(|kind| name.strip_prefix(kind).is_some_and(place))
}

fn mask_interface(interface: &mut FileInterface) {
    interface.name = interface.name.take().filter(|name| is_ordinary(name));
    interface.description = None;
}

struct MaskedShelf {
    shelf: Box<dyn Shelf>,
    anonymizer: Anonymizer,
}

impl Shelf for MaskedShelf {
    fn refresh(&mut self) {
        self.shelf.refresh();
    }

    fn range(&mut self) -> Range<u64> {
        self.shelf.range()
    }

    fn read(&mut self, number: u64, show: &mut dyn FnMut(u64, &TapePacket<'_>)) -> Result<bool> {
        let (anonymizer, mut bytes) = (&mut self.anonymizer, Vec::new());
        self.shelf.read(number, &mut |number, packet| {
            bytes.clear();
            bytes.extend_from_slice(packet.bytes);
            anonymizer.packet(packet.link, &mut bytes);
            show(number, &TapePacket { bytes: &bytes, ..*packet });
        })
    }

    fn before(&mut self, time: Timestamp) -> u64 {
        self.shelf.before(time)
    }

    fn interface(&mut self, number: u16) -> InterfaceAbout {
        let InterfaceAbout { name, .. } = self.shelf.interface(number);
        InterfaceAbout { name: name.filter(|name| is_ordinary(name)), description: None }
    }

    fn place(&mut self) -> String {
        self.shelf.place()
    }

    fn again(&self) -> Box<dyn Shelf> {
        // Both were made with the key of this run.
        let anonymizer = Anonymizer::new(&KEY.get().copied().unwrap_or_default());
        Box::new(Self { shelf: self.shelf.again(), anonymizer })
    }
}

/// What the user said of addresses, as packets will have them.
pub struct Privacy(Option<Anonymizer>);

impl Privacy {
    /// The sources have been opened: the key is known.
    pub fn of(common: &Common) -> Self {
        Self(anonymizer(common).ok().flatten())
    }

    /// Addresses.
    pub fn addresses(&mut self, addresses: Vec<Address>) -> Vec<Address> {
        match &mut self.0 {
            Some(anonymizer) => addresses.into_iter().map(|address| anonymizer.address(address)).collect(),
            None => addresses,
        }
    }

    /// The local networks: prefixes stay prefixes.
    pub fn load(&mut self, load: &LoadSettings) -> LoadSettings {
        let mut load = load.clone();
        let Some(anonymizer) = &mut self.0 else { return load };
        if load.local_nets.is_empty() {
            load.local_nets = PRIVATE.iter().filter_map(|net| net.parse().ok()).collect();
        }
        let replaced = |net: &IpNet| {
            let address = anonymizer.address(Address::from(net.network())).ip()?;
            Some(match address {
                IpAddr::V4(a) => IpNet::V4(Ipv4Net::new(a, net.prefix_len()).ok()?.trunc()),
                IpAddr::V6(a) => IpNet::V6(Ipv6Net::new(a, net.prefix_len()).ok()?.trunc()),
            })
        };
        load.local_nets = load.local_nets.iter().filter_map(replaced).collect();
        load
    }

    /// A capture filter as it is told: it names what is not to be named.
    pub fn filter(&self, filter: &str) -> String {
        if self.0.is_some() { "(hidden: --anonymize)".into() } else { filter.to_owned() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_called_by_its_ending_alone() {
        let named = |name: &str, number| {
            let mut source = SourceInfo { name: name.into(), warning: Some(format!("{name}: cut short")), ..SourceInfo::default() };
            mask_file(&mut source, number);
            (source.name, source.warning.unwrap_or_default())
        };
        let told = |name: &str| (name.to_owned(), format!("{name}: cut short"));
        assert_eq!(named("/home/acme/berlin-office.pcapng", None), told("capture.pcapng"));
        assert_eq!(named("acme.2026-11-29.pcap.gz", Some(2)), told("capture-2.gz"));
        assert_eq!(named("x.acme-berlin", None), told("capture"));
        assert_eq!(named("-", None), told("-"));
    }

    #[test]
    fn only_names_of_kind_and_place_stay() {
        for name in ["eth0", "enp3s0f1", "ens192", "eno1", "wlan0", "wlp2s0", "lo", "any", "br0", "bond0", "vlan10", "en0", "eth0.20"] {
            assert!(is_ordinary(name), "{name}");
        }
        for name in [
            "wlx08beac0b176e",
            "enx08beac0b176e",
            "\\Device\\NPF_{15FC3E08-0000}",
            "director",
            "enterprise",
            "eth0-bank",
            "any 10.0.0.1",
            "",
        ] {
            assert!(!is_ordinary(name), "{name}");
        }
    }
}
