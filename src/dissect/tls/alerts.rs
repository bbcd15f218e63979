//! Names of alerts (IANA's registry of TLS alerts; those that are reserved today were sent by older versions).

/// Number, the word of the standards, and the words that are shown of a packet.
const ALERTS: &[(u32, &str, &str)] = &[
    (0, "close_notify", "Close Notify"),
    (10, "unexpected_message", "Unexpected Message"),
    (20, "bad_record_mac", "Bad Record MAC"),
    (21, "decryption_failed", "Decryption Failed"),
    (22, "record_overflow", "Record Overflow"),
    (30, "decompression_failure", "Decompression Failure"),
    (40, "handshake_failure", "Handshake Failure"),
    (41, "no_certificate", "No Certificate"),
    (42, "bad_certificate", "Bad Certificate"),
    (43, "unsupported_certificate", "Unsupported Certificate"),
    (44, "certificate_revoked", "Certificate Revoked"),
    (45, "certificate_expired", "Certificate Expired"),
    (46, "certificate_unknown", "Certificate Unknown"),
    (47, "illegal_parameter", "Illegal Parameter"),
    (48, "unknown_ca", "Unknown CA"),
    (49, "access_denied", "Access Denied"),
    (50, "decode_error", "Decode Error"),
    (51, "decrypt_error", "Decrypt Error"),
    (60, "export_restriction", "Export Restriction"),
    (70, "protocol_version", "Protocol Version"),
    (71, "insufficient_security", "Insufficient Security"),
    (80, "internal_error", "Internal Error"),
    (86, "inappropriate_fallback", "Inappropriate Fallback"),
    (90, "user_canceled", "User Canceled"),
    (100, "no_renegotiation", "No Renegotiation"),
    (109, "missing_extension", "Missing Extension"),
    (110, "unsupported_extension", "Unsupported Extension"),
    (111, "certificate_unobtainable", "Certificate Unobtainable"),
    (112, "unrecognized_name", "Unrecognized Name"),
    (113, "bad_certificate_status_response", "Bad Certificate Status Response"),
    (114, "bad_certificate_hash_value", "Bad Certificate Hash Value"),
    (115, "unknown_psk_identity", "Unknown PSK Identity"),
    (116, "certificate_required", "Certificate Required"),
    (120, "no_application_protocol", "No Application Protocol"),
    (121, "ech_required", "ECH Required"),
];

fn known(number: u32) -> Option<&'static (u32, &'static str, &'static str)> {
    ALERTS.iter().find(|(known, ..)| *known == number)
}

/// The word of the standards: `handshake_failure`.
pub fn token(number: u32) -> Option<&'static str> {
    known(number).map(|(_, token, _)| *token)
}

/// In words: `Handshake Failure`.
pub fn words(number: u32) -> Option<&'static str> {
    known(number).map(|(.., words)| *words)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_number_stands_once_and_both_names_say_the_same() {
        assert!(ALERTS.windows(2).all(|pair| pair[0].0 < pair[1].0));
        for (_, token, words) in ALERTS {
            assert_eq!(words.to_lowercase().replace(' ', "_"), *token);
        }
        assert_eq!((token(116), words(116), token(1)), (Some("certificate_required"), Some("Certificate Required"), None));
    }
}
