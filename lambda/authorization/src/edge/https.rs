//! HTTPS towards Cognito and Secrets Manager.

use std::time::Duration;

use http_body_util::Full;
use hyper::body::Bytes;
use mcp_lambda_runtime::https::{FetchError, HttpsClient};

use crate::capability::{BoxFuture, CognitoTransport, TransportFailure};

/// One exchange with AWS, all of it.
const DEADLINE: Duration = Duration::from_secs(10);
/// Tokens are a few kilobytes.
const MAX_BODY: usize = 64 * 1024;

/// Plain `http` is possible, but the settings accept it for loopback only.
impl CognitoTransport for HttpsClient {
    fn send(
        &self,
        request: http::Request<Vec<u8>>,
    ) -> BoxFuture<'_, Result<http::Response<Vec<u8>>, TransportFailure>> {
        let request = request.map(|body| Full::new(Bytes::from(body)));
        Box::pin(async move {
            let answer = self.exchange(request, MAX_BODY, DEADLINE).await?;
            Ok(answer.map(Vec::from))
        })
    }
}

impl From<FetchError> for TransportFailure {
    fn from(error: FetchError) -> Self {
        match error {
            FetchError::TooSlow => Self::TimedOut,
            FetchError::TooLarge => Self::TooLarge,
            FetchError::Unreachable | FetchError::Status(_) | FetchError::Nonsense | _ => {
                Self::Unreachable
            }
        }
    }
}
