//! Words that stand on screens and in reports and mean something there, for whoever explains them (help, manual, documentation).

/// A word, and what it says.
pub const SCREEN_WORDS: &[(&str, &str)] = &[
    ("mirror ?", "whether the copies can be believed: good, doubtful, bad; ?: too little was seen to tell"),
    ("trust", "the same from 0 to 100: the weakest of its parts decides"),
    ("lost here", "packets that this host dropped: the network card, its driver or the kernel; ?: nobody counted them"),
    ("mean", "bytes by the time shown; p95 1 s: what 95 of 100 seconds stay below; max 1 s: the busiest of them"),
    ("max 1 ms", "the busiest millisecond; the strip above the chart shows the busiest one of each time"),
    (
        "1 s, 10 s",
        "rates of the last second and ten seconds (1 min: minute); rows are ordered by ten seconds and hold still while it changes little",
    ),
    ("last min", "the last minute in eight cells of eight seconds, each row against its own largest"),
    ("to 20 %", "where bars end when all of them are much shorter than everything"),
    ("while active", "bytes by the time from the first to the last packet of the row"),
    ("retrans", "part of a connection's segments with data, SYN or FIN that were sent again, counted as Wireshark does"),
    ("rtt client", "median round trip between the mirrored port and that end (rtt server: the other one): which side is slow"),
    ("goodput", "new bytes that arrived, by the time in which they were sent; queueing: what queues add to the shortest round trip"),
    ("iperf3?", "a guess: only the port tells"),
    ("ends here", "packets in which nothing more is known inside this protocol"),
    ("failed", "connections and requests that were refused, cut, not answered or answered with an error"),
    ("inside", "of the local networks (--local-net); outside: not theirs; through: from outside to outside"),
    ("group", "a multicast or broadcast address: no host"),
    ("cut headers", "packets of which too little was captured to read their headers (--snaplen)"),
    ("malformed", "packets whose headers contradict themselves"),
    ("came late", "packets an interval or more older than others before them; they count in the interval of their own time"),
    ("only in sums", "conversations and hosts that made room for others at a limit (--memory): in every total, in no list"),
    ("≈", "estimates: the source sends one of so many packets"),
];
