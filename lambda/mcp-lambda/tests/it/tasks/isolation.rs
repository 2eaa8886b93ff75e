//! What one caller does is not there for another.

use serde_json::{Value, json};

use crate::event_source::modern_event;
use crate::tasks::cloud::{ALICE, Cloud, about, call, task_event};
use crate::tasks::server::runs;

/// Calls that each of two callers makes.
const ROUNDS: usize = 150;

#[tokio::test]
async fn another_callers_task_is_one_that_never_was() {
    let cloud = Cloud::start().await;
    let process = cloud.process().await;
    let task = process
        .create(ALICE, "work", &json!({ "id": "private" }))
        .await;
    for method in ["tasks/get", "tasks/update", "tasks/cancel"] {
        let ask = async |subject: &str, client: &str, task: &str| {
            let mut message = about(method, task);
            message["params"]["inputResponses"] = json!({});
            let mut event = task_event(subject, &message);
            event["requestContext"]["authorizer"]["claims"]["client_id"] = json!(client);
            process.answer(&event).await.json()["error"].clone()
        };
        let unknown = ask(ALICE, "1example23456789", "no-such-task").await;
        assert_eq!(unknown["code"], -32602, "{method}");
        assert_eq!(unknown["message"], "no task has the id \"no-such-task\"");
        for (subject, client) in [
            ("mallory", "1example23456789"),
            (ALICE, "another-app-client"),
        ] {
            let foreign = ask(subject, client, &task).await;
            assert_eq!(
                foreign["code"], -32602,
                "{method} by {subject} with {client}"
            );
            assert_eq!(foreign["message"], format!("no task has the id {task:?}"));
        }
    }
    cloud.deliver_all(&process).await;
    assert_eq!(process.look(&task).await["status"], "completed");
}

#[tokio::test]
async fn needs_the_tools_scopes_to_see_its_task() {
    let cloud = Cloud::start().await;
    let process = cloud.process().await;
    let with_scopes = |message: &Value| {
        let mut event = task_event(ALICE, message);
        let resource = crate::event_source::RESOURCE;
        event["requestContext"]["authorizer"]["claims"]["scope"] =
            json!(format!("{resource}/tools {resource}/admin"));
        event
    };
    let answer = process
        .answer(&with_scopes(&call("administers", &json!({}))))
        .await;
    let task = answer.json()["result"]["taskId"]
        .as_str()
        .unwrap()
        .to_owned();
    cloud.deliver_all(&process).await;
    let allowed = process
        .answer(&with_scopes(&about("tasks/get", &task)))
        .await;
    assert_eq!(allowed.json()["result"]["status"], "completed");
    let refused = process.get(ALICE, &task).await;
    assert_eq!(
        refused["error"]["message"],
        "a task of tool administers needs the scope https://d111.cloudfront.net/mcp/tools https://d111.cloudfront.net/mcp/admin"
    );
}

/// One process serves both callers and does the work of both, in an order that random numbers choose.
#[tokio::test]
async fn nothing_crosses_between_two_callers_on_one_process() {
    let cloud = Cloud::start().await;
    let process = cloud.process().await;
    let callers = ["ada", "bob"];
    let mut tasks: Vec<(usize, String, String)> = Vec::new();
    let mut number = 0_usize;
    let mut random = 20_261_121_u64;
    let mut next = |below: usize| {
        random = random
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(random >> 33).unwrap() % below
    };
    let mut waiting: Vec<Value> = Vec::new();
    let mut looks = 0;
    while number < 2 * ROUNDS || !waiting.is_empty() {
        waiting.extend(cloud.take_events());
        match next(4) {
            0 if number < 2 * ROUNDS => {
                let who = next(2);
                let id = format!("{}-{number}", callers[who]);
                number += 1;
                let task = process
                    .create(callers[who], "work", &json!({ "id": id }))
                    .await;
                tasks.push((who, id, task));
            }
            1 if !waiting.is_empty() => {
                let event = waiting.swap_remove(next(waiting.len()));
                process.deliver(&event).await;
            }
            2 if !tasks.is_empty() => {
                let (who, id, task) = &tasks[next(tasks.len())];
                looks += 1;
                let own = process.get(callers[*who], task).await;
                if own["result"]["status"] == "completed" {
                    let text = format!("{} has {id}", callers[*who]);
                    assert_eq!(own["result"]["result"]["content"][0]["text"], text);
                } else {
                    assert_eq!(own["result"]["status"], "working");
                }
                let foreign = process.get(callers[1 - *who], task).await;
                assert_eq!(foreign["error"]["code"], -32602);
            }
            _ => {
                // A caller without tasks, in between.
                let answer = process
                    .answer(&modern_event(&call("work", &json!({ "id": "plain" }))))
                    .await;
                assert_eq!(
                    answer.tool_text(),
                    "5d2f0a64-9051-70a2-a7b1-0c6f7f3f0001 has plain"
                );
            }
        }
    }
    assert!(looks > ROUNDS / 2, "there was something to see");
    for (who, id, task) in &tasks {
        let done = process.get(callers[*who], task).await;
        let text = format!("{} has {id}", callers[*who]);
        assert_eq!(done["result"]["result"]["content"][0]["text"], text);
        assert_eq!(runs(id), 1, "{id}");
    }
}
