//! What stations are: routers by what they say, and by what they are sent.

use super::support::packet::control;
use super::support::packet::message::router_advertisement;
use super::support::packet::{End, Packet};
use super::{S, Traffic, mac};
use spantop::snapshot::tables::stations::stations;
use std::net::Ipv6Addr;

/// The role of each of these stations.
fn roles<const N: usize>(t: &Traffic, of: [u8; N]) -> [Option<&'static str>; N] {
    let all = stations(&t.look());
    of.map(|last| all.iter().find(|row| row.mac.0 == mac(last)).unwrap_or_else(|| panic!("station {last}")).role)
}

/// A station claims an address.
fn claim(last: u8) -> Vec<u8> {
    Packet::arp(2, End::new(mac(last), [10, 0, 0, last], 0), mac(9), [10, 0, 0, 9].into()).build()
}

#[test]
fn who_says_that_it_routes_is_a_router() {
    let [link, everybody]: [Ipv6Addr; 2] = ["fe80::1", "ff02::1"].map(|text| text.parse().unwrap());
    let discovery =
        |last, kind| Packet::eth(mac(last), [0x33, 0x33, 0, 0, 0, 1]).ip(link, everybody).ttl(255).icmp(kind, 0, [0x40, 0, 7, 8]);
    let mut t = Traffic::default();
    let announced = router_advertisement("2001:db8::".parse().unwrap());
    t.every(10 * S, 0..100 * S, &discovery(1, 134).payload(&announced).build());
    // Who asks for routers is none.
    t.every(10 * S, 0..100 * S, &discovery(8, 133).build());
    // The hellos of VRRP come from the address that is shared; of CARP as well, by which hosts share addresses.
    t.every(S, 0..100 * S, &control::vrrp(7, 200, 2));
    t.every(S, 0..100 * S, &control::carp(9, 0, 7));
    [2, 7].into_iter().for_each(|last| t.every(50 * S, S..100 * S, &claim(last)));
    t.every(3 * S, 0..100 * S, &control::hsrp(mac(3), 16, 8, 100, 3));
    t.every(10 * S, 0..100 * S, &control::isis_hello(mac(4), 4, 30));
    t.every(5 * S, 0..100 * S, &control::eigrp_hello(mac(5), 5, 100, 15));
    t.every(10 * S, 0..100 * S, &control::ospf_hello(mac(6), 6, [10, 40], &[]));
    assert_eq!(roles(&t, [1, 2, 3, 4, 5, 6]), [Some("router"); 6]);
    assert_eq!(roles(&t, [7, 8]), [None; 2]);
}

#[test]
fn whom_packets_for_many_are_given_to_is_a_router() {
    // Of one frame in some tens it is looked to whom it goes: four addresses of others make a router.
    for (servers, role) in [(6, Some("router")), (3, None)] {
        let mut t = Traffic::default();
        for n in 0..2_000u16 {
            let server = [93, 184, 7, (n / 40 % servers) as u8 + 1];
            let there = Packet::eth(mac(1), mac(20)).ip([10, 0, 0, 1], server).id(n).udp(4000, 4000);
            t.push(i64::from(n) * 20, there.payload(&n.to_be_bytes()).build());
            let back = Packet::eth(mac(20), mac(1)).ip(server, [10, 0, 0, 1]).id(n).udp(4000, 4000);
            t.push(i64::from(n) * 20 + 5, back.payload(&n.to_be_bytes()).build());
        }
        assert_eq!(roles(&t, [20, 1]), [role, None], "{servers}");
    }
}
