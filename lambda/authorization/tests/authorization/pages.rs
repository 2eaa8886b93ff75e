//! What people see, and what a page cannot be made to do.

use base64::{Engine, prelude::BASE64_STANDARD};
use mcp_lambda_authorization::Digest;
use serde_json::json;

use crate::{
    sign_in::claude_code_document,
    world::{Browser, Client, DOCUMENT, READ, WRITE, World},
};

const LOOPBACK: &str = "http://localhost:53682/callback";

fn consent_page(world: &World, client: &Client) -> String {
    let page = world.get(&client.authorize_url(), &[]);
    assert_eq!(page.status(), 200, "{}", page.body());
    page.into_body()
}

#[test]
fn the_consent_page_shows_who_asks_where_the_code_goes_and_what_for() {
    let world = World::new();
    world.publish(&claude_code_document());
    let client = Client::new(DOCUMENT, LOOPBACK).but("scope", Some(&format!("{READ} {WRITE}")));
    let page = consent_page(&world, &client);
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
    let page = consent_page(&world, &Client::new(DOCUMENT, LOOPBACK));
    assert!(!page.contains("Change facts"), "only what was asked for");
}

#[test]
fn the_consent_page_names_the_web_site_that_gets_the_code() {
    let world = World::new();
    let uri = "https://claude.ai/api/mcp/auth_callback";
    let page = consent_page(&world, &Client::new(&world.registered(uri), uri));
    assert!(
        page.contains("<strong>claude.ai</strong>")
            && !page.contains("Any program on this computer")
    );
}

#[test]
fn a_name_that_the_operator_registered_is_marked_so() {
    let clients = json!([{ "clientId": "desk", "clientName": "Desk", "redirectUris": [LOOPBACK] }]);
    let world = World::with(&[("AUTHORIZATION_CLIENTS", &clients.to_string())]);
    let page = consent_page(&world, &Client::new("desk", LOOPBACK));
    assert!(page.contains("registered by Dog facts") && !page.contains("not verified"));
}

#[test]
fn a_hostile_client_name_is_text_and_cannot_rewrite_the_page() {
    let world = World::new();
    let name = "<script>alert(1)</script>\u{202e}\u{2066}\u{200b}\n\n\"Bank\" ".to_owned()
        + &"x".repeat(500);
    let answer = world.register(&json!({ "client_name": name, "redirect_uris": [LOOPBACK] }));
    let client = Client::new(
        crate::world::json(&answer)["client_id"].as_str().unwrap(),
        LOOPBACK,
    );
    let page = consent_page(&world, &client);
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
    let world = World::new();
    let client = Client::new(&world.registered(LOOPBACK), LOOPBACK);
    for name in ["redirect_uri", "client_id", "scope", "resource"] {
        let answer = world.get(
            &client
                .but(name, Some("\"><script>alert(1)</script>"))
                .authorize_url(),
            &[],
        );
        assert!(!answer.body().contains("<script"), "{name}");
    }
    let page = world.get("/authorize?%3Cscript%3E=1&%3Cscript%3E=2", &[]);
    assert!(page.body().contains("DuplicateParameter") && !page.body().contains("<script"));
}

#[test]
fn every_page_has_a_policy_that_allows_its_own_style_sheet_and_nothing_else() {
    let world = World::with(&[
        (
            "AUTHORIZATION_BRAND_LOGO_URL",
            "https://cdn.example.com/logo.png",
        ),
        ("AUTHORIZATION_BRAND_COLOR", "#7a1f5c"),
    ]);
    let client = Client::new(&world.registered(LOOPBACK), LOOPBACK);
    let mut browser = Browser::default();
    let consent = browser.get(&world, &client.authorize_url());
    let leave = browser.decide(&world, &consent, "allow");
    let refusal = world.get("/authorize", &[]);
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
        assert_eq!(page.headers()["referrer-policy"], "same-origin");
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
fn a_refusal_page_says_what_happened_and_what_to_do() {
    let world = World::new();
    let page = world.get("/authorize?client_id=stranger&redirect_uri=x", &[]);
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
