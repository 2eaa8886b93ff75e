import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { StackProps } from 'aws-cdk-lib';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import type { Construct, Node } from 'constructs';
import {
  McpAuthorization,
  McpBedrockModel,
  McpCode,
  McpCompute,
  McpFront,
  type McpLambdaAuthorizerOptions,
} from '../lib';
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
  'serperBaseUrl',
  'models',
  'callbackPort',
  'authorization',
  'lambdaAuthorizer',
  'toolsApi',
  'compute',
] as const;

const FRONTS = ['cloudfront', 'stage', 'external'] as const;

const AUTHORIZATIONS = ['server', 'cognito'] as const;

/** A model that every Region with Bedrock's global profiles has. */
const DEFAULT_MODEL = 'global.anthropic.claude-haiku-4-5-20251001-v1:0';
const COMPUTES = ['lambda', 'fargate'] as const;
const TOOLS_APIS = ['none', 'keys', 'accessTokens'] as const;

/** What the context says, checked. */
export interface AppContext {
  readonly environment: Environment;
  readonly front: McpFront;
  /** Directory with `<server>/bootstrap`, or undefined to build with cargo lambda. */
  readonly lambdaDirectory?: string;
  readonly dogApiBaseUrl?: string;
  /** Where the toolbox searches the web; the Serper API itself unless it is set. */
  readonly serperBaseUrl?: string;
  /** The models that the playground offers. */
  readonly models: McpBedrockModel[];
  readonly callbackPort?: number;
  /** `server`: the authorization server in front of the user pool; `cognito`: the user pool alone. */
  readonly authorization: (typeof AUTHORIZATIONS)[number];
  /** Whether the Lambda authorizer looks at a tool's OAuth scopes before the function runs. */
  readonly lambdaAuthorizer: boolean;
  /** Whether the tools of the example are plain REST too, and with which credentials. */
  readonly toolsApi: (typeof TOOLS_APIS)[number];
  /** What runs the example servers. */
  readonly compute: (typeof COMPUTES)[number];
}

/** Reads the context of an app. */
export function readContext(node: Node): AppContext {
  assertKnownKeys(node);
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
  const restOf = values.get('toolsApi') ?? 'none';
  const toolsApi = TOOLS_APIS.find((each) => each === restOf);
  if (toolsApi === undefined) {
    throw complaint('toolsApi', restOf, `needs one of ${TOOLS_APIS.join(', ')}`);
  }
  const runsOn = values.get('compute') ?? 'lambda';
  const compute = COMPUTES.find((each) => each === runsOn);
  if (compute === undefined) {
    throw complaint('compute', runsOn, `needs one of ${COMPUTES.join(', ')}`);
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
    toolsApi,
    compute,
    front: frontOf(values),
    lambdaDirectory: values.get('lambdaDir'),
    dogApiBaseUrl: values.get('dogApiBaseUrl') ?? localApi(node, '/api/v2'),
    serperBaseUrl: values.get('serperBaseUrl') ?? localApi(node, ''),
    models: (values.get('models') ?? DEFAULT_MODEL).split(',').map((id) => McpBedrockModel.fromId(id.trim())),
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

/** What runs a server, and the options that are for one of the two alone. Tasks have a VPC of their own with a NAT gateway. */
export function computeOf<Options extends object>(
  scope: Construct,
  context: AppContext,
  ofFunction: Options,
): Options | { readonly compute: McpCompute } {
  if (context.compute === 'lambda') {
    return ofFunction;
  }
  // The custom resource that restricts the default security group needs the SDK that Lambda brings, which an emulator does not.
  const vpc = new ec2.Vpc(scope, 'Vpc', { maxAzs: 2, natGateways: 1, restrictDefaultSecurityGroup: false });
  return { compute: McpCompute.fargate({ vpc }) };
}

/** The account and Region of a stack with a service, for which the addresses of CloudFront are looked up. */
export function environmentOf(context: AppContext): Pick<StackProps, 'env'> {
  const { CDK_DEFAULT_ACCOUNT: account, CDK_DEFAULT_REGION: region } = process.env;
  return context.compute === 'lambda' ? {} : { env: { account, region } };
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

/**
 * Refuses keys that neither the apps nor a library read: a wrong one would deploy something else without a word. Keys with a
 * colon belong to a library (`@aws-cdk/…`, `aws:cdk:…`, `vpc-provider:…`).
 */
function assertKnownKeys(node: Node): void {
  const known = new Set<string>(KEYS);
  for (const [key, value] of Object.entries<unknown>(node.getAllContext())) {
    if (!known.has(key) && !/[:/]/.test(key)) {
      throw complaint(key, value, `is an unknown context key: use one of ${KEYS.join(', ')}`);
    }
  }
}

/** The API that `npm start` runs beside the app with `--with`. */
function localApi(node: Node, path: string): string | undefined {
  const local = node.tryGetContext('mcp-lambda:local') as { readonly with?: string[] } | undefined;
  return local?.with?.[0] && `${local.with[0]}${path}`;
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
    throw complaint('front', front, 'needs the origin of the front: add -c publicBaseUrl=https://mcp.example.com');
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
    throw complaint(key, value, 'needs a string that is not empty');
  }
  return value;
}

function complaint(key: string, value: unknown, fix: string): Error {
  return new Error(
    `context ${key}=${typeof value === 'string' ? value : JSON.stringify(value)} ${fix} (ContextInvalid)`,
  );
}
