//! Rows of the table of losses, one by one.

use super::*;
use crate::model::AnalysisFlags;

const SENDER: Direction = Direction::AToB;
const RECEIVER: Direction = Direction::BToA;

/// A locator, what acknowledgements say besides, the number of the next packet, and what the receiver has told.
#[derive(Default)]
struct Lab(LossLocator, TcpOptions<'static>, Option<u16>, ReceiverWords);

impl Lab {
    /// A segment at a time in milliseconds, with what the follower says of it; what was lost with it.
    fn see(
        &mut self,
        ms: f64,
        way: Direction,
        (sequence, ack): (u32, u32),
        marks: TcpMarks,
        analysis: SegmentAnalysis,
    ) -> Option<Location> {
        let flow = FlowKey::v4(6, 1, 2, 40_000, 80).0;
        let segment = Segment { sequence, acknowledgement: ack, flags: 0x10, window: 1, payload: if way == SENDER { 100 } else { 0 } };
        let event = TcpEvent { marks, ..TcpEvent::default() };
        let time = Timestamp((ms * 1e6) as i64 + 1_000_000_000);
        let lost = self.0.segment(
            &flow,
            (way, SENDER),
            time,
            (&segment, SenderMarks { identification: self.2, stamp: None }, self.3),
            &event,
            &analysis,
        )?;
        assert_eq!((lost.way, lost.time), (SENDER, time));
        Some(lost.location)
    }

    fn asks(&mut self, ms: f64, ack: u32) {
        assert_eq!(self.see(ms, RECEIVER, (1, ack), TcpMarks::DUPLICATE_ACK, SegmentAnalysis::default()), None);
        self.selects(ms, ack);
    }

    /// An acknowledgement that is no duplicate.
    fn selects(&mut self, ms: f64, ack: u32) {
        let time = Timestamp((ms * 1e6) as i64 + 1_000_000_000);
        assert_eq!(self.0.acknowledged(&FlowKey::v4(6, 1, 2, 40_000, 80).0, (RECEIVER, SENDER), time, ack, self.1), []);
    }
}

fn waited(ms: i64) -> SegmentAnalysis {
    SegmentAnalysis { rto: Some(ms * MILLISECOND), initial_rtt: Some(10 * MILLISECOND), ..SegmentAnalysis::default() }
}

#[test]
fn seen_asked_for_and_seen_again_is_beyond() {
    let mut lab = Lab::default();
    lab.asks(10.0, 100);
    assert_eq!(lab.see(11.5, SENDER, (100, 1), TcpMarks::REPEATED, waited(11)), None, "asked for once only");
    lab.asks(10.5, 100);
    assert_eq!(lab.see(12.0, SENDER, (100, 1), TcpMarks::REPEATED, waited(12)), Some(Location::BeyondMirror));
    assert_eq!(lab.see(12.2, SENDER, (100, 1), TcpMarks::REPEATED, waited(12)), None, "a copy of it");
    assert_eq!(lab.see(250.0, SENDER, (100, 1), TcpMarks::REPEATED, waited(250)), Some(Location::BeyondMirror), "and once more");
}

#[test]
fn seen_again_after_a_time_out_is_beyond() {
    let mut lab = Lab::default();
    assert_eq!(lab.see(199.0, SENDER, (100, 1), TcpMarks::REPEATED, waited(199)), None, "a probe of the tail");
    assert_eq!(lab.see(410.0, SENDER, (100, 1), TcpMarks::REPEATED, waited(200)), Some(Location::BeyondMirror));
}

/// A sender whose time is out goes on with what lies behind the segment that was lost, be it there or not.
#[test]
fn behind_a_time_out_only_what_the_receiver_asks_for_was_lost() {
    let told = |is_selective| ReceiverWords { acknowledged: Some(100), is_selective, sent: None };
    let flow = FlowKey::v4(6, 1, 2, 40_000, 80).0;
    for (is_selective, next, lost) in [(false, 400, 1), (false, 200, 2), (false, 300, 1), (true, 400, 2)] {
        let mut lab = Lab(LossLocator::default(), TcpOptions::default(), None, told(is_selective));
        let again = [(300.0, 100), (300.1, 200)].map(|(ms, sequence)| lab.see(ms, SENDER, (sequence, 1), TcpMarks::REPEATED, waited(300)));
        let time = Timestamp(1_310_000_000);
        let asked = [next, next].map(|ack| lab.0.acknowledged(&flow, (RECEIVER, SENDER), time, ack, TcpOptions::default()));
        assert!(asked.iter().flatten().all(|lost| (lost.way, lost.location, lost.retracted) == (SENDER, Location::BeyondMirror, false)));
        let count = again.iter().flatten().count() + asked.iter().flatten().count();
        assert_eq!(count, lost, "selective {is_selective}, acknowledged {next}");
    }
}

#[test]
fn what_was_acknowledged_is_not_lost() {
    let mut lab = Lab::default();
    let spurious = SegmentAnalysis { flags: AnalysisFlags::SPURIOUS_RETRANSMISSION, ..waited(300) };
    assert_eq!(lab.see(300.0, SENDER, (100, 1), TcpMarks::REPEATED, spurious), None);
}

/// A late copy of an older acknowledgement came last: what was acknowledged stays so.
#[test]
fn what_was_acknowledged_once_is_not_lost_behind_an_older_acknowledgement() {
    for (acknowledged, lost) in [(200, None), (150, Some(Location::BeyondMirror)), (100, Some(Location::BeyondMirror))] {
        let told = ReceiverWords { acknowledged: Some(acknowledged), is_selective: true, sent: None };
        let mut lab = Lab(LossLocator::default(), TcpOptions::default(), None, told);
        assert_eq!(lab.see(300.0, SENDER, (100, 1), TcpMarks::REPEATED, waited(300)), lost, "{acknowledged}");
    }
}

/// Its receiver's side takes 8 ms at least: what was seen less long ago nobody misses yet.
#[test]
fn what_is_sent_again_before_anybody_can_have_missed_it_is_not_lost() {
    for (of, before, is_lost) in [(40, 7, false), (40, 8, true), (3, 3, false), (3, 5, true)] {
        let trip = Some(LeastTrip { nanos: 8 * MILLISECOND, of });
        let analysis = SegmentAnalysis { sent_before: Some(before * MILLISECOND), least_trips: [None, trip], ..SegmentAnalysis::default() };
        let told = ReceiverWords { is_selective: true, ..ReceiverWords::default() };
        let mut lab = Lab(LossLocator::default(), TcpOptions::default(), None, told);
        lab.asks(10.0, 100);
        lab.asks(10.5, 100);
        let lost = lab.see(12.0, SENDER, (100, 1), TcpMarks::REPEATED, analysis);
        assert_eq!(lost.is_some(), is_lost, "{before} ms, of {of} round trips");
        // Its receiver says that it has it twice: that asks for nothing.
        lab.asks(22.0, 200);
        lab.asks(22.5, 200);
        let lost = lab.see(24.0, SENDER, (200, 1), TcpMarks::REPEATED, SegmentAnalysis::default());
        assert_eq!(lost.is_some(), is_lost, "one of both was owed");
    }
}

/// What echoes nothing, or something of another clock, says nothing of which of two arrived.
#[test]
fn an_echo_of_no_time_stamp_takes_nothing_back() {
    let stamped = |echo: u32| {
        let mut header = [1u8; 32];
        header[20..24].copy_from_slice(&[1, 1, 8, 10]);
        header[28..32].copy_from_slice(&echo.to_be_bytes());
        header[12] = 8 << 4;
        header
    };
    for (echo, is_late) in [(0, false), (70_300, false), (69_990, true), (70_301, false), (4_000_000_000, false)] {
        let flow = FlowKey::v4(6, 1, 2, 40_000, 80).0;
        let mut locator = LossLocator::default();
        let told = ReceiverWords { acknowledged: Some(100), is_selective: false, sent: None };
        let segment = Segment { sequence: 100, acknowledgement: 1, flags: 0x10, window: 1, payload: 100 };
        let event = TcpEvent { marks: TcpMarks::REPEATED, ..TcpEvent::default() };
        let (time, marks) = (Timestamp(2_000_000_000), SenderMarks { identification: None, stamp: Some(70_300) });
        let lost = locator.segment(&flow, (SENDER, SENDER), time, (&segment, marks, told), &event, &waited(300));
        assert!(lost.is_some_and(|lost| !lost.retracted));
        let header = stamped(echo);
        let said = locator.acknowledged(&flow, (RECEIVER, SENDER), time.plus(SECOND), 200, TcpOptions::of_header(&header));
        assert_eq!(said.iter().any(|lost| lost.retracted), is_late, "{echo}");
    }
}

#[test]
fn what_its_receiver_has_twice_is_taken_back() {
    let mut lab = Lab::default();
    assert_eq!(lab.see(300.0, SENDER, (100, 1), TcpMarks::REPEATED, waited(300)), Some(Location::BeyondMirror));
    let flow = FlowKey::v4(6, 1, 2, 40_000, 80).0;
    let mut says = |ack, block| {
        let header = arrived(block);
        let options = TcpOptions::of_header(&header);
        lab.0.acknowledged(&flow, (RECEIVER, SENDER), Timestamp(0), ack, options).first().map(|l| (l.way, l.location, l.retracted))
    };
    assert_eq!(says(100, (200, 300)), None, "a block ahead is what arrived behind a hole");
    assert_eq!(says(200, (0, 100)), None, "another segment");
    assert_eq!(says(200, (100, 200)), Some((SENDER, Location::BeyondMirror, true)));
    assert_eq!(says(200, (100, 200)), None, "once");
}

#[test]
fn a_copy_right_after_an_ask_is_no_loss() {
    let mut lab = Lab::default();
    lab.asks(10.0, 100);
    lab.asks(10.1, 100);
    assert_eq!(lab.see(10.9, SENDER, (100, 1), TcpMarks::REPEATED, waited(0)), None);
}

/// Of 0.8 ms, without selective acknowledgements: a third one is no mirror's copy of the first.
#[test]
fn what_is_asked_for_three_times_within_a_millisecond_was_lost() {
    let again = |asks: u32| {
        let mut lab = Lab::default();
        (0..asks).for_each(|n| lab.asks(10.0 + 0.05 * f64::from(n), 100));
        lab.see(10.5, SENDER, (100, 1), TcpMarks::REPEATED, waited(0))
    };
    assert_eq!([1, 2, 3, 9].map(again), [None, None, Some(Location::BeyondMirror), Some(Location::BeyondMirror)]);
    let filled = |asks: u32, number: u16| {
        let mut lab = Lab(LossLocator::default(), TcpOptions::default(), Some(40), ReceiverWords::default());
        lab.see(10.0, SENDER, (200, 1), TcpMarks::GAP, waited(0));
        (0..asks).for_each(|n| lab.asks(10.1 + 0.05 * f64::from(n), 100));
        lab.2 = Some(number);
        lab.see(10.8, SENDER, (100, 1), TcpMarks::FILLED, waited(0))
    };
    assert_eq!((filled(2, 45), filled(3, 45), filled(9, 39)), (None, Some(Location::BeforeMirror), None), "sent after or before");
}

/// Without selective acknowledgements a sender whose receiver asks for something goes on with whatever the next acknowledgement ends before (RFC 6582), be
/// it late only: its receiver's side takes 20 ms.
#[test]
fn what_was_seen_less_than_a_round_trip_before_its_receiver_asked_is_not_missed() {
    let judged = |seen_before: i64, of: u32, is_selective: bool| {
        let trip = Some(LeastTrip { nanos: 20 * MILLISECOND, of });
        let told = ReceiverWords { acknowledged: Some(300), is_selective, sent: None };
        let mut lab = Lab(LossLocator::default(), TcpOptions::default(), None, told);
        (0..5).for_each(|n| lab.asks(10.0 + f64::from(n), 100));
        lab.selects(20.0, 300);
        let analysis = SegmentAnalysis { sent_before: Some(seen_before * MILLISECOND), least_trips: [None, trip], ..waited(0) };
        let lost = lab.see(35.0, SENDER, (300, 1), TcpMarks::REPEATED, analysis);
        (lost.is_some(), lab.0.take_unsure(), lab.0.take_unsure())
    };
    assert_eq!(judged(36, 40, false), (true, 0, 0), "seen 21 ms before it was asked for");
    assert_eq!(judged(32, 40, false), (false, 0, 0), "17 ms: it cannot have been missed");
    assert_eq!(judged(32, 5, false), (false, 1, 0), "sooner than the shortest of few: nobody knows");
    assert_eq!(judged(24, 5, false), (false, 0, 0), "9 ms, less than half of it");
    assert_eq!(judged(32, 5, true), (true, 0, 0), "else its receiver says what it has twice");
}

/// An acknowledgement of what was sent again comes sooner than any did: what was sent first was late, or a way became shorter.
#[test]
fn an_answer_sooner_than_the_few_before_leaves_open_which_arrived() {
    let judged = |ms: f64, of: u32, is_selective: bool| {
        let trip = Some(LeastTrip { nanos: 20 * MILLISECOND, of });
        let told = ReceiverWords { acknowledged: Some(100), is_selective, sent: None };
        let mut lab = Lab(LossLocator::default(), TcpOptions::default(), None, told);
        let analysis = SegmentAnalysis { least_trips: [None, trip], ..waited(300) };
        assert_eq!(lab.see(300.0, SENDER, (100, 1), TcpMarks::REPEATED, analysis), Some(Location::BeyondMirror));
        let time = Timestamp((ms * 1e6) as i64 + 1_300_000_000);
        let flow = FlowKey::v4(6, 1, 2, 40_000, 80).0;
        let said = lab.0.acknowledged(&flow, (RECEIVER, SENDER), time, 200, TcpOptions::default());
        (said.iter().filter(|lost| lost.retracted).count(), lab.0.take_unsure())
    };
    assert_eq!((judged(9.0, 5, false), judged(9.0, 5, true)), ((1, 0), (1, 0)), "less than half: it was late");
    assert_eq!((judged(15.0, 5, false), judged(15.0, 40, false)), ((1, 1), (1, 0)), "of few nobody knows");
    assert_eq!((judged(15.0, 5, true), judged(19.0, 5, false)), ((0, 0), (0, 0)));
}

#[test]
fn a_hole_that_is_asked_for_and_closes_late_is_before() {
    let mut lab = Lab::default();
    assert_eq!(lab.see(0.0, SENDER, (200, 1), TcpMarks::GAP, waited(0)), None);
    lab.asks(1.0, 100);
    assert_eq!(lab.see(12.0, SENDER, (100, 1), TcpMarks::FILLED, waited(0)), Some(Location::BeforeMirror));
}

/// A header with a block that says what arrived: from and up to.
fn arrived((from, to): (u32, u32)) -> [u8; 32] {
    let mut header = [0; 32];
    header[12] = 0x80;
    header[20..24].copy_from_slice(&[1, 1, 5, 10]);
    header[24..28].copy_from_slice(&from.to_be_bytes());
    header[28..].copy_from_slice(&to.to_be_bytes());
    header
}

/// Options that say that 300 to 500 arrived.
fn arrived_behind() -> TcpOptions<'static> {
    TcpOptions::of_header(Box::leak(Box::new(arrived((300, 500)))))
}

#[test]
fn a_round_trip_of_microseconds_is_no_hiding_place() {
    let mut lab = Lab(LossLocator::default(), arrived_behind(), None, ReceiverWords::default());
    lab.asks(10.000, 100);
    assert_eq!(lab.see(10.020, SENDER, (100, 1), TcpMarks::REPEATED, waited(0)), None, "asked for once only");
    lab.asks(10.030, 100);
    assert_eq!(lab.see(10.050, SENDER, (100, 1), TcpMarks::REPEATED, waited(0)), Some(Location::BeyondMirror));
    assert_eq!(lab.see(10.052, SENDER, (200, 1), TcpMarks::REPEATED, waited(0)), Some(Location::BeyondMirror), "the next hole");
    assert_eq!(lab.see(10.054, SENDER, (500, 1), TcpMarks::REPEATED, waited(0)), None, "of what is behind nobody said anything");
    let mut lab = Lab(LossLocator::default(), arrived_behind(), None, ReceiverWords::default());
    lab.see(20.000, SENDER, (200, 1), TcpMarks::GAP, waited(0));
    (0..2).for_each(|n| lab.asks(20.010 + 0.01 * f64::from(n), 100));
    assert_eq!(lab.see(20.040, SENDER, (100, 1), TcpMarks::FILLED, waited(0)), None, "so few ask for what is merely late as well");
    lab.asks(20.050, 100);
    assert_eq!(lab.see(20.060, SENDER, (100, 1), TcpMarks::FILLED, waited(0)), Some(Location::BeforeMirror));
}

/// A receiver that puts segments together acknowledges many at once (GRO), and says once what arrived behind a hole.
#[test]
fn one_acknowledgement_that_says_much_arrived_asks() {
    let again = |to: u32| {
        let options = TcpOptions::of_header(Box::leak(Box::new(arrived((200, to)))));
        let mut lab = Lab(LossLocator::default(), options, None, ReceiverWords::default());
        lab.asks(10.000, 100);
        lab.see(10.030, SENDER, (100, 1), TcpMarks::REPEATED, waited(0))
    };
    assert_eq!((again(400), again(401)), (None, Some(Location::BeyondMirror)), "more than two segments");
}

#[test]
fn what_says_what_arrived_counts_though_it_is_no_duplicate() {
    // The first of its number, and with windows that move: none is a duplicate to Wireshark's letter.
    let mut lab = Lab(LossLocator::default(), arrived_behind(), None, ReceiverWords::default());
    lab.see(20.000, SENDER, (200, 1), TcpMarks::GAP, waited(0));
    (0..3).for_each(|n| lab.selects(20.010 + 0.01 * f64::from(n), 100));
    assert_eq!(lab.see(20.060, SENDER, (100, 1), TcpMarks::FILLED, waited(0)), Some(Location::BeforeMirror));
    // The next hole of the same recovery, to which a partial acknowledgement leads.
    lab.see(20.061, SENDER, (300, 1), TcpMarks::GAP, waited(0));
    lab.selects(20.070, 200);
    assert_eq!(lab.see(20.090, SENDER, (200, 1), TcpMarks::FILLED, waited(0)), Some(Location::BeforeMirror));
    // Another recovery begins anew.
    lab.see(20.100, SENDER, (700, 1), TcpMarks::GAP, waited(0));
    lab.selects(20.110, 600);
    assert_eq!(lab.see(20.120, SENDER, (600, 1), TcpMarks::FILLED, waited(0)), None);
}

#[test]
fn a_packet_that_was_sent_later_was_sent_again() {
    let fills = |[behind, fill]: [u16; 2], asks: u32| {
        let mut lab = Lab(LossLocator::default(), arrived_behind(), Some(behind), ReceiverWords::default());
        lab.see(20.000, SENDER, (200, 1), TcpMarks::GAP, waited(0));
        (0..asks).for_each(|n| lab.selects(20.010 + 0.01 * f64::from(n), 100));
        lab.2 = Some(fill);
        lab.see(20.060, SENDER, (100, 1), TcpMarks::FILLED, waited(0))
    };
    assert_eq!(fills([7, 9], 1), Some(Location::BeforeMirror), "one acknowledgement is enough");
    assert_eq!(fills([65_535, 2], 1), Some(Location::BeforeMirror), "numbers begin again");
    assert_eq!(fills([7, 9], 0), None, "nobody asked");
    assert_eq!(fills([7, 6], 3), None, "it was sent before and overtaken");
    assert_eq!([fills([7, 7], 1), fills([7, 264], 1), fills([300, 7], 1)], [None; 3], "numbers that say nothing");
    assert_eq!(fills([7, 263], 1), Some(Location::BeforeMirror));
    assert_eq!(fills([300, 7], 3), Some(Location::BeforeMirror), "three acknowledgements are");
}

#[test]
fn what_is_reordered_is_not_lost() {
    let mut lab = Lab::default();
    lab.see(0.0, SENDER, (200, 1), TcpMarks::GAP, waited(0));
    lab.asks(1.0, 100);
    assert_eq!(lab.see(4.9, SENDER, (100, 1), TcpMarks::FILLED, waited(0)), None, "within half a round trip");
    lab.see(10.0, SENDER, (400, 1), TcpMarks::GAP, waited(0));
    assert_eq!(lab.see(30.0, SENDER, (300, 1), TcpMarks::FILLED, waited(0)), None, "nobody asked since the hole opened");
}

#[test]
fn a_keep_alive_is_nothing() {
    let mut lab = Lab::default();
    let event = TcpEvent { marks: TcpMarks::REPEATED, ..TcpEvent::default() };
    let segment = Segment { sequence: 1, acknowledgement: 1, flags: 0x10, window: 1, payload: 1 };
    let flow = FlowKey::v4(6, 1, 2, 40_000, 80).0;
    assert_eq!(
        lab.0.segment(
            &flow,
            (SENDER, SENDER),
            Timestamp(0),
            (&segment, SenderMarks::default(), ReceiverWords::default()),
            &event,
            &waited(900)
        ),
        None
    );
}

#[test]
fn connections_beyond_the_cap_are_not_judged() {
    let mut locator = LossLocator::default();
    for port in 0..LOSSY_CONNECTIONS as u32 + 5 {
        let flow = FlowKey::v4(6, port, 2, 40_000, 80).0;
        let segment = Segment { sequence: 1, acknowledgement: 1, flags: 0x10, window: 1, payload: 100 };
        let event = TcpEvent { marks: TcpMarks::GAP, ..TcpEvent::default() };
        locator.segment(
            &flow,
            (SENDER, SENDER),
            Timestamp(0),
            (&segment, SenderMarks::default(), ReceiverWords::default()),
            &event,
            &waited(0),
        );
    }
    assert_eq!(locator.lossy.len(), LOSSY_CONNECTIONS);
}

/// A hole that is filled after 12 ms, behind packet 40 of its sender, by the packet of that number, or of none.
#[test]
fn what_was_sent_before_what_overtook_it_was_sent_once() {
    let filled_by = |number: Option<u16>| {
        let mut lab = Lab(LossLocator::default(), arrived_behind(), Some(40), ReceiverWords::default());
        assert_eq!(lab.see(0.0, SENDER, (300, 1), TcpMarks::GAP, waited(0)), None);
        (1..=3).for_each(|ms| lab.asks(f64::from(ms), 100));
        lab.2 = number;
        lab.see(12.0, SENDER, (100, 1), TcpMarks::FILLED, waited(0))
    };
    assert_eq!(filled_by(Some(23)), None, "seventeen others and it are late");
    let before = Some(Location::BeforeMirror);
    assert_eq!((filled_by(Some(41)), filled_by(None)), (before, before), "it was sent again, or nobody knows");
    assert_eq!(filled_by(Some(40_000)), before, "numbers of no counter say nothing");
}

/// A segment that was seen, of which one acknowledgement says that what follows it arrived, and that comes again.
#[test]
fn one_acknowledgement_is_enough_for_a_sender_that_goes_by_time() {
    let again = |ms: f64, sequence: u32, options: TcpOptions<'static>| {
        let mut lab = Lab(LossLocator::default(), options, None, ReceiverWords::default());
        lab.asks(10.0, 100);
        lab.see(ms, SENDER, (sequence, 1), TcpMarks::REPEATED, waited(12))
    };
    assert_eq!(again(11.0, 100, arrived_behind()), Some(Location::BeyondMirror));
    assert_eq!(again(10.9, 100, arrived_behind()), None, "a copy");
    assert_eq!(again(11.0, 200, arrived_behind()), None, "it was not asked for next");
    assert_eq!(again(11.0, 100, TcpOptions::default()), None, "nothing says that what follows arrived");
}
