//! Connects the AWS SDK to the library's own HTTPS client.

use std::error::Error;
use std::time::Duration;

use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector as SdkConnector, HttpConnectorFuture, HttpConnectorSettings,
    SharedHttpClient, SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::body::SdkBody;
use hyper_util::client::legacy::Error as ClientError;

use crate::https::{HyperClient, hyper_client};

/// The HTTP client for the AWS SDK: the library's own HTTPS client.
///
/// The SDK's own client would add a second one with HTTP/2, and read the machine's root certificates when it is built:
/// half a megabyte of the artefact, and milliseconds of a cold start. DynamoDB needs neither.
///
/// Does not distinguish connecting from reading: a timeout of the SDK for either covers the whole exchange, so a
/// timeout for each attempt is enough. Does not close a connection on which the service responded with an error.
pub(crate) fn http_client() -> SharedHttpClient {
    SharedHttpClient::new(AwsHttpClient {
        client: hyper_client(),
    })
}

#[derive(Debug)]
struct AwsHttpClient {
    client: HyperClient<SdkBody>,
}

impl HttpClient for AwsHttpClient {
    fn http_connector(
        &self,
        settings: &HttpConnectorSettings,
        _components: &RuntimeComponents,
    ) -> SharedHttpConnector {
        let limits = [settings.connect_timeout(), settings.read_timeout()];
        SharedHttpConnector::new(Connector {
            client: self.client.clone(),
            limit: limits
                .into_iter()
                .flatten()
                .reduce(|one, other| one + other),
        })
    }
}

#[derive(Debug)]
struct Connector {
    client: HyperClient<SdkBody>,
    limit: Option<Duration>,
}

impl SdkConnector for Connector {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let (client, limit) = (self.client.clone(), self.limit);
        HttpConnectorFuture::new(async move {
            let request = request
                .try_into_http1x()
                .map_err(|error| ConnectorError::user(error.into()))?;
            let exchange = client.request(request);
            let response = match limit {
                None => exchange.await,
                Some(limit) => tokio::time::timeout(limit, exchange)
                    .await
                    .map_err(|error| ConnectorError::timeout(error.into()))?,
            };
            let response = response.map_err(connector_error)?;
            HttpResponse::try_from(response.map(SdkBody::from_body_1_x))
                .map_err(|error| ConnectorError::other(error.into(), None))
        })
    }
}

/// The error by which the SDK decides about a retry: every network problem may be temporary.
fn connector_error(error: ClientError) -> ConnectorError {
    let is_misuse = error
        .source()
        .and_then(|cause| cause.downcast_ref::<hyper::Error>())
        .is_some_and(hyper::Error::is_user);
    if is_misuse {
        ConnectorError::user(error.into())
    } else {
        ConnectorError::io(error.into())
    }
}
