//! Attempts, step by step.

use super::*;
use crate::model::tcp::{ACK, SYN};
use crate::model::time::MILLISECOND;

const CLIENT: Direction = Direction::AToB;
const SERVER: Direction = Direction::BToA;

/// A connection under test.
#[derive(Default)]
struct Lab {
    connections: Connections,
    fins: u32,
    is_cut: bool,
    cut: Option<CutPhase>,
    last: Option<Timestamp>,
}

fn at(ms: i64) -> Timestamp {
    Timestamp(1_700_000_000 * SECOND + ms * MILLISECOND)
}

fn flow(port: u16) -> FlowKey {
    FlowKey::v4(6, 0x0a00_0001, 0x0a00_0002, port, 80).0
}

fn segment(flags: u8, sequence: u32) -> Segment {
    Segment { sequence, acknowledgement: 0, flags, window: 0, payload: 0 }
}

impl Lab {
    fn segment(&mut self, ms: i64, port: u16, way: Direction, flags: u8, sequence: u32, marks: TcpMarks) {
        let fins_before = self.fins;
        self.fins = (self.fins + u32::from(flags & FIN != 0)).min(2);
        let course = Course {
            stations: Default::default(),
            vlan: None,
            flow: flow(port),
            hash: flow(port).keyed_hash(&Keys::FIXED),
            way,
            time: at(ms),
            number: 0,
            before: self.last.unwrap_or(at(ms)),
            client: Some(CLIENT),
            is_joined: false,
            fins: self.fins,
            fins_before,
            is_cut: self.is_cut,
            app: AppId::NONE,
            packets: [0; 2],
            data_packets: 0,
            cut: self.cut,
            owes: true,
            ttl: 64,
            is_cut_between: false,
        };
        let segment = segment(flags, sequence);
        self.connections.step(&course, &segment, &TcpEvent { marks, ..TcpEvent::default() });
        self.is_cut |= flags & RST != 0;
        self.last = Some(at(ms));
    }

    fn syn(&mut self, ms: i64, port: u16, sequence: u32) {
        self.segment(ms, port, CLIENT, SYN, sequence, TcpMarks::SYN);
    }

    fn syn_ack(&mut self, ms: i64, port: u16) {
        self.segment(ms, port, SERVER, SYN | ACK, 9, TcpMarks::SYN_ACK);
    }

    fn ack(&mut self, ms: i64, port: u16) {
        self.segment(ms, port, CLIENT, ACK, 0, TcpMarks::FIRST_ACK);
    }

    fn rst(&mut self, ms: i64, port: u16, way: Direction) {
        self.segment(ms, port, way, RST, 0, TcpMarks::RST);
    }

    fn attempts(&mut self) -> Vec<Attempt> {
        let (events, _) = self.connections.take();
        events.iter().filter_map(|e| if let NetworkEvent::Attempt(a) = e { Some(*a) } else { None }).collect()
    }

    fn ends(&mut self) -> Vec<(Option<CutPhase>, bool)> {
        let (events, _) = self.connections.take();
        events.iter().filter_map(|e| if let NetworkEvent::Ended(e) = e { Some((e.cut, e.by_client)) } else { None }).collect()
    }
}

fn outcomes(attempts: &[Attempt]) -> Vec<(AttemptOutcome, u8)> {
    attempts.iter().map(|a| (a.outcome, a.syns)).collect()
}

#[test]
fn a_handshake_has_two_halves() {
    let mut lab = Lab::default();
    lab.syn(0, 1, 7);
    lab.syn_ack(20, 1);
    lab.ack(25, 1);
    let [attempt] = lab.attempts()[..] else { panic!("one attempt") };
    assert_eq!((attempt.outcome, attempt.syns, attempt.earlier), (AttemptOutcome::Established, 1, None));
    assert_eq!((attempt.server_half, attempt.client_half), (Some(20 * MILLISECOND), Some(5 * MILLISECOND)));
    assert_eq!(lab.connections.pending.len(), 0, "what is open is not kept");
}

#[test]
fn of_a_repeated_syn_it_is_not_known_which_was_answered() {
    let mut lab = Lab::default();
    lab.syn(0, 1, 7);
    lab.syn(1_000, 1, 7);
    lab.syn_ack(1_020, 1);
    lab.syn_ack(1_030, 1);
    lab.ack(1_040, 1);
    let [attempt] = lab.attempts()[..] else { panic!("one attempt") };
    assert_eq!((attempt.syns, attempt.server_half, attempt.client_half), (2, None, None));
}

#[test]
fn a_refused_syn_that_is_repeated_is_one_attempt() {
    let mut lab = Lab::default();
    for ms in [0, 500, 1_000] {
        lab.syn(ms, 1, 7);
        lab.rst(ms + 1, 1, SERVER);
    }
    let attempts = lab.attempts();
    assert_eq!(outcomes(&attempts), [(AttemptOutcome::Refused, 1)]);
    assert_eq!(attempts[0].server_half, Some(MILLISECOND));
    lab.syn(5_000, 1, 7);
    lab.rst(5_001, 1, SERVER);
    assert_eq!(outcomes(&lab.attempts()), [(AttemptOutcome::Refused, 1)], "much later it is a new one");
}

#[test]
fn silence_is_told_once_it_lasted() {
    let mut lab = Lab::default();
    lab.syn(0, 1, 7);
    lab.syn(1_000, 1, 7);
    lab.connections.advance(at(2_900));
    assert_eq!(lab.attempts(), []);
    assert!(!lab.connections.is_due(at(2_900)) && lab.connections.is_due(at(3_000)));
    lab.connections.advance(at(3_000));
    assert_eq!(outcomes(&lab.attempts()), [(AttemptOutcome::Unanswered, 2)]);
    lab.syn(7_000, 1, 7);
    lab.connections.advance(at(12_000));
    assert_eq!(lab.attempts(), [], "it is told once");
    lab.syn_ack(15_000, 1);
    lab.ack(15_001, 1);
    let attempts = lab.attempts();
    assert_eq!(outcomes(&attempts), [(AttemptOutcome::Established, 3)]);
    let earlier = EarlierOutcome { outcome: AttemptOutcome::Unanswered, syns: 2, syns_again: 0 };
    assert_eq!((attempts[0].earlier, attempts[0].answered_after), (Some(earlier), Some(15 * SECOND)));
}

#[test]
fn a_single_syn_waits_longer() {
    let mut lab = Lab::default();
    lab.syn(0, 1, 7);
    lab.connections.advance(at(4_900));
    assert_eq!(lab.attempts(), []);
    lab.connections.advance(at(5_000));
    assert_eq!(outcomes(&lab.attempts()), [(AttemptOutcome::Unanswered, 1)]);
    lab.connections.advance(at(70_000));
    assert!(lab.connections.pending.is_empty() && !lab.connections.is_due(at(1_000_000)), "and then it is forgotten");
}

#[test]
fn a_mirror_that_does_not_show_the_answer_makes_no_silence() {
    let mut lab = Lab::default();
    lab.syn(0, 1, 7);
    lab.ack(20, 1);
    lab.connections.advance(at(10_000));
    assert_eq!(lab.attempts(), []);
}

#[test]
fn half_open_and_abandoned() {
    let mut lab = Lab::default();
    lab.syn(0, 1, 7);
    lab.syn_ack(1, 1);
    lab.syn(2, 2, 7);
    lab.syn_ack(3, 2);
    lab.rst(4, 2, CLIENT);
    assert_eq!(outcomes(&lab.attempts()), [(AttemptOutcome::Abandoned, 1)]);
    lab.connections.advance(at(6_000));
    assert_eq!(outcomes(&lab.attempts()), [(AttemptOutcome::HalfOpen, 1)]);
}

#[test]
fn a_client_that_gives_up_says_nothing_of_the_server() {
    let mut lab = Lab::default();
    lab.syn(0, 1, 7);
    lab.rst(10, 1, CLIENT);
    lab.connections.advance(at(60_000));
    assert_eq!(lab.attempts(), []);
}

#[test]
fn ports_that_are_used_again_begin_a_new_attempt() {
    let mut lab = Lab::default();
    lab.syn(0, 1, 7);
    lab.syn(4_000, 1, 8);
    assert_eq!(outcomes(&lab.attempts()), [(AttemptOutcome::Unanswered, 1)]);
    lab.syn_ack(4_001, 1);
    lab.ack(4_002, 1);
    assert_eq!(outcomes(&lab.attempts()), [(AttemptOutcome::Established, 1)]);
}

#[test]
fn who_cut_it_and_when() {
    let cut = |prepare: &dyn Fn(&mut Lab), ms| {
        let mut lab = Lab::default();
        lab.syn(0, 1, 7);
        lab.syn_ack(1, 1);
        lab.ack(2, 1);
        prepare(&mut lab);
        lab.rst(ms, 1, SERVER);
        lab.rst(ms + 1, 1, SERVER);
        lab.ends()
    };
    for phase in CutPhase::ALL {
        assert_eq!(cut(&|lab| lab.cut = Some(phase), 50), [(Some(phase), false)]);
    }
    let of = |fins, outstanding, seconds, asks| CutPhase::of(fins, outstanding, seconds * SECOND, asks);
    assert_eq!(of(0, Some(true), 90, true), CutPhase::Transfer);
    assert_eq!((of(0, Some(false), 29, false), of(0, Some(false), 30, true)), (CutPhase::Quiet, CutPhase::Idle));
    assert_eq!((of(0, Some(false), 29, true), of(0, None, 29, true)), (CutPhase::RequestPending, CutPhase::Quiet));
    assert_eq!(of(1, Some(true), 0, true), CutPhase::AfterFin);
    let mut lab = Lab::default();
    lab.segment(3, 1, CLIENT, FIN | ACK, 8, TcpMarks::FIN);
    lab.segment(4, 1, SERVER, FIN | ACK, 8, TcpMarks::FIN);
    lab.segment(204, 1, SERVER, FIN | ACK, 8, TcpMarks::FIN);
    assert_eq!(lab.ends(), [(None, false)], "the FIN that is sent again ends nothing");
}

#[test]
fn attempts_beyond_the_cap_are_counted() {
    let mut connections = Connections::default();
    for n in 0..ATTEMPTS as u32 + 5 {
        let flow = FlowKey::v4(6, n, 0x0a00_0002, 1, 80).0;
        let course = Course {
            stations: Default::default(),
            vlan: None,
            flow,
            hash: flow.keyed_hash(&Keys::FIXED),
            way: CLIENT,
            time: at(0),
            number: 0,
            before: at(0),
            client: Some(CLIENT),
            is_joined: false,
            fins: 0,
            fins_before: 0,
            is_cut: false,
            app: AppId::NONE,
            packets: [0; 2],
            data_packets: 0,
            cut: None,
            owes: true,
            ttl: 64,
            is_cut_between: false,
        };
        let segment = segment(SYN, 0);
        connections.step(&course, &segment, &TcpEvent { marks: TcpMarks::SYN, ..TcpEvent::default() });
    }
    assert_eq!((connections.pending.len(), connections.take().1), (ATTEMPTS, 5));
}

#[test]
fn a_clock_set_back_holds_nothing_for_ever() {
    let mut lab = Lab::default();
    lab.syn(100_000_000, 1, 7);
    lab.connections.advance(at(0));
    lab.connections.advance(at(1_000));
    assert!(lab.connections.pending.is_empty());
}

#[test]
fn what_was_refused_and_is_accepted_then_came_about() {
    let mut lab = Lab::default();
    lab.syn(0, 1, 7);
    lab.rst(1, 1, SERVER);
    assert_eq!(outcomes(&lab.attempts()), [(AttemptOutcome::Refused, 1)]);
    lab.syn_ack(2, 1);
    lab.ack(3, 1);
    assert_eq!(lab.attempts(), [], "a RST and a SYN-ACK for one SYN are two hosts': who refused ended it");
    lab.syn(500, 1, 7);
    lab.syn_ack(502, 1);
    lab.ack(503, 1);
    let [attempt] = lab.attempts()[..] else { panic!("one attempt") };
    assert_eq!((attempt.outcome, attempt.syns, attempt.answered_after), (AttemptOutcome::Established, 2, Some(502 * MILLISECOND)));
    assert_eq!(attempt.earlier, Some(EarlierOutcome { outcome: AttemptOutcome::Refused, syns: 1, syns_again: 0 }));
}

#[test]
fn an_answer_that_is_taken_late_is_no_half_open_attempt() {
    let mut lab = Lab::default();
    for ms in [0, 1_000, 3_000, 7_000] {
        lab.connections.advance(at(ms));
        lab.syn(ms, 1, 7);
        lab.syn_ack(ms + 1, 1);
    }
    assert_eq!(outcomes(&lab.attempts()), [(AttemptOutcome::HalfOpen, 3)]);
    lab.ack(7_010, 1);
    let [attempt] = lab.attempts()[..] else { panic!("one attempt") };
    assert_eq!((attempt.outcome, attempt.answered_after), (AttemptOutcome::Established, Some(MILLISECOND)));
    assert_eq!(attempt.earlier, Some(EarlierOutcome { outcome: AttemptOutcome::HalfOpen, syns: 3, syns_again: 2 }));
}

#[test]
fn a_silence_that_ends_in_a_refusal_is_a_refusal() {
    let mut lab = Lab::default();
    lab.syn(0, 1, 7);
    lab.syn(1_000, 1, 7);
    lab.connections.advance(at(3_000));
    lab.syn(3_000, 1, 7);
    lab.rst(3_001, 1, SERVER);
    let attempts = lab.attempts();
    assert_eq!(outcomes(&attempts), [(AttemptOutcome::Unanswered, 2), (AttemptOutcome::Refused, 3)]);
    assert_eq!(attempts[1].earlier, Some(EarlierOutcome { outcome: AttemptOutcome::Unanswered, syns: 2, syns_again: 0 }));
}

#[test]
fn halves_that_a_clock_step_lies_in_are_none() {
    for (step, half) in [(-1, None), (0, Some(0)), (60_000, Some(60 * SECOND)), (60_001, None)] {
        let mut lab = Lab::default();
        lab.syn(100_000, 1, 7);
        lab.syn_ack(100_000 + step, 1);
        lab.ack(100_000 + 2 * step, 1);
        let [attempt] = lab.attempts()[..] else { panic!("one attempt") };
        assert_eq!((attempt.server_half, attempt.client_half), (half, half), "{step} ms");
    }
}
