import { Stack } from 'aws-cdk-lib';
import type { Construct } from 'constructs';
import { McpContract, McpServer } from '../lib';
import { acknowledge, acknowledgeHost } from './acknowledgements';
import { type AppContext, lambdaAuthorizerOf, serverCode } from './context';
import { addClientsAndOutputs, hostOf } from './host';

/** Both example servers on one host: they share its host name, its user pool and its authorization, and nothing else. */
export class TwoServersStack extends Stack {
  constructor(scope: Construct, id: string, context: AppContext) {
    const { removalPolicy, terminationProtection, throttlingRateLimit, throttlingBurstLimit } = context.environment;
    super(scope, id, { description: 'Two MCP servers on one host, behind OAuth', terminationProtection });
    const common = { removalPolicy, throttlingRateLimit, throttlingBurstLimit };
    const host = hostOf(this, context);
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
    addClientsAndOutputs({ '': dogFacts, Counter: counter });
    acknowledge(counter.stateSecret!, { SMG4: 'a new value ends every session id, which an operator should decide' });
  }
}
