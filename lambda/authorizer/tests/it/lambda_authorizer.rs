//! The Lambda authorizer against an imitation of the Lambda Runtime API, and the function behind it.

use std::time::Duration;

use http::Response;
use http_body_util::Full;
use serde_json::{Value, json};

use crate::event_source::{Function, ISSUER, RESOURCE, call, data, modern_event, set_header};
use crate::issuer::{Issuer, encode, seconds_since_epoch};

const METHOD_ARN: &str = "arn:aws:execute-api:eu-central-1:111122223333:abc123/prod/POST/mcp";
const PROVIDER: &str = "https://login.example.com/";
/// SHA-256 of `a token for the Lambda authorizer`.
const DIGEST: &str = "3b683c02114c2889c75c21ee8d2b0d2e460460fd6e5db5f89df6cb2c422b9878";

/// What the Lambda authorizer said.
#[derive(Debug, PartialEq)]
enum Said {
    Allow { claims: Value },
    Deny,
    Error(String),
}

struct Authorizer(Function);

impl Authorizer {
    async fn start(issuer: &Issuer, variables: &[(&str, &str)]) -> Self {
        let jwks_url = issuer.jwks_url();
        let mut all = vec![("MCP_JWKS_URL", jwks_url.as_str())];
        all.extend(variables);
        Self(Function::start_program(&all, mcp_lambda_authorizer::run).await)
    }

    /// The Lambda authorizer in front of another provider, for the OAuth scopes `tools` and `profile`.
    async fn for_provider(issuer: &Issuer) -> Self {
        let variables = [
            ("AUTHORIZER_TOKENS", "jwt"),
            ("MCP_ISSUER", PROVIDER),
            ("AUTHORIZER_AUDIENCES", "api://dogs,other"),
            ("AUTHORIZER_SCOPES", "tools,profile"),
        ];
        Self::start(issuer, &variables).await
    }

    async fn ask(&self, headers: &[(&str, &str)]) -> Said {
        let mut event = json!({ "type": "REQUEST", "methodArn": METHOD_ARN });
        for (name, value) in headers {
            set_header(&mut event, name, value);
        }
        self.ask_about(&event).await
    }

    async fn ask_about(&self, event: &Value) -> Said {
        let invoked = self.0.invoke(event, Duration::from_secs(30)).await;
        let is_error = invoked.is_error;
        let answer: Value = serde_json::from_slice(&invoked.all().await).unwrap();
        if is_error {
            return Said::Error(answer["errorMessage"].as_str().unwrap().to_owned());
        }
        let statement = &answer["policyDocument"]["Statement"][0];
        assert_eq!(answer["policyDocument"]["Version"], "2012-10-17");
        assert_eq!(statement["Action"], "execute-api:Invoke");
        assert_eq!(statement["Resource"], METHOD_ARN, "no other method");
        match statement["Effect"].as_str() {
            Some("Allow") => Said::Allow {
                claims: serde_json::from_str(answer["context"]["claims"].as_str().unwrap())
                    .unwrap(),
            },
            Some("Deny") => {
                assert_eq!(answer["context"], Value::Null, "nothing is told");
                assert_eq!(answer["usageIdentifierKey"], Value::Null);
                Said::Deny
            }
            effect => panic!("{effect:?}"),
        }
    }

    async fn ask_with_token(&self, token: &str) -> Said {
        self.ask(&[("Authorization", &format!("Bearer {token}"))])
            .await
    }
}

fn unauthorized() -> Said {
    Said::Error("Unauthorized".to_owned())
}

/// Claims of a signed-in person, as Cognito has them.
fn person(scopes: &[&str]) -> Value {
    let scope: Vec<String> = scopes
        .iter()
        .map(|name| format!("{RESOURCE}/{name}"))
        .collect();
    json!({
        "sub": "user-1", "client_id": "client-1", "token_use": "access", "iss": ISSUER, "aud": RESOURCE,
        "scope": scope.join(" "), "exp": seconds_since_epoch() + 300, "cognito:groups": ["keepers"],
    })
}

/// The event that API Gateway hands to the function after the Lambda authorizer.
fn behind_the_authorizer(event: &Value, claims: &Value) -> Value {
    let mut event = event.clone();
    event["requestContext"]["authorizer"] =
        json!({ "principalId": "user-1", "claims": claims.to_string() });
    event
}

#[tokio::test]
async fn hands_the_claims_of_cognitos_token_to_the_function() {
    let issuer = Issuer::start().await;
    let authorizer = Authorizer::start(&issuer, &[]).await;
    let claims = person(&["tools", "profile"]);
    let said = authorizer.ask_with_token(&issuer.token(&claims)).await;
    assert_eq!(
        said,
        Said::Allow {
            claims: claims.clone()
        }
    );
    let function = Function::streaming().await;
    let event = modern_event(&call("who_am_i"));
    let through_lambda_authorizer = function.send(&behind_the_authorizer(&event, &claims)).await;
    let mut with_authorizer = event;
    with_authorizer["requestContext"]["authorizer"] = json!({ "claims": claims });
    let through_authorizer = function.send(&with_authorizer).await;
    assert_eq!(through_lambda_authorizer.status, 200);
    assert_eq!(through_lambda_authorizer.json(), through_authorizer.json());
}

#[tokio::test]
async fn asks_for_credentials_when_there_are_none_or_more_than_one() {
    let issuer = Issuer::start().await;
    let authorizer = Authorizer::start(&issuer, &[]).await;
    let token = issuer.token(&person(&["tools"]));
    for value in [
        "",
        "Bearer",
        "Bearer ",
        "Basic dXNlcjpwYXNz",
        &format!("Token {token}"),
        &token,
    ] {
        assert_eq!(
            authorizer.ask(&[("Authorization", value)]).await,
            unauthorized(),
            "{value}"
        );
    }
    assert_eq!(authorizer.ask(&[]).await, unauthorized());
    let mut twice = json!({ "methodArn": METHOD_ARN, "headers": { "Authorization": format!("Bearer {token}") } });
    twice["multiValueHeaders"] =
        json!({ "Authorization": [format!("Bearer {token}"), format!("Bearer {token}")] });
    assert_eq!(authorizer.ask_about(&twice).await, unauthorized());
    let allowed = authorizer
        .ask(&[("aUTHORIZATION", &format!("bEARER {token}"))])
        .await;
    assert!(matches!(allowed, Said::Allow { .. }), "{allowed:?}");
    let single = json!({ "methodArn": METHOD_ARN, "headers": { "authorization": format!("Bearer {token}") } });
    assert!(matches!(
        authorizer.ask_about(&single).await,
        Said::Allow { .. }
    ));
}

#[tokio::test]
async fn refuses_tokens_that_the_function_would_refuse() {
    let issuer = Issuer::start().await;
    let authorizer = Authorizer::start(&issuer, &[]).await;
    for (claim, value) in [
        ("token_use", json!("id")),
        ("iss", json!("https://evil.example")),
        ("aud", json!("https://other.example")),
        ("exp", json!(seconds_since_epoch() - 60)),
        ("exp", Value::Null),
        ("nbf", json!(seconds_since_epoch() + 60)),
        ("sub", Value::Null),
    ] {
        let mut claims = person(&["tools"]);
        claims[claim] = value;
        assert_eq!(
            authorizer.ask_with_token(&issuer.token(&claims)).await,
            unauthorized(),
            "{claim}"
        );
    }
    assert_eq!(
        authorizer.ask_with_token(&issuer.token(&person(&[]))).await,
        Said::Deny
    );
    let claims = person(&["tools"]);
    let unsigned = format!("{}.{}.", encode(&json!({ "alg": "none" })), encode(&claims));
    let header = json!({ "alg": "RS256", "kid": "current" });
    let forged = issuer.sign(&issuer.other_key, &header, &claims);
    for token in [unsigned, forged, "not.a.token".to_owned()] {
        assert_eq!(authorizer.ask_with_token(&token).await, unauthorized());
    }
}

#[tokio::test]
async fn says_that_it_cannot_tell_while_the_issuer_is_down() {
    let issuer = Issuer::answering(|| {
        let mut answer = Response::new(Full::default());
        *answer.status_mut() = http::StatusCode::BAD_GATEWAY;
        answer
    })
    .await;
    let authorizer = Authorizer::start(&issuer, &[]).await;
    let said = authorizer
        .ask_with_token(&issuer.token(&person(&["tools"])))
        .await;
    assert_eq!(
        said,
        Said::Error("the issuer's keys cannot be read".to_owned())
    );
}

#[tokio::test]
async fn translates_the_tokens_of_another_provider() {
    let issuer = Issuer::start().await;
    let authorizer = Authorizer::for_provider(&issuer).await;
    let end = seconds_since_epoch() + 300;
    let base = json!({ "iss": PROVIDER, "sub": "auth0|1", "aud": "api://dogs", "exp": end });
    let both = format!("{RESOURCE}/tools {RESOURCE}/profile");
    for (claims, client, scope) in [
        (
            json!({ "client_id": "c1", "scope": "tools profile openid" }),
            "c1",
            both.as_str(),
        ),
        (
            json!({ "azp": "c2", "scope": both, "aud": ["x", "other"] }),
            "c2",
            both.as_str(),
        ),
        (
            json!({ "cid": "c3", "scp": ["profile", "admin"] }),
            "c3",
            "https://d111.cloudfront.net/mcp/profile",
        ),
        (
            json!({ "azp": "c4", "scp": "tools" }),
            "c4",
            "https://d111.cloudfront.net/mcp/tools",
        ),
    ] {
        let mut token = base.clone();
        token
            .as_object_mut()
            .unwrap()
            .extend(claims.as_object().unwrap().clone());
        let expected = json!({
            "token_use": "access", "iss": PROVIDER, "aud": RESOURCE, "sub": "auth0|1", "client_id": client,
            "scope": scope, "exp": end,
        });
        assert_eq!(
            authorizer.ask_with_token(&issuer.token(&token)).await,
            Said::Allow { claims: expected }
        );
    }
}

#[tokio::test]
async fn a_person_needs_an_audience_where_it_is_required_and_a_machine_does_not() {
    let issuer = Issuer::start().await;
    let required = Authorizer::start(&issuer, &[("MCP_AUDIENCE_REQUIRED", "true")]).await;
    let optional = Authorizer::start(&issuer, &[]).await;
    let bound = person(&["tools"]);
    let mut unbound = bound.clone();
    unbound.as_object_mut().unwrap().remove("aud");
    let mut machine = unbound.clone();
    machine["sub"] = machine["client_id"].clone();
    let mut named = machine.clone();
    named["username"] = json!("ada");
    for (claims, is_accepted) in [
        (bound, true),
        (machine, true),
        (unbound, false),
        (named, false),
    ] {
        let token = issuer.token(&claims);
        let allowed = Said::Allow {
            claims: claims.clone(),
        };
        assert_eq!(optional.ask_with_token(&token).await, allowed);
        let said = required.ask_with_token(&token).await;
        let expected = if is_accepted { allowed } else { unauthorized() };
        assert_eq!(said, expected, "{claims}");
    }
}

#[tokio::test]
async fn hands_a_group_with_a_separator_in_its_name_on_as_one() {
    let issuer = Issuer::start().await;
    let authorizer = Authorizer::start(&issuer, &[]).await;
    let mut claims = person(&["profile"]);
    claims["cognito:groups"] = json!(["users,admin", "vets"]);
    let Said::Allow { claims } = authorizer.ask_with_token(&issuer.token(&claims)).await else {
        panic!("the person is let in");
    };
    let function = Function::streaming().await;
    let event = behind_the_authorizer(&modern_event(&call("who_am_i")), &claims);
    let told = function.send(&event).await.tool_text();
    assert!(told.ends_with(r#" ["users,admin", "vets"]"#), "{told}");
}

#[tokio::test]
async fn refuses_tokens_that_another_provider_issued_for_somebody_else() {
    let issuer = Issuer::start().await;
    let authorizer = Authorizer::for_provider(&issuer).await;
    let base = json!({
        "iss": PROVIDER, "sub": "u", "aud": "api://dogs", "azp": "c", "scope": "tools", "exp": seconds_since_epoch() + 300,
    });
    assert!(matches!(
        authorizer.ask_with_token(&issuer.token(&base)).await,
        Said::Allow { .. }
    ));
    for (claim, value, said) in [
        ("iss", json!("https://login.example.com"), unauthorized()),
        ("aud", json!("api://cats"), unauthorized()),
        ("aud", json!([]), unauthorized()),
        ("aud", Value::Null, unauthorized()),
        ("exp", json!(seconds_since_epoch() - 60), unauthorized()),
        ("exp", Value::Null, unauthorized()),
        ("nbf", json!(seconds_since_epoch() + 60), unauthorized()),
        ("sub", Value::Null, unauthorized()),
        ("azp", Value::Null, unauthorized()),
        ("scope", json!("openid admin tools:write"), Said::Deny),
        (
            "scope",
            json!("https://other.example/mcp/tools"),
            Said::Deny,
        ),
    ] {
        let mut claims = base.clone();
        claims[claim] = value;
        assert_eq!(
            authorizer.ask_with_token(&issuer.token(&claims)).await,
            said,
            "{claim} {}",
            claims[claim]
        );
    }
}

#[tokio::test]
async fn knows_tokens_by_their_digest() {
    let issuer = Issuer::start().await;
    let digests = format!("{DIGEST},{}", "0".repeat(64));
    let authorizer = Authorizer::start(
        &issuer,
        &[
            ("AUTHORIZER_TOKENS", "digest"),
            ("AUTHORIZER_TOKEN_SHA256", &digests),
            ("AUTHORIZER_SCOPES", "tools,profile"),
        ],
    )
    .await;
    let name = format!("token-{}", &DIGEST[..16]);
    let expected = json!({
        "token_use": "access", "iss": ISSUER, "sub": name, "client_id": name,
        "scope": format!("{RESOURCE}/tools {RESOURCE}/profile"),
    });
    let said = authorizer
        .ask_with_token("a token for the Lambda authorizer")
        .await;
    assert_eq!(
        said,
        Said::Allow {
            claims: expected.clone()
        }
    );
    for token in ["a token for the Authorizer", DIGEST, &"0".repeat(64)] {
        assert_eq!(
            authorizer.ask_with_token(token).await,
            unauthorized(),
            "{token}"
        );
    }
    let function = Function::streaming().await;
    let event = modern_event(&call("who_am_i"));
    let answer = function
        .send(&behind_the_authorizer(&event, &expected))
        .await;
    assert!(
        answer.json()["result"]["content"][0]["text"]
            .as_str()
            .unwrap()
            .starts_with("machine token-"),
        "{:?}",
        answer.json()
    );
}

/// The tools of the test server that the matrix below calls, with their OAuth scopes.
const TOOLS: &str = r#"{"echo":["tools"],"who_am_i":["profile"],"administer":["tools","admin"]}"#;

/// The OAuth scopes of the test server that include others.
const INCLUDES: &str = r#"{"owner":["everything"],"everything":["tools","admin"]}"#;

#[tokio::test]
async fn lets_nothing_through_that_the_function_refuses_and_refuses_nothing_else() {
    let issuer = Issuer::start().await;
    let variables = [
        ("AUTHORIZER_TOOLS", TOOLS),
        ("AUTHORIZER_SCOPE_INCLUDES", INCLUDES),
    ];
    let authorizer = Authorizer::start(&issuer, &variables).await;
    let function = Function::streaming().await;
    let mut seen = (0, 0);
    for scopes in [
        &["tools"][..],
        &["profile"],
        &["tools", "profile"],
        &["tools", "admin"],
        &["everything"],
        &["owner"],
    ] {
        let claims = person(scopes);
        let token = issuer.token(&claims);
        for tool in ["echo", "who_am_i", "administer", "no_such_tool"] {
            let event = modern_event(&call(tool));
            let mut question =
                json!({ "methodArn": METHOD_ARN, "multiValueHeaders": event["multiValueHeaders"] });
            set_header(&mut question, "Authorization", &format!("Bearer {token}"));
            let said = authorizer.ask_about(&question).await;
            let status = function
                .send(&behind_the_authorizer(&event, &claims))
                .await
                .status;
            match said {
                Said::Allow { .. } => {
                    assert_ne!(status, 403, "{tool} {scopes:?}");
                    seen.0 += 1;
                }
                Said::Deny => {
                    assert_eq!(status, 403, "{tool} {scopes:?}");
                    seen.1 += 1;
                }
                Said::Error(message) => panic!("{message}"),
            }
        }
    }
    assert_eq!(seen, (16, 8), "allowed, denied");
}

#[tokio::test]
async fn reads_the_tool_as_the_specification_encodes_it_and_leaves_what_it_cannot_read_to_the_function()
 {
    let issuer = Issuer::start().await;
    let authorizer = Authorizer::start(
        &issuer,
        &[(
            "AUTHORIZER_TOOLS",
            r#"{"who_am_i":["profile"],"größe":["profile"]}"#,
        )],
    )
    .await;
    let token = issuer.token(&person(&["tools"]));
    let authorization = format!("Bearer {token}");
    for (headers, denied) in [
        (
            vec![("Mcp-Method", "tools/call"), ("Mcp-Name", "who_am_i")],
            true,
        ),
        (
            vec![("mcp-method", "tools/call"), ("mcp-name", " who_am_i ")],
            true,
        ),
        (
            vec![
                ("Mcp-Method", "tools/call"),
                ("Mcp-Name", "=?base64?d2hvX2FtX2k=?="),
            ],
            true,
        ),
        (
            vec![
                ("Mcp-Method", "tools/call"),
                ("Mcp-Name", "=?base64?Z3LDtsOfZQ==?="),
            ],
            true,
        ),
        (
            vec![("Mcp-Method", "tools/call"), ("Mcp-Name", "=?base64?***?=")],
            false,
        ),
        (
            vec![("Mcp-Method", "tools/call"), ("Mcp-Name", "WHO_AM_I")],
            false,
        ),
        (vec![("Mcp-Method", "tools/call")], false),
        (
            vec![("Mcp-Method", "tools/list"), ("Mcp-Name", "who_am_i")],
            false,
        ),
        (vec![("Mcp-Name", "who_am_i")], false),
        (vec![], false),
    ] {
        let mut all = headers.clone();
        all.push(("Authorization", &authorization));
        let said = authorizer.ask(&all).await;
        assert_eq!(said == Said::Deny, denied, "{headers:?} {said:?}");
        assert!(
            denied || matches!(said, Said::Allow { .. }),
            "{headers:?} {said:?}"
        );
    }
}

/// The API key that the request of an app client counts against.
async fn usage_key(authorizer: &Authorizer, issuer: &Issuer, client: &str) -> Value {
    let mut claims = person(&["tools"]);
    claims["client_id"] = json!(client);
    let mut event = json!({ "methodArn": METHOD_ARN });
    let authorization = format!("Bearer {}", issuer.token(&claims));
    set_header(&mut event, "Authorization", &authorization);
    let answer = authorizer
        .0
        .invoke(&event, Duration::from_secs(30))
        .await
        .all();
    let answer: Value = serde_json::from_slice(&answer.await).unwrap();
    assert_eq!(
        answer["policyDocument"]["Statement"][0]["Effect"], "Allow",
        "{answer}"
    );
    answer["usageIdentifierKey"].clone()
}

#[tokio::test]
async fn names_the_api_key_that_an_app_clients_requests_count_against() {
    let issuer = Issuer::start().await;
    let shared = "abc123def4everybodyelse";
    let authorizer = Authorizer::start(
        &issuer,
        &[
            ("AUTHORIZER_USAGE_KEY", shared),
            (
                "AUTHORIZER_USAGE_CLIENTS",
                "4h57cip,3f2504e0-4f89-11d3,token-ba7816bf",
            ),
        ],
    )
    .await;
    for (client, key) in [
        ("4h57cip", format!("{shared}4h57cip")),
        ("3f2504e0-4f89-11d3", format!("{shared}3f2504e04f8911d3")),
        ("token-ba7816bf", format!("{shared}tokenba7816bf")),
        ("4h57cipx", shared.to_owned()),
        ("3f2504e04f8911d3", shared.to_owned()),
        ("https://client.example/metadata.json", shared.to_owned()),
    ] {
        assert_eq!(
            usage_key(&authorizer, &issuer, client).await,
            key,
            "{client}"
        );
    }
    let alone = Authorizer::start(&issuer, &[("AUTHORIZER_USAGE_KEY", shared)]).await;
    assert_eq!(usage_key(&alone, &issuer, "4h57cip").await, shared);
    let without = Authorizer::start(&issuer, &[("AUTHORIZER_USAGE_CLIENTS", "4h57cip")]).await;
    assert_eq!(usage_key(&without, &issuer, "4h57cip").await, Value::Null);
}

#[tokio::test]
async fn answers_an_event_of_another_kind_with_an_error() {
    let issuer = Issuer::start().await;
    let authorizer = Authorizer::start(&issuer, &[]).await;
    assert_eq!(
        authorizer.ask_about(&data("event-person.json")).await,
        Said::Error("the event is not that of a REQUEST authorizer".to_owned())
    );
}

#[tokio::test]
async fn names_the_settings_that_its_kind_of_token_needs() {
    let issuer = Issuer::start().await;
    for (variables, told) in [
        (
            vec![("AUTHORIZER_TOKENS", "jwt")],
            "AUTHORIZER_AUDIENCES is not set",
        ),
        (
            vec![("AUTHORIZER_TOKENS", "jwt"), ("AUTHORIZER_AUDIENCES", "a")],
            "AUTHORIZER_SCOPES is not set",
        ),
        (
            vec![("AUTHORIZER_TOKENS", "jwt"), ("MCP_JWKS_URL", "")],
            "MCP_JWKS_URL is not set",
        ),
        (
            vec![("AUTHORIZER_TOKENS", "digest")],
            "AUTHORIZER_TOKEN_SHA256 is not set",
        ),
        (
            vec![
                ("AUTHORIZER_TOKENS", "digest"),
                ("AUTHORIZER_TOKEN_SHA256", DIGEST),
            ],
            "AUTHORIZER_SCOPES is not set",
        ),
        (
            vec![
                ("AUTHORIZER_TOKENS", "basic"),
                ("AUTHORIZER_TOKEN_SHA256", "secret"),
                ("AUTHORIZER_TOOLS", "[]"),
            ],
            "environment variables cannot be used: AUTHORIZER_TOKENS must be cognito, jwt or digest, got \"basic\"; \
             AUTHORIZER_TOKEN_SHA256 must be SHA-256 digests of 64 lower-case hexadecimal digits; \
             AUTHORIZER_TOOLS must be a JSON object of lists of texts, got \"[]\"",
        ),
    ] {
        let authorizer = Authorizer::start(&issuer, &variables).await;
        let said = async {
            loop {
                if let Some(line) = authorizer.0.log.lock().unwrap().first() {
                    return line.clone();
                }
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        };
        let line = tokio::time::timeout(Duration::from_secs(10), said)
            .await
            .expect("it says so");
        let line: Value = serde_json::from_str(&line).unwrap();
        assert_eq!(line["message"], told);
    }
}
