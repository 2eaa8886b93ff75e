//! Invites and disables users.

use aws_sdk_cognitoidentityprovider::{
    Client,
    types::{AttributeType, DeliveryMediumType},
};

use super::AdministrationFailure;

/// Creates a user; Cognito sends them a temporary password, which never passes through here.
pub(super) async fn invite(
    cognito: &Client,
    pool: &str,
    email: &str,
) -> Result<String, AdministrationFailure> {
    let operation = "inviting the user";
    let attribute = |name: &str, value: &str| {
        AttributeType::builder()
            .name(name)
            .value(value)
            .build()
            .map_err(|_| AdministrationFailure::Incomplete { operation })
    };
    cognito
        .admin_create_user()
        .user_pool_id(pool)
        .username(email)
        .user_attributes(attribute("email", email)?)
        .user_attributes(attribute("email_verified", "true")?)
        .desired_delivery_mediums(DeliveryMediumType::Email)
        .send()
        .await
        .map_err(AdministrationFailure::of(operation))?;
    Ok(format!(
        "{email} is invited; Cognito sends them a temporary password"
    ))
}

/// Disables a user and revokes their refresh tokens, in this order: in between they cannot sign in again.
pub(super) async fn disable(
    cognito: &Client,
    pool: &str,
    user: &str,
) -> Result<String, AdministrationFailure> {
    cognito
        .admin_disable_user()
        .user_pool_id(pool)
        .username(user)
        .send()
        .await
        .map_err(AdministrationFailure::of("disabling the user"))?;
    cognito
        .admin_user_global_sign_out()
        .user_pool_id(pool)
        .username(user)
        .send()
        .await
        .map_err(AdministrationFailure::of("signing the user out"))?;
    Ok(format!(
        "{user} is disabled and signed out; access tokens stay valid until they expire"
    ))
}
