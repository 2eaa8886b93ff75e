//! Reads the body of a call: `{"name": …, "arguments": {…}}`, or the arguments alone.

use http::HeaderMap;
use http::header::CONTENT_TYPE;
use rmcp::model::JsonObject;
use serde::Deserialize;
use serde_json::Value;

use crate::endpoint::media_type::media_type;
use crate::tools_api::problem::Problem;

/// A call of a function.
#[derive(Debug, PartialEq)]
pub(crate) struct FunctionCall {
    pub(crate) name: String,
    pub(crate) arguments: JsonObject,
}

/// Any JSON as a value, so that each error names its member.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Body {
    name: Option<Value>,
    arguments: Option<Value>,
}

/// What the body is, in errors.
const FORM: &str = r#"{"name": "…", "arguments": {…}}"#;

impl FunctionCall {
    /// Reads a body that names the function. A member that occurs twice is refused, because two readers could take different
    /// ones.
    pub(crate) fn read(headers: &HeaderMap, body: &[u8]) -> Result<Self, Problem> {
        let value = json(headers, body)?;
        if !value.is_object() {
            return Err(Problem::BodyInvalid(format!("the body must be {FORM}")));
        }
        let Body { name, arguments } = serde_json::from_slice(body)
            .map_err(|error| Problem::BodyInvalid(format!("the body must be {FORM}: {error}")))?;
        let name = match name {
            Some(Value::String(name)) => name,
            Some(_) => return Err(Problem::BodyInvalid("name must be a string".to_owned())),
            None => {
                return Err(Problem::BodyInvalid(format!(
                    "name is missing: the body must be {FORM}"
                )));
            }
        };
        let arguments = match arguments {
            None | Some(Value::Null) => JsonObject::new(),
            Some(Value::Object(arguments)) => arguments,
            Some(_) => {
                return Err(Problem::BodyInvalid(
                    "arguments must be an object".to_owned(),
                ));
            }
        };
        Ok(Self { name, arguments })
    }

    /// Reads a body that is the arguments of a function that the path names. No body means no arguments.
    pub(crate) fn of_arguments(
        name: String,
        headers: &HeaderMap,
        body: &[u8],
    ) -> Result<Self, Problem> {
        if body.is_empty() {
            let arguments = JsonObject::new();
            return Ok(Self { name, arguments });
        }
        match json(headers, body)? {
            Value::Object(arguments) => Ok(Self { name, arguments }),
            Value::Null
            | Value::Bool(_)
            | Value::Number(_)
            | Value::String(_)
            | Value::Array(_) => Err(Problem::BodyInvalid(
                "the body must be an object: the function's arguments".to_owned(),
            )),
        }
    }
}

fn json(headers: &HeaderMap, body: &[u8]) -> Result<Value, Problem> {
    if headers.contains_key(CONTENT_TYPE)
        && !media_type(headers).eq_ignore_ascii_case("application/json")
    {
        return Err(Problem::MediaTypeUnsupported);
    }
    serde_json::from_slice(body).map_err(|_| Problem::NotJson)
}

#[cfg(test)]
mod tests {
    use http::{HeaderMap, HeaderValue, header::CONTENT_TYPE};
    use serde_json::json;

    use super::FunctionCall;

    fn read(body: &str) -> Result<FunctionCall, String> {
        let call = FunctionCall::read(&HeaderMap::new(), body.as_bytes());
        call.map_err(|problem| problem.to_string())
    }

    #[test]
    fn an_error_says_which_member_is_wrong_and_what_the_body_must_be() {
        let call = read(r#"{"name":"walk","arguments":{"dog":"Rex"}}"#).unwrap();
        assert_eq!(call.name, "walk");
        assert_eq!(json!(call.arguments), json!({ "dog": "Rex" }));
        for without in [r#"{"name":"walk"}"#, r#"{"name":"walk","arguments":null}"#] {
            assert!(read(without).unwrap().arguments.is_empty(), "{without}");
        }
        for (body, problem) in [
            ("", "the body is not JSON"),
            ("{", "the body is not JSON"),
            ("[]", r#"the body must be {"name": "…", "arguments": {…}}"#),
            (
                "{}",
                r#"name is missing: the body must be {"name": "…", "arguments": {…}}"#,
            ),
            (r#"{"name":1}"#, "name must be a string"),
            (
                r#"{"name":"a","arguments":[1]}"#,
                "arguments must be an object",
            ),
        ] {
            assert_eq!(read(body).unwrap_err(), problem, "{body}");
        }
        let misspelt = read(r#"{"name":"a","args":{}}"#).unwrap_err();
        assert!(misspelt.contains("unknown field `args`"), "{misspelt}");
    }

    #[test]
    fn a_name_that_two_readers_could_read_differently_is_refused() {
        for smuggled in [
            r#"{"name":"a","name":"b"}"#,
            r#"{"name":"a","n\u0061me":"b"}"#,
            r#"{"name":"a","arguments":{},"arguments":{"x":1}}"#,
        ] {
            let problem = read(smuggled).unwrap_err();
            assert!(problem.contains("duplicate field"), "{smuggled}: {problem}");
        }
    }

    #[test]
    fn a_form_is_not_json() {
        let mut headers = HeaderMap::new();
        headers.insert(
            CONTENT_TYPE,
            HeaderValue::from_static("application/x-www-form-urlencoded"),
        );
        let problem = FunctionCall::read(&headers, br#"{"name":"a"}"#).unwrap_err();
        assert_eq!(
            problem.to_string(),
            "the body must have the media type application/json"
        );
        headers.insert(
            CONTENT_TYPE,
            HeaderValue::from_static("Application/JSON; charset=utf-8"),
        );
        assert!(FunctionCall::read(&headers, br#"{"name":"a"}"#).is_ok());
    }
}
