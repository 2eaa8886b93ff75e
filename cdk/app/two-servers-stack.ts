import { Stack } from 'aws-cdk-lib';
import { Mfa } from 'aws-cdk-lib/aws-cognito';
import type { Construct } from 'constructs';
import { McpContract, McpHost, McpServer, McpUserPool } from '../lib';
import { acknowledge, acknowledgeHost, acknowledgeRules } from './acknowledgements';
import { type AppContext, authorizationOf, lambdaAuthorizerOf, serverCode } from './context';
import { addOutputs } from './outputs';

/** Both example servers on one host: they share its host name, its user pool and its authorization, and nothing else. */
export class TwoServersStack extends Stack {
  constructor(scope: Construct, id: string, context: AppContext) {
    const { removalPolicy, terminationProtection, mfa, throttlingRateLimit, throttlingBurstLimit } =
      context.environment;
    super(scope, id, { description: 'Two MCP servers on one host, behind OAuth', terminationProtection });
    const common = { removalPolicy, throttlingRateLimit, throttlingBurstLimit };
    const host = new McpHost(this, 'Host', {
      userPool: mfa === Mfa.OFF ? undefined : new McpUserPool(this, 'People', { mfa, removalPolicy }),
      front: context.front,
      authorization: authorizationOf(context),
      callbackPort: context.callbackPort,
      ...common,
    });
    const dogFacts = new McpServer(this, 'DogFacts', {
      code: serverCode(context, 'dog-facts'),
      contract: McpContract.fromFile('lambda/servers/dog-facts/contract.json'),
      host,
      path: '/dog-facts',
      lambdaAuthorizer: lambdaAuthorizerOf(context),
      settings: context.dogApiBaseUrl === undefined ? {} : { DOG_API_BASE_URL: context.dogApiBaseUrl },
      ...common,
    });
    const counter = new McpServer(this, 'Counter', {
      code: serverCode(context, 'counter'),
      contract: McpContract.fromFile('lambda/servers/counter/contract.json'),
      host,
      path: '/counter',
      lambdaAuthorizer: lambdaAuthorizerOf(context),
      ...common,
    });
    acknowledgeHost(host);
    for (const [prefix, server] of [
      ['', dogFacts],
      ['Counter', counter],
    ] as const) {
      const machineClient = server.addMachineClient('MachineClient');
      addOutputs(this, server, machineClient, prefix);
      acknowledgeRules(server, machineClient);
    }
    acknowledge(counter.stateSecret!, { SMG4: 'a new value ends every session id, which an operator should decide' });
  }
}
