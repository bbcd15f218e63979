//! Fuzz targets: what must hold of any bytes, one file a family and one line in [`TARGETS`] each.
//!
//! The bodies live here and not in `fuzz/`, because both use them: `tests/fuzz_corpora.rs` runs every target over its corpus and over mutations
//! that are the same every time, as an ordinary test; `fuzz/` (which needs cargo-fuzz and is no part of the package) runs them for as
//! long as one likes: see `fuzz/README.md`.
//!
//! A corpus is `fuzz/corpus/TARGET/`: the target's own seeds, made by the packet builder and the writers of `files.rs`
//! (`FUZZ_SEEDS=write cargo test --test fuzz_corpora` writes them there), and what once went wrong, named `mended-…`.

#![allow(dead_code, unused_imports, reason = "each user takes its part")]

mod control;
mod decode;
mod dissect;
mod engine;
mod fast_path;
mod files;
mod filter;
mod sightings;
mod structured;
mod tree;

pub use decode::assert_sound;
pub use tree::assert_tree_is_sound;

/// A fuzz target.
#[derive(Clone, Copy)]
pub struct Target {
    /// Its name: of its binary in `fuzz/Cargo.toml` and of its corpus.
    pub name: &'static str,
    /// Runs it over any bytes; panics when something does not hold.
    pub run: fn(&[u8]),
    /// Where its corpus begins.
    pub seeds: fn() -> Vec<Vec<u8>>,
    /// Mutations of each member of the corpus that `make test` runs: fewer of what is slow.
    pub mutations: usize,
}

/// Every target.
pub const TARGETS: &[Target] = &[
    Target { name: "control", run: control::run, seeds: control::seeds, mutations: 500 },
    Target { name: "decode", run: decode::run, seeds: decode::seeds, mutations: 300 },
    Target { name: "dissect_dns_tcp", run: dissect::dns_tcp, seeds: dissect::dns_tcp_seeds, mutations: 1000 },
    Target { name: "dissect_dns_udp", run: dissect::dns_udp, seeds: dissect::dns_udp_seeds, mutations: 1000 },
    Target { name: "dissect_http", run: dissect::http, seeds: dissect::http_seeds, mutations: 1000 },
    Target { name: "dissect_local_names", run: dissect::local_names, seeds: dissect::local_names_seeds, mutations: 1000 },
    Target { name: "dissect_others", run: dissect::others, seeds: dissect::others_seeds, mutations: 1000 },
    Target { name: "dissect_tls", run: dissect::tls, seeds: dissect::tls_seeds, mutations: 1000 },
    Target { name: "engine", run: engine::run, seeds: engine::seeds, mutations: 100 },
    Target { name: "fast_path", run: fast_path::run, seeds: fast_path::seeds, mutations: 500 },
    Target { name: "file_pcap", run: files::pcap, seeds: files::pcap_seeds, mutations: 1500 },
    Target { name: "file_pcapng", run: files::pcapng, seeds: files::pcapng_seeds, mutations: 1000 },
    Target { name: "file_snoop", run: files::snoop, seeds: files::snoop_seeds, mutations: 2000 },
    Target { name: "file_netmon", run: files::netmon, seeds: files::netmon_seeds, mutations: 1000 },
    Target { name: "file_erf", run: files::erf, seeds: files::erf_seeds, mutations: 1000 },
    Target { name: "file_compressed", run: files::compressed, seeds: files::compressed_seeds, mutations: 500 },
    Target { name: "tree", run: tree::run, seeds: tree::seeds, mutations: 300 },
    Target { name: "filter", run: filter::run, seeds: filter::seeds, mutations: 500 },
    Target { name: "structured_pcapng", run: structured::pcapng, seeds: structured::pcapng_seeds, mutations: 1000 },
    Target { name: "structured_tunnels", run: structured::tunnels, seeds: structured::tunnels_seeds, mutations: 6 },
    Target { name: "sightings", run: sightings::run, seeds: sightings::seeds, mutations: 500 },
];

/// Runs the target of that name.
pub fn run(name: &str, data: &[u8]) {
    let target = TARGETS.iter().find(|t| t.name == name).unwrap_or_else(|| panic!("no target {name}"));
    (target.run)(data);
}

/// The first `N` bytes and the rest; missing ones are zero.
fn split<const N: usize>(data: &[u8]) -> ([u8; N], &[u8]) {
    let mut head = [0; N];
    let have = data.len().min(N);
    head[..have].copy_from_slice(&data[..have]);
    (head, &data[have..])
}
