//! Several stretches of time of a service together: what findings about it rest on.

use super::{ClientCounts, Latencies, SegmentCounts, Senders, ServiceCounts, TripCounts, TurnCounts, add_span};
use crate::model::Arrange as _;
use crate::model::evidence::{
    AskedEcn, ByTrouble, ClientLoss, CodeCount, KindCount, LateAnswers, LossWindow, REQUEST_KINDS, ServiceWindow, StationEvidence, Trouble,
    Troubled, Troubles, TurnWindow,
};
use crate::model::limits::FURTHER_CLIENTS;
use crate::model::{Address, Episode, SeenAt, Sum as _};

/// Codes of answers in all stretches, those that came most first.
fn counted<'a>(parts: impl Iterator<Item = &'a [(u32, u64)]>) -> Vec<CodeCount> {
    let mut all: Vec<(u32, u64)> = Vec::new();
    for &(code, n) in parts.flatten() {
        match all.iter_mut().find(|c| c.0 == code) {
            Some((_, sum)) => *sum = sum.saturating_add(n),
            None => all.push((code, n)),
        }
    }
    all.arrange_by_key(|&(code, n)| (std::cmp::Reverse(n), code));
    all.into_iter().map(|(code, count)| CodeCount { code, text: code.to_string().into(), count }).collect()
}

/// What each client lost on its side, where any did: those that lost nothing are what the others are compared with.
fn client_losses(clients: &[(Address, ClientCounts)], segments: &SegmentCounts) -> Vec<ClientLoss> {
    let [on_their_side, _] = segments.lost;
    let of = |&(client, ref counts): &(Address, ClientCounts)| ClientLoss {
        client,
        segments: counts.packets.into(),
        lost: counts.lost.map(u64::from),
        connections: counts.trouble(Trouble::Lossy).into(),
    };
    clients.iter().filter(|c| on_their_side > 0 && c.1.packets > 0).map(of).collect()
}

/// The counts of each client in one row.
fn put_together(clients: &mut Vec<(Address, ClientCounts)>) {
    clients.arrange_by_key(|c| c.0);
    clients.dedup_by(|again, first| {
        let same = again.0 == first.0;
        if same {
            first.1.add(&again.1);
        }
        same
    });
}

/// What went wrong how often and for whom; of all, and of those that are not told apart.
fn troubled(clients: &[(Address, ClientCounts)], (sum, others): (&ClientCounts, &ClientCounts), spans: &ByTrouble<Episode>) -> Troubles {
    let mut troubles = Troubles::default();
    for trouble in Trouble::ALL {
        let of = |counts: &ClientCounts| counts.trouble(trouble);
        if of(sum) == 0 {
            continue;
        }
        let troubled = troubles.of_mut(trouble);
        troubled.count = of(sum).into();
        troubled.clients = clients.iter().filter(|c| of(&c.1) > 0).count() as u64;
        troubled.is_more = of(others) > 0;
        if troubled.clients > 0 {
            let mut most: Vec<&(Address, ClientCounts)> = clients.iter().filter(|c| of(&c.1) > 0).collect();
            most.arrange_by_key(|c| (std::cmp::Reverse(of(&c.1)), c.0));
            troubled.named.iter_mut().zip(most).for_each(|(place, c)| *place = Some(c.0));
        }
        troubled.span = spans.get(trouble).copied();
    }
    troubles
}

/// The segments that were lost, with the connections that lost any.
fn loss_window(segments: &SegmentCounts, lossy: &Troubled) -> LossWindow {
    LossWindow {
        segments: segments.packets,
        lost: segments.lost,
        before: segments.before,
        unsure: segments.unsure,
        connections: lossy.count,
        clients: lossy.clients,
        earlier: [0; 2],
        span: segments.span,
    }
}

/// For how long clients waited for answers that came late.
fn late_answers<'a>(parts: impl Iterator<Item = &'a ServiceCounts>, late: &Troubled) -> Option<LateAnswers> {
    let (sum, most) = parts.fold((0u64, 0u32), |(sum, most), part| {
        let (millis, longest) = part.late_millis;
        (sum.saturating_add(millis), most.max(longest))
    });
    let seconds = |millis: f64| millis / 1e3;
    (late.count > 0).then(|| LateAnswers { mean: seconds(sum as f64 / late.count as f64), most: seconds(most.into()) })
}

/// Connections that were cut, and attempts that were refused, by a device between both ends. Of what was taken back of those it is not known whose
/// refusal it was.
fn between<'a>(parts: impl Iterator<Item = &'a ServiceCounts>, refused: u64) -> [u64; 2] {
    let [cut, by_device] = parts.fold([0u64; 2], |[cut, refused], part| {
        [cut.saturating_add(part.cut_between.into()), refused.saturating_add(part.refused_between.into())]
    });
    [cut, by_device.min(refused)]
}

/// Who had most connections of few packets.
fn most_short(clients: &[(Address, ClientCounts)]) -> Option<(Address, u64)> {
    let short = clients.iter().map(|c| (c.0, u64::from(c.1.short))).filter(|c| c.1 > 0);
    short.max_by_key(|&(who, n)| (n, std::cmp::Reverse(who)))
}

/// Requests by kind in all stretches; what a kind is called is not known here.
fn kinds<'a>(parts: impl Iterator<Item = &'a ServiceCounts>) -> [KindCount; REQUEST_KINDS] {
    let mut kinds = [KindCount::default(); REQUEST_KINDS];
    for (kind, [answered, unanswered, errors]) in parts.flat_map(|part| part.kinds.into_iter().enumerate()) {
        if let Some(count) = kinds.get_mut(kind) {
            count.answered = count.answered.saturating_add(answered);
            count.unanswered = count.unanswered.saturating_add(unanswered);
            count.errors = count.errors.saturating_add(errors);
        }
    }
    kinds
}

/// Requests without an answer of clients outside that got none at all, while others did.
fn shunned(clients: &[(Address, ClientCounts)]) -> u64 {
    if clients.iter().all(|(_, counts)| counts.answered == 0) {
        return 0;
    }
    let strangers = clients.iter().filter(|(client, counts)| client.is_outside() && counts.answered == 0);
    strangers.map(|(_, counts)| u64::from(counts.trouble(Trouble::Unanswered))).sum()
}

/// Whether there are more than are told apart: whoever has no counts of its own was not, or only up to a cap.
fn are_more(others: &ClientCounts, further: &[u32]) -> bool {
    others.is_any() && (further.is_empty() || further.len() >= FURTHER_CLIENTS)
}

/// The station of most attempts that were never completed, of all that are counted.
fn sender<'a>(parts: impl Iterator<Item = &'a ServiceCounts>, sum: &ClientCounts) -> Option<StationEvidence> {
    let open = u64::from(sum.lone) + u64::from(sum.trouble(Trouble::HalfOpen));
    Senders::most(parts.map(|part| &part.senders), open)
}

/// When single SYNs came that nothing answered.
fn lone_at<'a>(parts: impl Iterator<Item = &'a ServiceCounts>) -> SeenAt {
    let mut all = SeenAt::default();
    parts.for_each(|part| all.merge(&part.lone_at));
    all
}

/// Several stretches together, without the clients that `is_left_out`.
pub fn window<'a>(
    parts: impl Iterator<Item = &'a ServiceCounts> + Clone,
    seconds: f64,
    is_left_out: impl Fn(Address) -> bool,
) -> ServiceWindow {
    let mut clients: Vec<(Address, ClientCounts)> = Vec::new();
    let (mut sum, mut others) = (ClientCounts::default(), ClientCounts::default());
    let (mut further, mut again, mut turns) = (Vec::<u32>::new(), 0u64, TurnCounts::default());
    let (mut asked_ecn, mut segments) = (AskedEcn::default(), SegmentCounts::default());
    let (mut zones, mut idle_cuts, mut spans) = (ServiceCounts::default(), Vec::new(), ByTrouble::default());
    for part in parts.clone() {
        [&mut sum, &mut others].into_iter().for_each(|all| all.add(&part.others));
        further.extend(&part.further);
        again = again.saturating_add(part.again.into());
        asked_ecn.add(&part.asked_ecn);
        segments.add(&part.segments);
        turns.add(&part.turns);
        let counted = part.clients.iter().filter(|c| !is_left_out(c.0));
        clients.extend(counted.inspect(|c| sum.add(&c.1)).cloned());
        part.spans.iter().for_each(|(trouble, span)| add_span(&mut spans, trouble, *span));
        idle_cuts.extend(part.idle_cuts.iter().map(|millis| f64::from(*millis) / 1e3));
        part.zones.iter().filter(|zone| **zone != 0).for_each(|zone| zones.zone(*zone));
    }
    put_together(&mut clients);
    idle_cuts.arrange_by(f64::total_cmp);
    let troubles = troubled(&clients, (&sum, &others), &spans);
    ServiceWindow {
        seconds,
        attempts: sum.attempts.into(),
        established: sum.established.into(),
        ended: sum.ended.into(),
        requests: u64::from(sum.answered) + u64::from(sum.trouble(Trouble::Unanswered)),
        answered: sum.answered.into(),
        shunned: shunned(&clients),
        clients: clients.iter().filter(|c| c.1.is_client()).count() as u64,
        sources: (clients.len() + further.len()) as u64,
        is_more: are_more(&others, &further),
        is_more_clients: others.is_client(),
        lone: sum.lone.into(),
        lone_at: lone_at(parts.clone()),
        sender: sender(parts.clone(), &sum),
        again,
        loss: loss_window(&segments, &troubles.of(Trouble::Lossy)),
        short: most_short(&clients),
        client_losses: client_losses(&clients, &segments),
        idle_cuts,
        late: late_answers(parts.clone(), &troubles.of(Trouble::Late)),
        between: between(parts.clone(), troubles.of(Trouble::Refused).count),
        asked_ecn,
        trips: [0, 1].map(|side| TripCounts::window(parts.clone().filter_map(move |p| p.trips(side)))),
        timed: u64::from(sum.answered).saturating_sub(turns.begun.into()).saturating_add(turns.answered.into()),
        turns: TurnWindow { answered: turns.answered.into() },
        response: Latencies::quantiles(parts.clone().map(|p| &p.latencies)),
        codes: counted(parts.clone().map(|part| part.codes.as_slice())),
        denied: counted(parts.clone().map(|part| part.denied.as_slice())),
        kinds: kinds(parts.clone()),
        failing_zones: zones.zones.iter().filter(|zone| **zone != 0).count() as u64,
        troubles,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn client(address: [u8; 4], answered: u32, unanswered: u32) -> (Address, ClientCounts) {
        let mut counts = ClientCounts { answered, ..ClientCounts::default() };
        counts.add_trouble(Trouble::Unanswered, unanswered);
        (Address::V4(address.into()), counts)
    }

    #[test]
    fn who_comes_from_outside_and_never_got_an_answer_is_not_wanted() {
        let [inside, outside, scanner] = [[10, 0, 0, 1], [198, 51, 100, 7], [203, 0, 113, 9]];
        assert_eq!(shunned(&[client(inside, 5, 1), client(scanner, 0, 7)]), 7);
        assert_eq!(shunned(&[client(inside, 0, 1), client(scanner, 0, 7)]), 0, "nobody gets any");
        assert_eq!(shunned(&[client(inside, 5, 0), client(outside, 1, 7)]), 0, "it got one");
        assert_eq!(shunned(&[client(inside, 5, 0), client([10, 0, 0, 2], 0, 7)]), 0, "of the house");
    }
}
