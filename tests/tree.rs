//! Packets taken apart: every capture there is, and field by field against what tshark says where it is installed.

mod support;

use spantop::browse::{self, StreamStarts};
use spantop::capture::{Block, Fill, file};
use spantop::decode::Rules;
use spantop::model::{PacketTree, TapePacket};
use spantop::settings::FileSettings;
use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;
use support::captures::indexed;

/// Captures of TCP: whole connections, without beginnings, with ports used again, with scaled windows and selective acknowledgements.
const STREAMS: &[&str] = &[
    "blitz__tcptrace/dsack.dmp.gz",
    "epiecs__packetlife-backup/path_MTU_discovery.cap",
    "ntop__nDPI/kerberos.pcap",
    "ntop__nDPI/doq.pcapng",
    "AlexeyVasilev__PcapFlowLab/showcase__pcap_flow_lab_showcase.pcap",
];

/// A segment that tshark does not see: it takes the station's address that begins the frame in a pseudowire for a control word.
const UNSEEN: (&str, u64) = ("AlexeyVasilev__PcapFlowLab/showcase__pcap_flow_lab_showcase.pcap", 1_327);

#[test]
fn numbers_of_tcp_count_as_tshark_counts() {
    const WANTED: [&str; 3] = ["tcp.seq", "tcp.ack", "tcp.window_size"];
    let Some(captures) = indexed() else { return };
    let crafted = captures.iter().filter(|c| c.name.starts_with("tcp-crafted/")).map(|c| c.name.as_str());
    let mut compared = 0;
    for name in STREAMS.iter().copied().chain(crafted) {
        let Some(capture) = captures.iter().find(|c| c.name == name) else { panic!("no {name}") };
        let mut command = Command::new("tshark");
        command.args(["-n", "-T", "fields", "-E", "separator=/t", "-E", "aggregator=|"]);
        command.args(["-o", "ip.defragment:FALSE", "-o", "ipv6.defragment:FALSE", "-r"]).arg(&capture.path);
        WANTED.iter().for_each(|field| _ = command.args(["-e", field]));
        let Ok(output) = command.output() else {
            println!("skipped: no tshark");
            return;
        };
        let output = String::from_utf8_lossy(&output.stdout).into_owned();
        let mut lines = output.lines();
        let (mut streams, mut number) = (StreamStarts::new(Rules::PLAIN), 0);
        packets(&capture.path, |packet| {
            streams.note(number, packet);
            let tree = browse::take_apart_in(&streams, number, packet, &Rules::PLAIN);
            number += 1;
            let wanted = lines.next().unwrap_or_else(|| panic!("{name}: as many packets"));
            // Of one segment each: in tunnels and quotes tshark counts every one.
            if tree.fields("tcp.seq_raw").count() != 1 || wanted.contains('|') {
                return;
            }
            if (name, number) == UNSEEN {
                assert_eq!(wanted, "\t\t", "tshark sees it now");
                return;
            }
            let value = |field| tree.fields(field).next().map_or(String::new(), |f| f.value.clone());
            assert_eq!(WANTED.map(value).join("\t"), wanted, "{name}: packet {number}: {}", tree.info);
            compared += 1;
        });
    }
    assert!(compared > 1_000, "{compared} segments");
}

/// Shows every packet of a capture.
fn packets(path: &Path, mut show: impl FnMut(&TapePacket<'_>)) {
    let mut source = file::open(&FileSettings { paths: vec![path.to_owned()], ..FileSettings::default() }).unwrap();
    let mut block = Block::new();
    loop {
        block.clear();
        let filled = source.fill(&mut block);
        for packet in &block.packets {
            let (time, link, wire, interface) = (packet.time, packet.link, packet.wire, packet.interface);
            show(&TapePacket { time, link, wire, interface, bytes: block.captured(packet) });
        }
        if !matches!(filled, Ok(Fill::Packets)) {
            return;
        }
    }
}

/// Shows every packet of a capture, taken apart.
fn each(path: &Path, mut show: impl FnMut(PacketTree, &[u8])) {
    let mut source = file::open(&FileSettings { paths: vec![path.to_owned()], ..FileSettings::default() }).unwrap();
    let mut block = Block::new();
    loop {
        block.clear();
        let filled = source.fill(&mut block);
        for packet in &block.packets {
            let bytes = block.captured(packet);
            show(browse::take_apart(packet.link, bytes, packet.wire, &Rules::PLAIN), bytes);
        }
        if !matches!(filled, Ok(Fill::Packets)) {
            return;
        }
    }
}

#[test]
fn every_packet_of_every_capture_is_taken_apart() {
    let Some(captures) = indexed() else { return };
    let (mut packets, mut fields) = (0, 0);
    for capture in &captures {
        each(&capture.path, |tree, bytes| {
            support::fuzz::assert_tree_is_sound(&tree, bytes);
            packets += 1;
            fields += tree.layers.iter().map(|l| l.fields.len()).sum::<usize>();
        });
    }
    assert!(packets > 50_000 && fields > 20 * packets, "{packets} packets, {fields} fields");
}

/// Captures that are compared, of one family of headers each. What is not the same on purpose is in none of them: tshark shows a message of
/// TLS or HTTP that is spread over segments in the last of them, here each segment tells its own part.
const COMPARED: &[&str] = &[
    "OISF__suricata-verify/decode-sll2-02__input.pcap",
    "OISF__suricata-verify/dhcp-request-flood__test.pcap",
    "OISF__suricata-verify/geneve-decoder__input.pcap",
    "OISF__suricata-verify/pppoe__input.pcap",
    "blitz__tcptrace/dsack.dmp.gz",
    "blitz__tcptrace/ppp_encap.dmp.gz",
    "blitz__tcptrace/psc.fddi.dmp.gz",
    "chrissanders__packets/3e80211_wpaauth.pcapng",
    "chrissanders__packets/arppoison.pcapng",
    "epiecs__packetlife-backup/EoMPLS_802.1q.pcap.cap",
    "epiecs__packetlife-backup/GLBP_election.cap",
    "epiecs__packetlife-backup/PAGP.cap",
    "epiecs__packetlife-backup/VRRP_failover.cap",
    "epiecs__packetlife-backup/path_MTU_discovery.cap",
    "hostile/ntop__nDPI/dhcp-fuzz.pcapng",
    "hostile/ntop__nDPI/fuzz-2021-10-13.pcap",
    "ntop__nDPI/capwap_data.pcapng",
    "ntop__nDPI/ipv6_in_gtp.pcap",
    "ntop__nDPI/kerberos.pcap",
    "seladb__PcapPlusPlus/ipv6_options.pcap",
    "seladb__PcapPlusPlus/many_interfaces-1.pcapng",
    "seladb__PcapPlusPlus/nanosecs_big_endian.pcap",
    "the-tcpdump-group__tcpdump/802.1w_rapid_STP.pcap",
    "the-tcpdump-group__tcpdump/HSRP_failover.pcap",
    "the-tcpdump-group__tcpdump/LACP.pcap",
    "the-tcpdump-group__tcpdump/LLDP_and_CDP.pcap",
    "the-tcpdump-group__tcpdump/UDLD.pcap",
    "the-tcpdump-group__tcpdump/bfd-sbfd.pcap",
    "the-tcpdump-group__tcpdump/lldp_8021_linkagg.pcap",
    "the-tcpdump-group__tcpdump/rpvstp-trunk-native-vid5.pcap",
    "the-tcpdump-group__tcpdump/erspan-type-i-4.pcap",
    "the-tcpdump-group__tcpdump/erspan-type-i-1.pcap",
    "the-tcpdump-group__tcpdump/erspan-type-ii-1.pcap",
    "the-tcpdump-group__tcpdump/erspan-type-iii-ft-0.pcap",
    "the-tcpdump-group__tcpdump/mpls-traceroute.pcap",
    "the-tcpdump-group__tcpdump/various_gre.pcap",
];

const FIELDS: &[&str] = &[
    "eth.src",
    "eth.dst",
    "vlan.id",
    "vlan.priority",
    "arp.opcode",
    "arp.src.hw_mac",
    "arp.src.proto_ipv4",
    "arp.dst.proto_ipv4",
    "ip.src",
    "ip.dst",
    "ip.ttl",
    "ip.id",
    "ip.len",
    "ip.proto",
    "ip.dsfield.dscp",
    "ip.flags.df",
    "ip.checksum",
    "ipv6.src",
    "ipv6.dst",
    "ipv6.hlim",
    "ipv6.plen",
    "ipv6.flow",
    "icmp.type",
    "icmp.code",
    "icmp.checksum",
    "icmp.seq",
    "icmpv6.type",
    "icmpv6.checksum",
    "igmp.type",
    "tcp.srcport",
    "tcp.dstport",
    "tcp.seq_raw",
    "tcp.ack_raw",
    "tcp.window_size_value",
    "tcp.checksum",
    "tcp.flags",
    "tcp.options.mss_val",
    "tcp.options.timestamp.tsval",
    "udp.srcport",
    "udp.dstport",
    "udp.length",
    "udp.checksum",
    "sctp.srcport",
    "sctp.verification_tag",
    "mpls.label",
    "mpls.ttl",
    "gre.proto",
    "vxlan.vni",
    "gtp.teid",
    "esp.spi",
    "erspan.spanid",
    "stp.root.cost",
    "stp.port",
    "dhcp.id",
    "lldp.tlv.type",
    "lldp.tlv.len",
    "lldp.chassis.subtype",
    "lldp.chassis.id.mac",
    "lldp.chassis.id.ip4",
    "lldp.port.subtype",
    "lldp.port.id",
    "lldp.time_to_live",
    "lldp.tlv.system.name",
    "lldp.tlv.system_cap",
    "lldp.tlv.enable_system_cap.bridge",
    "lldp.mgn.addr.ip4",
    "lldp.mgn.interface.number",
    "lldp.ieee.802_1.port_vlan.id",
    "lldp.ieee.802_1.vlan.id",
    "lldp.ieee.802_1.vlan.name",
    "lldp.ieee.802_1.aggregated_port_id",
    "lldp.ieee.802_3.pmd_mau_type",
    "lldp.ieee.802_3.max_frame_size",
    "lldp.ieee.802_3.mdi_pse_pair",
    "lldp.media.vlan_id",
    "lldp.media.dscp",
    "lldp.media.model",
    "cdp.ttl",
    "cdp.checksum",
    "cdp.deviceid",
    "cdp.portid",
    "cdp.capabilities",
    "cdp.number_of_addresses",
    "cdp.nrgyz.ip_address",
    "cdp.native_vlan",
    "cdp.vtp_management_domain",
    "udld.opcode",
    "udld.checksum",
    "udld.device_id",
    "udld.sent_through_interface",
    "vtp.code",
    "vtp.md",
    "vtp.conf_rev_num",
    "vtp.followers",
    "vtp.vlan_info.isl_vlan_id",
    "vtp.vlan_info.vlan_name",
    "dtp.domain",
    "dtp.tos",
    "dtp.tas",
    "dtp.tot",
    "dtp.senderid",
    "pagp.localdevid",
    "pagp.partnerdevid",
    "pagp.localgroupcap",
    "pagp.numtlvs",
    "pagp.tlvdevname",
    "pagp.tlvportname",
    "lacp.actor.sysid",
    "lacp.actor.key",
    "lacp.actor.state",
    "lacp.partner.port",
    "lacp.partner.state.expired",
    "lacp.collector.max_delay",
    "vrrp.prio",
    "vrrp.adver_int",
    "vrrp.checksum",
    "vrrp.ip_addr",
    "hsrp.opcode",
    "hsrp.state",
    "hsrp.priority",
    "hsrp.group",
    "hsrp.virt_ip",
    "glbp.group",
    "glbp.ownerid",
    "glbp.hello.vgstate",
    "glbp.hello.priority",
    "glbp.hello.helloint",
    "glbp.hello.virtualipv4",
    "glbp.reqresp.virtualmac",
    "glbp.reqresp.weight",
    "bfd.diag",
    "bfd.sta",
    "bfd.my_discriminator",
    "bfd.desired_min_tx_interval",
    "dhcp.type",
];

/// A value as a number where it is one.
fn plain(text: &str) -> String {
    let number = text.strip_prefix("0x").map_or_else(|| text.parse().ok(), |hex| u64::from_str_radix(hex, 16).ok());
    number.map_or_else(|| text.to_owned(), |number| number.to_string())
}

/// The values that tshark tells of each packet: by field.
fn tshark(path: &Path) -> Option<Vec<BTreeMap<&'static str, Vec<String>>>> {
    let mut command = Command::new("tshark");
    command.args(["-n", "-T", "fields", "-E", "separator=/t", "-E", "aggregator=|", "-E", "occurrence=a"]);
    command.args(["-o", "ip.defragment:FALSE", "-o", "ipv6.defragment:FALSE", "-o", "tcp.desegment_tcp_streams:FALSE", "-r"]).arg(path);
    for field in FIELDS {
        command.args(["-e", field]);
    }
    let output = command.output().ok().filter(|output| output.status.success())?;
    let row = |line: &str| {
        FIELDS.iter().copied().zip(line.split('\t').map(|cell| cell.split('|').filter(|v| !v.is_empty()).map(plain).collect())).collect()
    };
    Some(String::from_utf8_lossy(&output.stdout).lines().map(row).collect())
}

#[test]
fn fields_are_those_that_tshark_tells() {
    let Some(captures) = indexed() else { return };
    let mut compared = 0;
    for name in COMPARED {
        let capture = captures.iter().find(|c| c.name == *name).unwrap_or_else(|| panic!("no {name}"));
        let Some(wanted) = tshark(&capture.path) else {
            println!("skipped: no tshark");
            return;
        };
        let mut wanted = wanted.into_iter().enumerate();
        each(&capture.path, |tree, _| {
            let (at, wanted) = wanted.next().expect("as many packets");
            for (field, values) in wanted {
                let found = tree.fields(field).map(|f| f.number.map_or_else(|| f.value.clone(), |n| n.to_string())).collect::<Vec<_>>();
                assert_eq!(found, values, "{name}: packet {}, {field}", at + 1);
                compared += values.len();
            }
        });
        assert!(wanted.next().is_none(), "{name}: a packet is missing");
    }
    assert!(compared > 5_000, "{compared} values");
}
