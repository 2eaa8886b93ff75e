import { Stack, type StackProps } from 'aws-cdk-lib';
import type { Construct } from 'constructs';
import { McpCode, McpContract, McpServer } from 'mcp-lambda-cdk';

/** The MCP server behind OAuth: CloudFront, API Gateway, Cognito, Lambda. */
export class {{ project.name.type_name() }}Stack extends Stack {
  constructor(scope: Construct, id: string, props?: StackProps) {
    super(scope, id, props);
    const server = new McpServer(this, 'Server', {
      code: McpCode.fromCargo('.', { packageName: '{{ project.name }}' }),
      contract: McpContract.fromFile('contract.json'),
    });
    server.addOutputs({ machineClient: server.addMachineClient('MachineClient') });
  }
}
