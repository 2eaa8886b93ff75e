//! Sends work items by asynchronous invocations of the same function.

use std::time::{Duration, SystemTime};

use bytes::Bytes;
use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use http::{Request, StatusCode};
use http_body_util::Full;

use crate::runtime::aws::{AwsEnvironment, Service};
use crate::runtime::event::work_event;
use crate::runtime::https::HttpsClient;
use crate::runtime::signing::Signer;
use crate::runtime::start_error::StartError;
use crate::state::tasks::continuation::{Continuation, ContinuationError};

/// Time for one attempt; Lambda responds as soon as it has queued the event.
const ATTEMPT: Duration = Duration::from_secs(2);
const ATTEMPTS: u32 = 3;
const FIRST_PAUSE: Duration = Duration::from_millis(100);

/// The function invokes itself asynchronously (Lambda API `Invoke`, invocation type `Event`): the same version of the
/// same function, in any process.
pub(crate) struct SelfInvocation {
    function: String,
    client: HttpsClient,
    url: String,
    signer: Signer,
    now: fn() -> SystemTime,
}

impl SelfInvocation {
    /// Does not use the network before the first work item.
    ///
    /// # Errors
    ///
    /// [`StartError::Server`] names every variable that Lambda should have set.
    pub(crate) fn new(aws: &AwsEnvironment, now: fn() -> SystemTime) -> Result<Self, StartError> {
        let (Some(name), Some(region), Some(key_id), Some(secret)) = (
            aws.function_name(),
            aws.region(),
            aws.access_key_id(),
            aws.secret_access_key(),
        ) else {
            return Err(StartError::Server(
                "environment variables cannot be used: a server whose tools run as tasks invokes itself and needs AWS_LAMBDA_FUNCTION_NAME, AWS_REGION, AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, which Lambda sets"
                    .to_owned(),
            ));
        };
        let endpoint = aws.service_url(Service::LAMBDA, region);
        // The newest code must not continue what older code began.
        let qualifier = aws
            .function_version()
            .filter(|version| *version != "$LATEST")
            .map(|version| format!("?Qualifier={version}"))
            .unwrap_or_default();
        Ok(Self {
            function: name.to_owned(),
            client: HttpsClient::new(),
            url: format!("{endpoint}/2015-03-31/functions/{name}/invocations{qualifier}"),
            signer: Signer::new(
                Service::LAMBDA.name,
                region,
                key_id,
                secret,
                aws.session_token(),
            ),
            now,
        })
    }

    fn request(&self, event: &str) -> Option<Request<Full<Bytes>>> {
        let mut request = Request::post(&self.url)
            .header("content-type", "application/json")
            .header("x-amz-invocation-type", "Event")
            .body(Bytes::from(event.to_owned()))
            .ok()?;
        self.signer.sign(&mut request, (self.now)()).ok()?;
        Some(request.map(Full::new))
    }

    async fn attempt(&self, event: &str) -> Result<(), ContinuationError> {
        let request = self.request(event).ok_or(ContinuationError::Unsigned)?;
        match self.client.status(request, ATTEMPT).await {
            Ok(StatusCode::ACCEPTED) => Ok(()),
            Ok(StatusCode::FORBIDDEN) => Err(ContinuationError::AccessDenied),
            Ok(StatusCode::TOO_MANY_REQUESTS) => Err(ContinuationError::Throttled),
            Ok(status) => Err(ContinuationError::Refused(status.as_u16())),
            Err(_) => Err(ContinuationError::Unreachable),
        }
    }
}

impl Continuation for SelfInvocation {
    fn function(&self) -> Option<&str> {
        Some(&self.function)
    }

    fn send(&self, work: String) -> BoxFuture<'_, Result<(), ContinuationError>> {
        async move {
            let event = work_event(&work);
            let mut pause = FIRST_PAUSE;
            for _ in 1..ATTEMPTS {
                match self.attempt(&event).await {
                    // An event that arrives twice is processed once, so a retry is safe.
                    Err(problem) if is_transient(&problem) => tokio::time::sleep(pause).await,
                    done => return done,
                }
                pause *= 2;
            }
            self.attempt(&event).await
        }
        .boxed()
    }
}

fn is_transient(problem: &ContinuationError) -> bool {
    match problem {
        ContinuationError::Throttled | ContinuationError::Unreachable => true,
        ContinuationError::Refused(status) => *status >= 500,
        ContinuationError::AccessDenied
        | ContinuationError::Unsigned
        | ContinuationError::Ending => false,
    }
}
