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
    let location = crate::world::location(&victim.get(&world, &injected));
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
fn replay_a_callback_is_answered_once() {
    let world = World::new();
    let client = client(&world);
    let mut browser = Browser::default();
    let callback = world.cognito.sign_in(&world.approve(&mut browser, &client));
    crate::world::location(&browser.get(&world, &callback));
    assert_refused_on_a_page(&browser.get(&world, &callback), "TransactionOtherBrowser");
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
    let location = crate::world::location(
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
