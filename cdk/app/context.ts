import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Node } from 'constructs';
import { McpAuthorization, McpCode, McpFront, type McpLambdaAuthorizerOptions } from '../lib';
import { type Environment, ENVIRONMENTS } from './environments';

/** The context keys of the apps in this directory: `npx cdk synth -c front=stage`. */
const KEYS = [
  'env',
  'front',
  'publicBaseUrl',
  'signInBaseUrl',
  'cognitoIdpUrl',
  'lambdaDir',
  'dogApiBaseUrl',
  'callbackPort',
  'authorization',
  'lambdaAuthorizer',
] as const;

const FRONTS = ['cloudfront', 'stage', 'external'] as const;

const AUTHORIZATIONS = ['server', 'cognito'] as const;

/** What the context says, checked. */
export interface AppContext {
  readonly environment: Environment;
  readonly front: McpFront;
  /** Directory with `<server>/bootstrap`, or undefined to build with cargo lambda. */
  readonly lambdaDirectory?: string;
  readonly dogApiBaseUrl?: string;
  readonly callbackPort?: number;
  /** `server`: the authorization server in front of the user pool; `cognito`: the user pool alone. */
  readonly authorization: (typeof AUTHORIZATIONS)[number];
  /** Whether the Lambda authorizer looks at a tool's OAuth scopes before the function runs. */
  readonly lambdaAuthorizer: boolean;
}

/** Reads the context of an app. */
export function readContext(node: Node): AppContext {
  const values = new Map(KEYS.map((key) => [key, text(node, key)]));
  const port = values.get('callbackPort');
  if (port !== undefined && !/^\d{1,5}$/.test(port)) {
    throw complaint('callbackPort', port, 'needs a port number, for example 8765');
  }
  const asked = values.get('authorization') ?? 'server';
  const authorization = AUTHORIZATIONS.find((each) => each === asked);
  if (authorization === undefined) {
    throw complaint('authorization', asked, `needs one of ${AUTHORIZATIONS.join(', ')}`);
  }
  const lambdaAuthorizer = values.get('lambdaAuthorizer') ?? 'false';
  if (lambdaAuthorizer !== 'true' && lambdaAuthorizer !== 'false') {
    throw complaint('lambdaAuthorizer', lambdaAuthorizer, 'needs true or false');
  }
  const env = values.get('env') ?? 'dev';
  const environment = Object.entries(ENVIRONMENTS).find(([name]) => name === env)?.[1];
  if (environment === undefined) {
    throw complaint('env', env, `needs one of ${Object.keys(ENVIRONMENTS).join(', ')}`);
  }
  return {
    environment,
    authorization,
    lambdaAuthorizer: lambdaAuthorizer === 'true',
    front: frontOf(values),
    lambdaDirectory: values.get('lambdaDir'),
    dogApiBaseUrl: values.get('dogApiBaseUrl'),
    callbackPort: port === undefined ? undefined : Number(port),
  };
}

/** What issues authorization codes, with the code of this repository's authorization server unless the user pool alone is asked for. */
export function authorizationOf(context: AppContext): McpAuthorization {
  return context.authorization === 'cognito'
    ? McpAuthorization.cognito()
    : McpAuthorization.server({
        code: serverCode(context, 'authorization', 'mcp-lambda-authorization'),
        // Without it the output `CursorLink` would lead to a sign-in that is refused.
        customSchemes: ['cursor'],
      });
}

/** The Lambda authorizer, with the code of this repository's, if it is asked for. */
export function lambdaAuthorizerOf(context: AppContext): McpLambdaAuthorizerOptions | undefined {
  return context.lambdaAuthorizer ? { code: serverCode(context, 'authorizer', 'mcp-lambda-authorizer') } : undefined;
}

/** The code of one of this repository's servers: built already, or built now. */
export function serverCode(context: AppContext, server: string, packageName = server): McpCode {
  if (context.lambdaDirectory === undefined) {
    return McpCode.fromCargo('.', { packageName, binaryName: server });
  }
  const directory = join(context.lambdaDirectory, server);
  if (!existsSync(join(directory, 'bootstrap'))) {
    throw complaint(
      'lambdaDir',
      context.lambdaDirectory,
      `needs to hold ${server}/bootstrap: run npm run build:lambda and use target/lambda, or leave the key out to build now`,
    );
  }
  return McpCode.fromAsset(directory);
}

function frontOf(values: Map<(typeof KEYS)[number], string | undefined>): McpFront {
  const front = values.get('front') ?? 'cloudfront';
  if (!FRONTS.some((each) => each === front)) {
    throw complaint('front', front, `needs one of ${FRONTS.join(', ')}`);
  }
  if (front !== 'external') {
    for (const key of ['publicBaseUrl', 'signInBaseUrl', 'cognitoIdpUrl'] as const) {
      const value = values.get(key);
      if (value !== undefined) {
        throw complaint(
          key,
          value,
          `applies to front=external only, and front is ${front}: remove it or add -c front=external`,
        );
      }
    }
    return front === 'stage' ? McpFront.stage() : McpFront.cloudFront();
  }
  const publicBaseUrl = values.get('publicBaseUrl');
  if (publicBaseUrl === undefined) {
    throw complaint(
      'front',
      front,
      'needs the origin that the front answers at: add -c publicBaseUrl=https://mcp.example.com',
    );
  }
  return McpFront.external({
    publicBaseUrl,
    signInBaseUrl: values.get('signInBaseUrl'),
    cognitoIdpUrl: values.get('cognitoIdpUrl'),
  });
}

function text(node: Node, key: string): string | undefined {
  const value: unknown = node.tryGetContext(key);
  if (value === undefined || value === null) {
    return undefined;
  }
  if (typeof value === 'number') {
    return String(value);
  }
  if (typeof value !== 'string' || value === '') {
    throw complaint(key, value, 'needs a text that is not empty');
  }
  return value;
}

function complaint(key: string, value: unknown, fix: string): Error {
  return new Error(
    `context ${key}=${typeof value === 'string' ? value : JSON.stringify(value)} ${fix} (ContextInvalid)`,
  );
}
