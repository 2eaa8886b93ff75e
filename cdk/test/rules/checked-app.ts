// Synthesizes one stack with every rule as an error: those of the CDK itself, and cdk-nag's AwsSolutions.
// The context comes from the environment, as it does for the apps: CDK_CONTEXT_JSON, CDK_OUTDIR.
import { App, Stack, Validations } from 'aws-cdk-lib';
import * as cognito from 'aws-cdk-lib/aws-cognito';
import { AwsSolutionsChecks } from 'cdk-nag';
import { authorizationOf, readContext, serverCode } from '../../app/context';
import { CounterStack } from '../../app/counter-stack';
import { DogFactsStack } from '../../app/dog-facts-stack';
import { TwoServersStack } from '../../app/two-servers-stack';
import { WorkshopStack } from '../../app/workshop-stack';
import { McpContract, McpServer } from '../../lib';
import { addCombinations, addHosts, addServices } from './combinations';

const app = new App();
Validations.of(app).addPlugins(new AwsSolutionsChecks(app));
const context = readContext(app.node);
switch (process.argv[2]) {
  case 'DogFacts':
    new DogFactsStack(app, 'DogFacts', context);
    break;
  case 'Counter':
    new CounterStack(app, 'Counter', context);
    break;
  case 'Two':
    new TwoServersStack(app, 'Two', context);
    break;
  case 'Workshop':
    new WorkshopStack(app, 'Workshop', context);
    break;
  case 'Combinations':
    addCombinations(app, context.lambdaDirectory!);
    break;
  case 'Hosts':
    addHosts(app, context.lambdaDirectory!);
    break;
  case 'Fargate':
    addServices(app, context.lambdaDirectory!);
    break;
  case 'Library': {
    // What the library alone makes, without what the example apps acknowledge.
    const server = new McpServer(new Stack(app, 'Library'), 'Server', {
      code: serverCode(context, 'dog-facts'),
      contract: McpContract.fromFile('lambda/servers/dog-facts/contract.json'),
      authorization: authorizationOf(context),
    });
    server.addMachineClient('MachineClient');
    break;
  }
  case 'Broken': {
    // A URL is no legal name of a resource server: the rules of the CDK must notice.
    const userPool = new cognito.UserPool(new Stack(app, 'Broken'), 'UserPool');
    userPool.addResourceServer('ResourceServer', { identifier: 'https://mcp.example.com/mcp' });
    break;
  }
  default:
    throw new Error(`no such stack: ${process.argv[2]}`);
}
app.synth();
