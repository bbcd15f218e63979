//! Fields of Cisco's protocols between switches: CDP, UDLD (RFC 5171), VTP, DTP, PAgP.

use crate::model::{LayerWriter, Show, ValueHeads};

/// Two bytes of type and two of length, which counts both.
const fn heads(names: [&'static str; 2], words: fn(u64) -> &'static str) -> ValueHeads {
    ValueHeads { width: 2, counts_head: true, names, words }
}

fn cdp_name(kind: u64) -> &'static str {
    match kind {
        1 => "Device ID",
        2 => "Addresses",
        3 => "Port ID",
        4 => "Capabilities",
        5 => "Software version",
        6 => "Platform",
        7 => "IP prefix",
        8 => "Protocol hello",
        9 => "VTP management domain",
        10 => "Native VLAN",
        11 => "Duplex",
        14 => "VoIP VLAN reply",
        15 => "VoIP VLAN query",
        16 => "Power consumption",
        17 => "MTU",
        18 => "Trust bitmap",
        19 => "Untrusted port CoS",
        20 => "System name",
        21 => "System object ID",
        22 => "Management addresses",
        23 => "Location",
        25 => "Power requested",
        26 => "Power available",
        _ => "Value",
    }
}

const CDP_ABILITIES: &[(&str, &str, u64)] = &[
    ("cdp.capabilities.router", "Router", 0x01),
    ("cdp.capabilities.trans_bridge", "Transparent bridge", 0x02),
    ("cdp.capabilities.src_bridge", "Source route bridge", 0x04),
    ("cdp.capabilities.switch", "Switch", 0x08),
    ("cdp.capabilities.host", "Host", 0x10),
    ("cdp.capabilities.igmp_capable", "IGMP capable", 0x20),
    ("cdp.capabilities.repeater", "Repeater", 0x40),
    ("cdp.capabilities.voip_phone", "VoIP phone", 0x80),
    ("cdp.capabilities.remote", "Remotely managed device", 0x100),
];

/// CDP: version, time to live, checksum; values.
pub(super) fn cdp(w: &mut LayerWriter<'_, '_>) {
    // Behind SNAP the first byte is CDP's own.
    w.number("cdp.version", "Version", 0, 1, Show::Dec);
    w.number("cdp.ttl", "Time to live (s)", 1, 1, Show::Dec);
    w.number("cdp.checksum", "Checksum", 2, 2, Show::Hex);
    let (mut device, mut port) = (String::new(), String::new());
    w.values(4, &heads(["cdp.tlv.type", "cdp.tlv.len"], cdp_name), |w, kind, at, length| match kind {
        1 => device = w.text("cdp.deviceid", "Device ID", at, length),
        3 => port = w.text("cdp.portid", "Port ID", at, length),
        _ => cdp_value(w, kind, at, length),
    });
    w.summary(format!("{device} {port}"));
    w.say("CDP", format!("Device ID: {device}  Port ID: {port}"));
}

fn cdp_value(w: &mut LayerWriter<'_, '_>, kind: u64, at: usize, length: usize) {
    let milliwatts = |n: u64| format!("{n} mW");
    match kind {
        2 | 22 => addresses(w, at),
        4 => {
            w.number("cdp.capabilities", "Capabilities", at, 4, Show::Hex);
            w.inside(|w| w.flags(at, 4, CDP_ABILITIES));
        }
        5 => _ = w.text("cdp.software_version", "Software version", at, length),
        6 => _ = w.text("cdp.platform", "Platform", at, length),
        9 => _ = w.text("cdp.vtp_management_domain", "VTP management domain", at, length),
        10 => _ = w.number("cdp.native_vlan", "Native VLAN", at, 2, Show::Dec),
        11 => _ = w.number("cdp.duplex", "Duplex", at, 1, Show::Named(|n| if n == 0 { "Half" } else { "Full" })),
        14 | 15 => _ = w.number("cdp.voice_vlan", "Voice VLAN", at + 1, 2, Show::Dec),
        16 => _ = w.number("cdp.power_consumption", "Power consumption", at, 2, Show::As(milliwatts)),
        17 => _ = w.number("cdp.mtu", "MTU", at, 4, Show::Dec),
        20 => _ = w.text("cdp.system_name", "System name", at, length),
        25 | 26 => {
            w.number("cdp.request_id", "Request ID", at, 2, Show::Dec);
            w.number("cdp.management_id", "Management ID", at + 2, 2, Show::Dec);
            for place in (4..length).step_by(4) {
                w.number(
                    if kind == 25 { "cdp.power_requested" } else { "cdp.power_available" },
                    "Power",
                    at + place,
                    4,
                    Show::As(milliwatts),
                );
            }
        }
        _ => w.raw("cdp.data", cdp_name(kind), at, length),
    }
}

/// Addresses, each behind its protocol.
fn addresses(w: &mut LayerWriter<'_, '_>, at: usize) {
    let count = w.number("cdp.number_of_addresses", "Number of addresses", at, 4, Show::Dec).unwrap_or(0);
    let mut at = at + 4;
    for _ in 0..count.min(64) {
        let Some(protocol) = w.peek(at + 1, 1).map(|length| length as usize) else { return };
        w.number("cdp.protocol_type", "Protocol type", at, 1, Show::Named(|n| if n == 1 { "NLPID" } else { "802.2" }));
        w.number("cdp.protocol_length", "Protocol length", at + 1, 1, Show::Dec);
        w.raw("cdp.protocol", "Protocol", at + 2, protocol);
        at += 2 + protocol;
        let Some(length) = w.number("cdp.address_length", "Address length", at, 2, Show::Dec).map(|length| length as usize) else { return };
        match length {
            4 => _ = w.ipv4("cdp.nrgyz.ip_address", "IP address", at + 2),
            16 => _ = w.ipv6("cdp.ipv6_address", "IPv6 address", at + 2),
            _ => w.raw("cdp.address", "Address", at + 2, length),
        }
        at += 2 + length;
    }
}

/// UDLD: version and operation, flags, checksum; values.
pub(super) fn udld(w: &mut LayerWriter<'_, '_>) {
    let opcode = |n| match n {
        0 => "Reserved",
        1 => "Probe",
        2 => "Echo",
        3 => "Flush",
        _ => "",
    };
    let name = |n| match n {
        1 => "Device ID",
        2 => "Port ID",
        3 => "Echo",
        4 => "Message interval",
        5 => "Timeout interval",
        6 => "Device name",
        7 => "Sequence number",
        _ => "Value",
    };
    w.bits("udld.version", "Version", 0, 1, 0xe0, Show::Dec);
    let kind = w.bits("udld.opcode", "Opcode", 0, 1, 0x1f, Show::Named(opcode)).unwrap_or(0);
    w.number("udld.flags", "Flags", 1, 1, Show::Hex);
    w.inside(|w| w.flags(1, 1, &[("udld.flags.rt", "Recommended timeout", 1), ("udld.flags.rsy", "ReSynch", 2)]));
    w.number("udld.checksum", "Checksum", 2, 2, Show::Hex);
    let (mut device, mut port) = (String::new(), String::new());
    w.values(4, &heads(["udld.tlv.type", "udld.tlv.len"], name), |w, kind, at, length| match kind {
        1 => device = w.text("udld.device_id", "Device ID", at, length),
        2 => port = w.text("udld.sent_through_interface", "Port ID", at, length),
        3 => echoes(w, at),
        4 => _ = w.number("udld.interval", "Message interval (s)", at, 1, Show::Dec),
        5 => _ = w.number("udld.timeout", "Timeout interval (s)", at, 1, Show::Dec),
        6 => _ = w.text("udld.device_name", "Device name", at, length),
        7 => _ = w.number("udld.sequence", "Sequence number", at, 4, Show::Dec),
        _ => w.raw("udld.data", "Data", at, length),
    });
    w.summary(format!("{} {device} {port}", opcode(kind)));
    w.say("UDLD", format!("Device ID: {device}  Port ID: {port}"));
}

/// Whom a device hears: pairs of a device and its port, each text behind its length.
fn echoes(w: &mut LayerWriter<'_, '_>, at: usize) {
    let count = w.number("udld.echo.count", "Pairs heard", at, 4, Show::Dec).unwrap_or(0);
    let mut at = at + 4;
    for _ in 0..count.min(64) {
        for (name, title) in [("udld.echo.device", "Device heard"), ("udld.echo.port", "Port heard")] {
            let Some(length) = w.peek(at, 2) else { return };
            w.text(name, title, at + 2, length as usize);
            at += 2 + length as usize;
        }
    }
}

/// VTP: version, code, a count, the domain; then what the code says.
pub(super) fn vtp(w: &mut LayerWriter<'_, '_>) {
    let code = |n| match n {
        1 => "Summary Advertisement",
        2 => "Subset Advertisement",
        3 => "Advertisement Request",
        4 => "Join/Prune Message",
        _ => "",
    };
    w.number("vtp.version", "Version", 0, 1, Show::Hex);
    let kind = w.number("vtp.code", "Code", 1, 1, Show::Named(code)).unwrap_or(0);
    let count = match kind {
        1 => w.number("vtp.followers", "Followers", 2, 1, Show::Dec),
        2 => w.number("vtp.seq_num", "Sequence number", 2, 1, Show::Dec),
        _ => None,
    };
    w.number("vtp.md_len", "Management domain length", 3, 1, Show::Dec);
    let domain = w.text("vtp.md", "Management domain", 4, 32);
    w.summary(format!("{}, {domain}", code(kind)));
    let info = match kind {
        1 | 2 => {
            let revision = w.number("vtp.conf_rev_num", "Configuration revision", 36, 4, Show::Dec).unwrap_or(0);
            let what = if kind == 1 { "Followers" } else { "Seq" };
            format!("{}, Revision: {revision}, {what}: {}", code(kind), count.unwrap_or(0))
        }
        _ => code(kind).to_owned(),
    };
    w.say("VTP", info);
    match kind {
        1 => {
            w.ipv4("vtp.upd_id", "Updater", 40);
            w.text("vtp.upd_ts", "Update time (yymmddhhmmss)", 44, 12);
            w.raw("vtp.md5_digest", "MD5 digest", 56, 16);
        }
        2 => vlans(w),
        3 => _ = w.number("vtp.start_value", "Start value", 36, 2, Show::Dec),
        _ => w.raw("vtp.data", "Content", 36, w.len()),
    }
}

/// VLANs of a subset advertisement, each behind its length.
fn vlans(w: &mut LayerWriter<'_, '_>) {
    let kinds = |n| match n {
        1 => "Ethernet",
        2 => "FDDI",
        3 => "TrCRF",
        4 => "FDDI-net",
        5 => "TrBRF",
        _ => "",
    };
    let mut at = 40;
    while let Some(length) = w.peek(at, 1).map(|length| length as usize).filter(|length| *length >= 12) {
        w.number("vtp.vlan_info.len", "VLAN information length", at, 1, Show::Dec);
        w.inside(|w| {
            w.bits("vtp.vlan_info.status.vlan_susp", "Suspended", at + 1, 1, 0x01, Show::Flag);
            w.number("vtp.vlan_info.vlan_type", "VLAN type", at + 2, 1, Show::Named(kinds));
            let name = w.number("vtp.vlan_info.vlan_name_len", "VLAN name length", at + 3, 1, Show::Dec).unwrap_or(0) as usize;
            w.number("vtp.vlan_info.isl_vlan_id", "VLAN", at + 4, 2, Show::Dec);
            w.number("vtp.vlan_info.mtu_size", "MTU", at + 6, 2, Show::Dec);
            w.number("vtp.vlan_info.802_10_index", "802.10 index", at + 8, 4, Show::Hex);
            w.text("vtp.vlan_info.vlan_name", "VLAN name", at + 12, name.min(length - 12));
        });
        at += length;
    }
}

/// DTP: version; values.
pub(super) fn dtp(w: &mut LayerWriter<'_, '_>) {
    let name = |n| match n {
        1 => "Domain",
        2 => "Trunk status",
        3 => "Trunk type",
        4 => "Sender ID",
        _ => "Value",
    };
    let operating = |n| if n == 1 { "Trunk" } else { "Access" };
    let wanted = |n| match n {
        1 => "On",
        2 => "Off",
        3 => "Desirable",
        4 => "Auto",
        _ => "",
    };
    let tagging = |n| match n {
        1 => "Native",
        2 => "ISL",
        5 => "802.1Q",
        _ => "Negotiated",
    };
    w.number("dtp.version", "Version", 0, 1, Show::Dec);
    let mut said = String::new();
    w.values(1, &heads(["dtp.tlv_type", "dtp.tlv_len"], name), |w, kind, at, length| match kind {
        1 => _ = w.text("dtp.domain", "Domain", at, length),
        2 => {
            let now = w.bits("dtp.tos", "Trunk operating status", at, 1, 0x80, Show::Named(operating)).unwrap_or(0);
            let mode = w.bits("dtp.tas", "Trunk administrative status", at, 1, 0x07, Show::Named(wanted)).unwrap_or(0);
            said = format!("{}/{}", operating(now), wanted(mode));
        }
        3 => {
            w.bits("dtp.tot", "Trunk operating type", at, 1, 0xe0, Show::Named(tagging));
            w.bits("dtp.tat", "Trunk administrative type", at, 1, 0x07, Show::Named(tagging));
        }
        4 => _ = w.mac("dtp.senderid", "Sender ID", at),
        _ => w.raw("dtp.data", "Data", at, length),
    });
    w.summary(said);
    w.say("DTP", "Dynamic Trunk Protocol");
}

/// PAgP: version and whether it is a flush; two ends; values.
pub(super) fn pagp(w: &mut LayerWriter<'_, '_>) {
    let version = |n| match n {
        1 => "Info PDU",
        2 => "Flush PDU",
        _ => "",
    };
    let kind = w.number("pagp.version", "Version", 0, 1, Show::Named(version)).unwrap_or(0);
    w.summary(version(kind));
    if kind != 1 {
        w.say("PAgP", version(kind));
        return w.raw("pagp.data", "Content", 1, w.len());
    }
    let flags = [
        ("pagp.flags.slowhello", "Slow hello", 0x01),
        ("pagp.flags.automode", "Auto mode", 0x02),
        ("pagp.flags.state", "Consistent state", 0x04),
    ];
    w.number("pagp.flags", "Flags", 1, 1, Show::Hex);
    w.inside(|w| w.flags(1, 1, &flags));
    let local = w.mac("pagp.localdevid", "Local device", 2).unwrap_or_default();
    w.number("pagp.locallearncap", "Local learn method", 8, 1, Show::Dec);
    w.number("pagp.localportpri", "Local port priority", 9, 1, Show::Dec);
    w.number("pagp.localsentportifindex", "Local port's ifIndex", 10, 4, Show::Dec);
    w.number("pagp.localgroupcap", "Local group capability", 14, 4, Show::Hex);
    w.number("pagp.localgroupifindex", "Local group's ifIndex", 18, 4, Show::Dec);
    let partner = w.mac("pagp.partnerdevid", "Partner device", 22).unwrap_or_default();
    w.number("pagp.partnerlearncap", "Partner learn method", 28, 1, Show::Dec);
    w.number("pagp.partnerportpri", "Partner port priority", 29, 1, Show::Dec);
    w.number("pagp.partnersentportifindex", "Partner port's ifIndex", 30, 4, Show::Dec);
    w.number("pagp.partnergroupcap", "Partner group capability", 34, 4, Show::Hex);
    w.number("pagp.partnergroupifindex", "Partner group's ifIndex", 38, 4, Show::Dec);
    w.number("pagp.partnercount", "Partner count", 42, 2, Show::Dec);
    let entries = w.number("pagp.numtlvs", "Values", 44, 2, Show::Dec).unwrap_or(0);
    let name = |n| match n {
        1 => "Device name",
        2 => "Physical port name",
        3 => "Agport MAC address",
        _ => "Value",
    };
    let mut at = 46;
    for _ in 0..entries.min(64) {
        let (Some(kind), Some(length)) = (w.peek(at, 2), w.peek(at + 2, 2)) else { break };
        let length = (length as usize).max(4);
        w.number("pagp.tlv", "Value", at, 2, Show::Named(name));
        w.inside(|w| match kind {
            1 => _ = w.text("pagp.tlvdevname", "Device name", at + 4, length - 4),
            2 => _ = w.text("pagp.tlvportname", "Physical port name", at + 4, length - 4),
            3 => _ = w.mac("pagp.tlvagportmac", "Agport MAC address", at + 4),
            _ => w.raw("pagp.tlv", "Data", at + 4, length - 4),
        });
        at += length;
    }
    w.say("PAgP", format!("Info PDU Local DevID: {local}, Partner DevID: {partner}"));
}
