//! What one person may use, and how large a conversation may be.

use reqwest::StatusCode;

use crate::support::{Fault, Options, Stage};

fn with(name: &'static str, value: &str) -> Options {
    Options {
        variables: vec![(name, value.to_owned())],
        ..Options::default()
    }
}

#[tokio::test]
async fn a_person_asks_so_many_questions_a_minute_and_another_person_others() {
    let stage = Stage::with(with("PLAYGROUND_TURNS_PER_MINUTE", "1")).await;
    let mut alice = stage.signed_in("alice").await;
    let path = alice.new_conversation().await;
    // A minute may begin between two questions; it does not begin between three.
    let mut answers = Vec::new();
    for _ in 0..3 {
        answers.push(alice.ask(&path, "Show me my orders").await);
    }
    let refused = answers
        .iter()
        .find(|answer| answer.status == StatusCode::TOO_MANY_REQUESTS)
        .unwrap();
    assert!(
        refused.headers.contains_key("retry-after")
            && refused.text.contains("1 questions in one minute"),
        "{refused:?}"
    );
    let mut bob = stage.signed_in("bob").await;
    let path = bob.new_conversation().await;
    assert_eq!(
        bob.ask(&path, "Show me my orders").await.status,
        StatusCode::OK
    );
}

#[tokio::test]
async fn the_tokens_of_a_day_are_counted_whatever_the_conversation() {
    let stage = Stage::with(with("PLAYGROUND_TOKENS_PER_DAY", "1000")).await;
    let mut alice = stage.signed_in("alice").await;
    let path = alice.new_conversation().await;
    stage.bedrock.fail([Fault::Says("Hello.".into())]);
    assert!(alice.ask(&path, "Hello").await.text.contains("1100 tokens"));
    let other = alice.new_conversation().await;
    let refused = alice.ask(&other, "Hello").await;
    assert_eq!(refused.status, StatusCode::TOO_MANY_REQUESTS);
    assert!(
        refused.text.contains("You used the 1000 tokens of today"),
        "{}",
        refused.text
    );
}

#[tokio::test]
async fn tokens_and_cost_of_each_model_are_metrics() {
    let stage = Stage::start().await;
    let mut alice = stage.signed_in("alice").await;
    let path = alice.new_conversation().await;
    stage.bedrock.fail([Fault::Says("Hello.".into())]);
    alice.ask(&path, "Hello").await;
    let log = stage.log.lock().unwrap().clone();
    let line = log
        .iter()
        .find(|line| line.contains("CloudWatchMetrics"))
        .unwrap();
    let line: serde_json::Value = serde_json::from_str(line).unwrap();
    let metrics = &line["_aws"]["CloudWatchMetrics"][0];
    assert_eq!(
        (&metrics["Namespace"], &metrics["Dimensions"]),
        (&"McpLambda".into(), &serde_json::json!([["model"]]))
    );
    assert_eq!(
        (line["InputTokens"].as_u64(), line["OutputTokens"].as_u64()),
        (Some(1000), Some(100))
    );
    let names: Vec<&str> = metrics["Metrics"]
        .as_array()
        .unwrap()
        .iter()
        .map(|metric| metric["Name"].as_str().unwrap())
        .collect();
    assert!(
        names.contains(&"Cost") && names.iter().all(|name| line[name].is_number()),
        "{line}"
    );
}

#[tokio::test]
async fn a_conversation_that_does_not_fit_into_an_item_is_kept_in_several() {
    let stage = Stage::start().await;
    let mut alice = stage.signed_in("alice").await;
    let path = alice.new_conversation().await;
    for number in 0..4 {
        stage
            .bedrock
            .fail([Fault::Says(format!("{number} {}", "ä".repeat(60_000)))]);
        let answer = alice.ask(&path, "More").await;
        assert!(answer.text.contains("The reply is complete"), "{number}");
    }
    assert_eq!(stage.table.sorts("part#").len(), 2, "older parts are gone");
    let json = alice.get(&format!("{path}/export.json")).await.text;
    assert_eq!(json.matches('ä').count(), 240_000);
}
