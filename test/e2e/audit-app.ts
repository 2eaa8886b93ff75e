// The app of audit.test.ts: the counter with an audit trail and with limits of single callers.

import { App, RemovalPolicy, Stack } from 'aws-cdk-lib';

// Not from index.js, whose names Node does not find in a module of the other kind.
import { McpAudit } from '../../cdk/lib/audit/mcp-audit.js';
import { McpCode } from '../../cdk/lib/function/mcp-code.js';
import { McpContract } from '../../cdk/lib/contract/mcp-contract.js';
import { McpServer } from '../../cdk/lib/server/mcp-server.js';

const app = new App();
const stack = new Stack(app, 'Audit');
const server = new McpServer(stack, 'Server', {
  code: McpCode.fromCargo('lambda/servers/counter', { packageName: 'counter' }),
  contract: McpContract.fromFile('lambda/servers/counter/contract.json'),
  audit: McpAudit.logGroup({ removalPolicy: RemovalPolicy.DESTROY }),
  callerLimits: { requestsPerMinute: 300, toolCallsPerDay: { incrementCounter: 50 } },
  // The limits of all callers together are not what is tested.
  throttlingRateLimit: 2_000,
  throttlingBurstLimit: 4_000,
  removalPolicy: RemovalPolicy.DESTROY,
});
const machineClient = server.addMachineClient('Secret');
server.addOutputs({ machineClient });
app.synth();
