//! Access tokens that Cognito issued: their claims, and what API Gateway makes of them.

use serde_json::json;

use crate::doctor::TokenFacts;
use crate::live::findings::Findings;
use crate::live::plays::try_play;
use crate::live::stage::{Request, Stage};

try_play!(machine_claims, |stage, findings| {
    let facts = TokenFacts::read(stage.program_token().await?);
    findings.expect(facts.readable, "a program's access token is a JWT");
    findings.expect(
        facts.audience.is_empty(),
        format!("its aud: {}", or_absent(&facts.audience)),
    );
    findings.expect(facts.is_program, "its sub is the id of the app client");
    let granted = facts.scopes.unwrap_or_default();
    let expected = stage.output("McpOAuthScope")?.split(' ');
    let missing: Vec<&str> = expected
        .filter(|scope| granted.iter().all(|other| other != scope))
        .collect();
    findings.expect(
        missing.is_empty(),
        format!(
            "OAuth scopes that were asked for and are missing: {}",
            or_none(&missing)
        ),
    );
});

try_play!(person_is_accepted, |stage, findings| {
    let token = stage.person_token().await?;
    let facts = TokenFacts::read(&token);
    let url = stage.url().to_string();
    findings.expect(
        facts.audience == [url],
        format!(
            "aud of a person's access token: {}",
            or_absent(&facts.audience)
        ),
    );
    let request = Request::rpc(stage.url(), "tools/list", &json!({})).bearer(&token);
    let response = stage.send(request).await?;
    findings.expect(
        response.status == 200,
        format!("tools/list with it: {}", response.status),
    );
});

try_play!(aud_after_refresh, |stage, findings| {
    let before = TokenFacts::read(&stage.person_token().await?);
    let person = stage.person.as_ref().ok_or("needs a person: --login")?;
    let token = person.refresh().await.map_err(|error| error.to_string())?;
    let Some(token) = token else {
        findings.leave_open("there is no refresh token");
        return Ok(());
    };
    let after = TokenFacts::read(&token);
    findings.expect(
        after.audience == before.audience && !after.audience.is_empty(),
        format!("aud after a refresh: {}", or_absent(&after.audience)),
    );
    findings.leave_open("aud after a sign-in with a provider (OIDC, SAML)");
});

fn or_absent(values: &[String]) -> String {
    match values {
        [] => "absent".to_owned(),
        values => values.join(" "),
    }
}

fn or_none(values: &[&str]) -> String {
    match values {
        [] => "none".to_owned(),
        values => values.join(" "),
    }
}
