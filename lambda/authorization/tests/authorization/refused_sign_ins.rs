//! A sign-in that did not begin on our consent page in this browser ends without a code that could still be redeemed.

use http::Method;
use mcp_lambda_authorization::Response;
use url::Url;

use crate::{
    cognito::{POOL, SIGN_IN, parameters},
    harness::{
        Browser, Client, Harness, ISSUER, LOOPBACK, READ, RESOURCE, SEALING, arrival,
        assert_refused_on_a_page, error, refresh_target, stored,
    },
};

fn query_of(url: &str) -> std::collections::HashMap<String, String> {
    parameters(Url::parse(url).unwrap().query().unwrap())
}

/// The URL with one parameter replaced, or left out.
fn with(url: &str, name: &str, value: Option<&str>) -> String {
    let mut url = Url::parse(url).unwrap();
    let kept: Vec<(String, String)> = url
        .query_pairs()
        .into_owned()
        .filter(|(found, _)| found != name)
        .collect();
    url.query_pairs_mut()
        .clear()
        .extend_pairs(&kept)
        .extend_pairs(value.map(|value| (name, value)));
    url.into()
}

/// The only thing that the browser gets: the way to a page of ours, with nothing of the sign-in in it.
fn assert_moved_on(answer: &Response, outcome: &str) {
    assert_eq!(answer.status(), 303, "{}", answer.body());
    assert_eq!(
        answer.headers()["location"],
        format!("{ISSUER}/sign-in?outcome={outcome}").as_str()
    );
    assert_eq!(answer.headers()["cache-control"], "no-store");
    assert_eq!(answer.headers()["referrer-policy"], "no-referrer");
    assert_eq!(answer.body(), "");
    let headers = format!("{:?}", answer.headers());
    assert!(
        !headers.contains("upstream") && !headers.contains("mcp-state"),
        "{headers}"
    );
}

/// Where the attacker has got hold of the victim's code: it is worth nothing in a sign-in of the attacker's own.
fn assert_worthless(
    harness: &Harness,
    attacker: &mut Browser,
    client: &Client,
    url: &str,
    code: &str,
) {
    let state = &query_of(url)["state"];
    let callback = form_urlencoded::Serializer::new(String::new())
        .append_pair("code", code)
        .append_pair("state", state)
        .finish();
    let ours = arrival(&attacker.get(harness, &format!("/callback?{callback}")));
    assert_eq!(
        error(&harness.redeem(client, &query_of(&ours)["code"])),
        (400, "invalid_grant".to_owned())
    );
}

/// The attacker approves, and a victim signs in at the attacker's URL.
#[test]
fn a_sign_in_that_another_browser_approved_leaves_no_code_that_can_be_redeemed() {
    let harness = Harness::new();
    let client = harness.client();
    let mut attacker = Browser::default();
    let url = harness.approve(&mut attacker, &client);
    let callback = harness.cognito.sign_in(&url);
    assert_moved_on(
        &harness.get(&callback[ISSUER.len()..], &[]),
        "TransactionOtherBrowser",
    );
    assert_eq!(harness.cognito.revoked(), 1, "redeemed and revoked");
    assert_worthless(
        &harness,
        &mut attacker,
        &client,
        &url,
        &query_of(&callback)["code"],
    );
    assert_eq!(harness.cognito.revoked(), 1);
}

#[test]
fn a_sign_in_whose_state_was_dropped_leaves_no_code_that_can_be_redeemed() {
    let harness = Harness::new();
    let client = harness.client();
    let mut attacker = Browser::default();
    let url = harness.approve(&mut attacker, &client);
    let callback = harness.cognito.sign_in(&with(&url, "state", None));
    assert!(!callback.contains("state="));
    assert_moved_on(
        &harness.get(&callback[ISSUER.len()..], &[]),
        "TransactionNotOpened",
    );
    assert_worthless(
        &harness,
        &mut attacker,
        &client,
        &url,
        &query_of(&callback)["code"],
    );
}

/// Every other way in which the attacker may change the URL between our consent page and Cognito.
#[test]
fn a_state_that_cannot_be_read_or_is_of_another_sign_in_leaves_no_code_that_can_be_redeemed() {
    let harness = Harness::new();
    let client = harness.client();
    let mut attacker = Browser::default();
    let other = query_of(&harness.approve(&mut attacker, &client))["state"].clone();
    let account = harness.get("/sign-in", &[]);
    let account = query_of(account.headers()["location"].to_str().unwrap())["state"].clone();
    let cases = [
        ("garbage", "TransactionNotOpened"),
        ("mcp-state-AAAA", "TransactionNotOpened"),
        (&"x".repeat(13_000), "TransactionNotOpened"),
        (&other, "TransactionOtherBrowser"),
        (&account, "TransactionOtherBrowser"),
    ];
    for (state, outcome) in cases {
        let url = harness.approve(&mut attacker, &client);
        let callback = harness.cognito.sign_in(&with(&url, "state", Some(state)));
        assert_moved_on(&harness.get(&callback[ISSUER.len()..], &[]), outcome);
        assert_worthless(
            &harness,
            &mut attacker,
            &client,
            &url,
            &query_of(&callback)["code"],
        );
    }
}

/// Without a challenge in the attacker's URL, any verifier redeems the code: ours does, and the tokens go nowhere.
#[test]
fn a_sign_in_whose_pkce_was_dropped_ends_with_its_tokens_revoked() {
    let harness = Harness::new();
    let client = harness.client();
    let mut attacker = Browser::default();
    let url = harness.approve(&mut attacker, &client);
    let bare = with(&with(&url, "code_challenge", None), "state", None);
    let callback = harness.cognito.sign_in(&bare);
    assert_moved_on(
        &harness.get(&callback[ISSUER.len()..], &[]),
        "TransactionNotOpened",
    );
    assert_eq!(harness.cognito.revoked(), 1);
    assert_worthless(
        &harness,
        &mut attacker,
        &client,
        &url,
        &query_of(&callback)["code"],
    );
}

#[test]
fn a_callback_that_is_late_or_of_another_issuer_leaves_no_code_that_can_be_redeemed() {
    let harness = Harness::new();
    let client = harness.client();
    let mut browser = Browser::default();
    let url = harness.approve(&mut browser, &client);
    let callback = harness.cognito.sign_in(&url);
    let mixed_up = with(&callback, "iss", Some("https://evil.example"));
    let cookie = browser.cookie();
    let answer = harness.get(&mixed_up[ISSUER.len()..], &[("cookie", &cookie)]);
    assert_moved_on(&answer, "UpstreamMixUp");
    assert_eq!(harness.cognito.revoked(), 1);

    let url = harness.approve(&mut browser, &client);
    let callback = harness.cognito.sign_in(&url);
    harness.pass(600);
    let cookie = browser.cookie();
    let answer = harness.get(&callback[ISSUER.len()..], &[("cookie", &cookie)]);
    assert_moved_on(&answer, "TransactionExpired");
    assert_eq!(
        harness.cognito.revoked(),
        2,
        "an expired state still opens to end its sign-in"
    );
}

#[test]
fn no_token_of_a_refused_sign_in_leaves_the_server() {
    let harness = Harness::new();
    let url = harness.approve(&mut Browser::default(), &harness.client());
    let callback = harness.cognito.sign_in(&url);
    let mut victim = Browser::default();
    let page = victim.get(&harness, &callback);
    assert_refused_on_a_page(&page, "TransactionOtherBrowser");
    assert!(victim.cookies.is_empty());
    let log = harness.log.0.lock().unwrap().join("\n");
    for text in [page.body(), &format!("{:?}", page.headers()), &log] {
        assert!(
            !text.contains("eyJ") && !text.contains("upstream-"),
            "{text}"
        );
    }
    assert!(log.contains("its tokens were revoked"), "{log}");
}

#[test]
fn a_refused_browser_is_moved_on_also_while_cognito_cannot_be_reached() {
    let harness = Harness::new();
    let url = harness.approve(&mut Browser::default(), &harness.client());
    let callback = harness.cognito.sign_in(&url);
    harness.cognito.go_down();
    assert_moved_on(
        &harness.get(&callback[ISSUER.len()..], &[]),
        "TransactionOtherBrowser",
    );
    let log = harness.log.0.lock().unwrap().join("\n");
    assert!(log.contains("Cognito did not redeem the code"), "{log}");
}

/// Only after the newest keys have been tried.
#[test]
fn a_warm_function_does_not_burn_the_code_of_a_state_that_a_newer_key_opens() {
    let newer_secret = "another sealing secret of more than thirty-two characters";
    let harness = Harness::new();
    let client = harness.client();
    *harness.store.0.lock().unwrap() = Ok(stored(newer_secret, Some(SEALING)));
    harness.pass(6 * 60);
    let mut browser = Browser::default();
    let url = harness.approve(&mut browser, &client);
    // Another instance, which has read its secrets before they changed.
    let older = Harness::sharing(&harness);
    older.registered(LOOPBACK);
    *older.store.0.lock().unwrap() = Ok(stored(newer_secret, Some(SEALING)));
    older.pass(2 * 60);
    let code = query_of(&arrival(
        &browser.get(&older, &harness.cognito.sign_in(&url)),
    ))["code"]
        .clone();
    assert_eq!(harness.redeem(&client, &code).status(), 200);
}

#[test]
fn a_sign_in_without_a_client_begins_here_and_ends_on_the_account_page_with_nothing_left() {
    let harness = Harness::new();
    let mut browser = Browser::default();
    let answer = browser.get(&harness, "/sign-in");
    assert_eq!(answer.status(), 302);
    let url = answer.headers()["location"].to_str().unwrap();
    assert!(url.starts_with(&format!("{SIGN_IN}/oauth2/authorize?")));
    let query = query_of(url);
    assert_eq!(query["code_challenge_method"], "S256");
    assert_eq!(query["scope"], READ);
    assert!(query["state"].starts_with("mcp-account-"));
    assert_eq!(browser.cookies.len(), 1);

    let callback = harness.cognito.sign_in(url);
    let cookie = browser.cookie();
    let answer = harness.get(&callback[ISSUER.len()..], &[("cookie", &cookie)]);
    assert_moved_on(&answer, "done");
    assert_eq!(harness.cognito.revoked(), 1, "its tokens are not needed");
    let page = harness.get("/sign-in?outcome=done", &[]);
    assert_eq!(page.status(), 200);
    assert!(
        page.body().contains("Your account is ready") && page.body().contains(RESOURCE),
        "{}",
        page.body()
    );
    // The same once more: the code is used up, whoever comes with it.
    let again = browser.get(&harness, &callback);
    assert!(again.body().contains("SignInFailed"), "{}", again.body());
    assert_refused_on_a_page(
        &Browser::default().get(&harness, &callback),
        "TransactionOtherBrowser",
    );
}

#[test]
fn a_sign_in_without_a_client_ends_in_the_browser_that_began_it() {
    let harness = Harness::new();
    let url = harness.get("/sign-in", &[]);
    let url = url.headers()["location"].to_str().unwrap();
    let callback = harness.cognito.sign_in(url);
    assert_moved_on(
        &harness.get(&callback[ISSUER.len()..], &[]),
        "TransactionOtherBrowser",
    );
    assert_eq!(harness.cognito.revoked(), 1);
    let mut browser = Browser::default();
    for (upstream, outcome) in [("access_denied", "SignInCancelled"), ("x", "SignInFailed")] {
        let answer = browser.get(&harness, "/sign-in");
        let url = answer.headers()["location"].to_str().unwrap();
        let page = browser.get(&harness, &harness.cognito.fail_sign_in(url, upstream));
        assert!(page.body().contains(outcome), "{}", page.body());
        assert!(!page.headers().contains_key("refresh"));
    }
}

/// The state of one kind of sign-in is none of the other.
#[test]
fn a_sign_in_without_a_client_never_gives_a_client_a_code() {
    let harness = Harness::new();
    let client = harness.client();
    let mut browser = Browser::default();
    let approved = harness.approve(&mut browser, &client);
    let answer = browser.get(&harness, "/sign-in");
    let account = answer.headers()["location"].to_str().unwrap().to_owned();
    for (url, state) in [(&account, &approved), (&approved, &account)] {
        let callback = harness.cognito.sign_in(url);
        let swapped = with(&callback, "state", Some(&query_of(state)["state"]));
        let answer = browser.get(&harness, &swapped);
        if answer.headers().contains_key("refresh") {
            let code = query_of(&refresh_target(&answer))["code"].clone();
            assert_eq!(
                error(&harness.redeem(&client, &code)),
                (400, "invalid_grant".to_owned())
            );
        } else {
            assert!(answer.body().contains("SignInFailed"), "{}", answer.body());
        }
    }
}

#[test]
fn the_outcomes_of_a_sign_in_are_a_closed_list_of_our_own_sentences() {
    let harness = Harness::new();
    for (outcome, status, shown) in [
        ("TransactionExpired", 400, "the sign-in took too long"),
        (
            "TransactionOtherBrowser",
            403,
            "not approved in this browser",
        ),
        ("SignInFailed", 502, "did not complete the sign-in"),
        ("NoSuchPath", 404, "there is nothing at this path"),
        ("%3Cscript%3E", 404, "there is nothing at this path"),
        ("ClientUnknown", 404, "there is nothing at this path"),
    ] {
        let page = harness.get(&format!("/sign-in?outcome={outcome}"), &[]);
        assert_eq!(page.status(), status, "{outcome}");
        assert!(page.body().contains(shown), "{outcome}: {}", page.body());
        assert!(!page.body().contains("<script"));
    }
    assert!(harness.cognito.bodies().is_empty());
    assert_eq!(harness.ask(Method::HEAD, "/sign-in", &[]).status(), 302);
}

/// RFC 9110 section 9.2.1: a program that looks at a link with HEAD, with or without the cookies of its browser, ends nothing.
#[test]
fn a_head_request_neither_ends_a_sign_in_nor_burns_its_code() {
    let harness = Harness::new();
    let client = harness.client();
    let mut browser = Browser::default();
    let approved = harness.approve(&mut browser, &client);
    let account = browser.get(&harness, "/sign-in").headers()["location"]
        .to_str()
        .unwrap()
        .to_owned();
    let cookies = browser.cookie();
    for url in [&approved, &account] {
        let callback = harness.cognito.sign_in(url);
        for headers in [&[][..], &[("cookie", cookies.as_str())]] {
            let answer = harness.ask(Method::HEAD, &callback[ISSUER.len()..], headers);
            assert_eq!(answer.status(), 405);
            for name in ["set-cookie", "refresh", "location"] {
                assert!(!answer.headers().contains_key(name), "{name}");
            }
        }
        assert!(harness.cognito.bodies().is_empty());
    }
    let callback = harness.cognito.sign_in(&approved);
    let ours = arrival(&browser.get(&harness, &callback));
    let tokens = harness.redeem(&client, &query_of(&ours)["code"]);
    assert_eq!(tokens.status(), 200, "{}", tokens.body());
}

/// RFC 9700 section 4.5 and 2.1.1: an attacker's code in a victim's sign-in.
#[test]
fn code_injection_an_upstream_code_of_another_sign_in_is_not_redeemed() {
    let harness = Harness::new();
    let client = harness.client();
    let (mut victim, mut attacker) = (Browser::default(), Browser::default());
    let victim_url = harness.approve(&mut victim, &client);
    let attacker_callback = harness
        .cognito
        .sign_in(&harness.approve(&mut attacker, &client));
    let victim_callback = harness.cognito.sign_in(&victim_url);
    let code_of = |url: &str| parameters(url.split_once('?').unwrap().1)["code"].clone();
    let injected =
        victim_callback.replace(&code_of(&victim_callback), &code_of(&attacker_callback));
    let location = arrival(&victim.get(&harness, &injected));
    let ours = parameters(url::Url::parse(&location).unwrap().query().unwrap())["code"].clone();
    assert_eq!(
        error(&harness.redeem(&client, &ours)),
        (400, "invalid_grant".to_owned()),
        "our own PKCE towards Cognito stops it"
    );
}

#[test]
fn replay_a_callback_is_refused_in_a_browser_that_clears_its_cookie_as_it_is_asked_to() {
    let harness = Harness::new();
    let client = harness.client();
    let mut browser = Browser::default();
    let callback = harness
        .cognito
        .sign_in(&harness.approve(&mut browser, &client));
    arrival(&browser.get(&harness, &callback));
    assert_refused_on_a_page(&browser.get(&harness, &callback), "TransactionOtherBrowser");
}

/// Nothing is stored, so nothing knows that a callback was answered before. What is single-use is Cognito's code.
#[test]
fn replay_a_callback_in_a_browser_that_keeps_its_cookie_gives_many_codes_and_tokens_once() {
    let harness = Harness::new();
    let client = harness.client();
    let mut browser = Browser::default();
    let callback = harness
        .cognito
        .sign_in(&harness.approve(&mut browser, &client));
    let codes: Vec<String> = (0..4)
        .map(|_| {
            let arrival = arrival(&browser.clone().get(&harness, &callback));
            parameters(arrival.split_once('?').unwrap().1)["code"].clone()
        })
        .collect();
    let redeemed: Vec<u16> = codes
        .iter()
        .map(|code| harness.redeem(&client, code).status().as_u16())
        .collect();
    assert_eq!(redeemed, [200, 400, 400, 400]);
    let late = arrival(&browser.clone().get(&harness, &callback));
    let late = parameters(late.split_once('?').unwrap().1)["code"].clone();
    assert_eq!(
        error(&harness.redeem(&client, &late)),
        (400, "invalid_grant".to_owned())
    );
    harness.pass(600);
    assert_refused_on_a_page(&browser.get(&harness, &callback), "TransactionExpired");
}

/// RFC 9207: an answer of another authorization server.
#[test]
fn mix_up_an_answer_that_names_another_issuer_is_refused() {
    let harness = Harness::new();
    let client = harness.client();
    let mut browser = Browser::default();
    let callback = harness
        .cognito
        .sign_in(&harness.approve(&mut browser, &client));
    assert_refused_on_a_page(
        &browser.get(
            &harness,
            &format!("{callback}&iss=https%3A%2F%2Fevil.example"),
        ),
        "UpstreamMixUp",
    );
    let callback = harness
        .cognito
        .sign_in(&harness.approve(&mut browser, &client));
    let location = arrival(&browser.get(&harness, &format!("{callback}&iss={}", POOL)));
    assert!(location.contains("code="));
}

/// Cookie tossing: a cookie that the attacker chose before the victim came.
#[test]
fn cookie_tossing_an_approval_of_the_attackers_browser_does_not_fit_another_transaction() {
    let harness = Harness::new();
    let client = harness.client();
    let (mut attacker, mut victim) = (Browser::default(), Browser::default());
    harness.approve(&mut attacker, &client);
    let url = harness.approve(&mut victim, &client);
    let callback = harness.cognito.sign_in(&url);
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
    assert_refused_on_a_page(&victim.get(&harness, &callback), "TransactionOtherBrowser");
    victim.cookies.insert(name, own);
    arrival(&victim.get(&harness, &callback));
}

#[test]
fn a_sign_in_that_takes_more_than_ten_minutes_starts_again() {
    let harness = Harness::new();
    let client = harness.client();
    let mut browser = Browser::default();
    let url = harness.approve(&mut browser, &client);
    harness.pass(600);
    assert_refused_on_a_page(
        &browser.get(&harness, &harness.cognito.sign_in(&url)),
        "TransactionExpired",
    );
}

/// FastMCP: consent was not verified again at the identity provider's callback.
#[test]
fn cve_2026_27124_a_callback_in_a_browser_that_did_not_approve_is_refused() {
    let harness = Harness::new();
    let attacker_client = harness.client();
    let mut attacker = Browser::default();
    let url = harness.approve(&mut attacker, &attacker_client);
    // The attacker approves, and hands Cognito's URL to a victim with a remembered sign-in.
    let callback = harness.cognito.sign_in(&url);
    let mut victim = Browser::default();
    assert_refused_on_a_page(&victim.get(&harness, &callback), "TransactionOtherBrowser");
    harness.approve(&mut victim, &harness.client());
    assert_refused_on_a_page(&victim.get(&harness, &callback), "TransactionOtherBrowser");
}
