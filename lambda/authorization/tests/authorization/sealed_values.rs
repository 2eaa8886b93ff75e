//! Sealed values: nothing but the exact value, for its exact purpose, binding, deployment and time, opens.

use mcp_lambda_authorization::{Keyring, OpenFailure, Purpose, Secret, Timestamp};
use proptest::prelude::*;

use crate::harness::{Counter, ISSUER, SEALING, START};

const OTHER: &str = "another sealing secret of more than thirty-two characters";

fn keyring(current: &str, previous: Option<&str>) -> Keyring {
    let previous = previous.map(Secret::new);
    Keyring::derive(ISSUER, &Secret::new(current), previous.as_ref()).unwrap()
}

fn seal(keyring: &Keyring, purpose: Purpose, value: &str, bound_to: &[&[u8]]) -> String {
    keyring
        .seal(
            purpose,
            &value,
            bound_to,
            Timestamp(START + 60),
            &Counter::default(),
        )
        .unwrap()
        .expose()
        .to_owned()
}

fn open(
    keyring: &Keyring,
    purpose: Purpose,
    sealed: &str,
    bound_to: &[&[u8]],
    at: u64,
) -> Result<String, OpenFailure> {
    keyring.open(purpose, sealed, bound_to, Timestamp(at))
}

fn any_purpose() -> impl Strategy<Value = Purpose> {
    (0..Purpose::ALL.len()).prop_map(|index| Purpose::ALL[index])
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(300) })]

    #[test]
    fn a_value_opens_for_its_purpose_binding_and_time(value in ".{0,200}", purpose in any_purpose(), client in ".{0,50}") {
        let keyring = keyring(SEALING, None);
        let sealed = seal(&keyring, purpose, &value, &[client.as_bytes()]);
        prop_assert_eq!(open(&keyring, purpose, &sealed, &[client.as_bytes()], START + 59).unwrap(), value);
    }

    #[test]
    fn a_value_with_any_byte_changed_does_not_open(purpose in any_purpose(), at in 0_usize..400, flip in 1_u8..=255) {
        let keyring = keyring(SEALING, None);
        let sealed = seal(&keyring, purpose, "some value", &[b"client"]);
        let mut bytes = sealed.into_bytes();
        let index = at % bytes.len();
        bytes[index] ^= flip;
        if let Ok(altered) = String::from_utf8(bytes) {
            prop_assert!(open(&keyring, purpose, &altered, &[b"client"], START).is_err());
        }
    }

    #[test]
    fn a_truncated_extended_or_reordered_value_does_not_open(purpose in any_purpose(), cut in 1_usize..100, tail in "[A-Za-z0-9_-]{1,20}") {
        let keyring = keyring(SEALING, None);
        let sealed = seal(&keyring, purpose, "some value", &[]);
        let kept = sealed.len().saturating_sub(cut);
        prop_assert!(open(&keyring, purpose, &sealed[..kept], &[], START).is_err());
        for extended in [format!("{sealed}{tail}"), format!("{sealed}=")] {
            prop_assert!(open(&keyring, purpose, &extended, &[], START).is_err());
        }
        let body = &sealed[purpose.prefix().len()..];
        let middle = cut.min(body.len() - 1);
        let swapped = format!("{}{}{}", purpose.prefix(), &body[middle..], &body[..middle]);
        prop_assert!(open(&keyring, purpose, &swapped, &[], START).is_err());
    }

    #[test]
    fn a_value_of_one_purpose_does_not_open_as_another_even_with_its_prefix(one in any_purpose(), other in any_purpose()) {
        prop_assume!(one != other);
        let keyring = keyring(SEALING, None);
        let sealed = seal(&keyring, one, "some value", &[]);
        prop_assert_eq!(open(&keyring, other, &sealed, &[], START), Err(OpenFailure::Malformed));
        let renamed = sealed.replacen(one.prefix(), other.prefix(), 1);
        prop_assert_eq!(open(&keyring, other, &renamed, &[], START), Err(OpenFailure::Rejected));
    }

    #[test]
    fn parts_of_a_binding_cannot_slide_into_one_another(left in "[a-z]{1,9}", right in "[a-z]{1,9}", cut in 1_usize..9) {
        let keyring = keyring(SEALING, None);
        let joined = format!("{left}{right}");
        let cut = cut.min(joined.len() - 1);
        prop_assume!(cut != left.len());
        let sealed = seal(&keyring, Purpose::AuthorizationCode, "x", &[left.as_bytes(), right.as_bytes()]);
        let (slid_left, slid_right) = joined.split_at(cut);
        for binding in [vec![slid_left.as_bytes(), slid_right.as_bytes()], vec![joined.as_bytes()], vec![right.as_bytes(), left.as_bytes()]] {
            if binding != [left.as_bytes(), right.as_bytes()] {
                prop_assert_eq!(open(&keyring, Purpose::AuthorizationCode, &sealed, &binding, START), Err(OpenFailure::Rejected));
            }
        }
    }

    #[test]
    fn a_value_of_one_client_does_not_open_for_another(purpose in any_purpose(), own in ".{0,60}", other in ".{0,60}", value in ".{0,60}") {
        prop_assume!(own != other);
        let keyring = keyring(SEALING, None);
        let sealed = seal(&keyring, purpose, &value, &[own.as_bytes()]);
        for binding in [vec![other.as_bytes()], vec![], vec![own.as_bytes(), other.as_bytes()], vec![own.as_bytes(), b"".as_slice()]] {
            prop_assert_eq!(open(&keyring, purpose, &sealed, &binding, START), Err(OpenFailure::Rejected));
        }
        prop_assert_eq!(open(&keyring, purpose, &sealed, &[own.as_bytes()], START).unwrap(), value);
    }

    #[test]
    fn a_value_opens_before_its_time_is_over_and_never_after(purpose in any_purpose(), expires in 1_u64..u64::MAX, late in 0_u64..u64::MAX) {
        let keyring = keyring(SEALING, None);
        let sealed = keyring.seal(purpose, &"x", &[], Timestamp(expires), &Counter::default()).unwrap();
        let at = expires.saturating_add(late);
        prop_assert_eq!(open(&keyring, purpose, sealed.expose(), &[], at), Err(OpenFailure::Expired));
        prop_assert!(open(&keyring, purpose, sealed.expose(), &[], expires - 1).is_ok());
    }

    #[test]
    fn parts_of_two_values_never_make_a_third(purpose in any_purpose(), one in ".{0,80}", other in ".{0,80}", cut in 1_usize..400) {
        let (keyring, randomness) = (keyring(SEALING, None), Counter::default());
        let seal = |value: &str| keyring.seal(purpose, &value, &[], Timestamp(START + 60), &randomness).unwrap().expose().to_owned();
        let (first, second) = (seal(&one), seal(&other));
        let cut = cut % first.len().min(second.len());
        let spliced = format!("{}{}", &first[..cut], &second[cut..]);
        prop_assume!(spliced != first && spliced != second);
        prop_assert!(open(&keyring, purpose, &spliced, &[], START).is_err());
    }

    #[test]
    fn two_bytes_that_change_places_spoil_a_value(purpose in any_purpose(), value in ".{8,80}", left in 0_usize..400, right in 0_usize..400) {
        let keyring = keyring(SEALING, None);
        let sealed = seal(&keyring, purpose, &value, &[]);
        let mut bytes = sealed.clone().into_bytes();
        let (left, right) = (left % bytes.len(), right % bytes.len());
        prop_assume!(bytes[left] != bytes[right]);
        bytes.swap(left, right);
        let swapped = String::from_utf8(bytes).unwrap();
        prop_assert!(open(&keyring, purpose, &swapped, &[], START).is_err());
    }

    #[test]
    fn no_text_makes_opening_panic(text in "\\PC{0,300}", encoded in "[A-Za-z0-9_-]{0,300}", purpose in any_purpose()) {
        let keyring = keyring(SEALING, None);
        prop_assert!(open(&keyring, purpose, &text, &[], START).is_err());
        let prefixed = format!("{}{encoded}", purpose.prefix());
        prop_assert!(open(&keyring, purpose, &prefixed, &[], START).is_err());
    }
}

#[test]
fn a_value_expires() {
    let keyring = keyring(SEALING, None);
    let sealed = seal(&keyring, Purpose::Transaction, "x", &[]);
    assert!(open(&keyring, Purpose::Transaction, &sealed, &[], START + 59).is_ok());
    assert_eq!(
        open(&keyring, Purpose::Transaction, &sealed, &[], START + 60),
        Err(OpenFailure::Expired)
    );
}

#[test]
fn a_value_of_the_previous_secret_opens_and_one_of_an_older_secret_does_not() {
    let sealed = seal(&keyring(SEALING, None), Purpose::RefreshToken, "x", &[]);
    assert!(
        open(
            &keyring(OTHER, Some(SEALING)),
            Purpose::RefreshToken,
            &sealed,
            &[],
            START
        )
        .is_ok()
    );
    assert_eq!(
        open(
            &keyring(OTHER, None),
            Purpose::RefreshToken,
            &sealed,
            &[],
            START
        ),
        Err(OpenFailure::UnknownKey)
    );
}

#[test]
fn a_value_of_another_deployment_with_the_same_secret_does_not_open() {
    let sealed = seal(&keyring(SEALING, None), Purpose::RefreshToken, "x", &[]);
    let other = Keyring::derive("https://cats.example.com", &Secret::new(SEALING), None).unwrap();
    assert_eq!(
        open(&other, Purpose::RefreshToken, &sealed, &[], START),
        Err(OpenFailure::Rejected)
    );
}

#[test]
fn the_same_value_is_never_sealed_to_the_same_text() {
    let (keyring, randomness) = (keyring(SEALING, None), Counter::default());
    let texts: std::collections::HashSet<String> = (0..1000)
        .map(|_| {
            keyring
                .seal(
                    Purpose::Transaction,
                    &"x",
                    &[],
                    Timestamp(START),
                    &randomness,
                )
                .unwrap()
                .expose()
                .to_owned()
        })
        .collect();
    assert_eq!(texts.len(), 1000);
}

#[test]
fn without_randomness_nothing_is_sealed() {
    struct None;
    impl mcp_lambda_authorization::Randomness for None {
        fn fill(&self, _: &mut [u8]) -> Result<(), mcp_lambda_authorization::NoRandomness> {
            Err(mcp_lambda_authorization::NoRandomness)
        }
    }
    assert!(
        keyring(SEALING, Option::None)
            .seal(Purpose::Transaction, &"x", &[], Timestamp(START), &None)
            .is_err()
    );
}

/// The nonce discipline: 24 bytes of randomness for every seal, drawn at once, none kept or counted.
#[test]
fn every_seal_draws_24_fresh_bytes_and_carries_them_in_front() {
    #[derive(Default)]
    struct Drawn(std::sync::Mutex<Vec<Vec<u8>>>);
    impl mcp_lambda_authorization::Randomness for Drawn {
        fn fill(&self, buffer: &mut [u8]) -> Result<(), mcp_lambda_authorization::NoRandomness> {
            let mut drawn = self.0.lock().unwrap();
            buffer.fill(u8::try_from(drawn.len()).unwrap() + 1);
            drawn.push(buffer.to_vec());
            Ok(())
        }
    }
    let (keyring, randomness) = (keyring(SEALING, None), Drawn::default());
    for purpose in Purpose::ALL {
        let sealed = keyring
            .seal(purpose, &"x", &[], Timestamp(START), &randomness)
            .unwrap();
        let bytes = base64::Engine::decode(
            &base64::prelude::BASE64_URL_SAFE_NO_PAD,
            sealed.expose().strip_prefix(purpose.prefix()).unwrap(),
        )
        .unwrap();
        let drawn = randomness.0.lock().unwrap();
        assert_eq!(bytes[4..28], drawn.last().unwrap()[..]);
    }
    let drawn = randomness.0.lock().unwrap();
    assert_eq!(drawn.len(), Purpose::ALL.len(), "one draw for each seal");
    assert!(drawn.iter().all(|bytes| bytes.len() == 24));
}

/// Secrets are never compared with `==` on their text, which would tell by its time how much of a guess is right. Their
/// types compare in constant time, and nothing else compares what they hold.
#[test]
fn timing_no_code_compares_the_text_of_a_secret() {
    let mut files = vec![std::path::PathBuf::from(concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/src"
    ))];
    let mut seen = 0;
    while let Some(path) = files.pop() {
        if path.is_dir() {
            files.extend(
                std::fs::read_dir(&path)
                    .unwrap()
                    .map(|entry| entry.unwrap().path()),
            );
            continue;
        }
        let text = std::fs::read_to_string(&path).unwrap();
        for (number, line) in text.lines().enumerate() {
            // A digest of it is of a type that compares in constant time.
            let exposed = line.contains(".expose()") && !line.contains("Digest::of(");
            let compared =
                line.contains("==") || line.contains("!=") || line.contains("starts_with(");
            seen += usize::from(exposed);
            assert!(
                !(exposed && compared),
                "{}:{}: {line}",
                path.display(),
                number + 1
            );
        }
    }
    assert!(seen > 20, "{seen} lines with a secret's text");
    let secret = include_str!("../../src/sealed/secret.rs");
    assert_eq!(
        secret.matches("same_bytes(").count(),
        3,
        "both types use it"
    );
    assert!(secret.contains("left.ct_eq(right).into()"));
    assert!(!secret.contains("derive(PartialEq") && !secret.contains(", PartialEq"));
}
