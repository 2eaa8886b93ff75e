use futures_util::StreamExt;
use mcp_lambda_agent::conversation::{Conversation, Plan, Prompt};
use mcp_lambda_agent::converse::Request;
use mcp_lambda_agent::model::{Heard, Model, ModelError};
use serde_json::json;

use crate::support::{Bedrock, Fault, http};

fn request(text: &str) -> Request {
    let mut conversation = Conversation::new();
    conversation.ask(Prompt::new(text).unwrap()).unwrap();
    Request {
        messages: conversation.request().unwrap(),
        ..Request::default()
    }
}

#[tokio::test]
async fn the_sdk_reads_the_pieces_of_the_local_stream() {
    let bedrock = Bedrock::start().await;
    let mut pieces = Vec::new();
    let mut heard = |piece: Heard<'_>| {
        if let Heard::Text(text) = piece {
            pieces.push(text.to_owned());
        }
    };
    let reply = bedrock
        .model()
        .reply(&request("hello"), &mut heard)
        .await
        .unwrap();
    assert!(pieces.len() > 10, "{pieces:?}");
    assert_eq!(pieces.concat(), reply.text().unwrap().as_str());
    assert!(pieces.concat().starts_with("I am the offline planner"));

    let mut conversation = Conversation::new();
    conversation.ask(Prompt::new("hello").unwrap()).unwrap();
    conversation.reply(reply, |_| Plan::Run).unwrap();
    assert_eq!(conversation.turns().len(), 1);
}

#[tokio::test]
async fn the_stream_arrives_in_several_pieces_of_the_body() {
    let bedrock = Bedrock::start().await;
    let url = format!("{}/model/any.model%3A0/converse-stream", bedrock.url);
    let body = serde_json::to_value(request("hello")).unwrap();
    let response = http().post(url).json(&body).send().await.unwrap();
    assert_eq!(
        response.headers()["content-type"],
        "application/vnd.amazon.eventstream"
    );
    let pieces = response.bytes_stream().count().await;
    assert!(pieces > 1, "{pieces}");
}

#[tokio::test]
async fn the_unstreamed_operation_has_the_same_reply() {
    let bedrock = Bedrock::start().await;
    let output = bedrock
        .client()
        .converse()
        .model_id("any")
        .messages(
            aws_sdk_bedrockruntime::types::Message::builder()
                .role(aws_sdk_bedrockruntime::types::ConversationRole::User)
                .content(aws_sdk_bedrockruntime::types::ContentBlock::Text(
                    "hello".into(),
                ))
                .build()
                .unwrap(),
        )
        .send()
        .await
        .unwrap();
    let message = output.output.unwrap().as_message().unwrap().clone();
    assert!(
        message.content[0]
            .as_text()
            .unwrap()
            .starts_with("I am the offline planner")
    );
}

#[tokio::test]
async fn an_unsound_request_is_refused_with_bedrocks_exception() {
    let bedrock = Bedrock::start().await;
    let mut request = request("hello");
    request.messages[0].content = serde_json::from_value(json!([{ "text": " " }])).unwrap();
    let error = bedrock
        .model()
        .reply(&request, &mut |_| {})
        .await
        .unwrap_err();
    let words = "The text field in the ContentBlock object at messages.0.content.0 is blank. Add text to the text field, and try again.";
    assert_eq!(error, ModelError::Refused(words.into()));
    assert!(!error.can_pass());
}

#[tokio::test]
async fn each_exception_says_what_to_do() {
    let bedrock = Bedrock::start().await;
    for (status, name, message, expected) in [
        (
            429,
            "ThrottlingException",
            "slow",
            ModelError::Throttled("slow".into()),
        ),
        (
            403,
            "AccessDeniedException",
            "no",
            ModelError::AccessDenied("no".into()),
        ),
        (
            403,
            "ExpiredTokenException",
            "old",
            ModelError::Credentials("old".into()),
        ),
        (
            404,
            "ResourceNotFoundException",
            "what",
            ModelError::NotFound("what".into()),
        ),
        (
            400,
            "ValidationException",
            "Input is too long for requested model.",
            ModelError::TooLong("Input is too long for requested model.".into()),
        ),
    ] {
        bedrock.fail([Fault::Exception(status, name, message)]);
        let error = bedrock
            .model()
            .reply(&request("hello"), &mut |_| {})
            .await
            .unwrap_err();
        assert_eq!(error, expected);
    }
}

#[tokio::test]
async fn a_cut_stream_is_no_reply() {
    let bedrock = Bedrock::start().await;
    bedrock.fail([Fault::CutAfter(3)]);
    let error = bedrock
        .model()
        .reply(&request("hello"), &mut |_| {})
        .await
        .unwrap_err();
    assert!(error.can_pass(), "{error:?}");
}
