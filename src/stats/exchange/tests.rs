use super::*;
use crate::model::Histogram;
use proptest::prelude::*;

/// Events by kind: asked, answered, settled, inverted, unanswered, forgotten, unasked.
#[derive(Default)]
struct Events([u64; 7]);

impl Events {
    fn note(&mut self, event: ExchangeEvent) {
        let at = match event {
            ExchangeEvent::Asked => 0,
            ExchangeEvent::Answered { settled } => {
                self.0[2] += u64::from(settled);
                1
            }
            ExchangeEvent::Inverted { .. } => 3,
            ExchangeEvent::Unanswered => 4,
            ExchangeEvent::Forgotten => 5,
            ExchangeEvent::Unasked => 6,
        };
        self.0[at] += 1;
    }
}

struct Table {
    exchanges: Exchanges,
    events: Events,
    ended: Vec<Transaction>,
}

impl Table {
    fn new() -> Self {
        let mut exchanges = Exchanges::default();
        exchanges.begin(Timestamp(0));
        Self { exchanges, events: Events::default(), ended: Vec::new() }
    }

    /// A message over UDP, from the client if it asks.
    fn pass(&mut self, id: u32, question: u32, asks: bool, millis: i64) -> &mut Self {
        let (client, server) = ((0x0a00_0001, 40_000), (0x0a00_0002, 53));
        let ((from, from_port), (to, to_port)) = if asks { (client, server) } else { (server, client) };
        let (flow, way) = FlowKey::v4(17, from, to, from_port, to_port);
        let time = Timestamp(millis * MILLISECOND);
        let message = AppMessage { flow, way, time, is_request: asks, id, question, code: 3, tells_loss: true, ..AppMessage::default() };
        self.exchanges.pass(&message, &mut |event| self.events.note(event));
        self.exchanges.take_ended(|t| self.ended.push(t));
        self
    }

    fn advance(&mut self, millis: i64) -> &mut Self {
        self.exchanges.advance(Timestamp(millis.saturating_mul(MILLISECOND)), &mut |event| self.events.note(event));
        self.exchanges.take_ended(|t| self.ended.push(t));
        self
    }

    fn ends(&self) -> Vec<(TransactionEnd, Option<i64>, u16)> {
        self.ended.iter().map(|t| (t.end, t.latency().map(|l| l / MILLISECOND), t.repeated)).collect()
    }
}

use TransactionEnd::{Answered, Forgotten, Open, Overdue, Unanswered, Waiting};

#[test]
fn what_the_mirror_lost() {
    let mut t = Table::new();
    t.pass(1, 0, false, 0).pass(2, 0, true, 6_000).pass(2, 0, true, 6_500).pass(2, 0, false, 7_000).pass(2, 0, false, 7_001);
    t.pass(3, 0, false, 8_000).pass(4, 0, false, 9_000).pass(4, 0, true, 9_010).pass(5, 0, true, 9_020).advance(60_000);
    assert_eq!(t.events.0, [3, 2, 2, 1, 1, 0, 1]);
}

/// A server that hangs answers when it goes on: its questions were seen, however long ago, and nothing is lost.
#[test]
fn an_answer_to_a_question_that_was_given_up_is_none_that_nobody_asked() {
    let mut t = Table::new();
    t.pass(1, 0, true, 10_000).advance(16_000).pass(1, 0, false, 36_000).advance(60_000);
    assert_eq!(t.events.0, [1, 0, 0, 0, 1, 0, 0], "decided before its answer");
    // Without a mark between them.
    t.pass(2, 0, true, 70_000).pass(2, 0, false, 96_000).advance(120_000);
    assert_eq!(t.events.0, [2, 0, 0, 0, 2, 0, 0]);
    // Asked again by the same number: a question like the first.
    t.pass(3, 0, true, 130_000).advance(136_000).pass(3, 0, true, 137_000).pass(3, 0, false, 137_500);
    assert_eq!(t.events.0, [4, 1, 1, 0, 3, 0, 0]);
    // So long after that it belongs to nothing.
    t.pass(4, 0, true, 140_000).advance(146_000).pass(4, 0, false, 206_100).advance(220_000);
    assert_eq!(t.events.0, [5, 1, 1, 0, 4, 0, 1]);
}

#[test]
fn latency_is_counted_from_the_first_copy_and_patience_from_the_last() {
    let mut t = Table::new();
    t.pass(1, 9, true, 0).pass(1, 9, true, 3_000).pass(1, 9, false, 7_500);
    t.pass(2, 9, true, 0).pass(2, 9, true, 3_000).advance(7_999);
    assert_eq!(t.ends(), [(Answered(3), Some(7_500), 1)]);
    t.advance(8_001).pass(2, 9, false, 8_002);
    assert_eq!(t.ends()[1..], [(Unanswered, None, 1)], "and a later answer does not change it");
}

#[test]
fn an_answer_to_another_question_is_none() {
    let mut t = Table::new();
    t.pass(1, 9, true, 0).pass(1, 8, false, 10).pass(1, 9, false, 20).pass(1, 9, false, 21);
    assert_eq!(t.ends(), [(Answered(3), Some(20), 0)]);
    // The identifier is used again, before and after the answer.
    t.pass(1, 7, true, 30).pass(1, 6, true, 40).pass(1, 6, false, 45).pass(1, 6, true, 450).pass(1, 0, false, 453);
    assert_eq!(t.ends()[1..], [(Forgotten, None, 0), (Answered(3), Some(5), 0), (Answered(3), Some(3), 0)]);
}

#[test]
fn an_answer_just_before_its_question_belongs_to_it() {
    let mut t = Table::new();
    t.pass(1, 9, false, 100).pass(1, 9, true, 101).pass(2, 9, false, 100).pass(2, 9, true, 2_400);
    t.pass(3, 9, false, 100).pass(3, 9, true, 3_200).advance(10_000);
    assert_eq!(t.ends(), [(Answered(3), None, 0), (Answered(3), None, 0), (Unanswered, None, 0)]);
}

#[test]
fn a_copy_of_what_was_answered_asks_nothing() {
    let mut t = Table::new();
    t.pass(1, 9, true, 0).pass(1, 9, false, 2).pass(1, 9, true, 20).pass(1, 8, true, 40).advance(60_000);
    assert_eq!(t.ends(), [(Answered(3), Some(2), 0), (Unanswered, None, 0)], "another question is one");
}

#[test]
fn what_waits_at_the_end_is_not_judged() {
    let mut t = Table::new();
    t.pass(1, 9, true, 0).pass(2, 9, true, 4_000).advance(5_500);
    t.exchanges.finish(Timestamp(10_000 * MILLISECOND), &mut |event| t.events.note(event));
    t.advance(5_500);
    assert_eq!(t.ends(), [(Unanswered, None, 0), (TransactionEnd::Open, None, 0)]);
}

#[test]
fn a_reply_at_the_end_has_no_request_if_none_came_so_soon() {
    let mut t = Table::new();
    t.pass(1, 0, false, 9_000).pass(2, 0, false, 9_900).pass(3, 0, false, 4_000);
    t.exchanges.finish(Timestamp(10_000 * MILLISECOND), &mut |event| t.events.note(event));
    assert_eq!(t.events.0, [0, 0, 0, 0, 0, 0, 1], "one of them may still have come, one answers what passed before the capture");
}

#[test]
fn echo_by_identifier_and_sequence() {
    let message = |kind: u8, protocol: u8, sequence: u8| {
        let bytes = [kind, 0, 0, 0, 0, 7, 0, sequence];
        let flow = Some(FlowKey::v4(protocol, 1, 2, 0, 0));
        echo(&Frame { bytes: &bytes, transport: Some(0), flow, ..Frame::default() }).map(|m| (m.is_request, m.id))
    };
    assert_eq!([message(8, 1, 1), message(0, 1, 1)], [Some((true, 0x0007_0001)), Some((false, 0x0007_0001))]);
    assert_eq!([message(3, 1, 1), message(8, 17, 1), message(128, 58, 2)], [None, None, Some((true, 0x0007_0002))]);
}

proptest! {
    #[test]
    fn every_question_ends_once(
        steps in prop::collection::vec((0u32..40, 1u32..3, any::<bool>(), 0i64..9_000), 0..400),
        is_dense in any::<bool>(),
    ) {
        let (mut t, mut time, mut asked) = (Table::new(), 0, 0u64);
        for (id, question, asks, wait) in steps {
            // So far apart nothing is a copy of what was answered, which asks nothing.
            time += if is_dense { wait / 20 } else { 400 + wait / 20 };
            asked += u64::from(asks);
            t.pass(id, question, asks, time);
        }
        t.advance(i64::MAX / MILLISECOND);
        let [questions, answered, settled, inverted, unanswered, forgotten, _] = t.events.0;
        prop_assert_eq!(questions, answered + unanswered + forgotten);
        prop_assert!(settled <= answered && inverted <= answered);
        let copies: u64 = t.ended.iter().map(|t| u64::from(t.repeated)).sum();
        let counted = t.ended.len() as u64 + copies;
        prop_assert!(if is_dense { asked >= counted } else { asked == counted }, "{asked} asked, {counted} ended");
        let mut latencies = Histogram::default();
        t.ended.iter().filter_map(Transaction::latency).for_each(|l| latencies.count(l));
        prop_assert!(latencies.len() <= t.ended.len() as u64);
    }
}

/// A message over TCP of the connection with this port.
fn over_tcp(port: u16, is_request: bool, millis: i64) -> AppMessage {
    let (flow, way) = FlowKey::v4(6, 0x0a00_0001, 0x0a00_0002, port, 80);
    let way = if is_request { way } else { way.reversed() };
    AppMessage { flow, way, time: Timestamp(millis * MILLISECOND), is_request, id: 1, code: 0xc000_006d, ..AppMessage::default() }
}

#[test]
fn over_tcp_a_reply_is_waited_for_ten_minutes() {
    let answered = Answered(0xc000_006d);
    for (reply, before, end) in [
        (10_000, &[][..], answered),
        (10_001, &[Waiting], answered),
        (60_000, &[Waiting], answered),
        (60_001, &[Waiting, Overdue], answered),
        (600_000, &[Waiting, Overdue], answered),
        (600_001, &[Waiting, Overdue], Unanswered),
    ] {
        for is_looked_at in [true, false] {
            let mut table = Table::new();
            table.exchanges.pass(&over_tcp(40_000, true, 0), &mut |event| table.events.note(event));
            if is_looked_at {
                (0..reply / 1_000).for_each(|second| {
                    table.advance(second * 1_000);
                });
            }
            table.exchanges.pass(&over_tcp(40_000, false, reply), &mut |event| table.events.note(event));
            table.advance(reply);
            let told: Vec<TransactionEnd> = table.ended.iter().map(|t| t.end).collect();
            // Nobody looked before its time was over.
            let before = if is_looked_at || end != Unanswered { before } else { &[] };
            assert_eq!(told, [before, &[end]].concat(), "after {reply} ms it is told before, once each");
            assert_eq!(table.ended.last().map(|t| t.told as usize), Some(before.len()));
            assert_eq!(table.events.0, [0; 7], "a stream says nothing of the mirror");
        }
    }
}

/// Whoever closes the connection after it has waited for longer than users do was not answered; sooner it changed its mind.
#[test]
fn over_tcp_a_connection_that_is_over_answers_nothing() {
    for (over, told) in
        [(9_000, vec![Forgotten]), (10_000, vec![Forgotten]), (10_001, vec![Unanswered]), (30_000, vec![Waiting, Unanswered])]
    {
        let mut table = Table::new();
        table.exchanges.pass(&over_tcp(40_000, true, 0), &mut |event| table.events.note(event));
        table.exchanges.pass(&over_tcp(40_001, true, 0), &mut |event| table.events.note(event));
        let mut second = 0;
        while second <= 40 {
            let now = Timestamp(second * SECOND);
            if table.exchanges.is_due(now) {
                let end = Timestamp(over * MILLISECOND);
                table.exchanges.note_over(|flow| (flow.a_port == 40_000 || flow.b_port == 40_000).then_some(end).filter(|end| *end <= now));
                table.advance(second * 1_000);
            }
            second += 1;
        }
        let of = |port| move |t: &&Transaction| t.flow.a_port == port || t.flow.b_port == port;
        let ends = |port| table.ended.iter().filter(of(port)).map(|t| t.end).collect::<Vec<_>>();
        assert_eq!((ends(40_000), ends(40_001)), (told, vec![Waiting]), "over after {over} ms");
        let before = table.ended.len();
        table.exchanges.pass(&over_tcp(40_000, false, 41_000), &mut |event| table.events.note(event));
        table.advance(41_000);
        assert_eq!(table.ended.len(), before, "its end is known");
    }
}

/// What waits at the end of a capture for longer than a minute was not answered; what waits for less is open.
#[test]
fn over_tcp_what_waits_at_the_end() {
    for (waited, told) in
        [(999, vec![Forgotten]), (10_000, vec![Open]), (10_001, vec![Waiting, Open]), (60_001, vec![Waiting, Overdue, Unanswered])]
    {
        let mut table = Table::new();
        table.exchanges.pass(&over_tcp(40_000, true, 0), &mut |event| table.events.note(event));
        table.exchanges.finish(Timestamp(waited * MILLISECOND), &mut |_| {});
        table.exchanges.take_ended(|t| table.ended.push(t));
        assert_eq!(table.ended.iter().map(|t| t.end).collect::<Vec<_>>(), told, "after {waited} ms");
    }
}

/// Bytes are missing where the answer may have been: whatever was told before, nothing is known of it.
#[test]
fn over_tcp_a_lost_reply_takes_back_what_was_told() {
    let mut table = Table::new();
    table.exchanges.pass(&over_tcp(40_000, true, 0), &mut |_| {});
    table.advance(61_000);
    table.exchanges.pass(&AppMessage { code: AppMessage::LOST, ..over_tcp(40_000, false, 62_000) }, &mut |_| {});
    table.advance(62_000);
    assert_eq!(table.ended.iter().map(|t| t.end).collect::<Vec<_>>(), [Waiting, Overdue, Forgotten]);
}

#[test]
fn over_tcp_a_request_goes_on_until_its_last_byte_and_a_lost_reply_is_not_judged() {
    let (flow, way) = FlowKey::v4(6, 0x0a00_0001, 0x0a00_0002, 40_000, 80);
    let mut table = Table::new();
    for (id, is_request, millis, code) in
        [(1, true, 0, 0), (1, true, 30, 0), (1, false, 40, 7), (2, true, 50, 0), (2, false, 60, AppMessage::LOST)]
    {
        let way = if is_request { way } else { way.reversed() };
        let time = Timestamp(millis * MILLISECOND);
        let message = AppMessage { flow, way, time, is_request, id, code, ..AppMessage::default() };
        table.exchanges.pass(&message, &mut |event| table.events.note(event));
    }
    table.advance(200_000);
    assert_eq!(table.ends(), [(Answered(7), Some(10), 0), (Forgotten, None, 0)]);
}

/// A call rings, fails after half a minute; another one rings on; a third is seen no more behind its first sign; a fourth is asked for again.
#[test]
fn the_interim_reply_gives_the_time_and_the_final_one_the_outcome() {
    let (flow, way) = FlowKey::v4(17, 0x0a00_0001, 0x0a00_0002, 5_060, 5_060);
    let mut table = Table::new();
    let say = |table: &mut Table, id, millis, code: Option<(u32, bool)>| {
        let (way, is_request) = if code.is_some() { (way.reversed(), false) } else { (way, true) };
        let (code, is_interim) = code.unwrap_or_default();
        let time = Timestamp(millis * MILLISECOND);
        let message = AppMessage { flow, way, time, is_request, is_interim, id, code, ..AppMessage::default() };
        table.exchanges.pass(&message, &mut |event| table.events.note(event));
    };
    say(&mut table, 1, 0, None);
    say(&mut table, 1, 40, Some((180, true)));
    say(&mut table, 1, 900, Some((183, true)));
    say(&mut table, 1, 1_000, None);
    table.advance(29_000);
    say(&mut table, 1, 30_000, Some((503, false)));
    table.advance(30_000);
    assert_eq!(table.ends(), [(Answered(503), Some(40), 0)]);
    say(&mut table, 2, 40_000, None);
    say(&mut table, 2, 40_010, Some((180, true)));
    table.advance(219_000);
    assert_eq!(table.ends().len(), 1, "it rings");
    table.advance(222_000);
    assert_eq!(table.ends()[1..], [(Answered(180), Some(10), 0)], "nobody saw how it ended");
    say(&mut table, 3, 230_000, None);
    say(&mut table, 3, 230_005, Some((180, true)));
    table.exchanges.finish(Timestamp(231_000 * MILLISECOND), &mut |_| {});
    table.advance(231_000);
    assert_eq!(table.ends()[2..], [(Answered(180), Some(5), 0)]);
}

/// A request has arrived, which says nothing of what comes of it.
#[test]
fn what_only_arrived_is_waited_for_and_not_answered() {
    let (flow, way) = FlowKey::v4(17, 0x0a00_0001, 0x0a00_0002, 5_060, 5_060);
    for (replied, end) in [(31_900, Answered(200)), (32_100, Unanswered)] {
        let mut table = Table::new();
        for (millis, code, is_interim) in [(0, None, false), (10, Some(AppMessage::TAKEN), true), (replied, Some(200), false)] {
            table.advance(millis);
            let (way, is_request) = if code.is_some() { (way.reversed(), false) } else { (way, true) };
            let (time, code) = (Timestamp(millis * MILLISECOND), code.unwrap_or_default());
            let message = AppMessage { flow, way, time, is_request, is_interim, id: 1, code, ..AppMessage::default() };
            table.exchanges.pass(&message, &mut |event| table.events.note(event));
        }
        table.advance(40_000);
        assert_eq!(table.ended.iter().map(|t| t.end).collect::<Vec<_>>(), [end], "answered after {replied} ms");
    }
}

/// DHCP's DISCOVER and REQUEST bear one identifier; a copy of either bears its bytes as well.
#[test]
fn another_request_with_the_identifier_of_one_that_was_answered_is_no_copy() {
    let (flow, way) = FlowKey::v4(17, 0x0a00_0001, 0x0a00_0002, 67, 67);
    let mut table = Table::new();
    for (millis, content, code) in [(0, 7, None), (2, 0, Some(2)), (20, 7, None), (30, 8, None), (31, 8, None), (40, 0, Some(6))] {
        let (way, is_request) = if code.is_some() { (way.reversed(), false) } else { (way, true) };
        let (time, code) = (Timestamp(millis * MILLISECOND), code.unwrap_or(0));
        let message = AppMessage { flow, way, time, is_request, id: 9, content, code, ..AppMessage::default() };
        table.exchanges.pass(&message, &mut |event| table.events.note(event));
    }
    table.advance(10_000);
    assert_eq!(table.ends(), [(Answered(2), Some(2), 0), (Answered(6), Some(10), 1)]);
}

/// Whoever pings a group is answered by hosts that nobody asked by their address; whoever pings a host and is answered without having asked
/// lost a request on the mirror.
#[test]
fn answers_to_a_ping_of_a_group_lack_no_request() {
    let orphans = |asks_first: bool| {
        let (flow, way) = FlowKey::v4(1, 0x0a00_0001, 0x0a00_0002, 0, 0);
        let mut table = Table::new();
        let mut say = |is_request, id, millis: i64| {
            let way = if is_request { way } else { way.reversed() };
            let time = Timestamp(millis * MILLISECOND);
            let message = AppMessage { flow, way, time, is_request, id, tells_loss: true, ..AppMessage::default() };
            table.exchanges.pass(&message, &mut |event| table.events.note(event));
        };
        if asks_first {
            say(true, 1, 0);
            say(false, 1, 1);
        }
        (2..12).for_each(|id| say(false, id, 10_000 + i64::from(id)));
        table.advance(60_000);
        table.events.0[6]
    };
    assert_eq!((orphans(false), orphans(true)), (0, 10));
}
