//! BFD (RFC 5880 section 4.1).

use crate::dissect::Carriage;
use crate::model::{LayerWriter, Show};

pub(super) fn bfd(w: &mut LayerWriter<'_, '_>, _: Carriage) {
    let reasons = |n| match n {
        0 => "No Diagnostic",
        1 => "Control Detection Time Expired",
        2 => "Echo Function Failed",
        3 => "Neighbor Signaled Session Down",
        4 => "Forwarding Plane Reset",
        5 => "Path Down",
        6 => "Concatenated Path Down",
        7 => "Administratively Down",
        8 => "Reverse Concatenated Path Down",
        _ => "",
    };
    let states = |n| match n {
        0 => "AdminDown",
        1 => "Down",
        2 => "Init",
        _ => "Up",
    };
    w.bits("bfd.version", "Version", 0, 1, 0xe0, Show::Dec);
    let reason = w.bits("bfd.diag", "Diagnostic", 0, 1, 0x1f, Show::Named(reasons)).unwrap_or(0);
    let state = w.bits("bfd.sta", "State", 1, 1, 0xc0, Show::Named(states)).unwrap_or(0);
    let flags = w.number("bfd.flags", "Flags", 1, 1, Show::Hex).unwrap_or(0);
    w.inside(|w| {
        w.flags(
            1,
            1,
            &[
                ("bfd.flags.p", "Poll", 0x20),
                ("bfd.flags.f", "Final", 0x10),
                ("bfd.flags.c", "Control plane independent", 0x08),
                ("bfd.flags.a", "Authentication present", 0x04),
                ("bfd.flags.d", "Demand", 0x02),
                ("bfd.flags.m", "Multipoint", 0x01),
            ],
        );
    });
    w.number("bfd.detect_time_multiplier", "Detection multiplier", 2, 1, Show::Dec);
    w.number("bfd.message_length", "Message length", 3, 1, Show::Dec);
    w.number("bfd.my_discriminator", "My discriminator", 4, 4, Show::Hex);
    w.number("bfd.your_discriminator", "Your discriminator", 8, 4, Show::Hex);
    let micros = |n: u64| format!("{} us", n);
    w.number("bfd.desired_min_tx_interval", "Desired least interval of sending", 12, 4, Show::As(micros));
    w.number("bfd.required_min_rx_interval", "Required least interval of receiving", 16, 4, Show::As(micros));
    w.number("bfd.required_min_echo_interval", "Required least interval of echoes", 20, 4, Show::As(micros));
    w.summary(states(state));
    let flags = flags & 0x3f;
    w.say("BFD Control", format!("Diag: {}, State: {}, Flags: 0x{flags:02x}", reasons(reason), states(state)));
}
