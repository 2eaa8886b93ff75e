//! A Cognito that answers other than it was asked, as it does when somebody edits the sign-in URL: nothing of such an answer
//! is handed out, and its refresh token is revoked.

use proptest::prelude::*;
use serde_json::{Value, json};

use crate::{
    cognito::{CLIENT_ID, MACHINE_ID, MACHINE_SECRET, PERSON, POOL, claims, jwt},
    harness::{Browser, Client, Harness, READ, RESOURCE, START, WRITE, error, json as body},
};

const OTHER_RESOURCE: &str = "https://cats.example.com/mcp";

/// A lie: its name in the log, and what it makes of the honest answer.
type Named = (&'static str, &'static str, Change);

type Change = fn(&mut Value);

/// What a lie changes about the claims of one of the tokens.
fn alter(answer: &mut Value, token: &str, change: impl Fn(&mut Value)) {
    let mut altered = claims(answer[token].as_str().unwrap());
    change(&mut altered);
    answer[token] = json!(jwt(&altered));
}

fn set(answer: &mut Value, claim: &str, value: Value) {
    alter(answer, "access_token", |claims| {
        claims[claim] = value.clone()
    });
}

fn unset(answer: &mut Value, claim: &str) {
    alter(answer, "access_token", |claims| {
        claims.as_object_mut().unwrap().remove(claim);
    });
}

/// An ID token beside the access token, of `sub`.
fn add_id_token(answer: &mut Value, sub: &str) {
    let claims = json!({ "token_use": "id", "iss": POOL, "sub": sub, "aud": CLIENT_ID, "iat": 1_000, "exp": 4_000_000_000_u64 });
    answer["id_token"] = json!(jwt(&claims));
}

/// Lies about a person's tokens, each with the name that the log has for it.
const LIES: &[Named] = &[
    ("more scopes", "MoreScopes", |answer| {
        set(answer, "scope", json!(format!("{READ} {WRITE} openid")));
    }),
    ("a scope of another server", "MoreScopes", |answer| {
        set(answer, "scope", json!(format!("{OTHER_RESOURCE}/read")));
    }),
    ("a scope in other letters", "MoreScopes", |answer| {
        set(answer, "scope", json!(READ.to_uppercase()));
    }),
    ("the right to edit the person", "MoreScopes", |answer| {
        set(
            answer,
            "scope",
            json!(format!("{READ} aws.cognito.signin.user.admin")),
        );
    }),
    ("an empty scope", "NoScope", |answer| {
        set(answer, "scope", json!(" "))
    }),
    ("no scope", "NoScope", |answer| unset(answer, "scope")),
    ("scopes as an array", "NoScope", |answer| {
        set(answer, "scope", json!([READ]))
    }),
    ("another audience", "OtherAudience", |answer| {
        set(answer, "aud", json!(OTHER_RESOURCE));
    }),
    ("a longer audience", "OtherAudience", |answer| {
        set(answer, "aud", json!(format!("{RESOURCE}/")));
    }),
    ("another audience in an array", "OtherAudience", |answer| {
        set(answer, "aud", json!([OTHER_RESOURCE]));
    }),
    ("an audience that is no string", "OtherAudience", |answer| {
        set(answer, "aud", json!({ "0": RESOURCE }));
    }),
    ("no audience", "NoAudience", |answer| unset(answer, "aud")),
    ("a null audience", "NoAudience", |answer| {
        set(answer, "aud", json!(null))
    }),
    ("an array of no audience", "NoAudience", |answer| {
        set(answer, "aud", json!([]))
    }),
    ("two audiences", "SeveralAudiences", |answer| {
        set(answer, "aud", json!([RESOURCE, OTHER_RESOURCE]));
    }),
    ("the audience twice", "SeveralAudiences", |answer| {
        set(answer, "aud", json!([RESOURCE, RESOURCE]));
    }),
    ("another app client", "OtherClient", |answer| {
        set(answer, "client_id", json!(MACHINE_ID));
    }),
    ("no app client", "OtherClient", |answer| {
        unset(answer, "client_id")
    }),
    ("another user pool", "OtherIssuer", |answer| {
        set(answer, "iss", json!(format!("{POOL}2")));
    }),
    ("no user pool", "OtherIssuer", |answer| unset(answer, "iss")),
    (
        "an ID token as the access token",
        "NotAccessToken",
        |answer| {
            set(answer, "token_use", json!("id"));
        },
    ),
    ("a token for nothing", "NotAccessToken", |answer| {
        unset(answer, "token_use")
    }),
    ("a machine's token", "NoSubject", |answer| {
        set(answer, "sub", json!(CLIENT_ID))
    }),
    ("nobody", "NoSubject", |answer| unset(answer, "sub")),
    ("an access token that expires now", "Expired", |answer| {
        set(answer, "exp", json!(START));
    }),
    ("an access token without an end", "Expired", |answer| {
        unset(answer, "exp")
    }),
    (
        "an access token that is no JWT",
        "AccessTokenNotJwt",
        |answer| {
            answer["access_token"] = json!("opaque");
        },
    ),
    (
        "an access token of four parts",
        "AccessTokenNotJwt",
        |answer| {
            let token = answer["access_token"].as_str().unwrap().to_owned();
            answer["access_token"] = json!(format!("{token}.!"));
        },
    ),
    (
        "an access token without a signature",
        "AccessTokenNotJwt",
        |answer| {
            let token = answer["access_token"].as_str().unwrap().to_owned();
            answer["access_token"] = json!(&token[..=token.rfind('.').unwrap()]);
        },
    ),
    (
        "an ID token of another person",
        "IdTokenOtherSubject",
        |answer| {
            add_id_token(answer, "somebody-else");
        },
    ),
    (
        "an ID token for another app client",
        "IdTokenNotOfSignIn",
        |answer| {
            add_id_token(answer, PERSON);
            alter(answer, "id_token", |claims| {
                claims["aud"] = json!(MACHINE_ID)
            });
        },
    ),
    (
        "an ID token of another user pool",
        "IdTokenNotOfSignIn",
        |answer| {
            add_id_token(answer, PERSON);
            alter(answer, "id_token", |claims| {
                claims["iss"] = json!(format!("{POOL}2"))
            });
        },
    ),
    (
        "an ID token that has expired",
        "IdTokenNotOfSignIn",
        |answer| {
            add_id_token(answer, PERSON);
            alter(answer, "id_token", |claims| claims["exp"] = json!(START));
        },
    ),
];

fn harness() -> (Harness, Client) {
    let harness = Harness::new();
    let client = harness.client();
    (harness, client)
}

fn refresh(harness: &Harness, client: &Client, token: &str) -> mcp_lambda_authorization::Response {
    let form = [
        ("grant_type", "refresh_token"),
        ("refresh_token", token),
        ("client_id", client.client_id.as_str()),
    ];
    harness.form("/token", &form, &[])
}

/// Nothing of the answer is in ours or in the log, and nothing of it can be used at Cognito.
fn assert_refused(
    harness: &Harness,
    answer: &mcp_lambda_authorization::Response,
    name: &str,
    lie: &str,
) {
    assert_eq!(error(answer), (400, "invalid_grant".to_owned()), "{lie}");
    for part in ["eyJ", "refresh_token", "upstream-", READ, PERSON, "opaque"] {
        assert!(!answer.body().contains(part), "{lie}: {}", answer.body());
    }
    let log = harness.log.0.lock().unwrap();
    let line: Value = serde_json::from_str(log.last().unwrap()).unwrap();
    assert_eq!(line["failure"], "TokenNotAsConsented", "{lie}");
    assert_eq!(line["mismatch"], name, "{lie}");
    assert!(line.get("detail").is_none(), "{lie}: {line}");
    for part in [
        "eyJ",
        "upstream-",
        "example.com/mcp",
        PERSON,
        "somebody-else",
        "opaque",
    ] {
        assert!(!log.join("\n").contains(part), "{lie}");
    }
    assert!(harness.cognito.has_no_refresh_token_left(), "{lie}");
}

#[test]
fn what_is_redeemed_is_what_was_consented_to() {
    for (lie, name, change) in LIES {
        let (harness, client) = harness();
        let code = harness.code(&mut Browser::default(), &client);
        harness.cognito.lie(Box::new(*change));
        assert_refused(&harness, &harness.redeem(&client, &code), name, lie);
        assert_eq!(harness.cognito.revoked(), 1, "{lie}");
    }
}

#[test]
fn what_is_refreshed_is_what_was_consented_to() {
    let other_person: Named = ("another person", "OtherSubject", |answer| {
        set(answer, "sub", json!("somebody-else"));
    });
    for (lie, name, change) in LIES.iter().copied().chain([other_person]) {
        let (harness, client) = harness();
        let tokens = harness.sign_in(&client);
        harness.cognito.lie(Box::new(change));
        let answer = refresh(&harness, &client, tokens["refresh_token"].as_str().unwrap());
        assert_refused(&harness, &answer, name, lie);
        assert_eq!(
            harness.cognito.revoked(),
            2,
            "{lie}: the refresh token that was used, and the one that came"
        );
    }
}

#[test]
fn fewer_scopes_are_handed_out_and_the_response_says_so() {
    let harness = Harness::new();
    let client = harness
        .client()
        .but("scope", Some(&format!("{READ} {WRITE}")));
    let code = harness.code(&mut Browser::default(), &client);
    harness
        .cognito
        .lie(Box::new(|answer| set(answer, "scope", json!(READ))));
    let tokens = body(&harness.redeem(&client, &code));
    assert_eq!(tokens["scope"], READ);
    assert_eq!(
        claims(tokens["access_token"].as_str().unwrap())["scope"],
        READ
    );
    // The consent was to both, so a later access token may have both.
    harness.cognito.lie(Box::new(|_| ()));
    let refreshed = body(&refresh(
        &harness,
        &client,
        tokens["refresh_token"].as_str().unwrap(),
    ));
    assert_eq!(refreshed["scope"], format!("{READ} {WRITE}"));
    harness
        .cognito
        .lie(Box::new(|answer| set(answer, "scope", json!(WRITE))));
    let refreshed = body(&refresh(
        &harness,
        &client,
        refreshed["refresh_token"].as_str().unwrap(),
    ));
    assert_eq!(refreshed["scope"], WRITE);
}

#[test]
fn one_audience_in_an_array_is_the_audience_itself() {
    let (harness, client) = harness();
    harness
        .cognito
        .lie(Box::new(|answer| set(answer, "aud", json!([RESOURCE]))));
    assert_eq!(harness.sign_in(&client)["scope"], READ);
}

#[test]
fn both_forms_of_the_user_pools_issuer_are_the_user_pool() {
    let (harness, client) = harness();
    harness.cognito.lie(Box::new(|answer| {
        set(
            answer,
            "iss",
            json!(POOL.replace("https://", "https://issuer-")),
        );
    }));
    assert_eq!(harness.sign_in(&client)["scope"], READ);
}

#[test]
fn without_a_refresh_token_the_access_token_is_handed_out_alone() {
    let (harness, client) = harness();
    let tokens = harness.sign_in(&client);
    harness.cognito.lie(Box::new(|answer| {
        answer.as_object_mut().unwrap().remove("refresh_token");
    }));
    let code = harness.code(&mut Browser::default(), &client);
    let redeemed = harness.redeem(&client, &code);
    let refreshed = refresh(&harness, &client, tokens["refresh_token"].as_str().unwrap());
    for answer in [redeemed, refreshed] {
        assert_eq!(answer.status(), 200, "{}", answer.body());
        assert!(body(&answer).get("refresh_token").is_none());
    }
}

#[test]
fn without_a_refresh_token_a_lie_is_refused_all_the_same() {
    let (harness, client) = harness();
    let code = harness.code(&mut Browser::default(), &client);
    harness.cognito.lie(Box::new(|answer| {
        set(answer, "aud", json!(OTHER_RESOURCE));
        answer.as_object_mut().unwrap().remove("refresh_token");
    }));
    let answer = harness.redeem(&client, &code);
    assert_eq!(error(&answer), (400, "invalid_grant".to_owned()));
    assert_eq!(harness.cognito.revoked(), 0, "there is none to revoke");
}

#[test]
fn a_revocation_that_fails_hands_nothing_out_and_is_in_the_log() {
    let (harness, client) = harness();
    let code = harness.code(&mut Browser::default(), &client);
    harness
        .cognito
        .lie(Box::new(|answer| set(answer, "aud", json!(OTHER_RESOURCE))));
    harness.cognito.refuse_revocations();
    let answer = harness.redeem(&client, &code);
    assert_eq!(error(&answer), (400, "invalid_grant".to_owned()));
    let log = harness.log.0.lock().unwrap();
    assert!(
        log.last()
            .unwrap()
            .contains(r#""mismatch":"OtherAudience","detail":"the refresh token could not be revoked at Cognito""#),
        "{log:?}"
    );
}

#[test]
fn an_id_token_that_nobody_asked_for_is_not_handed_out() {
    let (harness, client) = harness();
    harness
        .cognito
        .lie(Box::new(|answer| add_id_token(answer, PERSON)));
    let tokens = harness.sign_in(&client);
    assert!(tokens.get("id_token").is_none());
    let refreshed = refresh(&harness, &client, tokens["refresh_token"].as_str().unwrap());
    assert!(body(&refreshed).get("id_token").is_none());
}

#[test]
fn an_id_token_that_was_asked_for_is_there_and_of_this_sign_in() {
    let scopes = json!([{ "name": READ, "description": "Read" }, { "name": "openid", "description": "Know who you are" }]);
    let lies: [(&str, Change); 3] = [
        ("NoIdToken", |answer| {
            answer.as_object_mut().unwrap().remove("id_token");
        }),
        ("IdTokenNotOfSignIn", |answer| {
            alter(answer, "id_token", |claims| {
                claims["nonce"] = json!("another")
            });
        }),
        ("IdTokenOtherSubject", |answer| {
            alter(answer, "id_token", |claims| {
                claims["sub"] = json!("somebody-else")
            });
        }),
    ];
    for (name, lie) in lies {
        let harness = Harness::with(&[("AUTHORIZATION_SCOPES", &scopes.to_string())]);
        let client = harness
            .client()
            .but("scope", Some(&format!("{READ} openid")));
        let code = harness.code(&mut Browser::default(), &client);
        harness.cognito.lie(Box::new(lie));
        assert_refused(&harness, &harness.redeem(&client, &code), name, name);
    }
}

#[test]
fn an_answer_that_cannot_be_read_is_refused_and_its_refresh_token_revoked() {
    let lies: [Change; 2] = [
        |answer| answer["id_token"] = json!("opaque"),
        |answer| {
            answer.as_object_mut().unwrap().remove("access_token");
        },
    ];
    for lie in lies {
        let (harness, client) = harness();
        let code = harness.code(&mut Browser::default(), &client);
        harness.cognito.lie(Box::new(lie));
        let answer = harness.redeem(&client, &code);
        assert_eq!(error(&answer), (502, "server_error".to_owned()));
        assert!(harness.cognito.has_no_refresh_token_left());
        assert_eq!(harness.cognito.revoked(), 1);
    }
}

fn machine(harness: &Harness, more: &[(&str, &str)]) -> mcp_lambda_authorization::Response {
    let form = [
        ("grant_type", "client_credentials"),
        ("client_id", MACHINE_ID),
        ("client_secret", MACHINE_SECRET),
    ];
    harness.form("/token", &[&form, more].concat(), &[])
}

#[test]
fn a_program_gets_what_it_asked_for() {
    let lies: &[Named] = &[
        ("more scopes", "MoreScopes", |answer| {
            set(answer, "scope", json!(format!("{READ} {WRITE}")));
        }),
        ("no scope", "NoScope", |answer| unset(answer, "scope")),
        ("a person", "OtherSubject", |answer| {
            set(answer, "sub", json!(PERSON))
        }),
        ("another app client", "OtherClient", |answer| {
            set(answer, "client_id", json!("another"));
        }),
        ("another audience", "OtherAudience", |answer| {
            set(answer, "aud", json!(OTHER_RESOURCE));
        }),
        ("two audiences", "SeveralAudiences", |answer| {
            set(answer, "aud", json!([RESOURCE, OTHER_RESOURCE]));
        }),
        ("another user pool", "OtherIssuer", |answer| {
            set(answer, "iss", json!(format!("{POOL}2")));
        }),
        ("an ID token", "NotAccessToken", |answer| {
            set(answer, "token_use", json!("id"))
        }),
        ("an expired token", "Expired", |answer| {
            set(answer, "exp", json!(START))
        }),
        ("no JWT", "AccessTokenNotJwt", |answer| {
            answer["access_token"] = json!("opaque")
        }),
    ];
    for (lie, name, change) in lies {
        let harness = Harness::new();
        assert_eq!(machine(&harness, &[("scope", READ)]).status(), 200);
        harness.cognito.lie(Box::new(*change));
        assert_refused(&harness, &machine(&harness, &[("scope", READ)]), name, lie);
    }
}

#[test]
fn a_program_that_names_no_scope_gets_none_of_other_servers() {
    let harness = Harness::new();
    let all = format!("{READ} {WRITE}");
    assert_eq!(body(&machine(&harness, &[]))["scope"], all);
    harness.cognito.lie(Box::new(|answer| {
        set(
            answer,
            "scope",
            json!(format!("{READ} {OTHER_RESOURCE}/read")),
        );
    }));
    let answer = machine(&harness, &[]);
    assert_eq!(error(&answer), (400, "invalid_scope".to_owned()));
    assert!(
        answer.body().contains("name the scopes"),
        "{}",
        answer.body()
    );
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(120) })]

    /// Whatever claims come back: tokens are handed out only if every one of them is what was consented to.
    #[test]
    fn no_combination_of_claims_gives_more_than_was_consented_to(
        scope in prop::sample::select(vec![READ, WRITE, "openid", "", "x"]),
        second in prop::sample::select(vec![READ, WRITE, ""]),
        aud in prop::sample::select(vec![json!(RESOURCE), json!([RESOURCE]), json!(OTHER_RESOURCE), json!([RESOURCE, RESOURCE]), json!(null), json!(7)]),
        client in prop::sample::select(vec![CLIENT_ID, CLIENT_ID, MACHINE_ID]),
        token_use in prop::sample::select(vec!["access", "access", "id"]),
        sub in prop::sample::select(vec![PERSON, PERSON, ""]),
        exp in prop::sample::select(vec![START + 300, START + 300, START]),
    ) {
        let (harness, client_of_person) = harness();
        let code = harness.code(&mut Browser::default(), &client_of_person);
        let scopes = format!("{scope} {second}");
        let fits = [json!(RESOURCE), json!([RESOURCE])].contains(&aud)
            && client == CLIENT_ID && token_use == "access" && sub == PERSON && exp > START
            && !scopes.trim().is_empty() && scopes.split_whitespace().all(|each| each == READ);
        harness.cognito.lie(Box::new(move |answer| alter(answer, "access_token", |claims| {
            *claims = json!({ "token_use": token_use, "iss": POOL, "client_id": client, "sub": sub, "aud": aud, "scope": scopes, "exp": exp });
        })));
        let answer = harness.redeem(&client_of_person, &code);
        prop_assert_eq!(answer.status() == 200, fits, "{}", answer.body());
        prop_assert_eq!(answer.body().contains("eyJ"), fits);
        prop_assert_eq!(harness.cognito.revoked(), usize::from(!fits));
    }
}
