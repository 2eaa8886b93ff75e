//! The metadata documents: what they say, at which paths, about whom.

use serde_json::json;

use crate::{
    cognito::POOL,
    harness::{Harness, ISSUER, READ, WRITE, json as body, variables},
};

#[test]
fn the_issuer_is_the_documents_own_origin_at_every_path_that_clients_probe() {
    let harness = Harness::new();
    for path in [
        "/.well-known/oauth-authorization-server",
        "/.well-known/oauth-authorization-server/mcp",
        "/.well-known/openid-configuration",
        "/.well-known/openid-configuration/mcp",
        "/mcp/.well-known/openid-configuration",
    ] {
        let answer = harness.get(path, &[]);
        assert_eq!(answer.status(), 200, "{path}");
        assert_eq!(body(&answer)["issuer"], ISSUER, "{path}");
        assert_eq!(
            body(&answer)["code_challenge_methods_supported"],
            json!(["S256"]),
            "{path}"
        );
    }
    assert_eq!(
        harness
            .get("/.well-known/oauth-authorization-server/other", &[])
            .status(),
        404
    );
}

/// mcp-remote: a hostile `authorization_endpoint` ran code on the client's machine.
#[test]
fn cve_2025_6514_every_url_of_the_metadata_is_https_and_ours_but_for_cognitos_keys() {
    let harness = Harness::new();
    for path in [
        "/.well-known/oauth-authorization-server",
        "/.well-known/openid-configuration",
    ] {
        let document = body(&harness.get(path, &[]));
        for (name, value) in document.as_object().unwrap() {
            match (name.as_str(), value.as_str()) {
                ("jwks_uri", Some(url)) => {
                    assert_eq!(url, format!("{}/.well-known/jwks.json", POOL))
                }
                (_, Some(url)) => assert!(url.starts_with("https://dogs.example.com"), "{name}"),
                (_, None) => {}
            }
        }
    }
}

#[test]
fn the_metadata_says_exactly_what_is_served() {
    let harness = Harness::new();
    let oauth = body(&harness.get("/.well-known/oauth-authorization-server", &[]));
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
    let mut openid = body(&harness.get("/.well-known/openid-configuration", &[]));
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
    let harness = Harness::with(&[(
        "AUTHORIZATION_ISSUER",
        "https://abc.execute-api.eu-west-1.amazonaws.com/prod",
    )]);
    let document = body(&harness.get("/.well-known/openid-configuration", &[]));
    assert_eq!(
        document["token_endpoint"],
        "https://abc.execute-api.eu-west-1.amazonaws.com/prod/token"
    );
}

/// A test of the constructs holds the documents that the gateway serves, without a function, to the same file.
#[test]
fn the_checked_in_metadata_template_is_what_the_crate_builds() {
    let scopes = json!([{ "name": "https://resource.example.com/scopes", "description": "x" }]);
    let settings = mcp_lambda_authorization::Settings::from_variables(
        variables().into_iter().chain(
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
