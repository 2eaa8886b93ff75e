//! A log group of CloudWatch Logs in memory: the operations that an audit trail uses, on loopback.

use std::collections::BTreeSet;
use std::convert::Infallible;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use http::{Request, Response, StatusCode};
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use serde_json::{Value, json};
use tokio::net::TcpListener;

/// One log group, and how it fails.
pub struct LogGroup {
    name: String,
    streams: Mutex<BTreeSet<String>>,
    lines: Mutex<Vec<String>>,
    requests: Mutex<u64>,
    refusal: Mutex<Option<String>>,
    faults: Mutex<Faults>,
}

/// Faults by chance.
struct Faults {
    random: fastrand::Rng,
    /// Of a request that is not done.
    lost_requests: f64,
    /// Of a request that is done and whose response is an error.
    lost_responses: f64,
}

impl LogGroup {
    /// Starts to serve a log group of this name, and returns it with the URL of its endpoint.
    ///
    /// # Errors
    ///
    /// Those of the listener.
    pub async fn serve(name: &str) -> std::io::Result<(Arc<Self>, String)> {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
        let endpoint = format!("http://{}", listener.local_addr()?);
        let group = Arc::new(Self {
            name: name.to_owned(),
            streams: Mutex::default(),
            lines: Mutex::default(),
            requests: Mutex::default(),
            refusal: Mutex::default(),
            faults: Mutex::new(Faults {
                random: fastrand::Rng::with_seed(0),
                lost_requests: 0.0,
                lost_responses: 0.0,
            }),
        });
        let served = Arc::clone(&group);
        tokio::spawn(async move {
            while let Ok((connection, _)) = listener.accept().await {
                let group = Arc::clone(&served);
                if connection.set_nodelay(true).is_err() {
                    continue;
                }
                tokio::spawn(async move {
                    let service = service_fn(|request| {
                        let group = Arc::clone(&group);
                        async move { Ok::<_, Infallible>(group.respond(request).await) }
                    });
                    // Ends with an error when the function goes away.
                    let _ = http1::Builder::new()
                        .serve_connection(TokioIo::new(connection), service)
                        .await;
                });
            }
        });
        Ok((group, endpoint))
    }

    /// Loses requests and responses from now on, each with this probability, by this seed.
    pub fn lose(&self, probability: f64, seed: u64) {
        *lock(&self.faults) = Faults {
            random: fastrand::Rng::with_seed(seed),
            lost_requests: probability,
            lost_responses: probability,
        };
    }

    /// Refuses every request with this error code from now on, or does what it is asked for again.
    pub fn refuse(&self, code: Option<&str>) {
        *lock(&self.refusal) = code.map(str::to_owned);
    }

    /// The messages of all events, in the order in which they arrived.
    #[must_use]
    pub fn lines(&self) -> Vec<String> {
        lock(&self.lines).clone()
    }

    /// How many requests there were so far.
    #[must_use]
    pub fn requests(&self) -> u64 {
        *lock(&self.requests)
    }

    async fn respond(&self, request: Request<Incoming>) -> Response<Full<Bytes>> {
        let target = request.headers().get("x-amz-target");
        let operation = target
            .and_then(|target| target.to_str().ok()?.split_once('.'))
            .map_or_else(String::new, |(_, operation)| operation.to_owned());
        let is_signed = request.headers().contains_key("authorization");
        let body = match request.into_body().collect().await {
            Ok(body) => body.to_bytes(),
            Err(_) => return refusal("SerializationException"),
        };
        let Ok(input) = serde_json::from_slice::<Value>(&body) else {
            return refusal("SerializationException");
        };
        *lock(&self.requests) += 1;
        if let Some(code) = &*lock(&self.refusal) {
            return refusal(code);
        }
        if !is_signed {
            return refusal("MissingAuthenticationTokenException");
        }
        let (is_lost, is_unheard) = {
            let Faults {
                random,
                lost_requests,
                lost_responses,
            } = &mut *lock(&self.faults);
            (
                random.f64() < *lost_requests,
                random.f64() < *lost_responses,
            )
        };
        if is_lost {
            return lost();
        }
        let response = self.perform(&operation, &input);
        if is_unheard { lost() } else { response }
    }

    fn perform(&self, operation: &str, input: &Value) -> Response<Full<Bytes>> {
        let (Some(group), Some(stream)) = (
            input["logGroupName"].as_str(),
            input["logStreamName"].as_str(),
        ) else {
            return refusal("InvalidParameterException");
        };
        if group != self.name {
            return refusal("ResourceNotFoundException");
        }
        let mut streams = lock(&self.streams);
        match operation {
            "CreateLogStream" if streams.insert(stream.to_owned()) => ok(),
            "CreateLogStream" => refusal("ResourceAlreadyExistsException"),
            "PutLogEvents" if !streams.contains(stream) => refusal("ResourceNotFoundException"),
            "PutLogEvents" => {
                let events = input["logEvents"].as_array().map_or(&[][..], Vec::as_slice);
                let messages: Option<Vec<String>> = events
                    .iter()
                    .map(|event| {
                        event["timestamp"].as_u64()?;
                        event["message"].as_str().map(str::to_owned)
                    })
                    .collect();
                match messages {
                    Some(messages) if !messages.is_empty() => {
                        lock(&self.lines).extend(messages);
                        ok()
                    }
                    Some(_) | None => refusal("InvalidParameterException"),
                }
            }
            _ => refusal("UnknownOperationException"),
        }
    }
}

fn ok() -> Response<Full<Bytes>> {
    response(StatusCode::OK, &json!({}))
}

fn lost() -> Response<Full<Bytes>> {
    let body = json!({ "__type": "ServiceUnavailableException" });
    response(StatusCode::SERVICE_UNAVAILABLE, &body)
}

fn refusal(code: &str) -> Response<Full<Bytes>> {
    let body = json!({
        "__type": code, "message": "refused by the log group of mcp-lambda-testing",
    });
    response(StatusCode::BAD_REQUEST, &body)
}

fn response(status: StatusCode, body: &Value) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::from(body.to_string()));
    *response.status_mut() = status;
    response.headers_mut().insert(
        http::header::CONTENT_TYPE,
        http::HeaderValue::from_static("application/x-amz-json-1.1"),
    );
    response
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
