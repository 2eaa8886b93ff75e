//! Builds the IAM policies that the Lambda authorizer returns to API Gateway.

use serde_json::{Map, Value, json};

/// Allows one request. The claims are a JSON string, because API Gateway does not forward objects of a Lambda
/// authorizer.
///
/// The request counts against `usage_key`, the value of a usage plan's API key.
pub(crate) fn allow(
    method_arn: &str,
    claims: &Map<String, Value>,
    usage_key: Option<&str>,
) -> Value {
    let mut answer = policy("Allow", method_arn);
    if let Some(key) = usage_key {
        answer["usageIdentifierKey"] = json!(key);
    }
    answer["principalId"] = claims.get("sub").cloned().unwrap_or_default();
    answer["context"] = json!({ "claims": Value::Object(claims.clone()).to_string() });
    answer
}

/// Makes API Gateway respond with 403 and the gateway response `ACCESS_DENIED`.
pub(crate) fn deny(method_arn: &str) -> Value {
    policy("Deny", method_arn)
}

/// The response of a Lambda authorizer, for exactly the requested method.
fn policy(effect: &str, method_arn: &str) -> Value {
    json!({
        "principalId": "caller",
        "policyDocument": {
            "Version": "2012-10-17",
            "Statement": [{ "Action": "execute-api:Invoke", "Effect": effect, "Resource": method_arn }],
        },
    })
}
