import { Duration, Lazy } from 'aws-cdk-lib';
import * as cognito from 'aws-cdk-lib/aws-cognito';
import type { Construct } from 'constructs';
import type { IMcpUserPool } from './mcp-user-pool';

/**
 * Sign-in by API calls, for no kind of app client. Cognito turns password flows on when nothing is said, and refuses an
 * empty list; custom authentication cannot be used, because the pool has no triggers for it. The sign-in pages and the
 * OAuth endpoints do not depend on this.
 */
export const NO_API_SIGN_IN: cognito.AuthFlow = { custom: true };

/** What an app client for people is made of. */
export interface CodeGrantClient {
  readonly userPool: IMcpUserPool;
  readonly oauthScopes: cognito.OAuthScope[];
  /** Redirect URIs, compared exactly, port included. */
  readonly callbackUrls: string[];
  /** Whether it has a secret. */
  readonly confidential: boolean;
  /** 30 days if it is left out. */
  readonly refreshTokenLifetime?: Duration;
}

/**
 * An app client for people, and its style of managed login: authorization code grant only, only the given OAuth scopes,
 * refresh token rotation, revocation. Cognito accepts S256 as the only PKCE method, and does not insist on PKCE.
 */
export function addCodeGrantClient(construct: Construct, client: CodeGrantClient): cognito.UserPoolClient {
  const appClient = new cognito.UserPoolClient(construct, 'AppClient', {
    userPool: client.userPool.userPool,
    generateSecret: client.confidential,
    authFlows: NO_API_SIGN_IN,
    oAuth: {
      flows: { authorizationCodeGrant: true, implicitCodeGrant: false, clientCredentials: false },
      scopes: client.oauthScopes,
      callbackUrls: client.callbackUrls,
    },
    supportedIdentityProviders: client.userPool.identityProviders,
    preventUserExistenceErrors: true,
    enableTokenRevocation: true,
    accessTokenValidity: Duration.hours(1),
    idTokenValidity: Duration.hours(1),
    refreshTokenValidity: client.refreshTokenLifetime ?? Duration.days(30),
    // The longest that Cognito allows: two windows of one MCP client refresh at the same moment.
    refreshTokenRotationGracePeriod: Duration.seconds(60),
  });
  for (const provider of client.userPool.userPool.identityProviders) {
    appClient.node.addDependency(provider);
  }
  new cognito.CfnManagedLoginBranding(construct, 'Branding', {
    userPoolId: client.userPool.userPool.userPoolId,
    clientId: appClient.userPoolClientId,
    useCognitoProvidedValues: true,
  });
  return appClient;
}

/** Lets an app client ask for scopes that are not all known yet: as many as there are at the end of synthesis. */
export function deferScopes(appClient: cognito.UserPoolClient, oauthScopes: () => cognito.OAuthScope[]): void {
  const definition = appClient.node.defaultChild as cognito.CfnUserPoolClient;
  definition.allowedOAuthScopes = Lazy.list({ produce: () => oauthScopes().map((scope) => scope.scopeName) });
}

/** The secret of an app client as CloudFormation hands it on: not the L2's `userPoolClientSecret`, which is a custom resource. */
export function clientSecretOf(appClient: cognito.UserPoolClient): string {
  return (appClient.node.defaultChild as cognito.CfnUserPoolClient).attrClientSecret;
}
