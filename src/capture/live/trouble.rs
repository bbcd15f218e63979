//! Why an interface could not be opened, in words that lead out of it.

use super::handle::Refused;
use crate::capture::{ports, sysfs};
use crate::error::Error;
use crate::model::text::printable;
use crate::settings::LiveSettings;

/// Interfaces named in a message; a container host can have hundreds.
const NAMED: usize = 20;

/// What a refused handle means.
pub enum Meaning {
    /// The interface is there and down: worth waiting for.
    Down,
    /// Nothing to wait for.
    Fatal(Error),
}

/// Explains why an interface could not be opened.
pub fn explain(name: &str, options: &LiveSettings, refused: &Refused) -> Meaning {
    let text = match refused {
        Refused::Filter(text) => return Meaning::Fatal(filter(options, text)),
        Refused::Device(text) => text,
    };
    let status = sysfs::status(name);
    if is_permission(text) {
        let mut message = not_permitted(name);
        if status == sysfs::Status::Missing {
            message.push_str(&format!("; besides, there may be no such interface: {}", choice()));
        }
        return Meaning::Fatal(Error::Permission(message));
    }
    if status == sysfs::Status::Down || text.contains("not up") {
        return Meaning::Down;
    }
    let name = printable(name);
    if status == sysfs::Status::Missing || is_missing(text) {
        return Meaning::Fatal(Error::NoSuchInterface(format!("{name}: no such interface; {}", choice())));
    }
    Meaning::Fatal(Error::Device(format!("{name}: cannot capture: {}", printable(text))))
}

/// The error of a filter expression that does not compile.
pub fn filter(options: &LiveSettings, text: &str) -> Error {
    let expression = options.filter.as_deref().unwrap_or_default();
    Error::Filter(format!(
        "capture filter `{}`: {}; the syntax is that of tcpdump, see pcap-filter(7)",
        printable(expression),
        printable(text)
    ))
}

/// The interfaces there are, as the end of a sentence.
pub fn choice() -> String {
    let names: Vec<String> = ports::list().unwrap_or_default().into_iter().map(|port| port.name).collect();
    match names.len() {
        0 => "this system shows none".into(),
        n if n > NAMED => format!("there are: {} and {} more", names[..NAMED].join(", "), n - NAMED),
        _ => format!("there are: {}", names.join(", ")),
    }
}

fn is_permission(text: &str) -> bool {
    let text = text.to_ascii_lowercase();
    ["cap_net_raw", "not permitted", "permission"].iter().any(|word| text.contains(word))
}

fn is_missing(text: &str) -> bool {
    let text = text.to_ascii_lowercase();
    ["no such device", "doesn't exist", "not configured"].iter().any(|word| text.contains(word))
}

/// The missing right, and the two ways to get it.
fn not_permitted(name: &str) -> String {
    let program = std::env::current_exe().map_or_else(|_| "spantop".into(), |path| path.display().to_string());
    let (program, interface) = (quoted(&program), quoted(name));
    if !cfg!(target_os = "linux") {
        return format!("{interface}: not permitted to capture; run it as root: `sudo {program} -i {interface}`");
    }
    // Promiscuous mode too: a packet socket may ask for it (packet(7), PACKET_ADD_MEMBERSHIP).
    format!(
        "{interface}: not permitted: this program needs CAP_NET_RAW to capture; run it as root, `sudo {program} -i {interface}`, \
         or give it to everybody who may run the program, `sudo setcap cap_net_raw=ep {program}`"
    )
}

/// A word for a shell: quoted when it holds anything unusual.
fn quoted(word: &str) -> String {
    let word = printable(word);
    let plain = |c: char| c.is_ascii_alphanumeric() || "/._-+:@".contains(c);
    if !word.is_empty() && word.chars().all(plain) { word.into_owned() } else { format!("'{}'", word.replace('\'', r"'\''")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_names_the_right_and_the_command() {
        let options = LiveSettings::default();
        let refused = Refused::Device("Attempt to create packet socket failed - CAP_NET_RAW may be required".into());
        let Meaning::Fatal(error) = explain("lo", &options, &refused) else { panic!("waits for rights") };
        let text = error.to_string();
        let program = std::env::current_exe().expect("this test is a program");
        assert!(text.contains(&format!("sudo setcap cap_net_raw=ep {}", program.display())), "{text}");
        assert!(text.contains("CAP_NET_RAW to capture") && !text.contains("NET_ADMIN") && text.contains("-i lo"), "{text}");
        assert_eq!(error.exit_code(), 1);
    }

    #[test]
    fn a_missing_interface_lists_the_others() {
        let refused = Refused::Device("SIOCGIFINDEX: No such device".into());
        let Meaning::Fatal(error) = explain("no-such-port", &LiveSettings::default(), &refused) else { panic!("waits for it") };
        assert!(error.to_string().starts_with("no-such-port: no such interface; "), "{error}");
        if sysfs::present() {
            assert!(error.to_string().contains("lo"), "{error}");
        }
    }

    #[test]
    fn a_bad_filter_is_a_cause_of_its_own() {
        let options = LiveSettings { filter: Some("prot 80".into()), ..LiveSettings::default() };
        let Meaning::Fatal(error) = explain("lo", &options, &Refused::Filter("syntax error".into())) else { panic!("waits") };
        assert_eq!(error.exit_code(), 2);
        assert!(error.to_string().contains("`prot 80`: syntax error"), "{error}");
    }

    #[test]
    fn down_is_worth_waiting_for() {
        assert!(matches!(explain("lo", &LiveSettings::default(), &Refused::Device("That device is not up".into())), Meaning::Down));
    }

    #[test]
    fn shell_words() {
        assert_eq!(quoted("/usr/bin/spantop"), "/usr/bin/spantop");
        assert_eq!(quoted("/my dir/it's"), r"'/my dir/it'\''s'");
        assert_eq!(quoted(""), "''");
    }
}
