//! What was counted when in the made-up office.

use super::model::{Address, AppBy, Mac, TimeSpan, Traffic};
use super::snapshot::history::{AppAbout, HistorySlot, HostAbout, PairAbout, TalkAbout, TalkKey, TopRow, TopRows};
use super::snapshot::{Conversation, History};
use super::{at, is_gap, mac, part, talk};
use std::collections::HashMap;
use std::sync::{Arc, LazyLock, Mutex, PoisonError};

/// Rows kept of each table.
const ROWS: usize = 40;

/// The seconds before this one, as many as are kept.
pub fn history(second: i64, seconds: i64) -> History {
    // A second is the same in every picture.
    static SLOTS: LazyLock<Mutex<HashMap<i64, Arc<HistorySlot>>>> = LazyLock::new(Mutex::default);
    let mut known = SLOTS.lock().unwrap_or_else(PoisonError::into_inner);
    let seconds_kept = (second - seconds..second).filter(|s| !is_gap(*s));
    let slots = seconds_kept.map(|s| Arc::clone(known.entry(s).or_insert_with(|| Arc::new(slot(s)))));
    History { slots: slots.collect(), forgotten: Some(at(second - seconds)) }
}

fn slot(second: i64) -> HistorySlot {
    let rows = talk::transport(second);
    let rows = || rows.iter().map(|(tcp, row)| (if *tcp { 6u8 } else { 17 }, row, [row.recent_ab, row.recent_ba]));
    let one = |traffic: [Traffic; 2]| [traffic[0].plus(traffic[1]), Traffic::default()];
    let mut out = HistorySlot { span: TimeSpan { from: at(second), to: at(second + 1) }, ..HistorySlot::default() };
    out.talks = TopRows::gather(
        rows().map(|(protocol, row, traffic)| {
            let key = TalkKey { a: (row.a, row.a_port), b: (row.b, row.b_port), protocol, first: row.first };
            TopRow { key, about: about(row), traffic }
        }),
        ROWS,
    );
    let pair = |row: &Conversation| PairAbout { path: row.path, originator_is_a: row.originator_is_a };
    let turned = |(a, b): (Address, Address), [ab, ba]: [Traffic; 2]| if a <= b { ([a, b], [ab, ba]) } else { ([b, a], [ba, ab]) };
    let pairs = rows().map(|(_, row, traffic)| {
        let (key, traffic) = turned((row.a, row.b), traffic);
        TopRow { key, about: pair(row), traffic }
    });
    out.pairs = TopRows::gather(pairs, ROWS);
    let hosts = rows().flat_map(|(_, row, [ab, ba])| [(row.a, [ab, ba]), (row.b, [ba, ab])]);
    out.hosts = TopRows::gather(hosts.map(|(key, traffic)| TopRow { key, about: HostAbout(None), traffic }), ROWS);
    let macs = rows().filter_map(|(_, row, traffic)| {
        let ([Address::Mac(a), Address::Mac(b)], traffic) = turned((mac(row.a), mac(row.b)), traffic) else { return None };
        Some(TopRow { key: [a, b], about: pair(row), traffic })
    });
    let macs: Vec<TopRow<[Mac; 2], PairAbout>> = macs.collect();
    let stations = macs.iter().flat_map(|row| {
        let ([a, b], [ab, ba]) = (row.key, row.traffic);
        [(a, [ab, ba]), (b, [ba, ab])].map(|(key, traffic)| TopRow { key, about: (), traffic })
    });
    out.stations = TopRows::gather(stations, ROWS);
    out.mac_pairs = TopRows::gather(macs.iter().cloned(), ROWS);
    out.protocols = TopRows::gather(rows().map(|(_, row, traffic)| TopRow { key: row.path, about: (), traffic: one(traffic) }), ROWS);
    let vlans =
        rows().flat_map(|(_, row, traffic)| row.vlans.ids().iter().map(move |&key| TopRow { key, about: (), traffic: one(traffic) }));
    out.vlans = TopRows::gather(vlans.collect::<Vec<_>>().into_iter(), ROWS);
    let apps = rows().filter_map(|(protocol, row, traffic)| {
        Some(TopRow { key: (protocol, row.app?), about: AppAbout(row.app_by == Some(AppBy::Port)), traffic: one(traffic) })
    });
    out.apps = TopRows::gather(apps, ROWS);
    let total = rows().fold(Traffic::default(), |sum, (_, _, [ab, ba])| sum.plus(ab).plus(ba));
    let small = part(total, 0.48);
    (out.sums.sizes[0], out.sums.sizes[5]) = (small, total.since(small));
    (out.sums.casts[0], out.sums.directions[2]) = (total, total);
    out.sums.captured_bytes = total.wire_bytes;
    out
}

fn about(row: &Conversation) -> TalkAbout {
    TalkAbout {
        app: row.app.zip(row.app_by),
        server_name: None,
        path: row.path,
        vlans: row.vlans,
        originator_is_a: row.originator_is_a,
        last: row.last,
    }
}
