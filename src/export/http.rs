//! Requests over HTTP and HTTPS: one at a time, each with a deadline, certificates always verified.

use crate::settings::small_file;
use rustls::crypto::ring;
use std::io::Read;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use ureq::Agent;
use ureq::http::Uri;
use ureq::tls::{Certificate, PemItem, RootCerts, TlsConfig, parse_pem};

/// How long a server may take to accept.
const CONNECT: Duration = Duration::from_secs(5);
/// How long a request may take in all.
const WHOLE: Duration = Duration::from_secs(30);
/// Characters kept of what a server says.
const ANSWER: u64 = 4 * 1024;
/// Where systems keep the certificates they trust.
const SYSTEM: [&str; 4] =
    ["/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/certs/ca-bundle.crt", "/etc/ssl/ca-bundle.pem", "/etc/ssl/cert.pem"];

/// Where requests go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServerAddress {
    /// Whether by TLS.
    pub is_secure: bool,
    /// The port.
    pub port: u16,
    /// The whole of it.
    pub url: String,
}

impl ServerAddress {
    /// An `http://` or `https://` address.
    pub fn parse(text: &str) -> Option<Self> {
        let uri: Uri = text.parse().ok()?;
        let is_secure = match uri.scheme_str()? {
            "http" => false,
            "https" => true,
            _ => return None,
        };
        let host = uri.host().filter(|host| !host.is_empty())?;
        let port = match uri.port_u16() {
            Some(port) => port,
            // What stands behind the host is no port.
            None if uri.authority().is_some_and(|all| !all.as_str().ends_with(host)) => return None,
            None => {
                if is_secure {
                    443
                } else {
                    80
                }
            }
        };
        Some(Self { is_secure, port, url: text.to_owned() })
    }
}

/// What a server said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HttpAnswer {
    /// The status.
    pub status: u16,
    /// The beginning of its text.
    pub text: String,
}

/// A client of one server.
pub struct HttpClient {
    agent: Agent,
}

impl HttpClient {
    /// For an address; `ca` names a file of certificates (PEM) to trust instead of the system's.
    ///
    /// # Errors
    /// There are no certificates to verify the server's with; in words.
    pub fn new(address: &ServerAddress, ca: Option<&str>) -> Result<Self, String> {
        let mut config = Agent::config_builder()
            .http_status_as_error(false)
            .max_redirects(0)
            .proxy(None)
            .timeout_connect(Some(CONNECT))
            .timeout_global(Some(WHOLE))
            .user_agent(concat!("spantop/", env!("CARGO_PKG_VERSION")));
        if address.is_secure {
            let roots = RootCerts::Specific(Arc::new(certificates(ca)?));
            let tls = TlsConfig::builder().root_certs(roots).unversioned_rustls_crypto_provider(Arc::new(ring::default_provider()));
            config = config.tls_config(tls.build());
        }
        Ok(Self { agent: config.build().into() })
    }

    /// Posts a body.
    ///
    /// # Errors
    /// No answer came; in words.
    pub fn post(&self, url: &str, headers: &[(&str, &str)], body: &[u8]) -> Result<HttpAnswer, String> {
        let request = headers.iter().fold(self.agent.post(url), |request, (name, value)| request.header(*name, *value));
        let mut response = request.send(body).map_err(|e| e.to_string())?;
        let status = response.status().as_u16();
        // What it says beyond is of no use; that it breaks off is not either.
        let mut text = Vec::new();
        let _ = response.body_mut().as_reader().take(ANSWER).read_to_end(&mut text);
        Ok(HttpAnswer { status, text: String::from_utf8_lossy(&text).into_owned() })
    }

    /// Gets an answer as a whole: one that breaks off, or is longer than so many bytes, is none.
    ///
    /// # Errors
    /// No answer came, or too much of it; in words.
    pub fn get(&self, url: &str, headers: &[(&str, &str)], most: u64) -> Result<HttpAnswer, String> {
        let request = headers.iter().fold(self.agent.get(url), |request, (name, value)| request.header(*name, *value));
        let mut response = request.call().map_err(|e| e.to_string())?;
        let status = response.status().as_u16();
        let mut text = Vec::new();
        response.body_mut().as_reader().take(most.saturating_add(1)).read_to_end(&mut text).map_err(|e| e.to_string())?;
        if text.len() as u64 > most {
            return Err(format!("an answer of more than {most} bytes"));
        }
        Ok(HttpAnswer { status, text: String::from_utf8_lossy(&text).into_owned() })
    }
}

/// The largest file of certificates: those of all authorities are a third of a megabyte.
const CERTIFICATES: u64 = 16 * small_file::SMALL;

fn certificates(ca: Option<&str>) -> Result<Vec<Certificate<'static>>, String> {
    let file = ca.map(str::to_owned).or_else(|| SYSTEM.iter().find(|path| Path::new(path).is_file()).map(|path| (*path).to_owned()));
    let file = file.ok_or("no certificates to verify the server's with: install ca-certificates, or name a file with ca")?;
    let bytes = small_file::read_bytes(Path::new(&file), CERTIFICATES).map_err(|e| format!("{file}: {e}"))?;
    let found: Vec<Certificate<'static>> = parse_pem(&bytes)
        .filter_map(|item| match item {
            Ok(PemItem::Certificate(certificate)) => Some(certificate),
            _ => None,
        })
        .collect();
    if found.is_empty() { Err(format!("{file}: no certificate in it")) } else { Ok(found) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_know_their_port() {
        let port = |text: &str| ServerAddress::parse(text).map(|a| (a.is_secure, a.port));
        assert_eq!(port("http://h:8123/db"), Some((false, 8123)));
        assert_eq!(port("https://h/db"), Some((true, 443)));
        assert_eq!((port("ftp://h/"), port("h:8123"), port("/x")), (None, None, None));
        assert_eq!((port("http://h:99999/x"), port("http://h:/x"), port("http://[::1]/x")), (None, None, Some((false, 80))));
    }
}
