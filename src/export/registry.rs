//! The list of exporters.

use super::ExporterKind;

/// Every kind of exporter.
pub static EXPORTERS: &[&ExporterKind] = &[
    &super::jsonl_zeek::KIND,
    &super::jsonl_eve::KIND,
    &super::prometheus::KIND,
    &super::ipfix::KIND,
    &super::clickhouse::KIND,
    &super::syslog::KIND,
    &super::webhook::KIND,
    #[cfg(feature = "parquet")]
    &super::parquet::KIND,
];

/// The kind of a name.
pub fn find(token: &str) -> Option<&'static ExporterKind> {
    EXPORTERS.iter().copied().find(|kind| kind.token == token)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::export::ExportTarget;
    use std::collections::BTreeSet;

    #[test]
    fn names_are_unique_and_say_what_they_take() {
        let tokens: BTreeSet<_> = EXPORTERS.iter().map(|kind| kind.token).collect();
        assert_eq!(tokens.len(), EXPORTERS.len());
        assert!(EXPORTERS.iter().all(|kind| !kind.about.is_empty() && !kind.target.is_empty()));
        assert!(EXPORTERS.iter().all(|kind| kind.options.iter().all(|option| !option.key.contains(' ') && !option.about.is_empty())));
    }

    #[test]
    fn a_target_has_a_name_and_no_password() {
        let target = ExportTarget::parse("jsonl-eve:/var/log/eve.json").unwrap();
        let hook = ExportTarget::parse("webhook:https://chat.example/T0/hunter2").unwrap();
        assert!(hook.name().starts_with("webhook:https://chat.example/…") && hook.target.ends_with("/T0/hunter2"), "{}", hook.name());
        let other = ExportTarget::parse("webhook:https://chat.example/T0/hunter3").unwrap();
        assert_ne!(hook.name(), other.name(), "each counts for itself");
        let no_address = ExportTarget::parse("webhook:chat.example/T0/hunter2").unwrap();
        assert!(!no_address.name().contains("hunter2"));
        assert_eq!((target.exporter.as_str(), target.target.as_str()), ("jsonl-eve", "/var/log/eve.json"));
        for wrong in [
            "eve:/x",
            "jsonl-eve",
            "jsonl-eve:",
            "jsonl-eve:http://user:hunter2@host/",
            "webhook:https://h/x?token=hunter2",
            "webhok:https://h/hunter2",
        ] {
            let error = ExportTarget::parse(wrong).unwrap_err().to_string();
            assert!(!error.contains("hunter2"), "{error}");
        }
    }
}
