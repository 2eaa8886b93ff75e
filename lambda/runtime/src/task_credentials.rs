//! Fetches the credentials of the IAM role of an Amazon ECS task.

use std::time::{Duration, SystemTime};

use aws_credential_types::Credentials;
use aws_credential_types::provider::error::CredentialsError;
use aws_credential_types::provider::{self, ProvideCredentials, future};
use aws_smithy_types::date_time::{DateTime, Format};
use bytes::Bytes;
use http::{Request, StatusCode, Uri};
use http_body_util::Full;
use serde::Deserialize;

use crate::https::{HyperClient, hyper_client, read_body, within};

/// Where Amazon ECS serves the credentials of tasks: plain HTTP, on a link-local address.
const ENDPOINT: &str = "http://169.254.170.2";
/// Less than the SDK has for one attempt of an operation.
const TIMEOUT: Duration = Duration::from_millis(800);
/// The most bytes of a response.
const LIMIT: usize = 16 * 1024;

/// The credentials of the role of an Amazon ECS task. They expire after hours, and the SDK then fetches them again.
#[derive(Debug)]
pub(crate) struct TaskCredentials {
    client: HyperClient<Full<Bytes>>,
    uri: Uri,
}

/// A response of the endpoint.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Document {
    access_key_id: String,
    secret_access_key: String,
    token: String,
    expiration: String,
}

impl TaskCredentials {
    /// Those at a path of the endpoint, as Amazon ECS names it to the container. It does not use the network.
    pub(crate) fn of_path(path: &str) -> Result<Self, String> {
        let uri = format!("{ENDPOINT}{path}").parse().ok();
        // Without the slash the path would change the host.
        let uri = uri.filter(|_| path.starts_with('/')).ok_or_else(|| {
            format!("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI must be a path, got {path:?}")
        })?;
        Ok(Self::at(uri))
    }

    fn at(uri: Uri) -> Self {
        Self {
            client: hyper_client(),
            uri,
        }
    }

    async fn fetch(&self) -> provider::Result {
        let mut request = Request::new(Full::default());
        request.uri_mut().clone_from(&self.uri);
        let exchange = async {
            let response = self.client.request(request).await;
            let response = response.map_err(|_| crate::https::FetchError::Unreachable)?;
            let status = response.status();
            let body = read_body(response.into_body(), LIMIT).await?;
            Ok((status, body))
        };
        let (status, body) = within(TIMEOUT, exchange)
            .await
            .map_err(|error| failed(format!("the endpoint of the task's credentials {error}")))?;
        if status != StatusCode::OK {
            let status = status.as_u16();
            return Err(failed(format!(
                "the endpoint of the task's credentials answered with status {status}"
            )));
        }
        let document: Document = serde_json::from_slice(&body)
            .map_err(|_| failed("the credentials of the task cannot be read".to_owned()))?;
        let expires = DateTime::from_str(&document.expiration, Format::DateTimeWithOffset)
            .ok()
            .and_then(|time| SystemTime::try_from(time).ok())
            .ok_or_else(|| failed("the credentials of the task have no expiration".to_owned()))?;
        Ok(Credentials::new(
            document.access_key_id,
            document.secret_access_key,
            Some(document.token),
            Some(expires),
            "task",
        ))
    }
}

fn failed(message: String) -> CredentialsError {
    CredentialsError::provider_error(message)
}

impl ProvideCredentials for TaskCredentials {
    fn provide_credentials<'a>(&'a self) -> future::ProvideCredentials<'a>
    where
        Self: 'a,
    {
        future::ProvideCredentials::new(self.fetch())
    }
}

#[cfg(test)]
mod tests {
    use std::time::UNIX_EPOCH;

    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::TcpListener;

    use super::*;

    /// The credentials that an endpoint with this response gives, and the request that it got.
    async fn fetched(status: &str, body: &str) -> (provider::Result, String) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let response = format!(
            "HTTP/1.1 {status}\r\nContent-Length: {}\r\n\r\n{body}",
            body.len()
        );
        let endpoint = async {
            let (mut connection, _) = listener.accept().await.unwrap();
            let mut request = vec![0; 1024];
            let length = connection.read(&mut request).await.unwrap();
            connection.write_all(response.as_bytes()).await.unwrap();
            String::from_utf8_lossy(&request[..length]).into_owned()
        };
        let uri = format!("http://127.0.0.1:{port}/v2/credentials/1");
        let task = TaskCredentials::at(uri.parse().unwrap());
        tokio::join!(task.fetch(), endpoint)
    }

    #[tokio::test]
    async fn fetches_the_credentials_of_the_task_with_the_time_at_which_they_expire() {
        let body = r#"{"RoleArn":"arn:aws:iam::111122223333:role/x","AccessKeyId":"AKIDEXAMPLE","SecretAccessKey":"secret",
            "Token":"token","Expiration":"1970-01-01T06:00:00Z"}"#;
        let (credentials, request) = fetched("200 OK", body).await;
        let credentials = credentials.unwrap();
        assert_eq!(credentials.access_key_id(), "AKIDEXAMPLE");
        assert_eq!(credentials.secret_access_key(), "secret");
        assert_eq!(credentials.session_token(), Some("token"));
        let six_hours = UNIX_EPOCH + Duration::from_secs(6 * 60 * 60);
        assert_eq!(credentials.expiry(), Some(six_hours));
        assert!(request.starts_with("GET /v2/credentials/1 HTTP/1.1\r\n"));
    }

    #[tokio::test]
    async fn says_what_was_wrong_with_a_response_and_shows_nothing_of_it() {
        let secret = r#"{"AccessKeyId":"AKIDEXAMPLE","SecretAccessKey":"hidden","Token":"","Expiration":"soon"}"#;
        for (status, body, problem) in [
            ("403 Forbidden", "hidden", "status 403"),
            ("200 OK", "hidden", "cannot be read"),
            ("200 OK", secret, "have no expiration"),
        ] {
            let error = format!("{:?}", fetched(status, body).await.0.unwrap_err());
            assert!(error.contains(problem), "{error}");
            assert!(!error.contains("hidden"), "{error}");
        }
    }

    #[test]
    fn a_path_never_changes_the_host() {
        for path in ["@evil.example/", "evil.example", "/ space"] {
            let error = TaskCredentials::of_path(path).unwrap_err();
            assert!(error.contains("must be a path"), "{error}");
        }
        let task = TaskCredentials::of_path("/v2/credentials/1").unwrap();
        assert_eq!(task.uri.host(), Some("169.254.170.2"));
    }
}
