//! What a display filter may say: examples with what they show, for whoever explains it (help, manual, documentation).

/// An example, and the rows it shows.
pub const FILTER_WORDS: &[(&str, &str)] = &[
    ("10.0.0, tls, \"two words\"", "any text that stands in a row: part of an address, a name, an application, a protocol"),
    ("tcp, ipv6, lldp", "that protocol exactly"),
    ("10.0.0.0/8, host 10.0.0.1", "an end in that network, or that address (also ip)"),
    ("mac 00:1b:21", "an end with that MAC address, or one that begins so"),
    ("port 443, port 6000-6010, port != 443", "an end with such a port, or none with it (!= works for addresses, VLANs and states too)"),
    ("vlan 10, vlan", "seen in that VLAN, in any"),
    ("state established", "the state of a TCP connection"),
    ("bytes > 1M, packets >= 1000", "both directions together; k M G T are powers of 1000, Ki Mi Gi Ti of 1024"),
    (
        "retrans > 1, share > 5, rtt_server > 20ms, app = tls",
        "any column by its title (with _ for spaces) or its name in JSON, compared by = != < <= > >= with what it shows: per cents, bits a second (rate > 10M), seconds, words",
    ),
    ("critical, severity = warning, id = dns.slow", "findings, which words, hosts, ports and VLANs find as well"),
    ("tls and not port 443", "joined by and (or nothing), or, not (also !), with parentheses"),
];
