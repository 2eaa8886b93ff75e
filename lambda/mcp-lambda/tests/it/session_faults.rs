//! What a conversation's value goes through: other callers on the same process, other processes, and a table that fails.

use std::time::Duration;

use serde_json::{Value, json};

use crate::dynamodb::Table;
use crate::event_source::modern_event;
use crate::sessions::{ADA, by, call, legacy, modern, process, session_id, text};
use crate::wire::HttpAnswer;

#[tokio::test]
async fn two_callers_on_one_warm_process_never_meet() {
    let table = Table::start().await;
    let function = process(&table).await;
    let mut handles = [Value::Null, Value::Null];
    let mut measured = [const { Vec::new() }; 2];
    let sessions = [
        session_id(&function, "ada").await,
        session_id(&function, "bob").await,
    ];
    // Three calls of each of the two in every round.
    for round in 1..=300 {
        for (index, subject) in ["ada", "bob"].into_iter().enumerate() {
            let expected = format!("{round} for {subject}");
            let arguments = json!({ "conversation": handles[index] });
            let counted = modern(&function, subject, "count", arguments).await;
            assert_eq!(text(&counted), expected);
            if let Some(line) = counted["content"][1]["text"].as_str() {
                handles[index] = json!(line.split('"').nth(1).unwrap());
            }
            let counted = legacy(&function, subject, &sessions[index], "count", json!({})).await;
            assert_eq!(text(&counted.json()["result"]), expected);

            let measure = modern(&function, subject, "measure", json!({ "what": round / 5 })).await;
            assert!(
                text(&measure).ends_with(&format!("for {subject}")),
                "{measure}"
            );
            measured[index].push(text(&measure).to_owned());
        }
        let stranger = ["bob", "ada"][round % 2];
        let stolen = modern(
            &function,
            stranger,
            "count",
            json!({ "conversation": handles[round % 2] }),
        )
        .await;
        assert!(
            text(&stolen).starts_with("the conversation is not known"),
            "{stolen}"
        );
    }
    for results in &mut measured {
        results.dedup();
        assert_eq!(results.len(), 61, "one run for each argument");
    }
    let kept = table.keys();
    assert_eq!(
        kept.len(),
        4 + 2 * 61,
        "conversations and results lie apart"
    );
    assert!(
        kept.iter()
            .all(|key| !key.contains("ada") && !key.contains("bob"))
    );
}

#[tokio::test]
async fn a_change_counts_once_when_its_answer_is_lost_or_the_table_is_busy() {
    let table = Table::start().await;
    let function = process(&table).await;
    let counted = modern(&function, ADA, "count", json!({})).await;
    let handle = counted["content"][1]["text"]
        .as_str()
        .unwrap()
        .split('"')
        .nth(1)
        .unwrap();
    let arguments = json!({ "conversation": handle });
    table.lose_answers(2);
    assert_eq!(
        text(&modern(&function, ADA, "count", arguments.clone()).await),
        "2 for ada"
    );
    table.throttle(6);
    assert_eq!(
        text(&modern(&function, ADA, "count", arguments.clone()).await),
        "3 for ada"
    );

    // Eight processes change one conversation at one moment.
    let mut processes = Vec::new();
    for _ in 0..8 {
        processes.push(process(&table).await);
    }
    let calls = processes
        .iter()
        .map(|process| modern(process, ADA, "count", arguments.clone()));
    let mut counts: Vec<String> = futures_util::future::join_all(calls)
        .await
        .iter()
        .map(|result| text(result).to_owned())
        .collect();
    counts.sort_by_key(String::len);
    counts.sort_by_key(|count| count.split(' ').next().unwrap().parse::<u64>().unwrap());
    let expected: Vec<String> = (4..12).map(|count| format!("{count} for ada")).collect();
    assert_eq!(counts, expected);
}

#[tokio::test]
async fn a_table_that_refuses_is_slow_or_down_is_a_clear_tool_error_inside_the_deadline() {
    let timeout = Duration::from_millis(1500);
    for (fault, told) in [
        (
            "AccessDeniedException",
            "the server is not allowed to use its state table (AccessDenied: dynamodb:PutItem)",
        ),
        (
            "ThrottlingException",
            "the server's state table is busy, try again in a moment (throttled)",
        ),
        (
            "ResourceNotFoundException",
            "the server's state table does not exist (ResourceNotFound)",
        ),
        (
            "InternalServerError",
            "the server's state table failed, try again in a moment; the change may have been made, look before trying again",
        ),
        (
            "hangs",
            "the server's state table did not answer in time; the change may have been made, look before trying again",
        ),
    ] {
        let table = Table::start().await;
        let function = process(&table).await;
        match fault {
            "hangs" => table.hang(),
            code => table.refuse(code),
        }
        // A first change has nothing to read.
        let event = by(ADA, modern_event(&call("note", json!({ "note": "milk" }))));
        let answer = function.invoke(&event, timeout).await;
        assert!(!answer.is_error, "the invocation succeeds");
        let answer = HttpAnswer::from_stream(&answer.all().await);
        let result = &answer.json()["result"];
        assert_eq!(
            (answer.status, &result["isError"]),
            (200, &json!(true)),
            "{fault}"
        );
        assert_eq!(text(result), told, "{fault}");
    }
}
