import { Duration, Lazy } from 'aws-cdk-lib';
import * as cognito from 'aws-cdk-lib/aws-cognito';
import { type Construct, Dependable } from 'constructs';
import { isKnown, urlListOf } from '../../private/known-value';
import type { IMcpUserPool } from '../mcp-user-pool-ref';

/**
 * Sign-in with a password. The pages of managed login offer a password to the users of an app client that permits a
 * password flow itself. Of those, only in SRP does a caller of the API never send the password to Cognito.
 *
 * The refresh flow of the API stays off: Cognito refuses it together with refresh token rotation, and the token endpoint does not
 * depend on it.
 */
const PASSWORD_ON_PAGES: cognito.AuthFlow = { userSrp: true };

/** Parameters of an app client for people. */
export interface CodeGrantClient {
  readonly userPool: IMcpUserPool;
  readonly oauthScopes: cognito.OAuthScope[];
  /** Redirect URIs, compared exactly, port included. */
  readonly callbackUrls: string[];
  /** Whether it has a secret. */
  readonly confidential: boolean;
  /** Default: 30 days. */
  readonly refreshTokenLifetime?: Duration;
}

/**
 * An app client for people, and its style of managed login: authorization code grant only, only the given OAuth scopes,
 * refresh token rotation, revocation. Cognito accepts S256 as the only PKCE method, and does not require PKCE.
 */
export function addCodeGrantClient(construct: Construct, client: CodeGrantClient): cognito.UserPoolClient {
  const { refreshTokenLifetime = Duration.days(30) } = client;
  const appClient = new cognito.UserPoolClient(construct, 'AppClient', {
    userPool: client.userPool.userPool,
    generateSecret: client.confidential,
    authFlows: PASSWORD_ON_PAGES,
    oAuth: {
      flows: { authorizationCodeGrant: true, implicitCodeGrant: false, clientCredentials: false },
      scopes: client.oauthScopes,
      callbackUrls: urlListOf(client.callbackUrls),
    },
    preventUserExistenceErrors: true,
    enableTokenRevocation: true,
    accessTokenValidity: Duration.hours(1),
    idTokenValidity: Duration.hours(1),
    refreshTokenValidity: isKnown(refreshTokenLifetime) ? refreshTokenLifetime : undefined,
    // The longest that Cognito allows: two windows of one MCP client refresh at the same moment.
    refreshTokenRotationGracePeriod: Duration.seconds(60),
  });
  const definition = definitionOf(appClient);
  if (refreshTokenLifetime.isUnresolved()) {
    // The L2 compares and converts, which is possible for a plain number only.
    definition.refreshTokenValidity = refreshTokenLifetime.toDays();
    definition.tokenValidityUnits = { accessToken: 'minutes', idToken: 'minutes', refreshToken: 'days' };
  }
  permitIdentityProviders(appClient, client.userPool);
  new cognito.CfnManagedLoginBranding(construct, 'Branding', {
    userPoolId: client.userPool.userPool.userPoolId,
    clientId: appClient.userPoolClientId,
    useCognitoProvidedValues: true,
  });
  return appClient;
}

/** Lets people sign in from the pool itself and from its identity providers, also from those that are registered after the app client is defined. */
function permitIdentityProviders(
  appClient: cognito.UserPoolClient,
  { userPool, identityProviders }: IMcpUserPool,
): void {
  const definition = definitionOf(appClient);
  definition.supportedIdentityProviders =
    identityProviders?.map((provider) => provider.name) ??
    Lazy.list({
      produce: () => [
        ...new Set([
          ...userPool.identityProviders.map((provider) => provider.providerName),
          cognito.UserPoolClientIdentityProvider.COGNITO.name,
        ]),
      ],
    });
  // Cognito refuses an app client with a provider that does not exist yet.
  const providers = {};
  Dependable.implement(providers, {
    get dependencyRoots() {
      return [...userPool.identityProviders];
    },
  });
  appClient.node.addDependency(providers);
}

/** Lets an app client ask for scopes that are not all known yet: as many as there are at the end of synthesis. */
export function deferScopes(appClient: cognito.UserPoolClient, oauthScopes: () => cognito.OAuthScope[]): void {
  definitionOf(appClient).allowedOAuthScopes = Lazy.list({
    produce: () => oauthScopes().map((scope) => scope.scopeName),
  });
}

/**
 * The secret of an app client as CloudFormation returns it: not the L2's `userPoolClientSecret`, which is a custom
 * resource.
 */
export function clientSecretOf(appClient: cognito.UserPoolClient): string {
  return definitionOf(appClient).attrClientSecret;
}

function definitionOf(appClient: cognito.UserPoolClient): cognito.CfnUserPoolClient {
  return appClient.node.defaultChild as cognito.CfnUserPoolClient;
}
