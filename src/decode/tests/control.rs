//! Control packets: who says what.

use super::{frame, plain};
use crate::decode::{arp_blocks, control};
use crate::model::{ArpBlocks, Control, Frame};

fn with_frame<T>(bytes: &[u8], read: impl FnOnce(&Frame<'_>) -> T) -> T {
    read(&frame(&plain(bytes), bytes))
}

fn described(bytes: &[u8]) -> Option<Vec<u8>> {
    with_frame(bytes, |f| control(f).and_then(|c| c.description.map(<[u8]>::to_vec)))
}

#[test]
fn neighbours_say_what_they_are() {
    let mut lldp = vec![1, 0x80, 0xc2, 0, 0, 0x0e, 2, 0, 0, 0, 0, 1, 0x88, 0xcc, 2, 2, 7, 1, 12, 3, b'E', b'O', b'S', 0, 0];
    let mut cdp = vec![1, 0, 12, 0xcc, 0xcc, 0xcc, 2, 0, 0, 0, 0, 1, 0, 32, 0xaa, 0xaa, 3, 0, 0, 12, 0x20, 0];
    cdp.extend([2, 180, 0, 0, 0, 1, 0, 6, b's', b'w', 0, 6, 0, 7, b'W', b'S', b'C', 0, 5, 0, 7, b'I', b'O', b'S']);
    assert_eq!([&lldp, &cdp].map(|b| described(b)), [Some(b"EOS".to_vec()), Some(b"IOS".to_vec())]);
    cdp.truncate(cdp.len() - 1);
    assert_eq!(described(&cdp), Some(b"WSC".to_vec()), "the version is cut");
    lldp[18] = 10;
    assert_eq!(described(&lldp), None, "a name, no description");
}

#[test]
fn lacp_and_spanning_tree_behind_tags() {
    let mut lacp = vec![1, 0x80, 0xc2, 0, 0, 2, 2, 0, 0, 0, 0, 1, 0x81, 0, 0, 7, 0x88, 9, 1, 1, 1, 20, 0, 1];
    lacp.extend([2, 0, 0, 0, 0, 0xaa]);
    lacp.extend([0; 8]);
    lacp.extend([2, 20, 0, 1, 0, 0, 2, 0, 0, 0, 0, 0xbb]);
    let systems = with_frame(&lacp, |f| control(f).and_then(|c| c.lacp));
    assert_eq!(systems.map(|[a, p]| (a.0[5], p.0[5])), Some((0xaa, 0xbb)));
    let mut bpdu = vec![1, 0, 12, 0xcc, 0xcc, 0xcd, 2, 0, 0, 0, 0, 1, 0x81, 0, 0, 77, 0, 50, 0xaa, 0xaa, 3, 0, 0, 12, 1, 11];
    bpdu.extend([0; 36]);
    bpdu.extend([0, 0, 0, 2, 0, 77]);
    assert_eq!(with_frame(&bpdu, |f| control(f).map(|c| (c.control, c.vlan))), Some((Control::Pvst, Some(77))));
    let stp = [1, 0x80, 0xc2, 0, 0, 0, 2, 0, 0, 0, 0, 1, 0, 38, 0x42, 0x42, 3, 0, 0, 0, 0, 0];
    assert_eq!(with_frame(&stp, |f| control(f).map(|c| c.control)), Some(Control::Stp));
}

#[test]
fn arp_names_two_blocks() {
    let mut arp = vec![0xff; 6];
    arp.extend([2, 0, 0, 0, 0, 1, 8, 6, 0, 1, 8, 0, 6, 4, 0, 1, 2, 0, 0, 0, 0, 1, 10, 0, 3, 9, 0, 0, 0, 0, 0, 0, 10, 0, 4, 1]);
    assert_eq!(with_frame(&arp, arp_blocks), Some(ArpBlocks { sender: 0x0a_0003, target: 0x0a_0004 }));
    arp[28] = 0;
    arp[29] = 0;
    arp[30] = 0;
    assert_eq!(with_frame(&arp, arp_blocks), None, "a probe");
}
