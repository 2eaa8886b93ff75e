import type * as dynamodb from 'aws-cdk-lib/aws-dynamodb';
import type * as iam from 'aws-cdk-lib/aws-iam';
import { synthError } from '../private/synth-error';

/**
 * IAM permissions on the AWS resources of an `McpServer`.
 *
 * There is none to call the server: it takes access tokens, and IAM does not decide about them. A program needs the secret
 * of a machine client: `addMachineClient('ci').grants.readSecret(role)`.
 */
export class McpServerGrants {
  /** @internal */
  public static _of(path: string, stateTable: dynamodb.ITableV2 | undefined, actions: string[]): McpServerGrants {
    return new McpServerGrants(path, stateTable, actions);
  }

  private constructor(
    private readonly path: string,
    private readonly stateTable: dynamodb.ITableV2 | undefined,
    private readonly actions: string[],
  ) {}

  /**
   * Permits what the server itself may do with its `stateTable`, for example to a job that ends the sessions of a caller.
   * What the server stores there is encrypted for it alone. Refuses a server without a table of its own.
   */
  public useStateTable(grantee: iam.IGrantable): iam.Grant {
    if (this.stateTable === undefined) {
      throw synthError(
        'StateTableMissing',
        `useStateTable is for the table that a server defines, and ${this.path} defines none: it keeps no state, or its table is in awsResources, where the app has it already`,
      );
    }
    return this.stateTable.grant(grantee, ...this.actions);
  }
}
