import { Stack, type StackProps } from 'aws-cdk-lib';
import { Mfa } from 'aws-cdk-lib/aws-cognito';
import type { Construct } from 'constructs';
import { McpContract, McpScope, McpServer, McpToolsApi, McpUserPool } from '../lib';
import { acknowledgeRules, acknowledgeService, acknowledgeToolsApi } from './acknowledgements';
import { type AppContext, authorizationOf, computeOf, environmentOf, lambdaAuthorizerOf, serverCode } from './context';

/** The example server: facts about dogs from a public API. */
export class DogFactsStack extends Stack {
  constructor(scope: Construct, id: string, context: AppContext, props: StackProps = {}) {
    const { removalPolicy, terminationProtection, mfa, throttlingRateLimit, throttlingBurstLimit } =
      context.environment;
    super(scope, id, {
      description: 'MCP server with facts about dogs, behind OAuth',
      terminationProtection,
      ...environmentOf(context),
      ...props,
    });
    const contract = McpContract.fromFile('lambda/servers/dog-facts/contract.json');
    const server = new McpServer(this, 'Server', {
      code: serverCode(context, 'dog-facts'),
      contract,
      userPool:
        mfa === Mfa.OFF
          ? undefined
          : new McpUserPool(this, 'People', { displayName: contract.serverTitle, mfa, removalPolicy }),
      front: context.front,
      authorization: authorizationOf(context),
      lambdaAuthorizer: lambdaAuthorizerOf(context),
      callbackPort: context.callbackPort,
      settings: context.dogApiBaseUrl === undefined ? {} : { DOG_API_BASE_URL: context.dogApiBaseUrl },
      ...computeOf(this, context, { throttlingRateLimit, throttlingBurstLimit }),
      removalPolicy,
    });
    const machineClient = server.addMachineClient('MachineClient');
    server.addOutputs({ machineClient });
    acknowledgeRules(server, machineClient);
    if (server.service !== undefined) {
      acknowledgeService(server.service);
    }
    if (context.toolsApi !== 'none') {
      const oauthScopes = [McpScope.fromContract(contract, 'dog-facts')];
      const toolsApi = new McpToolsApi(this, 'Tools', {
        server,
        ...(context.toolsApi === 'keys' ? { keys: [{ name: 'example', oauthScopes }] } : { accessTokens: true }),
      });
      toolsApi.addOutputs();
      acknowledgeToolsApi(toolsApi);
    }
  }
}
