//! A switch of the kernel's own: bridges in a namespace that ends with the process, a port of which is mirrored. What is done to them is known to
//! the second, and is what has to be found. Without root or the tools it needs a test says so and passes.

mod support;

use serde_json::Value;
use std::net::UdpSocket;
use std::process::{Child, Command, Stdio};
use std::time::Duration;
use support::namespace::{inside, needs, pair, run, works};
use support::packet::message::{DhcpMessage, dhcp};

/// What the process that plays a part in DHCP does: `serve` and its last byte, or `ask`.
const ROLE: &str = "SPANTOP_DHCP";

/// Bits a second to which each way round a loop is bounded.
const LOOP_RATE: u64 = 2_000_000;

/// What one link between both bridges is called at either end.
const LINKS: [&str; 2] = ["x", "y"];

/// Whether this process is the one in the namespace, with `span` and `probe` there, and the kernel mirrors and bridges.
fn is_possible(test: &str) -> bool {
    if !needs(test, &["tc", "bridge"]) || !inside(test) {
        return false;
    }
    pair("span", "probe");
    run("ip link set dev span arp off && ip link set dev probe arp off");
    let mirrors = works("tc qdisc add dev probe clsact") && works(&copy("probe", "ingress")) && works("tc qdisc del dev probe clsact");
    let bridges = works("ip link add name br9 type bridge stp_state 1") && works("ip link del dev br9");
    if !mirrors || !bridges {
        eprintln!("skipped {test}: this kernel does not mirror, or does not bridge");
    }
    mirrors && bridges
}

/// The command that mirrors one direction of a port.
fn copy(port: &str, direction: &str) -> String {
    format!("tc filter add dev {port} {direction} protocol all u32 match u32 0 0 action mirred egress mirror dev span")
}

/// Mirrors both directions of a port.
fn mirror(port: &str) {
    run(&format!("tc qdisc add dev {port} clsact && {} && {}", copy(port, "ingress"), copy(port, "egress")));
}

/// Two bridges, `br0` and `br1`, which speak the spanning tree's protocol or do not; links between them are called `x0` at the one, `x1` at the
/// other. The first is the root.
fn bridges(speaks: bool, links: &[&str]) {
    for n in [0, 1] {
        let tree = format!("stp_state {} forward_delay 200 hello_time 100 priority {}", u8::from(speaks), 4096 * (n + 1));
        run(&format!("ip link add name br{n} type bridge mcast_snooping 0 {tree} && ip link set dev br{n} up"));
    }
    for link in links {
        run(&format!("ip link add name {link}0 type veth peer name {link}1"));
        for end in [0, 1] {
            run(&format!("tc qdisc add dev {link}{end} root tbf rate {LOOP_RATE} burst 2kb limit 8kb"));
            run(&format!("ip link set dev {link}{end} master br{end} && ip link set dev {link}{end} up"));
        }
    }
}

/// What spantop says of the probe port in so many seconds, while something happens to the network.
fn report(seconds: u32, more: &[&str], happens: impl FnOnce()) -> Value {
    let started = Command::new(env!("CARGO_BIN_EXE_spantop"))
        .args(["check", "-i", "probe", "--format", "json", "--for", &format!("{seconds}s")])
        .args(more)
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .expect("spantop");
    happens();
    let output = started.wait_with_output().expect("it ends");
    serde_json::from_slice(&output.stdout).unwrap_or_else(|e| panic!("{e}: {output:?}"))
}

/// The findings of a kind.
fn found<'a>(report: &'a Value, id: &str) -> Vec<&'a Value> {
    report["findings"].as_array().expect("findings").iter().filter(|f| f["id"] == id).collect()
}

fn wait(seconds: f64) {
    std::thread::sleep(Duration::from_secs_f64(seconds));
}

/// ARP requests of twenty hosts, each for another address: of one host's, which it repeats, nothing tells that they go round.
fn requests(port: &str) {
    let head = "0xff,0xff,0xff,0xff,0xff,0xff, 2,0,0,0,0,dinc(1,20), 0x08,0x06, c16(1), c16(0x0800), 6, 4, c16(1)";
    let frame = format!("{{ {head}, 2,0,0,0,0,dinc(1,20), 10,9,0,dinc(1,20), 0,0,0,0,0,0, 10,9,0,dinc(101,120), fill(0,18) }}");
    run(&format!("trafgen --no-cpu-stats -P 1 -q -n 20 -o {port} '{frame}' >/dev/null"));
}

#[test]
fn a_loop_between_two_bridges_is_named() {
    if !is_possible("a_loop_between_two_bridges_is_named") {
        return;
    }
    let lab = |speaks: bool| {
        bridges(speaks, &LINKS);
        pair("e1", "p1");
        run("ip link set dev p1 master br0");
        mirror("x0");
        // A tree blocks one of both links, once it has stood for two delays.
        wait(if speaks { 5.0 } else { 0.0 });
        let told = report(8, &[], || {
            wait(1.5);
            requests("e1");
        });
        run("ip link del dev x0 && ip link del dev y0 && ip link del dev p1 && ip link del dev br0 && ip link del dev br1");
        told
    };
    let sound = lab(true);
    assert_eq!(found(&sound, "loop.layer2"), Vec::<&Value>::new(), "the tree holds: {sound:#}");
    let looped = lab(false);
    let loops = found(&looped, "loop.layer2");
    let [told] = &loops[..] else { panic!("no loop: {:#}", looped["findings"]) };
    assert_eq!(told["severity"], "critical");
    // What goes round both ways passes the mirrored port in each direction, as fast as it is let: a frame is 60 bytes.
    let bound = 2.0 * LOOP_RATE as f64 / (8.0 * 60.0);
    let rate = told["evidence"]["peak_frames_per_second"].as_f64().expect("a rate");
    eprintln!("{rate} frames a second go round, of at most {bound:.0}");
    assert!(rate > 0.25 * bound && rate < 1.25 * bound, "{rate} of {bound}");
}

/// A bridge as spantop names it: its priority and its address.
fn bridge(name: &str, priority: u32) -> String {
    let mac = std::fs::read_to_string(format!("/sys/class/net/{name}/address")).expect("an address");
    format!("{priority}/{}", mac.trim())
}

#[test]
fn a_root_that_changes_is_told_with_both_bridges() {
    if !is_possible("a_root_that_changes_is_told_with_both_bridges") {
        return;
    }
    bridges(true, &["x"]);
    mirror("x0");
    // A root has stood for 20 s before another one is a change, and three hellos of the new one tell that the old one is silent.
    let told = report(29, &[], || {
        wait(23.0);
        run("ip link set dev br1 type bridge priority 0");
    });
    let changes = found(&told, "stp.root_changed");
    let [change] = &changes[..] else { panic!("no change: {told:#}") };
    let named = |name: &str| change["evidence"][name].as_str().expect("a bridge").to_owned();
    assert_eq!((named("root"), named("root_before")), (bridge("br1", 0), bridge("br0", 4096)), "{change:#}");
    assert_eq!(change["evidence"]["changes"], 1);
}

/// A part in DHCP, in a process of its own: a server that answers at once, or clients that ask.
#[test]
#[ignore = "played by the other tests"]
fn dhcp_part() {
    let Ok(role) = std::env::var(ROLE) else { return };
    const MESSAGE: DhcpMessage = DhcpMessage { kind: 1, given: [0; 4], server: None, router: None, names: None, class: "" };
    if let Some(own) = role.strip_prefix("serve ") {
        let own = [10, 9, 0, own.parse().expect("a last byte")];
        let socket = UdpSocket::bind("0.0.0.0:67").expect("the port of servers");
        socket.set_broadcast(true).expect("a socket");
        let mut asked = [0; 1_500];
        while let Ok((length, _)) = socket.recv_from(&mut asked) {
            let Some(client) = asked[..length].get(28..34).and_then(|mac| mac.first_chunk::<6>().copied()) else { continue };
            let offer = DhcpMessage { kind: 2, given: [10, 9, 0, client[5]], server: Some(own), router: Some(own), ..MESSAGE };
            let _ = socket.send_to(&dhcp(client, &offer), "255.255.255.255:68");
        }
    }
    let socket = UdpSocket::bind("0.0.0.0:68").expect("the port of clients");
    socket.set_broadcast(true).expect("a socket");
    for n in 0..4 {
        socket.send_to(&dhcp([2, 0, 0, 0, 9, 100 + n], &MESSAGE), "255.255.255.255:67").expect("it is sent");
        wait(0.5);
    }
}

/// A host of the bridge in a namespace of its own.
struct Host(Child);

impl Host {
    /// Host `number` has the address 10.9.0.`number` and is behind the port `p<number>` of `br0`.
    fn new(number: u8) -> Self {
        let child = Command::new("unshare").args(["--net", "sleep", "40"]).spawn().expect("unshare");
        let (host, own) = (Self(child), std::fs::read_link("/proc/self/ns/net").expect("a namespace"));
        let pid = host.0.id();
        let is_apart = || std::fs::read_link(format!("/proc/{pid}/ns/net")).is_ok_and(|its| its != own);
        let waited = (0..500).find(|_| {
            is_apart() || {
                wait(0.01);
                false
            }
        });
        assert!(waited.is_some(), "no namespace for host {number}");
        run(&format!("ip link add name p{number} type veth peer name e{number} && ip link set dev e{number} netns {pid}"));
        run(&format!("ip link set dev p{number} master br0 && ip link set dev p{number} up"));
        let lines = [
            format!("ethtool -K e{number} tx off"),
            format!("ip addr add 10.9.0.{number}/24 dev e{number} && ip link set dev e{number} up"),
            format!("ip route add 255.255.255.255 dev e{number}"),
        ];
        lines.iter().for_each(|line| run(&format!("nsenter --target {pid} --net sh -c '{line}' >/dev/null")));
        host
    }

    /// Has this test's own program play a part there.
    fn plays(&self, role: &str) -> Host {
        let program = std::env::current_exe().expect("the path of this test");
        let child = Command::new("nsenter")
            .args(["--target", &self.0.id().to_string(), "--net"])
            .arg(program)
            .args(["--exact", "dhcp_part", "--ignored", "--nocapture"])
            .env(ROLE, role)
            .stdout(Stdio::null())
            .spawn();
        Host(child.expect("nsenter"))
    }

    /// Has dnsmasq serve there, if it is here; its own program otherwise.
    fn serves(&self, number: u8) -> Host {
        if !works("command -v dnsmasq") {
            return self.plays(&format!("serve {number}"));
        }
        let options = [
            "--no-daemon --port=0 --conf-file=/dev/null --user=root --no-ping --no-resolv --no-hosts --leasefile-ro".to_owned(),
            format!("--bind-interfaces --interface=e{number} --dhcp-range=10.9.0.{number}0,10.9.0.{number}9,1h --dhcp-authoritative"),
            format!("--dhcp-option=3,10.9.0.{number} --pid-file="),
        ];
        let line = format!("exec dnsmasq {}", options.join(" "));
        let child = Command::new("nsenter")
            .args(["--target", &self.0.id().to_string(), "--net", "sh", "-c", &line])
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn();
        Host(child.expect("nsenter"))
    }
}

impl Drop for Host {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[test]
fn a_second_dhcp_server_is_named() {
    if !is_possible("a_second_dhcp_server_is_named") || !needs("a_second_dhcp_server_is_named", &["nsenter", "ethtool"]) {
        return;
    }
    let lab = |servers: &[u8]| {
        bridges(false, &[]);
        let client = Host::new(1);
        let hosts: Vec<Host> = servers.iter().map(|number| Host::new(*number)).collect();
        let _serving: Vec<Host> = hosts.iter().zip(servers).map(|(host, number)| host.serves(*number)).collect();
        mirror("p1");
        wait(1.0);
        let told = report(5, &[], || {
            wait(1.0);
            let mut asks = client.plays("ask");
            asks.0.wait().expect("it ends");
        });
        run("ip link del dev br0 && ip link del dev br1 && ip link del dev p1");
        servers.iter().for_each(|number| run(&format!("ip link del dev p{number}")));
        told
    };
    let one = lab(&[2]);
    assert_eq!(found(&one, "dhcp.rogue"), Vec::<&Value>::new(), "{one:#}");
    let two = lab(&[2, 3]);
    let rogues = found(&two, "dhcp.rogue");
    let [rogue] = &rogues[..] else { panic!("no second server: {two:#}") };
    let named = [rogue["subject"]["address"].as_str(), rogue["evidence"]["server_before"].as_str()].map(|a| a.expect("an address"));
    let mut servers = named;
    servers.sort_unstable();
    assert_eq!(servers, ["10.9.0.2", "10.9.0.3"], "{rogue:#}");
    assert_eq!((rogue["severity"].as_str(), rogue["evidence"]["router"].as_str()), (Some("critical"), Some(named[0])));
}

#[test]
fn a_burst_is_as_long_as_it_was() {
    if !is_possible("a_burst_is_as_long_as_it_was") {
        return;
    }
    // What waits leaves at this rate, whenever it came: 1,000 bytes in 80 µs.
    const RATE: u64 = 100_000_000;
    const FRAMES: u64 = 200;
    run(&format!("tc qdisc add dev span root tbf rate {RATE} burst 3kb limit 2mb"));
    let told = report(6, &["--speed", "100M", "--no-dedup"], || {
        wait(2.0);
        let frame = "{ 2,0,0,0,0,2, 2,0,0,0,0,1, 0x88,0xb5, drnd(4), fill(0x5a, 982) }";
        for (count, pause) in [(20, 1.0), (FRAMES, 0.0)] {
            run(&format!("trafgen --no-cpu-stats -P 1 -q -n {count} -o span '{frame}' >/dev/null"));
            wait(pause);
        }
    });
    let list = told["switch"]["bursts"]["list"].as_array().expect("bursts");
    let bin = told["switch"]["bursts"]["bin"].as_f64().expect("a bin");
    let burst = list.iter().max_by_key(|burst| burst["bytes"].as_u64()).unwrap_or_else(|| panic!("no burst: {told:#}"));
    let [length, want] = [burst["duration"].as_f64().expect("seconds"), (FRAMES * 1_000 * 8) as f64 / RATE as f64];
    eprintln!("{length} s instead of {want} s, by bins of {bin} s");
    assert!((length - want).abs() <= bin * 1.001, "{length} instead of {want}: {burst:#}");
    // The first packets may be in a bin that is hardly used, and the last.
    assert_eq!(burst["top"][0]["from"], "02:00:00:00:00:01");
}
