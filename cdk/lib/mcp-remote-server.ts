import type { Duration } from 'aws-cdk-lib';
import type * as apigateway from 'aws-cdk-lib/aws-apigateway';
import { Construct } from 'constructs';
import { AppClientLimits } from './app-client-limits';
import { CognitoSignIn } from './cognito-sign-in';
import { addFirewall } from './firewall';
import { acknowledgeGate, addToolGate } from './gate';
import { addEndpointResponses, addGatewayResponses } from './gateway-responses';
import type { McpMachineClient } from './mcp-app-client';
import type { McpAppClientLimits } from './mcp-app-client-limits';
import type { McpAuthorizationServer } from './mcp-authorization-server';
import { McpContract } from './mcp-contract';
import { addMcpEndpoint, remoteIntegration } from './mcp-endpoint';
import type { McpFunction } from './mcp-function';
import type { McpEndpointOptions, McpMachineClientOptions } from './mcp-server-props';
import type { IMcpUserPool } from './mcp-user-pool';
import { assertRemote, longestTimeout } from './remote-server';
import { addServerApi } from './server-api';

/** An OAuth scope of an MCP endpoint that is not ours. */
export interface McpRemoteScope {
  /** The name, without the resource identifier: visible ASCII without `/`, `"` and `\`. */
  readonly name: string;

  /** What it permits, in plain words and 1 to 256 characters: the consent page shows it. */
  readonly description: string;
}

/** Properties of `McpRemoteServer`. */
export interface McpRemoteServerProps extends McpEndpointOptions {
  /** The MCP endpoint that requests go on to: https, for example the URL of an AgentCore gateway. */
  readonly endpointUrl: string;

  /** The server's name: letters, digits, `-` and `_`. */
  readonly serverName: string;

  /** The OAuth scopes, one at least. An access token with any of them passes; who may call which tool is the endpoint's. */
  readonly scopes: McpRemoteScope[];

  /**
   * The server's name for people.
   * @default - serverName
   */
  readonly serverTitle?: string;

  /**
   * HTTP methods that the endpoint takes besides `POST`: `DELETE` if clients may end a session, `GET` if it sends messages
   * outside of responses. `timeout` ends a stream of `GET` too.
   * @default - none: API Gateway responds to every other method with 405
   */
  readonly endpointMethods?: string[];

  /**
   * How long one request may take, at most 15 minutes.
   * @default Duration.seconds(30)
   */
  readonly timeout?: Duration;

  /**
   * Whether requests are traced with X-Ray.
   * @default false
   */
  readonly tracing?: boolean;
}

/**
 * The way in for an MCP endpoint that exists already and whose authorization MCP clients cannot follow: an AgentCore gateway
 * or runtime, or any URL. It has what `McpServer` has in front of its function (URL, challenge, metadata, user pool, the
 * authorization server with `McpAuthorization.server`) and passes requests on with the access token.
 *
 * The endpoint must accept Cognito's access tokens: issuer `userPool.issuer`, client `cognitoClientId`, `aud` absent or
 * `mcpServerUrl`. With `McpAuthorization.server` a person's access token always has the `aud`, and the endpoint should refuse one
 * without, which `gate` does for it; tokens of machine clients never have one. It must refuse everybody else, because its own URL stays open, and a browser page too if browsers may reach
 * it: nothing here looks at `Origin`. Metrics of tools do not exist, and a challenge of the endpoint's own is renamed by API
 * Gateway. While the endpoint cannot be reached, the response is a JSON-RPC error with status 502, and with status 504 when
 * `timeout` is over.
 */
export class McpRemoteServer extends Construct {
  /** The public MCP URL, which is the resource identifier too. */
  public readonly mcpServerUrl: string;

  /** The URL of the protected resource metadata (RFC 9728). */
  public readonly resourceMetadataUrl: string;

  /** The OAuth scopes as they travel: `<resource identifier>/<scope name>`. */
  public readonly oauthScopes: string[];

  /** The API in front of the endpoint. */
  public readonly api: apigateway.RestApi;

  /** The people who may use the endpoint. */
  public readonly userPool: IMcpUserPool;

  /** The authorization server in front of the user pool. Undefined unless the authorization is `McpAuthorization.server`. */
  public readonly authorizationServer?: McpAuthorizationServer;

  /** The `client_id` of access tokens that people get: what the endpoint must let in. */
  public readonly cognitoClientId: string;

  /** The `client_id` for configuration by hand, as of `McpServer`. */
  public readonly interactiveClientId: string;

  /** The domain of `McpFront.customDomain`. Undefined with every other front. */
  public readonly customDomain?: apigateway.DomainName;

  /** The function that decides about requests before they go on. Undefined without `gate`. */
  public readonly gateFunction?: McpFunction;

  private readonly signIn: CognitoSignIn;
  private readonly limits: AppClientLimits;

  constructor(scope: Construct, id: string, props: McpRemoteServerProps) {
    super(scope, id);
    assertRemote(props);
    const contract = McpContract._ofRemote(props.serverName, props.serverTitle ?? props.serverName, props.scopes);
    const address = addServerApi(this, props.serverName, props);
    this.api = address.api;
    this.customDomain = address.front.customDomain;
    this.mcpServerUrl = address.mcpServerUrl;
    this.resourceMetadataUrl = address.resourceMetadataUrl;
    this.oauthScopes = props.scopes.map((item) => `${this.mcpServerUrl}/${item.name}`);
    this.signIn = new CognitoSignIn(this, { ...props, contract }, { ...address, oauthScopes: this.oauthScopes });
    this.userPool = this.signIn.userPool;
    this.authorizationServer = this.signIn.authorizationServer;
    this.interactiveClientId = this.signIn.interactiveClientId;
    this.cognitoClientId = this.signIn.cognitoClientId;

    const mcpPath = address.addMcpPath();
    const gate = props.gate && addToolGate(this, { ...props, contract }, props.gate.code, this.mcpServerUrl, this.signIn);
    this.gateFunction = gate?.mcpFunction;
    this.limits = new AppClientLimits(this, props, this.api, gate);
    const timeout = longestTimeout(props.timeout);
    const methods = addMcpEndpoint(mcpPath, {
      integrationOf: (method) => remoteIntegration(props.endpointUrl, method, timeout),
      authorization: this.limits.methodOptions(gate?.authorization ?? this.signIn.authorizer()),
      otherMethods: props.endpointMethods ?? [],
      // The tools of a server elsewhere are not known here, nor the headers that their arguments travel in.
      requestHeaders: ['*'],
    });
    if (gate !== undefined) {
      acknowledgeGate(methods);
    }
    this.limits.add('People', this.cognitoClientId);
    const resource = {
      resourceIdentifier: this.mcpServerUrl,
      resourceName: contract.serverTitle,
      authorizationServers: [address.front.publicBaseUrl],
      oauthScopes: this.oauthScopes,
    };
    address.addMetadata(mcpPath, resource, this.signIn.metadata);
    if (props.webAcl !== undefined) {
      addFirewall(this, this.api, props.webAcl);
    }
    addGatewayResponses(this.api, { resourceMetadataUrl: this.resourceMetadataUrl, oauthScopes: this.oauthScopes });
    addEndpointResponses(this.api);
  }

  /**
   * Defines a confidential app client for a program, as `McpServer.addMachineClient` does. The endpoint must let its
   * `client_id` in too.
   *
   * @param id construct ID of the app client; renaming it makes a new one
   */
  public addMachineClient(id: string, options: McpMachineClientOptions = {}): McpMachineClient {
    const machineClient = this.signIn.addMachineClient(id, options.scopeNames);
    this.limits.add(id, machineClient.clientId, options);
    return machineClient;
  }

  /**
   * Counts an app client by itself that is not the server's own, as `McpServer.limitAppClient` does.
   *
   * @param clientId the app client as its access tokens name it
   */
  public limitAppClient(clientId: string, limits: McpAppClientLimits): void {
    this.limits.addForeign(clientId, limits);
  }
}
