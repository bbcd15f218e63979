//! What a packet does to its conversation, where it does more than to go on with it.

use crate::model::{AnalysisFlags, PacketTree};
use crate::snapshot::PacketEvent;

/// What Wireshark's analysis says of segments that tells of trouble: not the answers that ask for what is missing, of which there are many.
const TROUBLES: AnalysisFlags = AnalysisFlags::RETRANSMISSION
    .or(AnalysisFlags::FAST_RETRANSMISSION)
    .or(AnalysisFlags::SPURIOUS_RETRANSMISSION)
    .or(AnalysisFlags::OUT_OF_ORDER)
    .or(AnalysisFlags::LOST_SEGMENT)
    .or(AnalysisFlags::ACK_LOST_SEGMENT)
    .or(AnalysisFlags::ZERO_WINDOW)
    .or(AnalysisFlags::ZERO_WINDOW_PROBE)
    .or(AnalysisFlags::WINDOW_FULL)
    .or(AnalysisFlags::REUSED_PORTS);

/// What a packet that was taken apart does, by what the analysis says of its segment; `None`: it goes on with what is going on.
pub(super) fn of(tree: &PacketTree, marks: AnalysisFlags) -> Option<PacketEvent> {
    let is_set = |name: &str| tree.fields(name).last().is_some_and(|field| field.number == Some(1));
    if is_an_error(tree) {
        Some(PacketEvent::Troubles)
    } else if is_set("tcp.flags.reset") {
        Some(PacketEvent::Resets)
    } else if marks.has(TROUBLES) {
        Some(PacketEvent::Troubles)
    } else if is_set("tcp.flags.syn") {
        Some(PacketEvent::Opens)
    } else if says(tree) {
        Some(PacketEvent::Says)
    } else {
        is_set("tcp.flags.fin").then_some(PacketEvent::Ends)
    }
}

/// The words of a packet in a list of events: what it says, and of a TLS client whom it asks for.
pub(super) fn words(tree: &PacketTree) -> String {
    match tree.fields("tls.handshake.extensions_server_name").last() {
        Some(name) if !tree.info.contains(&name.value) => format!("{} · {}", tree.info, name.value),
        _ => tree.info.clone(),
    }
}

/// Whether it is an error of ICMP: destinations unreachable, packets too large, too many hops and the like (RFC 792, RFC 4443 section 2.1).
fn is_an_error(tree: &PacketTree) -> bool {
    let kind = |name: &str| tree.fields(name).next().and_then(|field| field.number);
    matches!(kind("icmp.type"), Some(3 | 4 | 5 | 11 | 12)) || matches!(kind("icmpv6.type"), Some(0..=127))
}

/// Whether what it says is read: of ports by what their applications write, without ports by the packet itself. Encrypted records go on
/// with what is going on.
fn says(tree: &PacketTree) -> bool {
    let transport = tree.layers.iter().rposition(|layer| matches!(layer.token, "tcp" | "udp" | "udplite" | "sctp"));
    let Some(transport) = transport else { return true };
    let is_read = |field: &crate::model::TreeField| field.name != "data.data";
    let mut said = tree.layers.iter().skip(transport + 1).filter(|layer| layer.token != "eth.padding");
    said.any(|layer| layer.fields.iter().any(is_read)) && !tree.info.split(", ").all(|part| part == "Application Data")
}
