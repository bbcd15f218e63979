//! Values with units, as they are typed: `30s`, `64MiB`, `10G`, `10.0.0.0/8`.

use crate::model::{Carrier, RspanChoice, StampChoice, StampKind, Timestamp, TunnelKind};
use crate::settings::{PacketBound, THEMES, ThemeChoice};
use std::time::Duration;

/// Splits `12.5ms` into its number and its unit.
fn split(text: &str) -> Result<(f64, &str), String> {
    let end = text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len());
    let (number, unit) = text.split_at(end);
    let value: f64 = number.parse().map_err(|_| format!("'{text}' does not begin with a number"))?;
    Ok((value, unit.trim()))
}

/// A span of time: `500ms`, `30s`, `5m`, `1h`, `2d`, `1m30s`; a bare number is seconds.
pub fn time(text: &str) -> Result<Duration, String> {
    let mut rest = text.trim();
    if rest.is_empty() {
        return Err("a time is wanted, such as 30s, 5m or 1h".into());
    }
    let mut seconds = 0.0;
    while !rest.is_empty() {
        let end = rest.find(|c: char| c.is_ascii_alphabetic() || c == 'µ').unwrap_or(rest.len());
        let after = rest[end..].find(|c: char| c.is_ascii_digit()).map_or(rest.len(), |at| end + at);
        let (value, unit) = split(&rest[..after]).map_err(|e| format!("{e}; write 30s, 5m or 1h"))?;
        seconds += value
            * match unit {
                "us" | "µs" => 1e-6,
                "ms" => 1e-3,
                // Alone it is seconds; behind `1s` it may be anything.
                "" if rest.len() < text.trim().len() => return Err(format!("'{rest}' has no unit; use ms, s, m, h, d or w")),
                "" | "s" | "sec" => 1.0,
                "m" | "min" => 60.0,
                "h" => 3600.0,
                "d" => 86_400.0,
                "w" => 7.0 * 86_400.0,
                other => return Err(format!("unknown unit of time '{other}'; use ms, s, m, h, d or w")),
            };
        rest = &rest[after..];
    }
    Duration::try_from_secs_f64(seconds).ok().filter(|d| !d.is_zero()).ok_or_else(|| "a time greater than zero is wanted".into())
}

/// Below this a bare number of seconds is counted from the first packet, above it since 1970: three years of a capture, and 1973.
const FIRST_CLOCK_SECOND: f64 = 1e8;

/// Where a stretch of packets begins or ends: `#12`, `90s`, `1700000000.25`, `2026-11-28T14:02:11.5+01:00`; a time without zone is of this host's.
pub fn bound(text: &str) -> Result<PacketBound, String> {
    let text = text.trim();
    let wrong =
        || "write 90s or 5m (after the first packet), 2026-11-28T14:02:11, seconds since 1970, or #12 (a packet's number)".to_owned();
    if let Some(number) = text.strip_prefix('#') {
        return number.parse().ok().filter(|&n| n > 0).map(PacketBound::Number).ok_or_else(wrong);
    }
    if let Some(nanos) = decimal_seconds(text) {
        let is_clock = nanos as f64 / 1e9 >= FIRST_CLOCK_SECOND;
        return Ok(if is_clock { PacketBound::At(Timestamp(nanos)) } else { PacketBound::Since(nanos) });
    }
    if let Ok(span) = time(text) {
        return Ok(PacketBound::Since(i64::try_from(span.as_nanos()).unwrap_or(i64::MAX)));
    }
    let zoned = text.parse::<jiff::Timestamp>().ok();
    let local = || text.parse::<jiff::civil::DateTime>().ok()?.to_zoned(jiff::tz::TimeZone::system()).ok().map(|t| t.timestamp());
    let time = zoned.or_else(local).ok_or_else(wrong)?;
    i64::try_from(time.as_nanosecond()).map(|nanos| PacketBound::At(Timestamp(nanos))).map_err(|_| wrong())
}

/// A moment: `2026-11-28`, `2026-11-28T14:02:11+01:00`, seconds since 1970; a time without zone is of this host's.
pub fn moment(text: &str) -> Result<Timestamp, String> {
    let wrong = || "write 2026-11-28, 2026-11-28T14:02, or seconds since 1970".to_owned();
    match bound(text) {
        Ok(PacketBound::At(time)) => Ok(time),
        _ => Err(wrong()),
    }
}

/// Nanoseconds of a plain number of seconds, exactly: a floating-point number does not hold the nanoseconds of today.
fn decimal_seconds(text: &str) -> Option<i64> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let digits = |s: &str| s.bytes().all(|b| b.is_ascii_digit());
    if whole.is_empty() || !digits(whole) || !digits(fraction) || fraction.len() > 9 {
        return None;
    }
    let nanos: i64 = format!("{fraction:0<9}").parse().ok()?;
    whole.parse::<i64>().ok()?.checked_mul(1_000_000_000)?.checked_add(nanos)
}

/// A load interval: 1 ms to 1 d.
pub fn interval(text: &str) -> Result<Duration, String> {
    let value = time(text)?;
    if value < Duration::from_millis(1) || value > Duration::from_secs(86_400) {
        return Err("an interval is between 1ms and 1d".into());
    }
    Ok(value)
}

/// The colours of the dashboard: `auto`, or a theme's name.
pub fn theme(text: &str) -> Result<ThemeChoice, String> {
    if text == "auto" {
        return Ok(ThemeChoice::Auto);
    }
    let named = THEMES.iter().find(|name| **name == text).map(|name| ThemeChoice::Named(name));
    named.ok_or_else(|| format!("there are auto, {}", THEMES.join(", ")))
}

/// A switch to be asked: `snmp://HOST` or `snmp://HOST:PORT`, an IPv6 address in brackets.
pub fn switch(text: &str) -> Result<(String, u16), String> {
    const SNMP: u16 = 161;
    let rest = text.strip_prefix("snmp://").ok_or("a switch is asked by snmp://HOST or snmp://HOST:PORT")?.trim_end_matches('/');
    if rest.contains('@') {
        return Err("credentials stand in a file (--switch-credentials) or in the environment, where others do not see them".into());
    }
    let (host, port) = match rest.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        Some((host, port)) => (host, port.strip_prefix(':').or(port.is_empty().then_some("")).ok_or("an address, then :PORT")?),
        None => rest.split_once(':').unwrap_or((rest, "")),
    };
    if host.is_empty() || host.contains(['/', ' ']) {
        return Err("a name or an address is missing after snmp://".into());
    }
    let port = if port.is_empty() { Ok(SNMP) } else { port.parse().map_err(|_| format!("'{port}' is no port (1 to 65535)")) };
    Ok((host.to_owned(), port?))
}

/// An amount of bytes: `65536`, `64MiB`, `10MB`; `K`, `M`, `G` alone are powers of 1024.
pub fn size(text: &str) -> Result<usize, String> {
    let (value, unit) = split(text.trim())?;
    let scale = match unit {
        "" | "B" => 1.0,
        "kB" | "KB" => 1e3,
        "MB" => 1e6,
        "GB" => 1e9,
        "K" | "k" | "KiB" => 1024.0,
        "M" | "MiB" => 1_048_576.0,
        "G" | "GiB" => 1_073_741_824.0,
        other => return Err(format!("unknown unit of size '{other}'; use KiB, MiB or GiB")),
    };
    let bytes = (value * scale).round();
    if bytes < MOST_BYTES { Ok(bytes as usize) } else { Err("that is more than any machine has".into()) }
}

/// Sizes end here: an exbibyte.
const MOST_BYTES: f64 = (1_u64 << 60) as f64;

/// The size of a unit of an archive, in bytes.
pub fn unit(text: &str) -> Result<u64, String> {
    let bytes = size(text)?;
    if bytes == 0 { Err("a unit has some bytes".into()) } else { Ok(bytes as u64) }
}

/// A capture buffer: 64 KiB to what libpcap can be told (a signed 32-bit number).
pub fn buffer(text: &str) -> Result<usize, String> {
    let bytes = size(text)?;
    if !(65_536..=i32::MAX as usize).contains(&bytes) {
        return Err("a buffer is between 64KiB and 2047MiB".into());
    }
    Ok(bytes)
}

/// The size of a file of a ring.
pub fn ring(text: &str) -> Result<usize, String> {
    let bytes = size(text)?;
    if bytes < 64 << 10 { Err("a file of the ring has at least 64KiB".into()) } else { Ok(bytes) }
}

/// The memory for what grows with the traffic, in bytes.
///
/// # Errors
/// No size, or less than anything could be done with.
pub fn memory(text: &str) -> Result<u64, String> {
    let bytes = size(text)?;
    if bytes < 16 << 20 {
        return Err("at least 16M are wanted".into());
    }
    Ok(bytes as u64)
}

/// Links are faster than so many bits a second.
const FASTER: f64 = 1e6;

/// A link speed in bits per second: `10G`, `2.5G`, `100M`, `1Gb/s`.
pub fn speed(text: &str) -> Result<u64, String> {
    let (value, unit) = split(text.trim())?;
    let bare = unit.is_empty();
    let unit = ["bit/s", "b/s", "bps", "bit", "b"].iter().find_map(|end| unit.strip_suffix(end)).unwrap_or(unit);
    let scale = match unit {
        "" => 1.0,
        "k" | "K" => 1e3,
        "M" => 1e6,
        "G" => 1e9,
        "T" => 1e12,
        other => return Err(format!("unknown unit of speed '{other}'; write 100M, 10G or 1T")),
    };
    // A bare number is more likely one of another unit than so slow a link.
    if bare && value < FASTER {
        return Err(format!("{} bits a second? write {0}G, {0}M, or {0}b/s", text.trim()));
    }
    let bits = (value * scale).round();
    if !(1.0..=1e18).contains(&bits) {
        return Err("a speed greater than zero is wanted, such as 10G".into());
    }
    Ok(bits as u64)
}

/// A network in CIDR notation; a bare address is that one host.
pub fn network(text: &str) -> Result<ipnet::IpNet, String> {
    let text = text.trim();
    text.parse::<ipnet::IpNet>()
        .or_else(|_| text.parse::<std::net::IpAddr>().map(ipnet::IpNet::from))
        .map_err(|_| "not a network; write 10.0.0.0/8 or 2001:db8::/32".into())
}

/// The speed of a replay: `2`, `0.5`, `10x`. `None` when the text is no number at all.
pub fn replay(text: &str) -> Option<Result<f64, String>> {
    let value: f64 = text.strip_suffix(['x', 'X']).unwrap_or(text).parse().ok()?;
    Some(if value.is_finite() && value > 0.0 { Ok(value) } else { Err("a replay speed greater than zero is wanted".into()) })
}

/// A 16-bit number, decimal or hexadecimal, other than zero.
fn number(text: &str) -> Option<u16> {
    let digits = text.strip_prefix("0x").or_else(|| text.strip_prefix("0X"));
    digits.map_or_else(|| text.parse().ok(), |digits| u16::from_str_radix(digits, 16).ok()).filter(|&n| n != 0)
}

/// Which VLAN of a remote mirror is taken off: `auto`, `none`, or 1 to 4095.
pub fn rspan(text: &str) -> Result<RspanChoice, String> {
    match (text, text.parse()) {
        ("auto", _) => Ok(RspanChoice::Auto),
        ("none", _) => Ok(RspanChoice::None),
        (_, Ok(vlan @ 1..=4095)) => Ok(RspanChoice::Vlan(vlan)),
        _ => Err("there are auto, none, and VLANs from 1 to 4095".into()),
    }
}

/// Which time stamps are taken out of frames: `auto`, `none`, a kind of trailer, or `ttag:0x88b5`.
pub fn stamps(text: &str) -> Result<StampChoice, String> {
    let trailers = || StampKind::ALL.iter().filter(|k| k.is_trailer());
    match text {
        "auto" => return Ok(StampChoice::Auto),
        "none" => return Ok(StampChoice::None),
        _ => {}
    }
    if let Some(ether_type) = text.strip_prefix("ttag:") {
        let named = number(ether_type).filter(|&n| n >= 0x0600).map(StampChoice::Ttag);
        return named.ok_or_else(|| "an EtherType is wanted after 'ttag:', such as ttag:0x88b5".into());
    }
    trailers().find(|k| k.token() == text).map(|&k| StampChoice::Trailer(k)).ok_or_else(|| {
        let names: Vec<&str> = trailers().map(|k| k.token()).collect();
        format!("there are auto, none, {} and ttag:0xNNNN", names.join(", "))
    })
}

/// What carries packets: `7933=hp-erm`, or `gre:0x88b5` (a GRE protocol type with Ethernet inside).
pub fn carrier(text: &str) -> Result<Carrier, String> {
    if let Some(protocol) = text.strip_prefix("gre:") {
        let wrong = || "a GRE protocol type is wanted after 'gre:', such as gre:0x88b5".into();
        return number(protocol).map(Carrier::Gre).ok_or_else(wrong);
    }
    let (port, kind) = text.split_once('=').ok_or("a port and an encapsulation are wanted, such as 7933=hp-erm or 8472=vxlan")?;
    let port = match port.trim().parse() {
        Ok(0) | Err(_) => return Err(format!("'{port}' is no UDP port (1 to 65535)")),
        Ok(port) => port,
    };
    let word = kind.trim().replace('-', "_").to_ascii_lowercase();
    let kinds = || TunnelKind::ALL.iter().filter(|k| k.runs_over_udp());
    match kinds().find(|k| k.token() == word) {
        Some(&kind) => Ok(Carrier::Udp(port, kind)),
        None => {
            let names: Vec<String> = kinds().map(|k| k.token().replace('_', "-")).collect();
            Err(format!("unknown encapsulation '{kind}'; over UDP there are {}", names.join(", ")))
        }
    }
}

/// A name in SQL that needs no quotes.
pub fn identifier(text: &str) -> Result<String, String> {
    let is_name = !text.is_empty() && !text.starts_with(|c: char| c.is_ascii_digit());
    if is_name && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_') {
        Ok(text.to_owned())
    } else {
        Err("a name has letters, digits and _".into())
    }
}

/// How long rows of a table are kept: `intervals=90`.
pub fn days_of(text: &str) -> Result<(String, u32), String> {
    let wrong = || "TABLE=DAYS is wanted, such as intervals=90".to_owned();
    let (table, days) = text.split_once('=').ok_or_else(wrong)?;
    let days = days.parse().ok().filter(|days| (1..=36_500).contains(days)).ok_or_else(wrong)?;
    Ok((identifier(table)?, days))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times() {
        for (text, ms) in [("30s", 30_000), ("500ms", 500), ("5m", 300_000), ("1m30s", 90_000), ("1.5h", 5_400_000), ("10", 10_000)] {
            assert_eq!(time(text), Ok(Duration::from_millis(ms)), "{text}");
        }
        for text in ["", "0s", "s", "-1s", "5 parsecs", "1e400s", "..s", "99999999999999999999d"] {
            assert!(time(text).is_err(), "{text}");
        }
        assert!(interval("1us").is_err());
    }

    #[test]
    fn sizes_and_speeds() {
        assert_eq!(size("64MiB"), Ok(64 << 20));
        assert_eq!(size("64 kB"), Ok(64_000));
        assert_eq!(size("1G"), Ok(1 << 30));
        assert!(size("64 bananas").is_err());
        assert!(size("1073741823G").is_ok() && size("1073741824G").is_err() && size("99999999999999999999G").is_err());
        assert_eq!(memory("512M"), Ok(512 << 20));
        assert!(memory("1M").is_err() && memory("much").is_err());
        assert!(buffer("1k").is_err() && buffer("8G").is_err());
        for (text, bits) in [
            ("10G", 10_000_000_000),
            ("2.5G", 2_500_000_000),
            ("100Mb/s", 100_000_000),
            ("1000000000", 1_000_000_000),
            ("1Gbit", 1_000_000_000),
        ] {
            assert_eq!(speed(text), Ok(bits), "{text}");
        }
        assert!(speed("0").is_err() && speed("fast").is_err() && speed("1Q").is_err());
        assert_eq!(speed("10").unwrap_err(), "10 bits a second? write 10G, 10M, or 10b/s");
        assert_eq!((speed("10b/s"), speed("10 k"), speed("1000000")), (Ok(10), Ok(10_000), Ok(1_000_000)));
    }

    #[test]
    fn networks_and_replays() {
        assert!(network("10.0.0.0/8").is_ok() && network("::1").is_ok());
        assert!(network("10.0.0.0/33").is_err());
        assert_eq!(replay("10x"), Some(Ok(10.0)));
        assert!(matches!(replay("0"), Some(Err(_))));
        assert_eq!(replay("office.pcapng"), None);
    }

    #[test]
    fn rspan_vlans() {
        use crate::model::RspanChoice;
        assert_eq!(
            (rspan("auto"), rspan("none"), rspan("999")),
            (Ok(RspanChoice::Auto), Ok(RspanChoice::None), Ok(RspanChoice::Vlan(999)))
        );
        assert!(["", "0", "4096", "-1", "AUTO"].into_iter().all(|wrong| rspan(wrong).is_err()));
    }

    #[test]
    fn time_stamps() {
        use crate::model::{StampChoice, StampKind};
        assert_eq!(stamps("auto"), Ok(StampChoice::Auto));
        assert_eq!(stamps("none"), Ok(StampChoice::None));
        assert_eq!(stamps("metamako"), Ok(StampChoice::Trailer(StampKind::Metamako)));
        assert_eq!(stamps("arista-7150"), Ok(StampChoice::Trailer(StampKind::Arista7150)));
        assert_eq!(stamps("ttag:0x88b5"), Ok(StampChoice::Ttag(0x88b5)));
        for wrong in ["", "arista", "ttag", "ttag:", "ttag:0x05ff", "Metamako"] {
            assert!(stamps(wrong).unwrap_err().contains("ttag:0x"), "{wrong}");
        }
    }

    #[test]
    fn carriers() {
        use crate::model::{Carrier, TunnelKind};
        assert_eq!(carrier("7933=hp-erm"), Ok(Carrier::Udp(7933, TunnelKind::HpErm)));
        assert_eq!(carrier("5555=aruba_erm"), Ok(Carrier::Udp(5555, TunnelKind::ArubaErm)));
        assert_eq!(carrier("8472=VXLAN"), Ok(Carrier::Udp(8472, TunnelKind::Vxlan)));
        assert_eq!(carrier("gre:0x88b5"), Ok(Carrier::Gre(0x88b5)));
        assert_eq!(carrier("gre:25944"), Ok(Carrier::Gre(0x6558)));
        for wrong in
            ["", "7933", "0=vxlan", "70000=vxlan", "=vxlan", "80=", "80=erspan2", "80=http", "gre:", "gre:0x", "gre:0x12345", "gre:0"]
        {
            assert!(carrier(wrong).is_err(), "{wrong}");
        }
        assert!(carrier("80=erspan2").unwrap_err().contains("vxlan, vxlan-gpe, geneve"));
    }
}
