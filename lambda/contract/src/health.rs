/// The path of a server's health check in plain HTTP mode, which needs no access token.
pub const HEALTH_PATH: &str = "/health";
