//! Cognito's own endpoints, which the authorization server sends browsers to.

use url::Url;

use crate::live::findings::Findings;
use crate::live::plays::try_play;
use crate::live::stage::{Request, Stage};

/// The authorization request that our sign-in page sends a browser to Cognito with.
async fn request_to_cognito(stage: &Stage) -> Result<Url, String> {
    let sign_in = Url::parse(stage.output("SignInUrl")?).map_err(|error| error.to_string())?;
    let response = stage.send(Request::get(sign_in.as_str())).await?;
    let next = response.location(&sign_in);
    // With bare Cognito, SignInUrl is Cognito's already.
    let next = next.unwrap_or(sign_in);
    if next.query_pairs().any(|(name, _)| name == "redirect_uri") {
        Ok(next)
    } else {
        Err(format!(
            "SignInUrl responds {} and no authorization request",
            response.status
        ))
    }
}

/// The same request at the authorization endpoint, with a parameter changed, or left out.
fn changed(request: &Url, name: &str, value: Option<&str>) -> Url {
    let mut url = request.clone();
    if url.path() == "/login" {
        url.set_path("/oauth2/authorize");
    }
    let kept: Vec<(String, String)> = request
        .query_pairs()
        .filter(|(other, _)| other != name)
        .map(|(name, value)| (name.into_owned(), value.into_owned()))
        .collect();
    url.query_pairs_mut().clear().extend_pairs(kept);
    if let Some(value) = value {
        url.query_pairs_mut().append_pair(name, value);
    }
    url
}

/// What a browser is shown or where it is sent, without values that are somebody's.
fn shown(response: &crate::doctor::evidence::Received, from: &Url) -> String {
    match response.location(from) {
        Some(to) => {
            let mut error = to.query_pairs();
            let error = error
                .find(|(name, _)| name == "error")
                .map(|(_, value)| value.into_owned());
            let host = to.host_str().unwrap_or_default();
            format!(
                "{} to {host}{} {}",
                response.status,
                to.path(),
                error.unwrap_or_default()
            )
        }
        None => response.status.to_string(),
    }
}

try_play!(foreign_redirect, |stage, findings| {
    let foreign = "https://mcp-lambda-live.example/callback";
    let url = changed(
        &request_to_cognito(stage).await?,
        "redirect_uri",
        Some(foreign),
    );
    let response = stage.send(Request::get(url.as_str())).await?;
    let goes_there = response
        .location(&url)
        .is_some_and(|to| to.host_str() == Some("mcp-lambda-live.example"));
    let is_login = response
        .location(&url)
        .is_some_and(|to| to.path().starts_with("/login"));
    findings.expect(
        !goes_there && !is_login && response.status != 200,
        format!(
            "a redirect_uri that is not registered: {}",
            shown(&response, &url).trim_end()
        ),
    );
});

try_play!(without_pkce, |stage, findings| {
    let request = request_to_cognito(stage).await?;
    let mut parameters = request.query_pairs();
    if !parameters.any(|(name, _)| name == "code_challenge") {
        findings.expect(false, "our own request to Cognito has no code_challenge");
    }
    let url = changed(&request, "code_challenge", None);
    let response = stage.send(Request::get(url.as_str())).await?;
    findings.observe(format!(
        "our request without its code_challenge: {}",
        shown(&response, &url).trim_end()
    ));
});
