import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { type CfnElement, CfnOutput, CustomResource, Duration, type RemovalPolicy, Stack } from 'aws-cdk-lib';
import { AttributeType, Billing, TableEncryptionV2, TableV2 } from 'aws-cdk-lib/aws-dynamodb';
import { PolicyStatement } from 'aws-cdk-lib/aws-iam';
import { Secret } from 'aws-cdk-lib/aws-secretsmanager';
import type { Construct } from 'constructs';
import { McpAwsResource, McpContract, McpFunction, McpPlayground, McpPlaygroundMonitoring, McpServer } from '../lib';
import { acknowledge, acknowledgeHost, acknowledgePlayground } from './acknowledgements';
import { type AppContext, lambdaAuthorizerOf, serverCode } from './context';
import { addClientsAndOutputs, hostOf } from './host';

const CATALOGUE = 'lambda/servers/products/catalogue.json';

/**
 * A shop: the servers products and orders, which share the catalogue's table, and the toolbox, all on one host; and a
 * playground, where people talk with a model that calls their tools.
 */
export class WorkshopStack extends Stack {
  constructor(scope: Construct, id: string, context: AppContext) {
    const { removalPolicy, terminationProtection, throttlingRateLimit, throttlingBurstLimit } = context.environment;
    super(scope, id, {
      description: 'MCP servers of a shop on one host behind OAuth, and a playground in the browser',
      terminationProtection,
    });
    const common = { removalPolicy, throttlingRateLimit, throttlingBurstLimit };
    const host = hostOf(this, context);
    const catalogue = catalogueTable(this, removalPolicy);
    const placed = ordersTable(this, removalPolicy);
    addSeed(this, catalogue, context);
    const serperKey = new Secret(this, 'SerperKey', {
      description: 'API key of serper.dev; the value that CloudFormation generates is none, so put yours here',
      generateSecretString: { excludePunctuation: true },
      removalPolicy,
    });
    const onHost = (name: 'products' | 'orders' | 'toolbox') => ({
      code: serverCode(context, name),
      contract: McpContract.fromFile(`lambda/servers/${name}/contract.json`),
      host,
      path: `/${name}`,
      lambdaAuthorizer: lambdaAuthorizerOf(context),
      ...common,
    });
    const products = new McpServer(this, 'Products', {
      ...onHost('products'),
      awsResources: { catalogue: McpAwsResource.dynamodbTable(catalogue) },
    });
    const orders = new McpServer(this, 'Orders', {
      ...onHost('orders'),
      awsResources: {
        catalogue: McpAwsResource.dynamodbTable(catalogue),
        orders: McpAwsResource.dynamodbTable(placed),
      },
      // A person who is asked to confirm an order needs time to read it.
      timeout: Duration.minutes(5),
    });
    const toolbox = new McpServer(this, 'Toolbox', {
      ...onHost('toolbox'),
      settings: {
        SERPER_SECRET: serperKey.secretArn,
        ...(context.serperBaseUrl === undefined ? {} : { SERPER_BASE_URL: context.serperBaseUrl }),
      },
    });
    permit(toolbox, 'secretsmanager:GetSecretValue', serperKey.secretArn);
    permit(toolbox, 's3:ListAllMyBuckets', '*');

    const servers = { products, orders, toolbox };
    const playground = new McpPlayground(this, 'Playground', {
      code: serverCode(context, 'playground', 'mcp-lambda-playground'),
      models: context.models,
      servers: Object.values(servers),
      title: 'The workshop',
      systemPrompt:
        'You help the customers of a shop. Use the tools for products, prices and orders instead of your memory, and say what an order costs before you place it.',
      ...common,
    });
    playground.addOutputs();
    new McpPlaygroundMonitoring(this, 'PlaygroundMonitoring', { playground });
    acknowledgePlayground(playground);
    addClientsAndOutputs({ '': products, Orders: orders, Toolbox: toolbox });
    addConfigurations(this, servers);
    new CfnOutput(this, 'SerperKeyArn', {
      value: serperKey.secretArn,
      description: 'Secret in Secrets Manager for the API key of serper.dev',
    });
    acknowledgeHost(host);
    acknowledge(orders.stateSecret!, { SMG4: 'a new value ends every session id, which an operator should decide' });
    acknowledge(serperKey, { SMG4: 'Serper issues the key and has no API to replace it' });
    acknowledgeIndexes(products, catalogue);
    acknowledgeIndexes(orders, catalogue);
    acknowledgeIndexes(orders, placed);
    acknowledge(toolbox, {
      'IAM5[Resource::*]': 's3:ListAllMyBuckets is an action on the account and takes no other resource',
    });
  }
}

/** The products, by id, and by category and price. */
function catalogueTable(scope: Construct, removalPolicy: RemovalPolicy): TableV2 {
  const priceCents = { name: 'priceCents', type: AttributeType.NUMBER };
  return new TableV2(scope, 'Catalogue', {
    partitionKey: { name: 'pk', type: AttributeType.STRING },
    globalSecondaryIndexes: [
      {
        indexName: 'byCategory',
        partitionKey: { name: 'category', type: AttributeType.STRING },
        sortKey: priceCents,
      },
      { indexName: 'byPrice', partitionKey: { name: 'kind', type: AttributeType.STRING }, sortKey: priceCents },
    ],
    billing: Billing.onDemand(),
    encryption: TableEncryptionV2.dynamoOwnedKey(),
    pointInTimeRecoverySpecification: { pointInTimeRecoveryEnabled: true },
    removalPolicy,
  });
}

/** The orders, by owner and id, and by owner and time. */
function ordersTable(scope: Construct, removalPolicy: RemovalPolicy): TableV2 {
  return new TableV2(scope, 'PlacedOrders', {
    partitionKey: { name: 'pk', type: AttributeType.STRING },
    globalSecondaryIndexes: [
      {
        indexName: 'byOwner',
        partitionKey: { name: 'owner', type: AttributeType.STRING },
        sortKey: { name: 'created', type: AttributeType.STRING },
      },
    ],
    billing: Billing.onDemand(),
    encryption: TableEncryptionV2.dynamoOwnedKey(),
    pointInTimeRecoverySpecification: { pointInTimeRecoveryEnabled: true },
    removalPolicy,
  });
}

/** Fills the catalogue at every deployment of another catalogue.json. The stock of products that are there stays. */
function addSeed(scope: Construct, catalogue: TableV2, context: AppContext): void {
  const seed = new McpFunction(scope, 'CatalogueSeed', {
    code: serverCode(context, 'catalogue-seed', 'products'),
    environment: { CATALOGUE_TABLE: catalogue.tableName },
    timeout: Duration.minutes(2),
    removalPolicy: context.environment.removalPolicy,
  });
  const filled = new CustomResource(scope, 'CatalogueContent', {
    resourceType: 'Custom::CatalogueContent',
    serviceToken: seed.function.functionArn,
    serviceTimeout: Duration.minutes(5),
    properties: { digest: createHash('sha256').update(readFileSync(CATALOGUE)).digest('hex') },
  });
  const { policyDependable } = seed.grantPrincipal.addToPrincipalPolicy(
    new PolicyStatement({ actions: ['dynamodb:UpdateItem'], resources: [catalogue.tableArn] }),
  );
  filled.node.addDependency(policyDependable!);
}

function acknowledgeIndexes(server: McpServer, table: TableV2): void {
  const id = Stack.of(table).getLogicalId(table.node.defaultChild as CfnElement);
  acknowledge(server, {
    [`IAM5[Resource::<${id}.Arn>/index/*]`]:
      'a grant on a table with indexes is one on all of them, and its tools read each',
  });
}

function permit(server: McpServer, action: string, resource: string): void {
  server.grantPrincipal.addToPrincipalPolicy(new PolicyStatement({ actions: [action], resources: [resource] }));
}

/** What goes into the configuration files of Claude Desktop and Claude Code, for all servers at once. */
function addConfigurations(stack: Stack, servers: { [name: string]: McpServer }): void {
  const configuration = (entry: (url: string) => object) =>
    stack.toJsonString({
      mcpServers: Object.fromEntries(
        Object.entries(servers).map(([name, { mcpServerUrl }]) => [name, entry(mcpServerUrl)]),
      ),
    });
  new CfnOutput(stack, 'ClaudeDesktopConfiguration', {
    value: configuration((url) => ({ command: 'npx', args: ['-y', 'mcp-remote', url] })),
    description: 'Content of claude_desktop_config.json',
  });
  new CfnOutput(stack, 'ClaudeCodeConfiguration', {
    value: configuration((url) => ({ type: 'http', url })),
    description: 'Content of .mcp.json, in the folder where Claude Code runs',
  });
}
