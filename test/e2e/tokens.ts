/** Real tokens of the kinds that an attacker may hold: each is signed by a user pool of the emulator. */

import { randomBytes } from 'node:crypto';

import { newPassword } from './person.ts';
import { aws, cognitoDomain, type Stack } from './stack.ts';

const cognito = <T>(stack: Stack, operation: string, body: object): Promise<T> =>
  aws<T>(stack, 'cognito-idp', `AWSCognitoIdentityProviderService.${operation}`, body);

interface AppClient {
  readonly ClientId: string;
  readonly ClientSecret?: string;
}

async function newAppClient(stack: Stack, settings: object): Promise<AppClient> {
  const { UserPoolClient } = await cognito<{ UserPoolClient: AppClient }>(stack, 'CreateUserPoolClient', {
    ClientName: `test-${randomBytes(4).toString('hex')}`,
    ...settings,
  });
  return UserPoolClient;
}

const machineSettings = (userPoolId: string, oauthScope: string): object => ({
  UserPoolId: userPoolId,
  GenerateSecret: true,
  AllowedOAuthFlowsUserPoolClient: true,
  AllowedOAuthFlows: ['client_credentials'],
  AllowedOAuthScopes: [oauthScope],
});

async function clientCredentials(stack: Stack, client: AppClient, oauthScope: string): Promise<string> {
  const response = await fetch(`${cognitoDomain(stack)}/oauth2/token`, {
    method: 'POST',
    headers: {
      'content-type': 'application/x-www-form-urlencoded',
      authorization: `Basic ${Buffer.from(`${client.ClientId}:${client.ClientSecret}`).toString('base64')}`,
    },
    body: new URLSearchParams({ grant_type: 'client_credentials', scope: oauthScope }),
  });
  const answer = (await response.json()) as { access_token?: string };
  if (answer.access_token === undefined)
    throw new Error(`the token endpoint answered ${response.status}: ${JSON.stringify(answer)}`);
  return answer.access_token;
}

/** An app client that the operator has defined beside the stack, and a token that it got. */
export async function tokenOfAnUnknownAppClient(stack: Stack, oauthScope: string): Promise<string> {
  return clientCredentials(stack, await newAppClient(stack, machineSettings(stack.UserPoolId, oauthScope)), oauthScope);
}

/** Our pool, our scope, and one second to live, which is over when this returns. */
export async function expiredToken(stack: Stack, leeway = 0): Promise<string> {
  const client = await newAppClient(stack, {
    ...machineSettings(stack.UserPoolId, stack.McpOAuthScope),
    AccessTokenValidity: 1,
    TokenValidityUnits: { AccessToken: 'seconds' },
  });
  const token = await clientCredentials(stack, client, stack.McpOAuthScope);
  await new Promise((resolve) => setTimeout(resolve, 2500 + leeway));
  return token;
}

/** Another pool of the same account, with a resource-server registration and scope of the same names. */
export async function tokenOfAnotherPool(stack: Stack): Promise<string> {
  const { UserPool } = await cognito<{ UserPool: { Id: string } }>(stack, 'CreateUserPool', { PoolName: 'another' });
  const at = stack.McpOAuthScope.lastIndexOf('/');
  await cognito(stack, 'CreateResourceServer', {
    UserPoolId: UserPool.Id,
    Identifier: stack.McpOAuthScope.slice(0, at),
    Name: 'another',
    Scopes: [{ ScopeName: stack.McpOAuthScope.slice(at + 1), ScopeDescription: 'the same name' }],
  });
  const client = await newAppClient(stack, machineSettings(UserPool.Id, stack.McpOAuthScope));
  return clientCredentials(stack, client, stack.McpOAuthScope);
}

/** Our pool, and a scope of another resource server registered with it. */
export async function tokenForAnotherResource(stack: Stack): Promise<string> {
  const identifier = `https://another.example/${randomBytes(4).toString('hex')}`;
  await cognito(stack, 'CreateResourceServer', {
    UserPoolId: stack.UserPoolId,
    Identifier: identifier,
    Name: 'another',
    Scopes: [{ ScopeName: 'dog-facts', ScopeDescription: 'the same scope name' }],
  });
  const client = await newAppClient(stack, machineSettings(stack.UserPoolId, `${identifier}/dog-facts`));
  return clientCredentials(stack, client, `${identifier}/dog-facts`);
}

/** The tokens of a person who signed in through an API of Cognito instead of the authorization endpoint. */
export async function tokensOfAnApiSignIn(
  stack: Stack,
): Promise<{ readonly idToken: string; readonly accessToken: string }> {
  const email = `${randomBytes(6).toString('hex')}@example.com`;
  const password = newPassword();
  await cognito(stack, 'AdminCreateUser', {
    UserPoolId: stack.UserPoolId,
    Username: email,
    MessageAction: 'SUPPRESS',
    UserAttributes: [
      { Name: 'email', Value: email },
      { Name: 'email_verified', Value: 'true' },
    ],
  });
  await cognito(stack, 'AdminSetUserPassword', {
    UserPoolId: stack.UserPoolId,
    Username: email,
    Password: password,
    Permanent: true,
  });
  const client = await newAppClient(stack, {
    UserPoolId: stack.UserPoolId,
    ExplicitAuthFlows: ['ALLOW_ADMIN_USER_PASSWORD_AUTH', 'ALLOW_REFRESH_TOKEN_AUTH'],
  });
  const { AuthenticationResult } = await cognito<{ AuthenticationResult: { IdToken: string; AccessToken: string } }>(
    stack,
    'AdminInitiateAuth',
    {
      UserPoolId: stack.UserPoolId,
      ClientId: client.ClientId,
      AuthFlow: 'ADMIN_USER_PASSWORD_AUTH',
      AuthParameters: { USERNAME: email, PASSWORD: password },
    },
  );
  return { idToken: AuthenticationResult.IdToken, accessToken: AuthenticationResult.AccessToken };
}
