//! Every fuzz target over its corpus, over its seeds and over mutations of both that are the same every time.
//! `FUZZ_ROUNDS=100` runs a hundred times as many, where there is no fuzzer; `FUZZ_SECONDS=60 FUZZ_SEED=7 … -- --nocapture --test-threads=1` other ones for
//! a minute each, and says how many.

mod support;

use std::collections::BTreeSet;
use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};
use support::Rng;
use support::fuzz::{TARGETS, Target};

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz")
}

/// What the corpus of a target holds. A package has no corpora: the seeds remain.
fn corpus(target: &Target) -> Vec<Vec<u8>> {
    let mut all = (target.seeds)();
    let files = fs::read_dir(folder().join("corpus").join(target.name)).into_iter().flatten();
    let mut paths: Vec<PathBuf> = files.map(|f| f.unwrap().path()).collect();
    paths.sort();
    for path in paths {
        let bytes = fs::read(path).unwrap();
        if !all.contains(&bytes) {
            all.push(bytes);
        }
    }
    all
}

/// Numbers that are at the end of something.
const ENDS: [u8; 8] = [0, 1, 4, 0x7f, 0x80, 0xfe, 0xff, 0x20];

/// Changes `data` in one to four places, now and then by a piece of `other`.
fn mutate(data: &mut Vec<u8>, other: &[u8], rng: &mut Rng) {
    for _ in 0..=rng.below(3) {
        let at = rng.below(data.len() as u64 + 1) as usize;
        let length = 1 + rng.below(8) as usize;
        match rng.below(8) {
            0 => data.truncate(at),
            1 => data.extend(other.iter().skip(rng.below(other.len() as u64) as usize)),
            2 => {
                let piece: Vec<u8> = (0..length).map(|_| rng.next() as u8).collect();
                data.splice(at..at, piece);
            }
            3 => {
                data.drain(at..(at + length).min(data.len()));
            }
            4 => {
                let from = rng.below(other.len() as u64) as usize;
                let piece: Vec<u8> = other.iter().skip(from).take(length).copied().collect();
                let end = (at + piece.len()).min(data.len());
                data.splice(at..end, piece);
            }
            kind => {
                if let Some(byte) = data.get_mut(at) {
                    *byte = match kind {
                        5 => *byte ^ 1 << rng.below(8),
                        6 => ENDS[rng.below(ENDS.len() as u64) as usize],
                        _ => rng.next() as u8,
                    };
                }
            }
        }
    }
}

/// Runs one target over everything; the input that fails is shown.
fn hold(target: &Target) {
    let corpus = corpus(target);
    assert!(corpus.len() > 1 || target.name == "file_snoop", "{} has no corpus", target.name);
    // The first round is that of `make test`.
    let rounds = std::env::var("FUZZ_ROUNDS").ok().and_then(|n| n.parse().ok()).unwrap_or(1);
    let mut rng = Rng(0x5eed);
    let run = |data: &[u8]| {
        if catch_unwind(AssertUnwindSafe(|| (target.run)(data))).is_err() {
            panic!("{} fails on {} bytes: {data:02x?}", target.name, data.len());
        }
    };
    for member in &corpus {
        run(member);
        for _ in 0..target.mutations * rounds {
            let mut data = member.clone();
            let other = &corpus[rng.below(corpus.len() as u64) as usize];
            mutate(&mut data, other, &mut rng);
            run(&data);
        }
    }
    let number = |name: &str| std::env::var(name).ok().and_then(|n| n.parse::<u64>().ok());
    let Some(seconds) = number("FUZZ_SECONDS") else { return };
    let (mut rng, begun, mut executions) = (Rng(number("FUZZ_SEED").unwrap_or(1)), Instant::now(), 0_u64);
    while begun.elapsed() < Duration::from_secs(seconds) {
        let any = |rng: &mut Rng| rng.below(corpus.len() as u64) as usize;
        let mut data = corpus[any(&mut rng)].clone();
        // Small changes of small changes: now and then one far from every member.
        for _ in 0..1 + rng.below(4) * rng.below(4) {
            let other = any(&mut rng);
            mutate(&mut data, &corpus[other], &mut rng);
            run(&data);
            executions += 1;
        }
    }
    println!("{}: {executions} executions in {} s", target.name, begun.elapsed().as_secs());
}

/// One test a target, so that they run beside each other and a failure names its target.
macro_rules! targets {
    ($($name:ident)*) => {
        $(#[test]
        fn $name() {
            let target = TARGETS.iter().find(|t| t.name == stringify!($name)).unwrap();
            hold(target);
        })*

        #[test]
        fn each_target_is_tested() {
            let tested: BTreeSet<&str> = [$(stringify!($name)),*].into();
            assert_eq!(tested, TARGETS.iter().map(|t| t.name).collect());
        }
    };
}

targets!(
    control decode dissect_dns_tcp dissect_dns_udp dissect_http dissect_local_names dissect_others dissect_tls engine fast_path file_pcap file_pcapng file_snoop tree
    file_netmon file_erf file_compressed filter sightings structured_pcapng structured_tunnels
);

#[test]
fn each_capture_format_has_a_target() {
    let names: Vec<&str> = spantop::capture::file::format_names().collect();
    assert!(names.contains(&"pcapng"), "{names:?}");
    for name in names {
        assert!(TARGETS.iter().any(|target| target.name.strip_prefix("file_") == Some(name)), "no target reads {name}");
    }
}

/// Each target has its binary and its seeds in `fuzz/`. `FUZZ_SEEDS=write` puts the seeds there.
#[test]
fn the_fuzzer_has_every_target_and_seed() {
    let Ok(manifest) = fs::read_to_string(folder().join("Cargo.toml")) else {
        println!("skipped: no fuzz/ here (a package has none)");
        return;
    };
    let write = std::env::var_os("FUZZ_SEEDS").is_some_and(|v| v == "write");
    for target in TARGETS {
        assert!(manifest.contains(&format!("name = \"{}\"", target.name)), "fuzz/Cargo.toml has no {}", target.name);
        let body = fs::read_to_string(folder().join("fuzz_targets").join(format!("{}.rs", target.name))).unwrap();
        assert!(body.contains(&format!("run(\"{}\"", target.name)), "{body}");
        let corpus = folder().join("corpus").join(target.name);
        for (number, seed) in (target.seeds)().into_iter().enumerate() {
            let path = corpus.join(format!("seed-{number:02}"));
            if write {
                fs::create_dir_all(&corpus).unwrap();
                fs::write(&path, &seed).unwrap();
            }
            assert!(
                fs::read(&path).is_ok_and(|bytes| bytes == seed || target.name == "file_compressed"),
                "{} is out of date: FUZZ_SEEDS=write",
                path.display()
            );
        }
    }
}

#[test]
fn mutations_are_the_same_every_time_and_change_something() {
    let made = |seed| {
        let mut rng = Rng(seed);
        let make = |_| {
            let mut data = (0..40).collect();
            mutate(&mut data, &[200; 30], &mut rng);
            data
        };
        (0..100).map(make).collect::<Vec<Vec<u8>>>()
    };
    assert_eq!(made(1), made(1));
    let changed = made(1).into_iter().filter(|d| *d != (0..40).collect::<Vec<u8>>()).count();
    assert!(changed > 90, "{changed} of 100");
}
