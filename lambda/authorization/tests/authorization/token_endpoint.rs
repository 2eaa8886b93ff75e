//! `/token` and `/revoke`: what they refuse and how they say it.

use crate::{
    cognito::{CLIENT_ID, parameters},
    world::{
        Browser, Client, Counter, ISSUER, LOOPBACK, READ, RESOURCE, SEALING, START, VERIFIER,
        WRITE, World, error, json as body, stored,
    },
};

fn signed_in(world: &World) -> (Client, String) {
    let client = world.client();
    let tokens = world.sign_in(&client);
    (client, tokens["refresh_token"].as_str().unwrap().to_owned())
}

#[test]
fn each_missing_parameter_is_named() {
    let world = World::new();
    let client_id = world.registered(LOOPBACK);
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
        let answer = world.form("/token", &form, &[]);
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
    let world = World::new();
    let client_id = world.registered(LOOPBACK);
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
        error(&world.form("/token", &form, &[])),
        (400, "invalid_grant".to_owned())
    );
    assert!(world.cognito.bodies().is_empty());
    let form = [("token", earlier.expose()), ("client_id", &client_id)];
    assert_eq!(world.form("/revoke", &form, &[]).status(), 200);
    assert_eq!(world.cognito.revoked(), 1);
}

#[test]
fn a_repeated_parameter_is_refused_except_resource() {
    let world = World::new();
    let twice = [
        ("grant_type", "refresh_token"),
        ("client_id", "a"),
        ("client_id", "b"),
    ];
    assert_eq!(
        error(&world.form("/token", &twice, &[])),
        (400, "invalid_request".to_owned())
    );
    let resource = [
        ("grant_type", "x"),
        ("client_id", "a"),
        ("resource", RESOURCE),
        ("resource", RESOURCE),
    ];
    assert_eq!(
        error(&world.form("/token", &resource, &[])),
        (400, "unsupported_grant_type".to_owned())
    );
}

#[test]
fn grants_that_are_not_served_are_named() {
    let world = World::new();
    for grant in [
        "password",
        "implicit",
        "urn:ietf:params:oauth:grant-type:jwt-bearer",
        "urn:ietf:params:oauth:grant-type:device_code",
    ] {
        let answer = world.form("/token", &[("grant_type", grant), ("client_id", "x")], &[]);
        assert_eq!(error(&answer), (400, "unsupported_grant_type".to_owned()));
        assert!(answer.body().contains(grant));
    }
}

#[test]
fn forms_are_forms_and_credentials_are_never_read_from_the_query() {
    let world = World::new();
    assert_eq!(
        error(&world.post("/token", "application/json", "{}", &[])),
        (400, "invalid_request".to_owned())
    );
    assert_eq!(
        error(&world.post("/token", "multipart/form-data", "x", &[])),
        (400, "invalid_request".to_owned())
    );
    let answer = world.get(
        "/token?grant_type=client_credentials&client_id=a&client_secret=b",
        &[],
    );
    assert_eq!(answer.status(), 405);
    assert_eq!(answer.headers()["allow"], "POST");
}

#[test]
fn a_public_client_may_name_itself_by_basic_without_a_secret_and_never_with_one() {
    let world = World::new();
    let (client, refresh_token) = signed_in(&world);
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
        error(&world.form("/token", &form, &[("authorization", &basic("guess"))])),
        (401, "invalid_client".to_owned())
    );
    assert_eq!(
        world
            .form("/token", &form, &[("authorization", &basic(""))])
            .status(),
        200
    );
}

#[test]
fn two_ways_of_authentication_at_once_are_refused() {
    let world = World::new();
    let form = [
        ("grant_type", "client_credentials"),
        ("client_id", "m"),
        ("client_secret", "s"),
    ];
    let answer = world.form("/token", &form, &[("authorization", "Basic bTpz")]);
    assert_eq!(error(&answer), (400, "invalid_request".to_owned()));
    let other = [
        ("grant_type", "client_credentials"),
        ("client_id", "another"),
    ];
    assert_eq!(
        error(&world.form("/token", &other, &[("authorization", "Basic bTpz")])),
        (400, "invalid_request".to_owned())
    );
    for malformed in [
        "Bearer x",
        "Basic",
        "Basic !!!",
        "Basic bm9jb2xvbg==",
        "Basic OnNlY3JldA==",
    ] {
        let answer = world.form(
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
    let world = World::new();
    let client = world.client();
    let code = world.code(&mut Browser::default(), &client);
    let answer = world.redeem(&client, &code);
    assert_eq!(answer.headers()["cache-control"], "no-store");
    assert_eq!(answer.headers()["pragma"], "no-cache");
    assert_eq!(answer.headers()["content-type"], "application/json");
}

#[test]
fn a_used_refresh_token_is_refused_by_cognitos_rotation() {
    let world = World::new();
    let (client, refresh_token) = signed_in(&world);
    let form = [
        ("grant_type", "refresh_token"),
        ("refresh_token", refresh_token.as_str()),
        ("client_id", client.client_id.as_str()),
    ];
    let first = body(&world.form("/token", &form, &[]));
    assert_eq!(first["scope"], READ);
    assert_eq!(
        error(&world.form("/token", &form, &[])),
        (400, "invalid_grant".to_owned())
    );
}

/// What is not defended: the owner is refused after the thief has refreshed, and that does not end what the thief has.
#[test]
fn a_stolen_refresh_token_outlives_the_refusal_of_its_owner() {
    let world = World::new();
    let (client, stolen) = signed_in(&world);
    let refresh = |token: &str| {
        let form = [
            ("grant_type", "refresh_token"),
            ("refresh_token", token),
            ("client_id", client.client_id.as_str()),
        ];
        world.form("/token", &form, &[])
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
    let world = World::with(&[("AUTHORIZATION_REFRESH_TOKEN_DAYS", "7")]);
    let (client, refresh_token) = signed_in(&world);
    world.pass(7 * 24 * 3600);
    let form = [
        ("grant_type", "refresh_token"),
        ("refresh_token", refresh_token.as_str()),
        ("client_id", client.client_id.as_str()),
    ];
    assert_eq!(
        error(&world.form("/token", &form, &[])),
        (400, "invalid_grant".to_owned())
    );
}

#[test]
fn an_identity_provider_that_is_down_is_told_apart_from_a_bad_code() {
    let world = World::new();
    let client = world.client();
    let code = world.code(&mut Browser::default(), &client);
    world.cognito.go_down();
    assert_eq!(
        error(&world.redeem(&client, &code)),
        (503, "temporarily_unavailable".to_owned())
    );
}

#[test]
fn a_wrong_secret_of_our_own_app_client_is_our_fault_and_not_the_clients() {
    let world = World::new();
    let mut secrets = stored(SEALING, None);
    secrets.cognito_client = None;
    *world.store.0.lock().unwrap() = Ok(secrets);
    let client = world.client();
    let code = world.code(&mut Browser::default(), &client);
    assert_eq!(
        error(&world.redeem(&client, &code)),
        (500, "server_error".to_owned())
    );
}

#[test]
fn revoking_something_unknown_succeeds_and_an_access_token_is_named_as_unsupported() {
    let world = World::new();
    let client = world.client();
    let tokens = world.sign_in(&client);
    let revoke = |token: &str| {
        world.form(
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
        error(&world.form("/revoke", &[("token", "x"), ("client_id", "stranger")], &[])),
        (401, "invalid_client".to_owned())
    );
    assert_eq!(
        error(&world.form("/revoke", &[("client_id", &client.client_id)], &[])),
        (400, "invalid_request".to_owned())
    );
}

#[test]
fn a_public_app_client_of_ours_names_itself_in_the_body_of_a_revocation() {
    let world = World::new();
    let client = world.client();
    let tokens = world.sign_in(&client);
    let mut secrets = stored(SEALING, None);
    secrets.cognito_client = None;
    *world.store.0.lock().unwrap() = Ok(secrets);
    world.pass(5 * 60);
    let form = [
        ("token", tokens["refresh_token"].as_str().unwrap()),
        ("client_id", client.client_id.as_str()),
    ];
    // The user pool of these tests has a confidential app client only, and refuses.
    assert_eq!(
        error(&world.form("/revoke", &form, &[])),
        (500, "server_error".to_owned())
    );
    let sent = world.cognito.bodies().pop().unwrap();
    let sent = parameters(&sent);
    assert_eq!(sent["client_id"], CLIENT_ID);
    assert!(sent["token"].starts_with("upstream-refresh-"));
}

#[test]
fn a_refresh_cannot_ask_for_more_than_was_granted() {
    let world = World::new();
    let client = world.client();
    let tokens = world.sign_in(&client);
    let form = [
        ("grant_type", "refresh_token"),
        ("refresh_token", tokens["refresh_token"].as_str().unwrap()),
        ("client_id", client.client_id.as_str()),
        ("scope", WRITE),
    ];
    assert_eq!(
        error(&world.form("/token", &form, &[])),
        (400, "invalid_scope".to_owned())
    );
}

/// Cloudflare 0.8: one client could revoke another's tokens, by a prefix that was read before it was verified.
#[test]
fn cloudflare_0_8_a_client_cannot_revoke_or_refresh_with_anothers_token() {
    let world = World::new();
    let owner = world.client();
    let thief = Client::new(
        &world.registered("http://127.0.0.1:9/cb"),
        "http://127.0.0.1:9/cb",
    );
    let tokens = world.sign_in(&owner);
    let refresh_token = tokens["refresh_token"].as_str().unwrap();
    let revoke = |client: &Client| {
        world.form(
            "/revoke",
            &[("token", refresh_token), ("client_id", &client.client_id)],
            &[],
        )
    };
    let refresh = |client: &Client| {
        world.form(
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
    assert_eq!(world.cognito.revoked(), 0, "and nothing happened");
    assert_eq!(error(&refresh(&thief)), (400, "invalid_grant".to_owned()));
    assert_eq!(revoke(&owner).status(), 200);
    assert_eq!(world.cognito.revoked(), 1);
    assert_eq!(error(&refresh(&owner)), (400, "invalid_grant".to_owned()));
}
