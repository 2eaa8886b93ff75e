/** The running local stack that the tests speak to, as `npm start --outputs-file` described it. */

import { readFileSync } from 'node:fs';

/** What `npm start -- --outputs-file FILE` writes: the outputs of the CloudFormation stack and where AWS is played. */
export interface Stack {
  readonly McpServerUrl: string;
  readonly OAuthMetadataUrl: string;
  readonly McpOAuthAuthorizationUrl: string;
  readonly McpOAuthTokenUrl: string;
  readonly McpOAuthIssuer: string;
  readonly McpOAuthClientId: string;
  readonly AutomatedOAuthClientId: string;
  readonly AutomatedOAuthClientSecretArn: string;
  readonly McpOAuthScope: string;
  readonly SignInUrl: string;
  readonly ClaudeCodeCommand: string;
  /** Of the stack whose clients need the URL alone. */
  readonly CodexCommand?: string;
  readonly AwsEndpointUrl: string;
  readonly AwsRegion: string;
  readonly UserPoolId: string;
  readonly MailboxUrl: string;
  /** The port whose redirect URIs are registered with the interactive app client. */
  readonly CallbackPort: string;
  /** The outputs of each stack by name. */
  readonly stacks: { readonly [stack: string]: { readonly [output: string]: string } };
  /** The servers by the paths of their constructs. */
  readonly servers: { readonly [path: string]: LocalServer };
  /** The tools of servers as plain REST, by the paths of their constructs. */
  readonly toolsApis?: {
    readonly [path: string]: { readonly url: string; readonly apiKeys: Readonly<Record<string, string>> };
  };
}

/** What `mcp-lambda dev` says about one server. */
export interface LocalServer {
  readonly name: string;
  readonly mcpServerUrl: string;
  readonly oauthScopes: readonly string[];
  readonly tokenUrl?: string;
  readonly signInUrl?: string;
  readonly tools: { readonly [tool: string]: readonly string[] };
  readonly connect: { readonly [client: string]: string };
  readonly machineClients: {
    readonly [id: string]: {
      readonly clientId: string;
      /** Left out if it authenticates with a client assertion. */
      readonly clientSecretArn?: string;
      readonly oauthScopes: readonly string[];
    };
  };
}

/** The stack that the test runner started; it is shared by all end-to-end tests of one run. */
export function runningStack(): Stack {
  const file = process.env.MCP_LAMBDA_OUTPUTS;
  if (file === undefined) {
    throw new Error(
      'MCP_LAMBDA_OUTPUTS is not set: run this test with `npm test -- e2e`, or point the variable at the file of a running `npm start -- --outputs-file FILE`',
    );
  }
  return JSON.parse(readFileSync(file, 'utf8')) as Stack;
}

/** What issues authorization codes: the authorization server, for clients that know the URL alone, or the user pool itself, at its own path. */
export const authorizationOf = (stack: Stack): 'server' | 'cognito' =>
  new URL(stack.McpOAuthAuthorizationUrl).pathname === '/oauth2/authorize' ? 'cognito' : 'server';

/** Where the user pool's domain is played: Cognito's own endpoints and pages, whichever authorization the stack has. */
export const cognitoDomain = (stack: Stack): string => new URL(stack.MailboxUrl).origin;

/**
 * Calls an AWS API of the emulator, as an administrator of the account.
 *
 * The emulator checks who signed (the access key names the account) but not the signature, so none is computed.
 */
export async function aws<T>(stack: Stack, service: string, target: string, body: object): Promise<T> {
  const response = await fetch(stack.AwsEndpointUrl, {
    method: 'POST',
    headers: {
      'content-type': 'application/x-amz-json-1.1',
      'x-amz-target': target,
      authorization: `AWS4-HMAC-SHA256 Credential=test/20260101/${stack.AwsRegion}/${service}/aws4_request, SignedHeaders=host, Signature=0`,
    },
    body: JSON.stringify(body),
  });
  const text = await response.text();
  if (!response.ok) throw new Error(`${target} answered ${response.status}: ${text}`);
  return JSON.parse(text === '' ? '{}' : text) as T;
}

/** The same for a service whose API is paths and methods. */
export async function awsRest<T>(
  stack: Stack,
  service: string,
  method: string,
  path: string,
  body?: object,
): Promise<T> {
  const response = await fetch(`${stack.AwsEndpointUrl}${path}`, {
    method,
    headers: {
      'content-type': 'application/json',
      authorization: `AWS4-HMAC-SHA256 Credential=test/20260101/${stack.AwsRegion}/${service}/aws4_request, SignedHeaders=host, Signature=0`,
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const text = await response.text();
  if (!response.ok) throw new Error(`${method} ${path} answered ${response.status}: ${text}`);
  return JSON.parse(text === '' ? '{}' : text) as T;
}

/** The machine client's secret, read from Secrets Manager as an operator would. */
export async function machineClientSecret(stack: Stack): Promise<string> {
  const { SecretString } = await aws<{ SecretString: string }>(
    stack,
    'secretsmanager',
    'secretsmanager.GetSecretValue',
    {
      SecretId: stack.AutomatedOAuthClientSecretArn,
    },
  );
  return SecretString;
}

/** An access token for the machine client (RFC 6749 section 4.4, `client_secret_basic`). */
export async function machineToken(stack: Stack): Promise<string> {
  const secret = await machineClientSecret(stack);
  const response = await fetch(stack.McpOAuthTokenUrl, {
    method: 'POST',
    headers: {
      'content-type': 'application/x-www-form-urlencoded',
      authorization: `Basic ${Buffer.from(`${stack.AutomatedOAuthClientId}:${secret}`).toString('base64')}`,
    },
    body: new URLSearchParams({ grant_type: 'client_credentials', scope: stack.McpOAuthScope }),
  });
  const answer = (await response.json()) as { access_token?: string };
  if (answer.access_token === undefined)
    throw new Error(`the token endpoint answered ${response.status}: ${JSON.stringify(answer)}`);
  return answer.access_token;
}
