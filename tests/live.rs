//! Live capture on veth pairs. Every test runs itself again inside a network namespace of its own that ends with the process;
//! without root or the tools it needs it says so and passes.

mod support;

use spantop::capture::live::open;
use spantop::capture::{Block, Fill, Source, SourceLosses};
use spantop::model::{LinkType, Timestamp};
use spantop::settings::{FanoutMode, LiveSettings};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant, SystemTime};
use support::namespace::{inside, pair, run, send, send_plain};

/// Longest wait for anything expected.
const SOON: Duration = Duration::from_secs(10);

/// An EtherType for experiments (IEEE 802, local experimental 1): nothing else on the link uses it.
const ETHERTYPE: [u8; 2] = [0x88, 0xb5];

fn options(interfaces: &[&str]) -> LiveSettings {
    LiveSettings { interfaces: interfaces.iter().map(|&name| name.into()).collect(), ..LiveSettings::default() }
}

/// A frame as it was delivered.
#[derive(Debug, Clone)]
struct Frame {
    interface: u16,
    link: LinkType,
    time: Timestamp,
    wire: u32,
    bytes: Vec<u8>,
}

/// Reads until `expected` frames are there, and a little longer to notice frames too many.
fn collect(source: &mut dyn Source, expected: usize) -> Vec<Frame> {
    let (mut frames, mut block, start) = (Vec::new(), Block::new(), Instant::now());
    let mut quiet = 0;
    while start.elapsed() < SOON && (frames.len() < expected || quiet < 4) {
        block.clear();
        let before = Instant::now();
        let fill = source.fill(&mut block).expect("a live source goes on");
        assert!(before.elapsed() < Duration::from_millis(1000), "fill took {:?}", before.elapsed());
        assert_eq!(fill == Fill::Quiet, block.packets.is_empty());
        quiet = if fill == Fill::Quiet { quiet + 1 } else { 0 };
        frames.extend(block.packets.iter().map(|p| Frame {
            interface: p.interface,
            link: p.link,
            time: p.time,
            wire: p.wire,
            bytes: block.bytes(p).to_vec(),
        }));
    }
    frames
}

/// Keeps reading (nothing is expected to come) until the warning is as wanted.
fn until_warning(source: &mut dyn Source, wanted: impl Fn(Option<&str>) -> bool) {
    let (mut block, start) = (Block::new(), Instant::now());
    while !wanted(source.info()[0].warning.as_deref()) {
        assert!(start.elapsed() < SOON, "the warning stays {:?}", source.info()[0].warning);
        block.clear();
        source.fill(&mut block).expect("a live source goes on");
        assert!(block.packets.is_empty(), "nothing was sent");
    }
}

fn says(word: &'static str) -> impl Fn(Option<&str>) -> bool {
    move |warning| warning.is_some_and(|text| text.contains(word))
}

#[test]
fn counts_every_frame() {
    if !inside("counts_every_frame") {
        return;
    }
    pair("a", "b");
    let mut source = open(&options(&["b"])).expect("b opens");
    send_plain("a", 20_000);
    let frames = collect(source.as_mut(), 20_000);
    assert_eq!(frames.len(), 20_000);
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).expect("after 1970").as_secs_f64();
    for frame in &frames {
        assert_eq!((frame.wire, frame.bytes.len(), frame.link, frame.interface), (60, 60, LinkType::ETHERNET, 0));
        assert_eq!(frame.bytes[12..14], ETHERTYPE);
        let age = now - frame.time.0 as f64 / 1e9;
        assert!((0.0..60.0).contains(&age), "a frame is {age} s old");
    }
    assert!(frames.iter().any(|f| f.time.0 % 1000 != 0), "no time stamp has nanoseconds");
    let info = &source.info()[0];
    assert_eq!((info.name.as_str(), info.format.as_str(), info.packets, info.promiscuous), ("b", "live", 20_000, Some(true)));
    assert_eq!((info.warning.as_deref(), info.link_types.as_slice()), (None, &[LinkType::ETHERNET][..]));
    let losses = source.losses();
    assert_eq!((losses.kernel, losses.interface), (0, 0));
    assert!(source.is_live());
}

/// Frames of many conversations, some of them in pieces, so that each reader gets some.
fn send_mixed(device: &str, count: u32) {
    let ip =
        "0x08, 0x00, 0x45, 0, c16(46), drnd(2), 0, 0, 64, 17, 0, 0, 10, 0, drnd(1), 1, 10, 0, 0, drnd(1), drnd(2), 0, 53, c16(26), 0, 0";
    send(device, count, ip, 18);
}

#[test]
fn readers_share_the_packets_of_a_port() {
    if !inside("readers_share_the_packets_of_a_port") {
        return;
    }
    for (readers, fanout) in [(2, FanoutMode::Hash), (4, FanoutMode::RoundRobin), (3, FanoutMode::Cpu)] {
        pair("a", "b");
        // What comes while they are opened comes to all of them: none of it twice.
        let before = std::thread::spawn(|| send_mixed("a", 50_000));
        let mut source = open(&LiveSettings { readers, fanout, ..options(&["b"]) }).expect("b opens");
        before.join().expect("the sender ends");
        let early = collect(source.as_mut(), 0).len();
        assert!(early <= 50_000, "{early}");
        send_mixed("a", 20_000);
        let frames = collect(source.as_mut(), 20_000);
        assert_eq!(frames.len(), 20_000, "{readers} readers, {fanout:?}");
        assert!(frames.is_sorted_by_key(|frame| frame.time), "{readers} readers, {fanout:?}: out of order");
        let info = &source.info()[0];
        assert_eq!((info.name.as_str(), info.packets, &info.warning), ("b", (20_000 + early) as u64, &None));
        assert_eq!(source.losses().kernel, 0);
        drop(source);
        run("ip link del dev a");
    }
}

/// A port whose small rings are sent more than they hold, and which went away and came back after that; what was lost.
fn overrun(settings: &LiveSettings, send: fn(&str, u32)) -> (Box<dyn Source>, SourceLosses) {
    pair("a", "b");
    let mut source = open(&LiveSettings { buffer_bytes: 1024 * 1024, ..settings.clone() }).expect("b opens");
    send("a", 100_000);
    let frames = collect(source.as_mut(), 1);
    let lost = source.losses();
    assert!(lost.kernel > 0 && !frames.is_empty());
    assert_eq!(frames.len() as u64 + lost.kernel, 100_000, "what did not arrive is counted");
    run("ip link del dev a");
    until_warning(source.as_mut(), says("gone"));
    pair("a", "b");
    until_warning(source.as_mut(), |warning| warning.is_none());
    (source, lost)
}

#[test]
fn readers_lose_nothing_uncounted() {
    if !inside("readers_lose_nothing_uncounted") {
        return;
    }
    let (mut source, lost) = overrun(&LiveSettings { readers: 2, fanout: FanoutMode::RoundRobin, ..options(&["b"]) }, send_mixed);
    // They came back together.
    let start = Instant::now();
    let mut seen = 0;
    while seen == 0 && start.elapsed() < SOON {
        send_mixed("a", 1);
        seen = collect(source.as_mut(), 0).len();
    }
    send_mixed("a", 5_000);
    assert_eq!(collect(source.as_mut(), 5_000).len(), 5_000);
    assert_eq!(source.losses().kernel, lost.kernel);
}

#[test]
fn keeps_vlan_tags() {
    if !inside("keeps_vlan_tags") {
        return;
    }
    pair("a", "b");
    // The kernel takes a frame's outer tag off before any capture sees the frame.
    let has = |frame: &Frame, tags: &[u8]| frame.bytes.windows(tags.len()).any(|window| window == tags);
    let (one, two) = ([0x81, 0, 0x60, 0x64, 0x88, 0xb5], [0x88, 0xa8, 0, 7, 0x81, 0, 0, 9, 0x88, 0xb5]);
    let mut source = open(&options(&["b"])).expect("b opens");
    send("a", 3, "0x81, 0x00, 0x60, 0x64, 0x88, 0xb5", 46);
    send("a", 2, "0x88, 0xa8, 0x00, 0x07, 0x81, 0x00, 0x00, 0x09, 0x88, 0xb5", 46);
    let frames = collect(source.as_mut(), 5);
    assert_eq!(frames.len(), 5);
    assert!(frames[..3].iter().all(|f| has(f, &one) && f.bytes[12..18] == one && f.wire == 64), "{frames:02x?}");
    assert!(frames[3..].iter().all(|f| f.bytes[12..22] == two && f.wire == 68), "{frames:02x?}");

    // `any` sees each frame leave one port and enter the other, without the Ethernet header; a single tag is there.
    let mut source = open(&options(&["any"])).expect("any opens");
    send("a", 3, "0x81, 0x00, 0x60, 0x64, 0x88, 0xb5", 46);
    let frames = collect(source.as_mut(), 6);
    assert_eq!(frames.iter().filter(|f| has(f, &one)).count(), 6, "{frames:02x?}");
}

#[test]
fn waits_for_a_port_that_is_down() {
    if !inside("waits_for_a_port_that_is_down") {
        return;
    }
    pair("a", "b");
    run("ip link set dev b down");
    let mut source = open(&options(&["b"])).expect("down is no failure");
    assert!(says("ip link set dev b up")(source.info()[0].warning.as_deref()), "{:?}", source.info());
    assert!(collect(source.as_mut(), 0).is_empty());
    run("ip link set dev b up");
    until_warning(source.as_mut(), |warning| warning.is_none());
    send_plain("a", 100);
    assert_eq!(collect(source.as_mut(), 100).len(), 100);

    // Down and up again while it is read.
    run("ip link set dev b down");
    until_warning(source.as_mut(), says("is down"));
    run("ip link set dev b up");
    until_warning(source.as_mut(), |warning| warning.is_none());
    send_plain("a", 50);
    assert_eq!(collect(source.as_mut(), 50).len(), 50);
    assert_eq!(source.info()[0].packets, 150);

    let told = source.info()[0].absences.clone();
    assert_eq!(told.iter().map(|a| (a.why, a.is_open)).collect::<Vec<_>>(), [("down", false); 2], "what was away stays told: {told:?}");
    assert!(told.iter().all(|a| a.last > a.first && a.seconds() < 60.0), "{told:?}");

    // No carrier: the other end is down.
    run("ip link set dev a down");
    until_warning(source.as_mut(), says("no carrier"));
    assert_eq!(source.info()[0].absences.last().map(|a| (a.why, a.is_open)), Some(("no carrier", true)));

    let wrong = LiveSettings { filter: Some("tcp prot 80".into()), ..options(&["b"]) };
    run("ip link set dev b down");
    let error = open(&wrong).err().expect("a filter is wrong on a port that is down, too");
    assert_eq!(error.exit_code(), 2, "{error}");
}

#[test]
fn goes_on_when_a_port_comes_back() {
    if !inside("goes_on_when_a_port_comes_back") {
        return;
    }
    pair("a", "b");
    let mut source = open(&options(&["b"])).expect("b opens");
    send_plain("a", 1000);
    run("ip link del dev a");
    assert_eq!(collect(source.as_mut(), 1000).len(), 1000, "what was in the ring is kept");
    until_warning(source.as_mut(), says("b is gone"));
    assert_eq!(source.info()[0].packets, 1000);

    pair("a", "b");
    until_warning(source.as_mut(), |warning| warning.is_none());
    send_plain("a", 70);
    assert_eq!(collect(source.as_mut(), 70).len(), 70);

    // Replaced so fast that only the kernel's number tells.
    run("ip link del dev a");
    pair("a", "b");
    let (start, mut got, mut sent) = (Instant::now(), 0, 0);
    while got == 0 && start.elapsed() < SOON {
        send_plain("a", 1);
        sent += 1;
        got = collect(source.as_mut(), 0).len();
    }
    assert!(got > 0, "the new port was not noticed after {sent} frames");
    assert_eq!(source.info()[0].packets, 1070 + got as u64);
}

#[test]
fn two_ports_take_turns() {
    if !inside("two_ports_take_turns") {
        return;
    }
    pair("a", "b");
    pair("c", "d");
    let mut source = open(&options(&["b", "d"])).expect("both open");
    send_plain("a", 50_000);
    send_plain("c", 50_000);
    // Both rings are full of packets: the first block must have some of each.
    let mut block = Block::new();
    source.fill(&mut block).expect("packets");
    let share = block.packets.iter().filter(|p| p.interface == 1).count();
    assert!(share * 4 >= block.packets.len() && share * 4 <= block.packets.len() * 3, "{share} of {}", block.packets.len());
    let frames = collect(source.as_mut(), 100_000 - block.packets.len());
    assert_eq!(frames.len() + block.packets.len(), 100_000);
    let counts: Vec<u64> = source.info().iter().map(|info| info.packets).collect();
    assert_eq!(counts, [50_000, 50_000]);
}

#[test]
fn any_is_all_ports() {
    if !inside("any_is_all_ports") {
        return;
    }
    pair("a", "b");
    let mut source = open(&options(&["any"])).expect("any opens");
    send_plain("a", 100);
    let frames = collect(source.as_mut(), 200);
    assert_eq!(frames.len(), 200, "each frame leaves a and enters b");
    assert!(frames.iter().all(|f| f.link == LinkType::LINUX_SLL));
    // Packet type of the cooked header: 4 is sent by us, 3 is to someone else.
    let of = |kind: u8| frames.iter().filter(|f| f.bytes[..2] == [0, kind]).count();
    assert_eq!((of(4), of(3)), (100, 100));
    let info = &source.info()[0];
    assert_eq!(info.promiscuous, Some(false));
    assert!(says("not promiscuous")(info.warning.as_deref()), "{info:?}");
}

#[test]
fn the_kernel_filters() {
    if !inside("the_kernel_filters") {
        return;
    }
    pair("a", "b");
    let mut source = open(&LiveSettings { filter: Some("ether proto 0x88b6".into()), snaplen: 20, ..options(&["b"]) }).expect("b opens");
    send_plain("a", 300);
    send("a", 40, "0x88, 0xb6", 46);
    let frames = collect(source.as_mut(), 40);
    assert_eq!(frames.len(), 40);
    assert!(frames.iter().all(|f| f.bytes[12..14] == [0x88, 0xb6] && f.bytes.len() == 20 && f.wire == 60));

    let error = open(&LiveSettings { filter: Some("tcp prot 80".into()), ..options(&["b"]) }).err().expect("no such filter");
    assert_eq!(error.exit_code(), 2);
    assert!(error.to_string().contains("tcp prot 80") && error.to_string().contains("syntax error"), "{error}");
}

#[test]
fn large_frames_fit() {
    if !inside("large_frames_fit") {
        return;
    }
    pair("a", "b");
    run("ip link set dev a mtu 65000 && ip link set dev b mtu 65000");
    let mut source = open(&options(&["b"])).expect("b opens");
    let frame = "{ 2,0,0,0,0,2, 2,0,0,0,0,1, 0x88, 0xb5, fill(0x5a, 60000) }";
    run(&format!("trafgen --no-cpu-stats -P 1 -q -J -n 500 -o a '{frame}' >/dev/null"));
    send_plain("a", 500);
    let frames = collect(source.as_mut(), 1000);
    assert_eq!(frames.iter().filter(|f| f.bytes.len() == 60_014 && f.wire == 60_014).count(), 500);
    assert_eq!(frames.len(), 1000);
}

#[test]
fn a_full_ring_is_told() {
    if !inside("a_full_ring_is_told") {
        return;
    }
    let (mut source, lost) = overrun(&options(&["b"]), send_plain);
    assert_eq!(source.losses(), lost, "the counter does not start again with the next handle");
}

#[test]
fn a_missing_port_names_the_others() {
    if !inside("a_missing_port_names_the_others") {
        return;
    }
    pair("span0", "span1");
    let error = open(&options(&["span7"])).err().expect("there is no span7").to_string();
    assert!(error.starts_with("span7: no such interface") && error.contains("span0, span1"), "{error}");
}

#[test]
fn missing_rights_are_named() {
    const DROPPED: &str = "SPANTOP_LIVE_TEST_DROPPED";
    if !inside("missing_rights_are_named") {
        return;
    }
    let program = std::env::current_exe().expect("the path of this test");
    if std::env::var_os(DROPPED).is_none() {
        let status = Command::new("setpriv")
            .args(["--bounding-set=-net_raw,-net_admin", "--inh-caps=-net_raw,-net_admin", "--"])
            .arg(&program)
            .args(["--exact", "missing_rights_are_named", "--nocapture"])
            .env(DROPPED, "1")
            .status()
            .expect("setpriv");
        assert!(status.success());
        return;
    }
    let error = open(&options(&["lo"])).err().expect("no right to capture").to_string();
    assert!(error.contains(&format!("sudo setcap cap_net_raw=ep {}", program.display())), "{error}");
    assert!(error.contains("CAP_NET_RAW") && !error.contains("CAP_NET_ADMIN") && error.contains("sudo "), "{error}");
    let plain = open(&LiveSettings { promiscuous: false, ..options(&["lo"]) }).err().expect("no right to capture").to_string();
    assert!(plain == error, "{plain}");
    let missing = open(&options(&["span7"])).err().expect("neither right nor interface").to_string();
    assert!(missing.contains("may be no such interface"), "{missing}");
    assert!(!spantop::capture::ports::list().expect("listing needs no rights").is_empty());
}

#[test]
fn ports_are_what_they_are() {
    if !inside("ports_are_what_they_are") {
        return;
    }
    pair("a", "b");
    run("ip addr add 192.0.2.9/24 dev a && ip link set dev lo up && ip link set dev a mtu 9000");
    // What this kernel has no module for cannot be shown.
    let kinds: Vec<(&str, &str)> = [
        ("bridge", "br0", "type bridge"),
        ("vlan", "a.7", "link a type vlan id 7"),
        ("bond", "bond0", "type bond"),
        ("virtual", "dum", "type dummy"),
    ]
    .into_iter()
    .filter(|(kind, name, words)| {
        let made = Command::new("sh").args(["-c", &format!("ip link add name {name} {words}")]).stderr(Stdio::null()).status();
        let made = made.is_ok_and(|status| status.success());
        if !made {
            eprintln!("skipped {kind}: this kernel cannot make one");
        }
        made
    })
    .map(|(kind, name, _)| (kind, name))
    .collect();
    let bridge = kinds.contains(&("bridge", "br0"));
    if bridge {
        run("ip link set dev br0 up && ip link set dev b master br0");
    }
    send_plain("a", 7);
    let ports = spantop::capture::ports::list().expect("a list");
    let port = |name: &str| ports.iter().find(|p| p.name == name).unwrap_or_else(|| panic!("no {name} in {ports:?}"));
    for (kind, name) in kinds.iter().chain(&[("veth", "a"), ("veth", "b"), ("loopback", "lo"), ("any", "any")]) {
        assert_eq!(port(name).kind, *kind, "{name}");
    }
    if kinds.iter().any(|(kind, _)| *kind == "vlan") {
        assert!(!port("a.7").up && port("a.7").advice.contains("ip link set dev a.7 up"));
    }
    let a = port("a");
    assert!(a.up && a.running && a.mac.is_some() && a.mtu == Some(9000));
    assert_eq!(a.addresses, ["192.0.2.9".parse::<std::net::IpAddr>().expect("an address")]);
    assert_eq!(a.advice, "has addresses: a host port");
    assert!(a.sent.is_some_and(|t| t.packets >= 7 && t.wire_bytes >= 420));
    assert_eq!(port("b").advice, if bridge { "member of br0" } else { "no address: could be a mirror port" });
    let last: Vec<&str> = ports.iter().rev().take(2).map(|p| p.name.as_str()).collect();
    assert_eq!(last, ["any", "lo"]);
}

/// Measures how fast a full ring is read, whatever the sender can do: run as the next one.
#[test]
#[ignore = "needs a release build"]
fn reads_faster_than_gigabit_line_rate() {
    if !inside("reads_faster_than_gigabit_line_rate") {
        return;
    }
    const FRAMES: u32 = 1_000_000;
    pair("a", "b");
    let mut source = open(&LiveSettings { buffer_bytes: 256 * 1024 * 1024, ..options(&["b"]) }).expect("b opens");
    send("a", FRAMES, "0x88, 0xb5", 50);
    let (mut block, mut count, start) = (Block::new(), 0, Instant::now());
    let mut reading = Duration::ZERO;
    while count < u64::from(FRAMES) && start.elapsed() < SOON {
        block.clear();
        let before = Instant::now();
        source.fill(&mut block).expect("packets");
        count += block.packets.len() as u64;
        if block.packets.len() > 1000 {
            reading += before.elapsed();
        }
    }
    let rate = count as f64 / reading.as_secs_f64();
    eprintln!("{count} frames read at {:.1} M/s, losses {:?}", rate / 1e6, source.losses());
    assert_eq!((count, source.losses().kernel), (u64::from(FRAMES), 0));
    assert!(rate > 1_488_096.0, "1 Gb/s of 64-byte frames is 1.488 M/s");
}

/// Measures: run with `cargo test --release --test live -- --ignored --nocapture`.
#[test]
#[ignore = "needs a release build and two free cores"]
fn keeps_up_with_a_flood() {
    if !inside("keeps_up_with_a_flood") {
        return;
    }
    const FRAMES: u64 = 4_000_000;
    pair("a", "b");
    let mut source = open(&options(&["b"])).expect("b opens");
    let frame = "{ 2,0,0,0,0,2, 2,0,0,0,0,1, 0x88, 0xb5, fill(0x5a, 50) }";
    let mut sender = Command::new("trafgen")
        .args(["--no-cpu-stats", "-P", "1", "-n", &FRAMES.to_string(), "-o", "a", frame])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("trafgen");
    let (mut block, mut count, mut bytes, mut quiet, start) = (Block::new(), 0_u64, 0_u64, 0, Instant::now());
    let (mut first, mut last) = (None, Timestamp::default());
    while quiet < 10 && start.elapsed() < Duration::from_secs(45) {
        block.clear();
        match source.fill(&mut block).expect("packets") {
            Fill::Quiet if count > 0 => quiet += 1,
            _ => quiet = 0,
        }
        count += block.packets.len() as u64;
        bytes += block.packets.iter().map(|p| u64::from(p.wire)).sum::<u64>();
        if let (Some(a), Some(b)) = (block.packets.first(), block.packets.last()) {
            first.get_or_insert(a.time);
            last = b.time;
        }
    }
    assert!(sender.try_wait().expect("trafgen").is_some(), "the sender was too slow for this test: {count} frames so far");
    let sent = std::fs::read_to_string("/sys/class/net/a/statistics/tx_packets").expect("a counter");
    let sent: u64 = sent.trim().parse().expect("a number");
    let seconds = last.seconds_since(first.unwrap_or(last));
    let cpu = std::fs::read_to_string("/proc/thread-self/schedstat").expect("a counter");
    let cpu: f64 = cpu.split(' ').next().and_then(|nanos| nanos.parse().ok()).expect("a number");
    eprintln!("{:.0} ns of processor time a frame", cpu / count as f64);
    eprintln!("{count} of {sent} frames in {seconds:.2} s, {:.2} M/s, losses {:?}", count as f64 / seconds / 1e6, source.losses());
    assert_eq!(sent, FRAMES);
    assert_eq!((count, bytes), (sent, sent * 64));
    assert_eq!(source.losses().kernel, 0);
}
