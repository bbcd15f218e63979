//! A session with a switch's SNMP agent.

use super::mib::{COLUMNS, Draft, MibColumn, MibValue};
use crate::model::SwitchAnswer;
use crate::settings::{AskSettings, SnmpAccess, SnmpDigest, SnmpPrivacy};
use snmp2::v3::{Auth, AuthProtocol, Cipher, KeyExtension, Security};
use snmp2::{Error, Oid, SyncSession, Value};
use std::time::Duration;

/// How long one answer is waited for, and how often a question is asked.
const WAIT: Duration = Duration::from_secs(2);
const TRIES: u32 = 2;

/// Rows asked for at a time: an answer stays within what every agent sends.
const ROWS: u32 = 20;

/// Questions of one walk at most: a switch of a thousand ports and ten thousand stations takes fewer.
const QUESTIONS: u32 = 4_000;

/// A number and its value, where that is one that is read.
type Row = (Vec<u64>, Option<MibValue>);

/// The switch, by a socket that was opened while that was allowed.
pub struct SwitchAgent {
    settings: AskSettings,
    session: SyncSession,
    /// Whether a version 3 session has agreed with the agent on its clock and keys.
    is_ready: bool,
    questions: u32,
}

impl std::fmt::Debug for SwitchAgent {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SwitchAgent").field("settings", &self.settings).finish_non_exhaustive()
    }
}

impl SwitchAgent {
    /// Opens the socket; asks nothing yet. The host is to be an address: names are looked up elsewhere.
    ///
    /// # Errors
    /// The system gives no socket, or there is no way to that address.
    pub fn open(settings: AskSettings) -> Result<Self, String> {
        let AskSettings { host, port, access, .. } = &settings;
        let target = (host.as_str(), *port);
        let session = match access {
            SnmpAccess::Community(community) => SyncSession::new_v2c(target, community.as_bytes(), Some(WAIT), 1),
            SnmpAccess::User { .. } => SyncSession::new_v3(target, Some(WAIT), 1, security(access)),
        };
        let session = session.map_err(|e| format!("{}: {e}", settings.target()))?;
        Ok(Self { is_ready: matches!(access, SnmpAccess::Community(_)), settings, session, questions: 0 })
    }

    /// Whom it asks.
    pub fn settings(&self) -> &AskSettings {
        &self.settings
    }

    /// Asks for everything once; when the answer came is for the caller to say.
    ///
    /// # Errors
    /// In words: it does not answer, or not to these credentials.
    pub fn walk(&mut self) -> Result<SwitchAnswer, String> {
        self.questions = 0;
        let outcome = self.agree().and_then(|()| self.ask_everything());
        // What was agreed on with an agent that began anew is void.
        self.is_ready &= outcome.is_ok() || matches!(self.settings.access, SnmpAccess::Community(_));
        outcome
    }

    fn ask_everything(&mut self) -> Result<SwitchAnswer, String> {
        let mut draft = Draft::default();
        for &(column, number) in COLUMNS {
            self.column(column, number, &mut draft)?;
        }
        Ok(draft.done())
    }

    /// Learns the agent's name and clock, which version 3 makes its keys of.
    fn agree(&mut self) -> Result<(), String> {
        for _ in 0..TRIES {
            if self.is_ready {
                return Ok(());
            }
            match self.session.init() {
                Ok(()) => self.is_ready = true,
                Err(Error::Receive) => {}
                Err(error) => return Err(self.words(&error)),
            }
        }
        if self.is_ready { Ok(()) } else { Err(self.words(&Error::Receive)) }
    }

    /// Asks for a column to its end.
    fn column(&mut self, column: MibColumn, number: &[u64], draft: &mut Draft) -> Result<(), String> {
        let mut next = number.to_vec();
        while draft.has_room(column) && self.questions < QUESTIONS {
            self.questions += 1;
            let rows = self.rows(&next)?;
            let Some((reached, _)) = rows.last() else { return Ok(()) };
            let (reached, before) = (reached.clone(), std::mem::take(&mut next));
            for (name, value) in &rows {
                let Some(suffix) = name.strip_prefix(number) else { return Ok(()) };
                if let Some(value) = value {
                    draft.take(column, suffix, value);
                }
            }
            // An agent whose rows do not ascend would be asked for ever.
            if reached <= before {
                return Ok(());
            }
            next = reached;
        }
        Ok(())
    }

    /// The rows behind a number.
    fn rows(&mut self, after: &[u64]) -> Result<Vec<Row>, String> {
        let oid = Oid::from(after).map_err(|_| "an answer that is none".to_owned())?;
        let mut tried = 0;
        let error = loop {
            tried += 1;
            match self.session.getbulk(&[&oid], 0, ROWS) {
                Ok(answer) => {
                    let number = |name: &Oid<'_>| name.iter().map(|parts| parts.collect::<Vec<u64>>()).unwrap_or_default();
                    return Ok(answer.varbinds.clone().map(|(name, value)| (number(&name), told(&value))).collect());
                }
                // Its clock or its number of starts was learnt anew, or an answer came late: once more.
                Err(Error::AuthUpdated | Error::Receive | Error::RequestIdMismatch) if tried < TRIES + 1 => {}
                Err(error) => break error,
            }
        };
        Err(self.words(&error))
    }

    /// What went wrong, for people.
    fn words(&self, error: &Error) -> String {
        let (target, by) = (self.settings.target(), self.settings.access.version());
        match error {
            Error::Receive => format!(
                "{target} does not answer to SNMP {by}: look at the address, the {}, and whether the switch lets this host ask",
                if by == "v2c" { "community" } else { "user" }
            ),
            Error::Send => format!("{target} cannot be reached"),
            Error::AuthFailure(why) => format!("{target} does not accept these SNMP credentials ({why})"),
            other => format!("{target} gives no answer that can be read ({other})"),
        }
    }
}

fn security(access: &SnmpAccess) -> Security {
    let SnmpAccess::User { user, authentication, privacy } = access else { return Security::new(b"", b"") };
    let Some((digest, password)) = authentication else {
        return Security::new(user.as_bytes(), b"").with_auth(Auth::NoAuthNoPriv);
    };
    let protocol = match digest {
        SnmpDigest::Md5 => AuthProtocol::Md5,
        SnmpDigest::Sha1 => AuthProtocol::Sha1,
        SnmpDigest::Sha224 => AuthProtocol::Sha224,
        SnmpDigest::Sha256 => AuthProtocol::Sha256,
        SnmpDigest::Sha384 => AuthProtocol::Sha384,
        SnmpDigest::Sha512 => AuthProtocol::Sha512,
    };
    let security = Security::new(user.as_bytes(), password.expose().as_bytes()).with_auth_protocol(protocol);
    let Some((cipher, password)) = privacy else { return security.with_auth(Auth::AuthNoPriv) };
    let cipher = match cipher {
        SnmpPrivacy::Des => Cipher::Des,
        SnmpPrivacy::Aes128 => Cipher::Aes128,
        SnmpPrivacy::Aes192 => Cipher::Aes192,
        SnmpPrivacy::Aes256 => Cipher::Aes256,
    };
    let security = security.with_auth(Auth::AuthPriv { cipher, privacy_password: password.expose().as_bytes().to_vec() });
    // How a short key is made longer differs; most devices do as Cisco's.
    if cipher.priv_key_needs_extension(&protocol) { security.with_key_extension_method(KeyExtension::Reeder) } else { security }
}

/// The value, where it is a number or bytes.
fn told(value: &Value<'_>) -> Option<MibValue> {
    Some(match value {
        Value::Integer(n) => MibValue::Number(u64::try_from(*n).unwrap_or(0)),
        Value::Counter32(n) | Value::Unsigned32(n) | Value::Timeticks(n) => MibValue::Number((*n).into()),
        Value::Counter64(n) => MibValue::Number(*n),
        Value::OctetString(bytes) => MibValue::Bytes(bytes.to_vec()),
        _ => return None,
    })
}
