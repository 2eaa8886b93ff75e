//! Access tokens that the library verifies itself: every reason to refuse one, and how the issuer is asked for keys.

use std::sync::atomic::Ordering;

use http::Response;
use http_body_util::Full;
use serde_json::{Value, json};

use crate::event_source::ISSUER;
use crate::issuer::{Issuer, encode, key, published, seconds_since_epoch};
use crate::plain_http::PlainServer;
use crate::server;

#[tokio::test]
async fn refuses_tokens_with_wrong_claims_although_the_signature_is_right() {
    let issuer = Issuer::start().await;
    let server = PlainServer::start(&issuer).await;
    let now = seconds_since_epoch();
    let resource = server.url.as_str();
    let no_access = "the token is not an access token";
    let issuer_wrong = "the access token comes from another issuer";
    let audience = "the access token was issued for another resource";
    let expired = "the access token has expired";
    let endless = "the access token says nothing about its end";
    let early = "the access token is not valid yet";
    let scope = "the access token has no scope of this server";
    let subject = "the access token names no subject or no app client";
    let removed = Value::Null;
    for (claim, value, told) in [
        ("token_use", json!("id"), no_access),
        ("token_use", removed.clone(), no_access),
        ("iss", json!(format!("{ISSUER}/")), issuer_wrong),
        (
            "iss",
            json!("https://cognito-idp.eu-central-1.amazonaws.com/eu-central-1_Other"),
            issuer_wrong,
        ),
        (
            "iss",
            json!(
                "https://issuer-issuer-cognito-idp.eu-central-1.amazonaws.com/eu-central-1_Example01"
            ),
            issuer_wrong,
        ),
        ("iss", json!([ISSUER]), issuer_wrong),
        ("iss", removed.clone(), issuer_wrong),
        ("aud", json!("client-1"), audience),
        ("aud", json!([resource, "https://other.example"]), audience),
        ("aud", json!([]), audience),
        ("aud", json!({}), audience),
        ("exp", json!(now - 31), expired),
        ("exp", json!(0), expired),
        ("exp", json!(-1), expired),
        ("exp", json!(1.5), expired),
        ("exp", json!("soon"), endless),
        ("exp", removed.clone(), endless),
        ("nbf", json!(now + 60), early),
        ("scope", json!("tools"), scope),
        ("scope", json!(format!("{resource}-other/tools")), scope),
        ("scope", json!(format!("{resource}/")), scope),
        ("scope", json!([format!("{resource}/tools")]), scope),
        ("scope", removed.clone(), scope),
        ("sub", removed.clone(), subject),
        ("sub", json!(""), subject),
        ("client_id", removed.clone(), subject),
    ] {
        let mut claims = server.claims();
        if value.is_null() {
            claims.as_object_mut().unwrap().remove(claim);
        } else {
            claims[claim] = value.clone();
        }
        assert_eq!(
            server.status_and_reason(&issuer.token(&claims)).await,
            (401, told.to_owned()),
            "{claim} = {value}"
        );
    }
}

#[tokio::test]
async fn accepts_both_issuer_forms_a_machines_missing_audience_and_small_clock_differences() {
    let issuer = Issuer::start().await;
    let server = PlainServer::start(&issuer).await;
    let now = seconds_since_epoch();
    let other_form = "https://issuer-cognito-idp.eu-central-1.amazonaws.com/eu-central-1_Example01";
    for (claim, value) in [
        ("iss", json!(other_form)),
        ("aud", Value::Null),
        ("aud", json!([server.url])),
        ("exp", json!(now - 10)),
        ("nbf", json!(now + 10)),
        (
            "scope",
            json!(format!(
                "openid {0}/profile https://other.example/x",
                server.url
            )),
        ),
    ] {
        let mut claims = server.claims();
        claims[claim] = value.clone();
        assert_eq!(
            server.status_and_reason(&issuer.token(&claims)).await,
            (200, String::new()),
            "{claim} = {value}"
        );
    }
}

#[tokio::test]
async fn refuses_tokens_whose_signature_proves_nothing() {
    let issuer = Issuer::start().await;
    let server = PlainServer::start(&issuer).await;
    let claims = server.claims();
    let good = issuer.token(&claims);
    let (signed, signature) = good.rsplit_once('.').unwrap();
    let header = |value: Value| format!("{}.{}.{signature}", encode(&value), encode(&claims));
    let mut admin = claims.clone();
    admin["scope"] = json!(format!("{}/admin", server.url));

    let malformed = "the access token is not a signed JWT";
    let algorithm = "the access token is not signed with RS256";
    let unknown_key = "the access token is signed with a key that the issuer does not publish";
    let wrong = "the signature of the access token is wrong";
    for (name, token, told) in [
        ("no JWT", "garbage".to_owned(), malformed),
        ("two parts", signed.to_owned(), malformed),
        ("four parts", format!("{good}.x"), malformed),
        ("padded base64", format!("{good}=="), malformed),
        (
            "header is no JSON",
            format!("AAAA.{}.{signature}", encode(&claims)),
            malformed,
        ),
        (
            "claims are no object",
            format!(
                "{}.{}.{signature}",
                encode(&json!({"alg": "RS256", "kid": "current"})),
                encode(&json!([1]))
            ),
            malformed,
        ),
        ("huge", format!("{good}{}", "A".repeat(20_000)), malformed),
        (
            "alg none",
            header(json!({ "alg": "none", "kid": "current" })),
            algorithm,
        ),
        (
            "alg none without signature",
            format!("{}.{}.", encode(&json!({ "alg": "none" })), encode(&claims)),
            algorithm,
        ),
        (
            "alg HS256",
            header(json!({ "alg": "HS256", "kid": "current" })),
            algorithm,
        ),
        (
            "alg rs256",
            header(json!({ "alg": "rs256", "kid": "current" })),
            algorithm,
        ),
        (
            "critical extension",
            issuer.sign(
                &issuer.key,
                &json!({ "alg": "RS256", "kid": "current", "crit": ["b64"], "b64": false }),
                &claims,
            ),
            algorithm,
        ),
        (
            "no kid",
            issuer.sign(&issuer.key, &json!({ "alg": "RS256" }), &claims),
            unknown_key,
        ),
        (
            "unknown kid",
            issuer.sign(
                &issuer.key,
                &json!({ "alg": "RS256", "kid": "other" }),
                &claims,
            ),
            unknown_key,
        ),
        (
            "kid of a key that is not RSA",
            issuer.sign(
                &issuer.key,
                &json!({ "alg": "RS256", "kid": "curve" }),
                &claims,
            ),
            unknown_key,
        ),
        (
            "another key under a known kid",
            issuer.sign(
                &issuer.other_key,
                &json!({ "alg": "RS256", "kid": "current" }),
                &claims,
            ),
            wrong,
        ),
        (
            "changed claims",
            format!(
                "{}.{}.{signature}",
                signed.split_once('.').unwrap().0,
                encode(&admin)
            ),
            wrong,
        ),
        ("empty signature", format!("{signed}."), wrong),
        ("short signature", format!("{signed}.AAAA"), wrong),
    ] {
        assert_eq!(
            server.status_and_reason(&token).await,
            (401, told.to_owned()),
            "{name}"
        );
    }
    assert_eq!(server.status_and_reason(&good).await.0, 200);
}

#[tokio::test]
async fn a_flood_of_unknown_key_ids_asks_the_issuer_once_and_locks_nobody_out() {
    let issuer = Issuer::start().await;
    let server = PlainServer::start(&issuer).await;
    let good = issuer.token(&server.claims());
    assert_eq!(server.status_and_reason(&good).await.0, 200);
    for number in 0..50 {
        let header = json!({ "alg": "RS256", "kid": format!("unknown-{number}") });
        let token = issuer.sign(&issuer.key, &header, &server.claims());
        assert_eq!(server.status_and_reason(&token).await.0, 401);
    }
    assert_eq!(server.status_and_reason(&good).await.0, 200);
    assert_eq!(
        issuer.requests.load(Ordering::SeqCst),
        1,
        "the issuer is asked at most once a minute"
    );
}

#[tokio::test]
async fn ignores_keys_that_are_not_for_rs256_signatures() {
    let signing = key("test-only-key-1.pk8");
    for (member, value) in [("use", "enc"), ("alg", "RS512"), ("kty", "oct")] {
        let mut published = published(&signing, "current");
        published[member] = json!(value);
        let document = json!({ "keys": [published] }).to_string();
        let issuer = Issuer::answering(move || Response::new(Full::from(document.clone()))).await;
        let server = PlainServer::start(&issuer).await;
        let (status, reason) = server
            .status_and_reason(&issuer.token(&server.claims()))
            .await;
        assert_eq!(status, 401, "{member} = {value}");
        assert!(
            reason.contains("a key that the issuer does not publish"),
            "{reason}"
        );
    }
}

#[tokio::test]
async fn a_person_needs_an_audience_where_it_is_required_and_a_machine_does_not() {
    let issuer = Issuer::start().await;
    let required = [("MCP_AUDIENCE_REQUIRED", "true")];
    let required = PlainServer::start_with(&issuer, &required, server::definition).await;
    let optional = PlainServer::start(&issuer).await;
    let told = "the access token has no audience: ask for it with the resource parameter";
    for (server, answer) in [
        (&required, (401, told.to_owned())),
        (&optional, (200, String::new())),
    ] {
        let bound = issuer.token(&server.claims());
        assert_eq!(server.status_and_reason(&bound).await.0, 200);
        let mut unbound = server.claims();
        unbound.as_object_mut().unwrap().remove("aud");
        let token = issuer.token(&unbound);
        assert_eq!(server.status_and_reason(&token).await, answer);
        unbound["sub"] = unbound["client_id"].clone();
        let named = issuer.token(&unbound);
        assert_eq!(
            server.status_and_reason(&named).await,
            answer,
            "a user name"
        );
        unbound.as_object_mut().unwrap().remove("username");
        let machine = issuer.token(&unbound);
        assert_eq!(server.status_and_reason(&machine).await.0, 200, "a machine");
    }
}
