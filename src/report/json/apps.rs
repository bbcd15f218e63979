//! What was counted of application protocols, and the names learnt from them.

use super::writer::Writer;
use crate::model::{AppSection, Counter, CounterValue, Histogram, LearntName};
use std::io;

/// One object for each protocol, under its token: `dns`, `tls` …
pub fn apps(w: &mut Writer, sections: &[AppSection]) -> io::Result<()> {
    for section in sections {
        w.line()?;
        w.key(section.token);
        w.open(b'{');
        section.rows().for_each(|(counter, value)| counted(w, counter, value));
        w.close(b'}');
    }
    Ok(())
}

fn counted(w: &mut Writer, counter: &'static Counter, value: &CounterValue) {
    match value {
        CounterValue::Count(n) => w.count(counter.token, *n),
        CounterValue::Codes(codes) => {
            w.key(counter.token);
            w.open(b'{');
            for (code, n) in codes {
                w.key_text(&counter.code(*code));
                w.number(*n);
            }
            w.close(b'}');
        }
        CounterValue::Texts { texts, others } => {
            w.key(counter.token);
            w.open(b'{');
            for (text, n) in texts {
                w.key_text(text);
                w.number(*n);
            }
            w.close(b'}');
            // Texts beyond the cap, so that the sum is whole.
            if *others > 0 {
                w.key_text(&format!("{}_beyond_cap", counter.token));
                w.number(*others);
            }
        }
        CounterValue::Latency(histogram) => latency(w, counter.token, histogram),
    }
}

/// Number and quantiles of durations in seconds. Quantiles are those of a histogram.
fn latency(w: &mut Writer, token: &'static str, histogram: &Histogram) {
    w.key(token);
    w.open(b'{');
    w.count("n", histogram.len());
    if let Some(q) = histogram.quantiles() {
        for (name, seconds) in [("min", q.min), ("p50", q.p50), ("p95", q.p95), ("p99", q.p99), ("max", q.max), ("mean", q.mean)] {
            w.real(name, seconds);
        }
        w.flag("approximate", true);
    }
    w.close(b'}');
}

/// The names of addresses, one a line.
pub fn names(w: &mut Writer, names: &[LearntName]) -> io::Result<()> {
    w.line()?;
    w.key("names");
    w.open(b'[');
    for name in names {
        w.line()?;
        w.open(b'{');
        w.key("address");
        w.address(name.address);
        w.text("name", &name.name);
        w.text("source", name.source.token());
        w.at("first", Some(name.first));
        w.at("last", Some(name.last));
        w.close(b'}');
    }
    w.close(b']');
    Ok(())
}
