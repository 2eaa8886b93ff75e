//! The settings: all problems at once, none of them a secret.

use std::collections::BTreeMap;

use mcp_lambda_authorization::{SettingProblem, Settings};
use serde_json::json;

use crate::harness::{Browser, Harness, assert_refused_on_a_page, error, json as body, variables};

fn problems(changes: &[(&str, &str)]) -> Vec<SettingProblem> {
    let mut variables = variables();
    for (name, value) in changes {
        variables.insert((*name).to_owned(), (*value).to_owned());
    }
    Settings::from_variables(variables)
        .map(|_| ())
        .unwrap_err()
        .0
}

#[test]
fn every_missing_setting_is_named_at_once() {
    let problems = Settings::from_variables([]).unwrap_err();
    let names: Vec<_> = problems.0.iter().map(|problem| problem.name).collect();
    assert_eq!(
        names,
        [
            "MCP_RESOURCE",
            "MCP_ISSUER",
            "AUTHORIZATION_ISSUER",
            "AUTHORIZATION_SIGN_IN_URL",
            "AUTHORIZATION_COGNITO_CLIENT_ID",
            "AUTHORIZATION_SEALING_SECRET",
            "AUTHORIZATION_SCOPES",
        ]
    );
}

#[test]
fn each_wrong_value_is_refused_under_its_name() {
    for (name, value) in [
        ("MCP_RESOURCE", "dogs.example.com/mcp"),
        ("MCP_RESOURCE", "http://dogs.example.com/mcp"),
        ("AUTHORIZATION_ISSUER", "http://dogs.example.com"),
        ("AUTHORIZATION_ISSUER", "https://dogs.example.com/?x"),
        ("AUTHORIZATION_SIGN_IN_URL", "https://user@example.com"),
        ("AUTHORIZATION_SEALING_SECRET", "short"),
        ("AUTHORIZATION_SCOPES", "[]"),
        ("AUTHORIZATION_SCOPES", "{}"),
        (
            "AUTHORIZATION_SCOPES",
            r#"[{"name":"a b","description":"x"}]"#,
        ),
        (
            "AUTHORIZATION_SCOPES",
            r#"[{"name":"offline_access","description":"x"}]"#,
        ),
        (
            "AUTHORIZATION_SCOPES",
            r#"[{"name":"a","description":" "}]"#,
        ),
        (
            "AUTHORIZATION_CLIENTS",
            r#"[{"clientId":"https://x","clientName":"X","redirectUris":["http://localhost/"]}]"#,
        ),
        (
            "AUTHORIZATION_CLIENTS",
            r#"[{"clientId":"mcp-client-x","clientName":"X","redirectUris":["http://localhost/"]}]"#,
        ),
        (
            "AUTHORIZATION_CLIENTS",
            r#"[{"clientId":"x","clientName":"X","redirectUris":[]}]"#,
        ),
        (
            "AUTHORIZATION_CLIENTS",
            r#"[{"clientId":"x","clientName":"X","redirectUris":["http://example.com/"]}]"#,
        ),
        (
            "AUTHORIZATION_CLIENTS",
            r#"[{"clientId":"x","clientName":"X","redirectUris":["http://localhost/"],"scopes":["unknown"]}]"#,
        ),
        (
            "AUTHORIZATION_CLIENTS",
            r#"[{"clientId":"x","clientName":"X","redirectUris":["http://localhost/"],"secretSha256":["plain"]}]"#,
        ),
        (
            "AUTHORIZATION_CLIENTS",
            r#"[{"clientId":"x","clientName":"X","redirectUris":["http://localhost/"],"secret":"plain"}]"#,
        ),
        ("AUTHORIZATION_REGISTRATION", "yes"),
        ("AUTHORIZATION_REGISTRATION_DAYS", "0"),
        ("AUTHORIZATION_CODE_SECONDS", "301"),
        ("AUTHORIZATION_CODE_SECONDS", "4"),
        ("AUTHORIZATION_REFRESH_TOKEN_DAYS", "x"),
        ("AUTHORIZATION_REDIRECT_HOSTS", "*"),
        ("AUTHORIZATION_CUSTOM_SCHEMES", "javascript"),
        ("AUTHORIZATION_CUSTOM_SCHEMES", "https"),
        ("AUTHORIZATION_BRAND_COLOR", "red;} body{display:none"),
        ("AUTHORIZATION_BRAND_COLOR", "#ffcc00"),
        (
            "AUTHORIZATION_BRAND_LOGO_URL",
            "http://example.com/logo.png",
        ),
        ("MCP_ALLOWED_ORIGINS", "*"),
        ("MCP_ALLOWED_ORIGINS", "https://example.com/"),
        ("AUTHORIZATION_LOCAL_METADATA_HOSTS", "claude.ai"),
    ] {
        let problems = problems(&[(name, value)]);
        assert!(
            problems.iter().any(|problem| problem.name == name),
            "{name}={value}: {problems:?}"
        );
    }
}

#[test]
fn several_servers_are_listed_with_names_and_scopes_of_their_own() {
    for (wrong, why) in [
        ("[]", "is empty"),
        ("{}", "must be the expected JSON"),
        (
            r#"[{"resource":"http://dogs.example.com/a/mcp","name":"A","scopes":[{"name":"read","description":"x"}]}]"#,
            "must use https",
        ),
        (
            r#"[{"resource":"https://dogs.example.com/a/mcp","name":" ","scopes":[{"name":"read","description":"x"}]}]"#,
            "has no name for the consent page",
        ),
        (
            r#"[{"resource":"https://dogs.example.com/a/mcp","name":"A","scopes":[]}]"#,
            "has no scope",
        ),
        (
            r#"[{"resource":"https://dogs.example.com/a/mcp","name":"A","scopes":[{"name":"https://dogs.example.com/a/mcp/read","description":"x"}]}]"#,
            "is not a scope name",
        ),
        (
            r#"[{"resource":"https://dogs.example.com/a/mcp","name":"A","scopes":[{"name":"read","description":" "}]}]"#,
            "has no description",
        ),
        (
            r#"[{"resource":"https://dogs.example.com/a/mcp","name":"A","scopes":[{"name":"read","description":"x"}]},
               {"resource":"https://dogs.example.com/a/mcp","name":"B","scopes":[{"name":"read","description":"x"}]}]"#,
            "is listed twice",
        ),
    ] {
        let problems = problems(&[
            ("AUTHORIZATION_RESOURCES", wrong),
            ("MCP_RESOURCE", ""),
            ("AUTHORIZATION_SCOPES", ""),
        ]);
        let found = problems.iter().any(|problem| {
            problem.name == "AUTHORIZATION_RESOURCES" && problem.message.contains(why)
        });
        assert!(found, "{wrong}: {problems:?}");
    }
}

#[test]
fn one_server_or_several_but_not_both() {
    let several = r#"[{"resource":"https://dogs.example.com/a/mcp","name":"A","scopes":[{"name":"read","description":"x"}]}]"#;
    let both = problems(&[("AUTHORIZATION_RESOURCES", several)]);
    let told: Vec<_> = both
        .iter()
        .map(|problem| (problem.name, problem.message.as_str()))
        .collect();
    let fix = "is set together with AUTHORIZATION_RESOURCES; remove one";
    assert_eq!(told, [("MCP_RESOURCE", fix), ("AUTHORIZATION_SCOPES", fix)]);
}

#[test]
fn a_secret_is_in_one_place() {
    let both = problems(&[(
        "AUTHORIZATION_SEALING_SECRET_ARN",
        "arn:aws:secretsmanager:eu-west-1:1:secret:x",
    )]);
    assert!(both[0].message.contains("remove one"), "{both:?}");
}

#[test]
fn a_secret_in_secrets_manager_needs_access_to_it() {
    let names: Vec<_> = problems(&[
        ("AUTHORIZATION_SEALING_SECRET", ""),
        (
            "AUTHORIZATION_SEALING_SECRET_ARN",
            "arn:aws:secretsmanager:eu-west-1:1:secret:x",
        ),
    ])
    .iter()
    .map(|problem| problem.name)
    .collect();
    assert_eq!(
        names,
        ["AWS_REGION", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"]
    );
}

#[test]
fn no_problem_repeats_a_secret() {
    let problems = problems(&[
        ("AUTHORIZATION_SEALING_SECRET", "s3cret-value"),
        ("AUTHORIZATION_SEALING_SECRET_PREVIOUS", "s3cret-value"),
    ]);
    assert!(!format!("{problems:?}").contains("s3cret-value"));
}

#[test]
fn a_loopback_deployment_may_be_plain_http() {
    let mut variables = variables();
    for (name, value) in [
        ("AUTHORIZATION_ISSUER", "http://127.0.0.1:3030"),
        ("MCP_RESOURCE", "http://127.0.0.1:3030/mcp"),
        ("AUTHORIZATION_SIGN_IN_URL", "http://127.0.0.1:3031/"),
    ] {
        variables.insert(name.to_owned(), value.to_owned());
    }
    let settings = Settings::from_variables(variables).unwrap();
    assert_eq!(settings.sign_in_url(), "http://127.0.0.1:3031");
    assert!(!settings.is_secure());
}

#[test]
fn what_the_constructs_offer_is_read_under_its_name_with_its_default() {
    let schema = mcp_lambda_authorization::settings_schema();
    let choices = schema["properties"].as_object().unwrap();
    assert_eq!(choices.len(), 11);
    let read = |name: &str, value: &str| {
        let mut variables = variables();
        variables.insert(name.to_owned(), value.to_owned());
        Settings::from_variables(variables)
    };
    let unchanged = format!("{:?}", Settings::from_variables(variables()).unwrap());
    for (field, choice) in choices {
        let variable = choice["x-env"].as_str().unwrap();
        match read(variable, "\"") {
            Err(problems) => assert_eq!(problems.0[0].name, variable),
            // The one that takes any text.
            Ok(settings) => assert_eq!(
                (field.as_str(), settings.brand_name.as_str()),
                ("display_name", "\"")
            ),
        }
        if let Some(default) = choice.get("default") {
            let text = default
                .as_str()
                .map_or_else(|| default.to_string(), str::to_owned);
            let same = read(variable, &text).unwrap();
            assert_eq!(format!("{same:?}"), unchanged, "{field}");
        }
    }
}

#[test]
fn codes_registrations_and_refresh_tokens_live_as_long_as_the_settings_say() {
    let harness = Harness::with(&[
        ("AUTHORIZATION_CODE_SECONDS", "20"),
        ("AUTHORIZATION_REGISTRATION_DAYS", "2"),
        ("AUTHORIZATION_REFRESH_TOKEN_DAYS", "1"),
    ]);
    let client = harness.client();
    let early = harness.code(&mut Browser::default(), &client);
    let late = harness.code(&mut Browser::default(), &client);
    harness.pass(19);
    let tokens = body(&harness.redeem(&client, &early));
    harness.pass(1);
    assert_eq!(
        error(&harness.redeem(&client, &late)),
        (400, "invalid_grant".to_owned())
    );
    let refresh = [
        ("grant_type", "refresh_token"),
        ("refresh_token", tokens["refresh_token"].as_str().unwrap()),
        ("client_id", client.client_id.as_str()),
    ];
    harness.pass(24 * 60 * 60);
    assert_eq!(
        error(&harness.form("/token", &refresh, &[])),
        (400, "invalid_grant".to_owned())
    );
    assert_eq!(harness.get(&client.authorize_url(), &[]).status(), 200);
    harness.pass(24 * 60 * 60);
    assert_refused_on_a_page(&harness.get(&client.authorize_url(), &[]), "ClientExpired");
}

/// MCP Inspector: a local server listened to everybody.
#[test]
fn cve_2025_49596_the_local_server_listens_on_loopback_only() {
    for address in ["0.0.0.0:3031", "192.168.1.2:3031", "[::]:3031"] {
        let mut variables = variables();
        variables.insert("AUTHORIZATION_LISTEN".into(), address.into());
        let problems = mcp_lambda_authorization::Settings::from_variables(variables).unwrap_err();
        assert_eq!(problems.0[0].name, "AUTHORIZATION_LISTEN");
    }
}

/// The constructs refuse at synth what the server would not start with: cdk/test/authorization/setting-cases.test.ts holds them
/// to the same table.
#[test]
fn the_checked_in_table_of_values_says_what_is_accepted() {
    let client = |uri: &str| {
        json!([{ "clientId": "desk", "clientName": "Desk", "redirectUris": [uri] }]).to_string()
    };
    let checked_in = include_str!("../../setting-cases.json");
    let mut table: BTreeMap<String, BTreeMap<String, bool>> =
        serde_json::from_str(checked_in).unwrap();
    for (property, cases) in &mut table {
        for (value, accepted) in cases {
            let (name, text) = match property.as_str() {
                "allowedOrigins" => ("MCP_ALLOWED_ORIGINS", value.clone()),
                "brandColor" => ("AUTHORIZATION_BRAND_COLOR", value.clone()),
                "brandLogoUrl" => ("AUTHORIZATION_BRAND_LOGO_URL", value.clone()),
                "customSchemes" => ("AUTHORIZATION_CUSTOM_SCHEMES", value.clone()),
                "redirectHosts" => ("AUTHORIZATION_REDIRECT_HOSTS", value.clone()),
                "redirectUris" => ("AUTHORIZATION_CLIENTS", client(value)),
                "refusedClients" => ("AUTHORIZATION_REFUSED_CLIENTS", value.clone()),
                other => panic!("{other} is no property of this table"),
            };
            let variables = variables().into_iter().chain([(name.to_owned(), text)]);
            *accepted = Settings::from_variables(variables).is_ok();
        }
    }
    let actual = serde_json::to_string_pretty(&table).unwrap();
    assert!(
        checked_in.trim_end() == actual,
        "setting-cases.json is stale; its content should be:\n{actual}"
    );
}
