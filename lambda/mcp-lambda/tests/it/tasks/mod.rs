//! Tools that run as tasks: the call at one process of the function, the work at another.

pub(crate) mod cloud;
mod faults;
mod isolation;
pub(crate) mod server;

use std::time::Duration;

use serde_json::{Value, json};

use crate::event_source::{data, modern_event};
use crate::issuer::Issuer;
use crate::plain_http::PlainServer;
use crate::plain_http::send;
use cloud::{ALICE, Cloud, about, call, task_event};
use server::{REPORT_SEEN, RESTING, WOKEN, runs};

fn id(id: &str) -> Value {
    json!({ "id": id })
}

#[tokio::test]
async fn goes_on_at_another_process_after_the_call_is_answered() {
    let cloud = Cloud::start().await;
    let (first, second, third) = (
        cloud.process().await,
        cloud.process().await,
        cloud.process().await,
    );
    let answer = first.send(ALICE, &call("work", &id("elsewhere"))).await;
    let task = &answer["result"];
    assert_eq!(task["resultType"], "task");
    assert_eq!(task["status"], "working");
    assert_eq!(task["ttlMs"], 3_600_000);
    let task = task["taskId"].as_str().unwrap();
    assert_eq!(runs("elsewhere"), 0, "the answer did not wait for the work");
    assert_eq!(third.look(task).await["status"], "working");

    cloud.deliver_all(&second).await;
    let done = third.look(task).await;
    assert_eq!(done["status"], "completed");
    assert_eq!(done["resultType"], "complete");
    assert_eq!(done["result"]["content"][0]["text"], "alice has elsewhere");
    assert_eq!(runs("elsewhere"), 1);
}

#[tokio::test]
async fn offers_tasks_to_clients_that_know_them_and_runs_in_the_request_for_others() {
    let cloud = Cloud::start().await;
    let process = cloud.process().await;
    let discovered = process
        .answer(&modern_event(&data("discover-2026-07-28.json")))
        .await;
    let extensions = &discovered.json()["result"]["capabilities"]["extensions"];
    assert_eq!(extensions["io.modelcontextprotocol/tasks"], json!({}));

    let stranger = process
        .answer(&modern_event(&call("work", &id("at-once"))))
        .await;
    assert_eq!(
        stranger.tool_text(),
        "5d2f0a64-9051-70a2-a7b1-0c6f7f3f0001 has at-once"
    );
    let refused = process
        .answer(&modern_event(&call("only", &json!({}))))
        .await;
    assert_eq!(refused.json()["error"]["code"], -32021);
    let older = process
        .function
        .call_legacy(&call("work", &id("older")))
        .await;
    assert_eq!(runs("older"), 1, "{:?}", older.json());
    for method in ["tasks/get", "tasks/update", "tasks/cancel"] {
        let mut message = about(method, "any");
        message["params"]["inputResponses"] = json!({});
        let mut event = modern_event(&message);
        crate::event_source::set_header(&mut event, "Mcp-Name", "any");
        let answer = process.answer(&event).await;
        assert_eq!(answer.json()["error"]["code"], -32021, "{method}");
    }
    assert!(cloud.take_events().is_empty());
}

#[test]
fn says_in_its_contract_what_tasks_need() {
    let contract = json!(server::definition().contract().unwrap());
    assert_eq!(
        contract["contractVersion"], 2,
        "older constructs would not permit it to invoke itself"
    );
    let expected = json!({ "maximumEventAgeSeconds": 300, "retryAttempts": 2 });
    assert_eq!(contract["selfInvocation"], expected);
    assert_eq!(contract["resources"][0]["setting"], "MCP_STATE_TABLE");
    let settings = contract["settings"].as_array().unwrap();
    let is_needed = |name| {
        settings
            .iter()
            .any(|setting| setting["name"] == name && setting["required"] == true)
    };
    assert!(is_needed("MCP_STATE_TABLE") && is_needed("MCP_STATE_KEYS"));
    let actions = &contract["tools"][0]["awsActions"];
    let expected =
        json!([{ "actions": ["dynamodb:GetItem", "dynamodb:PutItem"], "resource": "state" }]);
    assert_eq!(*actions, expected);
    let other = json!(crate::server::definition().contract().unwrap());
    assert_eq!(other["contractVersion"], 1);
    assert!(other.get("selfInvocation").is_none());
}

#[tokio::test]
async fn asks_the_client_through_the_task_and_goes_on_when_all_is_answered() {
    let cloud = Cloud::start().await;
    let (first, second) = (cloud.process().await, cloud.process().await);
    let task = first.create(ALICE, "asks", &id("questions")).await;
    cloud.deliver_all(&second).await;
    let asking = first.look(&task).await;
    assert_eq!(asking["status"], "input_required");
    assert_eq!(
        asking["inputRequests"]["name"]["method"],
        "elicitation/create"
    );
    assert!(asking["inputRequests"]["reason"].is_object());
    assert!(asking.get("requestState").is_none());

    let named =
        |key: &str, name: &str| json!({ key: { "action": "accept", "content": { "name": name } } });
    let acknowledged = second.update(&task, &named("name", "Ada")).await;
    assert_eq!(acknowledged["result"], json!({ "resultType": "complete" }));
    second.update(&task, &named("name", "Eve")).await;
    second.update(&task, &named("unasked", "Eve")).await;
    let asking = first.look(&task).await;
    assert_eq!(asking["status"], "input_required");
    assert_eq!(asking["inputRequests"].as_object().unwrap().len(), 1);
    assert!(cloud.take_events().is_empty(), "one answer is missing");

    second.update(&task, &named("reason", "none")).await;
    assert_eq!(first.look(&task).await["status"], "working");
    cloud.deliver_all(&second).await;
    // The tool asks under the same key, which the client must not see a second time.
    let asking = first.look(&task).await;
    assert!(asking["inputRequests"]["name-2"].is_object(), "{asking}");
    second.update(&task, &named("name", "late")).await;
    second.update(&task, &named("name-2", "Grace")).await;
    cloud.deliver_all(&first).await;
    let done = second.look(&task).await;
    assert_eq!(done["result"]["content"][0]["text"], "Ada and Grace");
    assert_eq!(runs("questions"), 3);
}

#[tokio::test]
async fn works_once_on_what_is_delivered_twice() {
    let cloud = Cloud::start().await;
    let (first, second, third) = (
        cloud.process().await,
        cloud.process().await,
        cloud.process().await,
    );
    let task = first.create(ALICE, "work", &id("twice")).await;
    let event = cloud.take_events().remove(0);
    tokio::join!(second.deliver(&event), third.deliver(&event));
    first.deliver(&event).await;
    assert_eq!(runs("twice"), 1);
    assert_eq!(first.look(&task).await["status"], "completed");
    assert!(cloud.take_events().is_empty());
}

#[tokio::test]
async fn cancelled_work_stops_at_its_next_await() {
    let cloud = Cloud::start().await;
    let (first, second) = (cloud.process().await, cloud.process().await);
    let task = first.create(ALICE, "rests", &json!({})).await;
    let event = cloud.take_events().remove(0);
    let cancelled = async {
        RESTING.acquire().await.unwrap().forget();
        let answer = first.send(ALICE, &about("tasks/cancel", &task)).await;
        assert_eq!(answer["result"], json!({ "resultType": "complete" }));
        assert_eq!(first.look(&task).await["status"], "cancelled");
    };
    // The tool would rest for ten minutes, and its invocation lasts one.
    let worked = tokio::time::timeout(Duration::from_secs(45), second.deliver(&event));
    let (worked, ()) = tokio::join!(worked, cancelled);
    worked.expect("the worker is free again");
    assert!(WOKEN.load(std::sync::atomic::Ordering::SeqCst));
    assert_eq!(first.look(&task).await["status"], "cancelled");

    // What has not begun never does, and what is over stays as it is.
    let task = first.create(ALICE, "work", &id("unwanted")).await;
    first.send(ALICE, &about("tasks/cancel", &task)).await;
    cloud.deliver_all(&second).await;
    assert_eq!(runs("unwanted"), 0);
    let task = first.create(ALICE, "work", &id("wanted")).await;
    cloud.deliver_all(&second).await;
    let answer = first.send(ALICE, &about("tasks/cancel", &task)).await;
    assert_eq!(answer["result"], json!({ "resultType": "complete" }));
    assert_eq!(first.look(&task).await["status"], "completed");
}

#[tokio::test]
async fn shows_progress_as_the_status_message() {
    let cloud = Cloud::start().await;
    let (first, second) = (cloud.process().await, cloud.process().await);
    let task = first.create(ALICE, "reports", &json!({})).await;
    let event = cloud.take_events().remove(0);
    let seen = async {
        loop {
            let working = first.look(&task).await;
            assert_eq!(working["status"], "working");
            if working["statusMessage"] == "fetching (1 of 2)" {
                REPORT_SEEN.add_permits(1);
                return;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::join!(second.deliver(&event), seen);
    let done = first.look(&task).await;
    assert_eq!(done["status"], "completed");
    assert!(done.get("statusMessage").is_none());
}

#[tokio::test]
async fn tells_a_failed_task_from_a_tool_that_reports_an_error() {
    let cloud = Cloud::start().await;
    let process = cloud.process().await;
    let mut tasks = Vec::new();
    for tool in ["errs", "panics", "large"] {
        tasks.push(process.create(ALICE, tool, &json!({})).await);
    }
    cloud.deliver_all(&process).await;
    let errs = process.look(&tasks[0]).await;
    assert_eq!(errs["status"], "failed");
    assert_eq!(
        errs["error"],
        json!({ "code": -32602, "message": "no such dog" })
    );
    assert_eq!(errs["statusMessage"], "no such dog");
    let panics = process.look(&tasks[1]).await;
    assert_eq!(panics["status"], "completed");
    assert_eq!(panics["result"]["isError"], true);
    let large = process.look(&tasks[2]).await;
    assert_eq!(large["status"], "failed");
    assert_eq!(
        large["error"]["message"],
        "the tool's result could not be kept: the message is larger than the 358400 bytes that the server's state table takes"
    );
}

#[tokio::test]
async fn a_tool_that_only_asks_to_run_again_is_stopped() {
    let cloud = Cloud::start().await;
    let process = cloud.process().await;
    let task = process.create(ALICE, "circles", &json!({})).await;
    cloud.deliver_all(&process).await;
    let failed = process.look(&task).await;
    assert_eq!(failed["status"], "failed");
    assert_eq!(
        failed["error"]["message"],
        "the tool asked for nothing 16 times in a row"
    );
    assert_eq!(runs("circles"), 17);
}

#[tokio::test]
async fn a_tool_can_refuse_its_arguments_before_there_is_a_task() {
    let cloud = Cloud::start().await;
    let process = cloud.process().await;
    let refused = process.send(ALICE, &call("begins", &id(""))).await;
    assert_eq!(refused["error"]["message"], "the id is empty");
    assert!(cloud.take_events().is_empty());
    let task = process.create(ALICE, "begins", &id("begun")).await;
    assert_eq!(runs("begun"), 0);
    cloud.deliver_all(&process).await;
    assert_eq!(
        process.look(&task).await["result"]["content"][0]["text"],
        "begun"
    );
    assert_eq!(runs("begun"), 1);
    let other = process
        .answer(&modern_event(&call("begins", &id("direct"))))
        .await;
    assert_eq!(other.tool_text(), "begun");
}

#[tokio::test]
async fn runs_in_the_request_what_is_too_large_for_a_task() {
    let cloud = Cloud::start().await;
    let process = cloud.process().await;
    let large = "x".repeat(400 * 1024);
    let answer = process.send(ALICE, &call("work", &id(&large))).await;
    assert_eq!(
        answer["result"]["isError"], false,
        "it is the tool's own answer"
    );
    assert_eq!(runs(&large), 1);
    assert!(cloud.take_events().is_empty());
}

#[tokio::test]
async fn does_not_work_on_what_it_has_not_sealed() {
    let cloud = Cloud::start().await;
    let process = cloud.process().await;
    let task = process.create(ALICE, "work", &id("genuine")).await;
    let genuine = cloud.take_events().remove(0);
    let sealed = genuine["mcpLambdaWork"].as_str().unwrap();
    let middle = sealed.len() / 2;
    let flipped = if &sealed[middle..=middle] == "A" {
        "B"
    } else {
        "A"
    };
    let altered = format!("{}{flipped}{}", &sealed[..middle], &sealed[middle + 1..]);
    for forged in [&altered, "k1.AAAA", ""] {
        process.deliver(&json!({ "mcpLambdaWork": forged })).await;
    }
    // Through the gateway it is a message like any other.
    let mut event = task_event(ALICE, &call("work", &id("x")));
    event["body"] = json!(genuine.to_string());
    assert_eq!(process.answer(&event).await.status, 400);
    assert_eq!(runs("genuine"), 0);
    assert!(!sealed.contains(ALICE) && !cloud.everything().contains(ALICE));
    process.deliver(&genuine).await;
    assert_eq!(process.look(&task).await["status"], "completed");
}

#[tokio::test]
async fn says_why_the_work_cannot_go_on_and_does_not_begin_it_later() {
    let cloud = Cloud::start().await;
    let process = cloud.process().await;
    for (status, reason) in [
        (
            403,
            "the server is not allowed to continue its work (AccessDenied: lambda:InvokeFunction)",
        ),
        (
            429,
            "the server has too much work to take on more, try again in a moment (throttled)",
        ),
        (
            500,
            "the server cannot continue its work: Lambda answered with status 500",
        ),
    ] {
        cloud.refuse_invocations(Some(status));
        let answer = process.send(ALICE, &call("work", &id("refused"))).await;
        assert_eq!(answer["error"]["code"], -32603);
        assert_eq!(answer["error"]["message"], reason);
    }
    cloud.refuse_invocations(None);
    cloud.deliver_all(&process).await;
    assert_eq!(runs("refused"), 0);
}

#[tokio::test]
async fn works_in_the_process_without_lambda() {
    let issuer = Issuer::start().await;
    let server = PlainServer::start_server(&issuer, server::definition).await;
    let token = issuer.token(&server.claims());
    let post = async |message: &Value| {
        let event = task_event(ALICE, message);
        let mut request =
            http::Request::post(&server.url).header("Authorization", format!("Bearer {token}"));
        for (name, value) in event["headers"].as_object().unwrap() {
            if name.to_lowercase().starts_with("mcp-") || name == "Accept" || name == "Content-Type"
            {
                request = request.header(name, value.as_str().unwrap());
            }
        }
        let body = http_body_util::Full::from(event["body"].as_str().unwrap().to_owned());
        let answer = send(request.body(body).unwrap()).await;
        answer.json()
    };
    let answer = post(&call("work", &id("here"))).await;
    let task = answer["result"]["taskId"]
        .as_str()
        .expect("a task")
        .to_owned();
    loop {
        let looked = post(&about("tasks/get", &task)).await;
        match looked["result"]["status"].as_str().unwrap() {
            "working" => tokio::time::sleep(Duration::from_millis(5)).await,
            status => {
                assert_eq!(status, "completed");
                assert_eq!(
                    looked["result"]["result"]["content"][0]["text"],
                    "user-1 has here"
                );
                return;
            }
        }
    }
}
