//! Metadata, routes, events: the edges of the protocol.

use aws_lambda_events::apigw::ApiGatewayProxyRequest;
use http::Method;
use mcp_lambda_authorization::edge::{from_event, into_answer};
use proptest::prelude::*;
use serde_json::json;

use crate::world::{Client, READ, WRITE, World, json as body, redirected_error};

const LOOPBACK: &str = "http://localhost:53682/callback";

#[test]
fn the_metadata_says_exactly_what_is_served() {
    let world = World::new();
    let oauth = body(&world.get("/.well-known/oauth-authorization-server", &[]));
    assert_eq!(
        oauth,
        json!({
            "issuer": "https://dogs.example.com",
            "authorization_endpoint": "https://dogs.example.com/authorize",
            "token_endpoint": "https://dogs.example.com/token",
            "registration_endpoint": "https://dogs.example.com/register",
            "revocation_endpoint": "https://dogs.example.com/revoke",
            "jwks_uri": "https://cognito-idp.eu-west-1.amazonaws.com/eu-west-1_Example/.well-known/jwks.json",
            "scopes_supported": [READ, WRITE],
            "response_types_supported": ["code"],
            "response_modes_supported": ["query"],
            "grant_types_supported": ["authorization_code", "refresh_token", "client_credentials"],
            "token_endpoint_auth_methods_supported": ["none", "client_secret_basic", "client_secret_post"],
            "revocation_endpoint_auth_methods_supported": ["none", "client_secret_basic", "client_secret_post"],
            "code_challenge_methods_supported": ["S256"],
            "authorization_response_iss_parameter_supported": true,
            "client_id_metadata_document_supported": true,
            "protected_resources": ["https://dogs.example.com/mcp"],
        })
    );
    let mut openid = body(&world.get("/.well-known/openid-configuration", &[]));
    for name in [
        "subject_types_supported",
        "id_token_signing_alg_values_supported",
        "request_uri_parameter_supported",
    ] {
        assert!(
            openid.as_object_mut().unwrap().remove(name).is_some(),
            "{name}"
        );
    }
    assert_eq!(openid, oauth);
}

#[test]
fn an_issuer_with_a_path_keeps_it_in_every_url() {
    let world = World::with(&[(
        "AUTHORIZATION_ISSUER",
        "https://abc.execute-api.eu-west-1.amazonaws.com/prod",
    )]);
    let document = body(&world.get("/.well-known/openid-configuration", &[]));
    assert_eq!(
        document["token_endpoint"],
        "https://abc.execute-api.eu-west-1.amazonaws.com/prod/token"
    );
}

#[test]
fn unknown_paths_and_methods_are_answered_as_json() {
    let world = World::new();
    assert_eq!(world.get("/nothing", &[]).status(), 404);
    for path in ["/consent", "/register", "/revoke", "/token"] {
        let answer = world.get(path, &[]);
        assert_eq!(
            (
                answer.status().as_u16(),
                answer.headers()["allow"].to_str().unwrap()
            ),
            (405, "POST"),
            "{path}"
        );
    }
    for (path, allow) in [
        ("/authorize", "GET, HEAD"),
        ("/callback", "GET"),
        ("/sign-in", "GET, HEAD"),
        ("/.well-known/openid-configuration", "GET, HEAD"),
    ] {
        let answer = world.form(path, &[], &[]);
        assert_eq!(
            (
                answer.status().as_u16(),
                answer.headers()["allow"].to_str().unwrap()
            ),
            (405, allow),
            "{path}"
        );
    }
}

/// RFC 9110 section 9.3.2.
#[test]
fn head_is_answered_as_get_without_a_body() {
    let client = |world: &World| Client::new(&world.registered(LOOPBACK), LOOPBACK);
    for path in [
        "/.well-known/oauth-authorization-server",
        "/.well-known/oauth-authorization-server/mcp",
        "/.well-known/openid-configuration",
        "/mcp/.well-known/openid-configuration",
        "/authorize",
        "/authorize?consent",
        "/sign-in",
        "/sign-in?outcome=done",
        "/nothing",
    ] {
        // Two worlds, because each draws the same random values.
        let answer = |method| {
            let world = World::new();
            let url = match path {
                "/authorize?consent" => client(&world).authorize_url(),
                path => path.to_owned(),
            };
            world.ask(method, &url, &[])
        };
        let (head, get) = (answer(Method::HEAD), answer(Method::GET));
        assert_eq!(head.status(), get.status(), "{path}");
        assert_eq!(head.headers(), get.headers(), "{path}");
        assert_eq!(head.body(), "", "{path}");
    }
    let world = World::new();
    assert_eq!(world.ask(Method::HEAD, "/token", &[]).status(), 405);
}

#[test]
fn problems_after_the_redirect_was_checked_are_told_at_the_client() {
    let world = World::new();
    let client = Client::new(&world.registered(LOOPBACK), LOOPBACK);
    for (name, value, expected) in [
        ("response_type", None, "invalid_request"),
        ("response_type", Some("token"), "unsupported_response_type"),
        (
            "response_type",
            Some("code id_token"),
            "unsupported_response_type",
        ),
        ("response_mode", Some("fragment"), "invalid_request"),
        ("response_mode", Some("form_post"), "invalid_request"),
        ("request", Some("eyJ"), "request_not_supported"),
        (
            "request_uri",
            Some("https://evil.example"),
            "request_not_supported",
        ),
        ("prompt", Some("none"), "interaction_required"),
    ] {
        let answer = world.get(&client.but(name, value).authorize_url(), &[]);
        assert_eq!(
            redirected_error(&answer, &client),
            expected,
            "{name} {value:?}"
        );
    }
}

#[test]
fn a_request_without_state_gets_an_answer_without_state() {
    let world = World::new();
    let mut client = Client::new(&world.registered(LOOPBACK), LOOPBACK);
    client.state = None;
    world.sign_in(&client);
}

#[test]
fn a_redirect_uri_with_a_query_keeps_it() {
    let world = World::new();
    let uri = "http://localhost:53682/callback?tenant=a%20b";
    let client = Client::new(&world.registered(uri), uri);
    world.sign_in(&client);
}

#[test]
fn a_proxy_event_of_the_gateway_is_read_with_repeated_parameters_and_cookies() {
    let event: ApiGatewayProxyRequest = serde_json::from_value(json!({
        "path": "/token", "httpMethod": "POST", "resource": "/token",
        "headers": { "cookie": "a=1" }, "multiValueHeaders": { "cookie": ["a=1", "a=2"], "Content-Type": ["application/x-www-form-urlencoded"] },
        "queryStringParameters": { "resource": "b" }, "multiValueQueryStringParameters": { "resource": ["a", "b"] },
        "requestContext": { "requestId": "r-1", "httpMethod": "POST" },
        "body": "Z3JhbnRfdHlwZT14", "isBase64Encoded": true,
    }))
    .unwrap();
    let request = from_event(event);
    assert_eq!(
        request
            .query
            .iter()
            .filter(|(name, _)| name == "resource")
            .count(),
        2
    );
    assert_eq!(request.headers.get_all("cookie").iter().count(), 2);
    assert_eq!(request.body, b"grant_type=x");
    assert_eq!(request.request_id.as_deref(), Some("r-1"));
    let world = World::new();
    let answer = into_answer(world.send(&request));
    let answer = serde_json::to_value(answer).unwrap();
    assert_eq!(answer["statusCode"], 400);
    assert_eq!(
        answer["multiValueHeaders"]["cache-control"],
        json!(["no-store"])
    );
    assert!(answer["body"].as_str().unwrap().contains("client_id"));
}

/// A test of the constructs holds the documents that the gateway serves, without a function, to the same file.
#[test]
fn the_checked_in_metadata_template_is_what_the_crate_builds() {
    let scopes = json!([{ "name": "https://resource.example.com/scopes", "description": "x" }]);
    let settings = mcp_lambda_authorization::Settings::from_variables(
        crate::world::variables().into_iter().chain(
            [
                ("AUTHORIZATION_ISSUER", "https://issuer.example.com"),
                ("MCP_RESOURCE", "https://resource.example.com/mcp"),
                ("MCP_JWKS_URL", "https://jwks.example.com/"),
                ("AUTHORIZATION_SCOPES", &scopes.to_string()),
            ]
            .map(|(name, value)| (name.to_owned(), value.to_owned())),
        ),
    )
    .unwrap();
    let document = |form| mcp_lambda_authorization::authorization_server_metadata(&settings, form);
    let both = json!({
        "oauth-authorization-server": document(mcp_lambda_authorization::MetadataForm::OAuth),
        "openid-configuration": document(mcp_lambda_authorization::MetadataForm::OpenId),
    });
    let template = serde_json::to_string_pretty(&both)
        .unwrap()
        .replace("https://issuer.example.com", "${issuer}")
        .replace("https://resource.example.com/mcp", "${resource}")
        .replace("https://jwks.example.com", "${jwksUri}")
        .replace("https://resource.example.com/scopes", "${scope}");
    let checked_in = include_str!("../../metadata.template.json");
    assert!(
        checked_in.trim_end() == template,
        "metadata.template.json is stale; its content should be:\n{template}"
    );
}

/// RFC 6749 section 5.2.
#[test]
fn an_error_description_keeps_to_the_characters_of_its_specification() {
    let world = World::new();
    let client = Client::new(&world.registered(LOOPBACK), LOOPBACK);
    let odd = "a\"b\\c\u{e9}\u{7f}\n";
    let location =
        crate::world::location(&world.get(&client.but("scope", Some(odd)).authorize_url(), &[]));
    let query = crate::cognito::parameters(url::Url::parse(&location).unwrap().query().unwrap());
    let registration =
        body(&world.register(&json!({ "redirect_uris": ["https://a\\b.example.com/\"*"] })));
    for description in [
        query["error_description"].as_str(),
        registration["error_description"].as_str().unwrap(),
    ] {
        let legal = description
            .bytes()
            .all(|byte| matches!(byte, 0x20..=0x21 | 0x23..=0x5b | 0x5d..=0x7e));
        assert!(legal, "{description:?}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(400) })]

    #[test]
    fn no_request_makes_the_server_fail_or_redirect_to_a_place_nobody_registered(
        path in "/(authorize|consent|callback|sign-in|token|register|revoke|x)?",
        method in "(get|post)",
        name in "(client_id|redirect_uri|state|code|grant_type|token|request|scope|resource|error|\\PC{0,8})",
        value in "\\PC{0,80}",
        cookie in "[ -~]{0,60}",
        body in "\\PC{0,120}",
    ) {
        let world = World::new();
        let headers = [("cookie", cookie.as_str()), ("authorization", cookie.as_str())];
        let answer = if method == "get" {
            let query = form_urlencoded::Serializer::new(String::new()).append_pair(&name, &value).finish();
            world.get(&format!("{path}?{query}"), &headers)
        } else if path == "/register" {
            world.post(&path, "application/json", &body, &headers)
        } else {
            world.form(&path, &[(name.as_str(), value.as_str()), ("client_id", body.as_str())], &headers)
        };
        let status = answer.status().as_u16();
        let location = answer.headers().get("location").map(|value| value.to_str().unwrap());
        match location {
            None => prop_assert!(answer.status().is_client_error(), "{status}"),
            // A callback that is refused ends on a page of ours, and a sign-in without a client begins at Cognito.
            Some(location) if path == "/callback" => {
                prop_assert_eq!((status, location), (303, "https://dogs.example.com/sign-in?outcome=TransactionNotOpened"));
            }
            Some(location) => {
                prop_assert!(path == "/sign-in" && status == 302 && location.starts_with(crate::cognito::SIGN_IN), "{}", location);
            }
        }
        prop_assert!(!answer.headers().contains_key("refresh"));
    }
}
