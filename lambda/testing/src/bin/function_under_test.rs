//! The function of the tests in `tests/front`: speaks the Runtime API over a plain socket until it is killed. What it does with an
//! invocation is what the request's body says.
#![expect(clippy::unwrap_used, reason = "what a test asks of it works")]

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::time::Duration;

/// Start of a streamed answer.
const HEAD: &str =
    "{\"statusCode\":200,\"headers\":{\"content-type\":\"text/plain\"}}\0\0\0\0\0\0\0\0";

fn main() {
    #[expect(
        clippy::disallowed_methods,
        reason = "a function finds the Runtime API in its environment"
    )]
    let runtime_api = std::env::var("AWS_LAMBDA_RUNTIME_API").unwrap();
    let mut socket = TcpStream::connect(runtime_api).unwrap();
    let mut reader = BufReader::new(socket.try_clone().unwrap());
    loop {
        let next = "GET /2018-06-01/runtime/invocation/next HTTP/1.1\r\nhost: api\r\n\r\n";
        if socket.write_all(next.as_bytes()).is_err() {
            return;
        }
        let Some((headers, event)) = read_message(&mut reader) else {
            return;
        };
        let id = header(&headers, "lambda-runtime-aws-request-id");
        let event: serde_json::Value = serde_json::from_slice(&event).unwrap();
        match event["body"].as_str().unwrap_or_default() {
            "crash" => std::process::exit(1),
            "hang" => std::thread::sleep(Duration::from_secs(60)),
            "fail" => {
                let body = "{\"errorType\":\"Broken\"}";
                let length = body.len();
                write!(
                    socket,
                    "POST /2018-06-01/runtime/invocation/{id}/error HTTP/1.1\r\nhost: api\r\ncontent-length: {length}\r\n\r\n{body}"
                )
                .unwrap();
                read_message(&mut reader);
            }
            "buffer" => {
                let body = "{\"statusCode\":200,\"body\":\"in one piece\"}";
                let length = body.len();
                write!(
                    socket,
                    "POST /2018-06-01/runtime/invocation/{id}/response HTTP/1.1\r\nhost: api\r\ncontent-length: {length}\r\n\r\n{body}"
                )
                .unwrap();
                read_message(&mut reader);
            }
            kind => {
                write!(
                    socket,
                    "POST /2018-06-01/runtime/invocation/{id}/response HTTP/1.1\r\nhost: api\r\ntransfer-encoding: chunked\r\n\
                     lambda-runtime-function-response-mode: streaming\r\n\r\n"
                )
                .unwrap();
                write_chunk(&mut socket, HEAD);
                write_chunk(&mut socket, &format!("process {}\n", std::process::id()));
                match kind {
                    _ if kind.starts_with("after ") => wait_for(&kind["after ".len()..]),
                    "wait" => std::thread::sleep(Duration::from_millis(300)),
                    "stall" => std::thread::sleep(Duration::from_secs(60)),
                    _ => {}
                }
                write_chunk(
                    &mut socket,
                    &event["requestContext"]["authorizer"]["claims"].to_string(),
                );
                write!(socket, "0\r\n\r\n").unwrap();
                read_message(&mut reader);
            }
        }
    }
}

/// Waits until the test at this address has sent something.
fn wait_for(address: &str) {
    let mut test = TcpStream::connect(address).unwrap();
    test.read_exact(&mut [0]).unwrap();
}

fn write_chunk(socket: &mut TcpStream, chunk: &str) {
    write!(socket, "{:x}\r\n{chunk}\r\n", chunk.len()).unwrap();
}

/// Headers and body; nothing when the connection has ended, as it does when the test is over.
fn read_message(reader: &mut BufReader<TcpStream>) -> Option<(Vec<String>, Vec<u8>)> {
    let mut headers = Vec::new();
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line).ok()? == 0 {
            return None;
        }
        if line.trim().is_empty() {
            break;
        }
        headers.push(line.trim().to_owned());
    }
    let mut body = vec![0; header(&headers, "content-length").parse().unwrap()];
    reader.read_exact(&mut body).unwrap();
    Some((headers, body))
}

fn header(headers: &[String], name: &str) -> String {
    let values = headers.iter().filter_map(|line| line.split_once(':'));
    let mut values = values.filter(|(found, _)| found.eq_ignore_ascii_case(name));
    values
        .next()
        .map(|(_, value)| value.trim().to_owned())
        .unwrap()
}
