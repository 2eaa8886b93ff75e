use std::collections::BTreeMap;

use mcp_lambda::{Deadline, HttpUrl, HttpsClient, Server, http::Method, tool};

mcp_lambda::settings! {
    /// What the server is configured with; the stack sets it with `settings`.
    struct Settings owned by Server {
        /// Base URL of the exchange rates, in the format of Frankfurter.
        rates_url: HttpUrl = "RATES_URL" or "https://api.frankfurter.dev/v1",
    }
}

struct Rates {
    settings: Settings,
    https: HttpsClient,
}

#[derive(serde::Deserialize)]
struct Latest {
    rates: BTreeMap<String, f64>,
}

/// Converts an amount of euros by today's exchange rate.
#[tool(scope = "rates.read", read_only, open_world)]
async fn convert_euros(
    /// Amount in euros.
    #[arg(range(min = 0, max = 1_000_000))]
    amount: f64,
    /// Code of the currency, such as USD.
    #[arg(regex(pattern = "^[A-Z]{3}$"))]
    currency: String,
    rates: &Rates,
    deadline: Deadline,
) -> Result<String, String> {
    let request = rates.https.request(Method::GET, &rates.settings.rates_url);
    let request = request.path(["latest"]).query("base", "EUR").query("symbols", &currency);
    let response = request.deadline(deadline).send().await;
    let latest: Latest = response
        .and_then(|response| response.json())
        .map_err(|problem| format!("no exchange rate now: the service {problem}"))?;
    match latest.rates.get(&currency) {
        Some(rate) => Ok(format!("{amount} EUR are {:.2} {currency}", amount * rate)),
        None => Err(format!("there is no exchange rate for {currency}")),
    }
}

fn main() -> std::process::ExitCode {
    Server::with_app(env!("CARGO_PKG_NAME"), env!("CARGO_PKG_VERSION"), |settings, _| {
        Ok(Rates { settings, https: HttpsClient::new() })
    })
    .description("Converts euros by the exchange rates of today.")
    .scope("rates.read", "Read exchange rates")
    .tool(convert_euros)
    .run()
}
