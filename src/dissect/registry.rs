//! The list of dissectors.

use crate::model::AppId;

/// The usual token of a protocol, as in Wireshark's filter names (`dns`, `tls` …); `None` for one that was not recognised.
pub fn token(app: AppId) -> Option<&'static str> {
    const TOKENS: &[&str] = &[];
    app.place().and_then(|place| TOKENS.get(place)).copied()
}
