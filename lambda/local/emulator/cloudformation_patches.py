"""What the emulator's CloudFormation does differently from AWS, put right by registering provisioners anew."""

from __future__ import annotations

import json
from typing import Any

from ministack.services import dynamodb, secretsmanager
from ministack.services.cloudformation import provisioners


def managed_login_branding() -> None:
    """Closes: AWS::Cognito::ManagedLoginBranding is an unrecognized type, which refuses the whole template.

    The style itself has no effect here: the local sign-in pages look the same with every branding.
    """

    def create(logical_id: str, props: dict, stack_name: str) -> tuple[str, dict]:
        if not (props.get("UserPoolId") and props.get("ClientId")):
            raise ValueError("AWS::Cognito::ManagedLoginBranding: UserPoolId and ClientId are required")
        identifier = f"{props['UserPoolId']}|{props['ClientId']}"
        return identifier, {"ManagedLoginBrandingId": identifier}

    def update(physical_id: str, old_props: dict, new_props: dict, stack_name: str) -> tuple[str, dict]:
        return create("", new_props, stack_name)

    provisioners._RESOURCE_HANDLERS["AWS::Cognito::ManagedLoginBranding"] = {
        "create": create, "update": update, "delete": lambda physical_id, props: None}


def user_pool_provider() -> None:
    """Closes: a user pool has no ProviderURL for Fn::GetAtt, which is its issuer."""
    attributes = provisioners._cognito_user_pool_attributes

    def with_provider(pool_id: str) -> dict:
        known = attributes(pool_id)
        return {**known, "ProviderURL": f"https://{known['ProviderName']}"}

    provisioners._cognito_user_pool_attributes = with_provider


def secret_reference() -> None:
    """Closes: Ref of a secret is its name where AWS gives the ARN, so that outputs are wrong and grants never match."""
    handlers = provisioners._RESOURCE_HANDLERS["AWS::SecretsManager::Secret"]
    create, update = provisioners._sm_secret_create, provisioners._sm_secret_update
    delete = provisioners._sm_secret_delete

    def name_of(reference: str) -> str:
        return next((name for name, secret in secretsmanager._secrets.items() if secret["ARN"] == reference), reference)

    def create_by_arn(logical_id: str, props: dict, stack_name: str) -> tuple[str, dict]:
        _, attributes = create(logical_id, props, stack_name)
        return attributes["Arn"], attributes

    def update_by_arn(physical_id: str, old: dict, new: dict, stack_name: str, logical_id: str | None = None) -> Any:
        _, attributes = update(name_of(physical_id), old, new, stack_name, logical_id)
        return attributes["Arn"], attributes

    handlers.update(create=create_by_arn, update=update_by_arn,
                    delete=lambda physical_id, props: delete(name_of(physical_id), props))


def generated_secret() -> None:
    """Closes: GenerateSecretString ignores its Exclude and Include flags and draws from a guessable generator."""

    def secret_string(props: dict) -> str:
        options = props.get("GenerateSecretString")
        if props.get("SecretString") or not options:
            return props.get("SecretString", "")
        flags = {k: str(v).lower() == "true" for k, v in options.items()
                 if k.startswith(("Exclude", "Include", "Require")) and k != "ExcludeCharacters"}
        status, _, body = secretsmanager._get_random_password({
            **flags, "PasswordLength": int(options.get("PasswordLength", 32)),
            "ExcludeCharacters": options.get("ExcludeCharacters", "")})
        document = json.loads(body)
        if status >= 400:
            raise ValueError(f"AWS::SecretsManager::Secret: {document.get('message', 'GenerateSecretString refused')}")
        if not options.get("SecretStringTemplate"):
            return document["RandomPassword"]
        return json.dumps({**json.loads(options["SecretStringTemplate"]),
                           options["GenerateStringKey"]: document["RandomPassword"]})

    provisioners._sm_secret_string = secret_string


def time_to_live() -> None:
    """Closes: TimeToLiveSpecification of a DynamoDB table is ignored, so that nothing ever expires."""
    handlers = provisioners._RESOURCE_HANDLERS["AWS::DynamoDB::Table"]
    create, update = handlers["create"], handlers["update"]

    def apply(table: str, old: dict | None, new: dict | None) -> None:
        if new and new != old:
            dynamodb._update_ttl({"TableName": table, "TimeToLiveSpecification": {
                "AttributeName": new.get("AttributeName", ""), "Enabled": str(new.get("Enabled")).lower() == "true"}})
        elif old and not new:
            dynamodb._update_ttl({"TableName": table, "TimeToLiveSpecification": {**old, "Enabled": False}})

    def create_with_ttl(logical_id: str, props: dict, stack_name: str) -> Any:
        physical_id, attributes = create(logical_id, props, stack_name)
        apply(physical_id, None, props.get("TimeToLiveSpecification"))
        return physical_id, attributes

    def update_with_ttl(physical_id: str, old: dict, new: dict, stack_name: str, logical_id: str | None = None) -> Any:
        result = update(physical_id, old, new, stack_name, logical_id)
        new_id = result[0] if isinstance(result, tuple) else physical_id
        known = old.get("TimeToLiveSpecification") if new_id == physical_id else None
        apply(new_id, known, new.get("TimeToLiveSpecification"))
        return result

    handlers.update(create=create_with_ttl, update=update_with_ttl)


def install() -> None:
    """Apply every patch of this module."""
    managed_login_branding()
    user_pool_provider()
    secret_reference()
    generated_secret()
    time_to_live()
