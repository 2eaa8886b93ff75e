import type * as dynamodb from 'aws-cdk-lib/aws-dynamodb';
import type * as iam from 'aws-cdk-lib/aws-iam';
import { synthError } from '../private/synth-error';

/**
 * An AWS resource of the app for a server whose contract asks for one.
 *
 * The server gets its name in the setting that the contract names, and permission for exactly the actions that its
 * tools declare.
 */
export abstract class McpAwsResource {
  /** A DynamoDB table with the partition key `pk` (string) and no sort key; the server reads the table's name. */
  public static dynamodbTable(table: dynamodb.ITable): McpAwsResource {
    return new DynamodbTable(table);
  }

  /** The type, as contracts spell it. */
  public abstract readonly contractType: string;

  /** The value of the server's setting. */
  public abstract readonly settingValue: string;

  /** Permits `actions` on this AWS resource, and nothing else. */
  public abstract permit(grantee: iam.IGrantable, actions: string[]): void;
}

class DynamodbTable extends McpAwsResource {
  public readonly contractType = 'dynamodbTable';
  public readonly settingValue: string;

  constructor(private readonly table: dynamodb.ITable) {
    super();
    this.settingValue = table.tableName;
  }

  public permit(grantee: iam.IGrantable, actions: string[]): void {
    for (const action of actions.filter((item) => !item.startsWith('dynamodb:'))) {
      throw synthError(
        'AwsActionOfAnotherService',
        `action ${action} does not apply to a DynamoDB table: correct the tool's AWS actions in the Rust server`,
      );
    }
    this.table.grant(grantee, ...actions);
  }
}
