"""Deploy a synthesized CDK stack to the emulator, without the CDK command line (which needs several seconds more).

Usage: deploy.py --endpoint URL --cdk-out DIRECTORY --stack NAME [--template FILE] [--region REGION] [--rest-api-id]

Prints the stack's outputs as one JSON object; --rest-api-id adds RestApiId of the stack's one REST API.
On failure prints the first resource that failed and its reason, exit status 1.
"""

from __future__ import annotations

import argparse
import io
import json
import sys
import time
import zipfile
from pathlib import Path
from typing import Any

import botocore.session
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

BROKEN = {"CREATE_FAILED", "ROLLBACK_COMPLETE", "ROLLBACK_FAILED", "DELETE_FAILED", "UPDATE_ROLLBACK_FAILED"}
ACCOUNT = "000000000000"
WAIT_SECONDS = 120


class DeploymentFailed(Exception):
    """The stack could not be brought to its template; the text says which resource and why."""


def clients(endpoint: str, region: str) -> tuple[Any, Any, Any]:
    """CloudFormation, S3 and SSM clients of the emulator, signed with its root key."""
    session = botocore.session.get_session()
    config = Config(retries={"max_attempts": 1}, s3={"addressing_style": "path"})
    return tuple(session.create_client(  # type: ignore[return-value]
        service, region_name=region, endpoint_url=endpoint, config=config,
        aws_access_key_id="test", aws_secret_access_key="test") for service in ("cloudformation", "s3", "ssm"))


def packed(source: Path) -> bytes:
    """A directory as a zip whose bytes depend on nothing but names, modes and content."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        for path in sorted(p for p in source.rglob("*") if p.is_file()):
            entry = zipfile.ZipInfo(path.relative_to(source).as_posix())
            entry.external_attr = (path.stat().st_mode & 0xFFFF) << 16
            entry.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(entry, path.read_bytes())
    return buffer.getvalue()


def exists(s3: Any, **object_or_bucket: str) -> bool:
    """Whether the bucket (or the object, when Key is given) is there."""
    try:
        (s3.head_object if "Key" in object_or_bucket else s3.head_bucket)(**object_or_bucket)
    except ClientError as error:
        if error.response["ResponseMetadata"]["HTTPStatusCode"] == 404:
            return False
        raise
    return True


def upload_assets(s3: Any, cdk_out: Path, assets: str, region: str) -> str | None:
    """Upload the assets of a manifest that are not there yet (keys are digests); returns the bucket, None without assets."""
    manifest = json.loads((cdk_out / assets).read_text())
    bucket = None
    for asset in manifest.get("files", {}).values():
        for destination in asset["destinations"].values():
            bucket = destination["bucketName"].replace("${AWS::AccountId}", ACCOUNT).replace("${AWS::Region}", region)
            if not exists(s3, Bucket=bucket):
                # The one Region that must not be named.
                place = {} if region == "us-east-1" else {"CreateBucketConfiguration": {"LocationConstraint": region}}
                s3.create_bucket(Bucket=bucket, **place)
            source = cdk_out / asset["source"]["path"]
            key = destination["objectKey"]
            if not exists(s3, Bucket=bucket, Key=key):
                zipped = asset["source"].get("packaging") == "zip"
                s3.put_object(Bucket=bucket, Key=key, Body=packed(source) if zipped else source.read_bytes())
    return bucket


def status_of(cloudformation: Any, stack: str) -> dict | None:
    """The stack's description, or None when there is no such stack."""
    try:
        return cloudformation.describe_stacks(StackName=stack)["Stacks"][0]
    except ClientError as error:
        if "does not exist" in str(error):
            return None
        raise


def first_failure(cloudformation: Any, stack: str) -> str:
    """The oldest failed resource of the newest attempt, with its reason."""
    failure = "no failed resource is recorded; see the emulator's log"
    for event in cloudformation.describe_stack_events(StackName=stack)["StackEvents"]:  # newest first
        began = event["ResourceStatus"] in ("CREATE_IN_PROGRESS", "UPDATE_IN_PROGRESS")
        if event["LogicalResourceId"] == stack and began:
            break
        if event["ResourceStatus"].endswith("_FAILED"):
            failure = f"{event['LogicalResourceId']} ({event['ResourceType']}): {event.get('ResourceStatusReason', '')}"
    return failure


def wait(cloudformation: Any, stack: str) -> dict | None:
    """Wait until nothing is in progress; returns the stack's description."""
    for _ in range(WAIT_SECONDS * 20):
        description = status_of(cloudformation, stack)
        if description is None or not description["StackStatus"].endswith("_IN_PROGRESS"):
            return description
        time.sleep(0.05)
    raise DeploymentFailed(f"stack {stack} is still in progress after {WAIT_SECONDS} s")


def deploy(options: argparse.Namespace) -> dict[str, Any]:
    """Create or update the stack and return its outputs."""
    cloudformation, s3, ssm = clients(options.endpoint, options.region)
    template_file = options.template or options.cdk_out / f"{options.stack}.template.json"
    bucket = upload_assets(s3, options.cdk_out, f"{options.stack}.assets.json", options.region)
    description = bring_up(options.endpoint, (cloudformation, s3, ssm), options.stack, template_file, bucket)
    outputs = {output["OutputKey"]: output["OutputValue"] for output in description.get("Outputs", [])}
    if options.rest_api_id:
        outputs["RestApiId"] = rest_api_id(cloudformation, options.stack)
    return outputs


def bring_up(endpoint: str, services: tuple[Any, Any, Any], stack: str, template_file: Path, bucket: str | None) -> dict:
    """Create the stack or update it to the template; returns its description."""
    cloudformation, s3, ssm = services
    template = json.loads(template_file.read_text())
    # `cdk bootstrap` would write this; the template's rule reads it.
    bootstrap = template.get("Parameters", {}).get("BootstrapVersion", {}).get("Default")
    if bootstrap:
        ssm.put_parameter(Name=bootstrap, Value="30", Type="String", Overwrite=True)

    request = {"StackName": stack, "Capabilities": ["CAPABILITY_NAMED_IAM", "CAPABILITY_AUTO_EXPAND"]}
    body = json.dumps(template, separators=(",", ":"))
    if bucket:  # an inline template may have 51,200 bytes, like on AWS
        key = f"templates/{stack}.json"
        s3.put_object(Bucket=bucket, Key=key, Body=body.encode())
        request["TemplateURL"] = f"{endpoint}/{bucket}/{key}"
    else:
        request["TemplateBody"] = body

    known = status_of(cloudformation, stack)
    if known and known["StackStatus"] in BROKEN:
        cloudformation.delete_stack(StackName=stack)
        known = wait(cloudformation, stack)
        known = None if known and known["StackStatus"] == "DELETE_COMPLETE" else known
    try:
        (cloudformation.update_stack if known else cloudformation.create_stack)(**request)
    except ClientError as error:
        if "No updates are to be performed" not in str(error):
            raise
        return known or {}
    description = wait(cloudformation, stack)
    if description is None or description["StackStatus"] not in ("CREATE_COMPLETE", "UPDATE_COMPLETE"):
        raise DeploymentFailed(first_failure(cloudformation, stack))
    return description


def rest_api_ids(cloudformation: Any, stack: str) -> dict[str, str]:
    """The physical ids of the stack's REST APIs by their logical ids."""
    return {resource["LogicalResourceId"]: resource["PhysicalResourceId"]
            for resource in cloudformation.describe_stack_resources(StackName=stack)["StackResources"]
            if resource["ResourceType"] == "AWS::ApiGateway::RestApi"}


def rest_api_id(cloudformation: Any, stack: str) -> str:
    """The physical id of the stack's one REST API."""
    apis = list(rest_api_ids(cloudformation, stack).values())
    if len(apis) != 1:
        raise DeploymentFailed(f"stack {stack} has {len(apis)} REST APIs where one is asked for")
    return apis[0]


def main() -> int:
    """Parse arguments, deploy, print outputs or the reason."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--endpoint", required=True)
    parser.add_argument("--cdk-out", type=Path, required=True)
    parser.add_argument("--stack", required=True)
    parser.add_argument("--template", type=Path)
    parser.add_argument("--rest-api-id", action="store_true")
    parser.add_argument("--region", default="us-east-1")
    options = parser.parse_args()
    try:
        print(json.dumps(deploy(options), indent=2))
    except (DeploymentFailed, BotoCoreError, ClientError, OSError) as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
