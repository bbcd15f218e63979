//! `spantop config`: what is wrong with the file, what is in force, and a file to begin with.

use super::Preferences;
use crate::app::console::{Console, say};
use crate::app::{offered, output, trigger};
use crate::cli::{self, Common, ConfigCommand, ConfigEntry, ConfigFile, InForce};
use crate::diagnose::{NamedThreshold, thresholds};
use crate::engine::rules_of;
use crate::error::{Error, Result};
use crate::export::registry::EXPORTERS;
use crate::model::Arrange as _;
use crate::model::Carrier;
use crate::model::evidence::ThresholdUnit;
use crate::model::text::printable;
use crate::settings::MirrorSettings;
use crate::tui::Keymap;
use std::fmt::Write as _;
use std::io::Write as _;
use std::path::{Path, PathBuf};

/// Does what is wanted; the exit code.
pub fn run(console: &Console, common: &Common, command: &ConfigCommand) -> Result<u8> {
    match command {
        ConfigCommand::Check(file) => check(console, file.clone().or_else(|| common.named_file.clone())),
        ConfigCommand::Print { options } => {
            let preferences = Preferences::in_force(common)?;
            output::print(in_force(common, options, &preferences).as_bytes()).map(|()| 0)
        }
        ConfigCommand::Init => init(common.named_file.clone()),
    }
}

fn usual() -> Result<PathBuf> {
    cli::usual_place().ok_or_else(|| Error::usage("neither XDG_CONFIG_HOME nor HOME names a directory: name the file with --config FILE"))
}

fn check(console: &Console, named: Option<PathBuf>) -> Result<u8> {
    let path = match named {
        Some(path) => path,
        None => {
            let path = usual()?;
            if !path.exists() {
                let text = format!("{}: there is no such file, and none is needed (spantop config init writes one)\n", path.display());
                return output::print(console.text(&text).as_bytes()).map(|()| 0);
            }
            path
        }
    };
    let file = cli::read_config(&path)?;
    let wrong = wrong(&file);
    for line in &wrong {
        say(line);
    }
    if wrong.is_empty() {
        output::print(console.text(&format!("{}: nothing is wrong with it\n", path.display())).as_bytes())?;
        return Ok(0);
    }
    Ok(2)
}

/// What is wrong with a file, whatever machine it is for.
fn wrong_by_itself(file: &ConfigFile) -> (Preferences, Vec<String>) {
    let mut wrong = cli::wrong_options(file, &offered());
    let (preferences, in_sections) = Preferences::read(file);
    wrong.extend(in_sections);
    (preferences, wrong)
}

/// Everything that is wrong with a file: what a command would refuse when it starts is refused here.
fn wrong(file: &ConfigFile) -> Vec<String> {
    let (preferences, mut wrong) = wrong_by_itself(file);
    for entry in file.options.iter().filter(|entry| ["ring", "save-dir"].contains(&entry.key.as_str())) {
        let missing = entry.values.iter().filter(|folder| !Path::new(folder).is_dir());
        wrong.extend(missing.map(|folder| format!("{}: {}: no such directory", entry.place, printable(folder))));
    }
    wrong.extend(file.options.iter().filter_map(|entry| Some(format!("{}: {}", entry.place, printable(&contradiction(entry)?)))));
    let targets = preferences.probe.wrong_targets();
    let place = &preferences.probe.exports_place;
    wrong.extend(targets.iter().map(|error| format!("{place}: {}", printable(&error.to_string().replacen("--export ", "", 1)))));
    wrong
}

/// What is wrong with the values of an option together, each of which could stand alone.
fn contradiction(entry: &ConfigEntry) -> Option<String> {
    match entry.key.as_str() {
        "save-on" => trigger::refuse_unknown(&entry.values).err().map(|error| error.to_string().replacen("--save-on", "save-on", 1)),
        "decap-port" => {
            let carriers: Vec<Carrier> = entry.values.iter().filter_map(|text| cli::carrier(text).ok()).collect();
            rules_of(&MirrorSettings { carriers, ..MirrorSettings::default() }).err().map(|error| error.to_string().replacen("--", "", 1))
        }
        _ => None,
    }
}

/// A text as TOML has it.
fn quoted(text: &str) -> String {
    toml_edit::Value::from(text).to_string().trim().to_owned()
}

fn value(text: &str) -> String {
    if text.parse::<i64>().is_ok() || text == "true" || text == "false" { text.to_owned() } else { quoted(text) }
}

/// A value of a threshold as a file has it.
pub(super) fn threshold_value(unit: ThresholdUnit, value: f64) -> String {
    match unit {
        ThresholdUnit::Count | ThresholdUnit::Share | ThresholdUnit::Times | ThresholdUnit::Rate => {
            ((value * 1e9).round() / 1e9).to_string()
        }
        ThresholdUnit::Time if value % 1e9 == 0.0 => format!("{}s", value / 1e9),
        ThresholdUnit::Time if value < 1e6 => format!("{}us", value / 1e3),
        ThresholdUnit::Time => format!("{}ms", value / 1e6),
    }
}

fn list(values: impl IntoIterator<Item = impl AsRef<str>>) -> String {
    format!("[{}]", values.into_iter().map(|v| quoted(v.as_ref())).collect::<Vec<_>>().join(", "))
}

/// What is in force, as a file that would say so.
fn in_force(common: &Common, options: &[InForce], preferences: &Preferences) -> String {
    let mut out = match &common.file {
        Some(file) => format!("# {}\n", file.path.display()),
        None => "# no configuration file\n".to_owned(),
    };
    for option in options {
        let values = if option.is_list { list(&option.values) } else { option.values.first().map(|v| value(v)).unwrap_or_default() };
        let origin = if option.origin.is_empty() { String::new() } else { format!("  # {}", option.origin) };
        let _ = writeln!(out, "{} = {values}{origin}", option.key);
    }
    let _ = writeln!(out, "\n[dashboard]");
    if let Some(scale) = preferences.scale {
        let text = if scale == i64::MAX { "all".to_owned() } else { threshold_value(ThresholdUnit::Time, scale as f64) };
        let _ = writeln!(out, "scale = {}", quoted(&text));
    }
    let _ = writeln!(out, "bytes = {}\nnames = {}", preferences.bytes.unwrap_or(false), preferences.shows_names());
    out += &probe_in_force(preferences);
    let _ = writeln!(out, "\n[columns]");
    let mut columns: Vec<_> = preferences.columns.iter().collect();
    columns.arrange();
    for (table, tokens) in columns {
        let _ = writeln!(out, "{table} = {}", list(tokens));
    }
    let _ = writeln!(out, "\n[order]");
    for (table, order) in [("conversations", preferences.conversations), ("endpoints", preferences.endpoints)] {
        if let Some(order) = order {
            let _ = writeln!(out, "{table} = {}", quoted(&super::keeper::order(order)));
        }
    }
    let _ = writeln!(out, "\n[hosts]");
    let mut hosts: Vec<_> = preferences.own_names.hosts.iter().collect();
    hosts.arrange();
    for (address, name) in hosts {
        let _ = writeln!(out, "{} = {}", quoted(&address.to_string()), quoted(name));
    }
    let _ = writeln!(out, "\n[ports]");
    let mut ports: Vec<_> = preferences.own_names.ports.iter().collect();
    ports.arrange();
    for ((port, transport), name) in ports {
        let key = if transport.is_empty() { port.to_string() } else { format!("{port}/{transport}") };
        let _ = writeln!(out, "{} = {}", quoted(&key), quoted(name));
    }
    out + &listed_thresholds("") + &keys(&preferences.keymap, "")
}

/// What a probe is told.
fn probe_in_force(preferences: &Preferences) -> String {
    let mut out = "\n[probe]\n".to_owned();
    let told = &preferences.probe;
    for (key, value) in [("id", &told.id), ("site", &told.site), ("status", &told.status)] {
        if let Some(value) = value {
            let _ = writeln!(out, "{key} = {}", quoted(value));
        }
    }
    if let Some(seconds) = told.flow_seconds {
        let _ = writeln!(out, "flow-seconds = {seconds}");
    }
    let _ = writeln!(out, "export = {}", list(&told.exports));
    for (exporter, options) in &told.options {
        let _ = writeln!(out, "\n[export.{exporter}]");
        for (key, text) in options {
            let _ = writeln!(out, "{key} = {}", value(text));
        }
    }
    out
}

/// The same as comments.
fn probe_template() -> String {
    let mut out = "\n[probe]\n#id = \"campus-7\"  # in every exported row; else the host's name\n#site = \"library\"\n\
                   #status = \"127.0.0.1:9901\"  # /healthz and /status\n#flow-seconds = 300  # conversations that go on are exported after so many, 0: at their end only\n#export = [\"jsonl-eve:/var/log/spantop/eve.json\"]\n"
        .to_owned();
    for kind in EXPORTERS.iter().filter(|kind| !kind.options.is_empty()) {
        let _ = writeln!(out, "\n[export.{}]  # {}:{}", kind.token, kind.token, kind.target);
        for option in kind.options {
            let _ = writeln!(out, "#{} = {}  # {}", option.key, value(&option.default()), option.line());
        }
    }
    out
}

fn listed_thresholds(mark: &str) -> String {
    let mut out = "\n[thresholds]  # by finding, as spantop explain names them: the least, the most\n".to_owned();
    let mut before: Vec<NamedThreshold> = Vec::new();
    for named in thresholds() {
        let t = named.threshold;
        if before.last().is_none_or(|last| last.id != named.id) {
            let _ = writeln!(out, "# spantop explain {}", named.id);
        }
        let text = |value| threshold_value(t.unit, value);
        let value = if t.unit == ThresholdUnit::Time { quoted(&text(t.value())) } else { text(t.value()) };
        let changed = if t.is_changed() { format!(" (else {})", text(t.default)) } else { String::new() };
        // What several findings are measured with is set once.
        let same = before.iter().find(|other| other.is_same(&named));
        match same {
            Some(same) => drop(writeln!(out, "#{} = {value}  # the same number as {}", named.key(), same.key())),
            None => drop(writeln!(out, "{mark}{} = {value}  # {} to {}{changed}", named.key(), text(t.least), text(t.most))),
        }
        before.push(named);
    }
    out
}

fn keys(map: &Keymap, mark: &str) -> String {
    let (mut out, mut place) = (String::new(), None);
    for (scope, action, keys) in map.listed() {
        if place != Some(scope) {
            let _ = writeln!(out, "\n[keys{}{}]", if scope.is_empty() { "" } else { "." }, scope.to_lowercase());
            place = Some(scope);
        }
        let _ = writeln!(out, "{mark}{action} = {}", list(keys));
    }
    out
}

/// A file in which everything stands as a comment.
fn template() -> String {
    let themes = crate::settings::THEMES.join(", ");
    let head = format!(
        "# spantop's configuration. The command line goes before it; spantop config check says what is wrong with it.\n\
         # Options, by their long names without dashes (spantop --help):\n\n\
         #theme = \"auto\"  # auto, {themes}\n#interval = \"1s\"\n#local-net = [\"10.0.0.0/8\"]\n#speed = \"10G\"\n\n\
         [dashboard]\n#scale = \"5m\"  # time on the load chart of a port; all: everything\n#bytes = false\n#names = false\n\n\
         [columns]\n#conversations = [\"app\", \"rate\", \"last_minute\", \"retrans\", \"share\"]\n\n\
         [order]\n#conversations = \"-rate\"\n#endpoints = \"-rate\"\n\n\
         [hosts]\n#\"10.0.0.53\" = \"dns-1\"\n\n[ports]\n#\"8443/tcp\" = \"intranet\"\n"
    );
    head + &probe_template() + &listed_thresholds("#") + &keys(&Keymap::default(), "#")
}

fn init(named: Option<PathBuf>) -> Result<u8> {
    let path = match named {
        Some(path) => path,
        None => usual()?,
    };
    if path.as_os_str() == "-" {
        return Err(Error::usage("config init writes a file: name it (config print writes to standard output)"));
    }
    let refused = |e: std::io::Error| match e.kind() {
        std::io::ErrorKind::AlreadyExists => Error::usage(format!("{}: there is one already, and it stays as it is", path.display())),
        _ => Error::io(path.display().to_string(), &e),
    };
    if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        std::fs::create_dir_all(folder).map_err(refused)?;
    }
    let mut file = std::fs::OpenOptions::new().write(true).create_new(true).open(&path).map_err(refused)?;
    file.write_all(template().as_bytes()).map_err(refused)?;
    output::print(format!("{}\n", path.display()).as_bytes()).map(|()| 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(name: &str, text: &str) -> ConfigFile {
        let path = std::env::temp_dir().join(format!("spantop-{name}-{}.toml", std::process::id()));
        std::fs::write(&path, text).unwrap();
        let file = cli::read_config(&path).unwrap();
        std::fs::remove_file(&path).unwrap();
        file
    }

    #[test]
    fn the_template_is_right_as_it_is_and_with_every_comment_taken_off() {
        let text = template();
        assert_eq!(wrong_by_itself(&read("template", &text)).1, Vec::<String>::new());
        let bare: String =
            text.lines().map(|l| format!("{}\n", l.strip_prefix('#').filter(|l| !l.starts_with(' ')).unwrap_or(l))).collect();
        let file = read("bare", &bare);
        assert_eq!(wrong_by_itself(&file).1, Vec::<String>::new(), "{bare}");
        assert!(file.options.len() >= 4 && file.sections.len() > 60, "{}", file.sections.len());
    }

    #[test]
    fn the_example_of_a_probe_is_right() {
        let text = include_str!("../../../packaging/probe.toml");
        let bare: String =
            text.lines().map(|l| format!("{}\n", l.strip_prefix('#').filter(|l| !l.starts_with(' ')).unwrap_or(l))).collect();
        let file = read("probe", &bare);
        assert_eq!(wrong_by_itself(&file).1, Vec::<String>::new(), "{bare}");
        let (told, _) = Preferences::read(&file);
        assert_eq!((told.probe.exports.len(), told.probe.options["clickhouse"].len()), (3, 4));
        let wrong = wrong(&read(
            "probes",
            "[probe]\nexport = [\"clickhaus:x\"]\n[export.clickhouse]\nusr = \"x\"\n[export.clickhous]\nuser = \"x\"\n",
        ));
        assert!(wrong[0].contains("no exporter 'clickhaus'") && wrong[1].contains("unknown key 'usr'"), "{wrong:#?}");
        assert!(wrong[2].contains("did you mean [export.clickhouse]?"), "{wrong:#?}");
    }

    /// Each is what the probe says when it starts, behind the place in the file.
    #[test]
    fn what_a_probe_would_refuse_is_refused_with_its_place() {
        let cases = [
            ("[probe]\nstatus = 9901\n", ":2:1: 9901: an address and a port"),
            ("[probe]\nstatus = \"0.0.0.0:1\"\n", ":2:1: 0.0.0.0:1: only this machine may ask"),
            ("[probe]\nexport = [\"syslog:h\", \"syslog:h\"]\n", ":2:1: syslog:h: given twice"),
            ("[probe]\nexport = [\"ipfix:ftp://h\"]\n", ":2:1: ipfix:ftp://h: a target is udp://HOST"),
            ("[probe]\nexport = [\"clickhouse:http://h:8123\"]\n", "the database is missing"),
            ("[probe]\nexport = [\"prometheus:9902\"]\n", ":2:1: prometheus:9902: an address and a port"),
            ("[probe]\nexport = [\"jsonl-zeek:/no/such\"]\n", ":2:1: jsonl-zeek:/no/such: no such directory"),
            ("[probe]\nexport = [\"jsonl-eve:/no/such/x\"]\n", ":2:1: jsonl-eve:/no/such/x: no such directory"),
            ("[probe]\nexport = [\"webhook:https://h/x\"]\n[export.webhook]\ntoken-file = \"/no/such\"\n", "token-file /no/such: "),
            ("[export.ipfix]\ndomain = -1\n", ":2:1: domain is a number from 0 to 4294967295"),
            ("[export.ipfix]\ndomain = 99999999999\n", ":2:1: domain is a number from 0 to 4294967295"),
            ("[export.clickhouse]\ncompression = \"brotli\"\n", ":2:1: compression is gzip, zstd or none"),
            ("[export.clickhouse]\nbatch-rows = 0\n", ":2:1: batch-rows is a number from 1 to 100000"),
            ("[export.clickhouse]\nspool-mib = 0\n", ":2:1: spool-mib is a number from 1"),
            ("[export.syslog]\nformat = \"xml\"\n", ":2:1: format is text or cef"),
            ("ring = \"/no/such\"\n", ":1:1: /no/such: no such directory"),
        ];
        for (text, words) in cases {
            let wrong = wrong(&read("refused", text));
            assert!(wrong.len() == 1 && wrong[0].contains(words), "{text}: {wrong:#?}");
        }
    }

    #[test]
    fn a_former_name_of_a_threshold_is_answered_with_the_present_one() {
        let former = super::super::sections::FORMER_THRESHOLDS;
        let text = former.iter().map(|(former, _)| format!("{former} = 1\n")).collect::<String>();
        let wrong = wrong(&read("former", &format!("[thresholds]\n{text}")));
        assert_eq!(wrong.len(), former.len(), "{wrong:#?}");
        for (key, now) in former {
            let said = format!("the threshold '{key}' is called {now} now");
            assert!(wrong.iter().any(|told| told.ends_with(&said)), "{said} is not in {wrong:#?}");
            assert!(thresholds().any(|t| t.key() == now), "{now} is none");
        }
    }

    #[test]
    fn what_can_stand_alone_and_not_together_is_wrong() {
        let told = |text: &str| wrong(&read("together", text));
        for (text, words) in [
            ("save-on = [\"nonsense\"]", ":1:1: save-on: unknown finding 'nonsense'"),
            ("decap-port = [\"4789=vxlan\", \"4789=geneve\"]", ":1:1: decap-port: 4789 is vxlan and geneve at once"),
            ("[columns]\nconversations = []", ":2:1: conversations would have no column"),
            ("[columns]\nconversations = [\"rate\", \"app\", \"rate\"]", ":2:1: conversations has the column 'rate' once only"),
            ("[hosts]\n\"1.2.3.4\" = \"y\"\n\"::ffff:1.2.3.4\" = \"x\"", ":3:1: '::ffff:1.2.3.4' has another name already: y"),
            ("memory = \"99999999999999999999G\"", "more than any machine has"),
        ] {
            let wrong = told(text);
            assert!(matches!(wrong.as_slice(), [one] if one.contains(words)), "{text}: {wrong:#?}");
        }
        let right = "save-on = [\"tcp.loss\", \"dns\"]\ndecap-port = [\"4789=vxlan\", \"4790=geneve\", \"4789=vxlan\"]\n\
                     [columns]\nconversations = [\"rate\", \"app\"]\n[hosts]\n\"1.2.3.4\" = \"y\"\n\"::1\" = \"x\"";
        assert_eq!(told(right), Vec::<String>::new());
    }

    #[test]
    fn what_is_wrong_is_told_all_at_once() {
        let text = "theme = \"mud\"\nspeling = 1\n[dashboard]\nscale = \"soon\"\n[columns]\nconversations = [\"sausage\"]\n[order]\nhosts = \"x\"\n\
                    [hosts]\n\"10.0.0.256\" = \"x\"\n\"10.0.0.1\" = \"\"\n[ports]\n\"http\" = \"x\"\n[thresholds]\ndns.slow.slow = \"1us\"\ndns.slow.slwo = 1\ntcp.loss.many = \"200 %\"\nserver.slow.very = \"2s\"\n\
                    [keys]\npause = \"s\"\n[kees]\nx = 1\n";
        let wrong = wrong(&read("wrong", text));
        let wanted = [
            (":1:1: ", "mud"),
            (":2:1: ", "unknown key 'speling'"),
            (":4:1: ", "does not begin with a number"),
            (":6:1: ", "has no column 'sausage'"),
            (":8:1: ", "has no order"),
            (":10:1: ", "is no address"),
            (":11:1: ", "a name has"),
            (":13:1: ", "is no port"),
            (":15:10: ", "dns.slow.slow lies between 1ms and 60s"),
            (":16:10: ", "did you mean dns.slow.slow?"),
            (":17:10: ", "tcp.loss.many lies between 0.0001 and 1"),
            (":18:13: ", "is called server.slow.slow now"),
            (":22:1: ", "did you mean [keys]?"),
            (":20:1: ", "s does 'sort' as well"),
        ];
        assert_eq!(wrong.len(), wanted.len(), "{wrong:#?}");
        for (place, words) in wanted {
            assert!(wrong.iter().any(|w| w.contains(place) && w.contains(words)), "{place}{words} is not in {wrong:#?}");
        }
    }
}
