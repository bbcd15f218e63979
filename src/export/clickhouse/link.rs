//! A database behind HTTP: where rows go to, and where questions are answered.

use super::KIND;
use crate::error::Result;
use crate::export::ExportTarget;
use crate::export::http::{HttpAnswer, HttpClient, ServerAddress};
use crate::export::secret::secret;
use crate::model::text::printable;
use crate::settings::Secret;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

/// Characters told of what a server complains of.
const COMPLAINT: usize = 300;

/// A database of a server, and who asks it.
pub struct DatabaseLink {
    http: HttpClient,
    /// Without the database.
    url: String,
    port: u16,
    database: String,
    credentials: Option<Secret>,
}

impl DatabaseLink {
    /// For a target: address, user, password file and certificates, as the exporter takes them. Nothing is sent yet.
    ///
    /// # Errors
    /// Something is wrong with the target.
    pub fn open(target: &ExportTarget) -> Result<Self> {
        let address = ServerAddress::parse(&target.target).ok_or_else(|| target.wrong(format!("a target is {}", KIND.target)))?;
        let (url, database) = address.url.trim_end_matches('/').rsplit_once('/').unwrap_or_default();
        let is_name = !database.is_empty() && database.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_') && !url.ends_with('/');
        if !is_name {
            return Err(target.wrong("the database is missing: http://HOST:8123/DATABASE"));
        }
        let user = target.option("user").map(str::to_owned).or_else(|| std::env::var("SPANTOP_CLICKHOUSE_USER").ok());
        let password = secret(target, "password-file", "SPANTOP_CLICKHOUSE_PASSWORD")?;
        Ok(Self {
            http: HttpClient::new(&address, target.option("ca")).map_err(|e| target.wrong(e))?,
            url: url.to_owned(),
            port: address.port,
            database: database.to_owned(),
            credentials: user.map(|user| credentials(&user, password.as_ref())),
        })
    }

    /// The database.
    pub fn database(&self) -> &str {
        &self.database
    }

    /// The server, without the database.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// The TCP port it connects to.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Asks the server to do something, with a body where there is a coding of it; its error code and words where it refuses.
    pub(super) fn ask(&self, query: &str, coding: Option<&str>, body: &[u8]) -> std::result::Result<String, (Option<u32>, String)> {
        let url = match coding {
            // A table that an earlier release made may lack a column: the others are worth having.
            Some(_) => format!("{}/?input_format_skip_unknown_fields=1&query={}", self.url, percent(query)),
            None => format!("{}/", self.url),
        };
        let mut headers = self.headers();
        if let Some(coding) = coding.filter(|coding| *coding != "identity") {
            headers.push(("Content-Encoding", coding));
        }
        let body = if coding.is_some() { body } else { query.as_bytes() };
        let answer = self.http.post(&url, &headers, body).map_err(|e| (None, format!("{}: {e}", self.url)))?;
        self.said(answer)
    }

    /// Reads: by GET, with which the server changes nothing whatever the user may. An answer of more than so many bytes is none.
    ///
    /// # Errors
    /// No answer came, the server refuses, or the answer is too long; in words that are fit to print.
    pub fn read(&self, query: &str, most: u64) -> std::result::Result<String, String> {
        let url = format!("{}/?query={}", self.url, percent(query));
        let answer = self.http.get(&url, &self.headers(), most).map_err(|e| printable(&format!("{}: {e}", self.url)).into_owned())?;
        self.said(answer).map_err(|(_, what)| what)
    }

    fn headers(&self) -> Vec<(&'static str, &str)> {
        self.credentials.iter().map(|credentials| ("Authorization", credentials.expose())).collect()
    }

    fn said(&self, answer: HttpAnswer) -> std::result::Result<String, (Option<u32>, String)> {
        if answer.status == 200 {
            return Ok(answer.text);
        }
        let line = answer.text.lines().next().unwrap_or_default();
        // A server that tells what it was asked with is not to put a password into a log.
        let secret = self.credentials.as_ref().map(|credentials| credentials.expose().trim_start_matches("Basic ")).unwrap_or_default();
        let line = if secret.is_empty() { line.to_owned() } else { line.replace(secret, "(secret)") };
        let line: String = printable(&line).chars().take(COMPLAINT).collect();
        let code = code(&answer.text);
        let hint = code.map_or("", remedy);
        Err((code, format!("{}: refuses (status {}): {line}{hint}", self.url, answer.status)))
    }
}

/// What to do about an error (ClickHouse's ErrorCodes.cpp), where that is known.
fn remedy(code: u32) -> &'static str {
    match code {
        // No such table, no such database.
        60 | 81 => " (spantop fleet init | clickhouse-client --multiquery makes the tables)",
        // No such user, wrong password, authentication failed.
        192 | 193 | 194 | 516 => " (user and password: [export.clickhouse] user and password-file, SPANTOP_CLICKHOUSE_USER and _PASSWORD)",
        // No such column or name: tables of an earlier release.
        16 | 47 => " (spantop fleet init prints what is new in the tables)",
        _ => "",
    }
}

/// RFC 7617.
fn credentials(user: &str, password: Option<&Secret>) -> Secret {
    let both = format!("{user}:{}", password.map_or("", Secret::expose));
    Secret::new(format!("Basic {}", STANDARD.encode(both)))
}

/// `Code: 27, …` or `Code: 27. DB::Exception: …`.
fn code(text: &str) -> Option<u32> {
    let rest = text.split_once("Code: ")?.1;
    rest.split(|c: char| !c.is_ascii_digit()).next()?.parse().ok()
}

/// A query in an address.
fn percent(text: &str) -> String {
    text.bytes()
        .map(|b| if b.is_ascii_alphanumeric() || b"-._~".contains(&b) { char::from(b).to_string() } else { format!("%{b:02X}") })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_server_says() {
        assert_eq!(code("Code: 27, e.displayText() = DB::Exception: x"), Some(27));
        assert_eq!(code("Code: 516. DB::Exception: probe: Authentication failed"), Some(516));
        assert_eq!(code("nothing"), None);
        assert_eq!(percent("a b='1'"), "a%20b%3D%271%27");
        assert!(!format!("{:?}", credentials("u", Some(&Secret::new("p")))).contains("dTpw"));
    }
}
