//! Packets looked at one by one: a capture read again from its middle shows the same packets as read from its beginning, and a screen's
//! questions are answered.

mod support;

use spantop::browse::{Browser, FileShelf, Shelf};
use spantop::capture::{Block, Fill, file};
use spantop::decode::Rules;
use spantop::settings::FileSettings;
use spantop::snapshot::{PacketRequest, PacketSeek, PacketStore, PacketSubject};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};
use support::network::{self, Plan};

const START: i64 = 1_700_000_000_000_000_000;

/// A capture of several blocks, and its frames.
fn capture(name: &str) -> (PathBuf, Vec<Vec<u8>>) {
    let plan = Plan { connections: 2_500, ..Plan::default() };
    let packets = network::run(&plan);
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("browse-{name}.pcap"));
    let file = support::packet::file::pcap(packets.iter().map(|p| (START + p.time, p.frame.as_slice())));
    fs::write(&path, file).unwrap();
    (path, packets.into_iter().map(|p| p.frame).collect())
}

/// Reads it once, as the engine does, and returns a shelf of it.
fn shelf(path: &Path) -> FileShelf {
    let settings = FileSettings { paths: vec![path.to_owned()], ..FileSettings::default() };
    let index = Arc::default();
    let mut source = file::open_noting(&settings, Some(&index)).unwrap();
    let mut block = Block::new();
    loop {
        block.clear();
        if source.fill(&mut block).unwrap() == Fill::End {
            return FileShelf::new(settings, index);
        }
    }
}

#[test]
fn a_capture_is_read_from_its_middle() {
    let (path, frames) = capture("middle");
    let mut shelf = shelf(&path);
    assert_eq!(shelf.range(), 0..frames.len() as u64);
    assert_eq!(shelf.place(), "", "it can be sought in");
    // From the end to the beginning, so that nothing is read on.
    for number in (0..frames.len() as u64).rev().step_by(997).chain([0, frames.len() as u64 - 1]) {
        let mut found = false;
        assert!(
            shelf
                .read(number, &mut |n, packet| {
                    found |= n == number;
                    assert_eq!(packet.bytes, frames[n as usize], "packet {n}");
                })
                .unwrap()
        );
        assert!(found, "packet {number}");
    }
    assert!(!shelf.read(frames.len() as u64, &mut |_, _| {}).unwrap());
    // Compressed it is read from the beginning, and says so.
    let packed = path.with_extension("pcap.gz");
    let mut encoder = flate2::write::GzEncoder::new(fs::File::create(&packed).unwrap(), flate2::Compression::fast());
    std::io::copy(&mut fs::File::open(&path).unwrap(), &mut encoder).unwrap();
    encoder.finish().unwrap();
    let mut shelf = self::shelf(&packed);
    assert!(shelf.place().contains("from the beginning"), "{}", shelf.place());
    let last = frames.len() as u64 - 1;
    let mut bytes = Vec::new();
    shelf
        .read(last, &mut |n, packet| {
            if n == last {
                bytes = packet.bytes.to_vec()
            }
        })
        .unwrap();
    assert_eq!(bytes, frames[last as usize]);
}

/// Asks until the answer is as wanted.
fn until(
    browser: &Browser,
    request: &PacketRequest,
    wanted: impl Fn(&spantop::snapshot::PacketPage) -> bool,
) -> Arc<spantop::snapshot::PacketPage> {
    let begun = Instant::now();
    loop {
        let page = browser.look(request);
        if wanted(&page) {
            return page;
        }
        assert!(begun.elapsed() < Duration::from_secs(20), "{page:?}");
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// What is saved from a screen has beside it what `spantop save` keeps: comments of packets, keys, names of addresses, the interface's name.
#[test]
fn what_is_saved_has_keys_and_names_beside_it() {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("browse-keys");
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(folder.join("saved")).unwrap();
    let order = support::packet::file::Writer { big: false };
    let keys = b"CLIENT_RANDOM 0011\n\0";
    let secrets = [&order.u32(0x544c_534b)[..], &order.u32(19), keys].concat();
    let names = [&order.u16(1)[..], &order.u16(11), &[10, 0, 0, 1], b"host-a\0\0", &[0; 4]].concat();
    let frame = support::packet::Packet::eth([2, 0, 0, 0, 0, 1], [2, 0, 0, 0, 0, 2]).ip([10, 0, 0, 1], [10, 0, 0, 2]).udp(1, 2).build();
    let packet = order.enhanced(0, 1_700_000_000_000_000, frame.len() as u32, &frame);
    let called = [&order.u16(2)[..], &order.u16(4), b"eth7", &[0; 4]].concat();
    let parts = [order.section(), order.interface(1, 0, &called), order.block(10, &secrets), order.block(4, &names), packet];
    let path = folder.join("keys.pcapng");
    fs::write(&path, parts.concat()).unwrap();
    let browser = Browser::start(Box::new(shelf(&path)), Rules::PLAIN, Some(folder.join("saved").into())).unwrap();
    // Nothing was looked at before.
    let said = browser.save(&PacketSubject::All);
    let saved = folder.join("saved/spantop-0001.pcapng");
    let begun = Instant::now();
    while !said.starts_with("saved 1 packet") && fs::metadata(&saved).map_or(0, |about| about.len()) < 300 {
        assert!(begun.elapsed() < Duration::from_secs(20), "{said}");
        std::thread::sleep(Duration::from_millis(20));
    }
    let bytes = fs::read(&saved).unwrap();
    for wanted in [&b"CLIENT_RANDOM"[..], b"host-a", b"eth7", b"a comment", &frame] {
        assert!(bytes.windows(wanted.len()).any(|place| place == wanted), "{:?} is not in it: {said}", String::from_utf8_lossy(wanted));
    }
}

#[test]
fn a_screen_gets_lists_places_and_streams() {
    let (path, frames) = capture("screen");
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("browse-saved");
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder).unwrap();
    let browser = Browser::start(Box::new(shelf(&path)), Rules::PLAIN, Some(folder.clone().into())).unwrap();
    let all = frames.len() as u64;
    let mut request = PacketRequest { rows: 20, first: all - 10, chosen: all - 1, ..PacketRequest::default() };
    let page = until(&browser, &request, |page| page.total == all && page.rows.len() == 10);
    assert_eq!(page.rows[9].number, all);
    let contents = Arc::clone(&page.chosen.as_ref().unwrap().1);
    assert_eq!(contents.bytes, frames[frames.len() - 1]);
    assert!(contents.tree.find_layer("eth").is_some());
    // One conversation: as many as there are packets of it.
    let subject = contents.subject.clone();
    assert_ne!(subject, PacketSubject::All);
    request.subject = subject.clone();
    (request.first, request.chosen) = (0, 0);
    let page = until(&browser, &request, |page| page.subject == subject && page.searched.is_none() && page.total > 0);
    assert!(page.total < all / 100, "{}", page.total);
    // To a number, and to a text that is nowhere.
    request.subject = PacketSubject::All;
    request.seek = Some((1, PacketSeek::Number(500)));
    let page = until(&browser, &request, |page| page.found.is_some_and(|(serial, _)| serial == 1));
    assert_eq!((page.found, page.is_end), (Some((1, Some(499))), false));
    for (serial, number, row) in [(10, 0, 0), (11, 1, 0), (12, all, all - 1), (13, all + 1, all - 1)] {
        request.seek = Some((serial, PacketSeek::Number(number)));
        let page = until(&browser, &request, |page| page.found.is_some_and(|(answered, _)| answered == serial));
        assert_eq!((page.found, page.is_end), (Some((serial, Some(row))), number == 0 || number > all), "{number} of {all}");
    }
    request.seek = Some((2, PacketSeek::Text { text: "no such words".into(), row: 0, back: false }));
    let page = until(&browser, &request, |page| page.found.is_some_and(|(serial, _)| serial == 2));
    assert_eq!((page.found, page.is_end), (Some((2, None)), false));
    request.seek = Some((3, PacketSeek::Since(i64::MAX / 4)));
    let page = until(&browser, &request, |page| page.found.is_some_and(|(serial, _)| serial == 3));
    assert_eq!((page.found, page.is_end), (Some((3, Some(all - 1))), true), "behind the end is the end");
    // What a conversation says.
    request.subject = subject.clone();
    request.stream = true;
    let page = until(&browser, &request, |page| page.stream.as_ref().is_some_and(|stream| stream.whole));
    let stream = page.stream.as_ref().unwrap();
    assert!(!stream.cut && stream.ends.iter().all(|end| end.contains(':')), "{:?}", stream.ends);
    // And what is saved of it.
    let words = browser.save(&subject);
    let begun = Instant::now();
    let saved = folder.join("spantop-0001.pcapng");
    while !saved.exists() || fs::metadata(&saved).unwrap().len() == 0 {
        assert!(begun.elapsed() < Duration::from_secs(20), "{words}");
        std::thread::sleep(Duration::from_millis(5));
    }
    assert!(words.contains("saved") || words.contains("saving"), "{words}");
}

/// A connection that loses a segment, is told to wait, is asked for two pages and is broken off, among the packets of another.
#[test]
fn what_happens_in_a_conversation_is_listed_alone() {
    const SYN: u8 = 2;
    const ACK: u8 = 16;
    const RST: u8 = 4;
    let (client, server) = ([10, 0, 0, 1], [10, 0, 0, 2]);
    let there = |port: u16| support::packet::Packet::eth([2, 0, 0, 0, 0, 1], [2, 0, 0, 0, 0, 2]).ip(client, server).tcp(port, 80);
    let back = |port: u16| support::packet::Packet::eth([2, 0, 0, 0, 0, 2], [2, 0, 0, 0, 0, 1]).ip(server, client).tcp(80, port);
    let ask = b"GET /index.html HTTP/1.1\r\nHost: a.example\r\n\r\n";
    let tell = b"HTTP/1.1 200 OK\r\nContent-Length: 3000\r\n\r\n";
    let (asked, told) = (1 + ask.len() as u32, 1 + tell.len() as u32);
    let body = [b'x'; 1000];
    let of = |port: u16| {
        vec![
            (0, there(port).seq(0).flags(SYN)),
            (10, back(port).seq(0).ack(1).flags(SYN | ACK)),
            (20, there(port).seq(1).ack(1)),
            (21, there(port).seq(1).ack(1).payload(ask)),
            (40, back(port).seq(1).ack(asked).payload(tell)),
            (41, back(port).seq(told).ack(asked).payload(&body)),
            (42, back(port).seq(told + 2000).ack(asked).payload(&body)),
            (60, there(port).seq(asked).ack(told + 1000)),
            (300, back(port).seq(told + 1000).ack(asked).payload(&body)),
            (310, there(port).seq(asked).ack(told + 3000).window(0)),
            (900, back(port).seq(told + 3000).ack(asked).flags(RST | ACK)),
        ]
    };
    let mut packets: Vec<(i64, Vec<u8>)> = [40_000, 40_001].into_iter().flat_map(of).map(|(ms, packet)| (ms, packet.build())).collect();
    packets.sort_by_key(|packet| packet.0);
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join("browse-events.pcap");
    let file = support::packet::file::pcap(packets.iter().map(|(ms, frame)| (START + ms * 1_000_000, frame.as_slice())));
    fs::write(&path, file).unwrap();
    let browser = Browser::start(Box::new(shelf(&path)), Rules::PLAIN, None).unwrap();
    let address = |of: [u8; 4]| spantop::model::Address::V4(of.into());
    let subject = PacketSubject::Between { a: address(client), a_port: 40_000, b: address(server), b_port: 80, protocol: Some(6) };
    let mut request = PacketRequest { subject, rows: 40, events: true, ..PacketRequest::default() };
    let page = until(&browser, &request, |page| page.searched.is_none() && page.total > 0);
    let ms = |row: &spantop::snapshot::PacketRow| (row.time.0 - START) / 1_000_000;
    let listed: Vec<_> = page.rows.iter().map(|row| (ms(row), row.event.unwrap(), row.source.as_str())).collect();
    use spantop::snapshot::PacketEvent::{Opens, Resets, Says, Troubles};
    let (c, s) = ("10.0.0.1", "10.0.0.2");
    let wanted = [
        (0, Opens, c),
        (10, Opens, s),
        (21, Says, c),
        (40, Says, s),
        (42, Troubles, s),
        (300, Troubles, s),
        (310, Troubles, c),
        (900, Resets, s),
    ];
    assert_eq!(listed, wanted, "{:?}", page.rows);
    assert_eq!(page.rows[2].info, "GET /index.html HTTP/1.1");
    // All packets of it follow under the same name.
    request.events = false;
    let page = until(&browser, &request, |page| page.searched.is_none() && page.total == 11);
    assert!(page.rows.iter().all(|row| row.event.is_none()));
    // Those of a protocol, as the hierarchy counts them.
    let stack = [spantop::model::Proto::Eth, spantop::model::Proto::Ip, spantop::model::Proto::Tcp];
    let mut tcp = spantop::model::Path::EMPTY;
    stack.into_iter().for_each(|proto| tcp.push(proto));
    request.subject = PacketSubject::Path(tcp);
    until(&browser, &request, |page| page.searched.is_none() && page.total == 22);
    tcp.push(spantop::model::Proto::Udp);
    request.subject = PacketSubject::Path(tcp);
    until(&browser, &request, |page| page.searched.is_none() && page.subject == PacketSubject::Path(tcp) && page.total == 0);
}
