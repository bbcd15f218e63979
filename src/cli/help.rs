//! Longer texts of the help.

use super::OfferedExporter;

/// Below the help of `spantop`.
pub const EXAMPLES: &str = "\
Examples:
  spantop                                   pick an interface, then watch it
  spantop -i eth1 -f 'vlan and tcp'         the dashboard on a mirror port
  spantop office.pcapng                     the same dashboard on a capture
  spantop --follow '/var/cap/*.pcap'        captures as they grow, one after the other
  spantop --replay=10 office.pcapng         a capture, ten times as fast as it happened
  spantop report -i eth1 --for 30s          thirty seconds of a port, as text
  spantop report --format json a.pcap.gz    everything about a capture, for scripts
  tcpdump -w - -i eth1 | spantop report -   from standard input
  spantop check -i eth1                     can this mirror and this host be trusted?

Times take units (500ms, 30s, 5m, 1h), sizes too (64MiB), speeds as well (10G).

Exit codes: 0 done, 1 failed, 2 wrong usage, 130 interrupted.";

/// Below the help of `spantop report`.
pub const REPORT: &str = "\
Examples:
  spantop report office.pcapng
  spantop report --format json -o office.json morning.pcap.gz evening.pcap.gz
  spantop report -i eth1 --for 5m --format html -o eth1.html
  spantop report --format csv office.pcapng | grep ^tcp
  spantop report --format csv --table endpoints office.pcapng

Several files are merged by packet time. On an interface, from a pipe and with --follow the report comes after --for, or at
Ctrl-C or SIGTERM. What was lost goes to standard error. With --decap none --no-dedup the report is about the packets exactly as captured.";

/// Below the help of `spantop packets`.
pub const PACKETS: &str = "\
Examples:
  spantop packets --decap none --no-dedup office.pcapng     the flags that Wireshark shows
  spantop packets office.pcapng | grep 'left out'           which packets are copies
  spantop packets --format json office.pcapng | jq -c 'select(.analysis != [])'
  spantop packets --tree --from 2m -c 1 office.pcapng       one packet, two minutes in, taken apart

Flags are Wireshark's tcp.analysis.* by its own procedure, in the order of the capture. What is left out as a copy has none.";

/// Below the help of `spantop save`.
pub const SAVE: &str = "\
Examples:
  spantop save office.pcapng -f 'host 10.0.0.7 and port 443' -o one.pcapng
  spantop save a.pcapng b.pcapng.zst --from 2m --to 2m30s -o both.pcapng      merged by packet time
  spantop save - -f 'vlan 10' -o - < big.pcap | tshark -r -

The file is written beside its place and moved there when it is complete. Times are told from the first packet that -f lets pass.";

/// Below the help of `spantop config`.
pub const CONFIG: &str = "\
Examples:
  spantop config init                   writes the file, everything in it a comment
  spantop config check                  exit 0 when nothing is wrong with it, else 2
  spantop config print | less           what is in force, and where it comes from

The command line goes before the file. Without a section: long options (interval = \"5s\", local-net = [\"10.0.0.0/8\"]). Sections:
  [dashboard]   scale, bytes, names
  [columns]     columns of a table, in their order: conversations = [\"app\", \"rate\", \"retrans\"]
  [order]       what conversations and endpoints are sorted by: conversations = \"-wire_bytes\"
  [hosts]       names of your own: \"10.0.0.53\" = \"dns-1\", also of MAC addresses
  [ports]       \"8443/tcp\" = \"intranet\"
  [thresholds]  what findings are measured with: dns.slow.slow = \"300ms\" (spantop explain names them)
  [probe]       id, site, status, export = [\"NAME:TARGET\"] (spantop probe); [export.NAME] has an exporter's options
  [keys]        pause = [\"Space\", \"F5\"]; of one screen: [keys.packets] search = \"Ctrl-s\"";

/// Below the help of `spantop probe`.
pub fn probe(exporters: &[OfferedExporter]) -> String {
    let list = exporters.iter().map(|e| format!("  {}:{}\n      {}\n", e.token, e.target, e.about));
    format!("{PROBE}\n\nExporters, each in a thread of its own:\n{}\n{PROBE_FILE}", list.collect::<String>())
}

const PROBE: &str = "\
Examples:
  spantop probe -i eth1 --export jsonl-eve:/var/log/spantop/eve.json
  spantop probe -i eth1 --export jsonl-zeek:/var/log/spantop --status 127.0.0.1:9901
  spantop probe -i eth1 --ring /var/lib/spantop/ring            keeps the packets
  spantop probe office.pcapng --export jsonl-eve:-              a capture, once, to standard output";

const PROBE_FILE: &str = "\
The configuration file says the same in [probe] (id, site, status, export = [...]) and [export.NAME]. Log lines are JSON on standard error.
SIGHUP reads the configuration file again, opens exported files again, and goes on counting; SIGTERM ends when everything has been handed on.";

/// Below the help of `spantop fleet`.
pub const FLEET: &str = "\
Examples:
  spantop fleet clickhouse:https://ch.example:8443/spantop              every probe, on a terminal
  spantop fleet clickhouse:http://127.0.0.1:8123/spantop --format json | jq .conversations.once
  spantop fleet --last 3w --to 2026-11-02                               three weeks that ended then
  spantop fleet --last 7d --format text                                 the database that this host's probe writes to
  spantop fleet init | clickhouse-client --multiquery                   makes the tables; run it again after an update
  spantop fleet init --database net --keep-days 30 --keep intervals=90 > net.sql
  spantop fleet init --print users                                      who writes and who reads, with no more rights than that takes

Credentials are those of the exporter: [export.clickhouse] user and password-file in the configuration file, or SPANTOP_CLICKHOUSE_USER and
SPANTOP_CLICKHOUSE_PASSWORD in the environment. The database is only read. A probe that has not been heard of for three minutes is silent:
nothing is said of its now.";

/// Below the help of `spantop archive`.
pub const ARCHIVE: &str = "\
Examples:
  spantop archive plan --unit 1GiB day*.pcap > units                    a line of JSON for each unit
  spantop archive run < units > summaries                               on one machine; many take some lines each
  spantop archive merge summaries                                       everything together; --format json for scripts
  split -n l/4 units part. ; for p in part.*; do spantop archive run < $p > $p.sum & done; wait; spantop archive merge part.*.sum

One unit that is all there is gives the report of spantop report, to the last byte. Of several what adds up is told: packets, bytes, load, protocols,
conversations, hosts, VLANs, as spantop report --no-dedup has them. What rests on packets on both sides of a border is listed as not judged.";

/// Below the help of `spantop diff`.
pub const DIFF: &str = "\
Examples:
  spantop diff yesterday.pcapng today.pcapng
  spantop diff --all a.pcap b.pcap                     what is noise too, and why
  spantop diff --format json a.pcap b.pcap | jq '.changes[] | select(.significant)'
  spantop diff a.pcap b.pcap -o changes.html

Rates are compared, for two captures seldom last equally long. The rules are told with the answer. Exit 0: it was compared, whatever was found.";

/// Below the help of `spantop check`.
pub const CHECK: &str = "\
Examples:
  spantop check -i eth1
  spantop check -i eth1 --for 1m --format json
  spantop check office.pcapng

On an interface the settings of this host are read as well: link, addresses, offloads, MTU, ring, drops, queues, flow control,
clock and more, each with the command that would change it. Nothing is changed. The packets of ten seconds (--for) are judged
like those of a file. JSON is the object of spantop report; the checklist is its member host.

Exit codes, by the verdict: the worst finding that still holds and the worst line of the checklist (-v: also what could not be judged):
  0  good, or noted: notes only
  1  doubtful: warnings
  2  bad, not trustworthy: a critical finding, or a line that fails (receive offload that merges packets, a slow link)
  3  unknown, could not be checked: no such interface, no permission, no link, nothing to judge";
