"""Deploy the stacks of a synthesized CDK app to the emulator, in the order that is given, and say what they became.

Usage: deploy_app.py --endpoint URL --region REGION < PLAN, where PLAN is `{"userPools": [ID…], "stacks": [{"name", "template", "directory",
"assets": [FILE…]}…]}`.

Prints `{STACK: {"outputs": {…}, "resources": {LOGICAL ID: PHYSICAL ID}, "containers": {TASK DEFINITION: {"image", "environment"}}}}`. On
failure prints the first resource that failed and its reason, exit status 1.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import Any

import botocore.session
from botocore.exceptions import BotoCoreError, ClientError
from deploy import DeploymentFailed, bring_up, clients, upload_assets


# The tag by which a new user pool gets its id (cognito_patches.py).
ID_TAG = "mcp-lambda:id"


def make_user_pools(endpoint: str, region: str, ids: list[str]) -> None:
    """Make the user pools that another app defines on AWS, unless they are there. People sign up with their e-mail address."""
    if not ids:
        return
    cognito = botocore.session.get_session().create_client(
        "cognito-idp", region_name=region, endpoint_url=endpoint, aws_access_key_id="test", aws_secret_access_key="test")
    for pool in ids:
        try:
            cognito.describe_user_pool(UserPoolId=pool)
        except ClientError as error:
            if error.response["Error"]["Code"] != "ResourceNotFoundException":
                raise
            cognito.create_user_pool(PoolName=pool, UserPoolTags={ID_TAG: pool}, UsernameAttributes=["email"],
                                     AutoVerifiedAttributes=["email"], UsernameConfiguration={"CaseSensitive": False})


def containers(endpoint: str, region: str, resources: list[dict]) -> dict[str, Any]:
    """The container of each task definition by its ARN, with the values of its secrets in its environment."""
    definitions = [each["PhysicalResourceId"] for each in resources if each["ResourceType"] == "AWS::ECS::TaskDefinition"]
    if not definitions:
        return {}
    session = botocore.session.get_session()
    ecs, secrets = (
        session.create_client(service, region_name=region, endpoint_url=endpoint, aws_access_key_id="test", aws_secret_access_key="test")
        for service in ("ecs", "secretsmanager"))
    found = {}
    for definition in definitions:
        container = ecs.describe_task_definition(taskDefinition=definition)["taskDefinition"]["containerDefinitions"][0]
        environment = {each["name"]: each["value"] for each in container.get("environment", [])}
        for each in container.get("secrets", []):
            environment[each["name"]] = secrets.get_secret_value(SecretId=each["valueFrom"])["SecretString"]
        found[definition] = {"image": container["image"], "environment": environment}
    return found


def main() -> int:
    """Parse arguments, deploy, print what the stacks became or the reason."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--endpoint", required=True)
    parser.add_argument("--region", required=True)
    options = parser.parse_args()
    plan = json.load(sys.stdin)
    deployed: dict[str, Any] = {}
    try:
        make_user_pools(options.endpoint, options.region, plan["userPools"])
        cloudformation, s3, ssm = clients(options.endpoint, options.region)
        for stack in plan["stacks"]:
            name, directory = stack["name"], Path(stack["directory"])
            bucket = None
            for assets in stack["assets"]:
                bucket = upload_assets(s3, directory, assets, options.region) or bucket
            description = bring_up(options.endpoint, (cloudformation, s3, ssm), name, directory / stack["template"], bucket)
            resources = cloudformation.describe_stack_resources(StackName=name)["StackResources"]
            deployed[name] = {
                "outputs": {output["OutputKey"]: output["OutputValue"] for output in description.get("Outputs", [])},
                "resources": {each["LogicalResourceId"]: each.get("PhysicalResourceId", "") for each in resources},
                "containers": containers(options.endpoint, options.region, resources),
            }
    except DeploymentFailed as error:
        print(f"{name}: {error}", file=sys.stderr)
        return 1
    except (BotoCoreError, ClientError, OSError) as error:
        print(error, file=sys.stderr)
        return 1
    print(json.dumps(deployed))
    return 0


if __name__ == "__main__":
    sys.exit(main())
