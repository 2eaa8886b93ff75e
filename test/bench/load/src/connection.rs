//! One HTTP/1.1 connection that reads responses as far as the benchmark must.

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// The end of the last chunk of a chunked body.
const LAST_CHUNK: &[u8] = b"\r\n0\r\n\r\n";

/// A connection, with what has been read of it.
pub(crate) struct Connection {
    stream: TcpStream,
    read: Vec<u8>,
}

/// How a response says where its body ends.
#[derive(Clone, Copy)]
enum Length {
    Bytes(usize),
    Chunks,
}

impl Connection {
    pub(crate) async fn open(address: &str) -> Result<Self, String> {
        let stream = TcpStream::connect(address).await;
        let stream = stream.map_err(|error| format!("cannot connect to {address}: {error}"))?;
        stream
            .set_nodelay(true)
            .map_err(|error| error.to_string())?;
        Ok(Self {
            stream,
            read: Vec::with_capacity(64 * 1024),
        })
    }

    /// Sends a request and reads its response, which must be a 200 with this in its body.
    pub(crate) async fn exchange(&mut self, request: &[u8], expected: &str) -> Result<(), String> {
        let lost = |error: std::io::Error| format!("the connection was lost: {error}");
        self.stream.write_all(request).await.map_err(lost)?;
        self.read.clear();
        let mut head = None;
        loop {
            if head.is_none() {
                head = head_of(&self.read)?;
            }
            if let Some((body, length)) = head
                && is_whole(&self.read, body, length)
            {
                break;
            }
            if self.stream.read_buf(&mut self.read).await.map_err(lost)? == 0 {
                return Err("the server has closed the connection".to_owned());
            }
        }
        if !contains(&self.read, expected.as_bytes()) {
            let response = String::from_utf8_lossy(&self.read);
            return Err(format!("the response has no {expected:?}: {response}"));
        }
        Ok(())
    }
}

/// Where the body begins, and its length; `None` while the head is incomplete.
fn head_of(read: &[u8]) -> Result<Option<(usize, Length)>, String> {
    let Some(end) = read.windows(4).position(|four| four == b"\r\n\r\n") else {
        return Ok(None);
    };
    let head = String::from_utf8_lossy(&read[..end]).to_ascii_lowercase();
    if !head.starts_with("http/1.1 200 ") {
        return Err(format!(
            "the response is no 200: {}",
            String::from_utf8_lossy(read)
        ));
    }
    let length = head
        .lines()
        .find_map(|line| line.strip_prefix("content-length:"));
    let length = match length.map(|length| length.trim().parse()) {
        Some(Ok(bytes)) => Length::Bytes(bytes),
        Some(Err(_)) => return Err(format!("the response has no length: {head}")),
        None => Length::Chunks,
    };
    Ok(Some((end + 4, length)))
}

fn is_whole(read: &[u8], body: usize, length: Length) -> bool {
    match length {
        Length::Bytes(bytes) => read.len() >= body + bytes,
        Length::Chunks => read.ends_with(LAST_CHUNK),
    }
}

/// Whether it is there; the end of a large body is as good as all of it.
fn contains(read: &[u8], expected: &[u8]) -> bool {
    let from = read.len().saturating_sub(4096);
    read[from..]
        .windows(expected.len())
        .any(|window| window == expected)
}
