//! The authorization server, through the front and API Gateway.

use reqwest::Method;
use serde_json::{Value, json};
use url::Url;

use crate::live::findings::Findings;
use crate::live::plays::{looked_at, try_play};
use crate::live::stage::{MADE_BY_A_RUN, Request, Stage};

/// The redirect URI of the client that a play registers. Nothing listens there.
const REDIRECT_URI: &str = "http://127.0.0.1:9/callback";
/// SHA-256 of a code verifier that nobody has.
const CODE_CHALLENGE: &str = "5ceF6dK42ZTF5xzdQvnoRmW2pCv7XfEXLodUnCu7Hps";
/// Client ID Metadata Documents of real clients.
const CLIENT_DOCUMENTS: [&str; 2] = [
    "https://claude.ai/oauth/claude-code-client-metadata",
    "https://vscode.dev/oauth/client-metadata.json",
];

/// Registers a client (RFC 7591). A registration is a sealed value: nothing is stored, and nothing is left to remove.
pub(super) async fn register(stage: &Stage) -> Result<String, String> {
    let endpoint = stage.endpoint("registration_endpoint").await?;
    let metadata = json!({
        "client_name": MADE_BY_A_RUN,
        "redirect_uris": [REDIRECT_URI],
        "token_endpoint_auth_method": "none",
    });
    let request = Request::new(Method::POST, &endpoint)
        .header("content-type", "application/json")
        .body(metadata.to_string());
    let response = stage.send(request).await?;
    response.member("client_id").ok_or_else(|| {
        format!(
            "{endpoint} responds {} without a client_id",
            response.status
        )
    })
}

/// The authorization request of a client, with other or more parameters.
pub(super) async fn authorization_url(
    stage: &Stage,
    client_id: &str,
    redirect_uri: &str,
    more: &[(&str, &str)],
) -> Result<Url, String> {
    let endpoint = stage.endpoint("authorization_endpoint").await?;
    let mut url = Url::parse(&endpoint).map_err(|error| format!("{endpoint}: {error}"))?;
    url.query_pairs_mut()
        .append_pair("response_type", "code")
        .append_pair("client_id", client_id)
        .append_pair("redirect_uri", redirect_uri)
        .append_pair("code_challenge", CODE_CHALLENGE)
        .append_pair("code_challenge_method", "S256")
        .extend_pairs(more);
    Ok(url)
}

try_play!(password_page, |stage, findings| {
    let mut url = Url::parse(stage.output("SignInUrl")?).map_err(|error| error.to_string())?;
    // Ours, Cognito's authorization endpoint, its page; without cookies, as a first visit.
    for _ in 0..4 {
        let response = stage.send(Request::get(url.as_str())).await?;
        match response.location(&url) {
            Some(next) => url = next,
            None => {
                let host = url.host_str().unwrap_or_default();
                let has_password = response.body.contains(r#"type="password""#);
                let has_form = response.body.contains("<form");
                if response.is_success() && !has_password && !has_form {
                    findings.observe(format!("the page at {host} is made by a script"));
                    findings.leave_open("whether it has a field for a password: open SignInUrl");
                } else {
                    findings.expect(
                        response.is_success() && has_password,
                        format!(
                            "the page at {host}: {}, with a field for a password: {has_password}",
                            response.status
                        ),
                    );
                }
                return Ok(());
            }
        }
    }
    findings.expect(
        false,
        format!(
            "SignInUrl redirects more than four times, at last to {}",
            url.path()
        ),
    );
});

try_play!(percent_in_query, |stage, findings| {
    let client_id = register(stage).await?;
    for state in ["a%b", "a%25b", "a b+c&d=é"] {
        // An error that goes back to the client: the state comes with it.
        let more = [("state", state), ("scope", "mcp-lambda-live:unknown")];
        let url = authorization_url(stage, &client_id, REDIRECT_URI, &more).await?;
        let response = stage.send(Request::get(url.as_str())).await?;
        let back = response.location(&url);
        let returned = back.as_ref().and_then(|back| {
            let mut pairs = back.query_pairs();
            pairs
                .find(|(name, _)| name == "state")
                .map(|(_, value)| value.into_owned())
        });
        findings.expect(
            returned.as_deref() == Some(state),
            format!(
                "state {state:?} comes back as {:?} ({})",
                returned.unwrap_or_default(),
                response.status
            ),
        );
    }
});

try_play!(host_cookies, |stage, findings| {
    let client_id = register(stage).await?;
    let url = authorization_url(stage, &client_id, REDIRECT_URI, &[("state", "s")]).await?;
    let response = stage.send(Request::get(url.as_str())).await?;
    let cookies: Vec<&str> = response
        .headers
        .iter()
        .filter(|(name, _)| name == "set-cookie")
        .map(|(_, value)| value.as_str())
        .collect();
    // The value is a secret of this browser.
    let names: Vec<&str> = cookies
        .iter()
        .filter_map(|cookie| cookie.split('=').next())
        .collect();
    let shown = names.join(", ");
    findings.expect(
        response.status == 200 && response.is_html(),
        format!("the consent page: {}", response.status),
    );
    findings.expect(
        !names.is_empty() && names.iter().all(|name| name.starts_with("__Host-")),
        format!("its cookies: {shown}"),
    );
    findings.expect(
        cookies
            .iter()
            .all(|cookie| cookie.contains("Secure") && cookie.contains("HttpOnly")),
        "they are Secure and HttpOnly",
    );
});

try_play!(wrong_secret, |stage, findings| {
    let client_id = stage.output("AutomatedOAuthClientId")?;
    let endpoint = stage.output("McpOAuthTokenUrl")?;
    let parameters = [
        ("grant_type", "client_credentials"),
        ("client_id", client_id),
        ("client_secret", "mcp-lambda-live-wrong"),
    ];
    let response = stage.send(Request::form(endpoint, &parameters)).await?;
    let error = response.member("error").unwrap_or_default();
    findings.expect(
        matches!(response.status, 400 | 401) && error == "invalid_client",
        format!("a wrong client secret: {} {error:?}", response.status),
    );
    let renamed = response
        .header("x-amzn-remapped-www-authenticate")
        .is_some();
    let kept = response.header("www-authenticate").is_some();
    findings.observe(format!(
        "its WWW-Authenticate: kept {kept}, renamed {renamed}"
    ));
});

try_play!(client_documents, |stage, findings| {
    let metadata = stage.authorization_server().await?;
    let takes = metadata
        .get("client_id_metadata_document_supported")
        .and_then(Value::as_bool);
    if takes != Some(true) {
        findings.leave_open("the authorization server takes no metadata documents");
        return Ok(());
    }
    for document in CLIENT_DOCUMENTS {
        let fetched = stage.send(Request::get(document)).await?;
        let redirect_uri = fetched.json().and_then(|document| {
            let first = document.get("redirect_uris")?.as_array()?.first()?;
            first.as_str().map(str::to_owned)
        });
        let Some(redirect_uri) = redirect_uri else {
            findings.leave_open(format!(
                "{document} responds {} without redirect_uris",
                fetched.status
            ));
            continue;
        };
        let url = authorization_url(stage, document, &redirect_uri, &[("state", "s")]).await?;
        let response = stage.send(Request::get(url.as_str())).await?;
        findings.expect(
            response.status == 200,
            format!("{document}: {}", response.status),
        );
    }
});

try_play!(revocation, |stage, findings| {
    let endpoint = stage.endpoint("revocation_endpoint").await?;
    let client_id = register(stage).await?;
    let token = stage.program_token().await?;
    for (what, token, status) in [
        ("an access token", token, 400),
        ("a string that is no token", "mcp-lambda-live", 200),
    ] {
        let parameters = [("token", token), ("client_id", client_id.as_str())];
        let response = stage.send(Request::form(&endpoint, &parameters)).await?;
        let error = response.member("error").unwrap_or_default();
        findings.expect(
            response.status == status,
            format!("revoking {what}: {} {error}", response.status),
        );
    }
    let nobody = stage
        .send(Request::form(&endpoint, &[("token", "x")]))
        .await?;
    findings.expect(
        matches!(nobody.status, 400 | 401),
        format!(
            "revoking without a client: {} {}",
            nobody.status,
            looked_at(&nobody, &[])
        ),
    );
});
