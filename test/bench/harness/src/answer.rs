use serde_json::Value;

use crate::problem::Problem;
use crate::runtime_api::Answer;

/// Ends the prelude of a streamed answer.
const SEPARATOR: [u8; 8] = [0; 8];

/// The body of an HTTP answer with status 200, out of either form that a function may use.
pub(crate) fn http_body(answer: &Answer) -> Result<String, Problem> {
    let wrong =
        |what: &str| Problem::new(format!("{what}: {}", String::from_utf8_lossy(&answer.body)));
    let end = answer
        .body
        .windows(SEPARATOR.len())
        .position(|window| window == SEPARATOR);
    let (head, body) = match (answer.streamed, end) {
        (true, Some(end)) => {
            let body = &answer.body[end + SEPARATOR.len()..];
            (&answer.body[..end], Some(String::from_utf8_lossy(body)))
        }
        (true, None) => return Err(wrong("a streamed answer without a prelude")),
        (false, _) => (answer.body.as_slice(), None),
    };
    let head: Value =
        serde_json::from_slice(head).map_err(|_| wrong("an answer that is not JSON"))?;
    if head["statusCode"] != 200 {
        return Err(wrong("an answer with another status than 200"));
    }
    match (body, head["body"].as_str()) {
        (Some(body), _) => Ok(body.into_owned()),
        (None, Some(body)) if head["isBase64Encoded"] != true => Ok(body.to_owned()),
        (None, _) => Err(wrong("an answer without a readable body")),
    }
}

/// The result of the JSON-RPC request with this id, out of a body that is JSON or an event stream.
pub(crate) fn result_of(body: &str, id: u64) -> Result<Value, Problem> {
    let events = body.lines().filter_map(|line| line.strip_prefix("data:"));
    let messages = std::iter::once(body).chain(events);
    let answer = messages
        .filter_map(|message| serde_json::from_str::<Value>(message).ok())
        .find(|message| message["id"] == id)
        .ok_or_else(|| Problem::new(format!("no answer to request {id}: {body}")))?;
    match answer.get("result") {
        Some(result) => Ok(result.clone()),
        None => Err(Problem::new(format!("not a result: {answer}"))),
    }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use super::{http_body, result_of};
    use crate::runtime_api::Answer;

    fn answer(streamed: bool, body: &[u8]) -> Answer {
        Answer {
            streamed,
            body: body.to_vec(),
            took: Duration::ZERO,
            arrived: Instant::now(),
            seen: None,
        }
    }

    #[test]
    fn reads_the_same_result_from_every_form_of_answer() {
        let message = r#"{"jsonrpc":"2.0","id":7,"result":{"a":1}}"#;
        let prelude = b"{\"statusCode\":200}\0\0\0\0\0\0\0\0";
        let document = serde_json::json!({ "statusCode": 200, "body": message }).to_string();
        let events =
            format!("data: {{\"method\":\"notifications/progress\"}}\n\ndata: {message}\n\n");
        for answer in [
            answer(true, &[prelude, message.as_bytes()].concat()),
            answer(true, &[prelude, events.as_bytes()].concat()),
            answer(false, document.as_bytes()),
        ] {
            let result = result_of(&http_body(&answer).unwrap(), 7).unwrap();
            assert_eq!(result["a"], 1);
        }
    }

    #[test]
    fn takes_neither_an_error_nor_the_answer_to_another_request() {
        for other in [
            r#"{"jsonrpc":"2.0","id":8,"result":{}}"#,
            r#"{"jsonrpc":"2.0","id":7,"error":{"code":-32603,"message":"no"}}"#,
        ] {
            assert!(result_of(other, 7).is_err(), "{other}");
        }
        assert!(http_body(&answer(false, br#"{"statusCode":403,"body":"{}"}"#)).is_err());
    }
}
