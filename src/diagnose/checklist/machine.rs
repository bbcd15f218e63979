//! The machine: buffers, processors, the clock, and whether it is a virtual one.

use super::{Look, Seen};
use crate::model::HostFacts;
use crate::model::units::{bytes, duration, grouped};

/// A buffer that holds 10 ms of a full 10 Gb/s link, in bytes.
const SMALL_BUFFER: u64 = 12_500_000;

pub(super) fn buffer(f: &HostFacts, _: Seen) -> Look {
    match f.buffer_bytes {
        None => Look::unknown("not told"),
        Some(n) if n < SMALL_BUFFER => Look::note(format!("{}: larger with --buffer", bytes(n))),
        Some(n) => Look::good(bytes(n)),
    }
}

pub(super) fn softnet(f: &HostFacts, _: Seen) -> Look {
    let Some(softnet) = f.softnet else { return Look::unknown("not told") };
    let within = duration(f.seconds);
    match (softnet.dropped, softnet.squeezed) {
        (0, 0) => Look::good(format!("nothing dropped in {within}")),
        (0, squeezed) => {
            Look::note(format!("out of time {} times in {within}", grouped(squeezed))).mend("sysctl -w net.core.netdev_budget=600")
        }
        (dropped, _) => {
            Look::warning(format!("{} dropped in {within}", grouped(dropped))).mend("sysctl -w net.core.netdev_max_backlog=10000")
        }
    }
}

pub(super) fn governor(f: &HostFacts, _: Seen) -> Look {
    match f.governors.as_deref() {
        None | Some([]) => Look::unknown("not governed here"),
        Some([one]) if one == "performance" => Look::good("performance"),
        Some(all) => Look::note(all.join(", ")).mend("cpupower frequency-set -g performance"),
    }
}

pub(super) fn clock(f: &HostFacts, _: Seen) -> Look {
    match f.clock {
        None => Look::unknown("not told"),
        Some(clock) if clock.synchronised => Look::good(format!("in step, at most {} off", duration(clock.max_error))),
        // Of times of this port alone nothing is wrong because of it.
        Some(_) => Look::note("no time server keeps it in step").mend("timedatectl set-ntp true"),
    }
}

pub(super) fn hypervisor(f: &HostFacts, _: Seen) -> Look {
    let driver = f.driver.as_ref().map_or(String::new(), |driver| format!(" (driver {driver})"));
    match f.hypervisor.as_deref() {
        None => Look::unknown("not told"),
        Some("") => Look::good(format!("none{driver}")),
        Some(name) => Look::note(format!("{name}{driver}")),
    }
}
