//! Cases of both sides of every threshold of the findings about the network: identifier, weight, evidence that is enough, evidence that is too little.

use super::*;

type NetworkCase = (&'static str, Severity, Evidence, Evidence);

/// Every case.
pub(super) fn cases() -> Vec<NetworkCase> {
    [connection_cases(), name_cases(), service_cases(), address_cases(), switch_cases(), way_cases(), transfer_cases(), media_cases()]
        .into_iter()
        .flatten()
        .collect()
}

/// Of connections: attempts, losses, round trips, scans.
fn connection_cases() -> Vec<NetworkCase> {
    vec![
        // Surely more than half: 4 of 4, not 3 of 3; 5 of 6, not 4 of 6.
        ("tcp.no_answer", Warning, evidence(never(attempts(4, NoAnswer, 4, 1))), evidence(never(attempts(3, NoAnswer, 3, 1)))),
        ("tcp.no_answer", Critical, evidence(attempts(4, NoAnswer, 4, 2)), evidence(attempts(9, NoAnswer, 4, 2))),
        ("tcp.refused", Warning, evidence(never(attempts(5, Refused, 5, 1))), evidence(never(attempts(8, Refused, 4, 1)))),
        ("tcp.refused", Critical, evidence(attempts(100, Refused, 3, 2)), evidence(attempts(100, Refused, 2, 2))),
        ("tcp.reset", Warning, evidence(attempts(40, Cut, 6, 1)), evidence(attempts(40, Cut, 4, 1))),
        ("tcp.reset", Critical, evidence(attempts(40, Cut, 20, 3)), evidence(attempts(19, Cut, 8, 3))),
        ("tcp.reset", Critical, evidence(attempts(5, Cut, 5, 3)), evidence(attempts(4, Cut, 4, 3))),
        ("tcp.reset", Note, idle_cuts(&[60.0, 60.1, 61.0, 62.0, 63.0]), idle_cuts(&[60.0, 60.1, 61.0, 62.0, 63.1])),
        // In vain over ten seconds: five are enough; where somebody connects ten.
        ("icmp.unreachable", Note, evidence(attempts(1, Unreachable, 5, 1)), evidence(attempts(1, Unreachable, 4, 1))),
        ("icmp.unreachable", Warning, evidence(attempts(20, Unreachable, 10, 2)), evidence(attempts(20, Unreachable, 9, 2))),
        ("icmp.unreachable", Critical, evidence(attempts(1, Unreachable, 3, 3)), evidence(attempts(1, Unreachable, 3, 2))),
        ("scan.ports", Note, scan(true, 15, 3), scan(true, 15, 4)),
        ("scan.ports", Warning, scan(true, 100, 0), scan(true, 100, 25)),
        ("scan.hosts", Note, scan(false, 25, 0), scan(false, 25, 7)),
        ("scan.hosts", Critical, scan(false, 100, 0), scan(false, 100, 25)),
        ("tcp.no_answer", Note, evidence(never_heard(4, 1)), evidence(never_heard(3, 1))),
        ("tcp.no_answer", Warning, evidence(never_heard(4, 2)), evidence(never_heard(3, 2))),
        ("tcp.no_answer", Note, evidence(one_of_several(4)), evidence(one_of_several(3))),
        ("tcp.no_answer", Critical, evidence(down(3, 2, 10)), evidence(down(3, 2, 9))),
        ("tcp.no_answer", Warning, evidence(down(3, 1, 10)), evidence(down(2, 1, 10))),
        ("tcp.loss", Warning, losses(1_000, 18, 3), losses(1_000, 15, 3)),
        ("tcp.loss", Critical, losses(1_000, 70, 3), losses(299, 70, 3)),
        // Surely more than a thousandth, and ten times what was lost before.
        ("tcp.loss", Warning, losses_after(12_000, 72, [12_000, 0]), losses_after(12_000, 72, [12_000, 5])),
        ("tcp.loss", Warning, losses_after(3_000, 9, [12_000, 0]), losses_after(2_999, 9, [12_000, 0])),
        ("tcp.slow_receiver", Warning, stalled(3, 0.1, 0), stalled(2, 0.5, 0)),
        ("tcp.slow_receiver", Warning, stalled(1, 3.0, 1), stalled(1, 2.9, 1)),
        ("tcp.slow_receiver", Note, paced(stalled(26, 0.5, 0)), paced(stalled(2, 0.5, 0))),
        ("tcp.slow_receiver", Warning, paced(stalled(3, 3.0, 1)), stalled(3, 0.06, 0)),
        ("tcp.slow_receiver", Critical, stalled(1, 31.0, 5), stalled(3, 0.06, 5)),
        // A client takes what it asked for as it likes, unless it hangs, or stalls at whatever it reads.
        ("tcp.slow_receiver", Note, of_client(stalled(26, 0.5, 0), 1), of_client(stalled(2, 0.5, 0), 1)),
        ("tcp.slow_receiver", Note, of_client(stalled(26, 0.5, 0), 2), of_client(stalled(2, 0.5, 0), 3)),
        ("tcp.slow_receiver", Note, paced(of_client(stalled(3, 9.0, 1), 1)), paced(of_client(stalled(2, 2.9, 1), 1))),
        ("tcp.slow_receiver", Note, of_client(stalled(1, 9.9, 1), 1), of_client(stalled(1, 2.9, 1), 1)),
        ("tcp.slow_receiver", Warning, of_client(stalled(1, 10.0, 1), 1), of_client(stalled(1, 2.9, 1), 1)),
        ("tcp.slow_receiver", Warning, of_client(stalled(3, 0.5, 0), 3), of_client(stalled(2, 0.5, 0), 3)),
        ("tcp.slow_receiver", Critical, of_client(stalled(1, 31.0, 5), 1), of_client(stalled(1, 2.9, 5), 1)),
        // Among five thousand who are let in; a gate through which many log in is refused now and then, under as many names.
        ("auth.failing", Warning, guessed_among_many(21, 30), guessed_among_many(20, 20)),
        ("auth.failing", Warning, guessed_among_many(60, 60), guessed_among_many(60, 2_000)),
        ("tcp.rtt", Warning, trips(0.040, Some(0.002), 3), trips(0.040, Some(0.002), 2)),
        ("tcp.rtt", Critical, trips(0.560, Some(0.05), 3), trips(0.079, Some(0.05), 3)),
        ("tcp.rtt", Warning, young(0.560, 0.05), young(0.079, 0.05)),
        ("tcp.rtt", Note, trips(0.301, None, 3), trips(0.299, None, 3)),
    ]
}

/// Of name servers.
fn name_cases() -> Vec<NetworkCase> {
    vec![
        ("dns.unanswered", Warning, evidence(answers("dns", 40, Unanswered, 6, 2)), evidence(answers("dns", 40, Unanswered, 4, 2))),
        ("dns.unanswered", Critical, evidence(dead_names(5, 2, 3, 10)), evidence(dead_names(4, 2, 3, 10))),
        ("dns.unanswered", Critical, evidence(dead_names(5, 1, 1, 10)), evidence(dead_names(5, 1, 3, 10))),
        ("dns.unanswered", Critical, evidence(dead_names(9, 3, 3, 10)), evidence(dead_names(9, 3, 3, 9))),
        ("dns.failing", Note, evidence(zones(2, answers("dns", 40, Error, 30, 3))), evidence(zones(2, answers("dns", 40, Error, 4, 3)))),
        ("dns.failing", Warning, evidence(missing(0.1, 40)), evidence(missing(0.32, 40))),
        ("dns.failing", Warning, evidence(missing(0.1, 36)), evidence(missing(0.1, 30))),
        (
            "dns.slow",
            Warning,
            evidence(usually(0.01, 0.051, answers("dns", 50, Error, 0, 0))),
            evidence(usually(0.02, 0.051, answers("dns", 50, Error, 0, 0))),
        ),
        (
            "dns.slow",
            Warning,
            evidence(usually(0.1, 0.41, answers("dns", 50, Error, 0, 0))),
            evidence(usually(0.005, 0.049, answers("dns", 50, Error, 0, 0))),
        ),
        ("dns.failing", Warning, evidence(answers("dns", 40, Error, 6, 2)), evidence(answers("dns", 19, Error, 9, 2))),
        // Of a server that fails nearly always fewer are enough: surely most.
        ("dns.failing", Warning, evidence(answers("dns", 18, Error, 16, 2)), evidence(answers("dns", 18, Error, 11, 2))),
        ("dns.failing", Warning, evidence(answers("dns", 5, Error, 5, 2)), evidence(answers("dns", 4, Error, 4, 2))),
        (
            "dns.failing",
            Warning,
            evidence(nothing_else(zones(1, answers("dns", 18, Error, 16, 2)))),
            evidence(answers("dns", 9, Error, 5, 2)),
        ),
        ("dns.failing", Critical, evidence(answers("dns", 40, Error, 30, 3)), evidence(answers("dns", 40, Error, 4, 3))),
        ("dns.failing", Note, evidence(answers("dns", 40, Error, 6, 1)), evidence(answers("mdns", 9, Error, 5, 1))),
        ("dns.slow", Warning, evidence(answers("dns", 50, Slow, 8, 2)), evidence(answers("dns", 49, Slow, 8, 2))),
        ("dns.slow", Warning, evidence(answers("dns", 12, Slow, 12, 2)), evidence(answers("dns", 9, Slow, 9, 2))),
        ("dns.failing", Note, evidence(answers("dns", 500, NoSuchName, 465, 2)), evidence(answers("dns", 500, NoSuchName, 450, 2))),
        ("dns.failing", Note, evidence(answers("dns", 500, NoSuchName, 500, 2)), evidence(answers("dns", 499, NoSuchName, 499, 2))),
    ]
}

/// Of services and what they answer.
fn service_cases() -> Vec<NetworkCase> {
    vec![
        (
            "server.slow",
            Warning,
            evidence(answers("http", 20, SlowerThanUsual, 10, 2)),
            evidence(answers("http", 20, SlowerThanUsual, 5, 2)),
        ),
        ("http.errors", Warning, evidence(answers("http", 50, Rejected, 40, 3)), evidence(answers("http", 50, Rejected, 30, 3))),
        ("http.errors", Note, evidence(answers("http", 50, Rejected, 40, 1)), evidence(answers("http", 49, Rejected, 40, 1))),
        ("http.errors", Warning, evidence(rejecting(0.05, 20)), evidence(rejecting(0.15, 20))),
        ("server.slow", Note, evidence(answers("http", 20, VerySlow, 10, 1)), evidence(answers("http", 20, VerySlow, 5, 1))),
        // Nearly all: eight are enough, also of one client.
        ("server.slow", Warning, evidence(answers("http", 10, VerySlow, 9, 1)), evidence(answers("http", 10, VerySlow, 7, 1))),
        ("server.slow", Warning, evidence(answers("http", 8, VerySlow, 8, 2)), evidence(answers("http", 7, VerySlow, 7, 2))),
        ("server.slow", Warning, evidence(answers("http", 20, VerySlow, 10, 2)), evidence(answers("http", 20, VerySlow, 5, 2))),
        ("http.errors", Warning, evidence(answers("http", 50, Error, 5, 1)), evidence(answers("http", 50, Error, 4, 1))),
        ("http.errors", Critical, evidence(answers("http", 50, Error, 20, 3)), evidence(answers("http", 49, Error, 20, 3))),
        ("http.errors", Critical, evidence(answers("http", 6, Error, 6, 3)), evidence(answers("http", 4, Error, 4, 3))),
        ("auth.failing", Warning, evidence(answers("ldap", 20, Denied, 11, 2)), evidence(answers("ldap", 20, Denied, 9, 2))),
        ("auth.failing", Warning, skewed(3), skewed(2)),
        ("auth.failing", Note, short_logins("ssh", 10), short_logins("ssh", 9)),
        ("auth.failing", Note, short_logins("ssh", 99), short_logins("http", 99)),
        ("tls.failing", Warning, tls_failing(5, 20, [2, 3]), tls_failing(2, 20, [2, 3])),
        ("tls.failing", Critical, tls_failing(3, 3, [3, 0]), tls_failing(3, 4, [3, 1])),
        ("tls.failing", Note, tls_failing(5, 20, [1, 3]), tls_failing(5, 19, [1, 3])),
        ("tls.failing", Warning, tls_failing(5, 5, [1, 0]), tls_failing(4, 4, [1, 0])),
        ("tls.old", Note, tls_old(0x0302), sighted(|_| {})),
        ("tls.old", Warning, tls_old(0x0300), sighted(|_| {})),
        ("tls.expiring", Note, certificate(29, 0), certificate(30, 0)),
        ("tls.expiring", Warning, certificate(-1, 0), certificate(300, 0)),
        ("tls.expiring", Critical, certificate(-1, 1), certificate(100, 1)),
        ("service.errors", Note, evidence(answers("ldap", 20, Error, 5, 1)), evidence(answers("ldap", 20, Error, 4, 1))),
        ("service.errors", Note, evidence(answers("snmp", 20, Error, 5, 1)), evidence(answers("ntp", 20, Error, 20, 5))),
        ("service.errors", Critical, evidence(answers("ldap", 20, Error, 18, 3)), evidence(answers("ldap", 19, Error, 9, 3))),
    ]
}

/// Of addresses, routers and clocks.
fn address_cases() -> Vec<NetworkCase> {
    vec![
        ("arp.conflict", Warning, conflict(false), sighted(|_| {})),
        ("arp.conflict", Critical, conflict(true), sighted(|_| {})),
        ("arp.unanswered", Note, gone(1, false), sighted(|_| {})),
        ("arp.unanswered", Note, insisting(0), sighted(|_| {})),
        ("arp.unanswered", Warning, insisting(1), sighted(|_| {})),
        ("arp.unanswered", Warning, gone(4, false), sighted(|_| {})),
        ("arp.unanswered", Critical, gone(5, false), sighted(|_| {})),
        ("arp.unanswered", Critical, gone(1, true), sighted(|_| {})),
        ("arp.storm", Warning, arp_storm(1_000.0), sighted(|_| {})),
        ("arp.storm", Critical, arp_storm(1_001.0), sighted(|_| {})),
        ("dhcp.no_offer", Warning, dhcp(2, 2, 3, 5, 0), dhcp(3, 3, 4, 1, 0)),
        ("dhcp.no_offer", Critical, dhcp(2, 2, 2, 0, 0), dhcp(0, 0, 2, 0, 2)),
        ("dhcp.no_offer", Critical, dhcp(3, 2, 9, 1, 0), dhcp(0, 0, 2, 0, 0)),
        ("dhcp.exhausted", Critical, dhcp(3, 3, 9, 1, 0), dhcp(3, 2, 9, 1, 0)),
        ("dhcp.exhausted", Critical, dhcp(0, 0, 9, 0, 3), dhcp(0, 0, 9, 0, 2)),
        (
            "dhcp.rogue",
            Critical,
            second_server(DhcpConfig { router: Some(Ipv4Addr::LOCALHOST), ..DhcpConfig::default() }, true),
            sighted(|_| {}),
        ),
        (
            "dhcp.rogue",
            Warning,
            second_server(DhcpConfig { mask: Some(Ipv4Addr::LOCALHOST), ..DhcpConfig::default() }, true),
            sighted(|_| {}),
        ),
        ("dhcp.rogue", Note, second_server(DhcpConfig::default(), false), sighted(|_| {})),
        ("nd.rogue_ra", Warning, second_router(true), sighted(|_| {})),
        ("nd.rogue_ra", Note, second_router(false), sighted(|_| {})),
        ("ntp.bad", Note, clock(ClockFault::Refuses(*b"RATE")), sighted(|_| {})),
        ("ntp.bad", Warning, clock(ClockFault::Unsynchronised), sighted(|_| {})),
        ("ntp.bad", Note, clock(ClockFault::Apart(3_600.0, 1)), sighted(|_| {})),
        ("ntp.bad", Warning, clock(ClockFault::Apart(3_600.0, 2)), sighted(|_| {})),
        ("ntp.bad", Critical, clock(ClockFault::Differs(-1_001.0)), sighted(|_| {})),
        ("ntp.bad", Warning, clock(ClockFault::Differs(1_000.0)), sighted(|_| {})),
        ("ntp.bad", Warning, no_time(5), no_time(4)),
        ("pmtu.blackhole", Warning, black_hole(1), sighted(|_| {})),
        ("pmtu.blackhole", Critical, black_hole(3), sighted(|_| {})),
        ("ip.fragments", Warning, fragments([15, 5], 0), fragments([100, 6], 0)),
        ("ip.fragments", Warning, fragments([35, 7], 0), fragments([1, 4], 0)),
        ("ip.fragments", Note, fragments([30, 0], 100), fragments([30, 0], 99)),
    ]
}

/// Evidence with what `fill` puts into it.
fn with(fill: &dyn Fn(&mut NetworkEvidence)) -> Evidence {
    let mut network = NetworkEvidence { now: Timestamp(NOW), ..NetworkEvidence::default() };
    fill(&mut network);
    Evidence { network, sliding: true, ..Evidence::default() }
}

/// Of ways that are not taken: redirects, IPv6, QUIC; and of keep-alives.
fn way_cases() -> Vec<NetworkCase> {
    let span = Episode { first: Timestamp(NOW - 30 * SECOND), last: Timestamp(NOW) };
    let redirect = |minute, is_router, gateway_is_unknown| {
        let source = StationEvidence { mac: crate::model::Mac([2, 0, 0, 0, 0, 1]), maker: None, count: minute, last: Timestamp(NOW) };
        let (router, target, gateway) = (host(1), host(8), host(2));
        let redirect = RedirectEvidence {
            vlan: None,
            router,
            source,
            is_router,
            gateway_is_unknown,
            count: minute,
            minute,
            hosts: 1,
            target,
            gateway,
            span,
        };
        sighted(|e| e.redirects.push(redirect))
    };
    let falls = |servers, tried, fell_back, clients| {
        let service = (servers == 1).then(key);
        with(&|e| e.fallbacks.push(FallbackEvidence { service, servers, tried, fell_back, clients, lost: 0.25, span }))
    };
    let quic = |tried, fell_back, servers| {
        let name = crate::model::ShortName::new(b"a.example");
        with(&|e| e.quic = Some(QuicEvidence { tried, fell_back, clients: 2, names: 3, name, servers, span }))
    };
    let kept =
        |count, packets, connections| with(&|e| e.kept_alive.push(KeepAliveEvidence { host: host(3), count, packets, connections, span }));
    vec![
        ("icmp.redirect", Note, redirect(9, None, false), sighted(|_| {})),
        ("icmp.redirect", Warning, redirect(10, Some(true), false), sighted(|_| {})),
        ("icmp.redirect", Warning, redirect(1, Some(false), false), sighted(|_| {})),
        ("icmp.redirect", Warning, redirect(1, None, true), sighted(|_| {})),
        ("ipv6.broken", Warning, falls(1, 4, 4, 1), falls(1, 2, 2, 1)),
        ("ipv6.broken", Warning, falls(1, 20, 15, 1), falls(1, 20, 13, 1)),
        ("ipv6.broken", Critical, falls(3, 20, 20, 3), falls(2, 20, 20, 3)),
        ("quic.blocked", Note, quic(5, 5, 2), quic(4, 4, 2)),
        ("quic.blocked", Note, quic(20, 15, 2), quic(20, 13, 2)),
        ("quic.blocked", Note, quic(5, 5, 2), quic(5, 5, 1)),
        ("tcp.keepalive", Note, kept(1_000, 2_000, 60), kept(999, 2_000, 60)),
        ("tcp.keepalive", Note, kept(1_000, 8_000, 60), kept(1_000, 10_000, 60)),
        ("tcp.keepalive", Note, kept(1_000, 2_000, 249), kept(1_000, 2_000, 250)),
    ]
}

/// Of transfers: windows and loads.
fn transfer_cases() -> Vec<NetworkCase> {
    let span = Episode { first: Timestamp(NOW - 30 * SECOND), last: Timestamp(NOW) };
    let window = |full, bytes, fastest| {
        let (flow, _) = crate::model::FlowKey::v4(6, 1, 2, 40_000, 80);
        let (receiver, sender) = (host(3), host(4));
        let (window, rate) = (65_535, 640e3);
        let (is_steady, is_unscaled, has_lost) = (true, false, false);
        let transfer = WindowEvidence {
            flow,
            receiver,
            sender,
            port: 80,
            samples: 100,
            full,
            window,
            is_steady,
            is_unscaled,
            has_lost,
            bytes,
            round_trip: 0.1,
            round_trips: 20.0,
            rate,
            fastest,
            span,
        };
        with(&|e| e.windows.push(transfer))
    };
    let surge = |any: bool| {
        let surge = SurgeEvidence { host: host(3), bytes_per_second: 4e6, usual: 1e5, share: 0.9, peer: Some((host(4), 445)), span };
        with(&|e| e.surges.extend(any.then_some(surge)))
    };
    vec![
        ("load.surge", Note, surge(true), surge(false)),
        ("tcp.window_limited", Warning, window(90, 10_000_000, 4e6), window(30, 10_000_000, 4e6)),
        ("tcp.window_limited", Note, window(90, 1_000_000, 4e6), window(90, 999_999, 4e6)),
        ("tcp.window_limited", Note, window(90, 1_000_000, 1.32e6), window(90, 1_000_000, 1.3e6)),
    ]
}

/// The same with so many others: senders, VLANs.
fn beside(mut evidence: Evidence, others: u64) -> Evidence {
    evidence.network.switch.troubles.iter_mut().for_each(|t| t.vlans = others);
    evidence
}

/// The same of what switches and routers say; where one is enough, none is too little.
fn switch_cases() -> Vec<NetworkCase> {
    use SwitchTroubleKind::*;
    let none = || said(TopologyChanges, 1, 0.0, 0);
    vec![
        ("loop.layer2", Critical, said(FramesCircle, 3, 1_500.0, 3), said(FramesCircle, 2, 1_500.0, 2)),
        ("mac.overflow", Critical, said(StationsWithoutEnd, 2_000, 1_000.0, 20), none()),
        ("mac.flapping", Warning, said(StationMoves, 3, 1.0, 10), none()),
        ("mac.flapping", Critical, said(StationMoves, 30, 9.0, 10), none()),
        ("vlan.leak", Warning, said(VlansJoined, 10, 0.0, 60), none()),
        ("flood.unicast", Note, said(UnicastFlooded, 1, 60.0, 300), none()),
        ("flood.unicast", Warning, beside(said(UnicastFlooded, 3, 60.0, 300), 2), none()),
        ("flood.unicast", Note, beside(said(UnicastFlooded, 2, 60.0, 300), 2), none()),
        ("link.saturated", Note, said(LinkFull, 10, 0.97, 10), none()),
        ("burst.micro", Note, said(LinkBursts, 10, 0.1, 60), none()),
        ("igmp.no_querier", Note, said(NoQuerier, 6_000, 20.0, 300), none()),
        ("stp.root_changed", Warning, said(RootChanged, 1, 0.0, 0), none()),
        ("stp.root_changed", Critical, said(RootChanged, 3, 0.0, 0), none()),
        ("stp.topology_changes", Warning, said(TopologyChanges, 5, 0.0, 0), said(TopologyChanges, 4, 0.0, 0)),
        ("stp.topology_changes", Critical, said(TopologyChanges, 20, 20.0, 0), said(TopologyChanges, 4, 4.0, 0)),
        ("stp.two_roots", Warning, said(TwoRoots, 2, 1.0, 60), none()),
        ("stp.two_roots", Note, said(TwoRoots, 2, 0.0, 60), none()),
        ("stp.bpdu_lost", Warning, said(HellosMissing, 2, 8.0, 60), said(HellosMissing, 1, 8.0, 60)),
        ("fhrp.two_masters", Critical, said(TwoMasters, 6, 5.0, 5), said(TwoMasters, 5, 9.0, 9)),
        ("fhrp.two_masters", Critical, said(TwoMasters, 9, 5.0, 5), said(TwoMasters, 9, 4.9, 5)),
        ("fhrp.flip", Warning, said(GatewayFlips, 3, 0.0, 60), said(GatewayFlips, 2, 0.0, 60)),
        ("lacp.half", Warning, said(LinkUnheard, 3, 0.0, 10), said(LinkUnheard, 3, 0.0, 9)),
        ("lacp.half", Warning, said(LinkUnheard, 3, 0.0, 90), said(LinkUnheard, 2, 0.0, 90)),
        ("lacp.mismatch", Warning, said(LinksApart, 2, 0.0, 30), said(LinksApart, 2, 0.0, 29)),
        ("ospf.hello_lost", Warning, said(RouterSilent, 1, 40.0, 60), none()),
        ("bgp.reset", Warning, said(PeerLost, 1, 1.0, 0), none()),
        ("bgp.reset", Critical, said(PeerLost, 3, 1.0, 0), none()),
        ("mtu.mismatch", Warning, said(MtuDiffers, 1500, 9000.0, 0), none()),
        ("vlan.native", Warning, said(NativeVlanDiffers, 1, 10.0, 0), none()),
        ("duplex.mismatch", Warning, said(DuplexDiffers, 1, 0.0, 0), none()),
        ("eapol.failing", Warning, said(NotLetIn, 3, 1.0, 60), said(NotLetIn, 3, 2.0, 60)),
        ("eapol.failing", Warning, said(NotLetIn, 3, 0.0, 60), said(NotLetIn, 2, 0.0, 60)),
        ("igmp.two_queriers", Note, said(TwoQueriers, 3, 0.0, 300), none()),
        ("storm.broadcast", Warning, said(Broadcasts, 5, 9_999.0, 5), said(Broadcasts, 4, 9_999.0, 4)),
        ("storm.broadcast", Critical, said(Broadcasts, 5, 10_000.0, 5), said(Broadcasts, 4, 10_000.0, 4)),
        ("storm.multicast", Warning, said(LinkMulticasts, 5, 2_000.0, 5), said(LinkMulticasts, 4, 2_000.0, 4)),
        ("pause.storm", Warning, said(Pauses, 10, 30.0, 10), said(Pauses, 9, 30.0, 9)),
    ]
}

/// The same of voice.
fn media_cases() -> Vec<NetworkCase> {
    let span = Episode { first: Timestamp(NOW - 30 * SECOND), last: Timestamp(NOW) };
    let stream = |payload_type, lost, jitter: f64, high, uneven| {
        let (from, to, jitter) = (host(1), host(2), Some(jitter));
        let stream = MediaEvidence {
            longest_gap: None,
            from,
            to,
            port: 4_000,
            payload_type,
            received: 1_000,
            lost,
            gaps: lost,
            spaced: 900,
            uneven,
            jitter,
            high,
            is_offered: false,
            span,
        };
        let network = NetworkEvidence { now: Timestamp(NOW), media: vec![stream], ..NetworkEvidence::default() };
        Evidence { network, sliding: true, ..Evidence::default() }
    };
    let few = |received, lost| {
        let mut e = stream(0, lost, 0.0, 0.0, 0);
        e.network.media[0].received = received;
        e
    };
    vec![
        ("rtp.loss", Warning, stream(0, 25, 0.0, 0.0, 0), stream(0, 15, 0.0, 0.0, 0)),
        ("rtp.loss", Critical, stream(96, 80, 0.0, 0.0, 0), stream(96, 15, 0.0, 0.0, 0)),
        // Of a codec that bears less.
        ("rtp.loss", Critical, stream(4, 60, 0.0, 0.0, 0), stream(4, 15, 0.0, 0.0, 0)),
        ("rtp.loss", Warning, few(480, 20), few(479, 20)),
        ("rtp.jitter", Warning, stream(0, 0, 0.040, 10.0, 0), stream(0, 0, 0.040, 9.9, 0)),
        ("rtp.jitter", Warning, stream(0, 0, 0.020, 0.0, 70), stream(0, 0, 0.020, 0.0, 45)),
        ("rtp.jitter", Critical, stream(0, 0, 0.3, 10.0, 0), stream(0, 0, 0.3, 9.9, 0)),
    ]
}

/// How services of those protocols answer that cases are about.
pub(super) fn manners(app_token: &str) -> crate::model::Manners {
    let is_prompt = matches!(app_token, "http" | "tls" | "mysql" | "pgsql" | "modbus" | "kerberos");
    crate::model::Manners { is_prompt, owes: matches!(app_token, "snmp" | "radius" | "kerberos" | "sip"), ..crate::model::Manners::USUAL }
}

/// Something that went wrong so often, for so many clients, from half a minute ago to now.
pub(super) fn trouble(w: &mut ServiceWindow, trouble: Trouble, count: u64, clients: u64) {
    let span = Some(Episode { first: Timestamp(NOW - 30 * SECOND), last: Timestamp(NOW) });
    *w.troubles.of_mut(trouble) = Troubled { count, clients, is_more: false, named: [None; NAMED], span };
}
