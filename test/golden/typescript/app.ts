// The golden app: a construct of one's own around an MCP server, and an Aspect. Every language has the same one.
import { App, Aspects, CfnOutput, CfnResource, Duration, type IAspect, RemovalPolicy, Stack } from 'aws-cdk-lib';
import { Construct, type IConstruct } from 'constructs';
import { McpCode, McpContract, McpFront, type McpMachineClient, McpServer } from 'mcp-lambda-cdk';

/** An MCP server with what the team always adds. */
class TeamServer extends Construct {
  readonly server: McpServer;
  readonly machineClient: McpMachineClient;

  constructor(scope: Construct, id: string, patience: Duration) {
    super(scope, id);
    this.server = new McpServer(this, 'Server', {
      code: McpCode.fromAsset('test/golden/function'),
      contract: McpContract.fromFile('lambda/dog-facts/contract.json'),
      front: McpFront.cloudFront({ readTimeout: Duration.seconds(90) }),
      settings: { DOG_API_TIMEOUT_MS: patience, DOG_API_USER_AGENT: 'golden' },
      allowedOrigins: ['http://localhost:6274'],
      removalPolicy: RemovalPolicy.DESTROY,
    });
    this.machineClient = this.server.addMachineClient('MachineClient');
  }
}

/** Writes the team into every function. */
class Owner implements IAspect {
  visit(node: IConstruct): void {
    if (CfnResource.isCfnResource(node) && node.cfnResourceType === 'AWS::Lambda::Function') {
      node.addPropertyOverride('Description', `owned by team zoo: ${node.node.path}`);
    }
  }
}

const app = new App();
const stack = new Stack(app, 'Golden', { description: 'the same in every language' });
const team = new TeamServer(stack, 'Team', Duration.seconds(3));
Aspects.of(team).add(new Owner());
new CfnOutput(stack, 'McpServerUrl', { value: team.server.mcpServerUrl });
new CfnOutput(stack, 'Scopes', { value: team.server.oauthScopes.join(' ') });
new CfnOutput(stack, 'MachineClientId', { value: team.machineClient.clientId, description: 'app client of the CI' });
app.synth();
