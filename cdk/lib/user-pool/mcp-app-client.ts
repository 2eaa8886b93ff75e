import { Duration, SecretValue } from 'aws-cdk-lib';
import * as cognito from 'aws-cdk-lib/aws-cognito';
import * as secretsmanager from 'aws-cdk-lib/aws-secretsmanager';
import { Construct } from 'constructs';
import { recordLocal } from '../private/local-manifest';
import { addCodeGrantClient, clientSecretOf } from './private/code-grant-client';
import { McpMachineClientGrants } from './mcp-machine-client-grants';
import type { IMcpUserPool } from './mcp-user-pool-ref';

/**
 * No sign-in flow for people. Cognito enables password flows by default and refuses an empty list; the remaining flow
 * is token refresh, and the client credentials grant yields no refresh token.
 */
const NO_SIGN_IN: cognito.AuthFlow = { custom: false };

/** Properties of `McpInteractiveClient`. */
export interface McpInteractiveClientProps {
  /** The user pool with the users. */
  readonly userPool: IMcpUserPool;

  /** Scopes that the app client may ask for. */
  readonly oauthScopes: cognito.OAuthScope[];

  /** Redirect URIs, compared exactly, port included. */
  readonly callbackUrls: string[];
}

/**
 * The public app client of MCP clients that people use: authorization code grant only, no secret, only the MCP server's
 * scopes, refresh token rotation, revocation. Cognito accepts S256 as the only PKCE method.
 *
 * Cognito does not require PKCE for an app client. MCP clients must use it themselves.
 */
export class McpInteractiveClient extends Construct {
  /** The `client_id`. */
  public readonly clientId: string;

  constructor(scope: Construct, id: string, props: McpInteractiveClientProps) {
    super(scope, id);
    const appClient = addCodeGrantClient(this, { ...props, confidential: false });
    this.clientId = appClient.userPoolClientId;
  }
}

/** Properties of `McpMachineClient`. */
export interface McpMachineClientProps {
  /** The pool that issues the access tokens. */
  readonly userPool: IMcpUserPool;

  /** Scopes that the app client may ask for. */
  readonly oauthScopes: cognito.OAuthScope[];
}

/**
 * The confidential app client of a program: client credentials grant only. CloudFormation writes its secret to Secrets
 * Manager as a plain string, without a custom resource.
 *
 * The secret is not rotated. Access tokens of machine clients have no `aud`: the resource identifier in their scopes
 * binds them to the MCP server.
 */
export class McpMachineClient extends Construct {
  /** The `client_id`. */
  public readonly clientId: string;

  /** The `client_secret`. With `assertion`, only the authorization server may read it, and programs cannot use it there. */
  public readonly clientSecret: secretsmanager.ISecret;

  /** IAM permissions on the secret. */
  public readonly grants: McpMachineClientGrants;

  private byAssertion = false;

  constructor(scope: Construct, id: string, props: McpMachineClientProps) {
    super(scope, id);
    const appClient = new cognito.UserPoolClient(this, 'AppClient', {
      userPool: props.userPool.userPool,
      generateSecret: true,
      authFlows: NO_SIGN_IN,
      oAuth: {
        flows: { clientCredentials: true, authorizationCodeGrant: false, implicitCodeGrant: false },
        scopes: props.oauthScopes,
      },
      supportedIdentityProviders: [cognito.UserPoolClientIdentityProvider.COGNITO],
      preventUserExistenceErrors: true,
      enableTokenRevocation: true,
      accessTokenValidity: Duration.hours(1),
    });
    this.clientId = appClient.userPoolClientId;
    this.clientSecret = new secretsmanager.Secret(this, 'Secret', {
      description: 'OAuth client secret of a program that calls the MCP server',
      secretStringValue: SecretValue.resourceAttribute(clientSecretOf(appClient)),
    });
    this.grants = McpMachineClientGrants._of(this.clientSecret, this);
    recordLocal(this, () => ({
      kind: 'machineClient',
      clientId: this.clientId,
      ...(this._authenticatesByAssertion ? {} : { clientSecretArn: this.clientSecret.secretArn }),
      oauthScopes: props.oauthScopes.map(({ scopeName }) => scopeName),
    }));
  }

  /**
   * Whether the program authenticates with a client assertion instead of the secret.
   * @internal
   */
  public get _authenticatesByAssertion(): boolean {
    return this.byAssertion;
  }

  /** @internal */
  public _authenticateByAssertion(): void {
    this.byAssertion = true;
  }
}
