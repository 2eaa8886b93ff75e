//! What Cognito issues.

use crate::sealed::secret::Secret;

/// Cognito's answer, unchanged. Nothing of it is handed out before the module `issued` has compared it with what was asked for.
pub(crate) struct UpstreamTokens {
    pub(crate) access_token: Secret,
    pub(crate) id_token: Option<Secret>,
    pub(crate) refresh_token: Option<Secret>,
    pub(crate) expires_in: Option<u64>,
}
