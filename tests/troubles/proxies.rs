//! Proxies, and what they are asked for; and requests that nobody reads.

use super::{Micros, S, Traffic, only, title, troubles};
use spantop::model::{Severity, Verdict};
use spantop::snapshot::Snapshot;

/// Requests to a proxy for one host after the other, each answered so much later with this.
fn through_a_proxy(ask: fn(&str) -> Vec<u8>, answer: fn(u16) -> (&'static [u8], Micros)) -> Snapshot {
    let mut t = Traffic::default();
    let hosts = ["www.example.org", "erp.example.net:8443", "10.7.7.7", "files.example.com"];
    for n in 0..120u16 {
        let (words, later) = answer(n % 4);
        let request = ask(hosts[usize::from(n % 4)]);
        t.asked_later(i64::from(n) * S / 2, (1 + n as u8 % 5, 5_000 + n), (9, 3_128), ([&request, words], later));
    }
    t.with_office(62).seen()
}

const GOOD: &[u8] = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
const OPENED: &[u8] = b"HTTP/1.1 200 Connection established\r\n\r\n";

fn absolute(host: &str) -> Vec<u8> {
    format!("GET http://{host}/index.html?q=http://elsewhere.example/ HTTP/1.1\r\nHost: {host}\r\n\r\n").into_bytes()
}

fn connect(host: &str) -> Vec<u8> {
    let port = if host.contains(':') { "" } else { ":443" };
    format!("CONNECT {host}{port} HTTP/1.1\r\nHost: {host}{port}\r\n\r\n").into_bytes()
}

#[test]
fn a_host_that_fails_behind_a_proxy() {
    let failing: fn(u16) -> (&'static [u8], Micros) = |n| match n {
        1 => (b"HTTP/1.1 504 Gateway Timeout\r\nContent-Length: 0\r\n\r\n", 3_000),
        _ => (GOOD, 3_000),
    };
    let s = through_a_proxy(absolute, failing);
    assert_eq!(troubles(&s), only("http.errors", "10.1.0.9:3128/tcp", Severity::Warning));
    let found =
        "erp.example.net:8443 fails through the proxy 10.1.0.9:3128: 30 of 30 (100 %) requests are answered with errors: 504 30 times";
    assert_eq!(title(&s), found);
    assert!(s.diagnosis.findings[0].cause.contains("90 requests for other hosts through the same proxy fared well"));
    let tunnels: fn(u16) -> (&'static [u8], Micros) = |n| match n {
        0 => (b"HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\n\r\n", 3_000),
        _ => (OPENED, 3_000),
    };
    let s = through_a_proxy(connect, tunnels);
    assert!(title(&s).starts_with("www.example.org:443 fails through the proxy 10.1.0.9:3128: 30 of 30"), "{}", title(&s));
}

#[test]
fn a_host_that_is_slow_behind_a_proxy() {
    let s = through_a_proxy(connect, |n| (OPENED, if n == 2 { 4 * S } else { 3_000 }));
    assert_eq!(troubles(&s), only("server.slow", "10.1.0.9:3128/tcp", Severity::Warning));
    assert!(title(&s).starts_with("10.7.7.7:443 answers slowly through the proxy 10.1.0.9:3128: "), "{}", title(&s));
    assert_eq!(troubles(&through_a_proxy(connect, |_| (OPENED, 3_000))), []);
}

#[test]
fn a_proxy_that_fails_for_whatever_it_is_asked() {
    let s = through_a_proxy(absolute, |_| (b"HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n", 3_000));
    assert_eq!(troubles(&s), only("http.errors", "10.1.0.9:3128/tcp", Severity::Critical));
    assert_eq!(title(&s), "Proxy 10.1.0.9:3128 answers 120 of 120 (100 %) requests with errors: 503 120 times");
    assert!(s.diagnosis.findings[0].cause.starts_with("It fails for several hosts alike"), "{}", s.diagnosis.findings[0].cause);
}

#[test]
fn what_is_asked_by_http2_in_clear_is_not_judged() {
    let not_judged = |preface: &[u8]| {
        let mut t = Traffic::default();
        for n in 0..30u16 {
            // SETTINGS of both sides (RFC 9113 section 6.5), and nothing that anybody reads.
            t.asked(i64::from(n) * S, (1 + n as u8 % 5, 5_000 + n), (9, 8_080), [preface, &[0, 0, 0, 4, 0, 0, 0, 0, 0]]);
        }
        let s = t.with_office(40).seen();
        assert_eq!(troubles(&s), []);
        let of = |id: &str| s.diagnosis.network.not_judged.iter().find(|n| n.0 == id).map(|n| n.1.clone());
        (of("http.errors"), of("server.slow"))
    };
    let reason = Some("what is asked by HTTP/2 in clear is not read".to_owned());
    let preface = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0";
    assert_eq!(not_judged(preface), (reason.clone(), reason));
    assert_eq!(not_judged(b"GET / HTTP/1.1\r\nHost: www.example.org\r\n\r\n"), (None, None));
}

/// What a server that is overloaded answers: so many of 120 pages, that are fetched or sent, 25 s later, all others 4 s later; beside an office.
fn overloaded(ask: &[u8], long: fn(u16) -> bool) -> Snapshot {
    with_pages(ask, long).with_office(90).seen()
}

/// The pages alone.
fn with_pages(ask: &[u8], long: fn(u16) -> bool) -> Traffic {
    let mut t = Traffic::default();
    for n in 0..120u16 {
        let later = if long(n) { 25 * S } else { 4 * S };
        t.asked_later(i64::from(n) * S / 2, (1 + n as u8 % 5, 5_000 + n), (9, 8_080), ([ask, GOOD], later));
    }
    t
}

#[test]
fn a_few_answers_that_take_very_long_excuse_no_others() {
    let (get, post) =
        (b"GET /news HTTP/1.1\r\nHost: a.example\r\n\r\n", b"POST /order HTTP/1.1\r\nHost: a.example\r\nContent-Length: 0\r\n\r\n");
    let slow = |severity| only("server.slow", "10.1.0.9:8080/tcp", severity);
    assert_eq!(troubles(&overloaded(get, |n| n % 20 == 0)), slow(Severity::Warning), "one in twenty takes as long as a poll");
    assert_eq!(troubles(&overloaded(post, |_| true)), slow(Severity::Critical), "what is sent is not held back");
    let s = overloaded(get, |_| true);
    let reason = s.diagnosis.network.not_judged.iter().find(|n| n.0 == "server.slow").map(|n| n.1.as_str());
    assert_eq!(reason, Some("most answers of 10.1.0.9:8080 take more than 20.00 s, as if they were meant to wait"));
    assert_eq!((troubles(&s), s.diagnosis.network.verdict), (vec![], Verdict::Good), "all else is judged");
    let alone = with_pages(get, |_| true).seen();
    assert_eq!((troubles(&alone), alone.diagnosis.network.verdict), (vec![], Verdict::Unknown), "it is most of what there is");
}
