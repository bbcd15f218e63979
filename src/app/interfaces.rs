//! `spantop interfaces`: what could be captured from.

use super::console::Console;
use super::output;
use crate::capture::ports;
use crate::error::Result;
use crate::model::{Port, units};
use crate::report::document::format::{name, number, prose, text, word};
use crate::report::document::{Document, DocumentCell, DocumentTable, Part, Section, Tone};
use crate::report::{ReportOptions, render};

/// Prints the list.
pub fn list(console: &Console) -> Result<()> {
    let ports = ports::list()?;
    let part = if ports.is_empty() {
        Part::Note(Tone::Warning, "No interface can be seen. Capturing needs rights: run as root, or give the program cap_net_raw.".into())
    } else {
        let columns = vec![
            number("-i"),
            word("Name"),
            word("Kind"),
            word("State"),
            number("Speed"),
            number("MTU"),
            name("Addresses"),
            prose("Good for"),
        ];
        Part::Table(DocumentTable { columns, rows: (1..).zip(&ports).map(row).collect() })
    };
    let sections = vec![Section { title: "Interfaces".into(), parts: vec![part] }];
    let document = Document { title: "spantop interfaces".into(), sections };
    let options = ReportOptions { width: console.width(), color: console.color(), ..ReportOptions::default() };
    output::print(console.text(&render(&document, &options)).as_bytes())
}

fn row((at, port): (u64, &Port)) -> Vec<DocumentCell> {
    let state = match (port.up, port.running) {
        (false, _) => "down",
        (true, false) => "no link",
        (true, true) => "up",
    };
    let addresses: Vec<String> = port.addresses.iter().map(|a| a.to_string()).collect();
    vec![
        text(at.to_string()),
        text(&port.name),
        text(port.kind),
        text(state),
        text(port.speed.map_or(String::new(), |bits| units::bits_per_second(bits as f64))),
        text(port.mtu.map_or(String::new(), |n| n.to_string())),
        text(addresses.join(" ")),
        text(&port.advice),
    ]
}
