use mcp_lambda_agent::conversation::{
    CallId, Conversation, ModelReply, Next, NonBlank, Plan, Prompt, ProposedCall, Reasoning, Said,
    Stop, ToolCall, ToolResult,
};
use mcp_lambda_agent::converse::{
    InputSchema, Request, StopReason, ToolConfig, ToolEntry, ToolSpec, Usage,
};
use mcp_lambda_agent::limits::limited;
use mcp_lambda_agent::local::validate;
use proptest::prelude::*;
use serde_json::{Map, json};

/// What happens next, as far as the state allows it.
#[derive(Clone, Debug)]
struct Step {
    /// Chooses among what the state allows.
    choice: u8,
    /// The process is killed after it.
    cut: bool,
    words: String,
    calls: Vec<(String, String, u8)>,
    stop: StopReason,
}

fn words() -> impl Strategy<Value = String> {
    prop_oneof![
        Just(String::new()),
        Just(" \n\t".to_owned()),
        Just("\u{2003}\u{200b}".to_owned()),
        "[a-z ]{1,12}",
        "\\PC{0,8}",
    ]
}

fn ids() -> impl Strategy<Value = String> {
    prop_oneof![
        Just("tooluse_1".to_owned()),
        Just("call_1".to_owned()),
        Just(String::new()),
        "[a-zA-Z0-9_.:$-]{1,9}",
        Just("x".repeat(65)),
        "\\PC{0,8}",
    ]
}

fn stops() -> impl Strategy<Value = StopReason> {
    prop_oneof![
        6 => Just(StopReason::ToolUse),
        4 => Just(StopReason::EndTurn),
        1 => Just(StopReason::MaxTokens),
        1 => Just(StopReason::StopSequence),
        1 => Just(StopReason::GuardrailIntervened),
        1 => Just(StopReason::ContentFiltered),
        1 => Just(StopReason::MalformedToolUse),
        1 => Just(StopReason::MalformedModelOutput),
        1 => Just(StopReason::ModelContextWindowExceeded),
    ]
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = (
        any::<u8>(),
        any::<bool>(),
        words(),
        prop::collection::vec((ids(), ids(), any::<u8>()), 0..4),
        stops(),
    );
    let step = step.prop_map(|(choice, cut, words, calls, stop)| Step {
        choice,
        cut,
        words,
        calls,
        stop,
    });
    prop::collection::vec(step, 1..24)
}

fn reply(step: &Step) -> ModelReply {
    let mut said: Vec<Said> = NonBlank::new(step.words.as_str())
        .map(Said::Text)
        .into_iter()
        .collect();
    if step.choice.is_multiple_of(3) {
        said.extend(
            NonBlank::new("thought")
                .zip(NonBlank::new("signature"))
                .map(|(text, signature)| Said::Reasoning(Reasoning::Signed { text, signature })),
        );
    }
    let calls = step.calls.iter().map(|(id, name, kind)| ProposedCall {
        id: id.clone(),
        name: name.clone(),
        input: if kind.is_multiple_of(7) {
            Err("EOF".into())
        } else {
            Ok(Map::from_iter([("words".into(), json!(step.words))]))
        },
    });
    ModelReply {
        said,
        calls: calls.collect(),
        stop: step.stop,
        usage: Usage::default(),
    }
}

fn result(step: &Step) -> ToolResult {
    let result = if step.choice.is_multiple_of(2) {
        ToolResult::text(step.words.as_str())
    } else {
        ToolResult::error(step.words.as_str())
    };
    limited(result, usize::from(step.choice))
}

fn owned(calls: Vec<&ToolCall>) -> Vec<CallId> {
    calls.into_iter().map(|call| call.id.clone()).collect()
}

/// One step along the only way on.
fn go_on(conversation: &mut Conversation, step: &Step) {
    enum Way {
        User,
        Model,
        Approve(Vec<CallId>),
        Run(Vec<CallId>),
        Interrupted(Vec<CallId>),
    }
    let way = match conversation.next() {
        Next::WaitForUser => Way::User,
        Next::CallModel => Way::Model,
        Next::AskApproval(calls) => Way::Approve(owned(calls)),
        Next::RunTools(calls) => Way::Run(owned(calls)),
        Next::Interrupted(calls) => Way::Interrupted(owned(calls)),
    };
    match way {
        Way::User => match Prompt::new(step.words.as_str()) {
            Some(_) if step.choice < 20 => drop(conversation.resume()),
            Some(_) if step.choice < 30 => drop(conversation.take_back()),
            Some(prompt) => conversation.ask(prompt).unwrap(),
            None => {}
        },
        Way::Model if step.choice < 20 => conversation.stop(Stop::Person, None).unwrap(),
        Way::Model => {
            let mut number = 0_u8;
            let plan = |_: &ToolCall| {
                number = number.wrapping_add(1);
                match step.choice.wrapping_add(number) % 3 {
                    0 => Plan::Run,
                    1 => Plan::AskFirst,
                    _ => Plan::Refuse(ToolResult::error(step.words.as_str())),
                }
            };
            conversation.reply(reply(step), plan).unwrap();
        }
        Way::Approve(ids) if step.choice.is_multiple_of(2) => {
            conversation.approve(&ids[0]).unwrap()
        }
        Way::Approve(ids) => conversation.decline(&ids[0], Some(&step.words)).unwrap(),
        Way::Run(_) if step.choice < 20 => conversation.stop(Stop::Person, None).unwrap(),
        Way::Run(ids) => {
            for id in &ids {
                conversation.start(id).unwrap();
            }
            // The process can end before any of them, or before the last one.
            let finished = usize::from(step.choice) % (ids.len() + 1);
            for id in ids.iter().take(finished) {
                conversation.finish(id, result(step)).unwrap();
            }
        }
        Way::Interrupted(ids) => match step.choice % 4 {
            0 => conversation.rerun(&ids[0]).unwrap(),
            1 => conversation.leave(&ids[0]).unwrap(),
            2 => conversation.finish(&ids[0], result(step)).unwrap(),
            _ => conversation.stop(Stop::Person, None).unwrap(),
        },
    }
}

fn request(conversation: &Conversation) -> Option<Request> {
    Some(Request {
        messages: conversation.request()?,
        tool_config: Some(ToolConfig {
            tools: vec![ToolEntry {
                tool_spec: ToolSpec {
                    name: "tool".into(),
                    description: None,
                    input_schema: InputSchema {
                        json: json!({ "type": "object", "properties": {} }),
                    },
                },
            }],
        }),
        ..Request::default()
    })
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(1000) })]

    #[test]
    fn no_history_with_cuts_is_refused(steps in steps()) {
        let mut conversation = Conversation::new();
        for step in &steps {
            go_on(&mut conversation, step);
            if step.cut {
                let saved = serde_json::to_string(&conversation).unwrap();
                let resumed: Conversation = serde_json::from_str(&saved).unwrap();
                prop_assert_eq!(&resumed, &conversation);
                conversation = resumed;
            }
            if let Some(request) = request(&conversation) {
                let body = serde_json::to_value(&request).unwrap();
                prop_assert_eq!(validate(&body), Ok(()), "{}", body);
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(200) })]

    #[test]
    fn every_state_has_a_way_to_the_next_question(steps in steps()) {
        let mut conversation = Conversation::new();
        for step in &steps {
            go_on(&mut conversation, step);
        }
        if conversation.open().is_some() {
            conversation.stop(Stop::Person, NonBlank::new("half a sen")).unwrap();
        }
        prop_assert_eq!(conversation.next(), Next::WaitForUser);
        conversation.ask(Prompt::new("and now?").unwrap()).unwrap();
        let body = serde_json::to_value(request(&conversation)).unwrap();
        prop_assert_eq!(validate(&body), Ok(()), "{}", body);
    }
}

#[test]
fn a_saved_conversation_that_is_unsound_is_not_read() {
    let call = json!({ "id": "c1", "name": "buy", "input": {} });
    let turn = |calls: serde_json::Value| {
        json!({
            "version": 1, "usage": Usage::default(),
            "turns": [{ "prompt": { "text": "hello" }, "rounds": [{ "said": [], "calls": calls }], "end": { "silent": {} } }],
        })
    };
    let text = json!([{ "text": "done" }]);
    let result = |content: &serde_json::Value| json!({ "content": content, "outcome": "done" });
    let sound = json!([{ "call": call, "result": result(&text) }]);
    let read = |saved: serde_json::Value| {
        serde_json::from_value::<Conversation>(saved)
            .map(drop)
            .map_err(|error| error.to_string())
    };

    assert_eq!(read(turn(sound)), Ok(()));
    for (unsound, reason) in [
        (json!([]), "the list is empty"),
        (json!([{ "call": call }]), "missing field `result`"),
        (
            json!([{ "call": call, "result": result(&json!([])) }]),
            "the list is empty",
        ),
        (
            json!([{ "call": call, "result": result(&json!([{ "text": " " }])) }]),
            "the string is blank",
        ),
        (
            json!([{ "call": { "id": "c1", "name": "buy it", "input": {} }, "result": result(&text) }]),
            "a tool's name must match",
        ),
        (
            json!([{ "call": call, "result": result(&text) }, { "call": call, "result": result(&text) }]),
            "two calls have the id c1",
        ),
    ] {
        let error = read(turn(unsound)).unwrap_err();
        assert!(error.contains(reason), "{error} is not about: {reason}");
    }
}

#[test]
fn a_blocked_request_is_not_sent_again() {
    let mut conversation = Conversation::new();
    conversation
        .ask(Prompt::new("something forbidden").unwrap())
        .unwrap();
    let blocked = ModelReply {
        said: vec![],
        calls: vec![],
        stop: StopReason::GuardrailIntervened,
        usage: Usage::default(),
    };
    conversation.reply(blocked, |_| Plan::Run).unwrap();
    conversation
        .ask(Prompt::new("something else").unwrap())
        .unwrap();
    let sent = serde_json::to_string(&conversation.request()).unwrap();
    assert!(!sent.contains("forbidden"), "{sent}");
    assert!(sent.contains("something else"), "{sent}");
}
