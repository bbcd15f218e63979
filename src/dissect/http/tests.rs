use super::*;
use crate::dissect::talk::Talk;
use proptest::prelude::*;

const GET: &str = "GET /a?b=c HTTP/1.1\r\nHost: www.example.org:8080\r\n\r\n";

#[test]
fn a_request_and_its_reply() {
    let talk = Talk::tcp(8080).client(GET).server("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello");
    assert_eq!((talk.app(), talk.server_name().as_deref()), (Some("http"), Some("www.example.org")));
    assert_eq!(
        (talk.told("requests"), talk.told("status"), talk.told("hosts")),
        ("GET 1".into(), "200 1".into(), "www.example.org:8080 1".into())
    );
    assert_eq!(talk.pairs(), [(0, Some((1, 200)))]);
    let names: Vec<_> = talk.dissectors.names().map(|n| (n.address.to_string(), n.name.to_string(), n.source)).collect();
    assert_eq!(names, [("10.0.0.2".to_owned(), "www.example.org".to_owned(), NameSource::Http)]);
}

#[test]
fn time_runs_from_the_last_byte_of_the_request_to_the_status_line() {
    let talk = Talk::tcp(80)
        .client("POST /up HTTP/1.1\r\nHost: a.example\r\nContent-Length: 10\r\n\r\n12345")
        .client("67890")
        .server("HTTP/1.1 50")
        .server("3 Busy\r\nContent-Length: 0\r\n\r\n");
    assert_eq!(talk.pairs(), [(0, Some((2, 503)))]);
    assert_eq!(Http::outcome(503), Answer::Error);
}

#[test]
fn requests_in_a_row_and_replies_in_their_order() {
    let talk = Talk::tcp(80)
        .client(GET.repeat(3))
        .server("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5;x=y\r\nHTTP/\r\n0\r\n\r\nHTTP/1.1 304 Not Modified\r\nContent-Length: 99\r\n\r\n")
        .server("HTTP/1.1 404 Not Found\r\nContent-Length: 2\r\n\r\nno");
    assert_eq!(talk.pairs(), [(0, Some((1, 200))), (1, Some((1, 304))), (2, Some((2, 404)))]);
}

#[test]
fn replies_without_body_and_interim_ones() {
    let head = "HEAD / HTTP/1.1\r\nHost: a.example\r\n\r\n";
    let talk = Talk::tcp(80)
        .client(head)
        .server("HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n")
        .client("PUT / HTTP/1.1\r\nContent-Length: 3\r\nExpect: 100-continue\r\n\r\n")
        .server("HTTP/1.1 100 Continue\r\n\r\n")
        .client("abc")
        .server("HTTP/1.1 201 Created\r\nContent-Length: 0\r\n\r\n");
    assert_eq!(talk.pairs(), [(0, Some((1, 200))), (1, Some((1, 201)))]);
    assert_eq!(talk.told("status"), "100 1, 200 1, 201 1");
}

/// A proxy without room for more says so before it is asked anything; an idle connection is closed by a 408.
#[test]
fn who_fails_without_being_asked_refuses() {
    let said = |line: &str| Talk::tcp(80).server(format!("HTTP/1.1 {line}\r\nContent-Length: 0\r\n\r\n"));
    assert_eq!(said("503 Service Unavailable").pairs(), [(0, Some((0, 503)))]);
    assert_eq!((said("408 Request Timeout").pairs(), said("200 OK").pairs()), (vec![], vec![]));
    let talk = said("503 Service Unavailable").client(GET).server("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
    assert_eq!(talk.pairs(), [(0, Some((0, 503))), (1, Some((1, 200)))]);
}

#[test]
fn a_reply_before_the_end_of_its_request_has_no_time() {
    let talk = Talk::tcp(80)
        .client("POST / HTTP/1.1\r\nContent-Length: 10\r\n\r\n12345")
        .server("HTTP/1.1 413 Too Large\r\nContent-Length: 0\r\n\r\n")
        .client("67890")
        .client(GET)
        .server("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
    assert_eq!(talk.codes(), [413, 200]);
    assert_eq!(talk.pairs(), [(0, Some((0, 413))), (1, Some((1, 200)))]);
}

#[test]
fn what_a_connection_turns_into_is_found_out_anew() {
    let websocket = Talk::tcp(80)
        .client("GET /chat HTTP/1.1\r\nHost: a.example\r\nUpgrade: websocket\r\n\r\n")
        .server("HTTP/1.1 101 Switching\r\nUpgrade: websocket\r\n\r\n")
        .client(b"\x81\x05hello");
    assert_eq!((websocket.app(), websocket.told("status"), websocket.pairs().len()), (Some("http"), "101 1".to_owned(), 1));
    let connect = "CONNECT a.example:443 HTTP/1.1\r\nHost: a.example:443\r\n\r\n";
    let mut tunnel = Talk::tcp(3128).client(connect).server("HTTP/1.1 200 Connected\r\n\r\n").client(b"\x16\x03\x01\0\x04\x01\0\0\0");
    assert_eq!((tunnel.app(), tunnel.server_name().as_deref()), (Some("tls"), Some("a.example")));
    tunnel.end();
    let refused = Talk::tcp(3128).client(connect).server("HTTP/1.1 403 No\r\nContent-Length: 0\r\n\r\n").client(GET);
    assert_eq!(refused.told("requests"), "GET 1, CONNECT 1");
}

#[test]
fn bytes_that_are_missing() {
    let length = "HTTP/1.1 200 OK\r\nContent-Length: 5000\r\n\r\n";
    // In a body they are passed over, and the next message is where it is to be.
    let talk = Talk::tcp(80).client(GET).server(length).server_gap(4_000).server([b'x'; 1_000]).client(GET).server(length);
    assert_eq!(talk.pairs(), [(0, Some((1, 200))), (1, Some((1, 200)))]);
    // Over the end of one, a message may be among them: it goes on where one begins, and a request begins the numbers anew.
    let talk = Talk::tcp(80).client(GET).server(length).server_gap(6_000).client(GET).server(length);
    assert_eq!(talk.pairs().last(), Some(&(1, Some((1, 200)))));
    let talk = Talk::tcp(80).client(GET).server_gap(500).client(GET).server("tail\r\n").server(length);
    assert_eq!(talk.pairs(), [(0, Some((1, crate::model::AppMessage::LOST))), (1, Some((2, 200)))]);
    // A head that is cut is counted.
    let talk = Talk::tcp(80).client(GET).server("HTTP/1.1 200 OK\r\nContent-").server_gap(10).client(GET);
    assert_eq!(talk.told("incomplete"), "1");
}

#[test]
fn what_is_recognised() {
    for (bytes, app) in [
        ("GET / HTTP/1.1\r\n", Some("http")),
        ("GET http://a.example/ HTTP/1.0\r\n", Some("http")),
        ("PROPFIND /x HTTP/1.1\r\n", Some("http")),
        ("HTTP/1.0 200 OK\r\n", Some("http")),
        ("GET /very/long", Some("http")),
        ("OPTIONS rtsp://a.example/ RTSP/1.0\r\n", None),
        ("OPTIONS sip:a.example SIP/2.0\r\n", None),
        ("GETTING /x HTTP/1.1\r\n", Some("http")),
        ("GETTING /x HTTP/2\r\n", None),
        ("HTTP/1.1 20", None),
        ("HTTP/1.1 2000", None),
        ("", None),
    ] {
        let talk = Talk::tcp(9).client(bytes);
        assert_eq!(talk.app().filter(|app| *app == "http"), app, "{bytes}");
    }
}

#[test]
fn hostile_heads_hold_little() {
    let mut talk = Talk::tcp(80).client("GET / HTTP/1.1\r\nX: ");
    for _ in 0..200 {
        talk = talk.client([b'a'; 1_400]);
    }
    assert!(talk.dissectors.held() <= 8 * 1024, "{}", talk.dissectors.held());
    let many = "a: b\r\n".repeat(2_000);
    let talk = talk.client("\r\nHost: \x1b[2J\u{202e}x\r\nHost: second\r\n").client(&many).client("GET / HTTP/1.1\r\n\r\n");
    assert_eq!(talk.server_name().as_deref(), Some("·[2J·x"));
    assert_eq!(talk.told("requests"), "GET 2");
    let mut talk = talk.server("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nffffffffffffffff\r\n").server("x");
    talk.end();
}

proptest! {
    #[test]
    fn the_same_is_read_however_it_is_cut(cuts in prop::collection::vec(1usize..40, 0..20)) {
        let said = [GET, "POST /b HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n", GET, "\r\nDELETE / HTTP/1.1\r\n\r\n"].concat();
        let whole = Talk::tcp(80).client(&said);
        let (mut talk, mut rest) = (Talk::tcp(80), said.as_bytes());
        // What is recognised first is one whole line.
        let first = said.find('\n').unwrap() + 1;
        for n in std::iter::once(first).chain(cuts).chain([said.len()]) {
            let (now, after) = rest.split_at(n.min(rest.len()));
            (talk, rest) = (talk.client(now), after);
        }
        prop_assert_eq!(talk.dissectors.report(), whole.dissectors.report());
        prop_assert_eq!(talk.pairs().len(), 4);
    }
}

#[test]
fn nothing_follows_a_reply_that_ends_with_the_connection() {
    let reply = "HTTP/1.0 200 OK\r\nContent-Type: text/plain\r\n\r\n";
    let talk = Talk::tcp(80).client("GET /log HTTP/1.0\r\n\r\n").server(reply).server("HTTP/1.1 500 No\r\n").server("GET / HTTP/1.1\r\n");
    assert_eq!((talk.told("status"), talk.told("requests"), talk.codes()), ("200 1".into(), "GET 1".into(), vec![200]));
    // Behind a gap of one that says how long it is what begins like a message of that side is one.
    let reply = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n";
    let talk = Talk::tcp(80).client("GET / HTTP/1.1\r\n\r\n").server(reply).server_gap(9).server("GET / HTTP/1.1\r\n\r\n");
    assert_eq!(talk.told("requests"), "GET 1");
    assert_eq!(talk.client("GET / HTTP/1.1\r\n\r\n").server("HTTP/1.1 503 No\r\nContent-Length: 0\r\n\r\n").told("status"), "200 1, 503 1");
}

#[test]
fn anybody_may_add_a_method() {
    let ask = |method: &str| format!("{method} /a HTTP/1.1\r\nHost: a\r\n\r\n");
    let talk = ["GET", "MKCALENDAR", "QUERY", "X-Scan_2.0"]
        .iter()
        .fold(Talk::tcp(80), |talk, method| talk.client(ask(method)).server("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"));
    assert_eq!((talk.told("requests"), talk.codes().len(), talk.pairs().len()), ("GET 1, other 3".into(), 4, 4));
    for first in ["get", "GET(", "QU\u{e9}RY", "ABCDEFGHIJKLMNOPQRSTUVWXYZ"] {
        assert_eq!(Talk::tcp(80).client(ask(first)).app(), None, "{first}");
    }
    assert_eq!(Talk::tcp(80).client("QUERY rtsp://a RTSP/1.0\r\n").app(), Some("rtsp"));
}

/// Which request the reply behind a lost one is of nobody knows; with the next request it is known again.
#[test]
fn a_reply_behind_a_lost_one_is_not_taken_for_it() {
    const REPLY: &str = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";
    const LOST: u32 = crate::model::AppMessage::LOST;
    let bytes = REPLY.len() as u32;
    let asked_behind = Talk::tcp(80).client(GET).server_gap(bytes).client(GET).server("HTTP/1.1 503 Busy\r\nContent-Length: 0\r\n\r\n");
    assert_eq!(asked_behind.pairs(), [(0, Some((1, LOST))), (1, Some((1, 503)))]);
    let asked_before = Talk::tcp(80).client(GET).client(GET).server_gap(bytes).server(REPLY).client(GET).server(REPLY);
    assert_eq!(asked_before.pairs(), [(0, Some((3, LOST))), (1, Some((2, LOST))), (2, Some((1, 200)))]);
    let whole = Talk::tcp(80).client(GET).client(GET).server(REPLY).server(REPLY);
    assert_eq!(whole.pairs(), [(0, Some((2, 200))), (1, Some((2, 200)))]);
}
