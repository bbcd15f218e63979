//! A packet on a way whose MTU is too small for it.

/// The IP fragments of an Ethernet frame without VLAN tags, as a router sends them over a link of this MTU: each carries as many bytes as fit,
/// in multiples of eight. A frame that fits comes back alone.
pub fn divide(frame: &[u8], mtu: usize, id: u32) -> Vec<Vec<u8>> {
    let (ethernet, packet) = frame.split_at(14);
    let six = packet[0] >> 4 == 6;
    let (header, end) = if six {
        (40, 40 + usize::from(u16::from_be_bytes([packet[4], packet[5]])))
    } else {
        (usize::from(packet[0] & 0x0f) * 4, usize::from(u16::from_be_bytes([packet[2], packet[3]])))
    };
    if end <= mtu {
        return vec![frame.to_vec()];
    }
    let (head, payload) = packet[..end].split_at(header);
    let room = (mtu - header - if six { 8 } else { 0 }) / 8 * 8;
    let pieces = payload.chunks(room).enumerate().map(|(n, piece)| {
        let (offset, more) = (n * room, (n + 1) * room < payload.len());
        let mut head = head.to_vec();
        if six {
            let next = std::mem::replace(&mut head[6], 44);
            head[4..6].copy_from_slice(&(piece.len() as u16 + 8).to_be_bytes());
            head.extend([next, 0]);
            head.extend((offset as u16 | u16::from(more)).to_be_bytes());
            head.extend(id.to_be_bytes());
        } else {
            head[2..4].copy_from_slice(&((header + piece.len()) as u16).to_be_bytes());
            head[4..6].copy_from_slice(&(id as u16).to_be_bytes());
            head[6..8].copy_from_slice(&((offset / 8) as u16 | u16::from(more) << 13).to_be_bytes());
            head[10..12].fill(0);
            let sum = super::checksum::checksum(&head);
            head[10..12].copy_from_slice(&sum.to_be_bytes());
        }
        [ethernet, &head, piece].concat()
    });
    pieces.collect()
}
