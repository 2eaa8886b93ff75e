import type { RemovalPolicy } from 'aws-cdk-lib';
import type * as apigateway from 'aws-cdk-lib/aws-apigateway';
import type * as wafv2 from 'aws-cdk-lib/aws-wafv2';
import { Construct } from 'constructs';
import { authorizationServerDocuments } from '../authorization/private/authorization-metadata';
import { redirectUrisOf } from '../authorization/private/callback-urls';
import { authorizationOf } from '../authorization/private/default-authorization';
import { addFirewall } from '../api/web-acl';
import { addGatewayResponses } from '../api/gateway-responses';
import { assertHost, HostedServers } from './private/hosted-servers';
import type { McpAuthorization } from '../authorization/mcp-authorization';
import { McpAuthorizationServer } from '../authorization/mcp-authorization-server';
import { addPage, hasPage } from '../page/private/add-page';
import type { McpPage } from '../page/mcp-page';
import type { McpFront } from '../front/mcp-front';
import { frontOf } from '../front/private/local-front';
import { localCallbackPort } from '../private/local-mode';
import { McpUserPool } from '../user-pool/mcp-user-pool';
import type { IMcpUserPool } from '../user-pool/mcp-user-pool-ref';
import { addAuthorizationServerMetadata } from '../api/metadata-endpoints';
import { authorizationThrottles } from '../authorization/private/authorization-endpoints';
import { addRestApi, API_STAGE_NAME } from '../api/rest-api';
import { addStackOutputs } from '../private/outputs';
import { signInUrls } from '../authorization/private/sign-in-urls';

/** The `client_id` of the client for manual configuration: one for all servers of a host. */
const BY_HAND = 'by-hand';

/** Properties of `McpHost`. */
export interface McpHostProps {
  /**
   * The host name at which MCP clients reach the servers. `McpFront.stage()` cannot be shared.
   * @default McpFront.cloudFront()
   */
  readonly front?: McpFront;

  /**
   * The page for people at the root of the public URL, about all servers. Everyone who knows the URL can read it.
   * @default McpPage.standard()
   */
  readonly page?: McpPage;

  /**
   * How MCP clients get access tokens: `McpAuthorization.server()`, one authorization server for all servers, or
   * `McpAuthorization.cognito()`, with a public app client for each server.
   * @default McpAuthorization.server()
   */
  readonly authorization?: McpAuthorization;

  /**
   * The people who may use the servers.
   * @default - a user pool of the host's own, open for self sign-up
   */
  readonly userPool?: IMcpUserPool;

  /**
   * Name for people: on the page for people, in the e-mails of the host's own user pool, and above the pages of
   * `McpAuthorization.server` unless that has a `displayName`. The consent page asks with the name of the server that the client requests.
   * @default 'MCP servers'
   */
  readonly displayName?: string;

  /**
   * The port that MCP clients on a user's machine listen on during sign-in, as of `McpServer`, for every server of the host.
   * @default 8765
   */
  readonly callbackPort?: number;

  /**
   * Further redirect URIs of clients that are configured manually, as of `McpServer`, for every server of the host.
   * @default - none besides those of `callbackPort`
   */
  readonly callbackUrls?: string[];

  /**
   * Requests per second to documents and sign-in, above which API Gateway responds with 429. Each server has its own
   * limit.
   * @default 50
   */
  readonly throttlingRateLimit?: number;

  /**
   * Burst of requests to documents and sign-in, above which API Gateway responds with 429. Each server has its own
   * limit.
   * @default 100
   */
  readonly throttlingBurstLimit?: number;

  /**
   * The web ACL for documents and sign-in, of scope `REGIONAL`. Each server has its own.
   * @default - none
   */
  readonly webAcl?: wafv2.IWebACLRef;

  /**
   * Whether requests to documents and sign-in are traced with X-Ray.
   * @default false
   */
  readonly tracing?: boolean;

  /**
   * What happens to the host's own user pool, and to the log of the authorization server, when the stack is deleted.
   * @default RemovalPolicy.RETAIN
   */
  readonly removalPolicy?: RemovalPolicy;
}

/**
 * Several MCP servers with one host name, one user pool and one authorization server. Each server has a path below the
 * host, and thus its own resource identifier and OAuth scopes: `path: '/orders'` makes `https://<host>/orders/mcp`. An
 * access token is valid for one server; the others refuse it.
 *
 * Its API serves the metadata documents of all servers and the authorization server's endpoints. Each server has its
 * own API, because API Gateway has one challenge (`WWW-Authenticate`) for a whole API.
 *
 * Servers may be in other stacks of the app, of the same account and region, unless the front is
 * `McpFront.cloudFront()`. One stack holds a host and 15 servers. A user pool has a default quota of 25 servers. The
 * names, paths and OAuth scopes of all servers must fit into the 4 KB of the authorization server's environment.
 */
export class McpHost extends Construct {
  /** The public base URL, without a trailing slash. */
  public readonly publicBaseUrl: string;

  /** The issuer in the authorization server metadata: the base URL, while the `iss` of access tokens is `userPool.issuer`. */
  public readonly authorizationServerIssuer: string;

  /** The people who may use the servers. */
  public readonly userPool: IMcpUserPool;

  /** The authorization server in front of the user pool. Undefined unless the authorization is `McpAuthorization.server`. */
  public readonly authorizationServer?: McpAuthorizationServer;

  /** The API with the documents of all servers and the endpoints of the authorization server. */
  public readonly api: apigateway.RestApi;

  /** The domain of `McpFront.customDomain`. Undefined with every other front. */
  public readonly customDomain?: apigateway.DomainName;

  /** @internal */
  public readonly _authorization: McpAuthorization;

  /**
   * The servers added so far.
   * @internal
   */
  public readonly _servers: HostedServers;

  /**
   * The settings of clients that are configured manually.
   * @internal
   */
  public readonly _byHand: {
    readonly clientId: string;
    readonly callbackPort?: number;
    readonly callbackUrls?: string[];
  };

  constructor(scope: Construct, id: string, props: McpHostProps = {}) {
    super(scope, id);
    assertHost(props);
    const displayName = props.displayName ?? 'MCP servers';
    this._byHand = {
      clientId: BY_HAND,
      callbackPort: localCallbackPort(this, props.callbackPort),
      callbackUrls: props.callbackUrls,
    };
    this._authorization = authorizationOf(props);
    const front = frontOf(this, props.front);
    const { api, apiHost } = addRestApi(this, id, `Documents and sign-in of the MCP servers of ${id}`, {
      ...props,
      methodOptions: this._authorization._server && authorizationThrottles,
    });
    this.api = api;
    const frontConfig = front.bind(this, { apiHost, apiStageName: API_STAGE_NAME, api, hasPage: hasPage(props.page) });
    this.customDomain = frontConfig.customDomain;
    this.publicBaseUrl = frontConfig.publicBaseUrl;
    this.authorizationServerIssuer = this.publicBaseUrl;
    this.userPool =
      props.userPool ?? new McpUserPool(this, 'UserPool', { displayName, removalPolicy: props.removalPolicy });
    this._servers = new HostedServers({ scope: this, api, apiHost, front, frontConfig });
    const { signInBaseUrl, jwksUrl } = signInUrls(frontConfig, this.userPool);
    const ownServer = this._authorization._server;
    if (ownServer !== undefined) {
      const byHand = {
        clientId: BY_HAND,
        clientName: 'A client configured manually',
        redirectUris: redirectUrisOf(this._byHand),
      };
      this.authorizationServer = new McpAuthorizationServer(this, 'AuthorizationServer', {
        ...ownServer,
        clients: [byHand, ...(ownServer.clients ?? [])],
        displayName: ownServer.displayName ?? displayName,
        api,
        issuer: this.publicBaseUrl,
        userPool: this.userPool,
        signInBaseUrl,
        tracing: props.tracing,
        removalPolicy: props.removalPolicy,
      });
    }
    addAuthorizationServerMetadata(api, () =>
      authorizationServerDocuments({
        ...this._servers.summary(),
        publicBaseUrl: this.publicBaseUrl,
        signInBaseUrl,
        jwksUrl,
        authorization: this._authorization,
        hasAssertions: this.authorizationServer?._hasAssertions ?? false,
      }),
    );
    addPage(api, props.page, this._authorization._server, () => this._servers.described, displayName);
    addGatewayResponses(api);
    if (props.webAcl !== undefined) {
      addFirewall(this, api, props.webAcl);
    }
  }

  /**
   * Adds what the servers share to the outputs of the stack: the base URL, the issuer and the user pool. `addOutputs` of each
   * server adds the rest.
   *
   * @param prefix what every output's name begins with
   */
  public addOutputs(prefix: string = 'Host'): void {
    addStackOutputs(this, prefix, {
      PublicBaseUrl: [this.publicBaseUrl, 'Base URL of the MCP servers'],
      McpOAuthIssuer: [this.authorizationServerIssuer, 'Issuer in the authorization server metadata (RFC 8414)'],
      UserPoolId: [this.userPool.userPool.userPoolId, 'User pool'],
    });
  }
}
