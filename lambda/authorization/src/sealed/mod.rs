//! Values that leave the server and come back: sealed, short-lived and bound to their client and browser.

pub(crate) mod cookie;
pub(crate) mod encoding;
pub(crate) mod seal;
pub(crate) mod secret;
pub(crate) mod transaction;
