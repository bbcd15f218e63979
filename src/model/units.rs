//! Numbers as people read them: three significant digits, unit in its own narrow column.

/// A value scaled to three significant digits and its unit prefix: `("1.24", "G")`.
///
/// The text is at most 4 characters wide (`999`, `1.24`, `12.3`); the prefix is empty or one of `k M G T P E`.
pub fn scaled(value: f64) -> (String, &'static str) {
    const PREFIXES: [&str; 7] = ["", "k", "M", "G", "T", "P", "E"];
    let mut value = if value.is_finite() { value.max(0.0) } else { 0.0 };
    let mut step = 0;
    while value >= 999.5 && step + 1 < PREFIXES.len() {
        value /= 1000.0;
        step += 1;
    }
    let text = if step == 0 && value.fract() == 0.0 || value >= 99.95 {
        format!("{value:.0}")
    } else if value >= 9.995 {
        format!("{value:.1}")
    } else {
        format!("{value:.2}")
    };
    (text, PREFIXES[step])
}

/// A bit rate such as `1.24 Gb/s`.
pub fn bits_per_second(value: f64) -> String {
    let (n, p) = scaled(value);
    format!("{n} {p}b/s")
}

/// A byte rate such as `155 MB/s`.
pub fn bytes_per_second(value: f64) -> String {
    let (n, p) = scaled(value);
    format!("{n} {p}B/s")
}

/// A packet rate such as `312 kp/s`.
pub fn packets_per_second(value: f64) -> String {
    let (n, p) = scaled(value);
    format!("{n} {p}p/s")
}

/// An amount of bytes such as `1.24 GB` (decimal prefixes, as rates have).
pub fn bytes(value: u64) -> String {
    let (n, p) = scaled(value as f64);
    format!("{n} {p}B")
}

/// A count such as `12.3 k`; below a thousand exact.
pub fn count(value: u64) -> String {
    let (n, p) = scaled(value as f64);
    if p.is_empty() { n } else { format!("{n} {p}") }
}

/// A count and its noun: `1 packet`, `12 packets`.
pub fn plural(n: u64, noun: &str) -> String {
    format!("{} {noun}{}", grouped(n), if n == 1 { "" } else { "s" })
}

/// How often: `once`, `12 times`.
pub fn times(n: u64) -> String {
    if n == 1 { "once".to_owned() } else { plural(n, "time") }
}

/// A whole number with thin grouping: `1,234,567`.
pub fn grouped(value: u64) -> String {
    let digits = value.to_string();
    let mut out = String::with_capacity(digits.len() + digits.len() / 3);
    for (i, c) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            out.push(',');
        }
        out.push(c);
    }
    out
}

/// A share as a percentage: `48 %`, `4.2 %`, `0.03 %`, `0 %`; ten times and more as such: `270×`.
pub fn percent(share: f64) -> String {
    let p = share * 100.0;
    if !p.is_finite() || p <= 0.0 {
        "0 %".into()
    } else if p >= 999.5 {
        format!("{share:.0}×")
    } else if p >= 9.95 {
        format!("{p:.0} %")
    } else if p >= 0.095 {
        format!("{p:.1} %")
    } else if p >= 0.005 {
        format!("{p:.2} %")
    } else {
        "<0.01 %".into()
    }
}

/// A span of seconds for reading: `300 ns`, `850 µs`, `12.3 ms`, `4.20 s`, `3 m 05 s`, `2 h 07 m`, `3 d 04 h`.
pub fn duration(seconds: f64) -> String {
    let s = if seconds.is_finite() { seconds.max(0.0) } else { 0.0 };
    if s == 0.0 {
        "0 s".into()
    } else if s < 9.995e-7 {
        format!("{:.0} ns", s * 1e9)
    } else if s < 0.001 {
        format!("{:.0} µs", s * 1e6)
    } else if s < 1.0 {
        format!("{:.1} ms", s * 1e3)
    } else if s < 60.0 {
        format!("{s:.2} s")
    } else if s < 3600.0 {
        format!("{} m {:02} s", s as u64 / 60, s as u64 % 60)
    } else if s < 86_400.0 {
        format!("{} h {:02} m", s as u64 / 3600, s as u64 % 3600 / 60)
    } else {
        format!("{} d {:02} h", s as u64 / 86_400, s as u64 % 86_400 / 3600)
    }
}

/// A running clock `00:12:41`, `27:03:10` beyond a day.
pub fn clock(seconds: f64) -> String {
    let s = if seconds.is_finite() { seconds.max(0.0) as u64 } else { 0 };
    format!("{:02}:{:02}:{:02}", s / 3600, s / 60 % 60, s % 60)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn three_digits() {
        for (v, want) in [
            (0.0, "0"),
            (7.0, "7"),
            (999.0, "999"),
            (999.6, "1.00k"),
            (1240.0, "1.24k"),
            (12_345.0, "12.3k"),
            (99_960.0, "100k"),
            (8.7e8, "870M"),
            (1.24e9, "1.24G"),
        ] {
            let (n, p) = scaled(v);
            assert_eq!(format!("{n}{p}"), want);
            assert!(n.len() <= 4);
        }
        assert_eq!(grouped(1_234_567), "1,234,567");
        assert_eq!((percent(0.0003), percent(9.9), percent(270.19)), ("0.03 %".into(), "990 %".into(), "270×".into()));
        assert_eq!(duration(185.0), "3 m 05 s");
        assert_eq!(
            (duration(1e-9), duration(9.4e-7), duration(9.999e-7), duration(8.5e-4)),
            ("1 ns".into(), "940 ns".into(), "1 µs".into(), "850 µs".into())
        );
    }
}
