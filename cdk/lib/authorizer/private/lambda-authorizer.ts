import { Duration, type RemovalPolicy, Validations } from 'aws-cdk-lib';
import * as apigateway from 'aws-cdk-lib/aws-apigateway';
import type * as logs from 'aws-cdk-lib/aws-logs';
import type { Construct } from 'constructs';
import { SETTING } from '../../generated/facts';
import { bundledProgram } from '../../function/private/bundled-program';
import type { ExternalTokens } from './external-tokens';
import { hasLimits } from './limits';
import type { McpAppClientLimits } from '../mcp-app-client-limits';
import type { McpContract } from '../../contract/mcp-contract';
import type { McpCode } from '../../function/mcp-code';
import { McpFunction } from '../../function/mcp-function';
import { synthError } from '../../private/synth-error';

/** Options that have no effect when a Lambda authorizer replaces the user pool. */
const NOT_WITH_EXTERNAL_TOKENS = ['userPool', 'callbackPort', 'callbackUrls', 'lambdaAuthorizer'] as const;

/** Bytes that the tools may use of a Lambda environment, which holds 4096. */
const MOST_TOOLS = 3000;

/** The properties of a server that its Lambda authorizer uses. */
export interface LambdaAuthorizerProps extends McpAppClientLimits {
  readonly contract: McpContract;
  readonly logRetention?: logs.RetentionDays;
  readonly tracing?: boolean;
  readonly removalPolicy?: RemovalPolicy;
}

/** The issuer of the access tokens that a Lambda authorizer verifies, and the URL of its keys. */
export interface TokenIssuer {
  readonly issuer: string;
  readonly jwksUrl: string;
  /** The audience settings of the functions that verify the tokens. */
  readonly audienceSettings: { [name: string]: string };
}

/** Refuses options that have no effect when a Lambda authorizer replaces the user pool. */
export function assertExternalTokensAlone(
  props: { readonly [name in (typeof NOT_WITH_EXTERNAL_TOKENS)[number]]?: unknown },
  kind: string,
): void {
  for (const name of NOT_WITH_EXTERNAL_TOKENS) {
    if (props[name] !== undefined) {
      throw synthError(
        'NotWithThisAuthorization',
        `${name} does not apply with McpAuthorization.${kind}, which defines no user pool and has its own Lambda authorizer: remove it`,
      );
    }
  }
}

/** The function of a Lambda authorizer, and the method options that use it. */
export interface LambdaAuthorizer {
  readonly mcpFunction: McpFunction;
  readonly environment: { [name: string]: string };
  readonly authorization: apigateway.MethodOptions;
}

/** Adds the Lambda authorizer that verifies access tokens without a user pool and checks the tool's scopes. */
export function addExternalTokenAuthorizer(
  server: Construct,
  props: LambdaAuthorizerProps,
  options: ExternalTokens,
  mcpServerUrl: string,
  issuer: string,
): LambdaAuthorizer {
  const { scopeNames } = props.contract;
  const separated = scopeNames.find((name) => name.includes(','));
  if (separated !== undefined) {
    throw synthError(
      'OAuthValueInvalid',
      `the contract has the OAuth scope ${separated}, and McpAuthorization.${options.kind} takes names without a comma: rename it in the Rust server`,
    );
  }
  const tools = toolSettings(props);
  return addLambdaAuthorizer(server, props, options.code, {
    [SETTING.MCP_RESOURCE]: mcpServerUrl,
    [SETTING.MCP_ISSUER]: issuer,
    [SETTING.AUTHORIZER_SCOPES]: scopeNames.join(','),
    ...options.environment,
    // Every bearer token has every scope. The function checks the tool in any case, so a list that is too long is left
    // out.
    ...(options.kind === 'jwt' && tools[SETTING.AUTHORIZER_TOOLS].length <= MOST_TOOLS ? tools : {}),
  });
}

/** Adds the Lambda authorizer for Cognito's access tokens, which checks the tool's scopes and names the usage plan. */
export function addToolAuthorizer(
  server: Construct,
  props: LambdaAuthorizerProps,
  code: McpCode | undefined,
  mcpServerUrl: string,
  { issuer, jwksUrl, audienceSettings }: TokenIssuer,
): LambdaAuthorizer {
  const tools = toolSettings(props);
  const { length } = tools[SETTING.AUTHORIZER_TOOLS];
  const common = {
    [SETTING.MCP_RESOURCE]: mcpServerUrl,
    [SETTING.MCP_ISSUER]: issuer,
    [SETTING.MCP_JWKS_URL]: jwksUrl,
    ...audienceSettings,
  };
  if (props.contract._document.tools.length === 0 || (length > MOST_TOOLS && hasLimits(props))) {
    return addLambdaAuthorizer(server, props, code, common);
  }
  if (length > MOST_TOOLS) {
    throw synthError(
      'LambdaAuthorizerToolsTooLarge',
      `lambdaAuthorizer needs the contract's tools and OAuth scopes in its environment, where they take ${length} bytes and at most ${MOST_TOOLS} fit: remove lambdaAuthorizer, the function looks at the tool anyway`,
    );
  }
  return addLambdaAuthorizer(server, props, code, { ...common, ...tools });
}

/** The names of the OAuth scopes that each tool needs, and the OAuth scopes that include others, if there are any. */
function toolSettings(props: LambdaAuthorizerProps): { [name: string]: string } {
  const { tools, scopes } = props.contract._document;
  const needed = Object.fromEntries(tools.map((tool) => [tool.name, tool.scopes]));
  const including = scopes.filter((item) => item.includes?.length).map((item) => [item.name, item.includes]);
  return {
    [SETTING.AUTHORIZER_TOOLS]: JSON.stringify(needed),
    ...(including.length > 0 && {
      [SETTING.AUTHORIZER_SCOPE_INCLUDES]: JSON.stringify(Object.fromEntries(including)),
    }),
  };
}

function addLambdaAuthorizer(
  server: Construct,
  props: LambdaAuthorizerProps,
  code: McpCode | undefined,
  environment: { [name: string]: string },
): LambdaAuthorizer {
  const mcpFunction = new McpFunction(server, 'LambdaAuthorizer', {
    code: code ?? bundledProgram(server, 'authorizer'),
    timeout: Duration.seconds(10),
    logRetention: props.logRetention,
    tracing: props.tracing,
    removalPolicy: props.removalPolicy,
    environment,
  });
  const authorizer = new apigateway.RequestAuthorizer(server, 'RequestAuthorizer', {
    handler: mcpFunction.function,
    identitySources: [apigateway.IdentitySource.header('Authorization')],
    // A cached decision would apply to every tool: all requests must have the headers of the cache key, and only calls
    // have `Mcp-Name` (docs/adr/0002-lambda-authorizer.md).
    resultsCacheTtl: Duration.seconds(0),
  });
  return { mcpFunction, environment, authorization: { authorizer } };
}

/** Suppresses the cdk-nag rules that look for a Cognito authorizer: the Lambda authorizer replaces it. */
export function acknowledgeLambdaAuthorizer(methods: apigateway.Method[]): void {
  for (const method of methods) {
    Validations.of(method).acknowledge({
      id: 'AwsSolutions::AwsSolutions-COG4',
      reason: 'the Lambda authorizer verifies the access token of every request before the function runs',
    });
  }
}
