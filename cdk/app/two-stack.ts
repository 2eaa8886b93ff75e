import { Stack } from 'aws-cdk-lib';
import type { Construct } from 'constructs';
import { McpContract, McpHost, McpServer } from '../lib';
import { acknowledge, acknowledgeHost, acknowledgeRules } from './acknowledgements';
import { type AppContext, authorizationOf, serverCode } from './context';
import { addOutputs } from './outputs';

/** Both example servers on one host: they share its host name, its user pool and its authorization, and nothing else. */
export class TwoStack extends Stack {
  constructor(scope: Construct, id: string, context: AppContext) {
    super(scope, id, { description: 'Two MCP servers on one host, behind OAuth' });
    const { environment: { removalPolicy, throttlingRateLimit, throttlingBurstLimit } } = context;
    const limits = { throttlingRateLimit, throttlingBurstLimit };
    const host = new McpHost(this, 'Host', { front: context.front, authorization: authorizationOf(context), callbackPort: context.callbackPort, removalPolicy, ...limits });
    const dogFacts = new McpServer(this, 'DogFacts', {
      code: serverCode(context, 'dog-facts'),
      contract: McpContract.fromFile('lambda/dog-facts/contract.json'),
      host,
      path: '/dog-facts',
      settings: context.dogApiBaseUrl === undefined ? {} : { DOG_API_BASE_URL: context.dogApiBaseUrl },
      removalPolicy,
      ...limits,
    });
    const counter = new McpServer(this, 'Counter', {
      code: serverCode(context, 'counter'),
      contract: McpContract.fromFile('lambda/counter/contract.json'),
      host,
      path: '/counter',
      removalPolicy,
      ...limits,
    });
    acknowledgeHost(host);
    for (const [prefix, server] of [['', dogFacts], ['Counter', counter]] as const) {
      const machineClient = server.addMachineClient('MachineClient');
      addOutputs(this, server, machineClient, prefix);
      acknowledgeRules(server, machineClient);
    }
    acknowledge(counter.stateSecret!, { SMG4: 'a new value ends every session id, which an operator should decide' });
  }
}
