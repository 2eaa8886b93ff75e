import { Duration, type RemovalPolicy, Validations } from 'aws-cdk-lib';
import * as apigateway from 'aws-cdk-lib/aws-apigateway';
import type * as logs from 'aws-cdk-lib/aws-logs';
import type { Construct } from 'constructs';
import { carriedProgram } from '../../function/private/bundled-program';
import type { GateAuthorizationOptions } from './gate-authorization';
import { hasLimits } from './limits';
import type { McpAppClientLimits } from '../mcp-app-client-limits';
import type { McpContract } from '../../contract/mcp-contract';
import type { McpCode } from '../../function/mcp-code';
import { McpFunction } from '../../function/mcp-function';
import { synthError } from '../../private/synth-error';

/** Options that have no effect when a Lambda authorizer replaces the user pool. */
const NOT_BEHIND_A_GATE = ['userPool', 'callbackPort', 'callbackUrls', 'gate'] as const;

/** Bytes that the tools may use of a Lambda environment, which holds 4096. */
const MOST_TOOLS = 3000;

/** The properties of a server that its Lambda authorizer uses. */
export interface GatedProps extends McpAppClientLimits {
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
export function assertGateAlone(props: { readonly [name in (typeof NOT_BEHIND_A_GATE)[number]]?: unknown }, kind: string): void {
  for (const name of NOT_BEHIND_A_GATE) {
    if (props[name] !== undefined) {
      throw synthError('NotWithThisAuthorization', `${name} does not apply with McpAuthorization.${kind}, which defines no user pool and has its own gate: remove it`);
    }
  }
}

/** The function of a Lambda authorizer, and the method options that use it. */
export interface Gate {
  readonly mcpFunction: McpFunction;
  readonly environment: { [name: string]: string };
  readonly authorization: apigateway.MethodOptions;
}

/** Adds the Lambda authorizer that verifies access tokens without a user pool and checks the tool's scopes. */
export function addStandInGate(server: Construct, props: GatedProps, options: GateAuthorizationOptions, mcpServerUrl: string, issuer: string): Gate {
  const { scopes } = props.contract._document;
  const tools = toolsOf(props);
  return addGate(server, props, options.code, {
    MCP_RESOURCE: mcpServerUrl,
    MCP_ISSUER: issuer,
    GATE_SCOPES: scopes.map((item) => item.name).join(','),
    ...options.environment,
    // Every bearer token has every scope. The function checks the tool in any case, so a list that is too long is left
    // out.
    ...(options.kind === 'jwt' && tools.length <= MOST_TOOLS ? { GATE_TOOLS: tools, ...includesOf(props) } : {}),
  });
}

/** Adds the Lambda authorizer for Cognito's access tokens, which checks the tool's scopes and names the usage plan. */
export function addToolGate(server: Construct, props: GatedProps, code: McpCode | undefined, mcpServerUrl: string, { issuer, jwksUrl, audienceSettings }: TokenIssuer): Gate {
  const tools = toolsOf(props);
  const common = { MCP_RESOURCE: mcpServerUrl, MCP_ISSUER: issuer, MCP_JWKS_URL: jwksUrl, ...audienceSettings };
  if (props.contract._document.tools.length === 0 || (tools.length > MOST_TOOLS && hasLimits(props))) {
    return addGate(server, props, code, common);
  }
  if (tools.length > MOST_TOOLS) {
    throw synthError('GateToolsTooLarge', `gate needs the contract's tools and OAuth scopes in its environment, where they take ${tools.length} bytes and at most ${MOST_TOOLS} fit: remove gate, the function looks at the tool anyway`);
  }
  return addGate(server, props, code, { ...common, GATE_TOOLS: tools, ...includesOf(props) });
}

/** The names of the OAuth scopes that each tool needs. */
function toolsOf(props: GatedProps): string {
  return JSON.stringify(Object.fromEntries(props.contract._document.tools.map((tool) => [tool.name, tool.scopeNames])));
}

/** The OAuth scopes that include others, if there are any. */
function includesOf(props: GatedProps): { [name: string]: string } {
  const including = props.contract._document.scopes.filter((item) => item.includes.length > 0).map((item) => [item.name, item.includes]);
  return including.length === 0 ? {} : { GATE_SCOPE_INCLUDES: JSON.stringify(Object.fromEntries(including)) };
}

function addGate(server: Construct, props: GatedProps, code: McpCode | undefined, environment: { [name: string]: string }): Gate {
  const mcpFunction = new McpFunction(server, 'Gate', {
    code: code ?? carriedProgram(server, 'gate'),
    timeout: Duration.seconds(10),
    logRetention: props.logRetention,
    tracing: props.tracing,
    removalPolicy: props.removalPolicy,
    environment,
  });
  const authorizer = new apigateway.RequestAuthorizer(server, 'GateAuthorizer', {
    handler: mcpFunction.function,
    identitySources: [apigateway.IdentitySource.header('Authorization')],
    // A cached decision would apply to every tool: all requests must have the headers of the cache key, and only calls
    // have `Mcp-Name` (docs/adr/0002-gate.md).
    resultsCacheTtl: Duration.seconds(0),
  });
  return { mcpFunction, environment, authorization: { authorizer } };
}

/** Suppresses the cdk-nag rules that look for a Cognito authorizer: the Lambda authorizer replaces it. */
export function acknowledgeGate(methods: apigateway.Method[]): void {
  for (const method of methods) {
    Validations.of(method).acknowledge({
      id: 'AwsSolutions::AwsSolutions-COG4',
      reason: 'the gate, a Lambda authorizer, verifies the access token of every request before the function runs',
    });
  }
}
