//! Signing in, and what is left of it.

use std::sync::atomic::Ordering;

use reqwest::StatusCode;
use reqwest::header::SET_COOKIE;

use crate::support::{Options, Stage};

#[tokio::test]
async fn a_person_signs_in_asks_and_signs_out() {
    let stage = Stage::start().await;
    let mut browser = stage.browser();
    let page = browser.get("/").await;
    assert!(
        page.text.contains("Sign in") && !page.text.contains("Your question"),
        "{}",
        page.text
    );
    let back = browser.sign_in("alice").await;
    assert_eq!(
        (back.status, back.location.as_deref()),
        (StatusCode::SEE_OTHER, Some("/"))
    );
    let cookie = back.headers[SET_COOKIE].to_str().unwrap();
    assert!(cookie.contains("HttpOnly; SameSite=Lax"), "{cookie}");
    let path = browser.new_conversation().await;
    let streamed = browser.ask(&path, "Show me my orders").await;
    assert!(
        streamed.text.contains("list-orders") && streamed.text.contains("alice"),
        "{}",
        streamed.text
    );
    let kept = browser.cookie.clone();
    browser.post("/sign-out", &[]).await;
    let revoked = stage
        .shop
        .authorization
        .known
        .lock()
        .unwrap()
        .revoked
        .clone();
    assert_eq!(revoked.len(), 1, "the refresh token is revoked");
    browser.cookie = kept;
    assert!(
        browser.get("/").await.text.contains("Sign in"),
        "the old cookie opens nothing"
    );
}

#[tokio::test]
async fn what_the_authorization_server_is_asked_for_is_what_every_mcp_client_asks_for() {
    let stage = Stage::start().await;
    stage.signed_in("alice").await;
    let known = stage.shop.authorization.known.lock().unwrap();
    let asked = known.asked.last().unwrap();
    assert_eq!(asked["resource"], stage.shop.url);
    assert_eq!(asked["code_challenge_method"], "S256");
    assert_eq!(asked["scope"], "orders.read");
    assert_eq!(asked["redirect_uri"], format!("{}/callback", stage.origin));
}

#[tokio::test]
async fn a_sign_in_that_began_in_another_browser_signs_nobody_in() {
    let stage = Stage::start().await;
    let mut mallory = stage.browser();
    let page = mallory.get("/").await.text;
    let key = page
        .split_once("action=\"/servers/")
        .unwrap()
        .1
        .split_once('/')
        .unwrap()
        .0
        .to_owned();
    let callback = mallory.consent(&key, "mallory", &[]).await;
    let mut alice = stage.browser();
    assert_eq!(alice.get(&callback).await.status, StatusCode::BAD_REQUEST);
    let mut bob = stage.signed_in("bob").await;
    assert_eq!(bob.get(&callback).await.status, StatusCode::BAD_REQUEST);
    // The browser that began it still can, once.
    assert_eq!(mallory.get(&callback).await.status, StatusCode::SEE_OTHER);
    assert_eq!(mallory.get(&callback).await.status, StatusCode::BAD_REQUEST);
}

#[tokio::test]
async fn a_new_sign_in_has_a_new_cookie() {
    let stage = Stage::start().await;
    let mut browser = stage.browser();
    let page = browser.get("/").await.text;
    let key = page
        .split_once("action=\"/servers/")
        .unwrap()
        .1
        .split_once('/')
        .unwrap()
        .0
        .to_owned();
    let callback = browser.consent(&key, "alice", &[]).await;
    let before = browser.cookie.clone();
    browser.get(&callback).await;
    assert_ne!(browser.cookie, before);
    browser.cookie = before;
    assert!(
        browser.get("/").await.text.contains("Sign in"),
        "who knew the old cookie has nothing"
    );
}

#[tokio::test]
async fn a_refused_consent_says_so() {
    let stage = Stage::start().await;
    let mut browser = stage.browser();
    let answer = browser.sign_in("nobody").await;
    assert_eq!(answer.status, StatusCode::BAD_GATEWAY);
    assert!(answer.text.contains("access_denied"), "{}", answer.text);
}

#[tokio::test]
async fn no_token_and_no_cookie_is_in_the_table_or_the_log() {
    let stage = Stage::start().await;
    let mut browser = stage.signed_in("alice").await;
    let path = browser.new_conversation().await;
    browser.ask(&path, "Show me my orders").await;
    let cookie = browser.cookie.clone().unwrap();
    let cookie = cookie.split_once('=').unwrap().1;
    let table = stage.table.text();
    let log = stage.log.lock().unwrap().join("\n");
    for secret in ["eyJ", "refresh-", cookie] {
        assert!(
            !table.contains(secret) && !log.contains(secret),
            "{secret} is readable"
        );
    }
    let partitions = stage.table.partitions();
    assert!(
        partitions
            .iter()
            .all(|key| key.starts_with("person#") || key.starts_with("browser#")),
        "{partitions:?}"
    );
}

#[tokio::test]
async fn an_access_token_that_expires_in_the_middle_is_refreshed_and_the_call_is_sent_once() {
    let stage = Stage::start().await;
    let mut browser = stage.signed_in("alice").await;
    let path = browser.new_conversation().await;
    let waits = browser.ask(&path, "Order 2 of p002").await;
    assert!(
        waits.text.contains("waits for your approval"),
        "{}",
        waits.text
    );
    stage.shop.authorization.expire();
    let done = browser.press(&path, &waits.text, "approve:").await;
    assert!(done.text.contains("ord-1"), "{}", done.text);
    assert_eq!(stage.shop.authorization.known.lock().unwrap().refreshed, 1);
    assert_eq!(stage.shop.state.order_calls.load(Ordering::Relaxed), 1);
}

#[tokio::test]
async fn a_sign_in_that_has_expired_asks_for_a_new_one_and_loses_no_call() {
    let stage = Stage::start().await;
    let mut browser = stage.signed_in("alice").await;
    let path = browser.new_conversation().await;
    let waits = browser.ask(&path, "Order 2 of p002").await;
    stage.shop.authorization.expire();
    stage
        .shop
        .authorization
        .known
        .lock()
        .unwrap()
        .refuses_refresh = true;
    let stands = browser.press(&path, &waits.text, "approve:").await;
    assert!(
        stands.text.contains("wants you to sign in again"),
        "{}",
        stands.text
    );
    browser.sign_in("alice").await;
    let page = browser.get(&path).await;
    let done = browser.press(&path, &page.text, "continue").await;
    assert!(done.text.contains("ord-1"), "{}", done.text);
    assert_eq!(stage.shop.state.order_calls.load(Ordering::Relaxed), 1);
}

#[tokio::test]
async fn a_tool_that_wants_more_oauth_scopes_gets_them_by_a_new_consent() {
    let stage = Stage::start().await;
    stage.shop.state.wants_scope.store(true, Ordering::Relaxed);
    let mut browser = stage.signed_in("alice").await;
    let path = browser.new_conversation().await;
    let waits = browser.ask(&path, "Order 2 of p002").await;
    let stands = browser.press(&path, &waits.text, "approve:").await;
    assert!(
        stands.text.contains("wants more of your permission"),
        "{}",
        stands.text
    );
    let key = stands
        .text
        .rsplit_once("action=\"/servers/")
        .unwrap()
        .1
        .split_once('/')
        .unwrap()
        .0
        .to_owned();
    let callback = browser
        .consent(
            &key,
            "alice",
            &[("scopes", "orders.write"), ("return_to", &path)],
        )
        .await;
    assert_eq!(browser.get(&callback).await.location, Some(path.clone()));
    let asked = stage
        .shop
        .authorization
        .known
        .lock()
        .unwrap()
        .asked
        .last()
        .unwrap()["scope"]
        .clone();
    assert_eq!(asked, "orders.read orders.write");
    let page = browser.get(&path).await;
    let done = browser.press(&path, &page.text, "continue").await;
    assert!(done.text.contains("ord-1"), "{}", done.text);
}

#[tokio::test]
async fn a_second_server_has_a_sign_in_of_its_own_or_a_pasted_token() {
    let stage = Stage::start().await;
    let other = Stage::start().await;
    let mut browser = stage.signed_in("alice").await;
    browser
        .post("/servers/add", &[("url", &other.shop.url)])
        .await;
    let page = browser.get("/servers").await.text;
    assert!(page.contains("not signed in"), "{page}");
    let key = page
        .rsplit_once("/sign-in\"")
        .unwrap()
        .0
        .rsplit_once('/')
        .unwrap()
        .1
        .to_owned();
    let callback = browser.consent(&key, "alice elsewhere", &[]).await;
    browser.get(&callback).await;
    let page = browser.get("/servers").await.text;
    assert_eq!(page.matches("4 tools").count(), 2, "{page}");
    browser.post(&format!("/servers/{key}/sign-out"), &[]).await;
    assert_eq!(
        other.shop.authorization.known.lock().unwrap().revoked.len(),
        1
    );
    browser
        .post(&format!("/servers/{key}/token"), &[("token", "wrong")])
        .await;
    assert!(browser.get("/servers").await.text.contains("not signed in"));
    browser.post(&format!("/servers/{key}/remove"), &[]).await;
    assert!(!browser.get("/servers").await.text.contains(&other.shop.url));
}

#[tokio::test]
async fn the_page_is_a_client_by_its_metadata_document_where_it_is_public() {
    let stage = Stage::start().await;
    assert_eq!(
        stage.browser().get("/client.json").await.status,
        StatusCode::NOT_FOUND
    );
    let origin = "https://play.example.com".to_owned();
    let variables = vec![("PLAYGROUND_ORIGIN", origin.clone())];
    let document = crate::support::respond(variables, "/client.json").await;
    assert_eq!(document["client_id"], format!("{origin}/client.json"));
    assert_eq!(document["redirect_uris"][0], format!("{origin}/callback"));
    assert_eq!(document["token_endpoint_auth_method"], "none");
}

#[tokio::test]
async fn without_a_table_the_process_keeps_everything_itself() {
    let options = Options {
        in_memory: true,
        ..Options::default()
    };
    let stage = Stage::with(options).await;
    let mut browser = stage.signed_in("alice").await;
    let path = browser.new_conversation().await;
    assert!(
        browser
            .ask(&path, "Show me my orders")
            .await
            .text
            .contains("The reply is complete")
    );
    assert!(browser.get(&path).await.text.contains("list-orders"));
    assert_eq!(stage.table.text(), "[]");
}
