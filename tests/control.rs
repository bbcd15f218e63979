//! Control protocols against tshark, field by field: on every capture that has them, and on frames made from the standards.

mod support;

use serde_json::Value;
use spantop::decode::{self, Headers, Peel, Rules};
use spantop::model::{
    Address, Bpdu, BpduKind, ControlBody, EapolStep, Frame, GatewayHello, GatewayProtocol, GroupQuery, Lacp, LacpEnd, LinkType, Neighbour,
    NeighbourProtocol, OspfPacket, SpeakerHello,
};
use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;
use support::captures::indexed;
use support::packet::{control, file};

/// What is compared.
const PROTOCOLS: &str = "lldp || cdp || fdp || edp || mndp || udld || pagp || vtp || dtp || stp || lacp || vrrp || carp || hsrp || glbp || ospf || \
                         bgp.type == 3 || igmp.type == 0x11 || icmpv6.type == 130 || bfd || eapol || isis.hello || eigrp.opcode == 5 || \
                         ptp.v2.messagetype == 0xb";

/// tshark's fields of one packet, each with all its values.
type Fields = BTreeMap<String, Vec<String>>;

/// The leaves of tshark's tree by their names.
fn leaves(tree: &Value, fields: &mut Fields) {
    // A segment may hold several messages.
    if let Value::Array(several) = tree {
        several.iter().for_each(|one| leaves(one, fields));
    }
    let Value::Object(members) = tree else { return };
    for (name, value) in members {
        // `stp_stp_root_hw`: the protocol, then the field.
        let name = name.split_once('_').map_or(name.as_str(), |(_, field)| field);
        let values = match value {
            Value::Array(values) => values.clone(),
            one => vec![one.clone()],
        };
        for value in values {
            match &value {
                Value::String(text) => fields.entry(name.to_owned()).or_default().push(text.clone()),
                Value::Bool(is) => fields.entry(name.to_owned()).or_default().push(u8::from(*is).to_string()),
                tree => leaves(tree, fields),
            }
        }
    }
}

/// tshark's packets of a file: number, bytes, fields. `None`, and a printed note, without tshark.
fn tshark(path: &Path) -> Option<Vec<(String, Vec<u8>, Fields)>> {
    let arguments = ["-T", "ek", "-x", "-Y", PROTOCOLS];
    let Ok(output) = Command::new("tshark").arg("-r").arg(path).args(arguments).output() else {
        println!("skipped: no tshark");
        return None;
    };
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let packets = text.lines().filter(|line| line.starts_with("{\"timestamp\"")).map(|line| {
        let tree: Value = serde_json::from_str(line).unwrap_or_else(|e| panic!("{}: {e}: {line}", path.display()));
        let layers = tree["layers"].as_object().unwrap();
        let hex = layers["frame_raw"].as_str().unwrap();
        let bytes = (0..hex.len() / 2).map(|at| u8::from_str_radix(&hex[2 * at..2 * at + 2], 16).unwrap()).collect();
        let mut fields = Fields::new();
        layers.values().for_each(|layer| leaves(layer, &mut fields));
        let number = fields["frame_number"][0].clone();
        (number, bytes, fields)
    });
    Some(packets.collect())
}

/// What a frame says, whatever tunnel it came in.
fn read(bytes: &[u8]) -> Option<ControlBody> {
    let mut headers = Headers::default();
    decode::walk(LinkType::ETHERNET, bytes, bytes.len() as u32, &Rules::PLAIN, Peel::ALL, &mut headers);
    let mut frame = Frame::default();
    headers.show(bytes, headers.flow(), &mut frame);
    let session = || decode::session(&frame).and_then(|hello| decode::session_message(&frame, hello));
    decode::network_message(&frame).or_else(|| decode::bare_message(&frame)).or_else(session).map(|message| message.body)
}

/// A claim: tshark's field has these values, as numbers where they are some.
struct Claims(Vec<(&'static str, Claim)>);

/// What is claimed of a field.
enum Claim {
    /// All its values, in order.
    All(Vec<String>),
    /// The first of them.
    First(String),
    /// Whether it has this value.
    Is(String, bool),
    /// This field or the other one has this value.
    Either(&'static str, String),
}

impl Claims {
    fn number(&mut self, field: &'static str, value: impl Into<u64>) {
        self.0.push((field, Claim::All(vec![value.into().to_string()])));
    }

    fn known(&mut self, field: &'static str, value: Option<impl Into<u64>>) {
        self.0.push((field, Claim::All(value.into_iter().map(|v| v.into().to_string()).collect())));
    }

    fn text(&mut self, field: &'static str, value: &str) {
        self.0.push((field, Claim::All(Some(value).filter(|v| !v.is_empty()).map(str::to_owned).into_iter().collect())));
    }

    fn list<T: ToString>(&mut self, field: &'static str, values: impl IntoIterator<Item = T>) {
        self.0.push((field, Claim::All(values.into_iter().map(|v| v.to_string()).collect())));
    }

    fn any(&mut self, fields: [&'static str; 2], value: &str) {
        self.0.push((fields[0], Claim::Either(fields[1], value.to_owned())));
    }

    fn first<T: ToString>(&mut self, field: &'static str, value: Option<T>) {
        self.0.extend(value.map(|value| (field, Claim::First(value.to_string()))));
    }

    fn is(&mut self, field: &'static str, value: &str, is: bool) {
        self.0.push((field, Claim::Is(value.to_owned(), is)));
    }
}

fn speaker(told: &SpeakerHello) -> Claims {
    let mut c = Claims(Vec::new());
    match told {
        SpeakerHello::Isis { area, hold, .. } => {
            c.text("hello_isis_hello_source_id", &told.who());
            c.number("hello_isis_hello_holding_timer", *hold);
            // tshark says the length as well.
            let length = area.len() as u8;
            c.list("hello_isis_hello_area_address", (length > 0).then(|| hex(&[&[length], &area[..]].concat())));
        }
        SpeakerHello::Eigrp { number, hold, .. } => {
            c.number("eigrp_as", *number);
            c.number("eigrp_par_holdtime", *hold);
        }
        SpeakerHello::Ptp { domain, clock, grandmaster, priorities, class, steps, interval } => {
            c.number("ptp_v2_domainnumber", *domain);
            let identity = |clock: &[u8; 8]| format!("0x{:016x}", u64::from_be_bytes(*clock));
            c.text("ptp_v2_clockidentity", &identity(clock));
            c.text("ptp_v2_an_grandmasterclockidentity", &identity(grandmaster));
            c.number("ptp_v2_an_priority1", priorities[0]);
            c.number("ptp_v2_an_priority2", priorities[1]);
            c.number("ptp_v2_an_grandmasterclockclass", *class);
            c.number("ptp_v2_an_localstepsremoved", *steps);
            c.text("ptp_v2_logmessageperiod", &interval.to_string());
        }
        SpeakerHello::Bfd(b) => {
            c.number("bfd_sta", b.state);
            c.number("bfd_diag", b.diagnostic);
            c.number("bfd_detect_time_multiplier", b.multiplier);
            c.number("bfd_my_discriminator", b.numbers[0]);
            c.number("bfd_your_discriminator", b.numbers[1]);
            c.number("bfd_desired_min_tx_interval", b.intervals[0]);
            c.number("bfd_required_min_rx_interval", b.intervals[1]);
            c.number("bfd_flags_d", u8::from(b.is_demanding));
        }
        // Not a control packet: its dissector is compared elsewhere.
        SpeakerHello::Ntp(_) => {}
    }
    c
}

/// `03:49:00:01`.
fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|b| format!("{b:02x}")).collect::<Vec<_>>().join(":")
}

fn lldp(n: &Neighbour, c: &mut Claims) {
    c.list("lldp_chassis_id_mac", n.chassis_mac);
    c.text("lldp_tlv_system_name", &n.system);
    c.text("lldp_port_desc", &n.port_description);
    c.known("lldp_time_to_live", n.hold);
    c.known("lldp_ieee_802_1_port_vlan_id", n.native_vlan);
    c.list("lldp_ieee_802_1_vlan_id", n.vlans.iter().map(|v| v.0));
    c.list("lldp_ieee_802_1_vlan_name", n.vlans.iter().map(|v| &v.1));
    c.known("lldp_ieee_802_3_mac_phy_auto_neg_status_supported", n.link.negotiates.map(|n| u8::from(n[0])));
    c.known("lldp_ieee_802_3_mac_phy_auto_neg_status_enabled", n.link.negotiates.map(|n| u8::from(n[1])));
    c.known("lldp_ieee_802_3_pmd_auto_neg_advertised_caps", n.link.offers);
    c.known("lldp_ieee_802_3_pmd_mau_type", n.link.mau_type);
    c.known("lldp_ieee_802_3_max_frame_size", n.link.max_frame);
    if let Some((_, is_used, port)) = n.link.aggregation {
        let fields = ["lldp_ieee_802_1_aggregated_port_id", "lldp_ieee_802_3_aggregated_port_id"];
        c.any(fields, &port.to_string());
        c.any(["lldp_ieee_802_1_aggregation_status_enabled", "lldp_ieee_802_3_aggregation_status_enabled"], &u8::from(is_used).to_string());
    }
    c.text("lldp_media_sn", &n.inventory.serial);
    c.text("lldp_media_model", &n.inventory.model);
    c.text("lldp_media_hardware", &n.inventory.hardware);
    c.text("lldp_media_firmware", &n.inventory.firmware);
    c.text("lldp_media_software", &n.inventory.software);
    c.text("lldp_media_manufacturer", &n.inventory.manufacturer);
    c.text("lldp_media_asset", &n.inventory.asset);
    let policy = n.policies.first();
    c.known("lldp_media_vlan_id", policy.map(|p| p.vlan));
    c.known("lldp_media_l2_prio", policy.map(|p| p.priority));
    c.known("lldp_media_dscp", policy.map(|p| p.dscp));
    if n.able.0 != 0 {
        c.number("lldp_tlv_system_cap", n.able.0);
        c.number("lldp_tlv_enable_system_cap", n.enabled.0);
    }
    if n.port_kind == Some(5) || n.port_kind == Some(1) {
        c.text("lldp_port_id", &n.port);
    }
    let v4 = |a: &&Address| matches!(a, Address::V4(_));
    c.list("lldp_mgn_addr_ip4", n.management.iter().filter(v4));
}

fn cdp(n: &Neighbour, c: &mut Claims) {
    c.text("cdp_deviceid", &n.chassis);
    c.text("cdp_portid", &n.port);
    c.text("cdp_platform", &n.platform);
    c.text("cdp_system_name", &n.system);
    c.text("cdp_vtp_management_domain", &n.domain);
    c.known("cdp_ttl", n.hold);
    c.known("cdp_native_vlan", n.native_vlan);
    c.known("cdp_duplex", n.link.full_duplex.map(u8::from));
    c.known("cdp_mtu", n.link.mtu);
}

/// A ring in words, as numbers: `…, control VLAN 4000, from 02:…, hellos every 1 s, failed after 3 s, number 258`.
fn ring(words: &str, c: &mut Claims) {
    let behind = |mark: &str| words.split_once(mark).and_then(|(_, rest)| rest.split([',', ' ']).next()).unwrap_or_default();
    let kinds = ["health", "ring is up again", "ring is down", "link is down"];
    c.known("edp_eaps_type", kinds.iter().position(|kind| words.starts_with(kind)).map(|at| at as u64 + 5));
    let states = ["idle", "complete", "failed", "links up", "link down", "pre-forwarding"];
    c.known("edp_eaps_state", states.iter().position(|state| words.contains(&format!(", {state}, control"))).map(|at| at as u64));
    c.text("edp_eaps_vlanid", behind("control VLAN "));
    c.text("edp_eaps_sysmac", behind("from "));
    c.text("edp_eaps_hello", behind("hellos every "));
    c.text("edp_eaps_fail", behind("failed after "));
    c.text("edp_eaps_helloseq", behind("number "));
}

/// What a neighbour says, with the names of tshark's fields.
fn neighbour(n: &Neighbour) -> Claims {
    let mut c = Claims(Vec::new());
    match n.protocol {
        // Asked for, never captured.
        NeighbourProtocol::Snmp => panic!("{n:?} was not heard"),
        NeighbourProtocol::Lldp => lldp(n, &mut c),
        NeighbourProtocol::Cdp => cdp(n, &mut c),
        NeighbourProtocol::Udld => {
            c.text("udld_device_id", &n.chassis);
            c.text("udld_sent_through_interface", &n.port);
            if let Some((device, _)) = n.heard.first() {
                assert!(n.facts().iter().any(|(what, words)| *what == "hears" && words.contains(device)), "{n:?}");
            }
        }
        NeighbourProtocol::Pagp => {
            c.text("pagp_tlvdevname", &n.system);
            c.text("pagp_tlvportname", &n.port);
            c.list("pagp_localdevid", n.chassis_mac);
            if let Some((_, partner)) = n.said.iter().find(|(what, _)| *what == "partner") {
                c.text("pagp_partnerdevid", partner);
            }
        }
        NeighbourProtocol::Vtp => {
            c.text("vtp_md", &n.domain);
            c.known("vtp_conf_rev_num", n.revision);
            c.list("vtp_vlan_info_isl_vlan_id", n.vlans.iter().map(|v| v.0));
            c.list("vtp_vlan_info_vlan_name", n.vlans.iter().map(|v| &v.1));
        }
        NeighbourProtocol::Dtp => {
            c.text("dtp_domain", &n.domain);
            c.list("dtp_senderid", n.chassis_mac);
            c.known("dtp_tas", n.trunk.map(|t| t[0] & 7));
            c.known("dtp_tos", n.trunk.map(|t| t[0] >> 7));
            c.known("dtp_tat", n.trunk.map(|t| t[1] & 7));
            c.known("dtp_tot", n.trunk.map(|t| t[1] >> 5));
        }
        NeighbourProtocol::Mndp => {
            c.list("mndp_mac", n.chassis_mac);
            c.text("mndp_identity", &n.system);
            c.text("mndp_version", &n.description);
            c.text("mndp_platform", &n.platform);
            c.text("mndp_board", &n.inventory.model);
            c.text("mndp_interfacename", &n.port);
        }
        NeighbourProtocol::Edp => {
            c.list("edp_midmac", n.chassis_mac);
            c.text("edp_display_string", &n.system);
            c.list("edp_vlan_id", n.vlans.iter().map(|v| v.0));
            c.list("edp_vlan_name", n.vlans.iter().map(|v| &v.1));
            if let Some((_, words)) = n.facts().iter().find(|(what, _)| *what == "EAPS") {
                ring(words, &mut c);
            }
        }
        NeighbourProtocol::Fdp => {
            c.list("fdp_string_text", [&n.chassis, &n.port, &n.description, &n.platform]);
            c.known("fdp_holdtime", n.hold);
        }
    }
    c
}

fn bpdu(b: &Bpdu) -> Claims {
    let mut c = Claims(Vec::new());
    c.number("stp_version", b.version);
    if b.kind == BpduKind::TopologyChange {
        c.number("stp_type", 0x80u8);
        return c;
    }
    c.known("stp_flags", Some(b.flags.0));
    for (names, id) in [(["stp_root_prio", "stp_root_ext"], b.root), (["stp_bridge_prio", "stp_bridge_ext"], b.bridge)] {
        c.number(names[0], id.priority & 0xf000);
        c.number(names[1], id.priority & 0x0fff);
    }
    c.list("stp_root_hw", [b.root.mac]);
    c.list("stp_bridge_hw", [b.bridge.mac]);
    c.number("stp_root_cost", b.cost);
    c.number("stp_port", b.port);
    for (name, time) in [("stp_msg_age", b.age), ("stp_max_age", b.max_age), ("stp_hello", b.hello), ("stp_forward", b.forward_delay)] {
        c.list(name, [Bpdu::seconds(time)]);
    }
    c.known("stp_pvst_origvlan", b.vlan);
    if let Some(r) = &b.region {
        c.text("mstp_config_name", &r.name);
        c.number("mstp_config_revision_level", r.revision);
        c.number("mstp_cist_internal_root_path_cost", r.cost);
        c.list("mstp_cist_bridge_hw", [r.bridge.mac]);
        c.number("mstp_cist_bridge_prio", r.bridge.priority & 0xf000);
        c.number("mstp_cist_remaining_hops", r.hops);
        c.list("mstp_msti_root_hw", r.instances.iter().map(|i| i.root.mac));
        c.list("mstp_msti_root_cost", r.instances.iter().map(|i| i.cost));
        c.list("mstp_msti_remaining_hops", r.instances.iter().map(|i| i.hops));
        c.list("mstp_msti_flags", r.instances.iter().map(|i| i.flags.0));
    }
    c
}

fn lacp(l: &Lacp) -> Claims {
    let mut c = Claims(Vec::new());
    let mut end = |names: [&'static str; 6], e: &LacpEnd| {
        c.list(names[0], [e.system]);
        c.number(names[1], e.system_priority);
        c.number(names[2], e.key);
        c.number(names[3], e.port_priority);
        c.number(names[4], e.port);
        c.number(names[5], e.state.0);
    };
    end(
        [
            "lacp_actor_sysid",
            "lacp_actor_sys_priority",
            "lacp_actor_key",
            "lacp_actor_port_priority",
            "lacp_actor_port",
            "lacp_actor_state",
        ],
        &l.actor,
    );
    end(
        [
            "lacp_partner_sysid",
            "lacp_partner_sys_priority",
            "lacp_partner_key",
            "lacp_partner_port_priority",
            "lacp_partner_port",
            "lacp_partner_state",
        ],
        &l.partner,
    );
    c.known("lacp_collector_max_delay", l.max_delay);
    c
}

fn gateway(g: &GatewayHello) -> Claims {
    let mut c = Claims(Vec::new());
    let millis = g.hello.unwrap_or(0) as u64 / 1_000_000;
    match (g.protocol, g.version) {
        (GatewayProtocol::Vrrp, version) => {
            c.number("vrrp_virt_rtr_id", g.group);
            c.number("vrrp_prio", g.priority);
            c.list("vrrp_version", [version]);
            let v4 = g.address.filter(|a| matches!(a, Address::V4(_)));
            c.first("vrrp_ip_addr", v4);
            match version {
                2 => c.number("vrrp_adver_int", millis / 1000),
                _ => c.number("vrrp_short_adver_int", millis / 10),
            }
        }
        (GatewayProtocol::Hsrp, 1) => {
            c.number("hsrp_group", g.group);
            c.number("hsrp_priority", g.priority);
            c.number("hsrp_hellotime", millis / 1000);
            c.number("hsrp_opcode", if g.leaves { 2u8 } else { 0 });
            c.is("hsrp_state", "16", g.is_active);
            c.list("hsrp_virt_ip", g.address);
        }
        (GatewayProtocol::Hsrp, _) => {
            c.number("hsrp2_group", g.group);
            c.number("hsrp2_priority", g.priority);
            c.number("hsrp2_hellotime", millis);
            c.is("hsrp2_state", "6", g.is_active);
            c.list("hsrp2_virt_ip", g.address.filter(|a| matches!(a, Address::V4(_))));
        }
        (GatewayProtocol::Glbp, _) => {
            c.number("glbp_group", g.group);
            c.number("glbp_hello_priority", g.priority);
            c.number("glbp_hello_helloint", millis);
            c.list("glbp_hello_virtualipv4", g.address);
            c.is("glbp_hello_vgstate", "32", g.is_active);
        }
        (GatewayProtocol::Carp, _) => {
            c.number("carp_vhid", g.group);
            c.number("carp_advskew", g.priority);
            c.number("carp_adver_int", millis / 1000);
        }
    }
    c
}

fn ospf(o: &OspfPacket, is_damaged: bool) -> Claims {
    let mut c = Claims(Vec::new());
    c.number("ospf_version", o.version);
    c.number("ospf_msg", o.kind);
    c.list("ospf_srcrouter", [o.router]);
    c.list("ospf_area_id", [o.area]);
    if o.version == 2 {
        c.known("ospf_hello_hello_interval", o.hello.map(|h| h.interval));
        c.known("ospf_hello_router_dead_interval", o.hello.map(|h| h.dead));
        let mask = |bits: u8| std::net::Ipv4Addr::from(u32::MAX.checked_shl(32 - u32::from(bits)).unwrap_or(0));
        c.list("ospf_hello_network_mask", o.hello.and_then(|h| h.mask).map(mask));
    }
    // Where tshark takes a packet for damaged it stops before the last of them.
    if let Some(hello) = o.hello.filter(|h| usize::from(h.neighbours) <= h.heard.len() && !is_damaged) {
        let heard = hello.heard.iter().take(hello.neighbours.into());
        c.list("ospf_hello_active_neighbor", heard.map(|router| std::net::Ipv4Addr::from(*router)));
    }
    c.known("ospf_db_interface_mtu", o.mtu);
    c
}

fn query(q: &GroupQuery) -> Claims {
    let mut c = Claims(Vec::new());
    match q.querier {
        Address::V4(_) => {
            c.number("igmp_version", q.version);
            c.is("igmp_maddr", "0.0.0.0", q.is_general);
        }
        // tshark has fields of version 2 for what only that has.
        _ => {
            c.number("icmpv6_type", 130u8);
            c.is("icmpv6_mld_multicast_address", "::", q.is_general);
            c.known("icmpv6_mld_flag_qrv", (q.version == 2).then_some(2u8));
        }
    }
    c
}

/// Numbers in one form: `0x1f` and `31`, `20` and `20.0`.
fn plain(text: &str) -> String {
    let hex = text.strip_prefix("0x").and_then(|digits| u64::from_str_radix(digits, 16).ok());
    hex.map_or_else(|| text.trim().parse::<f64>().map_or_else(|_| text.trim().to_owned(), |n| n.to_string()), |n| n.to_string())
}

/// Compares what a packet says with tshark's fields; how many fields agreed.
fn compare(place: &str, body: &ControlBody, fields: &Fields) -> usize {
    let claims = match body {
        ControlBody::Neighbour(n) => neighbour(n),
        ControlBody::Bpdu(b) => bpdu(b),
        ControlBody::Lacp(l) => lacp(l),
        ControlBody::Gateway(g) => gateway(g),
        ControlBody::Ospf(o) => {
            let says = |text: &String| text.contains("Malformed Packet");
            ospf(o, fields.iter().any(|(name, texts)| name.contains("expert_message") && texts.iter().any(says)))
        }
        ControlBody::Query(q) => query(q),
        ControlBody::Speaker(told) => speaker(told),
        ControlBody::Closing(told) => {
            let mut c = Claims(Vec::new());
            c.number("bgp_notify_major_error", told.code[0]);
            c.known("bgp_notify_minor_error_cease", Some(told.code[1]).filter(|_| told.code[0] == 6));
            c.text("bgp_notify_communication", &told.words.to_string());
            c
        }
        ControlBody::Eapol(step, method) => {
            let code = match step {
                EapolStep::Request => Some(1u8),
                EapolStep::Response => Some(2),
                EapolStep::Success => Some(3),
                EapolStep::Failure => Some(4),
                _ => None,
            };
            let mut c = Claims(Vec::new());
            c.known("eap_code", code);
            let kind = match step {
                EapolStep::Start => Some(1u8),
                EapolStep::Logoff => Some(2),
                EapolStep::Key => Some(3),
                EapolStep::Other => None,
                _ => Some(0),
            };
            kind.into_iter().for_each(|kind| c.number("eapol_type", kind));
            if let Some(method) = method {
                c.number("eap_type", *method);
            }
            c
        }
    };
    let mut agreed = 0;
    for (field, ours) in claims.0 {
        let theirs: Vec<String> = fields.get(field).into_iter().flatten().map(|v| plain(v)).filter(|v| !v.is_empty()).collect();
        let told = match ours {
            Claim::All(ours) => {
                let ours: Vec<String> = ours.iter().map(|v| plain(v)).collect();
                assert_eq!(ours, theirs, "{place}: {field}: ours, tshark's");
                !ours.is_empty()
            }
            Claim::First(ours) => {
                assert_eq!(Some(&plain(&ours)), theirs.first(), "{place}: {field}: ours, the first of tshark's");
                true
            }
            Claim::Either(other, value) => {
                let others = fields.get(other).into_iter().flatten().map(|v| plain(v));
                let all: Vec<String> = theirs.iter().cloned().chain(others).collect();
                assert!(all.contains(&plain(&value)), "{place}: {field} or {other}: {value}, tshark's {all:?}");
                true
            }
            Claim::Is(value, is) => {
                assert_eq!(theirs.first().map(|first| *first == value), Some(is), "{place}: {field}: {theirs:?}");
                true
            }
        };
        agreed += usize::from(told);
    }
    agreed
}

/// What organisations add, in words, beside tshark's fields: what, its words, and fields with their values in tshark's plain form.
type Said = (&'static str, &'static str, &'static [(&'static str, &'static [&'static str])]);
const SELDOM: [Said; 15] = [
    (
        "aggregation",
        "part of port 1001",
        &[
            ("lldp_ieee_802_3_aggregation_status_cap", &["1"]),
            ("lldp_ieee_802_3_aggregation_status_enabled", &["1"]),
            ("lldp_ieee_802_3_aggregated_port_id", &["1001"]),
        ],
    ),
    (
        "protocol VLAN",
        "77 enabled",
        &[("lldp_ieee_802_1_port_proto_vlan_id", &["77"]), ("lldp_ieee_802_1_port_and_vlan_id_flag_enabled", &["1"])],
    ),
    ("protocol identity", "802.1X 888e010203", &[("lldp_ieee_802_1_proto_id", &["88:8e:01:02:03"])]),
    (
        "congestion notification",
        "priorities 3, 4, ready 3",
        &[
            ("lldp_ieee_802_1qau_cnpv_prio3", &["1"]),
            ("lldp_ieee_802_1qau_cnpv_prio4", &["1"]),
            ("lldp_ieee_802_1qau_ready_prio3", &["1"]),
            ("lldp_ieee_802_1qau_ready_prio4", &["0"]),
        ],
    ),
    (
        "ETS",
        "willing, at most 4 classes; classes 0, 0, 1, 2, 3, 0, 0, 0; bandwidth 40, 30, 20, 10, 0, 0, 0, 0 %; \
         ETS, ETS, ETS, ETS, strict, strict, strict, strict",
        &[("lldp_dcbx_ieee_ets_maxtcs", &["4"]), ("lldp_dcbx_ieee_ets_tsa3", &["2"]), ("lldp_dcbx_ieee_ets_tsa4", &["0"])],
    ),
    ("PFC", "willing, priorities 3, 4, at most 8", &[("lldp_dcbx_ieee_pfc_numtcs", &["8"])]),
    ("application priority", "ethertype 0x8906 priority 3", &[("lldp_dcbx_ieee_app_prio", &["3"])]),
    (
        "energy-efficient Ethernet",
        "transmit 17 µs, receive 18 µs, fallback 19 µs, echo transmit 20 µs, echo receive 21 µs",
        &[
            ("lldp_ieee_802_3_eee_transmit", &["17"]),
            ("lldp_ieee_802_3_eee_receive", &["18"]),
            ("lldp_ieee_802_3_eee_fallback_receive", &["19"]),
            ("lldp_ieee_802_3_eee_echo_transmit", &["20"]),
            ("lldp_ieee_802_3_eee_echo_receive", &["21"]),
        ],
    ),
    (
        "preemption",
        "active, fragments of 128 bytes at least",
        &[("lldp_ieee_802_3br_aec_active", &["1"]), ("lldp_ieee_802_3br_aec_addfragsize", &["1"])],
    ),
    ("media values", "capabilities, network policy, powered device, inventory", &[("lldp_media_subtype_caps", &["51"])]),
    ("media", "endpoint class III (communication)", &[("lldp_media_subtype_class", &["3"])]),
    ("location", "DE, city Berlin, room 12", &[("lldp_media_civic_country", &["DE"]), ("lldp_media_civic_value", &["Berlin", "12"])]),
    ("location", "emergency number 4930112", &[("lldp_media_ecs", &["4930112"])]),
    ("PoE source", "the switch, priority critical", &[("lldp_media_power_prio", &["1"]), ("lldp_media_power_value", &["65"])]),
    ("managed by", "ifIndex 7", &[("lldp_mgn_interface_number", &["7"])]),
];

#[test]
fn what_organisations_add_has_words_and_is_what_tshark_says() {
    let frame = control::seldom_lldp([2, 0, 0, 0, 0, 9]);
    let Some(ControlBody::Neighbour(told)) = read(&frame) else { panic!("no neighbour") };
    let facts = told.facts();
    for (what, words, _) in &SELDOM {
        assert!(facts.iter().any(|(name, said)| name == what && said == words), "{what} {words}: {facts:?}");
    }
    assert!(facts.iter().any(|fact| *fact == ("other organisation", "aa:bb:cc subtype 1 6f6464".to_owned())), "{facts:?}");
    assert!(!told.is_broken);
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join("seldom.pcap");
    std::fs::write(&path, file::pcap([(0, &frame[..])])).unwrap();
    let Some(packets) = tshark(&path) else { return };
    let [(_, _, fields)] = &packets[..] else { panic!("tshark knows {} packets", packets.len()) };
    for (what, _, claims) in &SELDOM {
        for (field, values) in *claims {
            let theirs: Vec<String> = fields.get(*field).into_iter().flatten().map(|v| plain(v)).collect();
            assert_eq!(theirs, *values, "{what}: {field}");
        }
    }
}

#[test]
fn every_field_as_tshark_says_on_captures() {
    let Some(captures) = indexed() else { return };
    let mut agreed = BTreeMap::new();
    let words = [
        "stp", "lldp", "cdp", "lacp", "udld", "pagp", "vtp", "dtp", "hsrp", "vrrp", "glbp", "ospf", "mndp", "igmp", "eapol", "capwap",
        "1kxun", "isis", "eigrp", "ptp", "bfd", "mld", "802.1x",
    ];
    for capture in captures {
        let lower = format!("{} {}", capture.name, capture.exercises).to_lowercase();
        if !words.iter().any(|word| lower.contains(word)) {
            continue;
        }
        let Some(packets) = tshark(&capture.path) else { return };
        for (number, bytes, fields) in packets {
            let is_ethernet = fields["frame_encap_type"][0] == "1";
            if let Some(body) = read(&bytes).filter(|_| is_ethernet) {
                let place = format!("{} packet {number}", capture.name);
                *agreed.entry(kind(&body)).or_insert(0) += compare(&place, &body, &fields);
            }
        }
    }
    println!("fields that agree: {agreed:?}");
    for kind in ["lldp", "cdp", "udld", "pagp", "vtp", "dtp", "mndp", "bpdu", "lacp", "gateway", "ospf", "isis", "ptp"] {
        assert!(agreed.get(kind).is_some_and(|n| *n > 0), "{kind}: {agreed:?}");
    }
}

/// A word for what a packet is.
fn kind(body: &ControlBody) -> &'static str {
    match body {
        ControlBody::Neighbour(n) => n.protocol.token(),
        ControlBody::Bpdu(_) => "bpdu",
        ControlBody::Lacp(_) => "lacp",
        ControlBody::Gateway(_) => "gateway",
        ControlBody::Ospf(_) => "ospf",
        ControlBody::Query(_) => "query",
        ControlBody::Speaker(told) => told.protocol(),
        ControlBody::Closing(_) => "closing",
        ControlBody::Eapol(..) => "eapol",
    }
}

#[test]
fn every_field_as_tshark_says_on_frames_made_from_the_standards() {
    let frames = control::all();
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join("control.pcap");
    let packets = frames.iter().zip(0..).map(|((_, frame), at)| (at, &frame[..]));
    std::fs::write(&path, file::pcap(packets)).unwrap();
    for (name, frame) in &frames {
        assert_eq!(read(frame).as_ref().map(kind), Some(*name));
    }
    let Some(packets) = tshark(&path) else { return };
    assert_eq!(packets.len(), frames.len(), "tshark knows them all");
    for ((name, frame), (number, bytes, fields)) in frames.iter().zip(packets) {
        assert_eq!(frame, &bytes);
        let agreed = compare(&format!("{name}, packet {number}"), &read(frame).unwrap(), &fields);
        assert!(agreed > 0, "{name}: nothing compared");
    }
}

#[test]
fn pauses_as_tshark_says() {
    // PAUSE of a link and of single priorities (IEEE 802.3 annex 31B, IEEE 802.1Q clause 36); quanta of none end one.
    let station = [2, 0, 0, 0, 0, 9];
    let frames = [
        control::pause(station, 0xffff),
        control::pause(station, 0),
        control::priority_pause(station, [0, 0, 0, 0x1234, 0, 0, 0, 7]),
        control::priority_pause(station, [0; 8]),
    ];
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join("pauses.pcap");
    std::fs::write(&path, file::pcap(frames.iter().zip(0..).map(|(frame, at)| (at, &frame[..])))).unwrap();
    let arguments = ["-T", "fields", "-e", "macc.pause_time", "-e", "macc.cbfc.pause_time.c3", "-e", "macc.cbfc.pause_time.c7"];
    let Ok(output) = Command::new("tshark").arg("-r").arg(&path).args(arguments).output() else { return };
    let theirs: Vec<bool> = String::from_utf8_lossy(&output.stdout)
        .lines()
        .map(|line| line.split('\t').any(|quanta| quanta.trim().parse::<u32>().is_ok_and(|quanta| quanta > 0)))
        .collect();
    let ours: Vec<bool> = frames
        .iter()
        .map(|bytes| {
            let mut headers = Headers::default();
            decode::walk(LinkType::ETHERNET, bytes, bytes.len() as u32, &Rules::PLAIN, Peel::ALL, &mut headers);
            let mut frame = Frame::default();
            headers.show(bytes, headers.flow(), &mut frame);
            spantop::switch::pauses(&frame)
        })
        .collect();
    assert_eq!((ours.as_slice(), theirs.as_slice()), (&[true, false, true, false][..], &[true, false, true, false][..]));
}
