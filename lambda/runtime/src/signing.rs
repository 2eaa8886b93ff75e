//! Signs requests to AWS services (Signature Version 4).

use std::time::SystemTime;

use aws_credential_types::Credentials;
use aws_sigv4::http_request::{SignableBody, SignableRequest, SigningSettings, sign};
use aws_sigv4::sign::v4;
use http::Request;

/// Signs requests to one AWS service in one region.
#[derive(Debug)]
pub struct Signer {
    service: &'static str,
    region: String,
    credentials: Credentials,
}

/// The request cannot be signed.
#[derive(Clone, Copy, Debug)]
pub struct Unsigned;

impl Signer {
    /// Signs with these credentials.
    #[must_use]
    pub fn new(
        service: &'static str,
        region: &str,
        access_key_id: &str,
        secret_access_key: &str,
        session_token: Option<&str>,
    ) -> Self {
        let session_token = session_token.map(str::to_owned);
        let credentials = Credentials::new(
            access_key_id,
            secret_access_key,
            session_token,
            None,
            "environment",
        );
        Self::with_credentials(service, region, credentials)
    }

    /// Signs with these credentials of an SDK's provider.
    #[must_use]
    pub(crate) fn with_credentials(
        service: &'static str,
        region: &str,
        credentials: Credentials,
    ) -> Self {
        Self {
            service,
            region: region.to_owned(),
            credentials,
        }
    }

    /// Signs the request with all of its headers, for this time.
    ///
    /// # Errors
    ///
    /// [`Unsigned`] for a URL or a header that cannot be signed.
    pub fn sign<B: AsRef<[u8]>>(
        &self,
        request: &mut Request<B>,
        time: SystemTime,
    ) -> Result<(), Unsigned> {
        let identity = self.credentials.clone().into();
        let parameters = v4::SigningParams::builder()
            .identity(&identity)
            .region(&self.region)
            .name(self.service)
            .time(time)
            .settings(SigningSettings::default())
            .build()
            .map_err(|_| Unsigned)?
            .into();
        let headers = request.headers().iter();
        let signable = SignableRequest::new(
            request.method().as_str(),
            request.uri().to_string(),
            headers.filter_map(|(name, value)| Some((name.as_str(), value.to_str().ok()?))),
            SignableBody::Bytes(request.body().as_ref()),
        )
        .map_err(|_| Unsigned)?;
        let signed = sign(signable, &parameters).map_err(|_| Unsigned)?;
        signed.into_parts().0.apply_to_request_http1x(request);
        Ok(())
    }
}
