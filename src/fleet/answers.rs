//! Answers of a database: a line of JSON a row (`JSONEachRow`). What is missing or of another kind reads as nothing, never as a failure of this
//! program: another release may have written the table.

use serde_json::{Map, Value};

/// A row.
pub struct AnswerRow(Map<String, Value>);

/// The rows of an answer.
///
/// # Errors
/// It is no JSON: the server broke off, or it is no ClickHouse.
pub fn rows(text: &str) -> Result<Vec<AnswerRow>, String> {
    let parse = |line: &str| match serde_json::from_str(line) {
        Ok(Value::Object(map)) => Ok(AnswerRow(map)),
        _ => Err("the server's answer is not what was asked for (is it a ClickHouse?)".to_owned()),
    };
    text.lines().filter(|line| !line.trim().is_empty()).map(parse).collect()
}

/// A number that servers write as such, or in quotes where it has 64 bits.
fn number<T: std::str::FromStr>(value: &Value) -> Option<T> {
    match value {
        Value::Number(number) => number.to_string().parse().ok(),
        Value::String(text) => text.parse().ok(),
        _ => None,
    }
}

impl AnswerRow {
    /// A count; 0 where there is none.
    pub fn count(&self, name: &str) -> u64 {
        self.0.get(name).and_then(number).unwrap_or(0)
    }

    /// A time in seconds; 0 where there is none.
    pub fn seconds(&self, name: &str) -> i64 {
        self.0.get(name).and_then(number).unwrap_or(0)
    }

    /// A number that may be unknown.
    pub fn real(&self, name: &str) -> Option<f64> {
        self.0.get(name).and_then(number).filter(|x: &f64| x.is_finite())
    }

    /// A list of numbers; those that are none are 0.
    pub fn reals(&self, name: &str) -> Vec<f64> {
        let list = self.0.get(name).and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
        list.iter().map(|value| number(value).filter(|x: &f64| x.is_finite()).unwrap_or(0.0)).collect()
    }

    /// A text; empty where there is none.
    pub fn text(&self, name: &str) -> String {
        self.0.get(name).and_then(Value::as_str).unwrap_or_default().to_owned()
    }

    /// A list of pairs of texts.
    pub fn pairs(&self, name: &str) -> Vec<(String, String)> {
        let pair = |value: &Value| match value.as_array().map(Vec::as_slice) {
            Some([one, other]) => Some((one.as_str()?.to_owned(), other.as_str()?.to_owned())),
            _ => None,
        };
        self.0.get(name).and_then(Value::as_array).map(|list| list.iter().filter_map(pair).collect()).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_ways_to_write_a_number_are_read_and_what_is_missing_is_nothing() {
        let rows = rows("{\"a\":\"18446744073709551615\",\"b\":7,\"c\":null,\"d\":[[\"s\",\"p\"],[1]],\"e\":-3}\n\n{}\n").unwrap();
        let [one, two] = rows.as_slice() else { panic!("{}", rows.len()) };
        assert_eq!((one.count("a"), one.count("b"), one.count("c"), one.seconds("e")), (u64::MAX, 7, 0, -3));
        assert_eq!((one.real("c"), one.real("b"), one.pairs("d")), (None, Some(7.0), vec![("s".into(), "p".into())]));
        assert_eq!((two.count("a"), two.text("a"), two.pairs("a").len()), (0, String::new(), 0));
        assert!(super::rows("<html>").is_err() && super::rows("[1]").is_err());
    }
}
