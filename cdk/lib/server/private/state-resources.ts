import { RemovalPolicy } from 'aws-cdk-lib';
import * as dynamodb from 'aws-cdk-lib/aws-dynamodb';
import * as secretsmanager from 'aws-cdk-lib/aws-secretsmanager';
import type { Construct } from 'constructs';
import { SETTING } from '../../generated/facts';
import { McpAwsResource } from '../mcp-aws-resource';
import type { McpServerProps } from '../mcp-endpoint-options';

/** The table and the secret that a server defines for its state, unless they are passed in. */
export interface StateResources {
  readonly table?: dynamodb.TableV2;
  readonly secret?: secretsmanager.Secret;

  /** The table by its name in the contract. */
  readonly awsResources: { [name: string]: McpAwsResource };

  readonly settings: { [name: string]: string };
}

/** Defines the table and the secret that the library itself asks for in a contract, unless `awsResources` and `settings` have them. */
export function addStateResources(server: Construct, props: McpServerProps): StateResources {
  const contract = props.contract._document;
  const ofLibrary = new Set(contract.settings.filter((item) => item.owner === 'mcp-lambda').map((item) => item.name));
  const wanted = contract.resources.find((item) => ofLibrary.has(item.setting));
  const table =
    wanted === undefined || props.awsResources?.[wanted.name] !== undefined
      ? undefined
      : addTable(server, props.removalPolicy);
  const secret =
    ofLibrary.has(SETTING.MCP_STATE_KEYS) && props.settings?.[SETTING.MCP_STATE_KEYS] === undefined
      ? addSecret(server)
      : undefined;
  return {
    table,
    secret,
    awsResources: table === undefined ? {} : { [wanted!.name]: McpAwsResource.dynamodbTable(table) },
    // CloudFormation resolves it, so the function does not fetch it at start-up.
    settings:
      secret === undefined ? {} : { [SETTING.MCP_STATE_KEYS]: `generated:${secret.secretValue.unsafeUnwrap()}` },
  };
}

function addTable(server: Construct, removalPolicy: RemovalPolicy = RemovalPolicy.RETAIN): dynamodb.TableV2 {
  return new dynamodb.TableV2(server, 'StateTable', {
    partitionKey: { name: 'pk', type: dynamodb.AttributeType.STRING },
    timeToLiveAttribute: 'expires',
    billing: dynamodb.Billing.onDemand(),
    encryption: dynamodb.TableEncryptionV2.dynamoOwnedKey(),
    pointInTimeRecoverySpecification: { pointInTimeRecoveryEnabled: true },
    removalPolicy,
  });
}

/** Its deletion loses no stored data: clients with an older session id initialize again. */
function addSecret(server: Construct): secretsmanager.Secret {
  return new secretsmanager.Secret(server, 'StateKeys', {
    description: 'What the MCP server seals session ids and tasks with',
    generateSecretString: { passwordLength: 64, excludePunctuation: true },
  });
}
