//! MCP Apps in conversations: who gets a document, under which policy, and what a document may ask for.

use std::sync::atomic::Ordering;

use reqwest::StatusCode;
use serde_json::{Value, json};

use crate::support::{APP, Browser, Fault, Stage};

const DOCUMENT: &str = "<!doctype html><title>Cards</title><script>/* anything */</script>";

fn contents(meta: Value) -> Value {
    json!({ "uri": APP, "mimeType": "text/html;profile=mcp-app", "text": DOCUMENT, "_meta": meta })
}

/// A shop with a document, a person who looked for products, and the addresses of the conversation and of the app.
async fn shown() -> (Stage, Browser, String, String) {
    let stage = Stage::start().await;
    *stage.shop.state.app.lock().unwrap() = Some(contents(json!({})));
    let mut browser = stage.signed_in("alice").await;
    let path = browser.new_conversation().await;
    let answer = browser.ask(&path, "Show me products in electronics").await;
    let app = frame(&answer.text);
    (stage, browser, path, app)
}

/// The address in the frame of a page or a piece of one.
fn frame(page: &str) -> String {
    let (_, rest) = page
        .split_once("<iframe src=\"")
        .unwrap_or_else(|| panic!("there is no frame: {page}"));
    rest.split_once('"').unwrap().0.to_owned()
}

async fn call(browser: &mut Browser, app: &str, asked: Value) -> Value {
    let answer = browser
        .post_json(&format!("{app}/tools"), asked.to_string())
        .await;
    assert_eq!(answer.headers["content-type"], "application/json");
    serde_json::from_str(&answer.text).unwrap()
}

#[tokio::test]
async fn a_result_with_an_app_has_a_frame_that_can_do_nothing_but_run_scripts() {
    let (_stage, mut browser, path, app) = shown().await;
    let page = browser.get(&path).await;
    assert_eq!(frame(&page.text), app, "it is there after a reload");
    assert!(
        page.text.contains(" sandbox=\"allow-scripts\" "),
        "{}",
        page.text
    );
    assert!(!page.text.contains(" allow="), "no feature is passed on");
    let policy = page.headers["content-security-policy"].to_str().unwrap();
    assert!(policy.contains("; frame-src 'self'; "), "{policy}");

    let document = browser.get_as("iframe", &app).await;
    assert_eq!(
        (document.status, document.text.as_str()),
        (StatusCode::OK, DOCUMENT)
    );
    let headers = &document.headers;
    let policies: Vec<_> = headers.get_all("content-security-policy").iter().collect();
    assert_eq!(policies.len(), 1);
    let policy = policies[0].to_str().unwrap();
    assert!(
        policy.starts_with("sandbox allow-scripts; default-src 'none'; ")
            && policy.contains("; connect-src 'none'; ")
            && policy.contains("; webrtc 'block'; ")
            && policy.contains("; form-action 'none'; ")
            && policy.ends_with("; frame-ancestors 'self'"),
        "{policy}"
    );
    let allowlist = "();redirects=allow;webrtc=block";
    assert_eq!(headers["connection-allowlist"], allowlist);
    assert_eq!(headers["x-frame-options"], "SAMEORIGIN");
    assert_eq!(headers["cache-control"], "no-store");
}

#[tokio::test]
async fn declared_origins_are_in_the_policy_and_nothing_else_is() {
    let (stage, mut browser, _, app) = shown().await;
    *stage.shop.state.app.lock().unwrap() = Some(contents(json!({ "ui": { "csp": {
        "connectDomains": ["https://api.example.com", "https://x.example; sandbox allow-same-origin"],
        "resourceDomains": ["*", "https://cdn.example.com"],
    } } })));
    let document = browser.get(&app).await;
    let policy = document.headers["content-security-policy"]
        .to_str()
        .unwrap();
    assert!(
        policy.contains("; connect-src https://api.example.com; "),
        "{policy}"
    );
    assert!(
        policy.contains("; img-src data: https://cdn.example.com; "),
        "{policy}"
    );
    assert!(
        !policy.contains("same-origin") && !policy.contains('*'),
        "{policy}"
    );
}

#[tokio::test]
async fn the_document_and_the_call_are_for_the_person_of_the_conversation() {
    let (stage, _, _, app) = shown().await;
    let asked = json!({ "name": "turn-page" }).to_string();
    let mut bob = stage.signed_in("bob").await;
    for path in [app.clone(), format!("{app}/call")] {
        let answer = bob.get(&path).await;
        assert_eq!(answer.status, StatusCode::NOT_FOUND);
        assert!(!answer.text.contains("Cards") && !answer.text.contains("p002"));
    }
    let answer = bob.post_json(&format!("{app}/tools"), asked.clone()).await;
    assert_eq!(answer.status, StatusCode::NOT_FOUND);
    let mut nobody = stage.browser();
    for path in [app.clone(), format!("{app}/call")] {
        let answer = nobody.get(&path).await;
        assert_eq!(answer.location.as_deref(), Some("/"));
    }
    let answer = nobody.post_json(&format!("{app}/tools"), asked).await;
    assert_eq!(answer.status, StatusCode::FORBIDDEN);
    assert!(stage.shop.state.pages.lock().unwrap().is_empty());
}

#[tokio::test]
async fn a_document_is_no_page_of_its_own_and_calls_without_one_have_none() {
    let (stage, mut browser, path, app) = shown().await;
    for destination in ["document", "object", "embed"] {
        assert_eq!(
            browser.get_as(destination, &app).await.status,
            StatusCode::NOT_FOUND
        );
    }
    let orders = browser.ask(&path, "Show me my orders").await;
    let piece = orders.text.rsplit("id=\"turn-1\"").next().unwrap();
    assert!(
        piece.contains("list-orders") && !piece.contains("<iframe"),
        "{piece}"
    );
    for unknown in [
        format!("{path}/apps/tooluse_x"),
        format!("{path}/apps/tooluse_x/call"),
    ] {
        assert_eq!(browser.get(&unknown).await.status, StatusCode::NOT_FOUND);
    }
    drop(stage);
}

#[tokio::test]
async fn the_app_learns_what_the_tool_was_called_with_and_what_it_returned() {
    let (_stage, mut browser, _, app) = shown().await;
    let call: Value =
        serde_json::from_str(&browser.get(&format!("{app}/call")).await.text).unwrap();
    assert_eq!(call["tool"], "search-products");
    assert_eq!(call["arguments"], json!({ "category": "electronics" }));
    let products =
        json!({ "products": [{ "id": "p002", "name": "Headphones", "category": "electronics" }] });
    assert_eq!(call["result"]["structuredContent"], products);
    let words = call["result"]["content"][0]["text"].as_str().unwrap();
    assert_eq!(serde_json::from_str::<Value>(words).unwrap(), products);
    assert_eq!(call["result"].get("isError"), None);
}

#[tokio::test]
async fn an_app_calls_tools_of_its_server_as_the_person_and_none_that_is_for_models() {
    let (stage, mut browser, _, app) = shown().await;
    let turned = call(
        &mut browser,
        &app,
        json!({ "name": "turn-page", "arguments": {} }),
    )
    .await;
    assert_eq!(turned["result"]["content"][0]["text"], "page 2");
    assert_eq!(*stage.shop.state.pages.lock().unwrap(), ["alice"]);
    let log = stage.log.lock().unwrap().join("\n");
    assert!(
        log.contains("an MCP App calls a tool") && log.contains("turn-page"),
        "{log}"
    );

    let refused = call(&mut browser, &app, json!({ "name": "list-orders" })).await;
    assert_eq!(
        refused,
        json!({ "error": "the tool \"list-orders\" is not for apps" })
    );
    for foreign in ["bank__transfer", "shop__turn-page", ""] {
        let refused = call(&mut browser, &app, json!({ "name": foreign })).await;
        let words = format!("the server of this app has no tool {foreign:?}");
        assert_eq!(refused, json!({ "error": words }));
    }
}

#[tokio::test]
async fn a_call_that_does_not_only_read_waits_for_the_person() {
    let (stage, mut browser, _, app) = shown().await;
    let mut order = json!({ "name": "create-order", "arguments": { "lines": [{ "productId": "p002", "quantity": 2 }] } });
    let waits = call(&mut browser, &app, order.clone()).await;
    assert_eq!(waits["approval"]["tool"], "create-order");
    let shown = waits["approval"]["arguments"].as_str().unwrap();
    assert_eq!(
        serde_json::from_str::<Value>(shown).unwrap(),
        order["arguments"]
    );
    assert_eq!(stage.shop.state.order_calls.load(Ordering::Relaxed), 0);

    order["approved"] = json!(true);
    let ordered = call(&mut browser, &app, order.clone()).await;
    assert_eq!(
        ordered["result"]["structuredContent"]["ordered"],
        "2 × p002"
    );

    assert_eq!(stage.shop.state.order_calls.load(Ordering::Relaxed), 1);
}

#[tokio::test]
async fn approving_all_calls_of_the_model_approves_none_of_an_app() {
    let (stage, mut browser, path, app) = shown().await;
    let waits = browser.ask(&path, "Order 1 of p001").await;
    browser.press(&path, &waits.text, "approve-all:").await;
    assert_eq!(stage.shop.state.order_calls.load(Ordering::Relaxed), 1);

    let order = json!({ "name": "create-order", "arguments": { "lines": [{ "productId": "p002", "quantity": 2 }] } });
    let waits = call(&mut browser, &app, order).await;
    assert_eq!(waits["approval"]["tool"], "create-order", "{waits}");
    assert_eq!(stage.shop.state.order_calls.load(Ordering::Relaxed), 1);
}

#[tokio::test]
async fn another_site_calls_nothing_and_neither_does_what_is_no_call() {
    let (stage, mut browser, _, app) = shown().await;
    let tools = format!("{app}/tools");
    let foreign = browser
        .form(&tools, &[])
        .header("origin", "null")
        .body(json!({ "name": "turn-page" }).to_string());
    assert_eq!(browser.send(foreign).await.status, StatusCode::FORBIDDEN);
    for odd in [
        "",
        "[]",
        "{}",
        r#"{"name":5}"#,
        r#"{"name":"turn-page","arguments":[]}"#,
    ] {
        let answer = browser.post_json(&tools, odd.to_owned()).await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{odd}");
    }
    let long = json!({ "name": "turn-page", "arguments": { "x": "x".repeat(128 * 1024) } });
    let answer = browser.post_json(&tools, long.to_string()).await;
    assert_eq!(answer.status, StatusCode::BAD_REQUEST);
    assert!(stage.shop.state.pages.lock().unwrap().is_empty());
}

#[tokio::test]
async fn the_apps_of_one_person_have_so_many_calls_in_a_minute() {
    let (stage, mut browser, _, app) = shown().await;
    let tools = format!("{app}/tools");
    let asked = json!({ "name": "nothing" }).to_string();
    // The calls may fall into two minutes.
    let mut throttled = None;
    for _ in 0..130 {
        let answer = browser.post_json(&tools, asked.clone()).await;
        if answer.status == StatusCode::TOO_MANY_REQUESTS {
            throttled = Some(answer);
            break;
        }
    }
    let throttled = throttled.expect("a limit");
    assert!(
        throttled.text.contains("60 tools in one minute"),
        "{throttled:?}"
    );
    // Another person has calls of their own.
    let mut bob = stage.signed_in("bob").await;
    let path = bob.new_conversation().await;
    let own = frame(&bob.ask(&path, "Show me products in electronics").await.text);
    let turned = call(&mut bob, &own, json!({ "name": "turn-page" })).await;
    assert!(turned["result"].is_object(), "{turned}");
}

#[tokio::test]
async fn a_call_that_waits_for_the_person_counts_when_it_is_approved() {
    let (stage, mut browser, _, app) = shown().await;
    let mut order = json!({ "name": "create-order", "arguments": { "lines": [{ "productId": "p002", "quantity": 1 }] } });
    // More than the calls of two minutes, none of which is approved.
    for _ in 0..130 {
        let waits = call(&mut browser, &app, order.clone()).await;
        assert_eq!(waits["approval"]["tool"], "create-order", "{waits}");
    }
    order["approved"] = json!(true);
    let ordered = call(&mut browser, &app, order).await;
    assert!(ordered["result"].is_object(), "{ordered}");
    assert_eq!(stage.shop.state.order_calls.load(Ordering::Relaxed), 1);
}

#[tokio::test]
async fn a_document_that_is_missing_says_why_and_runs_nothing() {
    let (stage, mut browser, _, app) = shown().await;
    let html = json!({ "uri": APP, "mimeType": "text/html", "text": DOCUMENT });
    for found in [None, Some(html)] {
        *stage.shop.state.app.lock().unwrap() = found;
        let refused = browser.get(&app).await;
        assert_eq!(refused.status, StatusCode::BAD_GATEWAY);
        assert!(
            refused.text.contains("This app cannot be shown: "),
            "{}",
            refused.text
        );
        assert!(!refused.text.contains("<b>") && !refused.text.contains("<script"));
        let policy = &refused.headers["content-security-policy"];
        assert_eq!(
            policy,
            "sandbox; default-src 'none'; frame-ancestors 'self'"
        );
    }
}

#[tokio::test]
async fn the_model_is_not_offered_a_tool_for_apps_and_cannot_call_it() {
    let (stage, mut browser, path, _) = shown().await;
    let offered = stage.bedrock.requests()[0]["toolConfig"]["tools"].to_string();
    assert!(
        offered.contains("search-products") && !offered.contains("turn-page"),
        "{offered}"
    );
    stage.bedrock.fail([
        Fault::Calls("turn-page", json!({})),
        Fault::Says("I could not.".into()),
    ]);
    browser.ask(&path, "Turn the page").await;
    assert!(stage.shop.state.pages.lock().unwrap().is_empty());
}

#[tokio::test]
async fn a_failed_call_has_no_frame() {
    let stage = Stage::start().await;
    stage.shop.state.fails.store(true, Ordering::Relaxed);
    let mut browser = stage.signed_in("alice").await;
    let path = browser.new_conversation().await;
    let answer = browser.ask(&path, "Show me products in electronics").await;
    assert!(answer.text.contains("the catalogue is closed"));
    assert!(!answer.text.contains("<iframe"));
}
