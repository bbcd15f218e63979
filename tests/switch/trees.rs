//! Spanning trees that change: counted as often as it happens, told by whom and in which tree.

use super::support::packet::control::{self, Hello};
use super::{Millis, S, Traffic, events, found, mac, naming, value};
use spantop::model::{Severity, SwitchEventKind, Value};

/// A tree whose root is one of two in turn, each for so long; `tree` makes a frame of a hello of bridge 9 that names the root.
fn flips(t: &mut Traffic, each: Millis, turns: i64, tree: impl Fn(u8) -> Vec<u8>) {
    for turn in 0..turns {
        let root = if turn % 2 == 0 { 5 } else { 2 };
        t.every(2 * S, 100 + turn * each..(turn + 1) * each, &tree(root));
    }
}

#[test]
fn a_root_that_flips_is_one_fault() {
    for (each, turns) in [(60 * S, 5), (10 * S, 7), (90 * S, 4)] {
        let mut t = Traffic::default();
        t.talk(0..turns * each + 60 * S);
        // Before, it stood.
        t.every(2 * S, 0..60 * S, &naming(5, 9).frame(mac(9)));
        let mut late = Traffic::default();
        flips(&mut late, each, turns, |root| naming(root, 9).frame(mac(9)));
        late.frames.into_iter().for_each(|(at, frame)| t.push(at + 60 * S, frame));
        let s = t.look();
        assert_eq!(found(&s), [("stp.root_changed", Severity::Critical, "32768/02:00:00:00:00:02".to_owned())], "{each}");
        assert_eq!(value(&s, "stp.root_changed", "changes"), Some(Value::Count(turns as u64 - 1)));
        let (root, before) = if turns % 2 == 1 { (5, 2) } else { (2, 5) };
        let name = |last: u8| Some(Value::Text(format!("32768/02:00:00:00:00:0{last}")));
        assert_eq!((value(&s, "stp.root_changed", "root"), value(&s, "stp.root_changed", "root_before")), (name(root), name(before)));
    }
}

#[test]
fn a_root_of_an_instance_is_one_of_that_instance() {
    let mut t = Traffic::default();
    t.talk(0..200 * S);
    let of = |root: u8| Hello::of_root(1).multiple_of(mac(1), control::bridge(0x1001, root));
    t.every(2 * S, 0..100 * S, &of(1));
    t.every(2 * S, 100 * S..200 * S, &of(3));
    let s = t.look();
    assert_eq!(found(&s), [("stp.root_changed", Severity::Warning, "4096/02:00:00:00:00:03".to_owned())]);
    assert_eq!((value(&s, "stp.root_changed", "instance"), value(&s, "stp.root_changed", "vlans")), (Some(Value::Count(1)), None));
    let title = s.diagnosis.findings.iter().find(|f| f.id == "stp.root_changed").map(|f| f.title.as_str());
    let want = "4097/02:00:00:00:00:03 became root of the spanning tree of instance 1 in place of 4097/02:00:00:00:00:01";
    assert_eq!(title, Some(want));
}

/// Who is root, and who was, of trees in which bridge 2 takes over: each tree's VLAN, the number its priorities hold, and the roots before.
fn taken_over(trees: &[(u16, u16, [u16; 2], u8)]) -> [Option<Value>; 2] {
    let mut t = Traffic::default();
    t.talk(0..120 * S);
    for &(vlan, number, [before, after], old) in trees {
        let of = |priority: u16, root: u8| Hello { root: control::bridge(priority + number, root), ..naming(1, 9) };
        t.every(2 * S, 0..60 * S, &of(before, old).per_vlan(mac(9), vlan, Some(vlan)));
        t.every(2 * S, 60 * S..120 * S, &of(after, 2).per_vlan(mac(9), vlan, Some(vlan)));
    }
    let s = t.look();
    assert_eq!(found(&s).len(), 1, "{trees:?}");
    ["root", "root_before"].map(|name| value(&s, "stp.root_changed", name))
}

#[test]
fn a_root_of_several_trees_is_named_without_their_numbers() {
    let said = |root: &str, before: &str| [root, before].map(|text| Some(Value::Text(text.to_owned())));
    let [two, five] = ["02:00:00:00:00:02", "02:00:00:00:00:05"];
    let both = taken_over(&[(411, 411, [24_576, 4096], 5), (700, 700, [24_576, 4096], 5)]);
    assert_eq!(both, said(&format!("4096/{two}"), &format!("24576/{five}")));
    let one = taken_over(&[(700, 700, [24_576, 4096], 5)]);
    assert_eq!(one, said(&format!("4796/{two}"), &format!("25276/{five}")));
    // Bridges of the time before add no number.
    let old = taken_over(&[(411, 0, [32_768, 100], 5), (700, 0, [32_768, 100], 5)]);
    assert_eq!(old, said(&format!("100/{two}"), &format!("32768/{five}")));
    // Roots that shared the VLANs between them.
    let shared = taken_over(&[(411, 411, [24_576, 4096], 5), (700, 700, [24_576, 4096], 6)]);
    assert_eq!(shared, said(&format!("4096/{two}"), &format!("24576/{five} and 24576/02:00:00:00:00:06")));
    let three = taken_over(&[(10, 10, [24_576, 4096], 5), (20, 20, [24_576, 8192], 6), (30, 30, [24_576, 4096], 7)]);
    assert_eq!(three, said(&format!("4096/{two} and 8192/{two}"), &format!("24576/{five} and 2 others")));
}

#[test]
fn roots_of_different_trees_are_different_faults() {
    let mut t = Traffic::default();
    t.talk(0..200 * S);
    for (vlan, root) in [(10, 2), (20, 3)] {
        let of = |root: u8| Hello { root: control::bridge(0x8000 + vlan, root), ..naming(1, 9) };
        t.every(2 * S, 0..60 * S, &of(5).per_vlan(mac(9), vlan, Some(vlan)));
        t.every(2 * S, 60 * S..200 * S, &of(root).per_vlan(mac(9), vlan, Some(vlan)));
    }
    let s = t.look();
    let told: Vec<_> = s
        .diagnosis
        .findings
        .iter()
        .filter(|f| f.id == "stp.root_changed")
        .map(|f| (f.subject.to_string(), f.evidence.last().cloned()))
        .collect();
    let of = |root: u8, vlan| (format!("32768/02:00:00:00:00:0{root}"), Some(("vlan", Value::Count(vlan))));
    assert_eq!(told, [of(2, 10), of(3, 20)]);
}

/// Changes that bridge 2 notifies and the root 1 tells of half a second later, by the protocol of 1998.
fn notified(times: i64, apart: Millis, vlans: &[u16]) -> Traffic {
    let mut t = Traffic::default();
    t.talk(0..times * apart + 100 * S);
    let frame = |flags, vlan: u16| {
        let hello = Hello { root: control::bridge(0x1000, 1), bridge: control::bridge(0x1000, 1), flags, ..naming(1, 1) };
        if vlan == 0 { hello.original_frame(mac(1)) } else { hello.per_vlan(mac(1), vlan, Some(vlan)) }
    };
    for &vlan in vlans {
        for at in (0..times * apart + 100 * S).step_by(2000) {
            let since = (at - 50 * S).rem_euclid(apart);
            let is_change = at >= 50 * S && (at - 50 * S) / apart < times && since < 30 * S;
            t.push(at + 500, frame(u8::from(is_change), vlan));
        }
        for n in 0..times {
            let notification = if vlan == 0 { control::topology_change(mac(2)) } else { control::topology_change_of(mac(2), vlan) };
            // Apart from each other, for without its tag one is a copy of the other.
            t.push(50 * S + n * apart + i64::from(vlan) * 40, notification);
        }
    }
    t
}

#[test]
fn changes_are_counted_from_the_first_and_told_by_who_notifies() {
    for vlans in [&[0][..], &[10], &[10, 20]] {
        let s = notified(8, 50 * S, vlans).look();
        assert_eq!(found(&s), [("stp.topology_changes", Severity::Warning, "network".to_owned())]);
        let of = |name| value(&s, "stp.topology_changes", name);
        assert_eq!(
            (of("changes"), of("first_told_by")),
            (Some(Value::Count(8)), Some(Value::Text("02:00:00:00:00:02".into()))),
            "{vlans:?}"
        );
        assert!(matches!(of("seconds"), Some(Value::Seconds(seconds)) if (350.0..=352.0).contains(&seconds)), "{:?}", of("seconds"));
        let (vlan, several) = (Some(Value::Count(vlans[0].into())), Some(Value::Count(vlans.len() as u64)));
        assert_eq!((of("vlan"), of("vlans")), if vlans == [10] { (vlan, None) } else { (None, several) });
        let first = events(&s, SwitchEventKind::TopologyChange).into_iter().next();
        assert_eq!(first.map(|e| (e.0, e.1, e.3)), Some((50, "02:00:00:00:00:02".to_owned(), vlans.len() as u64)));
    }
    assert_eq!(found(&notified(8, 90 * S, &[0]).look()), [], "four in five minutes");
    let many = notified(40, 12 * S, &[10]).look();
    assert_eq!(found(&many).first().map(|f| f.1), Some(Severity::Critical));
    assert_eq!(value(&many, "stp.topology_changes", "changes"), Some(Value::Count(40)));
}

#[test]
fn trees_of_two_customers_in_tags_are_two() {
    let mut t = Traffic::default();
    t.talk(0..200 * S);
    for (vlan, root) in [(100u16, 1u8), (200, 2)] {
        let mut frame = naming(root, root).frame(mac(root));
        frame.splice(12..12, [0x88, 0xa8, 0, vlan as u8]);
        t.every(2 * S, i64::from(root) * 100..200 * S, &frame);
    }
    let s = t.look();
    assert_eq!(s.switch.trees.len(), 2);
    assert_eq!(found(&s), []);
}

/// A bridge that boots takes itself for the root, hears of a better one and is silent. Much later its priority is lowered: it takes over from the
/// root, not from itself.
#[test]
fn a_bridge_that_was_silent_takes_over_from_the_root_that_was_heard() {
    let told = |spoke: Millis, silent: Millis| {
        let mut t = Traffic::default();
        let change = 100 * S;
        t.talk(0..200 * S);
        t.every(2 * S, 500..change, &naming(1, 1).frame(mac(1)));
        t.every(2 * S, change - silent - spoke..change - silent + 1, &naming(9, 9).frame(mac(9)));
        let lowered = Hello { root: control::bridge(0, 9), bridge: control::bridge(0, 9), ..naming(9, 9) };
        t.every(2 * S, change..200 * S, &lowered.frame(mac(9)));
        let s = t.look();
        assert_eq!(found(&s).iter().map(|f| f.0).collect::<Vec<_>>(), ["stp.root_changed"], "{spoke} {silent}");
        (value(&s, "stp.root_changed", "root"), value(&s, "stp.root_changed", "root_before"))
    };
    let name = |text: &str| Some(Value::Text(text.to_owned()));
    for silent in [10 * S, 25 * S, 90 * S] {
        assert_eq!(told(0, silent), (name("0/02:00:00:00:00:09"), name("32768/02:00:00:00:00:01")), "{silent}");
    }
}

/// What is told at the end of a link on which a bridge takes over as root of a better priority, sets it back after so long, and so much later the one
/// before sends the hellos again.
fn taken_back(better: Millis, worse: Millis) -> (Option<Value>, Option<Value>, Option<Value>) {
    let of = |priority: u16, n: u8| {
        let own = control::bridge(priority, n);
        Hello { root: own, bridge: own, ..naming(n, n) }.frame(mac(n))
    };
    let mut t = Traffic::default();
    let (set_back, back) = (30 * S + better, 30 * S + better + worse);
    t.talk(0..back + 60 * S);
    t.every(2 * S, 0..30 * S, &of(0x8000, 1));
    t.every(2 * S, 30 * S + 500..set_back, &of(0x1000, 7));
    t.every(2 * S, set_back..back, &of(0xa000, 7));
    t.every(2 * S, back..back + 60 * S, &of(0x8000, 1));
    let s = t.look();
    let of = |name| value(&s, "stp.root_changed", name);
    (of("root"), of("root_before"), of("changes"))
}

#[test]
fn a_root_that_comes_back_is_the_root() {
    let name = |text: &str| Some(Value::Text(text.to_owned()));
    for (better, worse) in [(26 * S, 18 * S), (40 * S, 24 * S), (100 * S, 9 * S)] {
        let (root, before, changes) = taken_back(better, worse);
        let want = (name("32768/02:00:00:00:00:01"), name("40960/02:00:00:00:00:07"), Some(Value::Count(3)));
        assert_eq!((root, before, changes), want, "{better} {worse}");
    }
}

#[test]
fn two_roots_side_by_side_of_which_one_misses_hellos_do_not_change() {
    let of = |n: u8| Hello { root: control::bridge(0x8000, n), bridge: control::bridge(0x8000, n), ..naming(n, n) }.frame(mac(n));
    let mut t = Traffic::default();
    t.talk(0..240 * S);
    t.every(2 * S, 0..240 * S, &of(7));
    t.every(2 * S, 0..60 * S, &of(1));
    t.every(2 * S, 90 * S..240 * S, &of(1));
    assert!(!found(&t.look()).iter().any(|(id, ..)| *id == "stp.root_changed"));
}

#[test]
fn a_root_that_others_tell_of_is_another_one_as_well() {
    // Bridge 9 sends on this link until another root is nearer to bridge 8, which sends from then on; or both go on, on two links.
    let told = |silent: bool| {
        let mut t = Traffic::default();
        t.talk(0..200 * S);
        t.every(2 * S, 0..if silent { 100 * S } else { 200 * S }, &naming(9, 9).frame(mac(9)));
        t.every(2 * S, 101 * S..200 * S, &naming(2, 8).frame(mac(8)));
        t.look()
    };
    let s = told(true);
    assert_eq!(found(&s), [("stp.root_changed", Severity::Warning, "32768/02:00:00:00:00:02".to_owned())]);
    let name = |last: u8| Some(Value::Text(format!("32768/02:00:00:00:00:0{last}")));
    assert_eq!((value(&s, "stp.root_changed", "root"), value(&s, "stp.root_changed", "root_before")), (name(2), name(9)));
    assert_eq!(events(&s, SwitchEventKind::RootChanged).len(), 1);
    assert!(!found(&told(false)).iter().any(|f| f.0 == "stp.root_changed"), "two links");
}
