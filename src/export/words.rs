//! What other programs call the protocols of applications: whoever has a query for theirs finds what came from here. Where they have no word it is
//! ours, which is Wireshark's.

/// Ours, Zeek's and Suricata's (`service` of conn.log, `app_proto` of EVE); `""`: the same as ours.
const WORDS: &[(&str, &str, &str)] = &[
    ("bt-dht", "", "bittorrent-dht"),
    ("dcerpc", "dce_rpc", ""),
    ("isakmp", "", "ike"),
    ("kerberos", "krb", "krb5"),
    // Zeek reads names of all kinds by one analyser.
    ("llmnr", "dns", ""),
    ("mdns", "dns", ""),
    ("nbns", "dns", ""),
    ("pgsql", "postgresql", ""),
    ("pop", "pop3", "pop3"),
    ("resp", "redis", ""),
    ("smb2", "smb", "smb"),
    ("tls", "ssl", ""),
    ("vnc", "rfb", "rfb"),
];

/// What TLS within another protocol is called here: that one, and this.
const SECURED: &str = "+tls";

fn row(token: &str) -> Option<&'static (&'static str, &'static str, &'static str)> {
    WORDS.iter().find(|(ours, ..)| *ours == token)
}

fn or_ours(theirs: Option<&'static str>, ours: &'static str) -> &'static str {
    theirs.filter(|word| !word.is_empty()).unwrap_or(ours)
}

/// Zeek's word.
pub fn of_zeek(token: &'static str) -> &'static str {
    let token = if token.ends_with(SECURED) { "tls" } else { token };
    or_ours(row(token).map(|row| row.1), token)
}

/// Suricata's word, and the one for what it was before it became TLS.
pub fn of_suricata(token: &'static str) -> (&'static str, Option<&'static str>) {
    let word = |token| or_ours(row(token).map(|row| row.2), token);
    match token.strip_suffix(SECURED) {
        Some(before) => ("tls", Some(word(before))),
        None => (word(token), None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dissect::registry;

    #[test]
    fn words_are_theirs_and_tokens_ours() {
        let unknown: Vec<_> = WORDS.iter().filter(|row| registry::app(row.0).is_none()).collect();
        assert!(unknown.is_empty(), "{unknown:?}");
        assert!(WORDS.is_sorted_by_key(|row| row.0) && WORDS.iter().all(|row| row.1 != row.0 && row.2 != row.0));
        assert_eq!(["tls", "smtp+tls", "kerberos", "pgsql", "ssh"].map(of_zeek), ["ssl", "ssl", "krb", "postgresql", "ssh"]);
        assert_eq!(
            ["tls", "smb2", "pop+tls", "http"].map(of_suricata),
            [("tls", None), ("smb", None), ("tls", Some("pop3")), ("http", None)]
        );
    }
}
