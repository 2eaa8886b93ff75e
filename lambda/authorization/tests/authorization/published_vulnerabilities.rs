//! Every published vulnerability of this field that an authorization server can have, as a refusal.

use serde_json::json;

use crate::world::{
    Browser, Client, VERIFIER, World, assert_refused_on_a_page, error, json as body,
    redirected_error,
};

const LOOPBACK: &str = "http://localhost:53682/callback";

fn client(world: &World) -> Client {
    Client::new(&world.registered(LOOPBACK), LOOPBACK)
}

/// workers-oauth-provider: `redirect_uri` was not validated at the authorization endpoint.
#[test]
fn cve_2025_4143_a_redirect_that_was_not_registered_is_refused_before_any_redirect() {
    let world = World::new();
    let client = client(&world);
    for variant in [
        "https://evil.example/callback",
        "http://localhost:53682/callback/extra",
        "http://localhost:53682/callbac",
        "http://localhost:53682/Callback",
        "HTTP://localhost:53682/callback",
        "http://LOCALHOST:53682/callback",
        "http://localhost.:53682/callback",
        "http://localhost.evil.example:53682/callback",
        "http://evil.example@localhost:53682/callback",
        "http://localhost@evil.example/callback",
        "http://localhost:53682@evil.example/callback",
        "http://localhost:53682/callback#fragment",
        "http://localhost:53682/callback?extra=1",
        "http://localhost:53682/x/../callback",
        "http://localhost:53682/%63allback",
        "http://localhost:53682/x/%2e%2e/callback",
        "http://localhost:53682\\callback",
        "http://localhost:53682/callback ",
        "http://localhost:53682/callback\n",
        "http://127.0.0.1:53682/callback",
        "http://[::1]:53682/callback",
        "http://[::ffff:127.0.0.1]:53682/callback",
        "http://2130706433:53682/callback",
        "http://0x7f.1:53682/callback",
        "https://localhost:53682/callback",
        "//localhost:53682/callback",
        "javascript:alert(1)",
        "data:text/html,x",
    ] {
        let answer = world.get(
            &client.but("redirect_uri", Some(variant)).authorize_url(),
            &[],
        );
        assert!(
            answer.status().is_client_error(),
            "{variant}: {}",
            answer.status()
        );
        assert!(!answer.headers().contains_key("location"), "{variant}");
        assert!(
            !answer.body().contains("evil.example"),
            "{variant}: nothing of it is shown as a link"
        );
    }
}

/// workers-oauth-provider: PKCE could be left out at the token endpoint.
#[test]
fn cve_2025_4144_a_code_is_never_redeemed_without_its_verifier_and_plain_is_refused() {
    let world = World::new();
    let client = client(&world);
    for (name, value) in [
        ("code_challenge", None),
        ("code_challenge_method", None),
        ("code_challenge_method", Some("plain")),
        ("code_challenge_method", Some("s256")),
        ("code_challenge", Some("short")),
        ("code_challenge", Some(VERIFIER)),
    ] {
        let answer = world.get(&client.but(name, value).authorize_url(), &[]);
        assert_eq!(
            redirected_error(&answer, &client),
            "invalid_request",
            "{name} {value:?}"
        );
    }
    let code = world.code(&mut Browser::default(), &client);
    let form = [
        ("grant_type", "authorization_code"),
        ("code", code.as_str()),
        ("redirect_uri", LOOPBACK),
        ("client_id", client.client_id.as_str()),
    ];
    assert_eq!(
        error(&world.form("/token", &form, &[])),
        (400, "invalid_request".to_owned())
    );
    for verifier in [
        "another-verifier-that-is-long-enough-to-be-accepted",
        "short",
        &"x".repeat(129),
        "has spaces in a verifier that is long enough for it",
    ] {
        let mut form = form.to_vec();
        form.push(("code_verifier", verifier));
        let (status, code) = error(&world.form("/token", &form, &[]));
        assert!(
            status == 400 && (code == "invalid_grant" || code == "invalid_request"),
            "{verifier}: {code}"
        );
    }
    assert!(
        world.cognito.bodies().is_empty(),
        "none of these reached Cognito"
    );
    assert_eq!(
        world.redeem(&client, &code).status(),
        200,
        "and none of them used the code up"
    );
}

/// FastMCP OAuthProxy: with one upstream client and a remembered sign-in, any client got a code in silence.
#[test]
fn ghsa_c2jp_c369_7pvx_a_client_never_gets_a_code_without_a_decision_about_that_client() {
    let world = World::new();
    let good = client(&world);
    let mut browser = Browser::default();
    world.code(&mut browser, &good);
    let attacker = Client::new(
        &world.registered("http://localhost:6666/steal"),
        "http://localhost:6666/steal",
    );
    let page = browser.get(&world, &attacker.authorize_url());
    assert_eq!(page.status(), 200);
    assert!(!page.headers().contains_key("location") && !page.headers().contains_key("refresh"));
    assert!(
        page.body().contains("localhost:6666"),
        "the page shows where the code would go"
    );
    let again = browser.get(&world, &good.authorize_url());
    assert!(
        again.body().contains("name=\"decision\""),
        "not even the same client skips the page"
    );
}

/// FastMCP: consent was not verified again at the identity provider's callback.
#[test]
fn cve_2026_27124_a_callback_in_a_browser_that_did_not_approve_is_refused() {
    let world = World::new();
    let attacker_client = client(&world);
    let mut attacker = Browser::default();
    let url = world.approve(&mut attacker, &attacker_client);
    // The attacker approves, and hands Cognito's URL to a victim with a remembered sign-in.
    let callback = world.cognito.sign_in(&url);
    let mut victim = Browser::default();
    assert_refused_on_a_page(&victim.get(&world, &callback), "TransactionOtherBrowser");
    world.approve(&mut victim, &client(&world));
    assert_refused_on_a_page(&victim.get(&world, &callback), "TransactionOtherBrowser");
}

/// FastMCP: `resource` was ignored, which gave tokens for another server.
#[test]
fn cve_2025_69196_a_resource_that_is_not_ours_is_refused_at_every_endpoint() {
    let world = World::new();
    let client = client(&world);
    for foreign in [
        "https://other.example.com/mcp",
        "https://dogs.example.com/",
        "https://dogs.example.com/mcp/x",
        "http://dogs.example.com/mcp",
        "mcp",
    ] {
        let answer = world.get(&client.but("resource", Some(foreign)).authorize_url(), &[]);
        assert_eq!(
            redirected_error(&answer, &client),
            "invalid_target",
            "{foreign}"
        );
        for grant in ["authorization_code", "refresh_token", "client_credentials"] {
            let form = [
                ("grant_type", grant),
                ("client_id", client.client_id.as_str()),
                ("resource", foreign),
            ];
            assert_eq!(
                error(&world.form("/token", &form, &[])),
                (400, "invalid_target".to_owned()),
                "{grant} {foreign}"
            );
        }
    }
    let both = format!(
        "{}&resource=https%3A%2F%2Fother.example.com",
        client.authorize_url()
    );
    assert_eq!(
        redirected_error(&world.get(&both, &[]), &client),
        "invalid_target"
    );
}

/// mcp-remote: a hostile `authorization_endpoint` ran code on the client's machine.
#[test]
fn cve_2025_6514_every_url_of_the_metadata_is_https_and_ours_but_for_cognitos_keys() {
    let world = World::new();
    for path in [
        "/.well-known/oauth-authorization-server",
        "/.well-known/openid-configuration",
    ] {
        let document = body(&world.get(path, &[]));
        for (name, value) in document.as_object().unwrap() {
            match (name.as_str(), value.as_str()) {
                ("jwks_uri", Some(url)) => assert_eq!(
                    url,
                    format!("{}/.well-known/jwks.json", crate::cognito::POOL)
                ),
                (_, Some(url)) => assert!(url.starts_with("https://dogs.example.com"), "{name}"),
                (_, None) => {}
            }
        }
    }
}

/// MCP Inspector: a local server listened to everybody.
#[test]
fn cve_2025_49596_the_local_server_listens_on_loopback_only() {
    for address in ["0.0.0.0:3031", "192.168.1.2:3031", "[::]:3031"] {
        let mut variables = crate::world::variables();
        variables.insert("AUTHORIZATION_LISTEN".into(), address.into());
        let problems = mcp_lambda_authorization::Settings::from_variables(variables).unwrap_err();
        assert_eq!(problems.0[0].name, "AUTHORIZATION_LISTEN");
    }
}

/// TypeScript SDK: state of one client leaked to another through a reused object.
#[test]
fn cve_2026_25536_interleaved_sign_ins_of_two_people_share_nothing() {
    let world = World::new();
    let (first, second) = (
        client(&world),
        Client::new(
            &world.registered("http://127.0.0.1:9/cb"),
            "http://127.0.0.1:9/cb",
        ),
    );
    let (mut ann, mut bob) = (Browser::default(), Browser::default());
    let ann_page = ann.get(&world, &first.authorize_url());
    let bob_page = bob.get(&world, &second.authorize_url());
    assert_refused_on_a_page(
        &bob.decide(&world, &ann_page, "allow"),
        "ConsentOtherBrowser",
    );
    let ann_url = crate::world::refresh_target(&ann.decide(&world, &ann_page, "allow"));
    let bob_url = crate::world::refresh_target(&bob.decide(&world, &bob_page, "allow"));
    let (ann_callback, bob_callback) = (
        world.cognito.sign_in(&ann_url),
        world.cognito.sign_in(&bob_url),
    );
    assert_refused_on_a_page(&bob.get(&world, &ann_callback), "TransactionOtherBrowser");
    assert!(
        crate::world::arrival(&bob.get(&world, &bob_callback))
            .starts_with("http://127.0.0.1:9/cb?")
    );
    assert!(
        crate::world::arrival(&ann.get(&world, &ann_callback))
            .starts_with("http://localhost:53682/callback?")
    );
}

/// Cloudflare 0.8: one client could revoke another's tokens, by a prefix that was read before it was verified.
#[test]
fn cloudflare_0_8_a_client_cannot_revoke_or_refresh_with_anothers_token() {
    let world = World::new();
    let owner = client(&world);
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

/// arXiv 2605.22333: 96.6 % of the servers with dynamic registration accepted what an attacker wanted to register.
#[test]
fn arxiv_2605_22333_registration_accepts_no_attackers_redirect() {
    let world = World::new();
    for uri in [
        "https://evil.example/cb",
        "http://evil.example/cb",
        "https://claude.ai.evil.example/api/mcp/auth_callback",
        "https://claude.ai@evil.example/",
        "https://claude.ai/api/mcp/auth_callback/../../evil",
        "https://claude.ai/other",
        "https://chatgpt.com/connector/oauth/a/b",
        "https://chatgpt.com/connector/oauth/",
        "https://chatgpt.com/connector/oauth/a?next=x",
        "javascript:alert(document.cookie)",
        "data:text/html,<script>",
        "cursor://anysphere.cursor-mcp/oauth/callback",
        "http://localhost.evil.example/",
        "http://127.0.0.1.evil.example/",
        "http://0.0.0.0/cb",
        "http://[::]/cb",
        "https://*/cb",
        "*",
    ] {
        let answer = world.register(&json!({ "redirect_uris": [uri] }));
        assert_eq!(
            error(&answer),
            (400, "invalid_redirect_uri".to_owned()),
            "{uri}"
        );
        let answer = world.register(&json!({ "redirect_uris": [uri, LOOPBACK] }));
        assert_eq!(
            body(&answer)["redirect_uris"],
            json!([LOOPBACK]),
            "{uri} is left out"
        );
        let client = Client::new(body(&answer)["client_id"].as_str().unwrap(), uri);
        let page = world.get(&client.authorize_url(), &[]);
        assert!(
            page.status().is_client_error() && !page.headers().contains_key("location"),
            "{uri}"
        );
    }
}
