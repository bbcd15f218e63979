//! What files and ports are called instead: their names often say whose network it is.

use crate::error::Error;
use crate::model::SourceInfo;
use std::path::Path;

/// A capture whose name is not told.
pub const FILE: &str = "capture";

/// A port whose name is not told.
const PORT: &str = "port";

/// Letters of an ending such as `pcapng`.
const LONGEST_ENDING: usize = 6;

/// What a file is called: its ending stays, and which of several it is.
pub fn of_file(name: &str, number: Option<usize>) -> String {
    // Standard input has no name of its own.
    if name == "-" {
        return name.to_owned();
    }
    let is_plain = |ending: &&str| ending.len() <= LONGEST_ENDING && ending.chars().all(|c| c.is_ascii_alphanumeric());
    let ending = Path::new(name).extension().and_then(|e| e.to_str()).filter(is_plain);
    format!("{FILE}{}{}", numbered(number), ending.map(|ending| format!(".{ending}")).unwrap_or_default())
}

/// What a port is called: an ordinary name stays.
pub fn of_port(name: &str, number: Option<usize>) -> String {
    if is_ordinary(name) { name.to_owned() } else { format!("{PORT}{}", numbered(number)) }
}

fn numbered(number: Option<usize>) -> String {
    number.map(|n| format!("-{n}")).unwrap_or_default()
}

/// Names that systems give to interfaces by their kind and place (`eth0`, `enp3s0f1`, `wlan0`): they tell nothing of anybody.
const KINDS: [&str; 14] = ["eth", "enp", "ens", "eno", "em", "wlan", "wlp", "wls", "lo", "any", "br", "bond", "vlan", "en"];

/// Whether an interface's name is one of those. Others hold hardware addresses, identifiers of a machine, or what somebody called it.
pub fn is_ordinary(name: &str) -> bool {
    let place = |rest: &str| rest.len() <= 6 && rest.bytes().all(|byte| byte.is_ascii_digit() || b"sfdnp.".contains(&byte));
    KINDS.iter().any(|kind| name.strip_prefix(kind).is_some_and(place))
}

/// Names of sources, and what each is called instead.
#[derive(Debug, Default)]
pub struct Pseudonyms(Vec<(String, String)>);

impl Pseudonyms {
    /// Those of sources.
    pub fn of_sources(sources: &[SourceInfo]) -> Self {
        let is_one = sources.len() == 1;
        let pair = |(number, source): (usize, &SourceInfo)| {
            let number = (!is_one).then_some(number + 1);
            let instead = if source.format == "live" { of_port(&source.name, number) } else { of_file(&source.name, number) };
            (source.name.clone(), instead)
        };
        Self(sources.iter().enumerate().map(pair).collect())
    }

    /// Those of files.
    pub fn of_paths(paths: &[&Path]) -> Self {
        let number = |at: usize| (paths.len() > 1).then_some(at + 1);
        let names = paths.iter().map(|path| path.display().to_string()).enumerate();
        Self(names.map(|(at, name)| (name.clone(), of_file(&name, number(at)))).collect())
    }

    /// A source without its name, also in what is wrong with it.
    pub fn put_on(&self, number: usize, source: &mut SourceInfo) {
        source.warning = source.warning.take().map(|warning| self.in_text(&warning));
        if let Some((_, instead)) = self.0.get(number) {
            source.name.clone_from(instead);
        }
    }

    /// A text with the names replaced, where they stand by themselves.
    pub fn in_text(&self, text: &str) -> String {
        self.0.iter().filter(|(name, _)| !name.is_empty()).fold(text.to_owned(), |text, (name, instead)| {
            // As it is printed, too.
            let text = replaced(&text, name, instead);
            replaced(&text, &crate::model::text::printable(name), instead)
        })
    }

    /// An error with the names replaced.
    pub fn in_error(&self, error: Error) -> Error {
        error.with_words(|words| self.in_text(words))
    }
}

/// Replaces a name that is no part of a longer word.
fn replaced(text: &str, name: &str, instead: &str) -> String {
    let (mut out, mut rest, mut before) = (String::with_capacity(text.len()), text, None::<char>);
    while let Some((left, right)) = rest.split_once(name) {
        let is_inner = |c: Option<char>| c.is_some_and(char::is_alphanumeric);
        let (last, next) = (left.chars().next_back().or(before), right.chars().next());
        let is_whole = !is_inner(last) && !is_inner(next);
        out.push_str(left);
        out.push_str(if is_whole { instead } else { name });
        (rest, before) = (right, name.chars().next_back());
    }
    out + rest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_called_by_its_ending_alone() {
        let named = |names: &[&str]| {
            let source =
                |name: &&str| SourceInfo { name: (*name).into(), warning: Some(format!("{name}: cut short")), ..SourceInfo::default() };
            let mut sources: Vec<SourceInfo> = names.iter().map(source).collect();
            let pseudonyms = Pseudonyms::of_sources(&sources);
            sources.iter_mut().enumerate().for_each(|(number, source)| pseudonyms.put_on(number, source));
            sources.into_iter().map(|source| (source.name, source.warning.unwrap_or_default())).collect::<Vec<_>>()
        };
        let told = |name: &str| (name.to_owned(), format!("{name}: cut short"));
        assert_eq!(named(&["/home/acme/berlin-office.pcapng"]), [told("capture.pcapng")]);
        assert_eq!(named(&["a.pcap", "acme.2026-11-29.pcap.gz"]), [told("capture-1.pcap"), told("capture-2.gz")]);
        assert_eq!((named(&["x.acme-berlin"]), named(&["-"])), (vec![told("capture")], vec![told("-")]));
    }

    #[test]
    fn an_error_names_what_a_file_is_called() {
        let pseudonyms = Pseudonyms::of_paths(&[Path::new("a/acme.pcap"), Path::new("t")]);
        let error = Error::Format { path: "a/acme.pcap".into(), offset: None, message: "cut at t, not in tact, see a/acme.pcap".into() };
        assert_eq!(pseudonyms.in_error(error).to_string(), "capture-1.pcap: cut at capture-2, not in tact, see capture-1.pcap");
    }

    #[test]
    fn only_names_of_kind_and_place_stay() {
        for name in ["eth0", "enp3s0f1", "ens192", "eno1", "wlan0", "wlp2s0", "lo", "any", "br0", "bond0", "vlan10", "en0", "eth0.20"] {
            assert!(is_ordinary(name), "{name}");
        }
        for name in [
            "wlx08beac0b176e",
            "enx08beac0b176e",
            "\\Device\\NPF_{15FC3E08-0000}",
            "director",
            "enterprise",
            "eth0-bank",
            "any 10.0.0.1",
            "",
        ] {
            assert!(!is_ordinary(name), "{name}");
        }
        assert_eq!((of_port("eth0", Some(1)), of_port("wlx08beac0b176e", Some(2))), ("eth0".into(), "port-2".into()));
    }
}
