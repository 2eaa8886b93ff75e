"""What the emulator's CloudFormation does differently from AWS, put right by registering provisioners anew."""

from __future__ import annotations

import json
import re
from typing import Any

from ministack.services import dynamodb, ec2, secretsmanager, waf
from ministack.services.cloudformation import changesets, engine, provisioners, stacks


# Types that have no service behind them in the emulator: the properties that make the name, which Ref gives. docs/live-checks.md has
# them too.
STAND_INS = {
    "AWS::CodeDeploy::Application": ("ApplicationName",),
    "AWS::CodeDeploy::DeploymentGroup": ("DeploymentGroupName",),
    "AWS::Cognito::ManagedLoginBranding": ("UserPoolId", "ClientId"),
}


def stand_ins() -> None:
    """Closes: an unrecognized type refuses the whole template. These are accepted and have no effect: the local sign-in
    pages look the same with every branding, and an alias moves to a new version at once."""

    def stand_in(resource_type: str, naming: tuple[str, ...]) -> dict:
        def create(logical_id: str, props: dict, stack_name: str) -> tuple[str, dict]:
            name = "|".join(props.get(each) or f"{stack_name}-{logical_id}" for each in naming)
            return name, {f"{resource_type.rpartition('::')[2]}Id": name}

        def update(physical_id: str, old: dict, new: dict, stack_name: str, logical_id: str | None = None) -> Any:
            return create(logical_id or "", new, stack_name)

        return {"create": create, "update": update, "update_with_logical_id": True,
                "delete": lambda physical_id, props: None}

    for resource_type, naming in STAND_INS.items():
        provisioners._RESOURCE_HANDLERS[resource_type] = stand_in(resource_type, naming)


def web_acl_association() -> None:
    """Closes: AWS::WAFv2::WebACLAssociation is an unrecognized type, though the emulator's WAF knows associations. It
    inspects no request all the same."""

    def create(logical_id: str, props: dict, stack_name: str) -> tuple[str, dict]:
        status, _, body = waf._associate_web_acl({"WebACLArn": props["WebACLArn"], "ResourceArn": props["ResourceArn"]})
        if status >= 400:
            raise ValueError(f"AWS::WAFv2::WebACLAssociation: {json.loads(body).get('message')}")
        return f"{props['WebACLArn']}|{props['ResourceArn']}", {}

    def update(physical_id: str, old: dict, new: dict, stack_name: str, logical_id: str | None = None) -> Any:
        delete(physical_id, old)
        return create(logical_id or "", new, stack_name)

    def delete(physical_id: str, props: dict) -> None:
        waf._disassociate_web_acl({"ResourceArn": physical_id.rpartition("|")[2]})

    provisioners._RESOURCE_HANDLERS["AWS::WAFv2::WebACLAssociation"] = {"create": create, "update": update, "delete": delete}


def elastic_ip() -> None:
    """Closes: AWS::EC2::EIP is accepted without effect and without AllocationId, which the NAT gateway of every VPC with one reads."""

    def create(logical_id: str, props: dict, stack_name: str) -> tuple[str, dict]:
        _, _, body = ec2._allocate_address({})
        found = re.search(r"<publicIp>(.+?)</publicIp>.*<allocationId>(.+?)</allocationId>",
                          body if isinstance(body, str) else body.decode(), re.DOTALL)
        if found is None:
            raise ValueError("AWS::EC2::EIP: no address")
        address, allocation = found.groups()
        return f"{address}|{allocation}", {"AllocationId": allocation, "PublicIp": address}

    def update(physical_id: str, old: dict, new: dict, stack_name: str, logical_id: str | None = None) -> Any:
        address, allocation = physical_id.split("|")
        return physical_id, {"AllocationId": allocation, "PublicIp": address}

    def delete(physical_id: str, props: dict) -> None:
        ec2._release_address({"AllocationId": [physical_id.rpartition("|")[2]]})

    provisioners._RESOURCE_HANDLERS["AWS::EC2::EIP"] = {"create": create, "update": update, "delete": delete}


def container_secrets() -> None:
    """Closes: the secrets of a container keep the names of CloudFormation, so that no client of Amazon ECS reads them."""
    normalize = provisioners._normalize_container_defs

    def with_secrets(definitions: list[dict]) -> list[dict]:
        normalized = normalize(definitions)
        for each in normalized:
            if "secrets" in each:
                each["secrets"] = [{"name": secret["Name"], "valueFrom": secret["ValueFrom"]} for secret in each["secrets"]]
        return normalized

    provisioners._normalize_container_defs = with_secrets


def metric_math_alarm() -> None:
    """Closes: an alarm over metric math is refused. It is kept, without a metric, and so never goes off."""
    record = provisioners._cw_metric_alarm_record

    def record_any(name: str, props: dict) -> dict:
        if props.get("Metrics"):
            props = {**props, "Metrics": None, "MetricName": "metric math", "Namespace": "not evaluated"}
        return record(name, props)

    provisioners._cw_metric_alarm_record = record_any


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

    def apply(table: str, old: dict | None, new: dict | None) -> None:
        if new and new != old:
            dynamodb._update_ttl({"TableName": table, "TimeToLiveSpecification": {
                "AttributeName": new.get("AttributeName", ""), "Enabled": str(new.get("Enabled")).lower() == "true"}})
        elif old and not new:
            dynamodb._update_ttl({"TableName": table, "TimeToLiveSpecification": {**old, "Enabled": False}})

    def with_ttl(create: Any, update: Any) -> dict:
        def create_with_ttl(logical_id: str, props: dict, stack_name: str) -> Any:
            physical_id, attributes = create(logical_id, props, stack_name)
            apply(physical_id, None, props.get("TimeToLiveSpecification"))
            return physical_id, attributes

        def update_with_ttl(physical_id: str, old: dict, new: dict, stack_name: str, *logical_id: str) -> Any:
            result = update(physical_id, old, new, stack_name, *logical_id)
            new_id = result[0] if isinstance(result, tuple) else physical_id
            known = old.get("TimeToLiveSpecification") if new_id == physical_id else None
            apply(new_id, known, new.get("TimeToLiveSpecification"))
            return result

        return {"create": create_with_ttl, "update": update_with_ttl}

    for resource_type in ("AWS::DynamoDB::Table", "AWS::DynamoDB::GlobalTable"):
        handlers = provisioners._RESOURCE_HANDLERS[resource_type]
        handlers.update(with_ttl(handlers["create"], handlers["update"]))


def accept_unknown_types(events: Any) -> None:
    """Closes: a type that the emulator does not know refuses the whole template. Such a resource is accepted and has no effect, and
    `mcp-lambda dev` names it."""
    known = provisioners._RESOURCE_HANDLERS

    class WithUnknown(dict):
        """The handlers by type; every type of AWS has some."""

        def __contains__(self, resource_type: Any) -> bool:
            return super().__contains__(resource_type) or self._is_unknown(resource_type)

        def get(self, resource_type: Any, default: Any = None) -> Any:
            return _without_effect(resource_type, events) if self._is_unknown(resource_type) else super().get(resource_type, default)

        def _is_unknown(self, resource_type: Any) -> bool:
            is_aws = isinstance(resource_type, str) and resource_type.startswith(("AWS::", "Alexa::"))
            return is_aws and not resource_type.startswith("AWS::CloudFormation::") and not super().__contains__(resource_type)

    handlers = WithUnknown(known)
    for module in (provisioners, engine, changesets, stacks):
        if getattr(module, "_RESOURCE_HANDLERS", None) is known:
            module._RESOURCE_HANDLERS = handlers
    # Patches of this module and of others that come later change the same handlers.
    provisioners._RESOURCE_HANDLERS = handlers


def _without_effect(resource_type: str, events: Any) -> dict:
    def create(logical_id: str, props: dict, stack_name: str) -> tuple[str, dict]:
        events.write("notEmulated", type=resource_type, logicalId=logical_id, stack=stack_name)
        name = f"{stack_name}-{logical_id}"
        return name, {"Arn": f"arn:aws:{resource_type.split('::')[1].lower()}:::{name}", "Id": name, "Name": name}

    def update(physical_id: str, old: dict, new: dict, stack_name: str, logical_id: str | None = None) -> Any:
        return create(logical_id or "", new, stack_name)

    return {"create": create, "update": update, "update_with_logical_id": True, "delete": lambda physical_id, props: None}


def install() -> None:
    """Apply every patch of this module."""
    stand_ins()
    elastic_ip()
    container_secrets()
    web_acl_association()
    metric_math_alarm()
    user_pool_provider()
    secret_reference()
    generated_secret()
    time_to_live()
