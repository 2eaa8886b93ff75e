import * as iam from 'aws-cdk-lib/aws-iam';
import type * as secretsmanager from 'aws-cdk-lib/aws-secretsmanager';
import type { IConstruct } from 'constructs';
import { synthError } from '../private/synth-error';

/** The machine client that the permissions are about. */
interface SecretHolder extends IConstruct {
  /** @internal */
  readonly _authenticatesByAssertion: boolean;
}

/** IAM permissions on the secret of an `McpMachineClient`. Anyone who can read it can call the MCP server. */
export class McpMachineClientGrants {
  /** @internal */
  public static _of(secret: secretsmanager.ISecret, client: SecretHolder): McpMachineClientGrants {
    return new McpMachineClientGrants(secret, client);
  }

  private constructor(
    private readonly secret: secretsmanager.ISecret,
    private readonly client: SecretHolder,
  ) {}

  /**
   * Permits to read the secret, and with it and `clientId` to get access tokens. Not for a client with `assertion`, whose
   * secret only the authorization server may read.
   */
  public readSecret(grantee: iam.IGrantable): iam.Grant {
    if (this.client._authenticatesByAssertion) {
      throw synthError(
        'SecretOfAssertion',
        `readSecret of ${this.client.node.path} would give the secret of a client with assertion to a program, which needs none: remove it, or the assertion`,
      );
    }
    return iam.Grant.addToPrincipal({
      grantee,
      actions: ['secretsmanager:GetSecretValue'],
      resourceArns: [this.secret.secretArn],
      scope: this.secret,
    });
  }
}
