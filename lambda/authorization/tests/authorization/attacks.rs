//! The attacks of RFC 9700 and OAuth's own security considerations, each as a refusal.

use crate::{
    sign_in::claude_code_document,
    world::{Browser, Client, DOCUMENT, RESOURCE, World, assert_refused_on_a_page, error},
};

const LOOPBACK: &str = "http://localhost:53682/callback";

fn client(world: &World) -> Client {
    Client::new(&world.registered(LOOPBACK), LOOPBACK)
}

/// RFC 9700 section 4.5 and 2.1.1: an attacker's code in a victim's sign-in.
#[test]
fn code_injection_an_upstream_code_of_another_sign_in_is_not_redeemed() {
    let world = World::new();
    let client = client(&world);
    let (mut victim, mut attacker) = (Browser::default(), Browser::default());
    let victim_url = world.approve(&mut victim, &client);
    let attacker_callback = world
        .cognito
        .sign_in(&world.approve(&mut attacker, &client));
    let victim_callback = world.cognito.sign_in(&victim_url);
    let code_of =
        |url: &str| crate::cognito::parameters(url.split_once('?').unwrap().1)["code"].clone();
    let injected =
        victim_callback.replace(&code_of(&victim_callback), &code_of(&attacker_callback));
    let location = crate::world::arrival(&victim.get(&world, &injected));
    let ours =
        crate::cognito::parameters(url::Url::parse(&location).unwrap().query().unwrap())["code"]
            .clone();
    assert_eq!(
        error(&world.redeem(&client, &ours)),
        (400, "invalid_grant".to_owned()),
        "our own PKCE towards Cognito stops it"
    );
}

/// RFC 6749 section 4.1.2: a code is used once. Ours carries Cognito's, which is redeemed once.
#[test]
fn replay_a_code_is_redeemed_once() {
    let world = World::new();
    let client = client(&world);
    let code = world.code(&mut Browser::default(), &client);
    assert_eq!(world.redeem(&client, &code).status(), 200);
    assert_eq!(
        error(&world.redeem(&client, &code)),
        (400, "invalid_grant".to_owned())
    );
}

#[test]
fn replay_a_callback_is_refused_in_a_browser_that_clears_its_cookie_as_it_is_asked_to() {
    let world = World::new();
    let client = client(&world);
    let mut browser = Browser::default();
    let callback = world.cognito.sign_in(&world.approve(&mut browser, &client));
    crate::world::arrival(&browser.get(&world, &callback));
    assert_refused_on_a_page(&browser.get(&world, &callback), "TransactionOtherBrowser");
}

/// Nothing is stored, so nothing knows that a callback was answered before. What is single-use is Cognito's code.
#[test]
fn replay_a_callback_in_a_browser_that_keeps_its_cookie_gives_many_codes_and_tokens_once() {
    let world = World::new();
    let client = client(&world);
    let mut browser = Browser::default();
    let callback = world.cognito.sign_in(&world.approve(&mut browser, &client));
    let codes: Vec<String> = (0..4)
        .map(|_| {
            let arrival = crate::world::arrival(&browser.clone().get(&world, &callback));
            crate::cognito::parameters(arrival.split_once('?').unwrap().1)["code"].clone()
        })
        .collect();
    let redeemed: Vec<u16> = codes
        .iter()
        .map(|code| world.redeem(&client, code).status().as_u16())
        .collect();
    assert_eq!(redeemed, [200, 400, 400, 400]);
    let late = crate::world::arrival(&browser.clone().get(&world, &callback));
    let late = crate::cognito::parameters(late.split_once('?').unwrap().1)["code"].clone();
    assert_eq!(
        error(&world.redeem(&client, &late)),
        (400, "invalid_grant".to_owned())
    );
    world.pass(600);
    assert_refused_on_a_page(&browser.get(&world, &callback), "TransactionExpired");
}

#[test]
fn a_code_of_one_client_is_not_redeemed_by_another_or_with_another_redirect() {
    let world = World::new();
    world.publish(&claude_code_document());
    let client = client(&world);
    let code = world.code(&mut Browser::default(), &client);
    for (id, redirect_uri) in [
        (DOCUMENT, LOOPBACK),
        (world.registered(LOOPBACK).as_str(), LOOPBACK),
        (client.client_id.as_str(), "http://localhost:53683/callback"),
    ] {
        assert_eq!(
            error(&world.redeem(&Client::new(id, redirect_uri), &code)),
            (400, "invalid_grant".to_owned())
        );
    }
    assert!(world.cognito.bodies().is_empty());
}

/// RFC 9207: an answer of another authorization server.
#[test]
fn mix_up_an_answer_that_names_another_issuer_is_refused() {
    let world = World::new();
    let client = client(&world);
    let mut browser = Browser::default();
    let callback = world.cognito.sign_in(&world.approve(&mut browser, &client));
    assert_refused_on_a_page(
        &browser.get(
            &world,
            &format!("{callback}&iss=https%3A%2F%2Fevil.example"),
        ),
        "UpstreamMixUp",
    );
    let callback = world.cognito.sign_in(&world.approve(&mut browser, &client));
    let location = crate::world::arrival(
        &browser.get(&world, &format!("{callback}&iss={}", crate::cognito::POOL)),
    );
    assert!(location.contains("code="));
}

/// Cookie tossing: a second cookie of the same name from a neighbour.
#[test]
fn cookie_tossing_two_cookies_of_one_name_are_none() {
    let world = World::new();
    let client = client(&world);
    let mut attacker = Browser::default();
    let page = attacker.get(&world, &client.authorize_url());
    let (name, tossed) = attacker.cookies.first_key_value().unwrap();
    let mut victim = Browser::default();
    victim.get(&world, &client.authorize_url());
    let own = &victim.cookies[name];
    let request = crate::world::hidden_request(&page);
    let form = [("request", request.as_str()), ("decision", "allow")];
    for both in [
        format!("{name}={own}; {name}={tossed}"),
        format!("{name}={tossed}; {name}={own}"),
    ] {
        let answer = world.form("/consent", &form, &[("cookie", &both)]);
        assert_refused_on_a_page(&answer, "ConsentOtherBrowser");
    }
}

/// Cookie tossing: a neighbour or a plain-HTTP page can set any name but one with the prefix `__Host-`.
#[test]
fn cookie_tossing_a_cookie_without_the_host_prefix_is_not_looked_at() {
    let world = World::new();
    let client = client(&world);
    let mut browser = Browser::default();
    let page = browser.get(&world, &client.authorize_url());
    let (name, value) = browser.cookies.first_key_value().unwrap();
    let request = crate::world::hidden_request(&page);
    let form = [("request", request.as_str()), ("decision", "allow")];
    let bare = name.strip_prefix("__Host-").unwrap();
    for cookie in [
        format!("{bare}={value}"),
        format!("__Secure-{bare}={value}"),
        format!("__host-{bare}={value}"),
        format!("x; {bare}={value}"),
    ] {
        let answer = world.form("/consent", &form, &[("cookie", &cookie)]);
        assert_refused_on_a_page(&answer, "ConsentOtherBrowser");
    }
    assert_eq!(
        browser.decide(&world, &page, "allow").status(),
        200,
        "the same form with the real cookie"
    );
}

/// Cookie tossing: a cookie that the attacker chose before the victim came.
#[test]
fn cookie_tossing_an_approval_of_the_attackers_browser_does_not_fit_another_transaction() {
    let world = World::new();
    let client = client(&world);
    let (mut attacker, mut victim) = (Browser::default(), Browser::default());
    world.approve(&mut attacker, &client);
    let url = world.approve(&mut victim, &client);
    let callback = world.cognito.sign_in(&url);
    let approved = |browser: &Browser| {
        browser
            .cookies
            .iter()
            .find(|(name, _)| name.contains("approved"))
            .map(|(name, value)| (name.clone(), value.clone()))
            .unwrap()
    };
    let (name, own) = approved(&victim);
    let (_, tossed) = approved(&attacker);
    victim.cookies.insert(name.clone(), tossed);
    assert_refused_on_a_page(&victim.get(&world, &callback), "TransactionOtherBrowser");
    victim.cookies.insert(name, own);
    crate::world::arrival(&victim.get(&world, &callback));
}

/// Secrets are never compared with `==` on their text, which would tell by its time how much of a guess is right. Their
/// types compare in constant time, and nothing else compares what they hold.
#[test]
fn timing_no_code_compares_the_text_of_a_secret() {
    let mut files = vec![std::path::PathBuf::from(concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/src"
    ))];
    let mut seen = 0;
    while let Some(path) = files.pop() {
        if path.is_dir() {
            files.extend(
                std::fs::read_dir(&path)
                    .unwrap()
                    .map(|entry| entry.unwrap().path()),
            );
            continue;
        }
        let text = std::fs::read_to_string(&path).unwrap();
        for (number, line) in text.lines().enumerate() {
            // A digest of it is of a type that compares in constant time.
            let exposed = line.contains(".expose()") && !line.contains("Digest::of(");
            let compared =
                line.contains("==") || line.contains("!=") || line.contains("starts_with(");
            seen += usize::from(exposed);
            assert!(
                !(exposed && compared),
                "{}:{}: {line}",
                path.display(),
                number + 1
            );
        }
    }
    assert!(seen > 20, "{seen} lines with a secret's text");
    let secret = include_str!("../../src/sealed/secret.rs");
    assert_eq!(
        secret.matches("same_bytes(").count(),
        3,
        "both types use it"
    );
    assert!(secret.contains("left.ct_eq(right).into()"));
    assert!(!secret.contains("derive(PartialEq") && !secret.contains(", PartialEq"));
}

/// What is refused is not logged: neither codes and tokens of others nor what somebody typed into the wrong field.
#[test]
fn log_leakage_a_refused_request_leaves_nothing_of_itself_in_the_log() {
    let world = World::new();
    let client = client(&world);
    let secret = "s3cret-value-that-must-not-be-kept-anywhere-0123456789";
    for (path, form) in [
        (
            "/token",
            vec![("grant_type", secret), ("client_id", secret)],
        ),
        (
            "/token",
            vec![
                ("grant_type", "authorization_code"),
                ("client_id", secret),
                ("code", secret),
            ],
        ),
        (
            "/token",
            vec![
                ("grant_type", "authorization_code"),
                ("client_id", &client.client_id),
                ("client_secret", secret),
            ],
        ),
        (
            "/token",
            vec![
                ("grant_type", "client_credentials"),
                ("client_id", secret),
                ("client_secret", secret),
                ("scope", secret),
            ],
        ),
        (
            "/token",
            vec![
                ("grant_type", "client_credentials"),
                ("client_id", secret),
                ("client_secret", secret),
            ],
        ),
        ("/revoke", vec![("token", secret), ("client_id", secret)]),
        ("/consent", vec![("request", secret), ("decision", secret)]),
        (secret, vec![]),
    ] {
        world.form(
            path,
            &form,
            &[
                ("authorization", "Bearer s3cret-value"),
                ("cookie", "a=s3cret-value"),
            ],
        );
    }
    for (name, value) in [
        ("state", secret),
        ("scope", secret),
        ("resource", secret),
        ("redirect_uri", secret),
        ("client_id", secret),
        ("nonce", secret),
        (secret, "x"),
    ] {
        world.get(
            &format!(
                "/authorize?{}",
                form_urlencoded::Serializer::new(String::new())
                    .append_pair("client_id", &client.client_id)
                    .append_pair(name, value)
                    .finish()
            ),
            &[],
        );
    }
    world.get(
        &format!("/callback?code={secret}&state={secret}&error={secret}"),
        &[],
    );
    world.register(&serde_json::json!({ "redirect_uris": [secret], "client_name": secret }));
    let log = world.log.0.lock().unwrap().join("\n");
    assert!(log.lines().count() > 15, "{log}");
    assert!(!log.contains("s3cret"), "{log}");
}

/// An authorization request with the attacker's wishes in an unverified parameter.
#[test]
fn resource_confusion_tokens_are_asked_for_our_resource_whatever_the_client_says() {
    let world = World::new();
    let url = world.approve(
        &mut Browser::default(),
        &client(&world).but("resource", None),
    );
    let query = crate::cognito::parameters(url::Url::parse(&url).unwrap().query().unwrap());
    assert_eq!(query["resource"], RESOURCE);
}
