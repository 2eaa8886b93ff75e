import { type RemovalPolicy, Stack, Token } from 'aws-cdk-lib';
import * as apigateway from 'aws-cdk-lib/aws-apigateway';
import * as cognito from 'aws-cdk-lib/aws-cognito';
import type * as iam from 'aws-cdk-lib/aws-iam';
import { Construct } from 'constructs';
import { authorizationThrottles } from './authorization-endpoints';
import { assertCallbackUrls } from './callback-urls';
import { list } from './contract-document';
import { addGatewayResponses } from './gateway-responses';
import { addMcpEndpoint } from './mcp-endpoint';
import { McpInteractiveClient, McpMachineClient } from './mcp-app-client';
import { McpAuthorization, type McpAuthorizationServerOptions } from './mcp-authorization';
import { McpAuthorizationServer } from './mcp-authorization-server';
import type { McpAwsResource } from './mcp-aws-resource';
import type { McpCode } from './mcp-code';
import type { McpContract } from './mcp-contract';
import { McpFront } from './mcp-front';
import { McpFunction, type McpFunctionOptions } from './mcp-function';
import { McpUserPool } from './mcp-user-pool';
import { addMetadataEndpoints } from './metadata-endpoints';
import { environmentOf } from './settings';
import { synthError } from './synth-error';

/** Name of the API stage. A literal, because a reference to the stage would close a dependency cycle. */
const API_STAGE_NAME = 'prod';

/** Path of the MCP endpoint below the front's base URL. */
const MCP_PATH = '/mcp';

/** Properties of `McpServer`. */
export interface McpServerProps extends McpFunctionOptions {
  /** The server's code. */
  readonly code: McpCode;

  /** What the server's binary says about itself. */
  readonly contract: McpContract;

  /**
   * Under which URL MCP clients reach the server.
   * @default McpFront.cloudFront()
   */
  readonly front?: McpFront;

  /**
   * What issues authorization codes to MCP clients.
   * @default McpAuthorization.cognito()
   */
  readonly authorization?: McpAuthorization;

  /**
   * The people who may use the server. Hand over one pool to let several servers share it.
   * @default - a user pool of the server's own, open for self sign-up
   */
  readonly userPool?: McpUserPool;

  /**
   * The server's settings by the names of the contract. A duration takes a `Duration`, a list takes an array.
   * @default - the defaults of the Rust server
   */
  readonly settings?: { [name: string]: any };

  /**
   * The AWS resources that the contract asks for, by its names. The server gets permission for the actions that its tools declare.
   * @default - none, for a contract that asks for none
   */
  readonly awsResources?: { [name: string]: McpAwsResource };

  /**
   * The port that MCP clients on a user's machine listen on during sign-in: `http://localhost:<port>/callback` and
   * `http://127.0.0.1:<port>/callback` are registered as redirect URIs. With `McpAuthorization.server` only clients that
   * are configured by hand need them, and any port is accepted.
   * @default 8765
   */
  readonly callbackPort?: number;

  /**
   * Further redirect URIs for the interactive client, https or loopback, compared exactly. Examples:
   * `http://localhost:6274/oauth/callback` for MCP Inspector, `https://claude.ai/api/mcp/auth_callback` for claude.ai.
   * @default - none besides those of `callbackPort`
   */
  readonly callbackUrls?: string[];

  /**
   * Further origins whose pages may call the server from a browser, for example `http://localhost:6274`.
   * @default - the front's own origin only
   */
  readonly allowedOrigins?: string[];

  /**
   * Requests per second, all callers together, before API Gateway answers 429.
   * @default 50
   */
  readonly throttlingRateLimit?: number;

  /**
   * Requests at one moment, all callers together, before API Gateway answers 429.
   * @default 100
   */
  readonly throttlingBurstLimit?: number;

  /**
   * What happens to the user pool and the log when the stack is deleted. Does not apply to a `userPool` that is handed over.
   * @default RemovalPolicy.RETAIN
   */
  readonly removalPolicy?: RemovalPolicy;
}

/** Options of `McpServer.addMachineClient`. */
export interface McpMachineClientOptions {
  /**
   * Names of the OAuth scopes that the program may ask for, as in the contract.
   * @default - all scopes of the contract
   */
  readonly scopeNames?: string[];
}

/**
 * An MCP server on AWS Lambda behind OAuth: a REST API that checks access tokens and scopes before the function runs,
 * the metadata documents and challenges that MCP clients follow to the sign-in pages, and a user pool.
 *
 * It does not limit single callers and does not put a firewall in front. MCP clients register themselves only with
 * `McpAuthorization.server`.
 */
export class McpServer extends Construct implements iam.IGrantable {
  /** The public MCP URL, which is the resource identifier too. */
  public readonly mcpServerUrl: string;

  /** The URL of the protected resource metadata (RFC 9728). */
  public readonly resourceMetadataUrl: string;

  /** The issuer in the authorization server metadata: the front's base URL. The `iss` of access tokens is `userPool.issuer`. */
  public readonly authorizationServerIssuer: string;

  /** The authorization endpoint, for people. */
  public readonly authorizationUrl: string;

  /** The token endpoint. */
  public readonly tokenUrl: string;

  /** The OAuth scopes as they travel: `<resource identifier>/<scope name>`. */
  public readonly oauthScopes: string[];

  /** The page where people sign up and in without an MCP client. */
  public readonly signInUrl: string;

  /** The command that adds the server to Claude Code. */
  public readonly claudeCodeCommand: string;

  /**
   * The `client_id` of the public client for people, for configuration by hand: the user pool's app client, or with
   * `McpAuthorization.server` a client that is registered beforehand under the server's name.
   */
  public readonly interactiveClientId: string;

  /** The public app client for people. Undefined with `McpAuthorization.server`. */
  public readonly interactiveClient?: McpInteractiveClient;

  /** The authorization server in front of the user pool. Undefined with `McpAuthorization.cognito`. */
  public readonly authorizationServer?: McpAuthorizationServer;

  /** The people who may use the server. */
  public readonly userPool: McpUserPool;

  /** The server's function. */
  public readonly mcpFunction: McpFunction;

  /** The API in front of the function. */
  public readonly api: apigateway.RestApi;

  /** The IAM principal to permit actions to. */
  public readonly grantPrincipal: iam.IPrincipal;

  private readonly contract: McpContract;
  private readonly resourceServer: cognito.UserPoolResourceServer;

  constructor(scope: Construct, id: string, props: McpServerProps) {
    super(scope, id);
    this.contract = props.contract;
    const contract = props.contract._document;
    const callbackUrls = callbackUrlsOf(props);
    const stack = Stack.of(this);
    const ownServer = (props.authorization ?? McpAuthorization.cognito())._server;
    const throttling = { throttlingRateLimit: props.throttlingRateLimit ?? 50, throttlingBurstLimit: props.throttlingBurstLimit ?? 100 };

    this.api = new apigateway.RestApi(this, 'Api', {
      restApiName: contract.serverName,
      description: `MCP server ${contract.serverName}`,
      endpointTypes: [apigateway.EndpointType.REGIONAL],
      cloudWatchRole: false,
      deployOptions: {
        stageName: API_STAGE_NAME,
        ...throttling,
        methodOptions: ownServer === undefined ? undefined : authorizationThrottles(throttling.throttlingRateLimit, throttling.throttlingBurstLimit),
        tracingEnabled: props.tracing ?? false,
      },
    });
    // RestApi adds an output with the stage's URL, and only one URL is advertised.
    this.api.node.tryRemoveChild('Endpoint');
    const apiHost = `${this.api.restApiId}.execute-api.${stack.region}.${stack.urlSuffix}`;

    const front = (props.front ?? McpFront.cloudFront()).bind(this, { apiHost, apiStageName: API_STAGE_NAME });
    this.userPool = userPoolOf(this, props);
    const signInBaseUrl = front.signInBaseUrl ?? this.userPool.signInBaseUrl;
    const jwksUrl = front.cognitoIdpUrl === undefined
      ? `${this.userPool.issuer}/.well-known/jwks.json`
      : `${front.cognitoIdpUrl}/${this.userPool.userPool.userPoolId}/.well-known/jwks.json`;

    this.mcpServerUrl = `${front.publicBaseUrl}${MCP_PATH}`;
    this.resourceMetadataUrl = `${front.publicBaseUrl}/.well-known/oauth-protected-resource${MCP_PATH}`;
    this.authorizationServerIssuer = front.publicBaseUrl;
    this.oauthScopes = contract.scopes.map((item) => `${this.mcpServerUrl}/${item.name}`);

    // The identifier is the MCP URL, so that scopes bind machine tokens and `aud` binds people's tokens to this server.
    this.resourceServer = new cognito.UserPoolResourceServer(this, 'ResourceServer', {
      userPool: this.userPool.userPool,
      identifier: this.mcpServerUrl,
      // Without a name the identifier becomes the name, and a URL is no legal name.
      userPoolResourceServerName: contract.serverName,
      scopes: contract.scopes.map((item) => new cognito.ResourceServerScope({ scopeName: item.name, scopeDescription: item.description })),
    });
    let signIn: { clientId: string; redirectUri: string };
    if (ownServer === undefined) {
      this.interactiveClient = new McpInteractiveClient(this, 'InteractiveClient', {
        userPool: this.userPool,
        oauthScopes: this.cognitoScopes(this.contract.scopeNames),
        callbackUrls,
      });
      this.authorizationUrl = `${signInBaseUrl}/oauth2/authorize`;
      this.tokenUrl = `${signInBaseUrl}/oauth2/token`;
      this.interactiveClientId = this.interactiveClient.clientId;
      signIn = { clientId: this.interactiveClientId, redirectUri: callbackUrls[0] };
    } else {
      this.authorizationServer = this.addAuthorizationServer(ownServer, props, signInBaseUrl);
      this.authorizationUrl = this.authorizationServer.authorizationUrl;
      this.tokenUrl = this.authorizationServer.tokenUrl;
      this.interactiveClientId = contract.serverName;
      signIn = { clientId: this.authorizationServer.cognitoClientId, redirectUri: `${front.publicBaseUrl}/callback` };
    }

    const bindings = bindAwsResources(props);
    this.mcpFunction = new McpFunction(this, 'Function', {
      code: props.code,
      memorySize: props.memorySize,
      timeout: props.timeout,
      logRetention: props.logRetention,
      tracing: props.tracing,
      removalPolicy: props.removalPolicy,
      environment: environmentOf(contract, props.settings ?? {}, {
        MCP_RESOURCE: this.mcpServerUrl,
        MCP_RESOURCE_METADATA_URL: this.resourceMetadataUrl,
        MCP_ISSUER: this.userPool.issuer,
        // The front may pass its own host on, or the API's.
        MCP_ALLOWED_HOSTS: [...new Set([front.publicHost, apiHost])].join(','),
        MCP_ALLOWED_ORIGINS: [front.publicOrigin, ...furtherOriginsOf(props)].join(','),
        MCP_RESPONSE_MODE: 'stream',
        ...bindings.settings,
      }),
    });
    this.grantPrincipal = this.mcpFunction.grantPrincipal;
    if (props.removalPolicy !== undefined && props.userPool !== undefined && this.mcpFunction.logGroup === undefined) {
      throw synthError('RemovalPolicyNotApplied', 'removalPolicy applies to neither a userPool that is handed over nor a function given with McpCode.fromFunction: set it on those and remove it here');
    }
    for (const permission of bindings.permissions) {
      permission.awsResource.permit(this, permission.actions);
    }

    const mcpPath = this.api.root.addResource(MCP_PATH.slice(1));
    addMcpEndpoint(mcpPath, {
      handler: this.mcpFunction.function,
      timeout: this.mcpFunction.timeout,
      authorizer: new apigateway.CognitoUserPoolsAuthorizer(this, 'Authorizer', { cognitoUserPools: [this.userPool.userPool] }),
      oauthScopes: this.oauthScopes,
    });
    addMetadataEndpoints(this.api, mcpPath, {
      resourceIdentifier: this.mcpServerUrl,
      resourceName: contract.serverTitle,
      publicBaseUrl: front.publicBaseUrl,
      signInBaseUrl,
      jwksUrl,
      oauthScopes: this.oauthScopes,
      ownServer: ownServer && { registrationEnabled: ownServer.registrationEnabled ?? true, clientDocumentsEnabled: ownServer.clientDocumentsEnabled ?? true },
    });
    addGatewayResponses(this.api, { resourceMetadataUrl: this.resourceMetadataUrl, oauthScopes: this.oauthScopes });

    this.signInUrl = `${signInBaseUrl}/login?client_id=${signIn.clientId}&response_type=code&scope=${this.oauthScopes.join('+')}&redirect_uri=${signIn.redirectUri}`;
    const byHand = ownServer === undefined ? ` --client-id ${this.interactiveClientId} --callback-port ${callbackPortOf(props)}` : '';
    this.claudeCodeCommand = `claude mcp add --transport http ${contract.serverName} ${this.mcpServerUrl}${byHand}`;
  }

  /**
   * Defines a confidential app client for a program, with the client credentials grant. Its secret is in Secrets Manager.
   *
   * @param id construct ID of the app client; renaming it makes a new one
   */
  public addMachineClient(id: string, options: McpMachineClientOptions = {}): McpMachineClient {
    return new McpMachineClient(this, id, {
      userPool: this.userPool,
      oauthScopes: this.cognitoScopes(options.scopeNames ?? this.contract.scopeNames),
    });
  }

  private addAuthorizationServer(options: McpAuthorizationServerOptions, props: McpServerProps, signInBaseUrl: string): McpAuthorizationServer {
    const { serverName, serverTitle, scopes } = this.contract._document;
    // For clients that can do neither of the two registrations: their `client_id` is typed in.
    const byHand = { clientId: serverName, clientName: 'A client configured by hand', redirectUris: callbackUrlsOf(props) };
    return new McpAuthorizationServer(this, 'AuthorizationServer', {
      ...options,
      clients: [byHand, ...(options.clients ?? [])],
      displayName: options.displayName ?? serverTitle,
      api: this.api,
      issuer: this.authorizationServerIssuer,
      resourceIdentifier: this.mcpServerUrl,
      userPool: this.userPool,
      signInBaseUrl,
      scopes: scopes.map((item, index) => ({
        oauthScope: this.oauthScopes[index],
        scopeName: item.name,
        description: item.description,
        cognitoScope: this.cognitoScopes([item.name])[0],
      })),
      allowedOrigins: furtherOriginsOf(props),
      tracing: props.tracing,
      removalPolicy: props.removalPolicy,
    });
  }

  /** Scopes by way of the resource-server registration, so that Cognito knows them before an app client asks for them. */
  private cognitoScopes(scopeNames: string[]): cognito.OAuthScope[] {
    const unknown = scopeNames.filter((name) => !this.contract.scopeNames.includes(name));
    if (scopeNames.length === 0 || unknown.length > 0) {
      throw synthError('ScopeUnknown', `scopeNames is ${list(scopeNames)} and needs at least one of the contract's scopes: use ${list(this.contract.scopeNames)}`);
    }
    return scopeNames.map((name) => cognito.OAuthScope.custom(`${this.resourceServer.userPoolResourceServerId}/${name}`));
  }
}

function userPoolOf(server: McpServer, props: McpServerProps): McpUserPool {
  return props.userPool ?? new McpUserPool(server, 'UserPool', {
    displayName: props.contract.serverTitle,
    removalPolicy: props.removalPolicy,
  });
}

function callbackPortOf(props: McpServerProps): number {
  const port = props.callbackPort ?? 8765;
  if (!Number.isInteger(port) || port < 1 || port > 65535) {
    throw synthError('CallbackPortInvalid', `callbackPort is ${port} and needs a whole number from 1 to 65535: use the port of the MCP client's --callback-port`);
  }
  return port;
}

function callbackUrlsOf(props: McpServerProps): string[] {
  const port = callbackPortOf(props);
  const further = props.callbackUrls ?? [];
  assertCallbackUrls(further, 'callbackUrls');
  return [...new Set([`http://localhost:${port}/callback`, `http://127.0.0.1:${port}/callback`, ...further])];
}

function furtherOriginsOf(props: McpServerProps): string[] {
  const origins = props.allowedOrigins ?? [];
  for (const value of origins.filter((each) => !Token.isUnresolved(each))) {
    if (!URL.canParse(value) || new URL(value).origin !== value) {
      throw synthError('AllowedOriginInvalid', `allowedOrigins has ${JSON.stringify(value)} and takes origins as browsers send them, for example http://localhost:6274: correct or remove it`);
    }
  }
  return origins;
}

interface AwsResourceBindings {
  readonly settings: { [name: string]: string };
  readonly permissions: { readonly awsResource: McpAwsResource; readonly actions: string[] }[];
}

/** Matches the AWS resources of the app with those that the contract asks for. */
function bindAwsResources(props: McpServerProps): AwsResourceBindings {
  const contract = props.contract._document;
  const given = props.awsResources ?? {};
  const wanted = contract.awsResources.map((item) => item.name);
  for (const name of Object.keys(given).filter((item) => !wanted.includes(item))) {
    throw synthError('AwsResourceUnknown', `awsResources.${name} is not asked for by ${contract.serverName}, which asks for ${list(wanted)}: correct the name or remove it`);
  }
  const settings: { [name: string]: string } = {};
  const permissions: AwsResourceBindings['permissions'] = [];
  for (const item of contract.awsResources) {
    const awsResource = given[item.name];
    if (awsResource === undefined) {
      throw synthError('AwsResourceMissing', `awsResources.${item.name} is asked for by ${contract.serverName} and not given: add a ${item.type}, for example McpAwsResource.dynamodbTable(table)`);
    }
    if (awsResource.contractType !== item.type) {
      throw synthError('AwsResourceTypeMismatch', `awsResources.${item.name} is a ${awsResource.contractType} and ${contract.serverName} asks for a ${item.type}: give it one`);
    }
    settings[item.setting] = awsResource.settingValue;
    const actions = contract.tools.flatMap((tool) => tool.awsActions).filter((need) => need.awsResource === item.name).flatMap((need) => need.actions);
    if (actions.length > 0) {
      permissions.push({ awsResource, actions: [...new Set(actions)].sort() });
    }
  }
  return { settings, permissions };
}
