//! NTP (RFC 5905 section 7.3).

use crate::dissect::Carriage;
use crate::model::{LayerWriter, Show};

fn mode(number: u64) -> &'static str {
    match number {
        1 => "symmetric active",
        2 => "symmetric passive",
        3 => "client",
        4 => "server",
        5 => "broadcast",
        6 => "control",
        7 => "private",
        _ => "",
    }
}

pub(super) fn ntp(w: &mut LayerWriter<'_, '_>, _: Carriage) {
    w.bits("ntp.flags.li", "Leap indicator", 0, 1, 0xc0, Show::Dec);
    let version = w.bits("ntp.flags.vn", "Version", 0, 1, 0x38, Show::Dec).unwrap_or(0);
    let kind = w.bits("ntp.flags.mode", "Mode", 0, 1, 0x07, Show::Named(mode)).unwrap_or(0);
    w.summary(mode(kind));
    w.say("NTP", format!("NTP Version {version}, {}", mode(kind)));
    if matches!(kind, 6 | 7) {
        return w.raw("ntp.data", "Content", 1, w.len());
    }
    w.number("ntp.stratum", "Stratum", 1, 1, Show::Dec);
    w.number("ntp.ppoll", "Poll interval (2^n s)", 2, 1, Show::Dec);
    w.number("ntp.precision", "Precision (2^n s)", 3, 1, Show::As(|n| (n as u8 as i8).to_string()));
    let seconds = |n: u64| format!("{:.6} s", n as f64 / 65_536.0);
    w.number("ntp.rootdelay", "Root delay", 4, 4, Show::As(seconds));
    w.number("ntp.rootdispersion", "Root dispersion", 8, 4, Show::As(seconds));
    w.ipv4("ntp.refid", "Reference", 12);
    // Seconds since 1900, and their fraction.
    let stamp = |n: u64| {
        if n == 0 { "none".to_owned() } else { format!("{:.6}", (n >> 32) as f64 - 2_208_988_800.0 + (n as u32) as f64 / 4_294_967_296.0) }
    };
    for (name, title, at) in [
        ("ntp.reftime", "Reference time (s since 1970)", 16),
        ("ntp.org", "Origin time (s since 1970)", 24),
        ("ntp.rec", "Receive time (s since 1970)", 32),
        ("ntp.xmt", "Transmit time (s since 1970)", 40),
    ] {
        w.number(name, title, at, 8, Show::As(stamp));
    }
}
