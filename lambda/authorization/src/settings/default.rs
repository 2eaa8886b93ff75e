//! Defaults of what people choose: the parser takes them, and the properties of the constructs name them.

pub(super) const BRAND_COLOR: &str = "#1a4f8b";
pub(super) const CLIENT_DOCUMENTS: bool = true;
pub(super) const CODE_SECONDS: u64 = 300;
pub(super) const REFRESH_TOKEN_DAYS: u64 = 30;
pub(super) const REGISTRATION: bool = true;
pub(super) const REGISTRATION_DAYS: u64 = 90;
