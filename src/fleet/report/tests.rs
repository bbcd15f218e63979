use super::*;
use crate::fleet::{AskDatabase, FleetDatabase, FleetSpan};

/// A database whose answers stand in a file of a test.
struct Told;

impl AskDatabase for Told {
    fn ask(&self, sql: &str) -> Result<String, String> {
        assert!(sql.contains("net."), "{sql}");
        Ok(match sql {
            sql if sql.contains("AS latest_session") => [
                r#"{"site":"lab","probe":"a","asked":1764400000,"heard":1764399990,"latest_session":"5-7"}"#,
                r#"{"site":"lab","probe":"b\u001b[2J","asked":1764400000,"heard":1764396000,"latest_session":"6-1"}"#,
                r#"{"site":"","probe":"=c","asked":1764400000,"heard":1764399999,"latest_session":"7-1"}"#,
            ]
            .join("\n"),
            sql if sql.contains("AS moved") || sql.contains("all_bytes FROM net.intervals") => String::new(),
            sql if sql.contains("AS apart") => {
                r#"{"one_site":"lab","one_probe":"a","other_site":"","other_probe":"=c\u001b[2J","met":"500","low":4.9,"apart":5.0,"high":5.1}"#.into()
            }
            sql if sql.contains("clock_ns") => [
                r#"{"site":"","probe":"=c","session":"7-1","version":"0.1.0","verdict":"unknown","findings":"0","clock_ns":"0","heard":1764399999,"now_ns":"1","packets":"0","wire_bytes":"0"}"#,
                r#"{"site":"lab","probe":"a","session":"5-7","version":"0.1.0","verdict":"bad","findings":"2","clock_ns":"1764400050000000000","heard":1764399990,"now_ns":"1764400050000000000","packets":"2000","wire_bytes":"900000"}"#,
                r#"{"site":"lab","probe":"a","session":"5-7","version":"0.1.0","verdict":"bad","findings":"2","clock_ns":"1764399990000000000","heard":1764399932,"now_ns":"1764399990000000000","packets":"1400","wire_bytes":"300000"}"#,
            ]
            .join("\n"),
            sql if sql.contains("AS bin") => {
                r#"{"site":"lab","probe":"a","session":"5-7","bin":1764396000,"first_packets":"100","last_packets":"2000","first_bytes":"0","last_bytes":"900000","first_lost":"0","last_lost":"40","first_rows":"0","last_rows":"0","first_time":"1","last_time":"3600000000001"}"#.into()
            }
            sql if sql.contains("latest_severity") => [
                r#"{"site":"lab","probe":"a","session":"5-7","id":"dns.slow","subject":"x","latest_severity":"warning","latest_title":"slow","latest_state":"opened","said":3}"#,
                r#"{"site":"lab","probe":"a","session":"5-7","id":"dup.every","subject":"x","latest_severity":"critical","latest_title":"every packet \u001b]0;twice","latest_state":"opened","said":2}"#,
                r#"{"site":"lab","probe":"a","session":"4-1","id":"old.run","subject":"x","latest_severity":"critical","latest_title":"old","latest_state":"opened","said":1}"#,
            ]
            .join("\n"),
            sql if sql.contains("uniq(site, probe)") => r#"{"records":"1000","packets":"20000","bytes":"3000000","probes":"2"}"#.into(),
            _ => r#"{"who":[["","=c"],["lab","a"]],"met":"30","once_records":"30","told_records":"60","once_packets":"600","told_packets":"1100","once_bytes":"9000","told_bytes":"18000","median_behind":[-0.0004]}"#.into(),
        })
    }

    fn database(&self) -> &str {
        "net"
    }
}

fn report(format: &str) -> String {
    let fleet = FleetDatabase::new(Told);
    let picture = fleet.picture(FleetSpan::HOUR).unwrap();
    let shared = fleet.shared((1764396400, 1764400000)).unwrap();
    let mut out = Vec::new();
    write(format, &FleetReport { picture: &picture, shared: Ok(&shared) }, &mut out).unwrap();
    String::from_utf8(out).unwrap()
}

#[test]
fn the_text_says_what_is_known_and_what_is_not() {
    let text = report("text");
    insta::assert_snapshot!(text);
    assert!(!text.contains('\x1b'));
}

#[test]
fn json_has_null_for_what_is_not_known() {
    let value: serde_json::Value = serde_json::from_str(&report("json")).unwrap();
    let [a, b, c] = value["probes"].as_array().unwrap().as_slice() else { panic!("{value}") };
    assert_eq!((&a["bits_per_second"], &a["packets_per_second"]), (&80_000.0.into(), &10.0.into()));
    assert_eq!((&a["worst_finding"]["id"], &a["lost_packets"], &a["packets"]), (&"dup.every".into(), &40.into(), &1_900.into()));
    assert_eq!(a["clock_offset_seconds"], 59.5, "the row that came soonest: 60 s ahead, within a second");
    assert_eq!((&b["state"], &b["verdict"], &b["findings"], &b["bits_per_second"]), (&"silent".into(), &().into(), &().into(), &().into()));
    assert_eq!((&c["state"], &c["verdict"], &c["clock_offset_seconds"]), (&"heard".into(), &().into(), &().into()));
    let told = &value["conversations"];
    assert_eq!(
        (&told["told"]["packets"], &told["once"]["packets"], &told["once"]["records"]),
        (&20_000.into(), &19_500.into(), &970.into())
    );
    assert!(told["doubts"][0].as_str().unwrap().starts_with("lab/a and =c"), "{told}");
    assert_eq!((&told["pairs"][0]["conversations"], &value["total"]["heard"]), (&30.into(), &2.into()));
}

#[test]
fn csv_has_no_formula_and_no_control_character() {
    let text = report("csv");
    assert_eq!(text.lines().count(), 4);
    assert!(text.contains(",'=c,") && text.contains("b\\u{1b}[2J") && !text.contains('\x1b'), "{text}");
}

#[test]
fn a_fleet_without_probes_says_what_to_do() {
    let picture = FleetPicture::default();
    let mut out = Vec::new();
    write("text", &FleetReport { picture: &picture, shared: Err("no") }, &mut out).unwrap();
    assert!(String::from_utf8(out).unwrap().contains("spantop probe --export clickhouse:"));
}
