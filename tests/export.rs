//! What exporters hand to receivers is what the report says: receivers in this process, and files.

mod support;

#[path = "export/clickhouse.rs"]
mod clickhouse;
#[path = "export/fixture.rs"]
mod fixture;
#[path = "export/fleet.rs"]
mod fleet;
#[path = "export/grafana.rs"]
mod grafana;
#[path = "export/init.rs"]
mod init;
#[cfg(feature = "parquet")]
#[path = "export/parquet.rs"]
mod parquet;
#[path = "export/receivers.rs"]
mod receivers;
#[path = "export/scale.rs"]
mod scale;
#[path = "export/scraped.rs"]
mod scraped;
#[path = "export/server.rs"]
mod server;

use fixture::{busy, export, folder, lines, totals};

#[test]
fn flows_in_the_shape_of_suricata_add_up_to_the_report() {
    let folder = folder("eve");
    let path = folder.join("eve.json");
    let (snapshot, states) = export(busy(), &[&format!("jsonl-eve:{}", path.display())], &[]);
    let events = lines(&path);
    let flows: Vec<_> = events.iter().filter(|e| e["event_type"] == "flow").collect();
    let sum = |name: &str| flows.iter().map(|f| f["flow"][name].as_u64().unwrap()).sum::<u64>();
    let (packets, bytes) = totals(&snapshot);
    assert_eq!((sum("pkts_toserver") + sum("pkts_toclient"), sum("bytes_toserver") + sum("bytes_toclient")), (packets, bytes));
    assert!(packets > 100);
    assert_eq!(states[0].exported, events.len() as u64);
    assert_eq!((states[0].queue_lost, states[0].dropped), (0, 0));
    assert!(events.iter().all(|e| e["host"] == "probe-1" && e["spantop"]["site"] == "lab" && e["spantop"]["session"] == "5-7"));
    let http = flows.iter().find(|f| f["dest_port"] == 80).unwrap();
    assert_eq!((&http["proto"], &http["src_ip"], &http["flow"]["state"]), (&"TCP".into(), &"10.0.0.1".into(), &"closed".into()));
    assert!(http["community_id"].as_str().unwrap().starts_with("1:"));
    assert_eq!(http["flow"]["start"], "2023-11-14T22:13:20.000000+0000");
    assert_eq!(http["tcp"], serde_json::json!({"syn": true, "fin": true, "ack": true, "state": "closed"}));
    assert!(flows.iter().all(|f| f.get("tcp").is_some() == (f["proto"] == "TCP")));
}

#[test]
fn logs_in_the_shape_of_zeek_add_up_to_the_report() {
    let folder = folder("zeek");
    let (snapshot, states) = export(busy(), &[&format!("jsonl-zeek:{}", folder.display())], &[]);
    let conns = lines(&folder.join("conn.log"));
    let sum = |name: &str| conns.iter().map(|c| c[name].as_u64().unwrap()).sum::<u64>();
    let (packets, bytes) = totals(&snapshot);
    assert_eq!((sum("orig_pkts") + sum("resp_pkts"), sum("orig_wire_bytes") + sum("resp_wire_bytes")), (packets, bytes));
    assert!(conns.iter().all(|c| c["_path"] == "conn" && c["_system_name"] == "probe-1" && c["uid"].as_str().unwrap().len() == 12));
    let http = conns.iter().find(|c| c["id.resp_p"] == 80).unwrap();
    assert_eq!((&http["proto"], &http["conn_state"], &http["ts"]), (&"tcp".into(), &"SF".into(), &1_700_000_000.0.into()));
    // Each query of a name server: its answer, and the name of its conversation.
    let asked = lines(&folder.join("dns.log"));
    let dns = snapshot.dissect.apps.iter().find(|a| a.token == "dns").unwrap();
    assert_eq!(asked.len(), 40, "{dns:?}");
    for line in &asked {
        assert_eq!((&line["rcode_name"], &line["id.resp_p"]), (&"NOERROR".into(), &53.into()));
        assert!((line["rtt"].as_f64().unwrap() - 0.002).abs() < 1e-6);
        assert_eq!(
            (&line["query"], &line["qtype"], &line["qtype_name"], &line["qclass"]),
            (&"a.example".into(), &1.into(), &"A".into(), &1.into())
        );
        let conn = conns.iter().filter(|c| c["uid"] == line["uid"]).collect::<Vec<_>>();
        assert_eq!((conn.len(), &conn[0]["id.orig_p"]), (1, &line["id.orig_p"]), "{line}");
    }
    let ids: std::collections::BTreeSet<u64> = asked.iter().map(|line| line["trans_id"].as_u64().unwrap()).collect();
    assert_eq!(ids.len(), 40, "each query has an identifier of its own");
    let requests = lines(&folder.join("http.log"));
    assert_eq!(requests.len(), 20);
    for line in &requests {
        let said = ["method", "host", "uri"].map(|name| line[name].as_str().unwrap());
        assert_eq!((said, &line["status_code"], &line["trans_depth"]), (["GET", "a.example", "/"], &200.into(), &1.into()));
    }
    let written = [conns.len(), asked.len(), lines(&folder.join("http.log")).len(), lines(&folder.join("ssl.log")).len()];
    assert_eq!(states[0].exported, written.iter().sum::<usize>() as u64);
}

#[test]
fn an_exporter_that_cannot_write_keeps_nobody_back_and_counts_what_is_lost() {
    let folder = folder("full");
    let eve = folder.join("eve.json");
    let (snapshot, states) = export(busy(), &["jsonl-eve:/dev/full", &format!("jsonl-eve:{}", eve.display())], &[]);
    let flows = lines(&eve).iter().filter(|e| e["event_type"] == "flow").map(|f| f["flow"]["pkts_toserver"].as_u64().unwrap()).sum::<u64>();
    assert!(flows > 0 && flows < totals(&snapshot).0);
    let full = states.iter().find(|s| s.name.ends_with("/dev/full")).unwrap();
    let other = states.iter().find(|s| s.name.ends_with("eve.json")).unwrap();
    assert_eq!((full.exported, full.dropped), (0, other.exported), "everything is counted as lost");
    assert!(full.trouble.contains("/dev/full"), "{full:?}");
    assert_eq!((other.trouble.as_str(), other.dropped), ("", 0));
}
