//! What people see, and what a page cannot be made to do.

use base64::{Engine, prelude::BASE64_STANDARD};
use mcp_lambda_authorization::Digest;
use serde_json::json;

use crate::{
    cognito::parameters,
    harness::{
        Browser, Client, DOCUMENT, Harness, LOOPBACK, READ, WRITE, arrival, claude_code_document,
        json as body,
    },
};

fn consent_page(harness: &Harness, client: &Client) -> String {
    let page = harness.get(&client.authorize_url(), &[]);
    assert_eq!(page.status(), 200, "{}", page.body());
    page.into_body()
}

#[test]
fn the_consent_page_shows_who_asks_where_the_code_goes_and_what_for() {
    let harness = Harness::new();
    harness.publish(&claude_code_document());
    let client = Client::new(DOCUMENT, LOOPBACK).but("scope", Some(&format!("{READ} {WRITE}")));
    let page = consent_page(&harness, &client);
    for shown in [
        "Claude Code",
        "not verified",
        "claude.ai",
        "this computer (localhost:53682)",
        "Any program on this computer",
        "Read facts about dogs",
        "Change facts about dogs",
        "Dog facts",
    ] {
        assert!(page.contains(shown), "{shown}\n{page}");
    }
    let page = consent_page(&harness, &Client::new(DOCUMENT, LOOPBACK));
    assert!(!page.contains("Change facts"), "only what was asked for");
}

#[test]
fn the_consent_page_names_the_web_site_that_gets_the_code() {
    let harness = Harness::new();
    let uri = "https://claude.ai/api/mcp/auth_callback";
    let page = consent_page(&harness, &Client::new(&harness.registered(uri), uri));
    assert!(
        page.contains("<strong>claude.ai</strong>")
            && !page.contains("Any program on this computer")
    );
}

fn pre_registered(redirect_uri: &str, secret: bool) -> String {
    let mut client =
        json!({ "clientId": "desk", "clientName": "Desk", "redirectUris": [redirect_uri] });
    if secret {
        client["secretSha256"] = json!(["0".repeat(64)]);
    }
    let harness = Harness::with(&[("AUTHORIZATION_CLIENTS", &json!([client]).to_string())]);
    consent_page(&harness, &Client::new("desk", redirect_uri))
}

#[test]
fn a_name_that_the_operator_registered_and_no_other_app_can_use_is_marked_so() {
    for (redirect_uri, secret) in [
        ("https://desk.example.com/callback", false),
        ("https://desk.example.com/callback", true),
        (LOOPBACK, true),
    ] {
        let page = pre_registered(redirect_uri, secret);
        assert!(
            page.contains("registered by Dog facts")
                && !page.contains("not verified")
                && !page.contains("Nobody has checked"),
            "{redirect_uri}"
        );
    }
}

/// Its `client_id` is public and its redirect is open to every program of the computer.
#[test]
fn a_public_client_on_loopback_or_behind_a_scheme_is_not_vouched_for() {
    for redirect_uri in [LOOPBACK, "http://127.0.0.1/cb", "desk://callback"] {
        let page = pre_registered(redirect_uri, false);
        assert!(
            page.contains("not verified")
                && page.contains("Any app can use the name above. Nobody has checked it.")
                && !page.contains("registered by"),
            "{redirect_uri}"
        );
    }
}

#[test]
fn a_name_of_stacked_marks_stays_in_its_line_and_one_that_shows_nothing_is_none() {
    let harness = Harness::new();
    let page = |name: &str| {
        let answer = harness.register(&json!({ "client_name": name, "redirect_uris": [LOOPBACK] }));
        let id = body(&answer)["client_id"].as_str().unwrap().to_owned();
        consent_page(&harness, &Client::new(&id, LOOPBACK))
    };
    let stacked = page(&format!("Bank{}", "\u{323}".repeat(59)));
    assert!(stacked.contains("<bdi>Banḳ\u{323}</bdi>"), "{stacked}");
    for blank in ["\u{34f}", "\u{2800}\u{3164}", "\u{202e}\u{e0041}"] {
        assert!(page(blank).contains("an app without a name"), "{blank:?}");
    }
}

/// International host names are shown in the letters that a certificate has.
#[test]
fn host_names_of_strangers_are_shown_in_ascii() {
    let host = "xn--80ak6aa92e.com";
    let uri = format!("https://{host}/callback");
    let harness = Harness::with(&[("AUTHORIZATION_REDIRECT_HOSTS", host)]);
    let page = consent_page(&harness, &Client::new(&harness.registered(&uri), &uri));
    assert!(page.contains(host));
    let mut document = claude_code_document();
    document["client_id"] = json!(format!("https://{host}/client"));
    harness.publish(&document);
    let page = consent_page(
        &harness,
        &Client::new(&format!("https://{host}/client"), LOOPBACK),
    );
    assert!(page.contains(&format!("<dd class=\"name\">{host}</dd>")));
    for page in [
        harness.get(
            "/authorize?client_id=https%3A%2F%2F%D0%B0pple.com%2Fclient",
            &[],
        ),
        harness.get("/authorize?%E2%80%AE=1&%E2%80%AE=2", &[]),
    ] {
        assert!(
            !page.body().contains(['\u{430}', '\u{202e}']),
            "{}",
            page.body()
        );
    }
}

#[test]
fn a_hostile_client_name_is_text_and_cannot_rewrite_the_page() {
    let harness = Harness::new();
    let name = "<script>alert(1)</script>\u{202e}\u{2066}\u{200b}\n\n\"Bank\" ".to_owned()
        + &"x".repeat(500);
    let answer = harness.register(&json!({ "client_name": name, "redirect_uris": [LOOPBACK] }));
    let client = Client::new(body(&answer)["client_id"].as_str().unwrap(), LOOPBACK);
    let page = consent_page(&harness, &client);
    assert!(
        !page.contains("<script")
            && !page.contains('\u{202e}')
            && !page.contains('\u{2066}')
            && !page.contains(&"x".repeat(61))
    );
    assert!(page.contains("<bdi>"), "its direction is isolated");
}

#[test]
fn a_hostile_parameter_is_not_reflected_as_markup() {
    let harness = Harness::new();
    let client = harness.client();
    for name in ["redirect_uri", "client_id", "scope", "resource"] {
        let answer = harness.get(
            &client
                .but(name, Some("\"><script>alert(1)</script>"))
                .authorize_url(),
            &[],
        );
        assert!(!answer.body().contains("<script"), "{name}");
    }
    let page = harness.get("/authorize?%3Cscript%3E=1&%3Cscript%3E=2", &[]);
    assert!(page.body().contains("DuplicateParameter") && !page.body().contains("<script"));
}

/// A link to our page cannot make it say something: what it names twice, or at length, is a parameter at most.
#[test]
fn a_page_says_nothing_that_a_link_has_chosen() {
    let harness = Harness::new();
    let sentence = "Your+account+is+blocked.+Call+0800+1+or+go+to+evil.example/x";
    for path in ["/authorize", "/sign-in"] {
        let long = "y".repeat(20_000);
        for query in [
            format!("{sentence}=1&{sentence}=2"),
            format!("{sentence}={long}"),
        ] {
            let page = harness.get(&format!("{path}?{query}"), &[]);
            assert_eq!(page.status(), 400);
            for part in ["account is", "0800", "evil.example"] {
                assert!(!page.body().contains(part), "{path}: {}", page.body());
            }
        }
    }
    let page = harness.get("/authorize?client_id=a&client_id=b", &[]);
    assert!(page.body().contains("client_id"), "{}", page.body());
}

#[test]
fn every_page_has_a_policy_that_allows_its_own_style_sheet_and_nothing_else() {
    let harness = Harness::with(&[
        (
            "AUTHORIZATION_BRAND_LOGO_URL",
            "https://cdn.example.com/logo.png",
        ),
        ("AUTHORIZATION_BRAND_COLOR", "#7a1f5c"),
    ]);
    let client = harness.client();
    let mut browser = Browser::default();
    let consent = browser.get(&harness, &client.authorize_url());
    let leave = browser.decide(&harness, &consent, "allow");
    let refusal = harness.get("/authorize", &[]);
    for page in [consent, leave, refusal] {
        let (_, style) = page.body().split_once("<style>").unwrap();
        let (style, _) = style.split_once("</style>").unwrap();
        assert!(style.contains("#7a1f5c") && !style.contains("BRAND_COLOR"));
        let hash = BASE64_STANDARD.encode(Digest::of(style.as_bytes()).bytes());
        let expected = format!(
            "default-src 'none'; style-src 'sha256-{hash}'; img-src https://cdn.example.com; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
        );
        assert_eq!(page.headers()["content-security-policy"], expected.as_str());
        assert_eq!(page.headers()["x-frame-options"], "DENY");
        let form = page.body().contains("<form");
        let referrer = if form { "same-origin" } else { "no-referrer" };
        assert_eq!(page.headers()["referrer-policy"], referrer);
        assert_eq!(page.headers()["x-content-type-options"], "nosniff");
        assert_eq!(page.headers()["cache-control"], "no-store");
        assert!(page.headers().contains_key("strict-transport-security"));
        assert!(
            !page.body().contains("<script")
                && !page.body().contains(" style=\"")
                && !page.body().contains(" onclick")
        );
        assert!(
            page.body().contains("<html lang=\"en\">") && page.body().matches("<h1>").count() == 1
        );
    }
}

#[test]
fn the_page_after_a_sign_in_leads_on_with_and_without_scripts_and_tells_no_other_site() {
    let clients = json!([{ "clientId": "desk", "clientName": "Desk",
        "redirectUris": [LOOPBACK, "cursor://mcp/callback", "https://desk.example.com/cb"] }]);
    let harness = Harness::with(&[("AUTHORIZATION_CLIENTS", &clients.to_string())]);
    for redirect_uri in [
        LOOPBACK,
        "cursor://mcp/callback",
        "https://desk.example.com/cb",
    ] {
        let mut client = Client::new("desk", redirect_uri);
        client.state = Some("\"><script>alert(1)</script>&'".to_owned());
        let mut browser = Browser::default();
        let callback = harness
            .cognito
            .sign_in(&harness.approve(&mut browser, &client));
        let page = browser.get(&harness, &callback);
        let target = arrival(&page);
        assert!(target.starts_with(redirect_uri), "{target}");
        let query = parameters(target.split_once('?').unwrap().1);
        let mut names: Vec<&str> = query.keys().map(String::as_str).collect();
        names.sort_unstable();
        assert_eq!(names, ["code", "iss", "state"]);
        assert_eq!(query.get("state"), client.state.as_ref());

        let (_, script) = page.body().split_once("<script>").unwrap();
        let (script, rest) = script.split_once("</script>").unwrap();
        assert_eq!(script, r#"history.replaceState(null,"",location.pathname)"#);
        assert!(!rest.contains("<script"), "one script, and it is ours");
        let hash = BASE64_STANDARD.encode(Digest::of(script.as_bytes()).bytes());
        let policy = page.headers()["content-security-policy"].to_str().unwrap();
        assert!(
            policy.starts_with(&format!(
                "default-src 'none'; script-src 'sha256-{hash}'; style-src 'sha256-"
            )) && policy.ends_with("form-action 'self'; base-uri 'none'; frame-ancestors 'none'")
                && !policy.contains("unsafe"),
            "{policy}"
        );
        assert_eq!(page.headers()["referrer-policy"], "no-referrer");
        assert_eq!(page.headers()["cache-control"], "no-store");
        assert!(!page.body().contains("upstream-"), "Cognito's code");
    }
}

#[test]
fn the_page_after_a_failed_sign_in_says_so_and_leads_on() {
    let harness = Harness::new();
    let client = harness.client();
    let mut browser = Browser::default();
    let url = harness.approve(&mut browser, &client);
    let page = browser.get(
        &harness,
        &harness.cognito.fail_sign_in(&url, "access_denied"),
    );
    assert!(arrival(&page).contains("error=access_denied"));
    assert!(
        page.body().contains("You are not signed in")
            && page.body().contains("sign-in was cancelled"),
        "{}",
        page.body()
    );
}

#[test]
fn a_refusal_page_says_what_happened_and_what_to_do() {
    let harness = Harness::new();
    let page = harness.get("/authorize?client_id=stranger&redirect_uri=x", &[]);
    assert_eq!(page.status(), 400);
    for shown in [
        "This did not work",
        "this client is not known here; register it again",
        "start again from your app",
        "invalid_client",
        "ClientUnknown",
    ] {
        assert!(page.body().contains(shown), "{shown}\n{}", page.body());
    }
}
