//! The consent form: a decision for each client, from our page, in the browser that was shown it, for ten minutes.

use crate::harness::{Browser, Client, Harness, ISSUER, assert_refused_on_a_page, hidden_request};

/// Cookie tossing: a second cookie of the same name from a neighbour.
#[test]
fn cookie_tossing_two_cookies_of_one_name_are_none() {
    let harness = Harness::new();
    let client = harness.client();
    let mut attacker = Browser::default();
    let page = attacker.get(&harness, &client.authorize_url());
    let (name, tossed) = attacker.cookies.first_key_value().unwrap();
    let mut victim = Browser::default();
    victim.get(&harness, &client.authorize_url());
    let own = &victim.cookies[name];
    let request = hidden_request(&page);
    let form = [("request", request.as_str()), ("decision", "allow")];
    for both in [
        format!("{name}={own}; {name}={tossed}"),
        format!("{name}={tossed}; {name}={own}"),
    ] {
        let answer = harness.form("/consent", &form, &[("cookie", &both)]);
        assert_refused_on_a_page(&answer, "ConsentOtherBrowser");
    }
}

/// Cookie tossing: a neighbour or a plain-HTTP page can set any name but one with the prefix `__Host-`.
#[test]
fn cookie_tossing_a_cookie_without_the_host_prefix_is_not_looked_at() {
    let harness = Harness::new();
    let client = harness.client();
    let mut browser = Browser::default();
    let page = browser.get(&harness, &client.authorize_url());
    let (name, value) = browser.cookies.first_key_value().unwrap();
    let request = hidden_request(&page);
    let form = [("request", request.as_str()), ("decision", "allow")];
    let bare = name.strip_prefix("__Host-").unwrap();
    for cookie in [
        format!("{bare}={value}"),
        format!("__Secure-{bare}={value}"),
        format!("__host-{bare}={value}"),
        format!("x; {bare}={value}"),
    ] {
        let answer = harness.form("/consent", &form, &[("cookie", &cookie)]);
        assert_refused_on_a_page(&answer, "ConsentOtherBrowser");
    }
    assert_eq!(
        browser.decide(&harness, &page, "allow").status(),
        200,
        "the same form with the real cookie"
    );
}

#[test]
fn the_form_is_refused_from_another_site_another_browser_or_after_ten_minutes() {
    let harness = Harness::new();
    let client = harness.client();
    let mut browser = Browser::default();
    let page = browser.get(&harness, &client.authorize_url());
    let request = hidden_request(&page);
    let form = [("request", request.as_str()), ("decision", "allow")];
    for (origin, site) in [
        ("https://evil.example", "cross-site"),
        ("null", "same-origin"),
        (ISSUER, "same-site"),
        (ISSUER, "none"),
    ] {
        assert_refused_on_a_page(
            &browser.submit(&harness, &form, origin, site),
            "ConsentCrossOrigin",
        );
    }
    assert_refused_on_a_page(
        &Browser::default().submit(&harness, &form, ISSUER, "same-origin"),
        "ConsentOtherBrowser",
    );
    assert_refused_on_a_page(
        &browser.submit(
            &harness,
            &[("request", "mcp-consent-forged"), ("decision", "allow")],
            ISSUER,
            "same-origin",
        ),
        "ConsentNotOpened",
    );
    assert_refused_on_a_page(
        &browser.submit(&harness, &form[..1], ISSUER, "same-origin"),
        "MissingParameter",
    );
    harness.pass(600);
    assert_refused_on_a_page(
        &browser.submit(&harness, &form, ISSUER, "same-origin"),
        "ConsentExpired",
    );
}

/// FastMCP OAuthProxy: with one upstream client and a remembered sign-in, any client got a code in silence.
#[test]
fn ghsa_c2jp_c369_7pvx_a_client_never_gets_a_code_without_a_decision_about_that_client() {
    let harness = Harness::new();
    let good = harness.client();
    let mut browser = Browser::default();
    harness.code(&mut browser, &good);
    let attacker = Client::new(
        &harness.registered("http://localhost:6666/steal"),
        "http://localhost:6666/steal",
    );
    let page = browser.get(&harness, &attacker.authorize_url());
    assert_eq!(page.status(), 200);
    assert!(!page.headers().contains_key("location") && !page.headers().contains_key("refresh"));
    assert!(
        page.body().contains("localhost:6666"),
        "the page shows where the code would go"
    );
    let again = browser.get(&harness, &good.authorize_url());
    assert!(
        again.body().contains("name=\"decision\""),
        "not even the same client skips the page"
    );
}
