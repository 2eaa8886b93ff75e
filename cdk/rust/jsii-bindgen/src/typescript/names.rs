//! The names of Rust as jsii wants them, and what it refuses.

use crate::Error;

/// Words that jsii warns about, because some language reserves them.
const RESERVED: &str = "\
    abstract as assert async await base bool break byte case catch char class const continue def \
    default defer del delete do elif else enum except export extends false final finally float \
    for from func global goto if implements import in instanceof int interface internal is \
    lambda lock long map namespace native new none nonlocal not null object operator or out \
    override package params pass private protected public raise range readonly ref return sealed \
    select short static string struct super switch synchronized this throw throws transient true \
    try type typeof using var virtual void volatile while with yield";

/// `max_body_bytes` or `MAX_BODY_BYTES` as `maxBodyBytes`.
pub(crate) fn camel_case(name: &str) -> String {
    let shouted = !name.chars().any(char::is_lowercase);
    let mut words = name.split(['_', '-']).filter(|word| !word.is_empty());
    let lower = |word: &str| {
        if shouted {
            word.to_lowercase()
        } else {
            word.to_owned()
        }
    };
    let first = words.next().map(|word| {
        let word = lower(word);
        word.get(..1).unwrap_or_default().to_lowercase() + word.get(1..).unwrap_or_default()
    });
    let rest = words.map(|word| {
        let word = lower(word);
        word.get(..1).unwrap_or_default().to_uppercase() + word.get(1..).unwrap_or_default()
    });
    first.into_iter().chain(rest).collect()
}

pub(super) fn shout(value: &str) -> String {
    crate::names::snake_case(value).to_uppercase()
}

pub(crate) fn check_member_name(place: &str, member: &str) -> Result<(), Error> {
    let is_identifier = member.starts_with(|letter: char| letter.is_ascii_lowercase())
        && member.chars().all(|letter| letter.is_ascii_alphanumeric());
    if !is_identifier {
        return Err(Error::new(format!(
            "Rust field '{place}' becomes '{member}', and jsii wants camelCase that begins with a small letter: rename the field"
        )));
    }
    if RESERVED.split(' ').any(|word| word == member) {
        return Err(Error::new(format!(
            "Rust field '{place}' becomes '{member}', a reserved word in a jsii language: rename the field"
        )));
    }
    Ok(())
}

pub(super) fn check_type_name(name: &str) -> Result<(), Error> {
    let pascal = name.starts_with(|letter: char| letter.is_ascii_uppercase())
        && name.chars().all(|letter| letter.is_ascii_alphanumeric());
    if !pascal {
        return Err(Error::new(format!(
            "Rust type '{name}' is not PascalCase, which jsii wants: rename it"
        )));
    }
    let mut letters = name.chars();
    if letters.next() == Some('I') && letters.next().is_some_and(char::is_uppercase) {
        return Err(Error::new(format!(
            "Rust type '{name}' begins with I and a capital, which in jsii means a behavioural interface: rename it"
        )));
    }
    Ok(())
}
