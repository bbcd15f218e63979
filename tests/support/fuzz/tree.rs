//! Packets taken apart: whatever the bytes are, every field lies in them, texts are fit to be shown, and what is written is bounded.
//!
//! Input: link type (two bytes), how much longer the packet was on the wire, a byte nobody reads, then the packet.

use super::super::packet::Packet;
use super::super::packet::message::{cdp, client_hello, dns, lldp, server_hello, stp, tls_record};
use super::split;
use spantop::browse;
use spantop::decode::Rules;
use spantop::model::limits::{TREE_FIELDS, TREE_LAYERS, TREE_TEXT};
use spantop::model::text::is_unfit;
use spantop::model::{LinkType, PacketTree};

/// What must hold of any packet taken apart.
pub fn assert_tree_is_sound(tree: &PacketTree, bytes: &[u8]) {
    let fields: Vec<_> = tree.layers.iter().flat_map(|layer| &layer.fields).collect();
    // Beside headers there are a message, a reason and padding.
    assert!(fields.len() <= TREE_FIELDS && tree.layers.len() <= TREE_LAYERS + 4, "{} fields of {bytes:02x?}", fields.len());
    for layer in &tree.layers {
        assert!(layer.at as usize + layer.length as usize <= bytes.len(), "{layer:?} of {bytes:02x?}");
    }
    for field in &fields {
        assert!(field.at as usize + field.length as usize <= bytes.len(), "{field:?} of {bytes:02x?}");
        assert!(field.mask == 0 || field.length <= 8, "{field:?}");
    }
    let layers = tree.layers.iter().flat_map(|layer| [layer.title.as_ref(), &layer.summary]);
    let columns = [tree.source.as_str(), &tree.destination, &tree.protocol, &tree.info];
    for text in fields.iter().flat_map(|f| [f.title.as_ref(), &f.value]).chain(layers).chain(columns) {
        assert!(!text.contains(is_unfit), "{text:?}");
        // An escaped character takes up to eight.
        assert!(text.chars().count() <= 10 * TREE_TEXT, "{text:?}");
    }
}

/// The target.
pub fn run(data: &[u8]) {
    let ([l0, l1, longer, _], bytes) = split(data);
    let link = LinkType(u16::from_be_bytes([l0, l1]));
    let wire = bytes.len() as u32 + u32::from(longer) * 5;
    assert_tree_is_sound(&browse::take_apart(link, bytes, wire, &Rules::PLAIN), bytes);
}

/// One of each kind of layer that the packet builder has, and what applications and switches say.
pub fn seeds() -> Vec<Vec<u8>> {
    let station = |n| [2, 0, 0, 0, 0, n];
    let frame = || Packet::eth(station(1), station(2)).ip([10, 0, 0, 1], [10, 0, 0, 2]);
    let udp = |port: u16, payload: &[u8]| frame().udp(40_000, port).payload(payload).build();
    let tcp = |port: u16, payload: &[u8]| frame().tcp(40_000, port).payload(payload).build();
    let dhcp = [&[1, 1, 6, 0, 0, 0, 0, 9][..], &[0; 228], &[0x63, 0x82, 0x53, 0x63, 53, 1, 3, 12, 4], b"host", &[50, 4, 10, 0, 0, 7, 255]]
        .concat();
    let netbios = dns(5, &"CK".repeat(16), None);
    let said = [
        udp(53, &dns(7, "www.example.org", None)),
        udp(53, &dns(7, "www.example.org", Some([192, 0, 2, 7].into()))),
        udp(5353, &dns(0, "printer.local", None)),
        udp(137, &netbios),
        udp(67, &dhcp),
        udp(123, &[&[0x23, 2, 6, 0xe9][..], &[7; 44]].concat()),
        tcp(80, b"GET / HTTP/1.1\r\nHost: a.example\r\nX: \x1b[2J\r\n\r\nbody"),
        tcp(25, b"220 ready\r\n250 more\r\n"),
        tcp(443, &tls_record(22, &client_hello(Some("www.example.org"), &["h2", "http/1.1"]))),
        tcp(443, &[tls_record(22, &server_hello(0x0304)), tls_record(20, &[1]), tls_record(23, &[9; 40])].concat()),
        stp(station(3), 9, 0x8001),
        lldp(station(3), "Gi0/1", "switch"),
        cdp(station(3), "Gi0/1", "switch"),
    ];
    super::decode::frames().into_iter().chain(said).map(|frame| [&[0, 1, 0, 0][..], &frame].concat()).collect()
}
