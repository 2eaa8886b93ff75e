//! Questions, approvals, stop, edit, retry, export.

use std::sync::atomic::Ordering;

use reqwest::StatusCode;
use tokio::sync::mpsc::unbounded_channel;

use crate::support::{Fault, Stage};

#[tokio::test]
async fn an_order_waits_for_approval_and_the_page_shows_what_was_called() {
    let stage = Stage::start().await;
    let mut browser = stage.signed_in("alice").await;
    let path = browser.new_conversation().await;
    let waits = browser.ask(&path, "Order 2 of p002").await;
    assert!(
        waits
            .text
            .contains(&format!("event: opened\ndata: {path}\n")),
        "{}",
        waits.text
    );
    assert!(
        waits.text.contains("p002"),
        "the arguments are shown: {}",
        waits.text
    );
    assert_eq!(stage.shop.state.order_calls.load(Ordering::Relaxed), 0);
    let done = browser.press(&path, &waits.text, "approve:").await;
    assert!(
        done.text.contains("ord-1") && done.text.contains("The reply is complete"),
        "{}",
        done.text
    );
    let page = browser.get(&path).await.text;
    assert!(
        page.contains("create-order") && page.contains(" ms</span>"),
        "{page}"
    );
    assert_eq!(
        *stage.shop.state.orders.lock().unwrap(),
        [("alice".into(), "2 × p002".into())]
    );
}

#[tokio::test]
async fn a_declined_call_is_not_run() {
    let stage = Stage::start().await;
    let mut browser = stage.signed_in("alice").await;
    let path = browser.new_conversation().await;
    let waits = browser.ask(&path, "Order 2 of p002").await;
    let done = browser.press(&path, &waits.text, "decline:").await;
    assert!(
        done.text.contains("class=\"state\">not run</span>")
            && done
                .text
                .contains("The user declined this call. It was not run."),
        "{}",
        done.text
    );
    assert_eq!(stage.shop.state.order_calls.load(Ordering::Relaxed), 0);
}

#[tokio::test]
async fn an_approval_for_the_conversation_is_asked_for_once_and_holds_for_no_other() {
    let stage = Stage::start().await;
    let mut browser = stage.signed_in("alice").await;
    let path = browser.new_conversation().await;
    let waits = browser.ask(&path, "Order 2 of p002").await;
    browser.press(&path, &waits.text, "approve-all:").await;
    let again = browser.ask(&path, "Order 1 of p001").await;
    assert!(again.text.contains("ord-2"), "{}", again.text);
    let other = browser.new_conversation().await;
    let waits = browser.ask(&other, "Order 1 of p001").await;
    assert!(
        waits.text.contains("waits for your approval"),
        "{}",
        waits.text
    );
    assert_eq!(stage.shop.state.order_calls.load(Ordering::Relaxed), 2);
}

#[tokio::test]
async fn a_double_click_runs_a_call_once() {
    let stage = Stage::start().await;
    let mut browser = stage.signed_in("alice").await;
    let path = browser.new_conversation().await;
    let waits = browser.ask(&path, "Order 2 of p002").await;
    let mut twin = browser.clone();
    let (one, other) = tokio::join!(
        browser.press(&path, &waits.text, "approve:"),
        twin.press(&path, &waits.text, "approve:"),
    );
    assert!(
        [one.status, other.status].contains(&StatusCode::CONFLICT),
        "{one:?} {other:?}"
    );
    assert_eq!(stage.shop.state.order_calls.load(Ordering::Relaxed), 1);
}

#[tokio::test]
async fn every_piece_of_a_reply_is_in_the_page_before_the_next_one_is_said() {
    let stage = Stage::start().await;
    let mut browser = stage.signed_in("alice").await;
    let path = browser.new_conversation().await;
    let (model, heard) = unbounded_channel();
    stage.bedrock.fail([Fault::Hears(heard)]);
    let mut response = browser
        .open(&format!("{path}/act"), &[("act", "ask"), ("text", "Hello")])
        .await;
    let mut seen = String::new();
    for word in ["first", "second", "third", "fourth", "fifth"] {
        model.send(format!("{word} ")).unwrap();
        while !seen.contains(word) {
            seen.push_str(std::str::from_utf8(&response.chunk().await.unwrap().unwrap()).unwrap());
        }
    }
    drop(model);
}

#[tokio::test]
async fn stop_works_across_processes_and_keeps_what_was_said() {
    let stage = Stage::start().await;
    let mut browser = stage.signed_in("alice").await;
    let path = browser.new_conversation().await;
    let (model, heard) = unbounded_channel();
    stage.bedrock.fail([Fault::Hears(heard)]);
    let mut response = browser
        .open(&format!("{path}/act"), &[("act", "ask"), ("text", "Hello")])
        .await;
    model.send("The beginning of a long".to_owned()).unwrap();
    let mut seen = String::new();
    while !seen.contains("long") {
        seen.push_str(std::str::from_utf8(&response.chunk().await.unwrap().unwrap()).unwrap());
    }
    let mut elsewhere = browser.clone();
    elsewhere.origin = stage.another().await;
    assert_eq!(
        elsewhere.act(&format!("{path}/stop"), &[]).await.status,
        StatusCode::NO_CONTENT
    );
    let rest = response.text().await.unwrap();
    assert!(rest.contains("You stopped this reply"), "{rest}");
    let page = browser.get(&path).await.text;
    assert!(
        page.contains("The beginning of a long") && page.contains("Continue"),
        "{page}"
    );
    drop(model);
}

#[tokio::test]
async fn a_page_that_is_opened_while_the_reply_is_written_follows_it() {
    let stage = Stage::start().await;
    let mut browser = stage.signed_in("alice").await;
    let path = browser.new_conversation().await;
    let (model, heard) = unbounded_channel();
    stage.bedrock.fail([Fault::Hears(heard)]);
    let response = browser
        .open(&format!("{path}/act"), &[("act", "ask"), ("text", "Hello")])
        .await;
    let page = browser.get(&path).await.text;
    assert!(
        page.contains("every 2s") && page.contains("form=\"stop\""),
        "{page}"
    );
    let again = browser.ask(&path, "Are you there?").await;
    assert_eq!(again.status, StatusCode::CONFLICT);
    model.send("Yes.".to_owned()).unwrap();
    drop(model);
    response.text().await.unwrap();
    let now = browser.get(&format!("{path}/now")).await;
    assert_eq!(now.headers["hx-refresh"], "true");
    assert!(browser.get(&path).await.text.contains("Yes."));
}

#[tokio::test]
async fn a_tab_that_is_closed_loses_nothing() {
    let stage = Stage::start().await;
    let mut browser = stage.signed_in("alice").await;
    let path = browser.new_conversation().await;
    let (model, heard) = unbounded_channel();
    stage.bedrock.fail([Fault::Hears(heard)]);
    let response = browser
        .open(&format!("{path}/act"), &[("act", "ask"), ("text", "Hello")])
        .await;
    drop(response);
    model.send("All of it.".to_owned()).unwrap();
    drop(model);
    let mut page = String::new();
    while !page.contains("All of it.") {
        tokio::task::yield_now().await;
        page = browser.get(&path).await.text;
    }
}

#[tokio::test]
async fn a_question_is_edited_and_asked_again() {
    let stage = Stage::start().await;
    let mut browser = stage.signed_in("alice").await;
    let path = browser.new_conversation().await;
    browser.ask(&path, "Show me products in electronics").await;
    let act = format!("{path}/act");
    let edited = browser
        .act(&act, &[("act", "edit"), ("edited", "Show me my orders")])
        .await;
    assert!(edited.text.contains("list-orders"), "{}", edited.text);
    let page = browser.get(&path).await.text;
    assert!(
        !page.contains("search-products") && page.contains("Show me my orders"),
        "{page}"
    );
    browser.act(&act, &[("act", "retry")]).await;
    let page = browser.get(&path).await.text;
    assert_eq!(page.matches("class=\"asked\"").count(), 1, "{page}");
    assert!(page.contains("its tool call did stays done"), "{page}");
}

#[tokio::test]
async fn without_script_the_page_comes_when_all_is_done() {
    let stage = Stage::start().await;
    let mut browser = stage.signed_in("alice").await;
    let path = browser.new_conversation().await;
    let answer = browser
        .post(
            &format!("{path}/act"),
            &[("act", "ask"), ("text", "Show me my orders")],
        )
        .await;
    assert_eq!(
        (answer.status, answer.location),
        (StatusCode::SEE_OTHER, Some(path.clone()))
    );
    assert!(browser.get(&path).await.text.contains("list-orders"));
}

#[tokio::test]
async fn conversations_are_listed_renamed_exported_and_deleted() {
    let stage = Stage::start().await;
    let mut browser = stage.signed_in("alice").await;
    let path = browser.new_conversation().await;
    browser.ask(&path, "Show me products in electronics").await;
    browser
        .post(&format!("{path}/rename"), &[("name", "Electronics")])
        .await;
    assert!(browser.get("/").await.text.contains(">Electronics</a>"));
    let markdown = browser.get(&format!("{path}/export.md")).await.text;
    assert!(
        markdown.starts_with("# Electronics\n") && markdown.contains("**Call** `search-products`"),
        "{markdown}"
    );
    let json = browser.get(&format!("{path}/export.json")).await.text;
    let json: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!(
        json["conversation"]["turns"][0]["prompt"]["text"],
        "Show me products in electronics"
    );
    browser.post(&format!("{path}/delete"), &[]).await;
    assert_eq!(browser.get(&path).await.status, StatusCode::NOT_FOUND);
    assert!(!browser.get("/").await.text.contains("Electronics"));
    for left in ["conversation#", "summary#", "part#", "run#"] {
        assert_eq!(stage.table.sorts(left), Vec::<String>::new());
    }
}
