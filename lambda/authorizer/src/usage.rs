//! Chooses the API key of the usage plan that a request counts against.

use mcp_lambda_contract::List;
use serde_json::{Map, Value};

/// The API keys that requests count against: one for each app client that has its own, one for all others together.
///
/// They are not secrets: API Gateway takes them only from the Lambda authorizer.
pub(crate) struct UsageKeys {
    shared: String,
    clients: Vec<String>,
}

impl UsageKeys {
    pub(crate) fn new(shared: String, clients: Option<List>) -> Self {
        let clients = clients.map_or_else(Vec::new, |List(clients)| clients);
        Self { shared, clients }
    }

    /// The key of the app client that the access token was issued to. A key holds letters and digits only.
    pub(crate) fn of(&self, claims: &Map<String, Value>) -> String {
        let mut key = self.shared.clone();
        let client = claims.get("client_id").and_then(Value::as_str);
        if let Some(client) = client.filter(|id| self.clients.iter().any(|own| own == id)) {
            key.extend(client.chars().filter(char::is_ascii_alphanumeric));
        }
        key
    }
}
