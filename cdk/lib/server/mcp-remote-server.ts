import { Duration } from 'aws-cdk-lib';
import type * as apigateway from 'aws-cdk-lib/aws-apigateway';
import { Construct } from 'constructs';
import { SCOPE_NAME, SERVER_NAME } from '../generated/facts';
import { addEndpointResponses } from '../api/gateway-responses';
import { remoteIntegration } from '../api/mcp-endpoint';
import type { McpAuthorizationServer } from '../authorization/mcp-authorization-server';
import { authorizationOf } from '../authorization/private/default-authorization';
import type { McpAppClientLimits } from '../authorizer/mcp-app-client-limits';
import { McpContract } from '../contract/mcp-contract';
import type { McpFunction } from '../function/mcp-function';
import { assertTimeout } from '../function/private/timeout';
import { assertConvertible, assertKnown, isKnown } from '../private/known-value';
import { addStackOutputs } from '../private/outputs';
import { synthError } from '../private/synth-error';
import { urlOf } from '../private/urls';
import type { McpMachineClient } from '../user-pool/mcp-app-client';
import type { IMcpUserPool } from '../user-pool/mcp-user-pool-ref';
import type { McpEndpointOptions, McpMachineClientOptions } from './mcp-endpoint-options';
import type { McpOutputsOptions } from './mcp-outputs-options';
import { connectCommand, vscodeLink } from './private/connect-commands';
import { recordServer } from './private/local-server';
import { ProtectedEndpoint } from './private/protected-endpoint';
import { serverOutputs } from './private/server-outputs';

/** An OAuth scope of an MCP endpoint that is not ours. */
export interface McpRemoteScope {
  /** The name, without the resource identifier: visible ASCII without `/`, `"` and `\`. */
  readonly name: string;

  /** What it permits, in plain words and 1 to 256 characters: the consent page shows it. */
  readonly description: string;
}

/** Properties of `McpRemoteServer`. */
export interface McpRemoteServerProps extends McpEndpointOptions {
  /** The MCP endpoint that requests are forwarded to: https, for example the URL of an AgentCore gateway. */
  readonly endpointUrl: string;

  /** The server's name: letters, digits, `-` and `_`, a letter or digit first. */
  readonly serverName: string;

  /**
   * The OAuth scopes, at least one. An access token with any of them passes; the endpoint decides who may call which
   * tool.
   */
  readonly scopes: McpRemoteScope[];

  /**
   * The server's name for people.
   * @default - serverName
   */
  readonly serverTitle?: string;

  /**
   * HTTP methods that the endpoint accepts besides `POST`: `DELETE` if clients may end a session, `GET` if it sends
   * messages outside of responses. `timeout` ends a stream of `GET` too.
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
 * Puts OAuth in front of an existing MCP endpoint whose own authorization MCP clients cannot use: an AgentCore gateway
 * or runtime, or any URL. It defines what `McpServer` defines in front of its function (URL, challenge, metadata, user
 * pool, the authorization server with `McpAuthorization.server`) and forwards requests with the access token.
 *
 * The endpoint must accept Cognito's access tokens: issuer `userPool.issuer`, client `cognitoClientId`, `aud` absent or
 * `mcpServerUrl`. With `McpAuthorization.server` a person's access token always has the `aud`, and the endpoint should
 * refuse one without, which `lambdaAuthorizer` does for it; tokens of machine clients never have one. It must refuse every other
 * token, because its own URL stays public, and foreign origins if browsers can reach it: this construct does not check
 * `Origin`. It has no metrics of tools, and API Gateway renames a challenge of the endpoint itself. When the endpoint
 * cannot be reached, the response is a JSON-RPC error with status 502; after `timeout` it has status 504.
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

  /** The `client_id` of access tokens that people get, which the endpoint must accept. */
  public readonly cognitoClientId: string;

  /** The `client_id` for manual configuration, as of `McpServer`. */
  public readonly interactiveClientId: string;

  /** The domain of `McpFront.customDomain`. Undefined with every other front. */
  public readonly customDomain?: apigateway.DomainName;

  /** The function of the Lambda authorizer. Undefined without `lambdaAuthorizer`. */
  public readonly lambdaAuthorizerFunction?: McpFunction;

  private readonly endpoint: ProtectedEndpoint;
  private readonly serverName: string;

  constructor(scope: Construct, id: string, props: McpRemoteServerProps) {
    super(scope, id);
    assertRemote(props);
    this.serverName = props.serverName;
    const contract = McpContract._ofRemote(props.serverName, props.serverTitle ?? props.serverName, props.scopes);
    this.endpoint = new ProtectedEndpoint(this, { ...props, contract });
    const { address, oauthScopes } = this.endpoint;
    this.api = address.api;
    this.customDomain = address.front.customDomain;
    this.mcpServerUrl = address.mcpServerUrl;
    this.resourceMetadataUrl = address.resourceMetadataUrl;
    this.oauthScopes = oauthScopes;
    const signIn = this.endpoint.signInFor('McpRemoteServer');
    this.userPool = signIn.userPool;
    this.authorizationServer = signIn.authorizationServer;
    this.interactiveClientId = signIn.interactiveClientId;
    this.cognitoClientId = signIn.cognitoClientId;
    const timeout = requestTimeout(props.timeout);
    this.lambdaAuthorizerFunction = this.endpoint.open({
      integrationOf: (method) => remoteIntegration(props.endpointUrl, method, timeout),
      otherMethods: props.endpointMethods ?? [],
      // The tools of a server elsewhere are not known here, nor the headers that their arguments travel in.
      requestHeaders: ['*'],
    });
    addEndpointResponses(this.api);
    const { mcpServerUrl } = this;
    const { claudeCodeOptions, connectsByUrlAlone: urlAlone } = signIn;
    const commandOf = (client: string) =>
      connectCommand(client, { serverName: props.serverName, mcpServerUrl, claudeCodeOptions, urlAlone });
    address.addToPage({
      ...contract._document.server,
      ...contract._document,
      mcpServerUrl,
      resourceMetadataUrl: this.resourceMetadataUrl,
      connectCommand: commandOf,
      vscodeLink: vscodeLink({ serverName: props.serverName, mcpServerUrl }),
      urlAlone,
      // Cognito's own page would lead to a client that does not listen.
      signInUrl: signIn.authorizationServer && signIn.signInUrl,
    });
    recordServer(this, {
      contract,
      mcpServerUrl,
      connectCommand: commandOf,
      urlAlone,
      signInUrl: signIn.signInUrl,
      tokenUrl: signIn.tokenUrl,
      oauthScopes,
    });
  }

  /**
   * Defines a confidential app client for a program, as `McpServer.addMachineClient` does. The endpoint must accept its
   * `client_id` too.
   *
   * @param id construct ID of the app client; renaming it makes a new one
   */
  public addMachineClient(id: string, options: McpMachineClientOptions = {}): McpMachineClient {
    return this.endpoint.addMachineClient(id, options);
  }

  /**
   * Gives an app client that this server does not define limits of its own, as `McpServer.limitAppClient` does.
   *
   * @param clientId the app client as its access tokens name it
   */
  public limitAppClient(clientId: string, limits: McpAppClientLimits): void {
    this.endpoint.limitAppClient(clientId, limits);
  }

  /** Adds what people and programs need to connect to the outputs of the stack, as `McpServer.addOutputs` does. */
  public addOutputs(options: McpOutputsOptions = {}): void {
    const signIn = this.endpoint.signInFor('addOutputs');
    const { serverName, mcpServerUrl, resourceMetadataUrl, oauthScopes } = this;
    const { claudeCodeOptions, connectsByUrlAlone: urlAlone } = signIn;
    const outputs = serverOutputs(
      {
        mcpServerUrl,
        resourceMetadataUrl,
        oauthScopes,
        connectCommand: (client) => connectCommand(client, { serverName, mcpServerUrl, claudeCodeOptions, urlAlone }),
        urlAlone,
        signIn: {
          issuer: this.endpoint.issuer,
          authorizationUrl: signIn.authorizationUrl,
          tokenUrl: signIn.tokenUrl,
          interactiveClientId: signIn.interactiveClientId,
          signInUrl: signIn.signInUrl,
          userPool: signIn.userPool,
        },
      },
      options,
    );
    addStackOutputs(this, options.prefix ?? '', outputs);
  }
}

/** Refuses an endpoint that requests cannot be forwarded to, and what Cognito would refuse about its OAuth scopes. */
function assertRemote(props: McpRemoteServerProps): void {
  const { endpointUrl, endpointMethods = [], serverName, scopes, authorization } = props;
  const kind = authorization?._externalTokens?.kind;
  if (kind !== undefined) {
    throw synthError(
      'NotForRemoteServer',
      `authorization is McpAuthorization.${kind}, whose tokens the endpoint can take itself: use McpAuthorization.cognito() or server(), or the endpoint without McpRemoteServer`,
    );
  }
  const url = urlOf(endpointUrl);
  if (isKnown(endpointUrl) && (url?.protocol !== 'https:' || url.hash !== '' || url.username !== '')) {
    throw synthError(
      'EndpointUrlInvalid',
      `endpointUrl is ${JSON.stringify(endpointUrl)} and access tokens go there: give an https URL without a fragment and without credentials`,
    );
  }
  if (isKnown(serverName) && !SERVER_NAME.test(serverName)) {
    throw synthError(
      'ServerNameInvalid',
      `serverName is ${JSON.stringify(serverName)} and takes 1 to 64 letters, digits, - and _: correct it`,
    );
  }
  assertKnown(endpointMethods, 'endpointMethods', 'name GET and DELETE themselves');
  const method = endpointMethods.find((each) => each !== 'GET' && each !== 'DELETE');
  if (method !== undefined || new Set(endpointMethods).size < endpointMethods.length) {
    throw synthError(
      'EndpointMethodInvalid',
      `endpointMethods is ${JSON.stringify(endpointMethods)} and takes GET and DELETE, each once at most: correct it`,
    );
  }
  if (scopes.length === 0) {
    throw synthError(
      'ScopesMissing',
      'scopes is empty, and API Gateway would take ID tokens then: name one OAuth scope at least',
    );
  }
  const server = (props.host?._authorization ?? authorizationOf(props))._server;
  if (props.allowedOrigins !== undefined && server === undefined) {
    throw synthError(
      'AllowedOriginsNotApplied',
      'allowedOrigins says which pages may read the endpoints of McpAuthorization.server, and there is none; the endpoint itself decides about Origin: use McpAuthorization.server() or remove it here',
    );
  }
  const noPool = props.userPool !== undefined || props.host !== undefined;
  const noLog = props.lambdaAuthorizer === undefined && (server === undefined || props.host !== undefined);
  if (props.removalPolicy !== undefined && noPool && noLog) {
    throw synthError(
      'RemovalPolicyNotApplied',
      "removalPolicy applies to a user pool of the server's own and to the logs of lambdaAuthorizer and McpAuthorization.server, and there is none of them: set it on the userPool or host and remove it here",
    );
  }
  const wrong = scopes.find(({ name }) => isKnown(name) && !SCOPE_NAME.test(name));
  if (wrong !== undefined) {
    throw synthError(
      'ScopeNameInvalid',
      `scopes has ${JSON.stringify(wrong.name)} and takes visible ASCII without /, " and \\: correct it`,
    );
  }
}

/** How long a request may take. */
function requestTimeout(given: Duration | undefined): Duration {
  const timeout = given ?? Duration.seconds(30);
  assertConvertible(timeout, 'millis', 'timeout');
  assertTimeout(timeout);
  return timeout;
}
