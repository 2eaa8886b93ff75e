import { Annotations, Stack, Token } from 'aws-cdk-lib';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import type * as elbv2 from 'aws-cdk-lib/aws-elasticloadbalancingv2';
import type { Construct } from 'constructs';
import { synthError } from '../../private/synth-error';
import type { McpFargateOptions } from '../mcp-fargate-options';

/** What tasks without a way to the internet reach by interface endpoints. */
const INTERFACES: { readonly [name: string]: ec2.InterfaceVpcEndpointAwsService } = {
  EcrApi: ec2.InterfaceVpcEndpointAwsService.ECR,
  EcrDocker: ec2.InterfaceVpcEndpointAwsService.ECR_DOCKER,
  Logs: ec2.InterfaceVpcEndpointAwsService.CLOUDWATCH_LOGS,
  SecretsManager: ec2.InterfaceVpcEndpointAwsService.SECRETS_MANAGER,
  // The keys of access tokens.
  CognitoIdp: ec2.InterfaceVpcEndpointAwsService.COGNITO_IDP,
};

/** What they reach by the route tables: the layers of images, and tables. */
const GATEWAYS: { readonly [name: string]: ec2.GatewayVpcEndpointAwsService } = {
  S3: ec2.GatewayVpcEndpointAwsService.S3,
  DynamoDb: ec2.GatewayVpcEndpointAwsService.DYNAMODB,
};

/** The subnets of the tasks. */
export function taskNetwork(
  scope: Construct,
  { vpc, vpcSubnets, vpcEndpointsEnabled }: McpFargateOptions,
): { readonly vpcSubnets?: ec2.SubnetSelection; readonly assignPublicIp: boolean } {
  const { subnetIds, hasPublic } = vpc.selectSubnets(vpcSubnets);
  const isolated = new Set(vpc.isolatedSubnets.map((subnet) => subnet.subnetId));
  if (!vpcEndpointsEnabled && subnetIds.some((id) => isolated.has(id))) {
    Annotations.of(scope).addWarningV2(
      'mcp-lambda:fargate-egress',
      'the tasks are in subnets without a route to the internet, and start only if they reach Amazon ECR, CloudWatch Logs and the keys of the issuer: set vpcEndpointsEnabled unless the VPC has these endpoints, or select other subnets with vpcSubnets',
    );
  }
  return { vpcSubnets, assignPublicIp: hasPublic };
}

/** Adds endpoints to the VPC, once whichever server comes first, and lets the tasks connect to them. */
export function addEndpoints(vpc: ec2.IVpc, tasks: ec2.IConnectable): void {
  const idOf = (name: string) => `McpLambda${name}`;
  for (const [name, service] of Object.entries(GATEWAYS)) {
    if (vpc.node.tryFindChild(idOf(name)) === undefined) {
      vpc.addGatewayEndpoint(idOf(name), { service });
    }
  }
  for (const [name, service] of Object.entries(INTERFACES)) {
    const there = vpc.node.tryFindChild(idOf(name)) as ec2.InterfaceVpcEndpoint | undefined;
    const endpoint = there ?? vpc.addInterfaceEndpoint(idOf(name), { service, open: false });
    endpoint.connections.allowDefaultPortFrom(tasks, 'tasks of an MCP server');
  }
}

/**
 * Lets the front, and nothing else, connect to the listener.
 *
 * @param prefixListName AWS's list of the addresses of the front
 */
export function letIn(
  scope: Construct,
  listener: elbv2.ApplicationListener,
  peers: ec2.IPeer[] | undefined,
  prefixListName: string | undefined,
): void {
  const ofFront = prefixListName === undefined ? [] : [() => prefixList(scope, prefixListName)];
  for (const peer of peers ?? ofFront.map((find) => find())) {
    listener.connections.allowDefaultPortFrom(peer, 'the front of the MCP server');
  }
}

function prefixList(scope: Construct, prefixListName: string): ec2.IPeer {
  const { account, region } = Stack.of(scope);
  if (Token.isUnresolved(account) || Token.isUnresolved(region)) {
    throw synthError(
      'StackEnvironmentMissing',
      `the load balancer lets in CloudFront alone, whose list of addresses (${prefixListName}) has another id in each Region, and the stack names none: give it env with account and region, or set loadBalancerPeers to [ec2.Peer.prefixList('pl-…')] with the id that \`aws ec2 describe-managed-prefix-lists\` prints`,
    );
  }
  return ec2.Peer.prefixList(ec2.PrefixList.fromLookup(scope, 'FrontAddresses', { prefixListName }).prefixListId);
}
