// The golden app: a construct of one's own around an MCP server, and an Aspect. Every language has the same one.
import { App, Aspects, CfnOutput, CfnResource, Duration, type IAspect, RemovalPolicy, Stack } from 'aws-cdk-lib';
import { RetentionDays } from 'aws-cdk-lib/aws-logs';
import { Topic } from 'aws-cdk-lib/aws-sns';
import { Construct, type IConstruct } from 'constructs';
import {
  McpAuthorization,
  McpCode,
  McpContract,
  McpFront,
  type McpMachineClient,
  McpMonitoring,
  McpScope,
  McpServer,
} from 'mcp-lambda-cdk';

/** An MCP server with what the team always adds. */
class TeamServer extends Construct {
  readonly server: McpServer;
  readonly machineClient: McpMachineClient;
  readonly monitoring: McpMonitoring;

  constructor(scope: Construct, id: string, patience: Duration) {
    super(scope, id);
    this.server = new McpServer(this, 'Server', {
      code: McpCode.fromAsset('cdk/rust/golden/function'),
      contract: McpContract.fromFile('lambda/servers/dog-facts/contract.json'),
      front: McpFront.cloudFront({ readTimeout: Duration.seconds(90) }),
      authorization: McpAuthorization.server({
        code: McpCode.fromAsset('cdk/rust/golden/function'),
        displayName: 'Dogs of the zoo',
        redirectHosts: ['agents.example.com'],
        registrationLifetime: Duration.days(30),
        clients: [
          {
            clientId: 'desk',
            clientName: 'Desk of the zoo',
            redirectUris: ['https://desk.example.com/callback'],
            oauthScopes: [McpScope.named('dog-facts')],
          },
        ],
      }),
      lambdaAuthorizer: { code: McpCode.fromAsset('cdk/rust/golden/function') },
      settings: { DOG_API_TIMEOUT_MS: patience, DOG_API_USER_AGENT: 'golden' },
      allowedOrigins: ['http://localhost:6274'],
      memorySize: 512,
      logRetention: RetentionDays.TWO_WEEKS,
      removalPolicy: RemovalPolicy.DESTROY,
    });
    this.machineClient = this.server.addMachineClient('MachineClient', { oauthScopes: [McpScope.named('dog-facts')] });
    this.monitoring = new McpMonitoring(this, 'Monitoring', {
      server: this.server,
      alarmTopic: new Topic(this, 'Alarms'),
      failurePercentage: 2.5,
      slowAfter: Duration.seconds(20),
    });
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
new CfnOutput(stack, 'AlarmNames', { value: team.monitoring.alarms.map((alarm) => alarm.alarmName).join(' ') });
app.synth();
