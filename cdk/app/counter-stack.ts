import { RemovalPolicy, Stack } from 'aws-cdk-lib';
import * as dynamodb from 'aws-cdk-lib/aws-dynamodb';
import type { Construct } from 'constructs';
import { McpAwsResource, McpContract, McpServer } from '../lib';
import { acknowledge, acknowledgeRules } from './acknowledgements';
import { type AppContext, authorizationOf, serverCode } from './context';
import { addOutputs } from './outputs';

/** A server that keeps something: one counter for each caller, in a DynamoDB table. */
export class CounterStack extends Stack {
  constructor(scope: Construct, id: string, context: AppContext) {
    super(scope, id, { description: 'MCP server with a counter for each caller, behind OAuth' });
    // The keys that a contract's `dynamodbTable` has: the partition key `pk` and no sort key.
    const table = new dynamodb.TableV2(this, 'Counters', {
      partitionKey: { name: 'pk', type: dynamodb.AttributeType.STRING },
      billing: dynamodb.Billing.onDemand(),
      removalPolicy: RemovalPolicy.DESTROY,
    });
    const server = new McpServer(this, 'Server', {
      code: serverCode(context, 'counter'),
      contract: McpContract.fromFile('lambda/counter/contract.json'),
      front: context.front,
      authorization: authorizationOf(context),
      callbackPort: context.callbackPort,
      awsResources: { counters: McpAwsResource.dynamodbTable(table) },
      removalPolicy: RemovalPolicy.DESTROY,
    });
    const machineClient = server.addMachineClient('MachineClient');
    addOutputs(this, server, machineClient);
    acknowledgeRules(server, machineClient);
    acknowledge(table, { DDB3: 'a lost counter can be counted again, so point-in-time recovery would protect nothing' });
  }
}
