use crate::problem::Problem;

/// Headers that a client of the Runtime API may send.
const MAX_HEADERS: usize = 64;

/// An HTTP request that has arrived in full.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Request {
    pub(crate) method: String,
    pub(crate) path: String,
    /// Whether the function says that it streams its answer.
    pub(crate) streams: bool,
    pub(crate) body: Vec<u8>,
}

/// Reads one request off the start of what was received, with its length; `None` when more has to come.
pub(crate) fn read_request(received: &[u8]) -> Result<Option<(Request, usize)>, Problem> {
    let mut headers = [httparse::EMPTY_HEADER; MAX_HEADERS];
    let mut head = httparse::Request::new(&mut headers);
    let malformed = |error: httparse::Error| {
        Problem::new(format!(
            "the function's request to the Runtime API is malformed: {error}"
        ))
    };
    let httparse::Status::Complete(start) = head.parse(received).map_err(malformed)? else {
        return Ok(None);
    };
    let value = |name: &str| {
        head.headers
            .iter()
            .find(|header| header.name.eq_ignore_ascii_case(name))
            .and_then(|header| std::str::from_utf8(header.value).ok())
    };
    let rest = &received[start..];
    let chunked =
        value("transfer-encoding").is_some_and(|coding| coding.eq_ignore_ascii_case("chunked"));
    let body = if chunked {
        read_chunks(rest)?
    } else {
        let length = value("content-length").map_or(Ok(0), str::parse::<usize>);
        let length = length.map_err(|_| Problem::new("the function sent a malformed length"))?;
        rest.get(..length).map(|body| (body.to_vec(), length))
    };
    Ok(body.map(|(body, length)| {
        let request = Request {
            method: head.method.unwrap_or_default().to_owned(),
            path: head.path.unwrap_or_default().to_owned(),
            streams: value("lambda-runtime-function-response-mode")
                .is_some_and(|mode| mode.eq_ignore_ascii_case("streaming")),
            body,
        };
        (request, start + length)
    }))
}

/// Reads a chunked body to its end, trailers included (RFC 9112 section 7.1).
fn read_chunks(encoded: &[u8]) -> Result<Option<(Vec<u8>, usize)>, Problem> {
    let mut body = Vec::new();
    let mut position = 0;
    loop {
        let size = httparse::parse_chunk_size(&encoded[position..])
            .map_err(|_| Problem::new("the function sent a malformed chunk"))?;
        let httparse::Status::Complete((start, size)) = size else {
            return Ok(None);
        };
        position += start;
        let size = usize::try_from(size).map_err(|_| Problem::new("a chunk is too long"))?;
        if size == 0 {
            break;
        }
        let Some(chunk) = encoded.get(position..position + size) else {
            return Ok(None);
        };
        body.extend_from_slice(chunk);
        position += size + 2;
        if position > encoded.len() {
            return Ok(None);
        }
    }
    // Trailers, if any, end with an empty line.
    loop {
        let Some(line) = encoded[position..]
            .windows(2)
            .position(|pair| pair == b"\r\n")
        else {
            return Ok(None);
        };
        position += line + 2;
        if line == 0 {
            return Ok(Some((body, position)));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::read_request;

    #[test]
    fn reads_a_chunked_answer_only_when_all_of_it_is_there() {
        let whole = b"POST /2018-06-01/runtime/invocation/1/response HTTP/1.1\r\n\
            Transfer-Encoding: chunked\r\nLambda-Runtime-Function-Response-Mode: streaming\r\n\r\n\
            4\r\n{\"a\"\r\n3\r\n:1}\r\n0\r\nX-Trailer: 1\r\n\r\n";
        for end in 0..whole.len() {
            assert_eq!(
                read_request(&whole[..end]).unwrap(),
                None,
                "after {end} bytes"
            );
        }
        let (request, length) = read_request(whole).unwrap().unwrap();
        assert_eq!(length, whole.len());
        assert_eq!(request.body, b"{\"a\":1}");
        assert!(request.streams);
    }

    #[test]
    fn leaves_what_follows_a_request() {
        let two = b"POST /a HTTP/1.1\r\nContent-Length: 2\r\n\r\nhiGET /b HTTP/1.1\r\n\r\n";
        let (request, length) = read_request(two).unwrap().unwrap();
        assert_eq!(
            (request.body.as_slice(), request.streams),
            (&b"hi"[..], false)
        );
        let (request, _) = read_request(&two[length..]).unwrap().unwrap();
        assert_eq!(
            (request.method.as_str(), request.path.as_str()),
            ("GET", "/b")
        );
    }
}
