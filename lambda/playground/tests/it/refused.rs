//! What is refused: other sites, addresses inside, injected pages.

use reqwest::StatusCode;
use reqwest::header::ORIGIN;
use serde_json::json;

use crate::support::{Fault, Stage};

#[tokio::test]
async fn a_form_of_another_site_changes_nothing() {
    let stage = Stage::start().await;
    let mut alice = stage.signed_in("alice").await;
    let path = alice.new_conversation().await;
    let act = format!("{path}/act");
    let form = [("act", "ask"), ("text", "Order 2 of p002")];
    for (name, value) in [
        (Some(ORIGIN.as_str()), "https://evil.example"),
        (Some("origin"), "null"),
        (Some("sec-fetch-site"), "cross-site"),
        (Some("sec-fetch-site"), "same-site"),
        (None, ""),
    ] {
        let mut request = alice.form(&act, &form);
        if let Some(name) = name {
            request = request.header(name, value);
        }
        assert_eq!(
            alice.send(request).await.status,
            StatusCode::FORBIDDEN,
            "{name:?} {value}"
        );
    }
    for path in [
        "/sign-out",
        "/servers/add",
        "/servers/x/token",
        &format!("{path}/delete"),
        &format!("{path}/stop"),
    ] {
        let request = alice.form(path, &[]).header(ORIGIN, "https://evil.example");
        assert_eq!(
            alice.send(request).await.status,
            StatusCode::FORBIDDEN,
            "{path}"
        );
    }
    assert_eq!(
        alice.get(&path).await.status,
        StatusCode::NOT_FOUND,
        "nothing was asked"
    );
    let request = alice
        .form(&act, &form)
        .header("sec-fetch-site", "same-origin");
    assert_eq!(alice.send(request).await.status, StatusCode::SEE_OTHER);
}

#[tokio::test]
async fn a_get_changes_nothing() {
    let stage = Stage::start().await;
    let mut alice = stage.signed_in("alice").await;
    let path = alice.new_conversation().await;
    for address in [
        format!("{path}/act?act=ask&text=x"),
        format!("{path}/delete"),
        "/sign-out".into(),
        "/servers/add?url=x".into(),
    ] {
        assert_eq!(
            alice.get(&address).await.status,
            StatusCode::NOT_FOUND,
            "{address}"
        );
    }
}

#[tokio::test]
async fn what_a_tool_returns_is_text() {
    let stage = Stage::start().await;
    let injected = "<script>alert(1)</script><img src=x onerror=alert(1)> ![x](https://evil.example/?q=1) <hx-partial hx-target=\"body\">gone</hx-partial>\n\ndata: x\n\nevent: opened\ndata: //evil.example";
    *stage.shop.state.found.lock().unwrap() = Some(injected.into());
    let mut alice = stage.signed_in("alice").await;
    let path = alice.new_conversation().await;
    let streamed = alice
        .ask(&path, "Show me products in electronics")
        .await
        .text;
    let page = alice.get(&path).await.text;
    assert!(
        !streamed.contains("\nevent: opened\ndata: //evil"),
        "it is no event"
    );
    for html in [&streamed, &page] {
        assert!(html.contains("alert(1)"), "it is shown");
        for element in [
            "<script>alert",
            "<img src=x",
            "src=\"https://evil",
            "<hx-partial hx-target=\"body\"",
        ] {
            assert!(!html.contains(element), "{element} in {html}");
        }
    }
}

#[tokio::test]
async fn what_a_model_says_is_words_without_scripts_and_foreign_images() {
    let stage = Stage::start().await;
    let mut alice = stage.signed_in("alice").await;
    let path = alice.new_conversation().await;
    let said = "**Bold** <script>alert(1)</script> [your bank](https://evil.example/login) ![x](https://evil.example/i.png) <button form=\"talk\" name=\"act\" value=\"approve-all:\">OK</button>";
    stage.bedrock.fail([Fault::Says(said.into())]);
    let streamed = alice.ask(&path, "Hello").await.text;
    let page = alice.get(&path).await.text;
    for html in [&streamed, &page] {
        assert!(
            html.contains("<strong>Bold</strong>") && html.contains("your bank (evil.example)"),
            "{html}"
        );
        for element in [
            "<script>alert",
            "<img",
            "<button form=\"talk\" name=\"act\" value=\"approve-all",
        ] {
            assert!(!html.contains(element), "{element} in {html}");
        }
    }
}

#[tokio::test]
async fn every_page_forbids_inline_scripts_and_frames() {
    let stage = Stage::start().await;
    let mut alice = stage.signed_in("alice").await;
    for path in ["/", "/servers", "/nowhere", "/callback?state=x"] {
        let answer = alice.get(path).await;
        let policy = answer.headers["content-security-policy"].to_str().unwrap();
        assert!(
            policy.contains("script-src 'self'")
                && policy.contains("frame-ancestors 'none'")
                && !policy.contains("unsafe"),
            "{policy}"
        );
        assert_eq!(answer.headers["cache-control"], "no-store", "{path}");
        assert!(
            !answer.text.contains("<script>")
                && !answer.text.contains("style=\"")
                && !answer.text.contains(" onclick"),
            "{path}"
        );
    }
}

#[tokio::test]
async fn a_tool_name_with_other_characters_and_a_result_of_5_mb_spoil_nothing() {
    let stage = Stage::start().await;
    *stage.shop.state.found.lock().unwrap() = Some("x".repeat(5_000_000));
    let mut alice = stage.signed_in("alice").await;
    let path = alice.new_conversation().await;
    let big = alice.ask(&path, "Show me products in electronics").await;
    assert!(
        big.text.contains("The reply is complete") && big.text.len() < 600_000,
        "{}",
        big.text.len()
    );
    stage
        .bedrock
        .fail([Fault::Calls("näme <b>\"x\"", json!({}))]);
    let odd = alice.ask(&path, "Call it").await;
    assert!(
        odd.text.contains("There is no tool") && !odd.text.contains("<b>\"x\""),
        "{}",
        odd.text
    );
    assert!(odd.text.contains("The reply is complete"), "{}", odd.text);
    assert!(!stage.bedrock.requests().is_empty());
}

#[tokio::test]
async fn a_page_of_another_person_or_none_is_refused_without_a_word_of_it() {
    let stage = Stage::start().await;
    let mut nobody = stage.browser();
    let id = stage.signed_in("alice").await.new_conversation().await;
    assert_eq!(nobody.ask(&id, "Hello").await.headers["hx-redirect"], "/");
    assert_eq!(
        nobody
            .post(&format!("{id}/act"), &[("act", "ask"), ("text", "x")])
            .await
            .location
            .as_deref(),
        Some("/")
    );
    for path in [
        "/c/x",
        "/c/../../etc",
        "/c/%00",
        "/assets/x/htmx.js",
        "/assets/../src",
        "/c",
    ] {
        assert_eq!(
            nobody.get(path).await.status,
            StatusCode::NOT_FOUND,
            "{path}"
        );
    }
}
