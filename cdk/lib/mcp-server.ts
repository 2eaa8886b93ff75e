import { Stack } from 'aws-cdk-lib';
import * as apigateway from 'aws-cdk-lib/aws-apigateway';
import * as cognito from 'aws-cdk-lib/aws-cognito';
import type * as iam from 'aws-cdk-lib/aws-iam';
import { Construct } from 'constructs';
import { allowedOriginsOf } from './allowed-origins';
import { authorizationThrottles } from './authorization-endpoints';
import { bindAwsResources } from './aws-resource-bindings';
import { callbackPortOf, callbackUrlsOf } from './callback-urls';
import { list } from './contract-document';
import { addFirewall } from './firewall';
import { addGatewayResponses } from './gateway-responses';
import { addMcpEndpoint } from './mcp-endpoint';
import { McpInteractiveClient, McpMachineClient } from './mcp-app-client';
import { McpAuthorization, type McpAuthorizationServerOptions } from './mcp-authorization';
import { McpAuthorizationServer } from './mcp-authorization-server';
import type { McpContract } from './mcp-contract';
import { McpFront } from './mcp-front';
import { McpFunction } from './mcp-function';
import type { McpMachineClientOptions, McpServerProps } from './mcp-server-props';
import { type IMcpUserPool, McpUserPool } from './mcp-user-pool';
import { addMetadataEndpoints } from './metadata-endpoints';
import { environmentOf } from './settings';
import { synthError } from './synth-error';

/** Name of the API stage. A literal, because a reference to the stage would close a dependency cycle. */
const API_STAGE_NAME = 'prod';

/** Path of the MCP endpoint below the front's base URL. */
const MCP_PATH = '/mcp';

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
  public readonly userPool: IMcpUserPool;

  /** The server's function. */
  public readonly mcpFunction: McpFunction;

  /** The API in front of the function. */
  public readonly api: apigateway.RestApi;

  /** The domain of `McpFront.customDomain`. Undefined with every other front. */
  public readonly customDomain?: apigateway.DomainName;

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

    const front = (props.front ?? McpFront.cloudFront()).bind(this, { apiHost, apiStageName: API_STAGE_NAME, api: this.api });
    this.customDomain = front.customDomain;
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
      vpc: props.vpc,
      vpcSubnets: props.vpcSubnets,
      securityGroups: props.securityGroups,
      reservedConcurrency: props.reservedConcurrency,
      provisionedConcurrency: props.provisionedConcurrency,
      trafficShifting: props.trafficShifting,
      removalPolicy: props.removalPolicy,
      environment: environmentOf(contract, props.settings ?? {}, {
        MCP_RESOURCE: this.mcpServerUrl,
        MCP_RESOURCE_METADATA_URL: this.resourceMetadataUrl,
        MCP_ISSUER: this.userPool.issuer,
        // The front may pass its own host on, or the API's.
        MCP_ALLOWED_HOSTS: [...new Set([front.publicHost, apiHost])].join(','),
        MCP_ALLOWED_ORIGINS: [front.publicOrigin, ...allowedOriginsOf(props)].join(','),
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
      handler: this.mcpFunction.handler,
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
    if (props.webAcl !== undefined) {
      addFirewall(this, this.api, props.webAcl);
    }
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
      allowedOrigins: allowedOriginsOf(props),
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

function userPoolOf(server: McpServer, props: McpServerProps): IMcpUserPool {
  return props.userPool ?? new McpUserPool(server, 'UserPool', {
    displayName: props.contract.serverTitle,
    removalPolicy: props.removalPolicy,
  });
}
