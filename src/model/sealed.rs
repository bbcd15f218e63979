//! Datagrams that are sealed but for a number in the clear, as far as their first bytes tell.

/// Where IPsec is carried in UDP (RFC 3948).
pub const NAT_TRAVERSAL: u16 = 4_500;

/// How data of WireGuard begins: a type of 4, and three bytes of nothing.
pub const WIREGUARD_DATA: [u8; 4] = [4, 0, 0, 0];

/// Whether a datagram between these ports may carry a number in the clear: ESP in UDP, or data of WireGuard. Nearly all leave at once.
#[inline(always)]
pub fn may_be_numbered(ports: [u16; 2], content: &[u8]) -> bool {
    ports.contains(&NAT_TRAVERSAL) || content.starts_with(&WIREGUARD_DATA)
}
