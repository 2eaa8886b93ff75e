import { RemovalPolicy } from 'aws-cdk-lib';
import * as dynamodb from 'aws-cdk-lib/aws-dynamodb';
import * as iam from 'aws-cdk-lib/aws-iam';
import * as secretsmanager from 'aws-cdk-lib/aws-secretsmanager';
import type { Construct } from 'constructs';

/** What the function does with its table. Transactions need the actions of what they contain. */
const TABLE_ACTIONS = [
  'dynamodb:DeleteItem',
  'dynamodb:GetItem',
  'dynamodb:PutItem',
  'dynamodb:Query',
  'dynamodb:UpdateItem',
];

/** The table of conversations, sign-ins and counts. */
export function addTable(scope: Construct, removalPolicy: RemovalPolicy = RemovalPolicy.RETAIN): dynamodb.TableV2 {
  return new dynamodb.TableV2(scope, 'Table', {
    partitionKey: { name: 'pk', type: dynamodb.AttributeType.STRING },
    sortKey: { name: 'sk', type: dynamodb.AttributeType.STRING },
    timeToLiveAttribute: 'expires',
    billing: dynamodb.Billing.onDemand(),
    encryption: dynamodb.TableEncryptionV2.dynamoOwnedKey(),
    pointInTimeRecoverySpecification: { pointInTimeRecoveryEnabled: true },
    removalPolicy,
  });
}

/** The secret that tokens are sealed with: 64 hexadecimal digits. Its deletion ends every sign-in and no conversation. */
export function addSealingSecret(scope: Construct): secretsmanager.Secret {
  return new secretsmanager.Secret(scope, 'SealingSecret', {
    description: 'What the playground seals sign-ins and access tokens with',
    generateSecretString: {
      passwordLength: 64,
      excludePunctuation: true,
      excludeUppercase: true,
      excludeCharacters: 'ghijklmnopqrstuvwxyz',
    },
  });
}

/** Permits a function to use both, and nothing else of them. */
export function permitStore(
  grantee: iam.IPrincipal,
  table: dynamodb.ITableV2,
  sealingSecret: secretsmanager.ISecret,
): void {
  iam.Grant.addToPrincipal({ grantee, actions: TABLE_ACTIONS, resourceArns: [table.tableArn] }).assertSuccess();
  iam.Grant.addToPrincipal({
    grantee,
    // Not grantRead, which permits to describe the secret as well.
    actions: ['secretsmanager:GetSecretValue'],
    resourceArns: [sealingSecret.secretArn],
  }).assertSuccess();
}
