//! The process dies at every request that it makes to AWS: before it has been sent, and before its answer has come.

use serde_json::json;

use crate::tasks::cloud::{
    ALICE, Cloud, Death, a_while_ahead, after_the_time_to_live, half_a_minute_ahead,
};
use crate::tasks::server::runs;

fn every_death(requests: usize) -> impl Iterator<Item = Death> {
    assert!(requests > 1, "the process talks to AWS");
    (1..=requests).flat_map(|at_request| {
        [false, true].map(|is_sent| Death {
            at_request,
            is_sent,
        })
    })
}

fn answers(name: &str) -> serde_json::Value {
    let answer = json!({ "action": "accept", "content": { "name": name } });
    json!({ "name": answer, "reason": answer, "name-2": answer })
}

#[tokio::test]
async fn a_call_whose_process_dies_is_not_worked_on_twice() {
    let cloud = Cloud::start().await;
    let process = cloud.process().await;
    process
        .create(ALICE, "work", &json!({ "id": "lives" }))
        .await;
    let requests = cloud.requests(&process);
    let mut worked = 0;
    for (number, death) in every_death(requests).enumerate() {
        let id = format!("dies-{number}");
        let cloud = Cloud::start().await;
        let doomed = cloud.doomed(death).await;
        cloud
            .until_death(async {
                doomed.create(ALICE, "work", &json!({ "id": id })).await;
            })
            .await;
        let other = cloud.process().await;
        cloud.deliver_all(&other).await;
        assert!(runs(&id) <= 1, "{death:?}");
        worked += runs(&id);
    }
    assert_eq!(worked, 1, "only the very last request starts the work");
}

#[tokio::test]
async fn a_worker_that_dies_leaves_the_task_done_or_failed_with_a_reason() {
    let cloud = Cloud::start().await;
    let (first, worker) = (cloud.process().await, cloud.process().await);
    first
        .create(ALICE, "work", &json!({ "id": "worker-lives" }))
        .await;
    cloud.deliver_all(&worker).await;
    let requests = cloud.requests(&worker);
    let (mut done, mut failed) = (0, 0);
    for (number, death) in every_death(requests).enumerate() {
        let id = format!("worker-dies-{number}");
        let cloud = Cloud::start().await;
        let first = cloud.process().await;
        let task = first.create(ALICE, "work", &json!({ "id": id })).await;
        let event = cloud.take_events().remove(0);
        let doomed = cloud.doomed(death).await;
        cloud.until_death(doomed.deliver(&event)).await;
        // Lambda delivers an event again whose invocation has failed.
        first.deliver(&event).await;
        assert!(runs(&id) <= 1, "{death:?}");

        let later = cloud.process_at(a_while_ahead).await;
        let seen = later.look(&task).await;
        if seen["status"] == "completed" {
            assert_eq!(
                seen["result"]["content"][0]["text"],
                format!("alice has {id}")
            );
            assert_eq!(runs(&id), 1, "{death:?}");
            done += 1;
        } else {
            assert_eq!(seen["status"], "failed", "{death:?}");
            assert_eq!(
                seen["error"]["message"],
                "the work ended without a result: its worker died, or ran out of time"
            );
            failed += 1;
        }
        assert_eq!(first.look(&task).await, seen, "it stays that way");
    }
    assert!(done >= 2 && failed >= 2, "{done} done, {failed} failed");
}

#[tokio::test]
async fn answers_whose_process_dies_are_not_lost() {
    let cloud = Cloud::start().await;
    let process = cloud.process().await;
    let task = process
        .create(ALICE, "asks", &json!({ "id": "answer-lives" }))
        .await;
    cloud.deliver_all(&process).await;
    let before = cloud.requests(&process);
    process.update(&task, &answers("Ada")).await;
    let requests = cloud.requests(&process) - before;
    for (number, death) in every_death(requests).enumerate() {
        let id = format!("answer-dies-{number}");
        let cloud = Cloud::start().await;
        let first = cloud.process().await;
        let task = first.create(ALICE, "asks", &json!({ "id": id })).await;
        cloud.deliver_all(&first).await;
        let doomed = cloud.doomed(death).await;
        cloud
            .until_death(async {
                doomed.update(&task, &answers("Ada")).await;
            })
            .await;
        // The client, which has heard nothing, sends its answers again.
        first.update(&task, &answers("Eve")).await;
        cloud.deliver_all(&first).await;
        if first.look(&task).await["status"] == "working" {
            // The answers were kept and the work was not sent: a later look sends it.
            let later = cloud.process_at(half_a_minute_ahead).await;
            assert_eq!(later.look(&task).await["status"], "working");
            cloud.deliver_all(&first).await;
        }
        let asking = first.look(&task).await;
        assert!(
            asking["inputRequests"]["name-2"].is_object(),
            "{death:?}: {asking}"
        );
        assert_eq!(runs(&id), 2, "{death:?}");
    }
}

#[tokio::test]
async fn work_that_never_begins_fails_and_cannot_begin_later() {
    let cloud = Cloud::start().await;
    let process = cloud.process().await;
    let task = process
        .create(ALICE, "work", &json!({ "id": "never" }))
        .await;
    let event = cloud.take_events().remove(0);
    let later = cloud.process_at(a_while_ahead).await;
    let failed = later.look(&task).await;
    assert_eq!(failed["status"], "failed");
    assert_eq!(
        failed["error"]["message"],
        "the work did not begin within 5 minutes"
    );
    process.deliver(&event).await;
    assert_eq!(runs("never"), 0);
    assert_eq!(process.look(&task).await["status"], "failed");
}

#[tokio::test]
async fn a_task_is_gone_after_its_time_to_live() {
    let cloud = Cloud::start().await;
    let process = cloud.process().await;
    let task = process
        .create(ALICE, "work", &json!({ "id": "kept" }))
        .await;
    cloud.deliver_all(&process).await;
    let later = cloud.process_at(a_while_ahead).await;
    assert_eq!(later.look(&task).await["status"], "completed");
    let late = cloud.process_at(after_the_time_to_live).await;
    assert_eq!(late.get(ALICE, &task).await["error"]["code"], -32602);
}
