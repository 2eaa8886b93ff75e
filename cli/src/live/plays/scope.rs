//! An access token without the server's OAuth scope, from an app client that is made for this and removed again.

use aws_sdk_cognitoidentityprovider::error::DisplayErrorContext;
use aws_sdk_cognitoidentityprovider::types::{OAuthFlowType, ResourceServerScopeType};
use serde_json::json;

use crate::live::findings::Findings;
use crate::live::plays::{looked_at, try_play};
use crate::live::stage::{MADE_BY_A_RUN, Request, Stage};

/// The OAuth scope of the resource server that is made.
const SCOPE: &str = "other";

/// A resource server and an app client of its scope alone.
struct Stranger<'a> {
    stage: &'a Stage,
    user_pool: &'a str,
    client: Option<String>,
}

try_play!(missing, |stage, findings| {
    let user_pool = stage.output("UserPoolId")?;
    let mut stranger = Stranger {
        stage,
        user_pool,
        client: None,
    };
    // Of a run that was killed.
    stranger.remove_leftovers().await?;
    let token = stranger.token().await;
    if let Err(problem) = stranger.remove().await {
        findings.leave_open(format!(
            "what was made is not removed, the next run tries again: {problem}"
        ));
    }
    let token = token?;
    let request = Request::rpc(stage.url(), "tools/list", &json!({})).bearer(&token);
    let response = stage.send(request).await?;
    let challenge = looked_at(&response, &["www-authenticate"]);
    findings.expect(
        matches!(response.status, 401 | 403) && challenge.contains("Bearer"),
        format!(
            "an access token without the OAuth scope: {} {challenge}",
            response.status
        ),
    );
});

impl Stranger<'_> {
    async fn token(&mut self) -> Result<String, String> {
        let scope = ResourceServerScopeType::builder()
            .scope_name(SCOPE)
            .scope_description("made by mcp-lambda live")
            .build()
            .map_err(|error| error.to_string())?;
        let cognito = &self.stage.cognito;
        cognito
            .create_resource_server()
            .user_pool_id(self.user_pool)
            .identifier(MADE_BY_A_RUN)
            .name(MADE_BY_A_RUN)
            .scopes(scope)
            .send()
            .await
            .map_err(|error| DisplayErrorContext(error).to_string())?;
        let scope = format!("{MADE_BY_A_RUN}/{SCOPE}");
        let created = cognito
            .create_user_pool_client()
            .user_pool_id(self.user_pool)
            .client_name(MADE_BY_A_RUN)
            .generate_secret(true)
            .allowed_o_auth_flows(OAuthFlowType::ClientCredentials)
            .allowed_o_auth_flows_user_pool_client(true)
            .allowed_o_auth_scopes(&scope)
            .send()
            .await
            .map_err(|error| DisplayErrorContext(error).to_string())?;
        let client = created.user_pool_client().ok_or("no app client was made")?;
        let id = client.client_id().ok_or("the app client has no id")?;
        self.client = Some(id.to_owned());
        let secret = client
            .client_secret()
            .ok_or("the app client has no secret")?;
        self.token_from_cognito(id, secret, &scope).await
    }

    /// From Cognito itself: the authorization server issues no access token without an OAuth scope of the server.
    async fn token_from_cognito(
        &self,
        id: &str,
        secret: &str,
        scope: &str,
    ) -> Result<String, String> {
        let sign_in = self.stage.output("SignInUrl")?;
        let sign_in = url::Url::parse(sign_in).map_err(|error| error.to_string())?;
        let response = self.stage.send(Request::get(sign_in.as_str())).await?;
        let mut endpoint = response.location(&sign_in).unwrap_or(sign_in);
        endpoint.set_path("/oauth2/token");
        endpoint.set_query(None);
        let parameters = [
            ("grant_type", "client_credentials"),
            ("scope", scope),
            ("client_id", id),
            ("client_secret", secret),
        ];
        let response = self
            .stage
            .send(Request::form(endpoint.as_str(), &parameters))
            .await?;
        response.member("access_token").ok_or_else(|| {
            format!(
                "{endpoint} responds {} {}",
                response.status,
                looked_at(&response, &[])
            )
        })
    }

    async fn remove(&self) -> Result<(), String> {
        let cognito = &self.stage.cognito;
        if let Some(client) = &self.client {
            cognito
                .delete_user_pool_client()
                .user_pool_id(self.user_pool)
                .client_id(client)
                .send()
                .await
                .map_err(|error| DisplayErrorContext(error).to_string())?;
        }
        let deleted = cognito
            .delete_resource_server()
            .user_pool_id(self.user_pool)
            .identifier(MADE_BY_A_RUN)
            .send()
            .await;
        match deleted {
            Err(error)
                if !error
                    .as_service_error()
                    .is_some_and(|error| error.is_resource_not_found_exception()) =>
            {
                Err(DisplayErrorContext(error).to_string())
            }
            _ => Ok(()),
        }
    }

    /// Removes what an earlier run has left.
    async fn remove_leftovers(&self) -> Result<(), String> {
        let cognito = &self.stage.cognito;
        let mut pages = cognito
            .list_user_pool_clients()
            .user_pool_id(self.user_pool)
            .max_results(60)
            .into_paginator()
            .send();
        while let Some(page) = pages.next().await {
            let page = page.map_err(|error| DisplayErrorContext(error).to_string())?;
            for client in page.user_pool_clients() {
                if client.client_name() == Some(MADE_BY_A_RUN) {
                    cognito
                        .delete_user_pool_client()
                        .user_pool_id(self.user_pool)
                        .set_client_id(client.client_id().map(str::to_owned))
                        .send()
                        .await
                        .map_err(|error| DisplayErrorContext(error).to_string())?;
                }
            }
        }
        self.remove().await
    }
}
