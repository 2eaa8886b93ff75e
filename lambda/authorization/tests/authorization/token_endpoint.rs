//! `/token` and `/revoke`: what they refuse and how they say it.

use crate::{
    cognito::{CLIENT_ID, parameters},
    harness::{
        Browser, Client, Counter, Harness, ISSUER, LOOPBACK, READ, RESOURCE, SEALING, START,
        VERIFIER, WRITE, error, json as body, stored,
    },
};

fn signed_in(harness: &Harness) -> (Client, String) {
    let client = harness.client();
    let tokens = harness.sign_in(&client);
    (client, tokens["refresh_token"].as_str().unwrap().to_owned())
}

#[test]
fn each_missing_parameter_is_named() {
    let harness = Harness::new();
    let client_id = harness.registered(LOOPBACK);
    let all = [
        ("grant_type", "authorization_code"),
        ("client_id", client_id.as_str()),
        ("code", "x"),
        ("code_verifier", VERIFIER),
    ];
    for (missing, _) in all {
        let form: Vec<_> = all
            .into_iter()
            .filter(|(name, _)| *name != missing)
            .collect();
        let answer = harness.form("/token", &form, &[]);
        assert_eq!(
            error(&answer),
            (400, "invalid_request".to_owned()),
            "{missing}"
        );
        assert!(answer.body().contains(missing), "{}", answer.body());
    }
}

/// A refresh token that an earlier version sealed says nothing about its person, so nothing could be compared.
#[test]
fn a_refresh_token_without_a_person_is_refused_and_can_be_revoked() {
    use mcp_lambda_authorization::{Digest, Keyring, Purpose, Secret, Timestamp};
    let harness = Harness::new();
    let client_id = harness.registered(LOOPBACK);
    let sealing = Secret::new(SEALING);
    let keyring = Keyring::derive(ISSUER, &sealing, None).unwrap();
    let earlier = keyring
        .seal(
            Purpose::RefreshToken,
            &serde_json::json!({ "u": "upstream-refresh-1", "p": [READ] }),
            &[Digest::of(client_id.as_bytes()).bytes()],
            Timestamp(START + 3600),
            &Counter::default(),
        )
        .unwrap();
    let form = [
        ("grant_type", "refresh_token"),
        ("refresh_token", earlier.expose()),
        ("client_id", client_id.as_str()),
    ];
    assert_eq!(
        error(&harness.form("/token", &form, &[])),
        (400, "invalid_grant".to_owned())
    );
    assert!(harness.cognito.bodies().is_empty());
    let form = [("token", earlier.expose()), ("client_id", &client_id)];
    assert_eq!(harness.form("/revoke", &form, &[]).status(), 200);
    assert_eq!(harness.cognito.revoked(), 1);
}

#[test]
fn a_repeated_parameter_is_refused_except_resource() {
    let harness = Harness::new();
    let twice = [
        ("grant_type", "refresh_token"),
        ("client_id", "a"),
        ("client_id", "b"),
    ];
    assert_eq!(
        error(&harness.form("/token", &twice, &[])),
        (400, "invalid_request".to_owned())
    );
    let resource = [
        ("grant_type", "x"),
        ("client_id", "a"),
        ("resource", RESOURCE),
        ("resource", RESOURCE),
    ];
    assert_eq!(
        error(&harness.form("/token", &resource, &[])),
        (400, "unsupported_grant_type".to_owned())
    );
}

#[test]
fn grants_that_are_not_served_are_named() {
    let harness = Harness::new();
    for grant in [
        "password",
        "implicit",
        "urn:ietf:params:oauth:grant-type:jwt-bearer",
        "urn:ietf:params:oauth:grant-type:device_code",
    ] {
        let answer = harness.form("/token", &[("grant_type", grant), ("client_id", "x")], &[]);
        assert_eq!(error(&answer), (400, "unsupported_grant_type".to_owned()));
        assert!(answer.body().contains(grant));
    }
}

#[test]
fn forms_are_forms_and_credentials_are_never_read_from_the_query() {
    let harness = Harness::new();
    assert_eq!(
        error(&harness.post("/token", "application/json", "{}", &[])),
        (400, "invalid_request".to_owned())
    );
    assert_eq!(
        error(&harness.post("/token", "multipart/form-data", "x", &[])),
        (400, "invalid_request".to_owned())
    );
    let answer = harness.get(
        "/token?grant_type=client_credentials&client_id=a&client_secret=b",
        &[],
    );
    assert_eq!(answer.status(), 405);
    assert_eq!(answer.headers()["allow"], "POST");
}

#[test]
fn a_public_client_may_name_itself_by_basic_without_a_secret_and_never_with_one() {
    let harness = Harness::new();
    let (client, refresh_token) = signed_in(&harness);
    let basic = |secret: &str| {
        use base64::{Engine, prelude::BASE64_STANDARD};
        format!(
            "Basic {}",
            BASE64_STANDARD.encode(format!("{}:{secret}", client.client_id))
        )
    };
    let form = [
        ("grant_type", "refresh_token"),
        ("refresh_token", refresh_token.as_str()),
    ];
    assert_eq!(
        error(&harness.form("/token", &form, &[("authorization", &basic("guess"))])),
        (401, "invalid_client".to_owned())
    );
    assert_eq!(
        harness
            .form("/token", &form, &[("authorization", &basic(""))])
            .status(),
        200
    );
}

#[test]
fn two_ways_of_authentication_at_once_are_refused() {
    let harness = Harness::new();
    let form = [
        ("grant_type", "client_credentials"),
        ("client_id", "m"),
        ("client_secret", "s"),
    ];
    let answer = harness.form("/token", &form, &[("authorization", "Basic bTpz")]);
    assert_eq!(error(&answer), (400, "invalid_request".to_owned()));
    let other = [
        ("grant_type", "client_credentials"),
        ("client_id", "another"),
    ];
    assert_eq!(
        error(&harness.form("/token", &other, &[("authorization", "Basic bTpz")])),
        (400, "invalid_request".to_owned())
    );
    for malformed in [
        "Bearer x",
        "Basic",
        "Basic !!!",
        "Basic bm9jb2xvbg==",
        "Basic OnNlY3JldA==",
    ] {
        let answer = harness.form(
            "/token",
            &[("grant_type", "client_credentials")],
            &[("authorization", malformed)],
        );
        assert_eq!(
            error(&answer),
            (401, "invalid_client".to_owned()),
            "{malformed}"
        );
        assert!(
            answer.headers()["www-authenticate"]
                .to_str()
                .unwrap()
                .starts_with("Basic ")
        );
    }
}

#[test]
fn token_answers_are_never_cached() {
    let harness = Harness::new();
    let client = harness.client();
    let code = harness.code(&mut Browser::default(), &client);
    let answer = harness.redeem(&client, &code);
    assert_eq!(answer.headers()["cache-control"], "no-store");
    assert_eq!(answer.headers()["pragma"], "no-cache");
    assert_eq!(answer.headers()["content-type"], "application/json");
}

#[test]
fn a_used_refresh_token_is_refused_by_cognitos_rotation() {
    let harness = Harness::new();
    let (client, refresh_token) = signed_in(&harness);
    let form = [
        ("grant_type", "refresh_token"),
        ("refresh_token", refresh_token.as_str()),
        ("client_id", client.client_id.as_str()),
    ];
    let first = body(&harness.form("/token", &form, &[]));
    assert_eq!(first["scope"], READ);
    assert_eq!(
        error(&harness.form("/token", &form, &[])),
        (400, "invalid_grant".to_owned())
    );
}

/// What is not defended: the owner is refused after the thief has refreshed, and that does not end what the thief has.
#[test]
fn a_stolen_refresh_token_outlives_the_refusal_of_its_owner() {
    let harness = Harness::new();
    let (client, stolen) = signed_in(&harness);
    let refresh = |token: &str| {
        let form = [
            ("grant_type", "refresh_token"),
            ("refresh_token", token),
            ("client_id", client.client_id.as_str()),
        ];
        harness.form("/token", &form, &[])
    };
    let of_thief = body(&refresh(&stolen));
    assert_eq!(
        error(&refresh(&stolen)),
        (400, "invalid_grant".to_owned()),
        "the owner's"
    );
    let next = refresh(of_thief["refresh_token"].as_str().unwrap());
    assert_eq!(next.status(), 200);
}

#[test]
fn a_refresh_token_expires_after_its_days() {
    let harness = Harness::with(&[("AUTHORIZATION_REFRESH_TOKEN_DAYS", "7")]);
    let (client, refresh_token) = signed_in(&harness);
    harness.pass(7 * 24 * 3600);
    let form = [
        ("grant_type", "refresh_token"),
        ("refresh_token", refresh_token.as_str()),
        ("client_id", client.client_id.as_str()),
    ];
    assert_eq!(
        error(&harness.form("/token", &form, &[])),
        (400, "invalid_grant".to_owned())
    );
}

#[test]
fn an_identity_provider_that_is_down_is_told_apart_from_a_bad_code() {
    let harness = Harness::new();
    let client = harness.client();
    let code = harness.code(&mut Browser::default(), &client);
    harness.cognito.go_down();
    assert_eq!(
        error(&harness.redeem(&client, &code)),
        (503, "temporarily_unavailable".to_owned())
    );
}

#[test]
fn a_wrong_secret_of_our_own_app_client_is_our_fault_and_not_the_clients() {
    let harness = Harness::new();
    let mut secrets = stored(SEALING, None);
    secrets.cognito_client = None;
    *harness.store.0.lock().unwrap() = Ok(secrets);
    let client = harness.client();
    let code = harness.code(&mut Browser::default(), &client);
    assert_eq!(
        error(&harness.redeem(&client, &code)),
        (500, "server_error".to_owned())
    );
}

#[test]
fn revoking_something_unknown_succeeds_and_an_access_token_is_named_as_unsupported() {
    let harness = Harness::new();
    let client = harness.client();
    let tokens = harness.sign_in(&client);
    let revoke = |token: &str| {
        harness.form(
            "/revoke",
            &[("token", token), ("client_id", &client.client_id)],
            &[],
        )
    };
    assert_eq!(revoke("unknown").status(), 200);
    assert_eq!(
        error(&revoke(tokens["access_token"].as_str().unwrap())),
        (400, "unsupported_token_type".to_owned())
    );
    assert_eq!(
        error(&harness.form("/revoke", &[("token", "x"), ("client_id", "stranger")], &[])),
        (401, "invalid_client".to_owned())
    );
    assert_eq!(
        error(&harness.form("/revoke", &[("client_id", &client.client_id)], &[])),
        (400, "invalid_request".to_owned())
    );
}

#[test]
fn a_public_app_client_of_ours_names_itself_in_the_body_of_a_revocation() {
    let harness = Harness::new();
    let client = harness.client();
    let tokens = harness.sign_in(&client);
    let mut secrets = stored(SEALING, None);
    secrets.cognito_client = None;
    *harness.store.0.lock().unwrap() = Ok(secrets);
    harness.pass(5 * 60);
    let form = [
        ("token", tokens["refresh_token"].as_str().unwrap()),
        ("client_id", client.client_id.as_str()),
    ];
    // The user pool of these tests has a confidential app client only, and refuses.
    assert_eq!(
        error(&harness.form("/revoke", &form, &[])),
        (500, "server_error".to_owned())
    );
    let sent = harness.cognito.bodies().pop().unwrap();
    let sent = parameters(&sent);
    assert_eq!(sent["client_id"], CLIENT_ID);
    assert!(sent["token"].starts_with("upstream-refresh-"));
}

#[test]
fn a_refresh_cannot_ask_for_more_than_was_granted() {
    let harness = Harness::new();
    let client = harness.client();
    let tokens = harness.sign_in(&client);
    let form = [
        ("grant_type", "refresh_token"),
        ("refresh_token", tokens["refresh_token"].as_str().unwrap()),
        ("client_id", client.client_id.as_str()),
        ("scope", WRITE),
    ];
    assert_eq!(
        error(&harness.form("/token", &form, &[])),
        (400, "invalid_scope".to_owned())
    );
}

/// Cloudflare 0.8: one client could revoke another's tokens, by a prefix that was read before it was verified.
#[test]
fn cloudflare_0_8_a_client_cannot_revoke_or_refresh_with_anothers_token() {
    let harness = Harness::new();
    let owner = harness.client();
    let thief = Client::new(
        &harness.registered("http://127.0.0.1:9/cb"),
        "http://127.0.0.1:9/cb",
    );
    let tokens = harness.sign_in(&owner);
    let refresh_token = tokens["refresh_token"].as_str().unwrap();
    let revoke = |client: &Client| {
        harness.form(
            "/revoke",
            &[("token", refresh_token), ("client_id", &client.client_id)],
            &[],
        )
    };
    let refresh = |client: &Client| {
        harness.form(
            "/token",
            &[
                ("grant_type", "refresh_token"),
                ("refresh_token", refresh_token),
                ("client_id", &client.client_id),
            ],
            &[],
        )
    };
    assert_eq!(revoke(&thief).status(), 200, "the answer does not tell");
    assert_eq!(harness.cognito.revoked(), 0, "and nothing happened");
    assert_eq!(error(&refresh(&thief)), (400, "invalid_grant".to_owned()));
    assert_eq!(revoke(&owner).status(), 200);
    assert_eq!(harness.cognito.revoked(), 1);
    assert_eq!(error(&refresh(&owner)), (400, "invalid_grant".to_owned()));
}
