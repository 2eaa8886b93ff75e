import { RemovalPolicy, Stack } from 'aws-cdk-lib';
import type { Construct } from 'constructs';
import { McpContract, McpServer } from '../lib';
import { acknowledge, acknowledgeRules, acknowledgeService } from './acknowledgements';
import { type AppContext, authorizationOf, computeOf, environmentOf, lambdaAuthorizerOf, serverCode } from './context';

/** A server that keeps something: one counter for each conversation, in the table that the server defines for itself. */
export class CounterStack extends Stack {
  constructor(scope: Construct, id: string, context: AppContext) {
    super(scope, id, {
      description: 'MCP server with a counter for each conversation, behind OAuth',
      ...environmentOf(context),
    });
    const server = new McpServer(this, 'Server', {
      code: serverCode(context, 'counter'),
      contract: McpContract.fromFile('lambda/servers/counter/contract.json'),
      front: context.front,
      authorization: authorizationOf(context),
      lambdaAuthorizer: lambdaAuthorizerOf(context),
      callbackPort: context.callbackPort,
      ...computeOf(this, context, {}),
      removalPolicy: RemovalPolicy.DESTROY,
    });
    const machineClient = server.addMachineClient('MachineClient');
    server.addOutputs({ machineClient });
    acknowledgeRules(server, machineClient);
    if (server.service !== undefined) {
      acknowledgeService(server.service);
    }
    acknowledge(server.stateSecret!, { SMG4: 'a new value ends every session id, which an operator should decide' });
  }
}
