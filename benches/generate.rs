//! Writes a capture file of made-up traffic: `cargo bench --bench generate -- --packets 8_000_000 --conversations 100_000 --output FILE`.
//!
//! Without `--output` the file goes to `target/bench`, where the other benches look for it, and is kept when it is there already.

mod support;

use support::traffic::{Plan, file, write_pcap};
use support::{Arguments, folder};

fn main() {
    let arguments = Arguments::read();
    let (packets, conversations) = if arguments.test { (10_000, 500) } else { (8_000_000, 100_000) };
    let plan = Plan {
        packets: arguments.number("--packets", packets),
        conversations: u32::try_from(arguments.number("--conversations", conversations)).unwrap_or(u32::MAX),
    };
    if arguments.test {
        return same_twice(plan);
    }
    match arguments.value("--output") {
        Some(path) => write_pcap(path.as_ref(), plan).unwrap_or_else(|e| {
            eprintln!("cannot write {path}: {e}");
            std::process::exit(1)
        }),
        None => println!("{}", file(plan).display()),
    }
}

/// The same plan gives the same bytes.
fn same_twice(plan: Plan) {
    let read = |name: &str| {
        let path = folder().join(name);
        write_pcap(&path, plan).expect("the test file can be written");
        let bytes = std::fs::read(&path).expect("the test file can be read");
        std::fs::remove_file(&path).expect("the test file can be removed");
        bytes
    };
    let first = read("test-a.pcap");
    assert!(first.len() as u64 > plan.packets * 76, "at least 60 bytes and a record header per packet");
    assert!(first == read("test-b.pcap"), "two runs of one plan differ");
    println!("generate: {} packets, {} bytes, twice the same", plan.packets, first.len());
}
