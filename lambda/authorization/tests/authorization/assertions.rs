//! Client assertions: programs without a stored secret.

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use http::Response;
use mcp_lambda_authorization::{Digest, Secret, SecretsUnavailable, Settings};
use ring::{
    hmac,
    rand::SystemRandom,
    rsa::{KeyPair as RsaKeyPair, PublicKeyComponents},
    signature::{
        ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair, KeyPair as _,
        RSA_PKCS1_SHA256, RSA_PKCS1_SHA512, RSA_PSS_SHA256,
    },
};
use serde_json::{Value, json};

use crate::{
    cognito::{MACHINE_ID, MACHINE_SECRET, claims},
    harness::{Harness, ISSUER, READ, RESOURCE, START, WRITE, error, json as body},
};

const TYPE: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
const SECRET_ARN: &str = "arn:aws:secretsmanager:eu-west-1:111122223333:secret:machine";
const GITHUB: &str = "https://token.actions.githubusercontent.com";
const REPOSITORY: &str = "octo-org/octo-repo";

/// A private key with the JWS algorithm that it signs with.
enum Signer {
    Rsa(RsaKeyPair, &'static str),
    Ec(EcdsaKeyPair),
    Ed(Ed25519KeyPair),
}

fn encode(bytes: impl AsRef<[u8]>) -> String {
    BASE64_URL_SAFE_NO_PAD.encode(bytes)
}

impl Signer {
    fn rsa(number: u8, algorithm: &'static str) -> Self {
        let path = format!(
            "{}/../mcp-lambda/tests/data/test-only-key-{number}.pk8",
            env!("CARGO_MANIFEST_DIR")
        );
        Self::Rsa(
            RsaKeyPair::from_pkcs8(&std::fs::read(path).unwrap()).unwrap(),
            algorithm,
        )
    }

    fn ec() -> Self {
        let random = SystemRandom::new();
        let signing = &ECDSA_P256_SHA256_FIXED_SIGNING;
        let document = EcdsaKeyPair::generate_pkcs8(signing, &random).unwrap();
        Self::Ec(EcdsaKeyPair::from_pkcs8(signing, document.as_ref(), &random).unwrap())
    }

    fn ed() -> Self {
        let document = Ed25519KeyPair::generate_pkcs8(&SystemRandom::new()).unwrap();
        Self::Ed(Ed25519KeyPair::from_pkcs8(document.as_ref()).unwrap())
    }

    fn algorithm(&self) -> &'static str {
        match self {
            Self::Rsa(_, algorithm) => algorithm,
            Self::Ec(_) => "ES256",
            Self::Ed(_) => "EdDSA",
        }
    }

    /// The public key.
    fn jwk(&self, kid: Option<&str>) -> Value {
        let mut jwk = match self {
            Self::Rsa(key, algorithm) => {
                let PublicKeyComponents { n, e }: PublicKeyComponents<Vec<u8>> =
                    key.public().into();
                json!({ "kty": "RSA", "alg": algorithm, "n": encode(n), "e": encode(e) })
            }
            Self::Ec(key) => {
                let (x, y) = key.public_key().as_ref()[1..].split_at(32);
                json!({ "kty": "EC", "crv": "P-256", "x": encode(x), "y": encode(y) })
            }
            Self::Ed(key) => {
                json!({ "kty": "OKP", "crv": "Ed25519", "x": encode(key.public_key()) })
            }
        };
        if let Some(kid) = kid {
            jwk["kid"] = json!(kid);
        }
        jwk
    }

    fn sign(&self, header: &Value, claims: &Value) -> String {
        let signed = format!(
            "{}.{}",
            encode(header.to_string()),
            encode(claims.to_string())
        );
        let random = SystemRandom::new();
        let message = signed.as_bytes();
        let signature = match self {
            Self::Rsa(key, algorithm) => {
                let mut signature = vec![0; key.public().modulus_len()];
                let padding: &'static dyn ring::signature::RsaEncoding = match *algorithm {
                    "RS512" => &RSA_PKCS1_SHA512,
                    "PS256" => &RSA_PSS_SHA256,
                    _ => &RSA_PKCS1_SHA256,
                };
                key.sign(padding, &random, message, &mut signature).unwrap();
                signature
            }
            Self::Ec(key) => key.sign(&random, message).unwrap().as_ref().to_vec(),
            Self::Ed(key) => key.sign(message).as_ref().to_vec(),
        };
        format!("{signed}.{}", encode(signature))
    }

    /// An assertion of the machine client as the official SDKs make it, with changes. A claim that is null is left out.
    fn assertion(&self, changes: &Value) -> String {
        let own = json!({
            "iss": MACHINE_ID, "sub": MACHINE_ID, "aud": ISSUER, "iat": START, "exp": START + 300, "jti": "1",
        });
        let header = json!({ "alg": self.algorithm(), "typ": "client-authentication+jwt" });
        self.sign(&header, &changed(own, changes))
    }

    /// A token of GitHub Actions for a job on the main branch, with changes.
    fn job(&self, changes: &Value) -> String {
        let job = json!({
            "iss": GITHUB, "sub": "repo:octo-org/octo-repo:environment:production", "aud": ISSUER,
            "iat": START, "nbf": START - 600, "exp": START + 300, "jti": "job-1",
            "repository": REPOSITORY, "repository_id": "74", "repository_owner_id": "65",
            "ref": "refs/heads/main", "event_name": "push", "environment": "production",
            "job_workflow_ref": "octo-org/octo-repo/.github/workflows/deploy.yml@refs/heads/main",
        });
        let header = json!({ "alg": self.algorithm(), "typ": "JWT", "kid": "current" });
        self.sign(&header, &changed(job, changes))
    }
}

fn changed(mut members: Value, changes: &Value) -> Value {
    let object = members.as_object_mut().unwrap();
    object.extend(changes.as_object().unwrap().clone());
    object.retain(|_, value| !value.is_null());
    members
}

/// A deployment with one program that authenticates with an assertion.
fn trusting(trust: &Value) -> Harness {
    let client = json!({ "clientId": MACHINE_ID, "clientSecretArn": SECRET_ARN });
    let clients = json!([changed(client, trust)]);
    let access = [
        ("AWS_REGION", "eu-west-1"),
        ("AWS_ACCESS_KEY_ID", "a"),
        ("AWS_SECRET_ACCESS_KEY", "b"),
    ];
    let clients = clients.to_string();
    let own = [("AUTHORIZATION_MACHINE_CLIENTS", clients.as_str())];
    Harness::with(&[&own[..], &access[..]].concat())
}

fn trusting_keys(keys: &[Value]) -> Harness {
    trusting(&json!({ "keys": keys }))
}

/// The claims of a job that this client accepts.
fn jobs(more: &Value) -> Value {
    let repository = json!({ "repository": REPOSITORY, "ref": "refs/heads/main" });
    json!({ "gitHubActions": changed(repository, more) })
}

fn publish(harness: &Harness, keys: &[Value]) {
    let document = json!({ "keys": keys }).to_string();
    harness.answer_document(Response::new(document.into_bytes()));
}

fn ask(harness: &Harness, assertion: &str, more: &[(&str, &str)]) -> Response<String> {
    let own = [
        ("grant_type", "client_credentials"),
        ("client_assertion_type", TYPE),
        ("client_assertion", assertion),
    ];
    harness.form("/token", &[&own[..], more].concat(), &[])
}

/// The last line of the log.
fn logged(harness: &Harness) -> Value {
    let log = harness.log.0.lock().unwrap();
    serde_json::from_str(log.last().unwrap()).unwrap()
}

/// Asserts that a request is refused as one of a client that has not authenticated, and that nothing went to Cognito.
fn assert_refused(harness: &Harness, answer: &Response<String>, problem: &str, case: &str) {
    assert_eq!(error(answer), (401, "invalid_client".to_owned()), "{case}");
    let line = logged(harness);
    let found = line["assertion"].as_str().or(line["failure"].as_str());
    assert_eq!(found, Some(problem), "{case}: {line}");
    assert!(harness.cognito.bodies().is_empty(), "{case}");
    assert!(harness.store.1.lock().unwrap().is_empty(), "{case}");
}

#[test]
fn a_program_gets_an_access_token_with_a_key_of_its_own_and_without_a_secret() {
    for signer in [
        Signer::rsa(1, "RS256"),
        Signer::rsa(1, "RS512"),
        Signer::rsa(1, "PS256"),
        Signer::ec(),
        Signer::ed(),
    ] {
        let harness = trusting_keys(&[signer.jwk(None)]);
        let assertion = signer.assertion(&json!({}));
        // rmcp sends no client_id: `sub` is enough (RFC 7521 section 4.2).
        let answer = ask(
            &harness,
            &assertion,
            &[("scope", READ), ("resource", RESOURCE)],
        );
        assert_eq!(answer.status(), 200, "{}", answer.body());
        let token = body(&answer)["access_token"].as_str().unwrap().to_owned();
        assert_eq!(claims(&token)["client_id"], MACHINE_ID);
        assert_eq!(body(&answer)["scope"], READ);
        assert_eq!(*harness.store.1.lock().unwrap(), [SECRET_ARN]);
        let sent = harness.cognito.bodies().join("");
        assert!(sent.contains(MACHINE_SECRET) && !sent.contains("assertion"));
    }
}

#[test]
fn no_log_line_and_no_debug_output_has_the_assertion_or_the_secret() {
    let signer = Signer::ec();
    let harness = trusting_keys(&[signer.jwk(None)]);
    let assertion = signer.assertion(&json!({}));
    for _ in 0..2 {
        ask(&harness, &assertion, &[("client_id", MACHINE_ID)]);
    }
    let log = harness.log.0.lock().unwrap().join("\n");
    let debug = format!("{:?}", harness.server.settings());
    for secret in [assertion.as_str(), "eyJ", MACHINE_SECRET] {
        assert!(!log.contains(secret), "{log}");
        assert!(!debug.contains(secret));
    }
    assert!(log.contains(r#""client_registration":"machine""#), "{log}");
    assert!(log.contains(r#""assertion":"Replayed""#), "{log}");
}

/// Each is one request that is right but for one thing.
#[test]
fn hostile_assertions_are_refused() {
    let (ours, other) = (Signer::rsa(1, "RS256"), Signer::rsa(2, "RS256"));
    let own = json!({
        "iss": MACHINE_ID, "sub": MACHINE_ID, "aud": ISSUER, "iat": START, "exp": START + 300, "jti": "1",
    });
    let with_header = |changes: Value| {
        let header = json!({ "alg": "RS256", "kid": "current" });
        ours.sign(&changed(header, &changes), &own)
    };
    let with_claims = |changes: Value| ours.assertion(&changes);
    let unsigned = |algorithm: &str, signature: &[u8]| {
        let header = json!({ "alg": algorithm }).to_string();
        let signed = format!("{}.{}", encode(header), encode(own.to_string()));
        format!("{signed}.{}", encode(signature))
    };
    // The classic confusion: the public key as the key of a MAC.
    let mac = {
        let signed = format!(
            "{}.{}",
            encode(json!({ "alg": "HS256" }).to_string()),
            encode(own.to_string())
        );
        let public = ours.jwk(None)["n"].as_str().unwrap().to_owned();
        let public = BASE64_URL_SAFE_NO_PAD.decode(public).unwrap();
        let key = hmac::Key::new(hmac::HMAC_SHA256, &public);
        let tag = hmac::sign(&key, signed.as_bytes());
        format!("{signed}.{}", encode(tag))
    };
    let valid = with_claims(json!({}));
    let (head, tail) = valid.rsplit_once('.').unwrap();
    let altered_claims = {
        let claims = encode(changed(own.clone(), &json!({ "jti": "2" })).to_string());
        let header = head.split('.').next().unwrap();
        format!("{header}.{claims}.{tail}")
    };
    let foreign_jwk = other.jwk(Some("current"));
    for (case, assertion, problem) in [
        ("alg none", unsigned("none", b""), "OtherAlgorithm"),
        (
            "alg None with a signature",
            unsigned("None", b"x"),
            "OtherAlgorithm",
        ),
        ("HS256 with the public key", mac, "OtherAlgorithm"),
        (
            "an algorithm of the same key",
            with_header(json!({ "alg": "RS512" })),
            "OtherAlgorithm",
        ),
        (
            "no alg",
            with_header(json!({ "alg": null })),
            "OtherAlgorithm",
        ),
        ("another key", other.assertion(&json!({})), "WrongSignature"),
        ("altered claims", altered_claims, "WrongSignature"),
        ("no signature", format!("{head}."), "WrongSignature"),
        (
            "a wrong kid",
            with_header(json!({ "kid": "other" })),
            "UnknownKey",
        ),
        (
            "a kid that is no string",
            with_header(json!({ "kid": 1 })),
            "UnknownKey",
        ),
        (
            "an embedded jwk",
            other.sign(&json!({ "alg": "RS256", "jwk": foreign_jwk }), &own),
            "KeyInHeader",
        ),
        (
            "jku",
            with_header(json!({ "jku": "https://evil.example.com/jwks" })),
            "KeyInHeader",
        ),
        (
            "x5u",
            with_header(json!({ "x5u": "https://evil.example.com/x" })),
            "KeyInHeader",
        ),
        (
            "x5c",
            with_header(json!({ "x5c": ["AAAA"] })),
            "KeyInHeader",
        ),
        (
            "crit",
            with_header(json!({ "crit": ["exp"] })),
            "CriticalHeader",
        ),
        (
            "an access token",
            with_header(json!({ "typ": "at+jwt" })),
            "OtherType",
        ),
        (
            "a DPoP proof",
            with_header(json!({ "typ": "dpop+jwt" })),
            "OtherType",
        ),
        ("five parts", format!("{valid}.x.y"), "Malformed"),
        ("no JWT", "assertion".to_owned(), "Malformed"),
        ("base64 with padding", format!("{valid}="), "Malformed"),
        (
            "oversized",
            with_claims(json!({ "x": "a".repeat(8 * 1024) })),
            "TooLong",
        ),
        (
            "iss of another",
            with_claims(json!({ "iss": "other" })),
            "OtherIssuer",
        ),
        ("no iss", with_claims(json!({ "iss": null })), "OtherIssuer"),
        (
            "aud of another server",
            with_claims(json!({ "aud": "https://other.example.com" })),
            "OtherAudience",
        ),
        (
            "aud with a slash",
            with_claims(json!({ "aud": format!("{ISSUER}/") })),
            "OtherAudience",
        ),
        (
            "aud of the token endpoint",
            with_claims(json!({ "aud": format!("{ISSUER}/token") })),
            "OtherAudience",
        ),
        (
            "aud of the MCP server",
            with_claims(json!({ "aud": RESOURCE })),
            "OtherAudience",
        ),
        (
            "a foreign aud beside ours",
            with_claims(json!({ "aud": [ISSUER, "https://other.example.com"] })),
            "OtherAudience",
        ),
        (
            "no aud",
            with_claims(json!({ "aud": null })),
            "OtherAudience",
        ),
        (
            "an empty aud",
            with_claims(json!({ "aud": [] })),
            "OtherAudience",
        ),
        ("no exp", with_claims(json!({ "exp": null })), "NoEnd"),
        (
            "exp as a string",
            with_claims(json!({ "exp": "4000000000" })),
            "NoEnd",
        ),
        (
            "exp in the past",
            with_claims(json!({ "exp": START })),
            "Expired",
        ),
        ("a negative exp", with_claims(json!({ "exp": -1 })), "NoEnd"),
        (
            "exp too far ahead",
            with_claims(json!({ "exp": START + 361 })),
            "TooLongLived",
        ),
        (
            "a huge exp",
            with_claims(json!({ "exp": 1e300 })),
            "TooLongLived",
        ),
        (
            "nbf in the future",
            with_claims(json!({ "nbf": START + 61 })),
            "NotYetValid",
        ),
        (
            "iat in the future",
            with_claims(json!({ "iat": START + 61 })),
            "NotYetValid",
        ),
        (
            "iat that is no time",
            with_claims(json!({ "iat": "now" })),
            "NotYetValid",
        ),
        ("no jti", with_claims(json!({ "jti": null })), "NoId"),
        ("an empty jti", with_claims(json!({ "jti": "" })), "NoId"),
        (
            "a jti that is no string",
            with_claims(json!({ "jti": 1 })),
            "NoId",
        ),
    ] {
        let harness = trusting_keys(&[ours.jwk(Some("current"))]);
        let answer = ask(&harness, &assertion, &[("client_id", MACHINE_ID)]);
        assert_refused(&harness, &answer, problem, case);
        let description = body(&answer)["error_description"]
            .as_str()
            .unwrap()
            .to_owned();
        assert!(
            description.starts_with("the client assertion was not accepted: it"),
            "{description}"
        );
    }
}

#[test]
fn an_assertion_authenticates_its_own_client_alone() {
    let signer = Signer::ec();
    let listed = |id: &str, key: &Value| json!({ "clientId": id, "clientSecretArn": SECRET_ARN, "keys": [key] });
    let clients = json!([
        listed(MACHINE_ID, &Signer::ec().jwk(None)),
        listed("attacker", &signer.jwk(None)),
    ]);
    let harness = Harness::with(&[
        ("AUTHORIZATION_MACHINE_CLIENTS", &clients.to_string()),
        ("AWS_REGION", "eu-west-1"),
        ("AWS_ACCESS_KEY_ID", "a"),
        ("AWS_SECRET_ACCESS_KEY", "b"),
    ]);
    for (case, changes, client_id, problem) in [
        ("sub of another client", json!({}), None, "WrongSignature"),
        (
            "client_id of another client",
            json!({ "iss": "attacker", "sub": "attacker" }),
            Some(MACHINE_ID),
            "WrongSignature",
        ),
        (
            "iss and sub that differ",
            json!({ "iss": "attacker" }),
            Some("attacker"),
            "OtherSubject",
        ),
        (
            "iss of another client",
            json!({ "sub": "attacker" }),
            None,
            "OtherIssuer",
        ),
        (
            "a client that is not listed",
            json!({ "iss": "x", "sub": "x" }),
            None,
            "AssertionClientUnknown",
        ),
        (
            "no sub and no client_id",
            json!({ "sub": null }),
            None,
            "AssertionClientUnknown",
        ),
    ] {
        let more: Vec<_> = client_id.map(|id| ("client_id", id)).into_iter().collect();
        let answer = ask(&harness, &signer.assertion(&changes), &more);
        assert_refused(&harness, &answer, problem, case);
    }
}

#[test]
fn an_assertion_counts_once_and_a_refused_one_does_not_use_its_jti_up() {
    let signer = Signer::ec();
    let harness = trusting_keys(&[signer.jwk(None)]);
    let wrong = signer.assertion(&json!({ "aud": "https://other.example.com" }));
    assert_eq!(ask(&harness, &wrong, &[]).status(), 401);
    let assertion = signer.assertion(&json!({}));
    assert_eq!(ask(&harness, &assertion, &[]).status(), 200);
    let replayed = ask(&harness, &assertion, &[]);
    assert_eq!(error(&replayed), (401, "invalid_client".to_owned()));
    assert_eq!(logged(&harness)["assertion"], "Replayed");
    // Another signature of the same claims is the same assertion: ECDSA draws a number each time.
    assert_eq!(
        ask(&harness, &signer.assertion(&json!({})), &[]).status(),
        401
    );
    let next = signer.assertion(&json!({ "jti": "2" }));
    assert_eq!(ask(&harness, &next, &[]).status(), 200);
    harness.pass(300);
    assert_eq!(ask(&harness, &assertion, &[]).status(), 401);
    assert_eq!(logged(&harness)["assertion"], "Expired");
}

#[test]
fn an_assertion_comes_alone_and_in_one_form() {
    let signer = Signer::ec();
    let assertion = signer.assertion(&json!({}));
    let grant = ("grant_type", "client_credentials");
    let (kind, text) = (
        ("client_assertion_type", TYPE),
        ("client_assertion", assertion.as_str()),
    );
    let basic = [("authorization", "Basic eDp5")];
    for (case, form, headers, expected) in [
        (
            "with a secret",
            vec![grant, kind, text, ("client_secret", "x")],
            &[][..],
            (400, "invalid_request"),
        ),
        (
            "with Basic",
            vec![grant, kind, text],
            &basic[..],
            (400, "invalid_request"),
        ),
        (
            "twice",
            vec![grant, kind, text, text],
            &[],
            (400, "invalid_request"),
        ),
        (
            "with two types",
            vec![grant, kind, kind, text],
            &[],
            (400, "invalid_request"),
        ),
        (
            "with two client_ids",
            vec![grant, kind, text, ("client_id", "a"), ("client_id", "b")],
            &[],
            (400, "invalid_request"),
        ),
        (
            "without a type",
            vec![grant, text],
            &[],
            (400, "invalid_request"),
        ),
        (
            "a type alone",
            vec![grant, kind],
            &[],
            (400, "invalid_request"),
        ),
        (
            "another type",
            vec![
                grant,
                (
                    "client_assertion_type",
                    "urn:ietf:params:oauth:client-assertion-type:saml2-bearer",
                ),
                text,
            ],
            &[],
            (401, "invalid_client"),
        ),
        (
            "for a refresh",
            vec![("grant_type", "refresh_token"), kind, text],
            &[],
            (401, "invalid_client"),
        ),
        (
            "without a grant",
            vec![kind, text],
            &[],
            (401, "invalid_client"),
        ),
    ] {
        let harness = trusting_keys(&[signer.jwk(None)]);
        let answer = harness.form("/token", &form, headers);
        let (status, code) = error(&answer);
        assert_eq!(
            (status, code.as_str()),
            expected,
            "{case}: {}",
            answer.body()
        );
        assert!(harness.cognito.bodies().is_empty(), "{case}");
    }
    let harness = trusting_keys(&[signer.jwk(None)]);
    let revoked = harness.form("/revoke", &[kind, text, ("token", "x")], &[]);
    assert_eq!(error(&revoked), (401, "invalid_client".to_owned()));
}

#[test]
fn the_secret_of_a_client_with_an_assertion_is_not_accepted_here() {
    let harness = trusting_keys(&[Signer::ec().jwk(None)]);
    for secret in [None, Some(MACHINE_SECRET)] {
        let mut form = vec![
            ("grant_type", "client_credentials"),
            ("client_id", MACHINE_ID),
        ];
        form.extend(secret.map(|secret| ("client_secret", secret)));
        assert_refused(
            &harness,
            &harness.form("/token", &form, &[]),
            "AssertionMissing",
            "a secret",
        );
    }
}

#[test]
fn the_scopes_of_the_response_are_those_that_were_asked_for() {
    let signer = Signer::ec();
    let harness = trusting_keys(&[signer.jwk(None)]);
    let foreign = [("scope", "https://other.example.com/mcp/read")];
    let answer = ask(&harness, &signer.assertion(&json!({})), &foreign);
    assert_eq!(error(&answer), (400, "invalid_scope".to_owned()));
    let all = ask(&harness, &signer.assertion(&json!({ "jti": "2" })), &[]);
    assert_eq!(body(&all)["scope"], format!("{READ} {WRITE}"));
}

#[test]
fn a_refused_client_has_no_assertion() {
    let signer = Signer::ec();
    let digest = Digest::of(MACHINE_ID.as_bytes()).to_hex();
    let keys = json!([{ "clientId": MACHINE_ID, "clientSecretArn": SECRET_ARN, "keys": [signer.jwk(None)] }]);
    let harness = Harness::with(&[
        ("AUTHORIZATION_MACHINE_CLIENTS", &keys.to_string()),
        ("AUTHORIZATION_REFUSED_CLIENTS", &digest),
        ("AWS_REGION", "eu-west-1"),
        ("AWS_ACCESS_KEY_ID", "a"),
        ("AWS_SECRET_ACCESS_KEY", "b"),
    ]);
    let answer = ask(&harness, &signer.assertion(&json!({})), &[]);
    assert_refused(&harness, &answer, "ClientRefused", "a refused client");
}

#[test]
fn two_keys_overlap_during_a_rotation_also_without_kid() {
    let (old, new) = (Signer::ec(), Signer::ec());
    let harness = trusting_keys(&[old.jwk(None), new.jwk(None)]);
    for (signer, id) in [(&old, "a"), (&new, "b")] {
        let answer = ask(&harness, &signer.assertion(&json!({ "jti": id })), &[]);
        assert_eq!(answer.status(), 200, "{}", answer.body());
    }
}

#[test]
fn published_keys_are_fetched_once_and_again_for_an_unknown_key_at_most_once_a_minute() {
    let (old, new) = (Signer::ec(), Signer::ec());
    let harness = trusting(&json!({ "jwksUri": "https://keys.example.com/ci/jwks" }));
    let sign = |signer: &Signer, kid: &str, id: &str| {
        let claims = json!({
            "iss": MACHINE_ID, "sub": MACHINE_ID, "aud": ISSUER, "exp": START + 300, "jti": id,
        });
        signer.sign(&json!({ "alg": "ES256", "kid": kid }), &claims)
    };
    let fetches = || harness.hosts.connections.lock().unwrap().len();
    publish(&harness, &[old.jwk(Some("old"))]);
    for id in ["1", "2"] {
        assert_eq!(ask(&harness, &sign(&old, "old", id), &[]).status(), 200);
    }
    assert_eq!(fetches(), 1);
    publish(&harness, &[new.jwk(Some("new"))]);
    harness.pass(59);
    assert_eq!(ask(&harness, &sign(&new, "new", "3"), &[]).status(), 401);
    assert_eq!(fetches(), 1, "not again within the minute");
    harness.pass(1);
    assert_eq!(ask(&harness, &sign(&new, "new", "3"), &[]).status(), 200);
    assert_eq!(ask(&harness, &sign(&old, "old", "4"), &[]).status(), 401);
    assert_eq!(
        fetches(),
        2,
        "the withdrawn key is gone, and an unknown one fetches nothing"
    );
}

#[test]
fn ssrf_published_keys_come_from_public_addresses_without_redirects_and_within_limits() {
    let signer = Signer::ec();
    let uri = json!({ "jwksUri": "https://keys.example.com/ci/jwks" });
    let unavailable = |harness: &Harness, case: &str| {
        let answer = ask(harness, &signer.assertion(&json!({})), &[]);
        assert_eq!(
            error(&answer),
            (503, "temporarily_unavailable".to_owned()),
            "{case}"
        );
        assert!(harness.cognito.bodies().is_empty(), "{case}");
        let detail = logged(harness)["detail"].as_str().unwrap().to_owned();
        assert!(detail.contains("of the client"), "{detail}");
    };
    for addresses in [
        &["127.0.0.1"][..],
        &["169.254.169.254"],
        &["10.0.0.1", "1.1.1.1"],
        &["::1"],
        &[],
    ] {
        let harness = trusting(&uri);
        publish(&harness, &[signer.jwk(None)]);
        let parsed = addresses.iter().map(|address| address.parse().unwrap());
        *harness.hosts.addresses.lock().unwrap() = parsed.collect();
        unavailable(&harness, &format!("{addresses:?}"));
        assert!(harness.hosts.connections.lock().unwrap().is_empty());
    }
    let set = json!({ "keys": [signer.jwk(None)] }).to_string();
    let response = |status: u16| Response::builder().status(status);
    for (case, answer) in [
        (
            "a redirect",
            response(302)
                .header("location", "https://x.example.com/jwks")
                .body(set.clone()),
        ),
        ("an error", response(500).body(set.clone())),
        (
            "compressed",
            response(200)
                .header("content-encoding", "gzip")
                .body(set.clone()),
        ),
        (
            "too large",
            response(200).body(format!("{set}{}", " ".repeat(64 * 1024))),
        ),
        ("no key set", response(200).body("{}".to_owned())),
        ("no JSON", response(200).body("<html>".to_owned())),
    ] {
        let harness = trusting(&uri);
        harness.answer_document(answer.unwrap().map(String::into_bytes));
        unavailable(&harness, case);
    }
}

#[test]
fn keys_stay_known_for_a_day_while_their_host_is_down() {
    let signer = Signer::ec();
    let harness = trusting(&json!({ "jwksUri": "https://keys.example.com/ci/jwks" }));
    publish(&harness, &[signer.jwk(None)]);
    let at = |seconds: u64, id: &str| {
        signer.assertion(&json!({ "iat": START + seconds, "exp": START + seconds + 60, "jti": id }))
    };
    assert_eq!(ask(&harness, &at(0, "1"), &[]).status(), 200);
    harness.answer_document(Response::builder().status(500).body(Vec::new()).unwrap());
    harness.pass(2 * 60 * 60);
    assert_eq!(ask(&harness, &at(2 * 60 * 60, "2"), &[]).status(), 200);
    harness.pass(22 * 60 * 60);
    assert_eq!(ask(&harness, &at(24 * 60 * 60, "3"), &[]).status(), 503);
}

#[test]
fn a_job_of_github_actions_gets_an_access_token_with_its_own_token() {
    let github = Signer::rsa(1, "RS256");
    for trust in [
        json!({}),
        json!({ "environment": "production", "ref": null }),
        json!({ "repositoryId": "74", "ownerId": "65" }),
        json!({ "workflowRef": "octo-org/octo-repo/.github/workflows/deploy.yml@refs/heads/main" }),
        json!({ "subject": "repo:octo-org/octo-repo:environment:production" }),
    ] {
        let harness = trusting(&jobs(&trust));
        publish(&harness, &[github.jwk(Some("current"))]);
        let answer = ask(
            &harness,
            &github.job(&json!({})),
            &[("client_id", MACHINE_ID)],
        );
        assert_eq!(answer.status(), 200, "{trust}: {}", answer.body());
    }
}

#[test]
fn hostile_tokens_of_github_actions_are_refused() {
    let github = Signer::rsa(1, "RS256");
    let all = json!({
        "environment": "production", "repositoryId": "74", "ownerId": "65",
        "workflowRef": "octo-org/octo-repo/.github/workflows/deploy.yml@refs/heads/main",
        "subject": "repo:octo-org/octo-repo:environment:production",
    });
    for (case, changes, problem) in [
        ("expired", json!({ "exp": START }), "Expired"),
        (
            "valid for an hour",
            json!({ "exp": START + 3600 }),
            "TooLongLived",
        ),
        (
            "another audience",
            json!({ "aud": "sts.amazonaws.com" }),
            "OtherAudience",
        ),
        (
            "GitHub's default audience",
            json!({ "aud": "https://github.com/octo-org" }),
            "OtherAudience",
        ),
        (
            "another issuer",
            json!({ "iss": "https://token.actions.githubusercontent.com.example.com" }),
            "OtherIssuer",
        ),
        (
            "the issuer of an enterprise",
            json!({ "iss": format!("{GITHUB}/octo") }),
            "OtherIssuer",
        ),
        (
            "another repository",
            json!({ "repository": "octo-org/other" }),
            "OtherRepository",
        ),
        (
            "a repository with our name as its prefix",
            json!({ "repository": "octo-org/octo-repo-evil" }),
            "OtherRepository",
        ),
        (
            "an owner with our name as its suffix",
            json!({ "repository": "evil-octo-org/octo-repo" }),
            "OtherRepository",
        ),
        (
            "another case",
            json!({ "repository": "Octo-Org/octo-repo" }),
            "OtherRepository",
        ),
        (
            "a list of repositories",
            json!({ "repository": [REPOSITORY, "a/b"] }),
            "OtherRepository",
        ),
        (
            "no repository",
            json!({ "repository": null }),
            "OtherRepository",
        ),
        (
            "a repository that took over the name",
            json!({ "repository_id": "75" }),
            "OtherRepositoryId",
        ),
        (
            "an owner that took over the name",
            json!({ "repository_owner_id": "66" }),
            "OtherOwnerId",
        ),
        (
            "another branch",
            json!({ "ref": "refs/heads/feature" }),
            "OtherRef",
        ),
        (
            "a branch with ours as its prefix",
            json!({ "ref": "refs/heads/main-evil" }),
            "OtherRef",
        ),
        (
            "a tag with the name of our branch",
            json!({ "ref": "refs/tags/main" }),
            "OtherRef",
        ),
        (
            "a pull request",
            json!({ "ref": "refs/pull/1/merge", "event_name": "pull_request" }),
            "PullRequest",
        ),
        (
            "a pull request by its ref alone",
            json!({ "ref": "refs/pull/1/merge" }),
            "PullRequest",
        ),
        (
            "pull_request_target",
            json!({ "event_name": "pull_request_target" }),
            "PullRequest",
        ),
        (
            "another environment",
            json!({ "environment": "staging" }),
            "OtherEnvironment",
        ),
        (
            "no environment",
            json!({ "environment": null }),
            "OtherEnvironment",
        ),
        (
            "another workflow",
            json!({ "job_workflow_ref": "octo-org/octo-repo/.github/workflows/x.yml@refs/heads/main" }),
            "OtherWorkflow",
        ),
        (
            "another subject",
            json!({ "sub": "repo:octo-org/octo-repo:environment:staging" }),
            "OtherSubject",
        ),
        ("no subject", json!({ "sub": null }), "OtherSubject"),
        ("no jti", json!({ "jti": null }), "NoId"),
    ] {
        let harness = trusting(&jobs(&all));
        publish(&harness, &[github.jwk(Some("current"))]);
        let answer = ask(
            &harness,
            &github.job(&changes),
            &[("client_id", MACHINE_ID)],
        );
        assert_refused(&harness, &answer, problem, case);
    }
    let harness = trusting(&jobs(&json!({})));
    publish(&harness, &[github.jwk(Some("current"))]);
    let job = github.job(&json!({}));
    assert_refused(
        &harness,
        &ask(&harness, &job, &[]),
        "AssertionClientUnknown",
        "without client_id",
    );
    let stranger = Signer::rsa(2, "RS256").job(&json!({}));
    let answer = ask(&harness, &stranger, &[("client_id", MACHINE_ID)]);
    assert_refused(&harness, &answer, "WrongSignature", "signed by a stranger");
}

#[test]
fn the_metadata_offers_assertions_only_where_a_program_uses_them() {
    for path in [
        "/.well-known/oauth-authorization-server",
        "/.well-known/openid-configuration",
    ] {
        let without = body(&Harness::new().get(path, &[]));
        assert!(!without.to_string().contains("private_key_jwt"));
        assert!(
            without
                .get("token_endpoint_auth_signing_alg_values_supported")
                .is_none()
        );
        let mut with = body(&trusting_keys(&[Signer::ec().jwk(None)]).get(path, &[]));
        assert_eq!(
            with["token_endpoint_auth_methods_supported"],
            json!([
                "none",
                "client_secret_basic",
                "client_secret_post",
                "private_key_jwt"
            ])
        );
        let algorithms = with["token_endpoint_auth_signing_alg_values_supported"].take();
        assert!(algorithms.as_array().unwrap().contains(&json!("ES256")));
        assert!(!algorithms.to_string().contains("HS") && !algorithms.to_string().contains("none"));
        let members = with.as_object_mut().unwrap();
        members.remove("token_endpoint_auth_signing_alg_values_supported");
        members.insert(
            "token_endpoint_auth_methods_supported".to_owned(),
            without["token_endpoint_auth_methods_supported"].clone(),
        );
        assert_eq!(with, without, "nothing else changes");
    }
}

#[test]
fn a_program_that_nobody_limits_is_refused_at_the_start() {
    let signer = Signer::ec();
    let key = signer.jwk(None);
    let mut private = key.clone();
    private["d"] = json!("AQAB");
    for (trust, expected) in [
        (
            json!({}),
            "must have one of keys, jwksUri and gitHubActions",
        ),
        (
            json!({ "keys": [key], "jwksUri": "https://keys.example.com/jwks" }),
            "must have one of",
        ),
        (json!({ "keys": [] }), "has no key"),
        (json!({ "keys": [private] }), "members of a private key"),
        (json!({ "keys": [{ "kty": "oct" }] }), "kty and crv"),
        (
            json!({ "jwksUri": "http://keys.example.com/jwks" }),
            "https URL",
        ),
        (
            json!({ "jwksUri": "https://127.0.0.1/jwks" }),
            "public host name",
        ),
        (
            json!({ "jwksUri": "https://keys.example.com:8443/jwks" }),
            "no port",
        ),
        (jobs(&json!({ "ref": null })), "every branch counts"),
        (
            jobs(&json!({ "repository": "octo-org/*" })),
            "a repository such as",
        ),
        (
            jobs(&json!({ "repository": "octo-org" })),
            "a repository such as",
        ),
        (jobs(&json!({ "ref": "main" })), "refs/heads/"),
        (jobs(&json!({ "ref": "refs/pull/1/merge" })), "refs/heads/"),
        (
            jobs(&json!({ "issuer": "http://github.example.com" })),
            "https URL",
        ),
        (jobs(&json!({ "branch": "main" })), "the expected JSON"),
    ] {
        let client = json!({ "clientId": MACHINE_ID, "clientSecretArn": SECRET_ARN });
        let clients = json!([changed(client, &trust)]).to_string();
        let mut variables = crate::harness::variables();
        for (name, value) in [
            ("AUTHORIZATION_MACHINE_CLIENTS", clients.as_str()),
            ("AWS_REGION", "eu-west-1"),
            ("AWS_ACCESS_KEY_ID", "a"),
            ("AWS_SECRET_ACCESS_KEY", "b"),
        ] {
            variables.insert(name.to_owned(), value.to_owned());
        }
        let problems = Settings::from_variables(variables).unwrap_err();
        let problem = problems.to_string();
        assert!(
            problem.contains("AUTHORIZATION_MACHINE_CLIENTS"),
            "{problem}"
        );
        assert!(problem.contains(expected), "{trust}: {problem}");
    }
}

#[test]
fn a_secret_that_cannot_be_read_or_that_cognito_refuses_is_no_fault_of_the_program() {
    let signer = Signer::ec();
    let harness = trusting_keys(&[signer.jwk(None)]);
    let next = |id: &str| ask(&harness, &signer.assertion(&json!({ "jti": id })), &[]);
    // The server reads its own keys at the first request, whatever becomes of it.
    assert_eq!(harness.get("/authorize", &[]).status(), 400);
    let stored = harness.store.0.lock().unwrap().clone();
    *harness.store.0.lock().unwrap() = Err(SecretsUnavailable("secrets manager is down"));
    assert_eq!(
        error(&next("1")),
        (503, "temporarily_unavailable".to_owned())
    );
    assert_eq!(logged(&harness)["detail"], "secrets manager is down");
    *harness.store.0.lock().unwrap() = stored;
    *harness.store.2.lock().unwrap() = Secret::new("the secret before its replacement");
    assert_eq!(error(&next("2")), (500, "server_error".to_owned()));
    assert_eq!(logged(&harness)["failure"], "UpstreamRefusedUs");
    *harness.store.2.lock().unwrap() = Secret::new(MACHINE_SECRET);
    assert_eq!(next("3").status(), 200, "the refused secret is read again");
    let reads = || harness.store.1.lock().unwrap().len();
    let before = reads();
    assert_eq!(next("4").status(), 200);
    assert_eq!(reads(), before, "it is kept for minutes");
    harness.cognito.go_down();
    assert_eq!(
        error(&next("5")),
        (503, "temporarily_unavailable".to_owned())
    );
}
