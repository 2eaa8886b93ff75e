import { RemovalPolicy, Stack } from 'aws-cdk-lib';
import type { Construct } from 'constructs';
import { McpContract, McpServer } from '../lib';
import { acknowledgeRules } from './acknowledgements';
import { type AppContext, authorizationOf, serverCode } from './context';
import { addOutputs } from './outputs';

/** The example server: facts about dogs from a public API. */
export class DogFactsStack extends Stack {
  constructor(scope: Construct, id: string, context: AppContext) {
    super(scope, id, { description: 'MCP server with facts about dogs, behind OAuth' });
    const server = new McpServer(this, 'Server', {
      code: serverCode(context, 'dog-facts'),
      contract: McpContract.fromFile('lambda/dog-facts/contract.json'),
      front: context.front,
      authorization: authorizationOf(context),
      callbackPort: context.callbackPort,
      settings: context.dogApiBaseUrl === undefined ? {} : { DOG_API_BASE_URL: context.dogApiBaseUrl },
      // An example to try: `npx cdk destroy` leaves nothing behind.
      removalPolicy: RemovalPolicy.DESTROY,
    });
    const machineClient = server.addMachineClient('MachineClient');
    addOutputs(this, server, machineClient);
    acknowledgeRules(server, machineClient);
  }
}
