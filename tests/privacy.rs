//! What comes in beside packets is hidden as they are: a run in which everything is called "sesame", and nothing that comes out says so.

mod support;

use assert_cmd::Command;
use std::fs;
use std::path::Path;
use std::time::Duration;
use support::tty::{CAPTURE, PROGRAM, Tty, within};

/// What nothing says: a word of all names and paths, a network that only options name, and a host that only the configuration does.
const HIDDEN: [&str; 3] = ["sesame", "203.0.113", "198.51.100.77"];

/// Puts down what there is to read: two captures and a configuration, all of them called sesame.
fn captures(folder: &Path) -> [String; 4] {
    let place = |name: &str| folder.join(name).to_str().unwrap().to_owned();
    for name in ["sesame-site", "sesame-config/spantop", "sesame-save"] {
        fs::create_dir_all(folder.join(name)).unwrap();
    }
    let hosts = fs::read_to_string(folder.join("hosts")).unwrap_or_default();
    fs::write(place("sesame-config/spantop/config.toml"), format!("[hosts]\n\"198.51.100.77\" = \"sesame-host\"\n{hosts}")).unwrap();
    fs::copy(CAPTURE, place("sesame-site/sesame-monday.pcapng")).unwrap();
    fs::copy(CAPTURE, place("sesame-site/sesame-sunday.pcapng")).unwrap();
    [place("sesame-site/sesame-monday.pcapng"), place("sesame-site/sesame-sunday.pcapng"), place("sesame-config"), place("sesame-save")]
}

fn told(text: &str) -> Vec<&str> {
    text.lines().filter(|line| HIDDEN.iter().any(|sesame| line.contains(sesame))).collect()
}

#[test]
fn nothing_that_is_written_names_what_was_named() {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("privacy");
    let [monday, sunday, config, _] = captures(&folder);
    // A host of the capture has a sesame name, too.
    fs::write(folder.join("hosts"), "\"10.77.0.20\" = \"sesame-dns\"\n").unwrap();
    captures(&folder);
    let saved = folder.join("saved.pcapng");
    let saved = saved.to_str().unwrap();
    let common = ["--anonymize", "-f", "not net 203.0.113.0/24"];
    let nets = ["--local-net", "203.0.113.0/24"];
    let report = |format| [&["report", "--format", format, &monday][..], &common, &nets].concat();
    let mut runs: Vec<Vec<&str>> = ["text", "json", "csv", "markdown", "html"].map(report).into();
    runs.push([&["check", "-v", &monday][..], &common, &nets].concat());
    runs.push([&["packets", "--format", "json", "--tree", &monday][..], &common].concat());
    runs.push([&["diff", "--all", &monday, &sunday][..], &common].concat());
    runs.push([&["save", &monday, "-o", saved][..], &common].concat());
    runs.push([&["probe", &monday][..], &common].concat());
    for run in runs {
        let mut command = Command::new(PROGRAM);
        let output = command.args(&run).env("XDG_CONFIG_HOME", &config).timeout(Duration::from_secs(120)).output().unwrap();
        assert!(matches!(output.status.code(), Some(0..=3)), "{run:?}: {}", String::from_utf8_lossy(&output.stderr));
        for bytes in [output.stdout, output.stderr] {
            let text = String::from_utf8_lossy(&bytes).into_owned();
            assert_eq!(told(&text), Vec::<&str>::new(), "{run:?}");
        }
    }
    assert_eq!(told(&String::from_utf8_lossy(&fs::read(saved).unwrap())), Vec::<&str>::new());
}

/// Goes through every screen and does what names files; what it showed, and what was written.
fn walk(tty: &Tty) -> String {
    let mut shown = Vec::new();
    for key in ["1", "2", "3", "4", "5", "6", "7", "8", "9", "0", "D", "P"] {
        tty.keys(&[key]);
        std::thread::sleep(Duration::from_millis(400));
        shown.push(tty.screen());
    }
    // Saves the packets, keeps the choices, and writes the screen down.
    for (key, word) in [("W", "sav"), ("C", "kept in")] {
        tty.keys(&[key]);
        let is_told = within(|| tty.screen().contains(word));
        shown.push(tty.screen());
        assert!(is_told, "{key}: {}", tty.screen());
    }
    tty.keys(&["3", "j", ":"]);
    tty.keys(&["-l", "open in wireshark"]);
    tty.keys(&["Enter"]);
    let is_refused = within(|| tty.screen().contains("opens files"));
    shown.push(tty.screen());
    assert!(is_refused, "{}", tty.screen());
    shown.join("\n")
}

#[test]
fn no_screen_names_what_was_named() {
    for (name, option, keys) in [("private", "--anonymize", &[][..]), ("hidden", "", &["A"][..])] {
        // The command needs the folder before it is run.
        let Some(tty) = Tty::sized(name, "exec bash --norc -i", (160, 45)) else { return };
        let [monday, sunday, config, save] = captures(&tty.folder);
        let command = format!(
            "cd /; clear; XDG_CONFIG_HOME={config} {PROGRAM} {option} --compare {sunday} --save-dir {save} --local-net 203.0.113.0/24 \
             -f 'not net 203.0.113.0/24' {monday}; echo the end"
        );
        tty.keys(&["-l", &command]);
        tty.keys(&["Enter"]);
        assert!(tty.shows("1 Overview"), "{}", tty.screen());
        tty.keys(keys);
        assert!(tty.shows("names hidden"), "{}", tty.screen());
        let shown = walk(&tty);
        assert_eq!(told(&shown), Vec::<&str>::new(), "{name}");
        // Who leaves while packets are being saved has none of them.
        assert!(within(|| fs::read_dir(&save).is_ok_and(|files| files.count() == 1)), "{name}: {}", tty.screen());
        tty.keys(&["q"]);
        assert!(tty.shows("the end"), "{}", tty.screen());
        let last = tty.screen();
        // The command line itself stands above what it prints.
        let printed = last.rsplit_once("monday.pcapng; echo the end").map_or(last.as_str(), |(_, printed)| printed);
        assert_eq!(told(printed), Vec::<&str>::new(), "{name}");
        let files: Vec<_> = fs::read_dir(&save).unwrap().map(|file| file.unwrap().path()).collect();
        assert_eq!(files.len(), 1, "{files:?}");
        assert_eq!(told(&String::from_utf8_lossy(&fs::read(&files[0]).unwrap())), Vec::<&str>::new(), "{name}");
    }
}
