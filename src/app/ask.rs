//! A switch that is to be asked: its address, and the credentials from a file or the environment.

use super::privacy::Privacy;
use crate::ask::{SharedAgent, SwitchAgent};
use crate::cli::{Common, SwitchRequest};
use crate::error::{Error, Result};
use crate::settings::small_file;
use crate::settings::{AskSettings, InputSettings, Secret, SnmpAccess, SnmpDigest, SnmpPrivacy};
use std::collections::BTreeMap;
use std::net::ToSocketAddrs;
use std::path::Path;
use std::sync::{Arc, Mutex};

/// The names of credentials in the environment begin so.
const PREFIX: &str = "SPANTOP_SWITCH_";

/// Keys of credentials.
const KEYS: [&str; 6] = ["community", "user", "auth", "auth-password", "privacy", "privacy-password"];

/// Whoever asks the switch. Before rights are given up, for a name is looked up, a file is read, and a socket is opened.
pub fn agent(common: &Common, input: &InputSettings) -> Result<Option<SharedAgent>> {
    let Some(request) = Privacy::of(common).switch(common.switch.as_ref())? else { return Ok(None) };
    if !matches!(input, InputSettings::Live(_)) {
        return Err(Error::usage("--switch goes with a port (-i): what a switch says now is not about a capture"));
    }
    let SwitchRequest { host, port, credentials, mirror_port } = request;
    let address = (host.as_str(), *port).to_socket_addrs().ok().and_then(|mut all| all.next());
    let address = address.ok_or_else(|| Error::usage(format!("--switch {host}: no such name or address")))?;
    let values = match credentials {
        Some(path) => in_file(path)?,
        None => KEYS.iter().filter_map(|key| Some((*key, std::env::var(variable(key)).ok()?))).collect(),
    };
    let access = access(&values)?;
    let settings = AskSettings { host: address.ip().to_string(), port: *port, access, mirror_port: mirror_port.clone() };
    let agent = SwitchAgent::open(settings).map_err(|e| Error::usage(format!("--switch {e}")))?;
    Ok(Some(Arc::new(Mutex::new(agent))))
}

fn variable(key: &str) -> String {
    format!("{PREFIX}{}", key.replace('-', "_").to_ascii_uppercase())
}

type Values = BTreeMap<&'static str, String>;

fn in_file(path: &Path) -> Result<Values> {
    let wrong = |what: String| Error::usage(format!("--switch-credentials {}: {what}", path.display()));
    let file = std::fs::metadata(path).map_err(|e| wrong(e.to_string()))?;
    if small_file::is_open(&file) {
        return Err(wrong(small_file::OPEN.into()));
    }
    parse(&small_file::read_text(path).map_err(|e| wrong(e.to_string()))?).map_err(wrong)
}

/// Lines `key = value`; a value may stand in quotes.
fn parse(text: &str) -> std::result::Result<Values, String> {
    let mut values = Values::new();
    for (at, line) in text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty() && !line.trim_start().starts_with('#')) {
        let (key, value) = line.split_once('=').ok_or(format!("line {}: a key, '=' and a value are wanted", at + 1))?;
        let known = KEYS.iter().find(|known| **known == key.trim());
        let known = known.ok_or_else(|| format!("line {}: unknown key; there are {}", at + 1, KEYS.join(", ")))?;
        let value = value.trim();
        let bare = value.strip_prefix('"').and_then(|v| v.strip_suffix('"')).unwrap_or(value);
        values.insert(known, bare.to_owned());
    }
    Ok(values)
}

fn access(values: &Values) -> Result<SnmpAccess> {
    let secret = |key: &str| values.get(key).map(|value| Secret::new(value.as_str()));
    let Some(user) = values.get("user") else {
        return secret("community").map(SnmpAccess::Community).ok_or_else(|| {
            let names = [variable("community"), variable("user")].join(" or ");
            Error::usage(format!("--switch needs credentials: --switch-credentials FILE, or {names} in the environment"))
        });
    };
    let word = |key: &str| values.get(key).map(|word| word.to_ascii_lowercase().replace(['-', '_'], ""));
    let digest = |word: &str| {
        Some(match word {
            "md5" => SnmpDigest::Md5,
            "sha" | "sha1" => SnmpDigest::Sha1,
            "sha224" => SnmpDigest::Sha224,
            "sha256" => SnmpDigest::Sha256,
            "sha384" => SnmpDigest::Sha384,
            "sha512" => SnmpDigest::Sha512,
            _ => return None,
        })
    };
    let cipher = |word: &str| {
        Some(match word {
            "des" => SnmpPrivacy::Des,
            "aes" | "aes128" => SnmpPrivacy::Aes128,
            "aes192" => SnmpPrivacy::Aes192,
            "aes256" => SnmpPrivacy::Aes256,
            _ => return None,
        })
    };
    let wrong = |key: &str, all: &str| Error::usage(format!("credentials of --switch: {key} is one of {all}"));
    let authentication = secret("auth-password")
        .map(|password| match digest(word("auth").as_deref().unwrap_or("sha1")) {
            // A shorter one is none that devices take (RFC 3414 section 11.2).
            Some(_) if password.as_bytes().len() < 8 => {
                Err(Error::usage("credentials of --switch: auth-password has at least 8 characters"))
            }
            Some(kind) => Ok((kind, password)),
            None => Err(wrong("auth", "md5, sha1, sha224, sha256, sha384, sha512")),
        })
        .transpose()?;
    let privacy = secret("privacy-password")
        .map(|password| match cipher(word("privacy").as_deref().unwrap_or("aes128")) {
            Some(_) if authentication.is_none() => Err(Error::usage("credentials of --switch: privacy-password needs auth-password")),
            Some(kind) => Ok((kind, password)),
            None => Err(wrong("privacy", "des, aes128, aes192, aes256")),
        })
        .transpose()?;
    Ok(SnmpAccess::User { user: user.clone(), authentication, privacy })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn credentials_of_both_versions() {
        let of = |text: &str| access(&parse(text).unwrap());
        assert_eq!(of("# a comment\n\ncommunity = \"pub lic\"").unwrap(), SnmpAccess::Community(Secret::new("pub lic")));
        let user = of("user=probe\nauth = SHA-256\nauth-password=secretsecret\nprivacy-password=other").unwrap();
        let SnmpAccess::User { user, authentication, privacy } = &user else { panic!("{user:?}") };
        assert_eq!(user, "probe");
        assert!(matches!(authentication, Some((SnmpDigest::Sha256, _))) && matches!(privacy, Some((SnmpPrivacy::Aes128, _))));
        assert!(!format!("{authentication:?}").contains("secret\"") && !format!("{authentication:?}").contains("secretsecret"));
        for wrong in ["", "user=x\nprivacy-password=y", "user=x\nauth=rot13\nauth-password=secretsecret", "user=x\nauth-password=short"] {
            assert!(of(wrong).is_err(), "{wrong}");
        }
        assert!(parse("password = x").is_err() && parse("community").is_err());
    }
}
