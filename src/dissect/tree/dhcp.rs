//! DHCP (RFC 2131, RFC 2132).

use crate::dissect::Carriage;
use crate::model::{LayerWriter, Show};

/// Where the options begin: behind the header and its magic number.
const OPTIONS: usize = 240;

fn message_type(number: u64) -> &'static str {
    match number {
        1 => "Discover",
        2 => "Offer",
        3 => "Request",
        4 => "Decline",
        5 => "ACK",
        6 => "NAK",
        7 => "Release",
        8 => "Inform",
        _ => "",
    }
}

fn option(number: u64) -> &'static str {
    match number {
        1 => "Subnet mask",
        3 => "Router",
        6 => "Domain name server",
        12 => "Host name",
        15 => "Domain name",
        28 => "Broadcast address",
        42 => "NTP server",
        43 => "Vendor specific",
        50 => "Requested address",
        51 => "Lease time (s)",
        53 => "Message type",
        54 => "Server",
        55 => "Parameter request list",
        57 => "Maximum message size",
        58 => "Renewal time (s)",
        59 => "Rebinding time (s)",
        60 => "Vendor class",
        61 => "Client identifier",
        66 => "TFTP server",
        67 => "Boot file",
        81 => "Client name (FQDN)",
        82 => "Relay agent information",
        119 => "Domain search",
        121 => "Static routes",
        _ => "Option",
    }
}

pub(super) fn dhcp(w: &mut LayerWriter<'_, '_>, _: Carriage) {
    w.number("dhcp.type", "Message", 0, 1, Show::Named(|n| if n == 1 { "Boot Request" } else { "Boot Reply" }));
    w.number("dhcp.hw.type", "Hardware type", 1, 1, Show::Hex);
    w.number("dhcp.hw.len", "Hardware address length", 2, 1, Show::Dec);
    w.number("dhcp.hops", "Hops", 3, 1, Show::Dec);
    let id = w.number("dhcp.id", "Transaction ID", 4, 4, Show::Hex).unwrap_or(0);
    w.number("dhcp.secs", "Seconds elapsed", 8, 2, Show::Dec);
    w.bits("dhcp.flags.bc", "Broadcast", 10, 2, 0x8000, Show::Flag);
    for (name, title, at) in [
        ("dhcp.ip.client", "Client address", 12),
        ("dhcp.ip.your", "Your address", 16),
        ("dhcp.ip.server", "Next server address", 20),
        ("dhcp.ip.relay", "Relay agent address", 24),
    ] {
        w.ipv4(name, title, at);
    }
    w.mac("dhcp.hw.mac_addr", "Client MAC address", 28);
    let mut kind = 0;
    let mut at = OPTIONS;
    while let Some(code) = w.peek(at, 1) {
        if code == 255 {
            break;
        }
        if code == 0 {
            at += 1;
            continue;
        }
        let Some(length) = w.peek(at + 1, 1) else { break };
        if code == 53 {
            kind = w.word(at + 2, 1);
        }
        value(w, code, at + 2, length as usize);
        at += 2 + length as usize;
    }
    let name = match message_type(kind) {
        "" => "Boot message",
        name => name,
    };
    w.summary(name);
    w.say("DHCP", format!("DHCP {name:<8} - Transaction ID 0x{id:x}"));
}

fn value(w: &mut LayerWriter<'_, '_>, code: u64, at: usize, length: usize) {
    let title = option(code);
    match code {
        53 => _ = w.number("dhcp.option.dhcp", title, at, 1, Show::Named(message_type)),
        1 | 28 | 50 | 54 => _ = w.ipv4("dhcp.option.value.address", title, at),
        3 | 6 | 42 => {
            for n in 0..length / 4 {
                w.ipv4("dhcp.option.value.address", title, at + 4 * n);
            }
        }
        51 | 58 | 59 => _ = w.number("dhcp.option.value.u32", title, at, 4, Show::Dec),
        57 => _ = w.number("dhcp.option.value.u16", title, at, 2, Show::Dec),
        12 | 15 | 60 | 66 | 67 => _ = w.text("dhcp.option.value.text", title, at, length),
        _ if title == "Option" => w.raw("dhcp.option.value", format!("Option {code}"), at, length),
        _ => w.raw("dhcp.option.value", title, at, length),
    }
}
