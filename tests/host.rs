//! What is read of this host and its interfaces, and the checklist made of it: in network namespaces, held against what the usual
//! tools say. Without root or the tools it needs a test says so and passes.

mod support;

use serde_json::Value;
use spantop::capture::host::{FactsReader, HostProbe};
use spantop::capture::live::open;
use spantop::engine::{Engine, Settings};
use spantop::model::{HostFacts, Severity};
use spantop::settings::LiveSettings;
use spantop::snapshot::{Feed, Snapshot};
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};
use support::namespace::{inside, pair, run, send_plain};

/// The words a program prints; nothing where there is no such program.
fn says(line: &str) -> Option<String> {
    let output = Command::new("sh").args(["-c", line]).stderr(Stdio::null()).output().expect("a shell");
    output.status.success().then(|| String::from_utf8_lossy(&output.stdout).into_owned())
}

fn has(tool: &str) -> bool {
    let found = says(&format!("command -v {tool}")).is_some();
    if !found {
        eprintln!("skipped a part: needs the program {tool}");
    }
    found
}

/// The facts of one interface as a fresh reader has them.
fn facts(interface: &str) -> HostFacts {
    let probe = HostProbe { interfaces: vec![interface.into()], buffer_bytes: Some(1 << 20), ..HostProbe::default() };
    FactsReader::new(&probe, None).read().pop().expect("an entry for the interface")
}

fn check(interface: &str, more: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_spantop"))
        .args(["check", "-i", interface, "--for", "1s", "--format", "json"])
        .args(more)
        .output()
        .expect("spantop")
}

/// The verdict and the command of one line of the checklist in a JSON report.
fn line(output: &Output, id: &str) -> (String, Option<String>) {
    let report: Value = serde_json::from_slice(&output.stdout).unwrap_or_else(|e| panic!("{e}: {output:?}"));
    let checks = report["host"][0]["checks"].as_array().expect("a checklist");
    let check = checks.iter().find(|c| c["id"] == id).unwrap_or_else(|| panic!("no {id} in {checks:?}"));
    let text = |name: &str| check[name].as_str().map(str::to_owned);
    assert!(text("name").is_some() && text("found").is_some() && text("why").is_some(), "{check}");
    (text("verdict").expect("a verdict"), text("command"))
}

#[test]
fn a_link_is_as_ip_says() {
    if !inside("a_link_is_as_ip_says") {
        return;
    }
    pair("a", "b");
    let b = facts("b");
    assert_eq!((b.up, b.carrier, b.operstate, b.loopback), (Some(true), Some(true), Some("up"), Some(false)));
    assert_eq!((b.mtu, b.no_arp, b.promiscuous, b.ipv6_disabled), (Some(1500), Some(false), Some(false), Some(true)));
    assert_eq!((b.addresses.as_deref(), b.buffer_bytes), (Some([].as_slice()), Some(1 << 20)));
    let stack = b.stack.expect("a stack");
    assert_eq!((stack.master, stack.children.is_empty(), stack.xdp, stack.ingress), (None, true, false, false));

    run("ip link set dev b mtu 9000 arp off && ip addr add 192.0.2.7/24 dev b");
    run("echo 0 > /proc/sys/net/ipv6/conf/b/disable_ipv6 && ip addr add 2001:db8::7/64 dev b nodad");
    let source = open(&LiveSettings { interfaces: vec!["b".into()], ..LiveSettings::default() }).expect("b opens");
    let b = facts("b");
    assert_eq!((b.mtu, b.no_arp, b.promiscuous, b.ipv6_disabled), (Some(9000), Some(true), Some(true), Some(false)));
    let addresses = b.addresses.expect("addresses");
    let expected = ["192.0.2.7", "2001:db8::7"].map(|a| a.parse::<std::net::IpAddr>().expect("an address"));
    assert!(expected.iter().all(|a| addresses.contains(a)), "{addresses:?}");
    assert!(facts("a").addresses.is_some_and(|list| list.is_empty()), "another interface's addresses");
    drop(source);

    run("ip link set dev a down");
    assert_eq!((facts("b").carrier, facts("b").up), (Some(false), Some(true)));
    run("ip link set dev b down");
    assert_eq!((facts("b").carrier, facts("b").up), (None, Some(false)));
    assert_eq!(facts("lo").loopback, Some(true));
    assert_eq!(facts("no-such-port").up, None);
}

#[test]
fn who_else_uses_the_interface_is_told() {
    if !inside("who_else_uses_the_interface_is_told") {
        return;
    }
    pair("a", "b");
    let makes = |line: &str| {
        let made = says(line).is_some();
        if !made {
            eprintln!("skipped {line}: this kernel cannot");
        }
        made
    };
    if makes("ip link add name br0 type bridge") {
        run("ip link set dev b master br0");
        let master = facts("b").stack.expect("a stack").master;
        assert_eq!(master, Some(("br0".into(), "bridge".into())));
        let output = check("b", &[]);
        assert_eq!(line(&output, "membership"), ("warning".into(), Some("ip link set dev b nomaster".into())));
        run("ip link set dev b nomaster");
    }
    if makes("ip link add link b name b.7 type vlan id 7") {
        assert_eq!(facts("b").stack.expect("a stack").children, ["b.7"]);
        assert!(facts("a").stack.expect("a stack").children.is_empty());
    }
    if makes("ip link add link a name over type macvlan") {
        assert_eq!(facts("a").stack.expect("a stack").children, ["over"]);
    }
    if makes("tc qdisc add dev b clsact") {
        assert_eq!(facts("b").stack.map(|s| s.ingress), Some(true));
        assert_eq!(facts("a").stack.map(|s| s.ingress), Some(false));
    }
}

#[test]
fn features_are_as_ethtool_says() {
    if !inside("features_are_as_ethtool_says") || !has("ethtool") {
        return;
    }
    pair("a", "b");
    for wanted in [true, false, true] {
        run(&format!("ethtool -K b gro {}", if wanted { "on" } else { "off" }));
        assert_eq!(facts("b").is_on("rx-gro"), Some(wanted));
        assert_eq!(facts("b").feature("rx-gro").map(|f| f.fixed), Some(false));
    }
    run("ethtool -K b rxvlan off tso off");
    for interface in ["b", "lo"] {
        let told = says(&format!("ethtool -k {interface}")).expect("features");
        let facts = facts(interface);
        let mut compared = 0;
        for text in told.lines().skip(1) {
            let Some((name, state)) = text.trim().split_once(": ") else { continue };
            // ethtool's own names for groups of features are not the kernel's.
            let Some(feature) = facts.feature(name) else { continue };
            assert_eq!((feature.on, feature.fixed), (state.starts_with("on"), state.contains("[fixed]")), "{interface}: {text}");
            compared += 1;
        }
        assert!(compared > 30, "only {compared} features of {interface} compared");
    }
}

#[test]
fn counters_count_from_the_first_reading() {
    if !inside("counters_count_from_the_first_reading") {
        return;
    }
    pair("a", "b");
    send_plain("b", 50);
    let probe = HostProbe { interfaces: vec!["b".into()], ..HostProbe::default() };
    let mut reader = FactsReader::new(&probe, None);
    let sent = |reader: &mut FactsReader| reader.read()[0].counters.map(|c| (c.sent, c.received));
    assert_eq!(sent(&mut reader), Some((0, 0)));
    send_plain("b", 30);
    send_plain("a", 7);
    assert_eq!(sent(&mut reader), Some((30, 7)));
    send_plain("b", 5);
    assert_eq!(sent(&mut reader), Some((35, 7)));
    reader.forget();
    assert_eq!(sent(&mut reader), Some((0, 0)));
    // Gone and back: what was counted stays, the new one counts from zero.
    send_plain("b", 4);
    assert_eq!(sent(&mut reader), Some((4, 0)));
    run("ip link del dev b");
    assert_eq!((sent(&mut reader), reader.read()[0].up), (Some((4, 0)), None));
    pair("a", "b");
    sent(&mut reader);
    send_plain("b", 2);
    assert_eq!(sent(&mut reader), Some((6, 0)));
}

/// Frames for others, so that there is something to look at.
fn busy() -> Child {
    let frame = "{ 2,0,0,0,0,2, 2,0,0,0,0,1, 0x88, 0xb5, fill(0x5a, 46) }";
    Command::new("sh")
        .args(["-c", &format!("trafgen --no-cpu-stats -P 1 -q -n 20 -t 100ms -o a '{frame}' >/dev/null")])
        .spawn()
        .expect("a shell")
}

#[test]
fn a_check_reads_the_host() {
    if !inside("a_check_reads_the_host") {
        return;
    }
    pair("a", "b");
    let ethtool = has("ethtool");
    if ethtool {
        run("ethtool -K b gro off");
    }
    let mut sender = busy();
    let before = Instant::now();
    let output = check("b", &[]);
    assert!(before.elapsed() >= Duration::from_secs(1) && before.elapsed() < Duration::from_secs(15), "{:?}", before.elapsed());
    assert_eq!(line(&output, "link"), ("ok".into(), None));
    assert_eq!(line(&output, "promiscuous").0, "ok");
    assert_eq!(line(&output, "addresses").0, "ok");
    assert_eq!(line(&output, "ipv6").0, "ok");
    assert_eq!(line(&output, "transmits").0, "ok");
    assert_eq!(line(&output, "buffer").0, "ok");
    assert_eq!(line(&output, "mtu"), ("note".into(), Some("ip link set dev b mtu 9216".into())));
    let report: Value = serde_json::from_slice(&output.stdout).expect("JSON");
    assert_eq!((&report["schema"], &report["host"][0]["interface"]), (&"spantop.report/1".into(), &"b".into()));
    assert!(report["findings"].as_array().is_some_and(|all| all.iter().all(|f| f["id"] != "nic.transmits")));
    sender.wait().expect("trafgen");

    // An address, IPv6, merging: each is told, with the command, and the exit code follows the worst.
    run("ip addr add 192.0.2.7/24 dev b && echo 0 > /proc/sys/net/ipv6/conf/b/disable_ipv6 && ip link set dev b mtu 9000");
    if ethtool {
        run("ethtool -K b gro on");
    }
    let mut sender = busy();
    let output = check("b", &[]);
    assert_eq!(line(&output, "addresses"), ("warning".into(), Some("ip addr flush dev b".into())));
    assert_eq!(line(&output, "ipv6"), ("warning".into(), Some("sysctl -w net.ipv6.conf.b.disable_ipv6=1".into())));
    assert_eq!(line(&output, "arp"), ("warning".into(), Some("ip link set dev b arp off".into())));
    assert_eq!(line(&output, "mtu").0, "ok");
    let report: Value = serde_json::from_slice(&output.stdout).expect("JSON");
    let finding = |id: &str| report["findings"].as_array().and_then(|all| all.iter().find(|f| f["id"] == id).cloned());
    assert!(finding("nic.transmits").is_some_and(|f| f["evidence"]["interface"] == "b"), "{}", report["findings"]);
    if ethtool {
        assert_eq!(line(&output, "receive_offload"), ("note".into(), Some("ethtool -K b gro off".into())));
        assert!(finding("host.gro").is_some_and(|f| f["severity"] == "note"), "{}", report["findings"]);
    }
    assert_eq!(output.status.code(), Some(1));
    sender.wait().expect("trafgen");

    // As text: the checklist stands before the findings.
    let text = Command::new(env!("CARGO_BIN_EXE_spantop")).args(["check", "-i", "b", "--for", "1s"]).output().expect("spantop");
    let text = String::from_utf8_lossy(&text.stdout).into_owned();
    let at = |words: &str| text.find(words).unwrap_or_else(|| panic!("no {words:?} in {text}"));
    assert!(at("This host: b") < at("ip addr flush dev b") && at("ip addr flush dev b") < at("── Findings"), "{text}");
}

#[test]
fn a_running_engine_sees_the_host_change() {
    if !inside("a_running_engine_sees_the_host_change") {
        return;
    }
    pair("a", "b");
    let source = open(&LiveSettings { interfaces: vec!["b".into()], ..LiveSettings::default() }).expect("b opens");
    let probe = HostProbe { interfaces: vec!["b".into()], buffer_bytes: None, ..HostProbe::default() };
    let settings = Settings { live: true, host: Some(probe), threads: 1, ..Settings::default() };
    let engine = Engine::start(source, &settings).expect("an engine");
    let wait = |what: &str, there: &dyn Fn(&Snapshot) -> bool| {
        let start = Instant::now();
        while !there(&engine.latest()) {
            assert!(start.elapsed() < Duration::from_secs(20), "{what}: {:?}", engine.latest().diagnosis.findings);
            std::thread::sleep(Duration::from_millis(100));
        }
    };
    let severity = |s: &Snapshot| s.diagnosis.findings.iter().find(|f| f.active && f.id == "nic.transmits").map(|f| f.severity);
    wait("the checklist", &|s| s.diagnosis.host.len() == 1 && s.diagnosis.host[0].interface == "b");
    assert_eq!(severity(&engine.latest()), None);
    run("ip addr add 192.0.2.7/24 dev b");
    wait("a note of the address", &|s| severity(s) == Some(Severity::Note));
    send_plain("b", 3);
    wait("a warning of what was sent", &|s| severity(s) == Some(Severity::Warning));
    let remedy = engine.latest().diagnosis.findings.iter().find(|f| f.id == "nic.transmits").map(|f| f.remedy.clone());
    assert!(remedy.as_ref().is_some_and(|r| r.contains("ip addr flush dev b")), "{remedy:?}");
    // Counting anew forgets what was sent; the address stays.
    engine.reset();
    wait("a note again", &|s| severity(s) == Some(Severity::Note));
}

#[test]
fn a_check_without_a_link_has_no_verdict() {
    if !inside("a_check_without_a_link_has_no_verdict") {
        return;
    }
    pair("a", "b");
    run("ip link set dev a down");
    let output = check("b", &[]);
    assert_eq!((output.status.code(), line(&output, "link").0.as_str()), (Some(3), "fail"));
    run("ip link set dev b down");
    let output = check("b", &[]);
    assert_eq!(line(&output, "link"), ("fail".into(), Some("ip link set dev b up".into())));
    assert_eq!(output.status.code(), Some(3));
    let output = check("no-such-port", &[]);
    assert_eq!(output.status.code(), Some(3));
    assert!(String::from_utf8_lossy(&output.stderr).contains("no-such-port"), "{output:?}");
    assert!(output.stdout.is_empty());
    // Facts need no rights; packets do.
    run("ip link set dev a up && ip link set dev b up");
    let output = Command::new("setpriv")
        .args(["--bounding-set=-net_raw,-net_admin", "--inh-caps=-net_raw,-net_admin", "--"])
        .args([env!("CARGO_BIN_EXE_spantop"), "check", "-i", "b", "--for", "1s"])
        .output()
        .expect("setpriv");
    assert_eq!(output.status.code(), Some(3), "{output:?}");
    assert!(String::from_utf8_lossy(&output.stderr).contains("CAP_NET_RAW"), "{output:?}");
}

#[test]
fn nothing_is_changed() {
    if !inside("nothing_is_changed") {
        return;
    }
    pair("a", "b");
    run("ip addr add 192.0.2.7/24 dev b");
    let state = || {
        let ethtool = if has("ethtool") { says("ethtool -k b; ethtool -g b; ethtool -a b; true") } else { None };
        (says("ip -d addr show dev b").expect("ip"), says("cat /proc/sys/net/ipv6/conf/b/disable_ipv6"), ethtool)
    };
    let before = state();
    check("b", &[]);
    assert_eq!(state(), before);
}
