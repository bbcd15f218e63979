//! Words that stand on screens and in reports and mean something there, for whoever explains them (help, manual, documentation).

/// A word, and what it says.
pub const SCREEN_WORDS: &[(&str, &str)] = &[
    ("mirror good, doubtful, bad, ?", "whether the copies can be believed; ?: too little was seen to tell"),
    ("trust", "the same from 0 to 100: the weakest of its parts decides"),
    ("lost here", "packets that this host dropped: the network card, its driver or the kernel; ?: nobody counted them"),
    ("mean, p95 1 s, max 1 s", "bytes by the time shown; what 95 of 100 intervals of a second stay below; the busiest of them"),
    ("max 1 ms", "the busiest millisecond; the strip above the chart shows the busiest one of each time"),
    (
        "1 s, 10 s, 1 min",
        "rates of the last second, ten seconds, minute; rows are ordered by ten seconds and hold still while it changes little",
    ),
    ("last min", "the last minute in eight cells of eight seconds, each row against its own largest"),
    ("share, to 20%", "part of all bytes; where bars end when all of them are much shorter"),
    ("while active", "bytes by the time from the first to the last packet of the row"),
    ("retrans", "part of a connection's packets that were sent again, counted as Wireshark does"),
    ("rtt client, rtt server", "median round trip between the mirrored port and that end: which side is slow"),
    ("iperf3?", "a guess: only the port tells"),
    ("ends here", "packets in which nothing more is known inside this protocol"),
    ("failed", "connections and requests that were refused, cut, not answered or answered with an error"),
    ("inside, outside, through", "by the local networks (--local-net): theirs, not theirs, from outside to outside"),
    ("group", "a multicast or broadcast address: no host"),
    ("cut headers", "packets of which too little was captured to read their headers (--snaplen)"),
    ("malformed", "packets whose headers contradict themselves"),
    ("came late", "packets an interval or more older than others before them; they count in the interval of their own time"),
    ("only in sums", "conversations and hosts that made room for others at a limit (--memory): in every total, in no list"),
    ("≈, sampled", "estimates: the source sends one of so many packets"),
];
