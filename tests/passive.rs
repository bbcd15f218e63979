//! Nothing is sent: the wire is watched while a port is looked at, and so are the system calls. Without root, or the tools it takes, a test says
//! so and passes. They look for a few seconds, or for `SPANTOP_WATCH_SECONDS`.
#![cfg(target_os = "linux")]

mod support;

use std::collections::BTreeSet;
use std::fs;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};
use support::namespace::{inside, needs, run, send};

/// Longest wait for the kernel to have said on the link what it says when one comes up.
const SILENCE: Duration = Duration::from_secs(25);

fn seconds() -> u64 {
    std::env::var("SPANTOP_WATCH_SECONDS").ok().and_then(|text| text.parse().ok()).unwrap_or(5)
}

/// A veth pair with IPv6 on, as a fresh probe has it. The kernel looks for no routers, which it would do for ever.
fn pair_with_ipv6() {
    run("ip link add name a type veth peer name b");
    run("for d in a b; do echo 0 >/proc/sys/net/ipv6/conf/$d/disable_ipv6; echo 0 >/proc/sys/net/ipv6/conf/$d/router_solicitations; done");
    run("ip link set dev a up && ip link set dev b up");
}

fn sent_by(device: &str) -> u64 {
    fs::read_to_string(format!("/sys/class/net/{device}/statistics/tx_packets")).unwrap().trim().parse().unwrap()
}

/// Waits until the kernel has nothing more to say by itself.
fn until_silent(device: &str) {
    let begun = Instant::now();
    let (mut last, mut since) = (sent_by(device), Instant::now());
    while since.elapsed() < Duration::from_secs(4) {
        assert!(begun.elapsed() < SILENCE, "the kernel does not fall silent on {device}");
        std::thread::sleep(Duration::from_millis(100));
        let now = sent_by(device);
        if now != last {
            (last, since) = (now, Instant::now());
        }
    }
}

/// What makes a careless program speak: names to look up, addresses to resolve, somebody who asks, broadcasts.
fn tempting() {
    let to_others = "0x08, 0x00, 0x45, 0, 0, 46, 0, 1, 0, 0, 64, 17, 0, 0, 192, 0, 2, 1, 198, 51, 100, 1, 0, 99, 0, 53, 0, 26, 0, 0";
    send("a", 20, to_others, 18);
    let echo = "0x08, 0x00, 0x45, 0, 0, 46, 0, 1, 0, 0, 64, 1, 0, 0, 192, 0, 2, 1, 198, 51, 100, 1, 8, 0, 0, 0, 0, 1, 0, 1";
    send("a", 20, echo, 18);
    let who_has = "0x08, 0x06, 0, 1, 8, 0, 6, 4, 0, 1, 2, 0, 0, 0, 0, 1, 192, 0, 2, 1, 0, 0, 0, 0, 0, 0, 192, 0, 2, 77";
    send("a", 20, who_has, 18);
}

fn live(before: &[&str], seconds: u64) -> Child {
    let mut command = Command::new(before.first().copied().unwrap_or(env!("CARGO_BIN_EXE_spantop")));
    command.args(before.iter().skip(1));
    if !before.is_empty() {
        command.arg(env!("CARGO_BIN_EXE_spantop"));
    }
    let arguments = ["report", "-i", "b", "--format", "json", "--threads", "2", "--for", &format!("{seconds}s")];
    command.args(arguments).env_remove("SUDO_USER").stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command.spawn().expect("it starts")
}

/// The packets of its report.
fn packets(child: Child) -> u64 {
    let output = child.wait_with_output().expect("it ends");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let report: serde_json::Value = serde_json::from_slice(&output.stdout).expect("JSON");
    report["capture"]["packets"].as_u64().expect("a number")
}

#[test]
fn no_frame_leaves_the_port_that_is_looked_at() {
    if !inside("no_frame_leaves_the_port_that_is_looked_at") {
        return;
    }
    pair_with_ipv6();
    until_silent("b");
    let before = sent_by("b");
    let program = live(&[], seconds());
    std::thread::sleep(Duration::from_secs(1));
    tempting();
    let seen = packets(program);
    assert!(seen >= 60, "{seen} packets: this test says nothing");
    assert_eq!(sent_by("b"), before, "frames were sent");
    // Otherwise the counter says nothing.
    send("b", 1, "0x88, 0xb5", 46);
    assert_eq!(sent_by("b"), before + 1);
}

#[test]
fn no_call_but_the_packet_socket_reaches_the_network() {
    if !inside("no_call_but_the_packet_socket_reaches_the_network") || !needs("strace", &["strace"]) {
        return;
    }
    pair_with_ipv6();
    let log = std::env::temp_dir().join(format!("spantop-strace-{}", std::process::id()));
    let program = live(&["strace", "-f", "-yy", "-e", "trace=%network", "-o", log.to_str().expect("plain")], 3);
    std::thread::sleep(Duration::from_millis(1500));
    tempting();
    let seen = packets(program);
    let text = fs::read_to_string(&log).expect("what strace wrote");
    fs::remove_file(&log).expect("removed");
    assert!(seen >= 60, "{seen} packets: this test says nothing");
    let mut sockets = BTreeSet::new();
    for line in text.lines() {
        let Some((_, call)) = line.split_once(' ').map(|(thread, call)| (thread, call.trim_start())) else { continue };
        let Some((name, arguments)) = call.split_once('(') else { continue };
        match name {
            "socket" => _ = sockets.insert(arguments.split(", ").take(2).collect::<Vec<_>>().join(" ")),
            // Asks the kernel; bound to an interface, or to the kernel's own answers.
            "bind" => assert!(arguments.contains("AF_PACKET") || arguments.contains("AF_NETLINK"), "{line}"),
            "sendto" | "sendmsg" | "sendmmsg" => assert!(arguments.contains("<NETLINK:") || arguments.contains("<UNIX"), "{line}"),
            "connect" => assert!(arguments.contains("AF_UNIX") || arguments.contains("AF_NETLINK"), "{line}"),
            "accept" | "accept4" | "listen" => panic!("{line}"),
            _ => {}
        }
    }
    assert!(sockets.iter().any(|socket| socket.starts_with("AF_PACKET")), "{sockets:?}");
    for socket in &sockets {
        // A datagram socket of IPv4 is what interfaces are asked through (netdevice(7)); nothing goes over it, as the calls above say.
        let known = ["AF_PACKET ", "AF_NETLINK ", "AF_UNIX ", "AF_INET SOCK_DGRAM"];
        assert!(known.iter().any(|known| socket.starts_with(known)), "{sockets:?}");
    }
}
