use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::os::fd::AsFd;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};

use crate::problem::Problem;
use crate::request::{Request, read_request};

const PREFIX: &str = "/2018-06-01/runtime/";
/// How long one wait for the function may last before somebody should look whether it still runs.
const PATIENCE_MILLISECONDS: u16 = 100;
/// How long an invocation gets; only its deadline says so.
const TIMEOUT: Duration = Duration::from_secs(30);

/// What the function posted for one invocation.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) streamed: bool,
    pub(crate) body: Vec<u8>,
    /// From handing the event over to the last byte of the answer.
    pub(crate) took: Duration,
    /// When the last byte of the answer was here.
    pub(crate) arrived: Instant,
    /// When the bytes that were watched for were here.
    pub(crate) seen: Option<SystemTime>,
}

/// A Lambda Runtime API for one process and one invocation at a time, on blocking sockets and one thread: what it adds
/// to a measurement is a few system calls.
pub(crate) struct RuntimeApi {
    listener: TcpListener,
    connections: BTreeMap<u32, Connection>,
    accepted: u32,
    /// The connection whose `next` waits for an event.
    waiting: Option<u32>,
    invocations: u32,
    watch: Option<&'static [u8]>,
    seen: Option<SystemTime>,
}

struct Connection {
    stream: TcpStream,
    received: Vec<u8>,
}

/// What one look at the sockets has brought.
enum Event {
    /// An answer, or an error, for the invocation that runs.
    Posted(u32, Request),
    /// Something, but not an answer.
    Other,
    /// Nothing for a while.
    Silence,
}

impl RuntimeApi {
    pub(crate) fn bind() -> Result<Self, Problem> {
        let listener = TcpListener::bind(("127.0.0.1", 0))
            .map_err(Problem::during("cannot listen on loopback"))?;
        Ok(Self {
            listener,
            connections: BTreeMap::new(),
            accepted: 0,
            waiting: None,
            invocations: 0,
            watch: None,
            seen: None,
        })
    }

    pub(crate) fn address(&self) -> Result<SocketAddr, Problem> {
        self.listener
            .local_addr()
            .map_err(Problem::during("the listener has no address"))
    }

    /// Waits until the function asks for an invocation. `is_alive` is asked now and then whether there is still hope.
    pub(crate) fn wait_until_ready(
        &mut self,
        is_alive: &mut dyn FnMut() -> Result<(), Problem>,
    ) -> Result<u32, Problem> {
        loop {
            if let Some(waiting) = self.waiting {
                return Ok(waiting);
            }
            match self.look()? {
                Event::Posted(_, request) => return Err(reported(&request)),
                Event::Other => {}
                Event::Silence => is_alive()?,
            }
        }
    }

    /// Hands an event to the function and waits for its answer; notes when `watch` first appears in it.
    pub(crate) fn invoke(
        &mut self,
        event: &[u8],
        watch: Option<&'static [u8]>,
        is_alive: &mut dyn FnMut() -> Result<(), Problem>,
    ) -> Result<Answer, Problem> {
        let waiting = self.wait_until_ready(is_alive)?;
        self.waiting = None;
        self.invocations += 1;
        self.watch = watch;
        self.seen = None;
        let head = head_of_next(self.invocations, event.len());
        let handed_over = Instant::now();
        self.write(waiting, &[head.as_bytes(), event].concat())?;
        loop {
            match self.look()? {
                Event::Other => {}
                Event::Silence => {
                    is_alive()?;
                    if handed_over.elapsed() > TIMEOUT {
                        return Err(Problem::new("no answer within 30 seconds"));
                    }
                }
                Event::Posted(connection, request) => {
                    let arrived = Instant::now();
                    self.write(
                        connection,
                        b"HTTP/1.1 202 Accepted\r\ncontent-type: application/json\r\ncontent-length: 15\r\n\r\n{\"status\":\"OK\"}",
                    )?;
                    if !request.path.ends_with("/response") {
                        return Err(reported(&request));
                    }
                    return Ok(Answer {
                        streamed: request.streams,
                        body: request.body,
                        took: arrived - handed_over,
                        arrived,
                        seen: self.seen,
                    });
                }
            }
        }
    }

    /// Waits for the sockets and takes what is there.
    fn look(&mut self) -> Result<Event, Problem> {
        let mut keys = Vec::with_capacity(self.connections.len());
        let mut descriptors = vec![PollFd::new(self.listener.as_fd(), PollFlags::POLLIN)];
        for (key, connection) in &self.connections {
            keys.push(*key);
            descriptors.push(PollFd::new(connection.stream.as_fd(), PollFlags::POLLIN));
        }
        let ready = match poll(&mut descriptors, PollTimeout::from(PATIENCE_MILLISECONDS)) {
            Ok(0) => return Ok(Event::Silence),
            Ok(_) => descriptors
                .iter()
                .position(|descriptor| descriptor.any().unwrap_or_default()),
            Err(Errno::EINTR) => return Ok(Event::Other),
            Err(error) => return Err(Problem::new(format!("cannot wait for sockets: {error}"))),
        };
        match ready.and_then(|ready| ready.checked_sub(1)) {
            None => self.accept().map(|()| Event::Other),
            Some(index) => self.take(keys[index]),
        }
    }

    fn accept(&mut self) -> Result<(), Problem> {
        let (stream, _) = self
            .listener
            .accept()
            .map_err(Problem::during("cannot accept a connection"))?;
        stream
            .set_nodelay(true)
            .map_err(Problem::during("cannot set TCP_NODELAY"))?;
        let received = Vec::new();
        self.connections
            .insert(self.accepted, Connection { stream, received });
        self.accepted += 1;
        Ok(())
    }

    fn take(&mut self, key: u32) -> Result<Event, Problem> {
        let Some(connection) = self.connections.get_mut(&key) else {
            return Ok(Event::Other);
        };
        let mut buffer = [0; 64 * 1024];
        // A connection that breaks is gone; whether the function is too, is seen otherwise.
        let length = connection.stream.read(&mut buffer).unwrap_or_default();
        if length == 0 {
            self.connections.remove(&key);
            self.waiting = self.waiting.filter(|waiting| *waiting != key);
            return Ok(Event::Other);
        }
        connection.received.extend_from_slice(&buffer[..length]);
        if let (Some(watch), None) = (self.watch, self.seen)
            && contains(&connection.received, watch)
        {
            self.seen = Some(wall_clock());
        }
        let Some((request, length)) = read_request(&connection.received)? else {
            return Ok(Event::Other);
        };
        connection.received.drain(..length);
        self.sort(key, request)
    }

    fn sort(&mut self, key: u32, request: Request) -> Result<Event, Problem> {
        let path = request.path.strip_prefix(PREFIX).unwrap_or_default();
        match (request.method.as_str(), path) {
            ("GET", "invocation/next") => {
                self.waiting = Some(key);
                Ok(Event::Other)
            }
            ("POST", "init/error") => Err(reported(&request)),
            ("POST", path) if path.starts_with("invocation/") => Ok(Event::Posted(key, request)),
            _ => {
                self.write(key, b"HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\n\r\n")?;
                Ok(Event::Other)
            }
        }
    }

    fn write(&mut self, key: u32, bytes: &[u8]) -> Result<(), Problem> {
        match self.connections.get_mut(&key) {
            Some(connection) => connection
                .stream
                .write_all(bytes)
                .map_err(Problem::during("the function does not take its answer")),
            None => Err(Problem::new("the function has closed its connection")),
        }
    }
}

fn reported(request: &Request) -> Problem {
    Problem::new(format!(
        "the function reported an error: {}",
        String::from_utf8_lossy(&request.body)
    ))
}

fn contains(bytes: &[u8], part: &[u8]) -> bool {
    bytes.windows(part.len()).any(|window| window == part)
}

fn head_of_next(number: u32, length: usize) -> String {
    let deadline = wall_clock() + TIMEOUT;
    let deadline = deadline
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default()
        .as_millis();
    format!(
        "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {length}\r\n\
         lambda-runtime-aws-request-id: 00000000-0000-4000-8000-{number:012}\r\n\
         lambda-runtime-deadline-ms: {deadline}\r\n\
         lambda-runtime-invoked-function-arn: arn:aws:lambda:us-east-1:000000000000:function:benchmark\r\n\
         lambda-runtime-trace-id: Root=1-00000000-000000000000000000000000;Sampled=0\r\n\r\n"
    )
}

#[expect(
    clippy::disallowed_methods,
    reason = "this crate measures time; it is the clock"
)]
fn wall_clock() -> SystemTime {
    SystemTime::now()
}
