//! One case of a file, and how it came out.

use serde_json::Value;

/// One case of a file under one semantics.
pub struct Case {
    /// Its name in the file.
    pub name: String,
    /// Whose reading of the chip was used.
    pub semantics: String,
    /// How it came out.
    pub outcome: Outcome,
}

/// How a case came out.
pub enum Outcome {
    /// Everything is equal.
    Equal,
    /// The first difference.
    Different(String),
    /// It was left out, and why.
    Skipped(String),
}

impl Outcome {
    /// Equal, unless there is a difference.
    pub fn of(difference: Option<String>) -> Self {
        difference.map_or(Outcome::Equal, Outcome::Different)
    }
}

/// A whole number by name.
///
/// # Errors
/// When there is none of this name.
pub fn number(value: &Value, name: &str) -> Result<i64, String> {
    value[name].as_i64().ok_or_else(|| format!("{name} is not a whole number"))
}

/// A whole number by name, or what it is if it is not there.
pub fn number_or(value: &Value, name: &str, otherwise: i64) -> i64 {
    value[name].as_i64().unwrap_or(otherwise)
}

/// A list of whole numbers by name.
///
/// # Errors
/// When there is none of this name.
pub fn numbers(value: &Value, name: &str) -> Result<Vec<i64>, String> {
    let list = value[name].as_array().ok_or_else(|| format!("{name} is not a list"))?;
    let whole = |value: &Value| value.as_i64().or_else(|| value.as_f64().map(|value| value as i64));
    list.iter().map(whole).collect::<Option<_>>().ok_or_else(|| format!("{name} has more than whole numbers"))
}

/// A list of tuples of whole numbers by name.
///
/// # Errors
/// When there is none of this name.
pub fn tuples<const N: usize>(value: &Value, name: &str) -> Result<Vec<[i64; N]>, String> {
    let list = value[name].as_array().ok_or_else(|| format!("{name} is not a list"))?;
    let tuple = |value: &Value| -> Option<[i64; N]> {
        let numbers: Vec<i64> = value.as_array()?.iter().map(Value::as_i64).collect::<Option<_>>()?;
        numbers.try_into().ok()
    };
    list.iter()
        .map(tuple)
        .collect::<Option<_>>()
        .ok_or_else(|| format!("{name} is not a list of {N} numbers each"))
}

/// Where two lists of a value per step differ first; steps are counted from `first`.
pub fn first_difference(what: &str, first: i64, expected: &[i64], found: &[i64]) -> Option<String> {
    let place = expected.iter().zip(found).position(|(expected, found)| expected != found);
    match place {
        Some(place) => Some(format!(
            "{what} is {} in step {}, expected {}",
            found[place],
            first + place as i64,
            expected[place]
        )),
        None => (expected.len() != found.len())
            .then(|| format!("{what} has {} entries, expected {}", found.len(), expected.len())),
    }
}
