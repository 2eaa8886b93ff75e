//! Adds, lists, rotates and removes machine clients.

use aws_sdk_cognitoidentityprovider::{
    Client,
    types::{
        ClientSecretDescriptorType, OAuthFlowType, TimeUnitsType, TokenValidityUnitsType,
        UserPoolClientType,
    },
};

use super::AdministrationFailure;

/// Most pages of app clients that are read, with 60 clients each; a pool has up to 1,000 by default.
const MAX_PAGES: usize = 200;

/// Creates a machine client: client credentials only, exactly these scopes, one secret.
pub(super) async fn add(
    cognito: &Client,
    pool: &str,
    name: &str,
    scopes: Vec<String>,
    token_minutes: i32,
) -> Result<String, AdministrationFailure> {
    if !(5..=1440).contains(&token_minutes) {
        return Err(AdministrationFailure::TokenMinutes {
            given: token_minutes,
        });
    }
    let operation = "creating the client";
    let answer = cognito
        .create_user_pool_client()
        .user_pool_id(pool)
        .client_name(name)
        .generate_secret(true)
        .allowed_o_auth_flows(OAuthFlowType::ClientCredentials)
        .allowed_o_auth_flows_user_pool_client(true)
        .set_allowed_o_auth_scopes(Some(scopes))
        .access_token_validity(token_minutes)
        .token_validity_units(
            TokenValidityUnitsType::builder()
                .access_token(TimeUnitsType::Minutes)
                .build(),
        )
        .send()
        .await
        .map_err(AdministrationFailure::of(operation))?;
    let client = answer
        .user_pool_client()
        .ok_or(AdministrationFailure::Incomplete { operation })?;
    match (client.client_id(), client.client_secret()) {
        (Some(id), Some(secret)) => Ok(format!(
            "client id:     {id}\nclient secret: {secret}\n{SHOWN_ONCE}"
        )),
        _ => Err(AdministrationFailure::Incomplete { operation }),
    }
}

const SHOWN_ONCE: &str =
    "This secret is shown once. Put it where the program reads it, such as Secrets Manager.";

/// Lists the machine clients of the pool; the clients of people are left out.
pub(super) async fn list(cognito: &Client, pool: &str) -> Result<String, AdministrationFailure> {
    let mut lines = Vec::new();
    let mut page = None;
    for _ in 0..MAX_PAGES {
        let answer = cognito
            .list_user_pool_clients()
            .user_pool_id(pool)
            .max_results(60)
            .set_next_token(page)
            .send()
            .await
            .map_err(AdministrationFailure::of("listing the clients"))?;
        for listed in answer.user_pool_clients() {
            let Some(id) = listed.client_id() else {
                continue;
            };
            let client = describe(cognito, pool, id).await?;
            if is_machine(&client) {
                let secrets = secrets(cognito, pool, id).await?;
                let scopes = client.allowed_o_auth_scopes().join(" ");
                lines.push(format!(
                    "{id}  {}  secrets: {}  scopes: {scopes}",
                    client.client_name().unwrap_or("-"),
                    secrets.len()
                ));
            }
        }
        page = answer.next_token().map(str::to_owned);
        if page.is_none() {
            break;
        }
    }
    Ok(if lines.is_empty() {
        "no machine clients".to_owned()
    } else {
        lines.join("\n")
    })
}

/// Begins a rotation: a second secret beside the first.
pub(super) async fn rotate(
    cognito: &Client,
    pool: &str,
    client_id: &str,
) -> Result<String, AdministrationFailure> {
    machine(cognito, pool, client_id).await?;
    if secrets(cognito, pool, client_id).await?.len() > 1 {
        return Err(AdministrationFailure::RotationUnfinished {
            client_id: client_id.to_owned(),
        });
    }
    let operation = "adding the secret";
    let answer = cognito
        .add_user_pool_client_secret()
        .user_pool_id(pool)
        .client_id(client_id)
        .send()
        .await
        .map_err(AdministrationFailure::of(operation))?;
    let secret = answer
        .client_secret_descriptor()
        .and_then(ClientSecretDescriptorType::client_secret_value)
        .ok_or(AdministrationFailure::Incomplete { operation })?;
    Ok(format!(
        "client secret: {secret}\n{SHOWN_ONCE}\nThe old secret still works. When every program has the new one: mcp-lambda clients rotate {client_id} --finish"
    ))
}

/// Ends a rotation: removes the older secret.
pub(super) async fn finish(
    cognito: &Client,
    pool: &str,
    client_id: &str,
) -> Result<String, AdministrationFailure> {
    machine(cognito, pool, client_id).await?;
    let mut secrets = secrets(cognito, pool, client_id).await?;
    secrets.sort_by_key(|secret| {
        secret
            .client_secret_create_date()
            .map(aws_sdk_cognitoidentityprovider::primitives::DateTime::secs)
    });
    let [older, _newer] = secrets.as_slice() else {
        return Err(AdministrationFailure::NothingToFinish {
            client_id: client_id.to_owned(),
        });
    };
    cognito
        .delete_user_pool_client_secret()
        .user_pool_id(pool)
        .client_id(client_id)
        .set_client_secret_id(older.client_secret_id().map(str::to_owned))
        .send()
        .await
        .map_err(AdministrationFailure::of("removing the older secret"))?;
    Ok("the older secret is removed".to_owned())
}

/// Removes a machine client, and no other app client: a mistake must not lock people out.
pub(super) async fn remove(
    cognito: &Client,
    pool: &str,
    client_id: &str,
) -> Result<String, AdministrationFailure> {
    machine(cognito, pool, client_id).await?;
    cognito
        .delete_user_pool_client()
        .user_pool_id(pool)
        .client_id(client_id)
        .send()
        .await
        .map_err(AdministrationFailure::of("removing the client"))?;
    Ok(format!(
        "client {client_id} is removed; its access tokens stay valid until they expire"
    ))
}

async fn describe(
    cognito: &Client,
    pool: &str,
    client_id: &str,
) -> Result<UserPoolClientType, AdministrationFailure> {
    let operation = "reading the client";
    let answer = cognito
        .describe_user_pool_client()
        .user_pool_id(pool)
        .client_id(client_id)
        .send()
        .await
        .map_err(AdministrationFailure::of(operation))?;
    answer
        .user_pool_client
        .ok_or(AdministrationFailure::Incomplete { operation })
}

async fn machine(
    cognito: &Client,
    pool: &str,
    client_id: &str,
) -> Result<(), AdministrationFailure> {
    let client = describe(cognito, pool, client_id).await?;
    if is_machine(&client) {
        Ok(())
    } else {
        Err(AdministrationFailure::NotMachine {
            client_id: client_id.to_owned(),
        })
    }
}

fn is_machine(client: &UserPoolClientType) -> bool {
    client.allowed_o_auth_flows() == [OAuthFlowType::ClientCredentials]
}

async fn secrets(
    cognito: &Client,
    pool: &str,
    client_id: &str,
) -> Result<Vec<ClientSecretDescriptorType>, AdministrationFailure> {
    let answer = cognito
        .list_user_pool_client_secrets()
        .user_pool_id(pool)
        .client_id(client_id)
        .send()
        .await
        .map_err(AdministrationFailure::of("listing the client's secrets"))?;
    Ok(answer.client_secrets.unwrap_or_default())
}
