"""What is there in an account, by kind of AWS resource, as JSON: what a deleted stack must leave as it was.

Usage: inventory.py ENDPOINT REGION, or inventory.py ENDPOINT REGION STACK for the resources of one stack by logical ID.
"""

from __future__ import annotations

import json
import sys
from typing import Any

import botocore.session

# Kind: service, operation, arguments, where the answer has the list, what names one of it.
KINDS: dict[str, tuple[str, str, dict[str, Any], str, str]] = {
    "user pool": ("cognito-idp", "list_user_pools", {"MaxResults": 60}, "UserPools", "Id"),
    "API": ("apigateway", "get_rest_apis", {"limit": 500}, "items", "id"),
    "usage plan": ("apigateway", "get_usage_plans", {"limit": 500}, "items", "id"),
    "API key": ("apigateway", "get_api_keys", {"limit": 500}, "items", "id"),
    "domain of an API": ("apigateway", "get_domain_names", {"limit": 500}, "items", "domainName"),
    "distribution": ("cloudfront", "list_distributions", {}, "DistributionList.Items", "Id"),
    "certificate": ("acm", "list_certificates", {}, "CertificateSummaryList", "CertificateArn"),
    "hosted zone": ("route53", "list_hosted_zones", {}, "HostedZones", "Id"),
    "web ACL": ("wafv2", "list_web_acls", {"Scope": "REGIONAL"}, "WebACLs", "ARN"),
    "function": ("lambda", "list_functions", {}, "Functions", "FunctionName"),
    "log group": ("logs", "describe_log_groups", {}, "logGroups", "logGroupName"),
    "alarm": ("cloudwatch", "describe_alarms", {}, "MetricAlarms", "AlarmName"),
    "dashboard": ("cloudwatch", "list_dashboards", {}, "DashboardEntries", "DashboardName"),
    "topic": ("sns", "list_topics", {}, "Topics", "TopicArn"),
    "table": ("dynamodb", "list_tables", {}, "TableNames", ""),
    "secret": ("secretsmanager", "list_secrets", {}, "SecretList", "Name"),
    "role": ("iam", "list_roles", {}, "Roles", "RoleName"),
    "bucket": ("s3", "list_buckets", {}, "Buckets", "Name"),
    "parameter": ("ssm", "describe_parameters", {}, "Parameters", "Name"),
    "network": ("ec2", "describe_vpcs", {}, "Vpcs", "VpcId"),
    "subnet": ("ec2", "describe_subnets", {}, "Subnets", "SubnetId"),
    "route table": ("ec2", "describe_route_tables", {}, "RouteTables", "RouteTableId"),
    "security group": ("ec2", "describe_security_groups", {}, "SecurityGroups", "GroupId"),
    "endpoint": ("ec2", "describe_vpc_endpoints", {}, "VpcEndpoints", "VpcEndpointId"),
    "network interface": ("ec2", "describe_network_interfaces", {}, "NetworkInterfaces", "NetworkInterfaceId"),
}


def client(service: str) -> Any:
    """A client of the emulator, signed with its root key."""
    endpoint, region = sys.argv[1:3]
    return botocore.session.get_session().create_client(
        service, region_name=region, endpoint_url=endpoint, aws_access_key_id="test", aws_secret_access_key="test")


def names(service: str, operation: str, arguments: dict[str, Any], path: str, name: str) -> list[str]:
    """The names of one kind, all pages of them."""
    caller = client(service)
    pages = caller.get_paginator(operation).paginate(**arguments) if caller.can_paginate(operation) else [
        getattr(caller, operation)(**arguments)]
    found = []
    for page in pages:
        for step in path.split("."):
            page = page.get(step) or {}
        found += [each[name] if name else each for each in page]
    return sorted(found)


def resources(stack: str) -> dict[str, dict[str, str]]:
    """The resources of a stack by logical ID."""
    pages = client("cloudformation").get_paginator("list_stack_resources").paginate(StackName=stack)
    return {each["LogicalResourceId"]: {"type": each["ResourceType"], "id": each["PhysicalResourceId"]}
            for page in pages for each in page["StackResourceSummaries"]}


if __name__ == "__main__":
    print(json.dumps(resources(sys.argv[3]) if len(sys.argv) > 3 else {kind: names(*how) for kind, how in KINDS.items()}))
