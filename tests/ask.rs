//! A real SNMP agent is asked: what it says of its ports, with both versions, and what is told when it does not answer.
#![cfg(target_os = "linux")]

mod support;

use spantop::ask::SwitchAgent;
use spantop::settings::{AskSettings, Secret, SnmpAccess, SnmpDigest, SnmpPrivacy};
use std::fs;
use std::net::UdpSocket;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};
use support::namespace::{inside, needs, pair, run, send};

const AGENT: &str = "/usr/sbin/snmpd";

/// An agent with a configuration of its own, in a directory of its own.
struct Agent {
    child: Child,
    port: u16,
    folder: PathBuf,
}

impl Drop for Agent {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        let _ = fs::remove_dir_all(&self.folder);
    }
}

/// Starts one; `None` where there is none, which is told.
fn agent(name: &str) -> Option<Agent> {
    agent_that_says(name, "")
}

/// The same, with further lines of its configuration.
fn agent_that_says(name: &str, more: &str) -> Option<Agent> {
    if !Path::new(AGENT).exists() {
        eprintln!("skipped: no {AGENT} here (Debian: snmpd)");
        return None;
    }
    let folder = std::env::temp_dir().join(format!("spantop-{name}-{}", std::process::id()));
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder).unwrap();
    let port = UdpSocket::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let configuration = folder.join("snmpd.conf");
    let text = "rocommunity secretword 127.0.0.1\n\
                createUser probe SHA-256 authpassword AES privpassword\n\
                createUser plain SHA authpassword\n\
                rouser probe priv\n\
                rouser plain auth\n\
                sysName sw-lab-1\n\
                sysLocation rack 7\n";
    fs::write(&configuration, format!("{text}{more}")).unwrap();
    let child = Command::new(AGENT)
        .args(["-f", "-Lf", "/dev/null", "-C", "-c"])
        .arg(&configuration)
        .arg(format!("udp:127.0.0.1:{port}"))
        .env("SNMP_PERSISTENT_DIR", &folder)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let agent = Agent { child, port, folder };
    let begun = Instant::now();
    while begun.elapsed() < Duration::from_secs(30) {
        if SwitchAgent::open(by_community(&agent, "secretword")).unwrap().walk().is_ok() {
            return Some(agent);
        }
    }
    panic!("the agent does not come up");
}

fn asking(agent: &Agent, access: SnmpAccess) -> AskSettings {
    AskSettings { host: "127.0.0.1".into(), port: agent.port, access, mirror_port: None }
}

fn by_community(agent: &Agent, word: &str) -> AskSettings {
    asking(agent, SnmpAccess::Community(Secret::new(word)))
}

#[test]
fn an_agent_says_the_same_by_both_versions() {
    let Some(agent) = agent("versions") else { return };
    let user = |user: &str, digest, privacy| SnmpAccess::User {
        user: user.into(),
        authentication: Some((digest, Secret::new("authpassword"))),
        privacy,
    };
    let private = Some((SnmpPrivacy::Aes128, Secret::new("privpassword")));
    let mut sessions: Vec<SwitchAgent> = [
        by_community(&agent, "secretword"),
        asking(&agent, user("probe", SnmpDigest::Sha256, private)),
        asking(&agent, user("plain", SnmpDigest::Sha1, None)),
    ]
    .into_iter()
    .map(|settings| SwitchAgent::open(settings).unwrap())
    .collect();
    // Twice each: a session is kept from walk to walk.
    for _ in 0..2 {
        let answers: Vec<_> = sessions.iter_mut().map(|session| session.walk().unwrap()).collect();
        for answer in &answers {
            assert_eq!((answer.name.as_str(), answer.location.as_str()), ("sw-lab-1", "rack 7"));
            let lo = answer.ports.iter().find(|port| port.name == "lo").unwrap();
            assert!(lo.is_up && lo.is_enabled && lo.counts.bytes[1] > 0 && lo.counts.packets[1] > 0, "{lo:?}");
        }
        let names = |at: usize| answers[at].ports.iter().map(|port| (port.index, port.name.clone())).collect::<Vec<_>>();
        assert!(names(0) == names(1) && names(1) == names(2), "{:?}", names(0));
    }
    let count = |dev: &str| fs::read_to_string(format!("/sys/class/net/{dev}/statistics/tx_bytes")).unwrap().trim().parse::<u64>().unwrap();
    let before = count("lo");
    let port = |answer: &spantop::model::SwitchAnswer| answer.ports.iter().find(|port| port.name == "lo").unwrap().counts.bytes[1];
    std::thread::sleep(Duration::from_secs(6));
    let said = port(&sessions[0].walk().unwrap());
    assert!((before..=count("lo")).contains(&said), "{before} {said}: what the system says as well");
}

#[test]
fn who_is_not_let_in_or_not_answered_is_told_so() {
    let Some(agent) = agent("refused") else { return };
    let told = |settings: AskSettings| SwitchAgent::open(settings).unwrap().walk().unwrap_err();
    let words = told(by_community(&agent, "wrongword"));
    assert!(words.contains("does not answer to SNMP v2c") && words.contains("community") && !words.contains("wrongword"), "{words}");
    let wrong = SnmpAccess::User {
        user: "probe".into(),
        authentication: Some((SnmpDigest::Sha256, Secret::new("wrongpassword"))),
        privacy: Some((SnmpPrivacy::Aes128, Secret::new("privpassword"))),
    };
    let words = told(asking(&agent, wrong));
    assert!(words.contains("127.0.0.1") && (words.contains("credentials") || words.contains("answer")), "{words}");
    // Nobody is there.
    let silent = UdpSocket::bind("127.0.0.1:0").unwrap();
    let nobody = AskSettings { port: silent.local_addr().unwrap().port(), ..by_community(&agent, "x") };
    let begun = Instant::now();
    assert!(told(nobody).contains("does not answer"));
    assert!(begun.elapsed() < Duration::from_secs(12), "{:?}", begun.elapsed());
}

/// A report of the port `probe` for so many seconds, with the switch asked beside it; `meanwhile` something happens.
fn asked(agent: &Agent, seconds: u32, mirror_port: Option<&str>, meanwhile: impl FnOnce()) -> serde_json::Value {
    let target = format!("snmp://127.0.0.1:{}", agent.port);
    let program = Command::new(env!("CARGO_BIN_EXE_spantop"))
        .args(["report", "--format", "json", "-i", "probe", "--for", &format!("{seconds}s"), "--switch", &target])
        .args(mirror_port.map(|port| ["--switch-port", port]).iter().flatten())
        .env("SPANTOP_SWITCH_COMMUNITY", "secretword")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    std::thread::sleep(Duration::from_secs(3));
    meanwhile();
    let output = program.wait_with_output().unwrap();
    serde_json::from_slice(&output.stdout).unwrap_or_else(|e| panic!("{e}: {}", String::from_utf8_lossy(&output.stderr)))
}

/// Sends 500 frames that are too long for the other end, so that the port drops them: whoever tries again until they are sent does so for ever.
fn send_too_long(device: &str) {
    run(&format!(
        "python3 -c 'import socket\n\
         s = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)\n\
         s.bind((\"{device}\", 0))\n\
         for n in range(500):\n\
         \ttry: s.send(bytes([2,0,0,0,0,2,2,0,0,0,0,1,8,0]) + bytes(900))\n\
         \texcept OSError: pass'"
    ));
}

/// Whether a test goes on: in a namespace of its own, with a mirror port, where an agent can be run beside it.
fn laboratory(test: &str) -> bool {
    if !Path::new(AGENT).exists() {
        eprintln!("skipped {test}: no {AGENT} here (Debian: snmpd)");
        return false;
    }
    if !inside(test) || !needs(test, &["python3"]) {
        return false;
    }
    run("ip link set dev lo up");
    pair("mirror", "probe");
    true
}

/// A port that drops: frames that the other end of its cable does not take. What is checked says so, by the switch's own word.
#[test]
fn a_mirror_port_that_drops_is_named() {
    const TEST: &str = "a_mirror_port_that_drops_is_named";
    if !laboratory(TEST) {
        return;
    }
    run("ip link set dev probe mtu 300");
    let Some(agent) = agent("check") else { return };
    let report = asked(&agent, 15, Some("mirror"), || {
        send("mirror", 1_000, "0x08, 0x00", 46);
        send_too_long("mirror");
    });
    let dropped = fs::read_to_string("/sys/class/net/mirror/statistics/tx_dropped").unwrap();
    if dropped.trim() != "500" {
        eprintln!("skipped {TEST}: this kernel counts {} frames as dropped", dropped.trim());
        return;
    }
    let switch = &report["switch"];
    assert_eq!((switch["asked"]["system"].as_str(), switch["identity"]["source"].as_str()), (Some("sw-lab-1"), Some("snmp")), "{switch}");
    let port = switch["ports"].as_array().unwrap().iter().find(|p| p["name"] == "mirror").unwrap();
    assert_eq!((port["mirrors"].as_bool(), port["out_discards"].as_u64()), (Some(true), Some(500)), "{port}");
    let findings = report["findings"].as_array().unwrap();
    let finding = findings.iter().find(|f| f["id"] == "switch.discards").unwrap_or_else(|| panic!("{findings:#?}"));
    assert_eq!(finding["evidence"]["discards"].as_u64().or(finding["evidence"]["discards"]["value"].as_u64()), Some(500), "{finding}");
    assert!(finding["title"].as_str().unwrap().starts_with("mirror of the switch drops 33"), "{finding}");
    let rate = report["mirror"]["loss"]["switch"]["rate"].as_f64().or(report["mirror"]["loss"]["switch"]["share"].as_f64()).unwrap_or(0.0);
    assert!((0.32..0.35).contains(&rate), "{}", report["mirror"]["loss"]);
}

/// Another port of the switch drops, and the mirror's does not: that is nothing of the mirror's.
#[test]
fn another_port_that_drops_is_none_of_the_mirrors() {
    const TEST: &str = "another_port_that_drops_is_none_of_the_mirrors";
    if !laboratory(TEST) {
        return;
    }
    pair("uplink", "far");
    run("ip link set dev far mtu 300");
    let Some(agent) = agent("beside") else { return };
    let report = asked(&agent, 15, Some("mirror"), || {
        send("mirror", 1_000, "0x08, 0x00", 46);
        send_too_long("uplink");
    });
    let port = |name: &str| report["switch"]["ports"].as_array().unwrap().iter().find(|p| p["name"] == name).unwrap().clone();
    assert_eq!((port("mirror")["mirrors"].as_bool(), port("mirror")["out_discards"].as_u64()), (Some(true), Some(0)), "{}", port("mirror"));
    assert!(!report["findings"].as_array().unwrap().iter().any(|f| f["id"] == "switch.discards"), "{}", report["findings"]);
}

/// The switch names the ports that it mirrors: nobody has to name the one that sends the copies, and what they carried stands beside what it sent.
#[test]
fn a_switch_that_says_what_it_mirrors() {
    const TEST: &str = "a_switch_that_says_what_it_mirrors";
    if !laboratory(TEST) {
        return;
    }
    pair("uplink", "far");
    let index = |dev: &str| fs::read_to_string(format!("/sys/class/net/{dev}/ifindex")).unwrap().trim().to_owned();
    let row = |column: u32, value: u32| {
        format!("override .1.3.6.1.2.1.16.22.1.3.1.1.{column}.{}.{} integer {value}\n", index("uplink"), index("mirror"))
    };
    // Copied is what it sends: copyTxOnly(2), active(1).
    let Some(agent) = agent_that_says("copies", &(row(4, 2) + &row(5, 1))) else { return };
    let report = asked(&agent, 15, None, || {
        send("uplink", 1_000, "0x08, 0x00", 46);
        send("mirror", 600, "0x08, 0x00", 46);
    });
    let switch = &report["switch"];
    let port = |name: &str| switch["ports"].as_array().unwrap().iter().find(|p| p["name"] == name).unwrap().clone();
    assert_eq!((port("mirror")["mirrors"].as_bool(), port("uplink")["mirrored"].as_str()), (Some(true), Some("out")), "{switch}");
    let offered = &switch["offered"];
    let packets = offered["packets"].as_u64().unwrap();
    // The system itself may say a word on a port that is up.
    assert!((1_000..1_020).contains(&packets) && offered["ports"] == 1 && offered["ways"] == 1, "{offered}");
    assert_eq!(offered["sent_bytes"], port("mirror")["out_bytes"], "{offered}");
    assert_eq!(
        (switch["identity"]["system"].as_str(), switch["identity"]["port"].as_str()),
        (Some("sw-lab-1"), Some("uplink")),
        "{switch}"
    );
}

#[test]
fn what_is_needed_is_asked_for() {
    let said = |arguments: &[&str]| {
        let output = Command::new(env!("CARGO_BIN_EXE_spantop")).args(arguments).env_remove("SPANTOP_SWITCH_COMMUNITY").output().unwrap();
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
        String::from_utf8_lossy(&output.stderr).into_owned()
    };
    assert!(said(&["check", "-i", "lo", "--switch", "snmp://127.0.0.1"]).contains("SPANTOP_SWITCH_COMMUNITY"));
    assert!(said(&["check", "-i", "lo", "--switch", "http://127.0.0.1"]).contains("snmp://HOST"));
    assert!(said(&["check", "-i", "lo", "--switch", "snmp://word@127.0.0.1"]).contains("credentials"));
    assert!(said(&["check", "-i", "lo", "--switch-port", "1"]).contains("--switch"));
    assert!(said(&["report", "x.pcap", "--switch", "snmp://127.0.0.1"]).contains("goes with a port"));
}
