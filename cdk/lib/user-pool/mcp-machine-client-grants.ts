import * as iam from 'aws-cdk-lib/aws-iam';
import type * as secretsmanager from 'aws-cdk-lib/aws-secretsmanager';

/** IAM permissions on the secret of an `McpMachineClient`. Anyone who can read it can call the MCP server. */
export class McpMachineClientGrants {
  /** @internal */
  public static _of(secret: secretsmanager.ISecret): McpMachineClientGrants {
    return new McpMachineClientGrants(secret);
  }

  private constructor(private readonly secret: secretsmanager.ISecret) {}

  /** Permits to read the secret, and with it and `clientId` to get access tokens. */
  public readSecret(grantee: iam.IGrantable): iam.Grant {
    return iam.Grant.addToPrincipal({
      grantee,
      actions: ['secretsmanager:GetSecretValue'],
      resourceArns: [this.secret.secretArn],
      scope: this.secret,
    });
  }
}
