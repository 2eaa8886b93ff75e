use std::sync::atomic::Ordering;
use std::time::Duration;

use mcp_lambda_agent::agent::{Agent, Approval, Pause, Settings};
use mcp_lambda_agent::bedrock::BedrockModel;
use mcp_lambda_agent::conversation::{
    BlockedBy, CallId, Conversation, End, Next, NonBlank, Prompt, Stop, ToolCall,
};
use mcp_lambda_agent::limits::Limits;
use mcp_lambda_agent::local::{LocalModel, Source};
use mcp_lambda_agent::mcp::McpTools;
use mcp_lambda_agent::model::ModelError;
use mcp_lambda_agent::tools::Tools;
use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;

use crate::support::{Bedrock, Fault, Screen, ShopServer};

const ORDER: &str = "Order 2 of p002";

/// A model and a shop without a fault, and what the person sees.
async fn world() -> (Bedrock, ShopServer, Screen) {
    (
        Bedrock::start().await,
        ShopServer::start().await,
        Screen::default(),
    )
}

fn settings(approval: Approval) -> Settings {
    Settings {
        approval,
        limits: Limits {
            first_wait: Duration::from_millis(1),
            ..Limits::default()
        },
        ..Settings::default()
    }
}

fn agent(bedrock: &Bedrock, tools: McpTools, approval: Approval) -> Agent<BedrockModel, McpTools> {
    Agent::new(bedrock.model(), tools, settings(approval))
}

fn asked(text: &str) -> Conversation {
    let mut conversation = Conversation::new();
    conversation.ask(Prompt::new(text).unwrap()).unwrap();
    conversation
}

fn ids(calls: Vec<&ToolCall>) -> Vec<CallId> {
    calls.into_iter().map(|call| call.id.clone()).collect()
}

fn waiting(conversation: &Conversation) -> Vec<CallId> {
    match conversation.next() {
        Next::AskApproval(calls) | Next::Interrupted(calls) | Next::RunTools(calls) => ids(calls),
        Next::WaitForUser | Next::CallModel => Vec::new(),
    }
}

fn reply(conversation: &Conversation) -> String {
    let end = &conversation.turns().last().unwrap().end;
    if let End::Replied { text, .. } = end {
        return text.as_str().to_owned();
    }
    format!("{end:?}")
}

async fn advance<M, T>(
    agent: &Agent<M, T>,
    conversation: &mut Conversation,
    screen: &Screen,
) -> Pause
where
    M: mcp_lambda_agent::model::Model,
    T: Tools,
{
    let cancel = CancellationToken::new();
    let mut host = screen.clone();
    let advance = agent.advance(conversation, &mut host, &cancel);
    let patience = Duration::from_secs(300);
    tokio::time::timeout(patience, advance)
        .await
        .unwrap()
        .unwrap()
}

#[tokio::test]
async fn the_five_sentences_run_end_to_end_over_bedrock_and_mcp() {
    let (bedrock, shop, screen) = world().await;
    let agent = agent(&bedrock, shop.tools(), Approval::Writes);
    let mut conversation = Conversation::new();
    for (text, expected) in [
        ("Show me products in electronics", "Headphones"),
        ("Give me the details of p001", "Smartphone X, 799.99"),
        ("Show me everything under $200", "149.99"),
        (ORDER, "ord-1"),
        ("What is the status of my orders?", "placed"),
    ] {
        conversation.ask(Prompt::new(text).unwrap()).unwrap();
        let mut pause = advance(&agent, &mut conversation, &screen).await;
        if text == ORDER {
            assert_eq!(pause, Pause::Approval);
            for id in waiting(&conversation) {
                conversation.approve(&id).unwrap();
            }
            pause = advance(&agent, &mut conversation, &screen).await;
        }
        assert_eq!(pause, Pause::TurnOver);
        assert!(
            reply(&conversation).contains(expected),
            "{text}: {}",
            reply(&conversation)
        );
    }
    let called = shop.shop.called();
    assert_eq!(
        called,
        [
            "search-products",
            "get-product",
            "search-products",
            "create-order",
            "list-orders"
        ]
    );
}

#[tokio::test]
async fn all_results_of_a_turn_go_back_in_one_message() {
    let (bedrock, shop, screen) = world().await;
    let agent = agent(&bedrock, shop.tools(), Approval::Never);
    let mut conversation = asked("Give me the details of p001 and order 1 of p002.");
    assert_eq!(
        advance(&agent, &mut conversation, &screen).await,
        Pause::TurnOver
    );
    let last = bedrock.requests().pop().unwrap();
    let results = last["messages"][2]["content"].as_array().unwrap();
    assert_eq!(results.len(), 2, "{last}");
    assert!(
        results
            .iter()
            .all(|block| block.get("toolResult").is_some()),
        "{last}"
    );
}

#[tokio::test]
async fn a_throttled_model_is_asked_again() {
    let (bedrock, shop, screen) = world().await;
    let agent = agent(&bedrock, shop.tools(), Approval::Never);
    bedrock.fail([Fault::Throttled, Fault::Throttled]);
    let mut conversation = asked("Show me products in electronics");
    assert_eq!(
        advance(&agent, &mut conversation, &screen).await,
        Pause::TurnOver
    );
    assert_eq!(
        screen
            .text()
            .matches("<retry the model is throttled")
            .count(),
        2,
        "{}",
        screen.text()
    );
    assert_eq!(shop.shop.called(), ["search-products"]);
}

#[tokio::test]
async fn a_model_that_stays_throttled_fails_and_the_same_question_can_go_on() {
    let (bedrock, shop, screen) = world().await;
    let agent = agent(&bedrock, shop.tools(), Approval::Never);
    bedrock.fail((0..6).map(|_| Fault::Throttled));
    let mut conversation = asked("Show me products in electronics");
    let pause = advance(&agent, &mut conversation, &screen).await;
    assert_eq!(
        pause,
        Pause::Failed(ModelError::Throttled("Too many requests".into()))
    );
    assert_eq!(
        advance(&agent, &mut conversation, &screen).await,
        Pause::TurnOver
    );
    assert_eq!(shop.shop.called(), ["search-products"]);
}

#[tokio::test]
async fn a_stream_that_is_cut_in_the_middle_is_asked_for_again() {
    let (bedrock, shop, screen) = world().await;
    let agent = agent(&bedrock, shop.tools(), Approval::Never);
    // The first message is cut in its words, the second attempt in the middle of the call's arguments.
    bedrock.fail([Fault::CutAfter(2), Fault::CutAfter(5)]);
    let mut conversation = asked(ORDER);
    assert_eq!(
        advance(&agent, &mut conversation, &screen).await,
        Pause::TurnOver
    );
    assert_eq!(
        screen.text().matches("<retry").count(),
        2,
        "{}",
        screen.text()
    );
    assert_eq!(shop.shop.orders.load(Ordering::Relaxed), 1);
}

#[tokio::test]
async fn access_that_is_denied_is_not_retried() {
    let (bedrock, shop, screen) = world().await;
    let agent = agent(&bedrock, shop.tools(), Approval::Never);
    bedrock.fail([Fault::Exception(
        403,
        "AccessDeniedException",
        "You don't have access to the model",
    )]);
    let pause = advance(&agent, &mut asked("hello"), &screen).await;
    let Pause::Failed(error) = pause else {
        panic!("{pause:?}")
    };
    assert!(
        error
            .to_string()
            .contains("request access to the model in the Bedrock console"),
        "{error}"
    );
    assert_eq!(bedrock.requests().len(), 1);
}

#[tokio::test]
async fn a_tool_that_hangs_ends_with_a_result_that_says_it_may_have_run() {
    let (bedrock, shop, screen) = world().await;
    shop.shop.hangs.store(true, Ordering::Relaxed);
    let mut settings = settings(Approval::Never);
    settings.limits.tool_timeout = Duration::from_millis(300);
    let agent = Agent::new(bedrock.model(), shop.tools(), settings);
    let mut conversation = asked(ORDER);
    assert_eq!(
        advance(&agent, &mut conversation, &screen).await,
        Pause::TurnOver
    );
    assert!(
        screen.text().contains("<create-order may have run>"),
        "{}",
        screen.text()
    );
    assert!(
        reply(&conversation).contains("It may have run"),
        "{}",
        reply(&conversation)
    );
    assert_eq!(shop.shop.called(), ["create-order"]);
}

#[tokio::test]
async fn a_failing_tool_is_a_result_that_the_model_reads() {
    let (bedrock, shop, screen) = world().await;
    let agent = agent(&bedrock, shop.tools(), Approval::Never);
    let mut conversation = asked("Give me the details of p999");
    assert_eq!(
        advance(&agent, &mut conversation, &screen).await,
        Pause::TurnOver
    );
    assert!(
        reply(&conversation).contains("`get-product` failed:\nthere is no product p999"),
        "{}",
        reply(&conversation)
    );
}

#[tokio::test]
async fn an_expired_access_token_pauses_for_a_sign_in_and_the_call_is_made_once() {
    let (bedrock, shop, screen) = world().await;
    let tools = shop.tools();
    tools.connect().await;
    let agent_before = agent(&bedrock, tools, Approval::Never);
    let mut conversation = asked(ORDER);
    shop.shop.expired.store(true, Ordering::Relaxed);
    let pause = advance(&agent_before, &mut conversation, &screen).await;
    assert_eq!(
        pause,
        Pause::SignIn {
            server: "shop".into()
        }
    );
    assert_eq!(shop.shop.called(), Vec::<String>::new());

    let signed_in = McpTools::new(vec![shop.connect("shop", "fresh")]);
    let agent_after = agent(&bedrock, signed_in, Approval::Never);
    assert_eq!(
        advance(&agent_after, &mut conversation, &screen).await,
        Pause::TurnOver
    );
    assert_eq!(shop.shop.called(), ["create-order"]);
}

#[tokio::test]
async fn a_call_after_a_restart_waits_for_the_sign_in_that_its_server_wants() {
    let (bedrock, shop, screen) = (
        Bedrock::start().await,
        ShopServer::start().await,
        Screen::default(),
    );
    let before = agent(&bedrock, shop.tools(), Approval::Writes);
    let mut conversation = asked(ORDER);
    advance(&before, &mut conversation, &screen).await;
    for id in waiting(&conversation) {
        conversation.approve(&id).unwrap();
    }
    shop.shop.expired.store(true, Ordering::Relaxed);
    let restarted = agent(&bedrock, shop.tools(), Approval::Writes);
    assert_eq!(
        advance(&restarted, &mut conversation, &screen).await,
        Pause::SignIn {
            server: "shop".into()
        }
    );
    let signed_in = McpTools::new(vec![shop.connect("shop", "fresh")]);
    let after = agent(&bedrock, signed_in, Approval::Writes);
    advance(&after, &mut conversation, &screen).await;
    assert_eq!(shop.shop.called(), ["create-order"]);
}

#[tokio::test]
async fn a_declined_call_is_not_made_and_the_conversation_goes_on() {
    let (bedrock, shop, screen) = world().await;
    let agent = agent(&bedrock, shop.tools(), Approval::Writes);
    let mut conversation = asked(ORDER);
    assert_eq!(
        advance(&agent, &mut conversation, &screen).await,
        Pause::Approval
    );
    for id in waiting(&conversation) {
        conversation.decline(&id, Some("too expensive")).unwrap();
    }
    assert_eq!(
        advance(&agent, &mut conversation, &screen).await,
        Pause::TurnOver
    );
    assert!(
        reply(&conversation).contains("The user declined this call: too expensive"),
        "{}",
        reply(&conversation)
    );
    assert_eq!(shop.shop.orders.load(Ordering::Relaxed), 0);
}

fn text(words: &str) -> (&'static str, Value) {
    (
        "contentBlockDelta",
        json!({ "contentBlockIndex": 0, "delta": { "text": words } }),
    )
}

fn call(name: &str, arguments: &str) -> [(&'static str, Value); 2] {
    let start = json!({ "toolUse": { "toolUseId": "tooluse_1", "name": name } });
    [
        (
            "contentBlockStart",
            json!({ "contentBlockIndex": 1, "start": start }),
        ),
        (
            "contentBlockDelta",
            json!({ "contentBlockIndex": 1, "delta": { "toolUse": { "input": arguments } } }),
        ),
    ]
}

fn stop(reason: &str) -> (&'static str, Value) {
    ("messageStop", json!({ "stopReason": reason }))
}

#[tokio::test]
async fn what_a_guardrail_blocks_does_not_block_the_next_question() {
    let (bedrock, shop, screen) = world().await;
    let agent = agent(&bedrock, shop.tools(), Approval::Never);
    bedrock.fail([Fault::Events(vec![
        text("Sorry, no."),
        stop("guardrail_intervened"),
    ])]);
    let mut conversation = asked("something forbidden");
    assert_eq!(
        advance(&agent, &mut conversation, &screen).await,
        Pause::TurnOver
    );
    let said = NonBlank::new("Sorry, no.");
    assert_eq!(
        conversation.turns()[0].end,
        End::Blocked {
            by: BlockedBy::Guardrail,
            said
        }
    );
    conversation
        .ask(Prompt::new("Show me products in electronics").unwrap())
        .unwrap();
    assert_eq!(
        advance(&agent, &mut conversation, &screen).await,
        Pause::TurnOver
    );
    let sent = bedrock.requests().pop().unwrap().to_string();
    assert!(!sent.contains("forbidden"), "{sent}");
}

#[tokio::test]
async fn calls_that_are_no_sound_calls_are_not_sent() {
    let (bedrock, shop, screen) = world().await;
    let agent = agent(&bedrock, shop.tools(), Approval::Never);
    let order = r#"{"lines":[{"productId":"p002","quantity":2}]}"#;
    for (name, arguments, reason, said) in [
        ("create-order", order, "max_tokens", "limit of tokens"),
        (
            "create-order",
            &order[..20],
            "tool_use",
            "its arguments are no JSON object",
        ),
        (
            "$refund order",
            "{}",
            "tool_use",
            "There is no tool _refund_order.",
        ),
    ] {
        let mut events = vec![text("I order.")];
        events.extend(call(name, arguments));
        events.push(stop(reason));
        bedrock.fail([Fault::Events(events)]);
        let mut conversation = asked(ORDER);
        assert_eq!(
            advance(&agent, &mut conversation, &screen).await,
            Pause::TurnOver
        );
        conversation.ask(Prompt::new("Thanks!").unwrap()).unwrap();
        let sent = serde_json::to_string(&conversation.request()).unwrap();
        assert!(sent.contains(said), "{said}: {sent}");
        assert_eq!(shop.shop.called(), Vec::<String>::new());
    }
}

/// Each state that was saved is resumed by a new process. What was sent before the cut is not sent again unasked.
#[tokio::test]
async fn a_process_that_is_killed_between_any_two_steps_goes_on_and_orders_once() {
    let (bedrock, screen) = (Bedrock::start().await, Screen::default());
    let first = ShopServer::start().await;
    let mut conversation = asked("Give me the details of p001 and order 1 of p002.");
    screen
        .saved
        .lock()
        .unwrap()
        .push(serde_json::to_string(&conversation).unwrap());
    advance(
        &agent(&bedrock, first.tools(), Approval::Never),
        &mut conversation,
        &screen,
    )
    .await;
    let states = screen.saved();
    // The question, the model's calls, their start, two results and the reply.
    assert_eq!(states.len(), 6, "{states:#?}");

    let mut interrupted = 0;
    for state in states {
        let shop = ShopServer::start().await;
        let agent = agent(&bedrock, shop.tools(), Approval::Never);
        let mut resumed: Conversation = serde_json::from_str(&state).unwrap();
        let before = serde_json::to_string(&resumed)
            .unwrap()
            .contains("\"started\"");
        let mut pause = advance(&agent, &mut resumed, &Screen::default()).await;
        if before {
            interrupted += 1;
            assert_eq!(pause, Pause::Interrupted);
            assert_eq!(
                shop.shop.called(),
                Vec::<String>::new(),
                "nothing is sent again unasked"
            );
            for id in waiting(&resumed) {
                resumed.leave(&id).unwrap();
            }
            pause = advance(&agent, &mut resumed, &Screen::default()).await;
            assert!(
                reply(&resumed).contains("It may have run"),
                "{}",
                reply(&resumed)
            );
            assert_eq!(shop.shop.called(), Vec::<String>::new());
        }
        assert_eq!(pause, Pause::TurnOver);
    }
    assert_eq!(
        interrupted, 2,
        "after the start, and after the first result"
    );
}

#[tokio::test]
async fn an_interrupted_call_is_made_again_on_request() {
    let (bedrock, shop, screen) = world().await;
    let agent = agent(&bedrock, shop.tools(), Approval::Writes);
    let mut conversation = asked(ORDER);
    advance(&agent, &mut conversation, &screen).await;
    for id in waiting(&conversation) {
        conversation.approve(&id).unwrap();
        conversation.start(&id).unwrap();
    }
    assert_eq!(
        advance(&agent, &mut conversation, &screen).await,
        Pause::Interrupted
    );
    for id in waiting(&conversation) {
        conversation.rerun(&id).unwrap();
    }
    assert_eq!(
        advance(&agent, &mut conversation, &screen).await,
        Pause::TurnOver
    );
    assert_eq!(shop.shop.orders.load(Ordering::Relaxed), 1);
}

#[tokio::test]
async fn a_cancelled_call_may_have_run_and_the_turn_can_be_continued_or_stopped() {
    let (bedrock, shop, screen) = world().await;
    shop.shop.hangs.store(true, Ordering::Relaxed);
    let agent = agent(&bedrock, shop.tools(), Approval::Never);
    let mut conversation = asked(ORDER);
    let cancel = CancellationToken::new();
    let mut host = screen.clone();
    let (pause, ()) = tokio::join!(
        agent.advance(&mut conversation, &mut host, &cancel),
        async {
            shop.shop.hanging.notified().await;
            cancel.cancel();
        }
    );
    assert_eq!(pause.unwrap(), Pause::Cancelled { said: None });
    assert!(
        screen.text().contains("<create-order may have run>"),
        "{}",
        screen.text()
    );

    let mut stopped = conversation.clone();
    stopped.stop(Stop::Person, NonBlank::new("half")).unwrap();
    assert_eq!(stopped.next(), Next::WaitForUser);
    assert_eq!(
        advance(&agent, &mut conversation, &screen).await,
        Pause::TurnOver
    );
    assert_eq!(shop.shop.called(), ["create-order"]);
}

#[tokio::test]
async fn a_conversation_goes_on_without_its_tools() {
    let (bedrock, shop, screen) = world().await;
    let mut conversation = asked("Show me products in electronics");
    advance(
        &agent(&bedrock, shop.tools(), Approval::Never),
        &mut conversation,
        &screen,
    )
    .await;
    conversation.ask(Prompt::new("Thanks!").unwrap()).unwrap();
    let alone = agent(&bedrock, McpTools::new(vec![]), Approval::Never);
    assert_eq!(
        advance(&alone, &mut conversation, &screen).await,
        Pause::TurnOver
    );
}

#[tokio::test]
async fn a_turn_ends_at_its_limits() {
    let (shop, screen) = (ShopServer::start().await, Screen::default());
    let mut settings = settings(Approval::Never);
    settings.limits.tool_calls = 1;
    let model = LocalModel::new("planner", Source::Planner);
    let agent = Agent::new(model, shop.tools(), settings);
    let mut conversation = asked("Give me the details of p001 and order 1 of p002.");
    assert_eq!(
        advance(&agent, &mut conversation, &screen).await,
        Pause::TurnOver
    );
    assert_eq!(shop.shop.called(), ["get-product"]);
    assert!(
        reply(&conversation).contains("this turn reached its limit of 1 tool calls"),
        "{}",
        reply(&conversation)
    );

    let mut settings = Settings::default();
    settings.limits.model_calls = 1;
    let agent = Agent::new(
        LocalModel::new("planner", Source::Planner),
        shop.tools(),
        settings,
    );
    let mut conversation = asked("Show me products in electronics");
    assert_eq!(
        advance(&agent, &mut conversation, &screen).await,
        Pause::TurnOver
    );
    assert_eq!(
        conversation.turns()[0].end,
        End::Stopped {
            said: None,
            why: Stop::ModelCalls
        }
    );
    conversation.resume().unwrap();
    assert_eq!(conversation.next(), Next::CallModel);
}
