//! The filter language: any text is a filter or an error, a filter's text is that filter again, and it can be asked about any row.
//!
//! Input: text.

use super::decode;
use super::engine::analyse;
use spantop::snapshot::{Filter, Snapshot};
use std::sync::OnceLock;

/// Rows of many kinds.
fn rows() -> &'static Snapshot {
    static ROWS: OnceLock<Snapshot> = OnceLock::new();
    ROWS.get_or_init(|| analyse(decode::frames().iter().enumerate().map(|(n, f)| (n as i64 * 1_000_000, f.as_slice()))))
}

/// The target.
pub fn run(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let Ok(Some(filter)) = Filter::parse(text) else { return };
    assert_eq!(Filter::parse(filter.text()).as_ref(), Ok(&Some(filter.clone())), "{text:?}");
    let negated = Filter::parse(&format!("not ({text})"));
    let rows = rows();
    for row in rows.stats.conversations.named().iter().flat_map(|(_, table, _)| &table.rows) {
        let shown = filter.matches_conversation(row);
        if let Ok(Some(negated)) = &negated {
            // A row that cannot know (a number asked of an address) is shown by both.
            assert!(shown || negated.matches_conversation(row), "neither {text:?} nor its opposite shows {row:?}");
        }
    }
    for row in rows.stats.endpoints.named().iter().flat_map(|(_, table, _)| &table.rows) {
        filter.matches_host(row);
    }
}

/// Every kind of word, and what joins them.
pub fn seeds() -> Vec<Vec<u8>> {
    [
        "10.0.0 or tls",
        "\"two words\" and not tcp",
        "ip 10.0.0.1 host 2001:db8::/32 10.0.0.0/8",
        "mac 00:1b:21",
        "port 443 or port 6000-6010",
        "(vlan 10 or vlan) and !(state established)",
        "bytes > 1M packets >= 1000",
        "bytes <= 3Gi or packets != 7 or packets = 8 or packets < 9k",
        "eth ip ipv6 udp arp llc",
    ]
    .map(|text| text.as_bytes().to_vec())
    .to_vec()
}
