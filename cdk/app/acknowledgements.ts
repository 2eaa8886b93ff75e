import { Validations } from 'aws-cdk-lib';
import type { IConstruct } from 'constructs';
import type {
  McpAuthorizationServer,
  McpHost,
  McpMachineClient,
  McpPlayground,
  McpServer,
  McpService,
  McpToolsApi,
} from '../lib';

/** The rules of cdk-nag (AwsSolutions) that these examples do not follow, each with its reason. */
export function acknowledgeRules(server: McpServer, machineClient?: McpMachineClient): void {
  acknowledgeApi(server.api);
  if (server.interactiveClient !== undefined || server.authorizationServer !== undefined) {
    acknowledgePeople(server.userPool);
  }
  if (machineClient !== undefined) {
    acknowledge(machineClient, {
      SMG4: 'Cognito issues the secret, so a new value needs a new app client secret and not a rotation of this copy',
    });
  }
  if (server.authorizationServer !== undefined) {
    acknowledgeAuthorizationServer(server.authorizationServer);
  }
  acknowledgeFront(server);
}

/** The same for a service and its load balancer. */
export function acknowledgeService(service: McpService): void {
  acknowledge(service.loadBalancer, {
    ELB2: 'access logs need a bucket that outlives the example; the tasks log every call',
  });
}

/** The same for the tools as plain REST. */
export function acknowledgeToolsApi(toolsApi: McpToolsApi): void {
  acknowledgeApi(toolsApi.api);
}

/** The same for what several servers share. */
export function acknowledgeHost(host: McpHost): void {
  acknowledgeApi(host.api);
  acknowledgePeople(host.userPool);
  if (host.authorizationServer !== undefined) {
    acknowledgeAuthorizationServer(host.authorizationServer);
  }
  acknowledgeFront(host);
}

/** The same for a playground. */
export function acknowledgePlayground(playground: McpPlayground): void {
  acknowledgeApi(playground.api);
  acknowledgeFront(playground);
  acknowledge(playground.sealingSecret, { SMG4: 'a new value ends every sign-in, which an operator should decide' });
  for (const { foundationModelId } of playground.models) {
    acknowledge(playground, {
      [`IAM5[Resource::arn:<AWS::Partition>:bedrock:*::foundation-model/${foundationModelId}]`]:
        'an inference profile calls the model in a Region that it chooses; a condition permits the model through this profile only',
    });
  }
}

function acknowledgeApi(api: IConstruct): void {
  acknowledge(api, {
    APIG1:
      'access logs need a role that API Gateway keeps for the whole account, which an example must not set; the function logs every call',
    APIG2:
      'the MCP server validates every message itself, in two revisions of the protocol that one JSON Schema cannot describe',
    APIG3:
      'a web ACL costs 5 dollars a month; requests are throttled, and those without an access token never reach the function',
    APIG6: 'execution logs need the same account-wide role as access logs, and they can hold access tokens',
  });
}

function acknowledgePeople(userPool: IConstruct): void {
  acknowledge(userPool, {
    COG2: 'anybody may sign up to read facts about dogs, so a second factor would protect nothing',
    COG8: 'threat protection of the Plus plan has a price for every user; managed login and resource indicators come with Essentials',
  });
}

function acknowledgeAuthorizationServer(server: McpAuthorizationServer): void {
  acknowledge(server, {
    SMG4: 'Cognito issues the one secret; a new value of the other ends registrations two rotations old, which an operator should decide',
  });
}

function acknowledgeFront(owner: IConstruct): void {
  const distribution = owner.node.tryFindChild('Distribution');
  if (distribution !== undefined) {
    acknowledge(distribution, {
      CFR1: 'the example is for everybody, wherever they are',
      CFR2: 'a web ACL costs 5 dollars a month; requests are throttled, and those without an access token never reach the function',
      CFR3: 'access logs need a bucket that outlives the example; the function logs every call',
      CFR4: "CloudFront lets a minimum TLS version be chosen only with a domain and certificate of one's own",
    });
  }
}

/** Marks rules as read and not followed below one construct. */
export function acknowledge(construct: IConstruct, rules: { [rule: string]: string }): void {
  for (const [rule, reason] of Object.entries(rules)) {
    Validations.of(construct).acknowledge({ id: `AwsSolutions::AwsSolutions-${rule}`, reason });
  }
}
