//! Two people at the same time: nothing of one is ever shown to the other.

use reqwest::StatusCode;

use crate::support::{Browser, Fault, Stage};

const ROUNDS: usize = 500;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_people_interleaved_see_their_own_alone() {
    let stage = Stage::with(crate::support::Options {
        variables: vec![
            ("PLAYGROUND_TURNS_PER_MINUTE", "10000".into()),
            ("PLAYGROUND_TOKENS_PER_DAY", "1000000000".into()),
        ],
        ..Default::default()
    })
    .await;
    let (mut alice, mut bob) = tokio::join!(stage.signed_in("alice"), stage.signed_in("bob"));
    tokio::join!(
        rounds(&mut alice, "alice", "bob"),
        rounds(&mut bob, "bob", "alice")
    );
}

/// Each round is a question, whose tool says who calls it, and a page.
async fn rounds(browser: &mut Browser, own: &str, other: &str) {
    let own = format!("&#34;person&#34;: &#34;{own}&#34;");
    let other = format!("&#34;person&#34;: &#34;{other}&#34;");
    let mut path = browser.new_conversation().await;
    for round in 0..ROUNDS {
        if round % 10 == 9 {
            path = browser.new_conversation().await;
        }
        let answer = browser.ask(&path, "Show me my orders").await;
        let page = browser.get("/").await.text;
        assert!(
            !answer.text.contains(&other) && !page.contains(&other),
            "round {round}"
        );
        assert!(answer.text.contains(&own), "round {round}: {}", answer.text);
    }
}

#[tokio::test]
async fn the_conversation_of_another_person_is_no_conversation() {
    let stage = Stage::start().await;
    let mut alice = stage.signed_in("alice").await;
    let path = alice.new_conversation().await;
    stage
        .bedrock
        .fail([Fault::Says("The code is 4711.".into())]);
    alice.ask(&path, "Hello").await;
    let mut bob = stage.signed_in("bob").await;
    for address in [
        path.clone(),
        format!("{path}/now"),
        format!("{path}/export.md"),
        format!("{path}/export.json"),
    ] {
        let answer = bob.get(&address).await;
        assert_eq!(answer.status, StatusCode::NOT_FOUND, "{address}");
        assert!(!answer.text.contains("4711"));
    }
    let act = format!("{path}/act");
    assert_eq!(
        bob.act(&act, &[("act", "retry")]).await.status,
        StatusCode::NOT_FOUND
    );
    bob.post(&format!("{path}/rename"), &[("name", "Mine")])
        .await;
    bob.post(&format!("{path}/delete"), &[]).await;
    bob.act(&format!("{path}/stop"), &[]).await;
    // A question under its name is a conversation of his own.
    bob.ask(&path, "Show me my orders").await;
    let page = alice.get(&path).await.text;
    assert!(
        page.contains("4711") && !page.contains("Mine") && !page.contains("list-orders"),
        "{page}"
    );
    let mut nobody = stage.browser();
    assert!(!nobody.get(&path).await.text.contains("4711"));
}
