//! Client ID Metadata Documents, and the ways in which their fetch could be turned against us.

use std::net::IpAddr;

use http::Response;
use mcp_lambda_authorization::{TransportFailure, is_public};
use serde_json::{Value, json};

use crate::harness::{
    Client, DOCUMENT, Harness, LOOPBACK, assert_refused_on_a_page, claude_code_document,
    json as body, variables,
};

fn client() -> Client {
    Client::new(DOCUMENT, LOOPBACK)
}

fn connections(harness: &Harness) -> usize {
    harness.hosts.connections.lock().unwrap().len()
}

#[test]
fn only_public_addresses_are_connected_to() {
    for address in [
        "0.0.0.0",
        "0.1.2.3",
        "10.0.0.1",
        "100.64.0.1",
        "100.127.255.255",
        "127.0.0.1",
        "127.255.0.1",
        "169.254.169.254",
        "169.254.170.2",
        "172.16.0.1",
        "172.31.255.255",
        "192.0.0.1",
        "192.0.0.170",
        "192.0.2.1",
        "192.88.99.1",
        "192.168.1.1",
        "198.18.0.1",
        "198.19.255.255",
        "198.51.100.1",
        "203.0.113.9",
        "224.0.0.1",
        "239.1.1.1",
        "240.0.0.1",
        "255.255.255.255",
        "::",
        "::1",
        "::127.0.0.1",
        "::ffff:127.0.0.1",
        "::ffff:169.254.169.254",
        "::ffff:8.8.8.8",
        "64:ff9b::a9fe:a9fe",
        "64:ff9b::808:808",
        "64:ff9b:1::1",
        "100::1",
        "2001::1",
        "2001:0:4136:e378:8000:63bf:3fff:fdd2",
        "2001:10::1",
        "2001:20::1",
        "2001:db8::1",
        "2002:7f00:1::",
        "2002:a9fe:a9fe::1",
        "2002:808:808::1",
        "3fff::1",
        "5f00::1",
        "fc00::1",
        "fd00:ec2::254",
        "fe80::1",
        "fec0::1",
        "ff02::1",
        "2600:1f18::5efe:a00:1",
        "2600:1f18::200:5efe:a00:1",
    ] {
        assert!(!is_public(address.parse().unwrap()), "{address}");
        let harness = Harness::new();
        *harness.hosts.addresses.lock().unwrap() = vec![address.parse().unwrap()];
        assert_refused_on_a_page(
            &harness.get(&client().authorize_url(), &[]),
            "ClientDocument",
        );
        assert_eq!(connections(&harness), 0, "{address}");
    }
    for address in [
        "8.8.8.8",
        "160.79.104.10",
        "100.63.255.255",
        "100.128.0.1",
        "172.15.0.1",
        "172.32.0.1",
        "192.0.1.1",
        "2606:4700::6810:84e5",
        "2a00:1450:4001::1",
    ] {
        assert!(is_public(address.parse::<IpAddr>().unwrap()), "{address}");
    }
}

#[test]
fn one_private_address_among_public_ones_refuses_the_host() {
    let harness = Harness::new();
    *harness.hosts.addresses.lock().unwrap() = vec![
        "160.79.104.10".parse().unwrap(),
        "10.0.0.1".parse().unwrap(),
    ];
    assert_refused_on_a_page(
        &harness.get(&client().authorize_url(), &[]),
        "ClientDocument",
    );
    assert_eq!(connections(&harness), 0);
}

#[test]
fn the_connection_goes_to_the_address_that_was_looked_at() {
    let harness = Harness::new();
    harness.publish(&claude_code_document());
    assert_eq!(harness.get(&client().authorize_url(), &[]).status(), 200);
    assert_eq!(
        harness.hosts.connections.lock().unwrap()[0].to_string(),
        "160.79.104.10:443"
    );
}

/// A name that is public when it is looked at and private when it is connected to.
#[test]
fn a_name_that_changes_its_address_between_check_and_connection_changes_nothing() {
    let harness = Harness::new();
    harness.answer_document(answered(
        200,
        &[
            ("content-type", "application/json"),
            ("cache-control", "no-store"),
        ],
        claude_code_document().to_string().as_bytes(),
    ));
    *harness.hosts.rebound.lock().unwrap() = Some(vec!["169.254.169.254".parse().unwrap()]);
    assert_eq!(harness.get(&client().authorize_url(), &[]).status(), 200);
    assert_eq!(
        harness.hosts.connections.lock().unwrap()[0].to_string(),
        "160.79.104.10:443"
    );
    assert_refused_on_a_page(
        &harness.get(&client().authorize_url(), &[]),
        "ClientDocument",
    );
    assert_eq!(
        connections(&harness),
        1,
        "and the next request is looked at anew"
    );
}

#[test]
fn a_client_id_that_is_not_a_plain_public_https_url_is_never_resolved() {
    let harness = Harness::new();
    *harness.hosts.addresses.lock().unwrap() = Vec::new();
    for id in [
        "http://claude.ai/client",
        "https://claude.ai",
        "https://claude.ai/",
        "https://claude.ai:8443/client",
        "https://claude.ai:443/client",
        "https://user@claude.ai/client",
        "https://user:pw@claude.ai/client",
        "https://claude.ai/client?x=1",
        "https://claude.ai/client#x",
        "https://claude.ai/a/../client",
        "https://claude.ai/a/./client",
        "https://claude.ai/%2e%2e/client",
        "https://CLAUDE.ai/client",
        "https://127.0.0.1/client",
        "https://[::1]/client",
        "https://2130706433/client",
        "https://0x7f000001/client",
        "https://169.254.169.254/latest/meta-data",
        "https://localhost/client",
        "https://metadata.google.internal/client",
        "https://printer.local/client",
        "https://intranet/client",
        "https://claude.ai./client",
        "https://dogs.example.com/client",
        "https://claude.ai\\client",
        "https://claude.ai/cl ient",
        "file:///etc/passwd",
        "gopher://claude.ai/x",
        "ftp://claude.ai/client",
    ] {
        let answer = harness.get(&Client::new(id, LOOPBACK).authorize_url(), &[]);
        assert_refused_on_a_page(&answer, "ClientUrlMalformed");
    }
}

fn answered(status: u16, headers: &[(&str, &str)], body: &[u8]) -> Response<Vec<u8>> {
    let mut answer = Response::builder().status(status);
    for (name, value) in headers {
        answer = answer.header(*name, *value);
    }
    answer.body(body.to_vec()).unwrap()
}

#[test]
fn an_answer_that_is_not_exactly_a_small_plain_json_document_is_refused() {
    let document = claude_code_document().to_string();
    let json_type = ("content-type", "application/json");
    let padded = format!("{document}{}", " ".repeat(5 * 1024));
    for answer in [
        answered(
            302,
            &[json_type, ("location", "https://169.254.169.254/")],
            document.as_bytes(),
        ),
        answered(301, &[json_type], document.as_bytes()),
        answered(203, &[json_type], document.as_bytes()),
        answered(404, &[json_type], document.as_bytes()),
        answered(200, &[("content-type", "text/html")], document.as_bytes()),
        answered(200, &[], document.as_bytes()),
        answered(
            200,
            &[json_type, ("content-encoding", "gzip")],
            b"\x1f\x8b\x08bomb",
        ),
        answered(
            200,
            &[json_type, ("content-encoding", "br")],
            document.as_bytes(),
        ),
        answered(200, &[json_type], padded.as_bytes()),
        answered(200, &[json_type], b"[]"),
        answered(200, &[json_type], b"{"),
        answered(200, &[json_type], b"\xff\xfe"),
    ] {
        let harness = Harness::new();
        let shown = format!("{answer:?}");
        harness.answer_document(answer);
        let page = harness.get(&client().authorize_url(), &[]);
        assert!(
            page.status() == 400 && page.body().contains("ClientDocument"),
            "{shown}: {}",
            page.body()
        );
    }
}

#[test]
fn a_host_that_is_slow_unreachable_or_endless_is_a_refusal_in_plain_words() {
    for (failure, words) in [
        (TransportFailure::TimedOut, "did not answer in time"),
        (TransportFailure::Unreachable, "could not be reached"),
        (TransportFailure::TooLarge, "larger than 5 KB"),
    ] {
        let harness = Harness::new();
        *harness.hosts.answer.lock().unwrap() = Some(Err(failure));
        assert_refused_on_a_page(&harness.get(&client().authorize_url(), &[]), words);
    }
}

#[test]
fn the_page_about_a_host_out_of_reach_says_what_the_operator_of_a_server_without_internet_access_can_do()
 {
    let offline = Harness::new();
    offline.hosts.addresses.lock().unwrap().clear();
    let unreachable = Harness::new();
    *unreachable.hosts.answer.lock().unwrap() = Some(Err(TransportFailure::Unreachable));
    for harness in [offline, unreachable] {
        let page = harness.get(&client().authorize_url(), &[]);
        assert_refused_on_a_page(&page, "clientDocumentsEnabled to false");
        assert!(
            page.body().contains("no internet access"),
            "{}",
            page.body()
        );
    }
    let malformed = Harness::new();
    malformed.answer_document(answered(200, &[("content-type", "application/json")], b"{"));
    let page = malformed.get(&client().authorize_url(), &[]);
    assert_refused_on_a_page(&page, "ClientDocument");
    assert!(!page.body().contains("internet"), "{}", page.body());
}

#[test]
fn a_document_is_refused_when_its_members_say_what_a_public_client_cannot_be() {
    let with = |name: &str, value: Value| {
        let mut document = claude_code_document();
        document[name] = value;
        document
    };
    for (document, words) in [
        (
            with("client_id", json!("https://claude.ai/oauth/other")),
            "client_id is not its own URL",
        ),
        (
            with(
                "client_id",
                json!("https://claude.ai/oauth/claude-code-client-metadata/"),
            ),
            "client_id is not its own URL",
        ),
        (with("client_secret", json!("s3cret")), "client_secret"),
        (with("client_secret_expires_at", json!(0)), "client_secret"),
        (
            with("token_endpoint_auth_method", json!("client_secret_basic")),
            "shared secret",
        ),
        (
            with("token_endpoint_auth_method", json!("private_key_jwt")),
            "not supported here",
        ),
        (with("redirect_uris", json!([])), "no redirect_uris"),
        (
            with("redirect_uris", json!(["javascript:alert(1)"])),
            "no redirect_uris",
        ),
        (
            with("redirect_uris", json!(vec!["http://localhost/cb"; 21])),
            "more than 20",
        ),
        (
            with("redirect_uris", json!("http://localhost/callback")),
            "expected members",
        ),
        (
            with("client_name", json!("\u{202e}\u{200b}")),
            "no client_name",
        ),
        (
            with("grant_types", json!(["client_credentials"])),
            "authorization_code",
        ),
    ] {
        let harness = Harness::new();
        harness.publish(&document);
        let page = harness.get(&client().authorize_url(), &[]);
        assert!(
            page.status() == 400 && page.body().contains(words),
            "{document}: {}",
            page.body()
        );
    }
}

#[test]
fn an_https_redirect_of_a_document_must_also_be_listed() {
    let harness = Harness::new();
    let mut document = claude_code_document();
    document["redirect_uris"] = json!([
        "https://claude.ai/elsewhere",
        "https://claude.ai/api/mcp/auth_callback"
    ]);
    harness.publish(&document);
    let page = harness.get(
        &Client::new(DOCUMENT, "https://claude.ai/elsewhere").authorize_url(),
        &[],
    );
    assert_refused_on_a_page(&page, "RedirectRefused");
    let page = harness.get(
        &Client::new(DOCUMENT, "https://claude.ai/api/mcp/auth_callback").authorize_url(),
        &[],
    );
    assert_eq!(page.status(), 200);
}

#[test]
fn a_document_is_fetched_once_while_it_is_fresh_and_never_kept_for_more_than_a_day() {
    let cases: [(&str, u64, usize); 5] = [
        ("", 290, 1),
        ("max-age=3600", 3500, 1),
        ("no-store", 1, 2),
        ("max-age=0", 1, 2),
        ("max-age=31536000", 24 * 3600, 2),
    ];
    for (cache_control, later, fetches) in cases {
        let harness = Harness::new();
        let headers = [
            ("content-type", "application/json"),
            ("cache-control", cache_control),
        ];
        harness.answer_document(answered(
            200,
            &headers,
            claude_code_document().to_string().as_bytes(),
        ));
        assert_eq!(harness.get(&client().authorize_url(), &[]).status(), 200);
        harness.pass(later);
        assert_eq!(harness.get(&client().authorize_url(), &[]).status(), 200);
        assert_eq!(
            connections(&harness),
            fetches,
            "{cache_control} after {later} s"
        );
    }
}

#[test]
fn a_document_that_was_refused_is_looked_at_again() {
    let harness = Harness::new();
    harness.answer_document(answered(500, &[], b""));
    assert_eq!(harness.get(&client().authorize_url(), &[]).status(), 400);
    harness.publish(&claude_code_document());
    assert_eq!(harness.get(&client().authorize_url(), &[]).status(), 200);
}

#[test]
fn fetches_from_one_host_are_throttled_with_retry_after() {
    let harness = Harness::new();
    harness.answer_document(answered(500, &[], b""));
    let last = (0..61)
        .map(|_| harness.get(&client().authorize_url(), &[]))
        .last()
        .unwrap();
    assert_eq!(last.status(), 429);
    assert!(last.headers().contains_key("retry-after"));
    assert_eq!(connections(&harness), 60);
    harness.pass(60);
    harness.publish(&claude_code_document());
    assert_eq!(harness.get(&client().authorize_url(), &[]).status(), 200);
}

fn at(url: &str) -> Client {
    Client::new(url, LOOPBACK)
}

#[test]
fn names_that_lead_nowhere_spend_no_fetch() {
    let harness = Harness::new();
    let addresses = harness.hosts.addresses.lock().unwrap().clone();
    for address in [None, Some("10.0.0.1".parse().unwrap())] {
        *harness.hosts.addresses.lock().unwrap() = address.into_iter().collect();
        for index in 0..200 {
            let url = format!("https://nowhere-{index}.example.com/client");
            assert_refused_on_a_page(
                &harness.get(&at(&url).authorize_url(), &[]),
                "ClientDocument",
            );
        }
    }
    *harness.hosts.addresses.lock().unwrap() = addresses;
    harness.publish(&claude_code_document());
    assert_eq!(harness.get(&client().authorize_url(), &[]).status(), 200);
}

#[test]
fn fetches_from_the_hosts_of_strangers_leave_those_of_known_clients_alone() {
    let harness = Harness::new();
    let accepted = "https://client.example.org/client";
    let mut document = claude_code_document();
    document["client_id"] = json!(accepted);
    harness.publish(&document);
    assert_eq!(
        harness.get(&at(accepted).authorize_url(), &[]).status(),
        200
    );
    harness.pass(24 * 3600);
    harness.answer_document(answered(404, &[], b""));
    for index in 0..120 {
        let url = format!("https://host-{index}.example.com/client");
        assert_eq!(harness.get(&at(&url).authorize_url(), &[]).status(), 400);
    }
    let stranger = at("https://host-0.example.com/client");
    assert_eq!(harness.get(&stranger.authorize_url(), &[]).status(), 429);
    assert_eq!(connections(&harness), 121);
    harness.publish(&document);
    assert_eq!(
        harness.get(&at(accepted).authorize_url(), &[]).status(),
        200,
        "it was accepted before"
    );
    harness.publish(&claude_code_document());
    assert_eq!(
        harness.get(&client().authorize_url(), &[]).status(),
        200,
        "its host is that of a listed callback"
    );
}

/// Paths that do not exist at a known host, in great number.
#[test]
fn a_document_that_was_accepted_before_has_fetches_of_its_own() {
    let harness = Harness::new();
    harness.publish(&claude_code_document());
    assert_eq!(harness.get(&client().authorize_url(), &[]).status(), 200);
    harness.pass(24 * 3600);
    for index in 0..60 {
        let url = format!("https://claude.ai/nothing/{index}");
        assert_eq!(harness.get(&at(&url).authorize_url(), &[]).status(), 400);
    }
    let more = at("https://claude.ai/nothing/60");
    assert_eq!(harness.get(&more.authorize_url(), &[]).status(), 429);
    assert_eq!(harness.get(&client().authorize_url(), &[]).status(), 200);
}

#[test]
fn a_full_cache_forgets_the_document_that_was_used_longest_ago() {
    let harness = Harness::new();
    let publish = |url: &str, age: u64| {
        let mut document = claude_code_document();
        document["client_id"] = json!(url);
        let age = format!("max-age={age}");
        let headers = [
            ("content-type", "application/json"),
            ("cache-control", age.as_str()),
        ];
        harness.answer_document(answered(200, &headers, document.to_string().as_bytes()));
    };
    let ask = |url: &str| {
        let status = harness.get(&at(url).authorize_url(), &[]).status();
        assert_eq!(status, 200, "{url}");
    };
    publish(DOCUMENT, 3600);
    ask(DOCUMENT);
    for index in 0..200 {
        let url = format!("https://host-{index}.example.com/client");
        publish(&url, 86_400);
        ask(&url);
        // Somebody uses it in between: it is in the cache, whatever its remaining time.
        ask(DOCUMENT);
        harness.pass(1);
    }
    assert_eq!(connections(&harness), 201);
}

#[test]
fn documents_can_be_switched_off() {
    let harness = Harness::with(&[("AUTHORIZATION_CLIENT_DOCUMENTS", "false")]);
    assert_refused_on_a_page(
        &harness.get(&client().authorize_url(), &[]),
        "ClientDocumentsOff",
    );
    let metadata = body(&harness.get("/.well-known/oauth-authorization-server", &[]));
    assert_eq!(metadata["client_id_metadata_document_supported"], false);
}

#[test]
fn a_stand_in_for_a_metadata_host_is_for_a_loopback_issuer_only() {
    let mut variables = variables();
    variables.insert(
        "AUTHORIZATION_LOCAL_METADATA_HOSTS".into(),
        "claude.ai=127.0.0.1:8443".into(),
    );
    let problems =
        mcp_lambda_authorization::Settings::from_variables(variables.clone()).unwrap_err();
    assert_eq!(problems.0[0].name, "AUTHORIZATION_LOCAL_METADATA_HOSTS");
    let harness = Harness::with(&[
        (
            "AUTHORIZATION_LOCAL_METADATA_HOSTS",
            "claude.ai=127.0.0.1:8443",
        ),
        ("AUTHORIZATION_ISSUER", "http://127.0.0.1:3030"),
    ]);
    harness.publish(&claude_code_document());
    assert_eq!(harness.get(&client().authorize_url(), &[]).status(), 200);
    assert_eq!(
        harness.hosts.connections.lock().unwrap()[0].to_string(),
        "127.0.0.1:8443"
    );
}
