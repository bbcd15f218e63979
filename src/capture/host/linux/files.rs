//! What the kernel tells in files: `/proc` and `/sys`.

use crate::model::Arrange as _;
use crate::model::Sum;
use crate::model::host::Softnet;
use std::fs;
use std::path::Path;

/// `/proc/net/softnet_stat`, all processors together.
pub fn softnet() -> Option<Softnet> {
    parse_softnet(&fs::read_to_string("/proc/net/softnet_stat").ok()?)
}

/// A line for each processor, hexadecimal columns: handled, dropped, squeezed … (`softnet_seq_show` in net/core).
fn parse_softnet(text: &str) -> Option<Softnet> {
    let mut sum = None::<Softnet>;
    for line in text.lines() {
        let mut columns = line.split_whitespace().map(|word| u32::from_str_radix(word, 16).ok());
        let (Some(_), Some(dropped), Some(squeezed)) = (columns.next()?, columns.next()?, columns.next()?) else { return None };
        let of_one = Softnet { dropped: dropped.into(), squeezed: squeezed.into() };
        sum.merge(&Some(of_one));
    }
    sum
}

/// Whether IPv6 is switched off on an interface; without IPv6 in the kernel it is.
pub fn ipv6_disabled(interface: &str) -> Option<bool> {
    if interface.contains('/') || interface.is_empty() || interface == "." || interface == ".." {
        return None;
    }
    let conf = Path::new("/proc/sys/net/ipv6/conf");
    if !conf.is_dir() {
        return Path::new("/proc/sys/net").is_dir().then_some(true);
    }
    match fs::read_to_string(conf.join(interface).join("disable_ipv6")).ok()?.trim() {
        "0" => Some(false),
        "1" => Some(true),
        _ => None,
    }
}

/// Governors of all processors, each once; empty where their frequency is not governed here.
pub fn governors() -> Vec<String> {
    let policies = fs::read_dir("/sys/devices/system/cpu/cpufreq").into_iter().flatten().flatten();
    let governor = |policy: fs::DirEntry| fs::read_to_string(policy.path().join("scaling_governor")).ok();
    let mut found: Vec<String> = policies.filter_map(governor).map(|text| text.trim().to_owned()).collect();
    found.arrange();
    found.dedup();
    found
}

/// The virtual machine this host is; an empty text where there is none, `None` where that cannot be told.
pub fn hypervisor() -> Option<String> {
    let read = |file: &str| fs::read_to_string(file).unwrap_or_default();
    if !read("/sys/hypervisor/type").trim().is_empty() {
        return Some("Xen".into());
    }
    let maker = [read("/sys/class/dmi/id/sys_vendor"), read("/sys/class/dmi/id/product_name")].join(" ");
    named_hypervisor(&maker).map(str::to_owned).or_else(|| flagged_hypervisor(&read("/proc/cpuinfo")).map(str::to_owned))
}

/// By what the firmware says of the machine.
fn named_hypervisor(maker: &str) -> Option<&'static str> {
    const NAMES: &[(&str, &str)] = &[
        ("QEMU", "QEMU"),
        ("KVM", "KVM"),
        ("VMware", "VMware"),
        ("VirtualBox", "VirtualBox"),
        ("Virtual Machine", "Hyper-V"),
        ("Xen", "Xen"),
        ("Amazon EC2", "Amazon EC2"),
        ("Google Compute Engine", "Google Compute Engine"),
        ("Parallels", "Parallels"),
        ("BHYVE", "bhyve"),
    ];
    NAMES.iter().find(|(word, _)| maker.contains(word)).map(|(_, name)| *name)
}

/// By the processor's flag, which x86 has; others say nothing.
fn flagged_hypervisor(cpuinfo: &str) -> Option<&'static str> {
    let flags = cpuinfo.lines().find_map(|line| line.strip_prefix("flags")?.trim_start().strip_prefix(':'))?;
    Some(if flags.split_whitespace().any(|flag| flag == "hypervisor") { "a virtual machine" } else { "" })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn processors_are_added_up() {
        let text = "0000272d 00000002 00000010 00000000 00000000\n0034d844 00000001 0000000a 00000000 00000000\n";
        assert_eq!(parse_softnet(text), Some(Softnet { dropped: 3, squeezed: 26 }));
        for bad in ["", "12 13", "zz 00 00"] {
            assert_eq!(parse_softnet(bad), None, "{bad:?}");
        }
    }

    #[test]
    fn hypervisors_have_names() {
        assert_eq!(named_hypervisor("QEMU\n Standard PC (Q35 + ICH9, 2009)"), Some("QEMU"));
        assert_eq!(named_hypervisor("Microsoft Corporation\n Virtual Machine\n"), Some("Hyper-V"));
        assert_eq!(named_hypervisor("Dell Inc.\n PowerEdge R750"), None);
        assert_eq!(flagged_hypervisor("processor\t: 0\nflags\t\t: fpu vme hypervisor lahf_lm\n"), Some("a virtual machine"));
        assert_eq!(flagged_hypervisor("processor\t: 0\nflags\t\t: fpu vme\n"), Some(""));
        assert_eq!(flagged_hypervisor("processor : 0\nFeatures : fp asimd\n"), None);
    }

    #[test]
    fn names_cannot_leave_the_directory() {
        for name in ["", "..", "../all", "a/b"] {
            assert_eq!(ipv6_disabled(name), None, "{name:?}");
        }
        assert_eq!(ipv6_disabled("no-such-port").is_some(), !Path::new("/proc/sys/net/ipv6/conf").is_dir() && cfg!(target_os = "linux"));
    }
}
