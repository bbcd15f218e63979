//! Manufacturers by MAC address: a list of the system's if one is installed, a built-in one of common vendors otherwise.

use crate::model::Arrange as _;
use crate::model::Mac;
use crate::model::text::printable;
use std::fs::File;
use std::io::Read;
use std::sync::OnceLock;

/// The built-in list: name and 24-bit prefixes a line. How it was made stands in the file.
const COMMON: &str = include_str!("vendors.tsv");

/// Lists that systems install, the most complete first: Wireshark's, Debian's ieee-data, arp-scan's, nmap's, hwdata's.
const INSTALLED: [&str; 6] = [
    "/usr/share/wireshark/manuf",
    "/usr/share/ieee-data/oui.txt",
    "/var/lib/ieee-data/oui.txt",
    "/usr/share/arp-scan/ieee-oui.txt",
    "/usr/share/nmap/nmap-mac-prefixes",
    "/usr/share/hwdata/oui.txt",
];

/// Bytes read of a list: several times the largest one known (5 MB).
const LARGEST_LIST: u64 = 32 * 1024 * 1024;

/// Fewer entries than this mean the file is not what it should be.
const FEWEST: usize = 1000;

/// The I/G bit of the first octet: a group address (IEEE 802 clause 8.2).
const GROUP: u8 = 1;

/// Who made the interface with this address, as far as the address tells: group and locally administered addresses do not
/// (unless the list names their block, as for QEMU's guests).
///
/// The first call may read a file of a few megabytes: not for the packet path.
pub fn manufacturer(mac: Mac) -> Option<&'static str> {
    static LIST: OnceLock<List> = OnceLock::new();
    static BUILT_IN: OnceLock<List> = OnceLock::new();
    // All zeros is what stands where there is no address, not a card of the first company there was.
    if mac.0[0] & GROUP != 0 || mac == Mac::default() {
        return None;
    }
    let list = LIST.get_or_init(|| INSTALLED.iter().find_map(|path| read(path)).unwrap_or_default());
    list.find(mac).or_else(|| BUILT_IN.get_or_init(|| built_in(COMMON)).find(mac))
}

/// Names and the address blocks that have them.
#[derive(Debug, Default)]
struct List {
    /// All names, one after the other.
    text: String,
    /// Blocks in order of prefix length and prefix.
    blocks: Vec<Block>,
}

/// A block of addresses: the first `bits` bits are `prefix`, left-aligned in 48.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Block {
    bits: u8,
    prefix: u64,
    /// Its name in the text.
    from: u32,
    to: u32,
}

impl List {
    /// The name of the smallest block the address is in: 36 bits, 28 bits, 24 bits.
    fn find(&self, mac: Mac) -> Option<&str> {
        let [a, b, c, d, e, f] = mac.0;
        let address = u64::from_be_bytes([0, 0, a, b, c, d, e, f]);
        [36, 28, 24].into_iter().find_map(|bits| {
            let prefix = address & mask(bits);
            let at = self.blocks.binary_search_by_key(&(bits, prefix), |block| (block.bits, block.prefix)).ok()?;
            let block = self.blocks.get(at)?;
            self.text.get(block.from as usize..block.to as usize)
        })
    }

    /// Appends a name and returns where it lies.
    fn name(&mut self, name: &str) -> Option<(u32, u32)> {
        let from = u32::try_from(self.text.len()).ok()?;
        self.text.push_str(&printable(name));
        Some((from, u32::try_from(self.text.len()).ok()?))
    }

    fn sorted(mut self) -> Self {
        self.blocks.arrange();
        self.blocks.dedup_by_key(|block| (block.bits, block.prefix));
        self
    }
}

/// The upper `bits` of 48.
fn mask(bits: u8) -> u64 {
    !0 << (48 - u32::from(bits.min(48))) & 0xffff_ffff_ffff
}

/// Reads an installed list; `None` when it is absent, unreadable or no such list.
fn read(path: &str) -> Option<List> {
    let mut bytes = Vec::new();
    File::open(path).ok()?.take(LARGEST_LIST).read_to_end(&mut bytes).ok()?;
    let list = installed(&String::from_utf8_lossy(&bytes));
    (list.blocks.len() >= FEWEST).then_some(list)
}

/// Understands the lines of all of [`INSTALLED`]: a prefix (`00:00:0C`, `00-00-0C`, `00000C`, `00:1B:C5:00:00:00/36`), blanks,
/// perhaps a note such as `(hex)` or a short name before a tab, and the name.
fn installed(text: &str) -> List {
    let mut list = List::default();
    for line in text.lines() {
        let Some((first, rest)) = line.split_once([' ', '\t']) else { continue };
        let Some((bits, prefix)) = prefix(first) else { continue };
        let rest = rest.trim();
        // The IEEE's files have two lines an entry; the one with `(hex)` is as good as the other.
        let rest = rest.strip_prefix("(hex)").or_else(|| rest.strip_prefix("(base 16)")).unwrap_or(rest).trim();
        let name = rest.split('\t').next_back().unwrap_or(rest).trim();
        if name.is_empty() {
            continue;
        }
        if let Some((from, to)) = list.name(name) {
            list.blocks.push(Block { bits, prefix, from, to });
        }
    }
    list.sorted()
}

/// A prefix of hexadecimal octets with or without separators and length: its bits, and its value left-aligned in 48.
fn prefix(text: &str) -> Option<(u8, u64)> {
    let (digits, length) = text.split_once('/').map_or((text, None), |(digits, length)| (digits, Some(length)));
    let (mut value, mut count) = (0_u64, 0_u32);
    for c in digits.chars() {
        match c.to_digit(16) {
            Some(digit) if count < 12 => (value, count) = (value << 4 | u64::from(digit), count + 1),
            None if matches!(c, ':' | '-' | '.') => {}
            _ => return None,
        }
    }
    let bits = match length {
        Some(length) => length.parse().ok()?,
        None => u8::try_from(count * 4).ok()?,
    };
    let value = value << (48 - count * 4);
    matches!(bits, 24 | 28 | 36).then_some((bits, value & mask(bits)))
}

/// Reads the built-in list.
fn built_in(text: &str) -> List {
    let mut list = List::default();
    for line in text.lines().filter(|line| !line.starts_with('#')) {
        let Some((name, prefixes)) = line.split_once('\t') else { continue };
        let Some((from, to)) = list.name(name) else { continue };
        let blocks = prefixes.split(' ').filter_map(prefix).map(|(bits, prefix)| Block { bits, prefix, from, to });
        list.blocks.extend(blocks);
    }
    list.sorted()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mac(text: &str) -> Mac {
        let mut octets = [0; 6];
        for (octet, part) in octets.iter_mut().zip(text.split(':')) {
            *octet = u8::from_str_radix(part, 16).expect("hexadecimal");
        }
        Mac(octets)
    }

    #[test]
    fn the_built_in_list_knows_what_stands_in_a_rack() {
        let list = built_in(COMMON);
        for (address, name) in [
            ("00:00:0c:12:34:56", "Cisco"),
            ("00:1c:73:00:00:01", "Arista"),
            ("00:05:85:00:00:01", "Juniper"),
            ("00:0c:29:aa:bb:cc", "VMware"),
            ("52:54:00:12:34:56", "QEMU/KVM"),
            ("4c:5e:0c:00:00:01", "MikroTik"),
        ] {
            assert_eq!(list.find(mac(address)), Some(name), "{address}");
        }
        assert_eq!(list.find(mac("02:00:00:00:00:01")), None);
        assert!(list.blocks.len() > 5000 && COMMON.len() < 100_000);
    }

    #[test]
    fn every_installed_format_is_understood() {
        let text = "# a comment\n\
            00:00:0C\tCisco\tCisco Systems, Inc\n\
            00:1B:C5:00:00:00/36\tConverging\tConverging Systems Inc.\n\
            00:55:DA:00:00:00/28\tShinko\tShinko Technos co.,ltd.\n\
            28-6F-B9   (hex)\t\tNokia Shanghai Bell Co., Ltd.\n\
            286FB9     (base 16)\t\tNokia Shanghai Bell Co., Ltd.\n\
            \t\t\t\tCA  US\n\
            00000E Fujitsu\n\
            zz:zz:zz\tnobody\n";
        let list = installed(text);
        for (address, name) in [
            ("00:00:0c:00:00:01", Some("Cisco Systems, Inc")),
            ("00:1b:c5:00:01:02", Some("Converging Systems Inc.")),
            ("00:1b:c5:01:01:02", None),
            ("00:55:da:0f:00:00", Some("Shinko Technos co.,ltd.")),
            ("28:6f:b9:00:00:00", Some("Nokia Shanghai Bell Co., Ltd.")),
            ("00:00:0e:00:00:00", Some("Fujitsu")),
        ] {
            assert_eq!(list.find(mac(address)), name, "{address}");
        }
        assert_eq!(list.blocks.len(), 5);
    }

    #[test]
    fn names_from_a_file_cannot_command_a_terminal() {
        let list = installed("00:00:0C\tEvil\x1b[2J\n");
        assert_eq!(list.find(mac("00:00:0c:00:00:00")), Some("Evil\\u{1b}[2J"));
    }

    #[test]
    fn odd_prefixes_are_passed_over() {
        for bad in ["", "0", "00:00", "00:00:0C:00:00:00:00", "00:00:0C/8", "00:00:0C:00:00:00/200", "00:00:0C/x", "host"] {
            assert_eq!(prefix(bad), None, "{bad}");
        }
        assert_eq!(prefix("FFFFFF"), Some((24, 0xffff_ff00_0000)));
    }

    #[test]
    fn group_addresses_and_none_have_no_maker() {
        assert_eq!(manufacturer(mac("00:00:00:00:00:00")), None);
        assert_eq!(manufacturer(Mac::BROADCAST), None);
        assert_eq!(manufacturer(mac("01:00:0c:cc:cc:cc")), None);
        assert!(manufacturer(mac("00:0c:29:00:00:01")).is_some_and(|name| name.starts_with("VMware")));
    }
}
