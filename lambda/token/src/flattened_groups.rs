//! Restores the list of group names that API Gateway flattens into a string.

use http::HeaderMap;
use http::header::AUTHORIZATION;
use serde_json::{Map, Value};

use crate::jwt::claims_without_verification;

/// The claim with the names of a person's groups.
const GROUPS: &str = "cognito:groups";

/// The list of groups cannot be restored. A Cognito authorizer turns it into a string without the boundaries of the
/// names: a REST API writes `a,b`, an HTTP API `[a b]`, and Cognito allows commas and brackets in the name of a group.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AmbiguousGroups;

/// Turns the string back into the list, in place.
///
/// A name without separators is a list of one. Otherwise the list is that of the access token in `Authorization`, which
/// the authorizer has verified: it is used only if it is the same token (`jti`) and gives exactly the string that the
/// authorizer forwards, so the header decides only about the boundaries of the names.
///
/// # Errors
///
/// [`AmbiguousGroups`] when the list is ambiguous. The caller then has no groups.
pub fn restore(
    claims: &mut Map<String, Value>,
    headers: &HeaderMap,
) -> Result<(), AmbiguousGroups> {
    let Some(Value::String(flattened)) = claims.get(GROUPS) else {
        return Ok(());
    };
    let list = if flattened.contains([',', '[', ']', ' ']) {
        list_of_token(claims, flattened, headers)
    } else if flattened.is_empty() {
        Some(Vec::new())
    } else {
        Some(vec![flattened.clone()])
    };
    match list {
        Some(list) => {
            claims.insert(GROUPS.to_owned(), Value::from(list));
            Ok(())
        }
        None => {
            claims.remove(GROUPS);
            Err(AmbiguousGroups)
        }
    }
}

fn list_of_token(
    claims: &Map<String, Value>,
    flattened: &str,
    headers: &HeaderMap,
) -> Option<Vec<String>> {
    let mut values = headers.get_all(AUTHORIZATION).iter();
    let (Some(value), None) = (values.next(), values.next()) else {
        return None;
    };
    let (_, token) = value.to_str().ok()?.split_once(' ')?;
    let mut of_token: Map<String, Value> = claims_without_verification(token.trim())?;
    if of_token.get("jti") != claims.get("jti") {
        return None;
    }
    let list: Vec<String> = serde_json::from_value(of_token.remove(GROUPS)?).ok()?;
    let is_the_same = flattened == list.join(",") || flattened == format!("[{}]", list.join(" "));
    is_the_same.then_some(list)
}

#[cfg(test)]
mod tests {
    use base64::Engine as _;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;
    use http::header::AUTHORIZATION;
    use http::{HeaderMap, HeaderValue};
    use serde_json::{Map, Value, json};

    use super::{AmbiguousGroups, restore};

    fn claims(groups: &Value) -> Map<String, Value> {
        let claims = json!({ "jti": "1", "cognito:groups": groups });
        serde_json::from_value(claims).unwrap()
    }

    fn bearer(token_claims: &Value) -> HeaderValue {
        let encode = |part: &Value| URL_SAFE_NO_PAD.encode(part.to_string());
        let head = encode(&json!({ "alg": "RS256", "kid": "k" }));
        let text = format!("Bearer {head}.{}.c2ln", encode(token_claims));
        HeaderValue::try_from(text).unwrap()
    }

    /// The list that `flattened` is restored to with these headers.
    fn restored(flattened: &str, tokens: &[Value]) -> Result<Value, AmbiguousGroups> {
        let mut claims = claims(&json!(flattened));
        let mut headers = HeaderMap::new();
        for token in tokens {
            headers.append(AUTHORIZATION, bearer(token));
        }
        let restored = restore(&mut claims, &headers);
        let groups = claims.remove("cognito:groups").unwrap_or_default();
        assert_eq!(restored.is_err(), groups.is_null(), "no groups at all");
        restored.map(|()| groups)
    }

    fn token(groups: &[&str]) -> Value {
        json!({ "jti": "1", "cognito:groups": groups })
    }

    #[test]
    fn a_group_with_a_separator_in_its_name_stays_one_group() {
        for groups in [
            vec!["users,admin"],
            vec!["users", "admin"],
            vec!["users,admin", "admin"],
            vec!["[admin]"],
        ] {
            let rest = restored(&groups.join(","), &[token(&groups)]);
            assert_eq!(rest, Ok(json!(groups)));
            let http = restored(&format!("[{}]", groups.join(" ")), &[token(&groups)]);
            assert_eq!(http, Ok(json!(groups)));
        }
    }

    #[test]
    fn a_single_group_and_none_need_no_token() {
        assert_eq!(restored("keepers", &[]), Ok(json!(["keepers"])));
        assert_eq!(restored("", &[]), Ok(json!([])));
    }

    #[test]
    fn no_groups_are_taken_where_their_ends_cannot_be_known() {
        let own = token(&["users,admin"]);
        for tokens in [
            vec![],
            vec![token(&["users", "root"])],
            vec![json!({ "jti": "2", "cognito:groups": ["users", "admin"] })],
            vec![json!({ "jti": "1", "cognito:groups": "users,admin" })],
            vec![json!({ "jti": "1" })],
            vec![own.clone(), token(&["users", "admin"])],
        ] {
            let restored = restored("users,admin", &tokens);
            assert_eq!(restored, Err(AmbiguousGroups), "{tokens:?}");
        }
    }

    #[test]
    fn a_list_stays_a_list() {
        let mut with_list = claims(&json!(["users,admin", "vets"]));
        assert_eq!(restore(&mut with_list, &HeaderMap::new()), Ok(()));
        assert_eq!(with_list, claims(&json!(["users,admin", "vets"])));
    }
}
