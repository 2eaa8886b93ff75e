import { Duration, type RemovalPolicy, Stack } from 'aws-cdk-lib';
import * as apigateway from 'aws-cdk-lib/aws-apigateway';
import * as cognito from 'aws-cdk-lib/aws-cognito';
import type { Construct } from 'constructs';
import { AUTHORIZE_PATH, SETTING, TOKEN_PATH } from '../../generated/facts';
import { checkedOrigins } from '../../api/allowed-origins';
import { type CallbackOptions, callbackPortOf, callbackUrlsOf, redirectUrisOf } from './callback-urls';
import type { TokenIssuer } from '../../authorizer/private/lambda-authorizer';
import { authorizationOf } from './default-authorization';
import { McpInteractiveClient, McpMachineClient } from '../../user-pool/mcp-app-client';
import { assertionWithoutServer } from './assertion-checks';
import type { McpAuthorization } from '../mcp-authorization';
import { McpAuthorizationServer, type McpConsentScope } from '../mcp-authorization-server';
import type { McpClientAssertion } from '../mcp-client-assertion';
import type { McpContract } from '../../contract/mcp-contract';
import type { McpScope } from '../../contract/mcp-scope';
import { scopeNamesOf } from '../../contract/private/scope-names';
import type { ServerApi } from '../../api/rest-api';
import { localCallbackPort } from '../../private/local-mode';
import { McpUserPool } from '../../user-pool/mcp-user-pool';
import type { IMcpUserPool } from '../../user-pool/mcp-user-pool-ref';
import type { AuthorizationServerDocuments } from '../../api/metadata';
import { authorizationServerDocuments } from './authorization-metadata';
import { assertScopesFit } from '../../user-pool/private/resource-server';
import { signInUrls } from './sign-in-urls';

/** How long API Gateway may cache a valid access token; its default is five minutes. */
const AUTHORIZER_CACHE = Duration.minutes(1);

/** The URLs and scopes of one MCP server. */
export interface ServerAddress extends Pick<ServerApi, 'api' | 'front' | 'registry' | 'mcpServerUrl'> {
  /** Full OAuth scopes, in the order of the contract. */
  readonly oauthScopes: string[];
}

/** Properties of the sign-in of one MCP server. */
export interface SignInProps extends CallbackOptions {
  readonly contract: McpContract;
  readonly host?: SharedSignIn;
  readonly authorization?: McpAuthorization;
  readonly userPool?: IMcpUserPool;
  readonly allowedOrigins?: string[];
  readonly tracing?: boolean;
  readonly removalPolicy?: RemovalPolicy;
}

/** Properties of a machine client of one MCP server. */
interface MachineClientProps {
  readonly oauthScopes?: McpScope[];
  readonly assertion?: McpClientAssertion;
}

/** The members of `McpHost` that its servers share. */
export interface SharedSignIn {
  readonly userPool: IMcpUserPool;
  readonly authorizationServer?: McpAuthorizationServer;
  /** @internal */
  readonly _authorization: McpAuthorization;
  /** @internal */
  readonly _byHand: CallbackOptions & { readonly clientId: string };
}

/** The sign-in of one MCP server: its own or its host's user pool, with the server's OAuth scopes and app clients. */
export class CognitoSignIn {
  public readonly userPool: IMcpUserPool;
  public readonly interactiveClient?: McpInteractiveClient;
  public readonly authorizationServer?: McpAuthorizationServer;
  public readonly authorizationUrl: string;
  public readonly tokenUrl: string;
  public readonly interactiveClientId: string;
  public readonly signInUrl: string;
  public readonly signInBaseUrl: string;
  public readonly jwksUrl: string;

  private readonly resourceServer: cognito.UserPoolResourceServer;
  private readonly authorization: McpAuthorization;
  private readonly byHand: CallbackOptions;

  constructor(
    private readonly server: Construct,
    private readonly props: SignInProps,
    private readonly address: ServerAddress,
  ) {
    const { front } = address;
    const contract = props.contract._document;
    const { host } = props;
    this.authorization = host === undefined ? authorizationOf(props) : host._authorization;
    this.byHand = host?._byHand ?? {
      callbackPort: localCallbackPort(server, props.callbackPort),
      callbackUrls: props.callbackUrls,
    };
    const callbackUrls = callbackUrlsOf(this.byHand);
    this.userPool =
      host?.userPool ??
      props.userPool ??
      new McpUserPool(server, 'UserPool', {
        displayName: props.contract.serverTitle,
        removalPolicy: props.removalPolicy,
      });
    const { signInBaseUrl, jwksUrl } = signInUrls(front, this.userPool);
    this.signInBaseUrl = signInBaseUrl;
    this.jwksUrl = jwksUrl;
    assertScopesFit(address.mcpServerUrl, contract.scopes);
    // The identifier is the MCP URL, so that scopes bind machine tokens and `aud` binds people's tokens to this server.
    this.resourceServer = new cognito.UserPoolResourceServer(address.registry, 'ResourceServer', {
      userPool: this.userPool.userPool,
      identifier: address.mcpServerUrl,
      // Without a name the identifier becomes the name, and a URL is not a valid name.
      userPoolResourceServerName: props.contract.serverName,
      scopes: contract.scopes.map(
        (item) => new cognito.ResourceServerScope({ scopeName: item.name, scopeDescription: item.description }),
      ),
    });
    if (this.authorization._server === undefined) {
      this.interactiveClient = new McpInteractiveClient(server, 'InteractiveClient', {
        userPool: this.userPool,
        oauthScopes: this.cognitoScopes(props.contract.scopeNames),
        callbackUrls,
      });
      this.authorizationUrl = `${this.signInBaseUrl}/oauth2${AUTHORIZE_PATH}`;
      this.tokenUrl = `${this.signInBaseUrl}/oauth2${TOKEN_PATH}`;
      this.interactiveClientId = this.interactiveClient.clientId;
      this.signInUrl = `${this.signInBaseUrl}/login?client_id=${this.interactiveClientId}&response_type=code&scope=${contract.scopes.map((item) => `${address.mcpServerUrl}/${inQuery(item.name)}`).join('+')}&redirect_uri=${callbackUrls[0]}`;
    } else {
      this.authorizationServer = this.addToAuthorizationServer(host?.authorizationServer);
      this.authorizationUrl = this.authorizationServer.authorizationUrl;
      this.tokenUrl = this.authorizationServer.tokenUrl;
      this.interactiveClientId = host?._byHand.clientId ?? props.contract.serverName;
      // Not Cognito's own page: the authorization server's page starts with PKCE, a state and a cookie.
      this.signInUrl = `${front.publicBaseUrl}/sign-in`;
    }
  }

  /** The issuer of the access tokens and the URL of its keys. */
  public get tokenIssuer(): TokenIssuer {
    return { issuer: this.userPool.issuer, jwksUrl: this.jwksUrl, audienceSettings: this.audienceSettings };
  }

  /** The `client_id` of the access tokens that people get. */
  public get cognitoClientId(): string {
    return this.authorizationServer?.cognitoClientId ?? this.interactiveClientId;
  }

  /** Whether MCP clients can register themselves, with the authorization server or with Cognito. */
  public get connectsByUrlAlone(): boolean {
    return this.authorizationServer !== undefined || this.authorization._registersWithCognito;
  }

  /** The options of `claude mcp add` besides the URL. */
  public get claudeCodeOptions(): string {
    return this.connectsByUrlAlone
      ? ''
      : ` --client-id ${this.interactiveClientId} --callback-port ${callbackPortOf(this.byHand)}`;
  }

  /** The metadata documents of the authorization server. */
  public get metadata(): AuthorizationServerDocuments {
    return authorizationServerDocuments({
      resourceIdentifiers: [this.address.mcpServerUrl],
      publicBaseUrl: this.address.front.publicBaseUrl,
      oauthScopes: this.address.oauthScopes,
      signInBaseUrl: this.signInBaseUrl,
      jwksUrl: this.jwksUrl,
      authorization: this.authorization,
      hasAssertions: this.authorizationServer?._hasAssertions ?? false,
    });
  }

  /**
   * The setting that makes `aud` mandatory. With an authorization server every access token of a person has the MCP URL
   * as `aud`; MCP clients that use Cognito directly may omit `resource`.
   */
  public get audienceSettings(): { [name: string]: string } {
    return this.authorizationServer === undefined ? {} : { [SETTING.MCP_AUDIENCE_REQUIRED]: 'true' };
  }

  /** API Gateway's own check of access tokens and OAuth scopes. */
  public authorizer(): apigateway.MethodOptions {
    return {
      authorizer: new apigateway.CognitoUserPoolsAuthorizer(this.server, 'Authorizer', {
        cognitoUserPools: [this.userPool.userPool],
        resultsCacheTtl: AUTHORIZER_CACHE,
      }),
      authorizationScopes: this.address.oauthScopes,
    };
  }

  public addMachineClient(id: string, { oauthScopes, assertion }: MachineClientProps): McpMachineClient {
    const { authorizationServer } = this;
    if (assertion !== undefined && authorizationServer === undefined) {
      throw assertionWithoutServer('there is none: use that authorization, or leave assertion out');
    }
    const client = new McpMachineClient(this.scopeOf(assertion), id, {
      userPool: this.userPool,
      oauthScopes: this.cognitoScopes(scopeNamesOf(oauthScopes, this.props.contract.scopeNames, 'oauthScopes')),
    });
    if (assertion !== undefined) {
      authorizationServer!._acceptAssertions(client, assertion);
    }
    return client;
  }

  /**
   * The scope of a machine client: the server, or the stack of the authorization server, which refers to those with an
   * assertion and must not depend on the server's stack.
   */
  private scopeOf(assertion: McpClientAssertion | undefined): Construct {
    const { registry } = this.address;
    const isElsewhere = Stack.of(registry) !== Stack.of(this.server);
    return assertion !== undefined && isElsewhere ? registry : this.server;
  }

  /** Adds this server to the host's authorization server, or defines one of its own. */
  private addToAuthorizationServer(shared?: McpAuthorizationServer): McpAuthorizationServer {
    const { serverName, serverTitle } = this.props.contract;
    const { mcpServerUrl: resourceIdentifier } = this.address;
    const allowedOrigins = checkedOrigins(this.props.allowedOrigins);
    if (shared !== undefined) {
      shared.addServer({ resourceIdentifier, displayName: serverTitle, scopes: this.consentScopes(), allowedOrigins });
      return shared;
    }
    const options = this.authorization._server!;
    // For clients that support neither kind of registration: their user enters the `client_id`.
    const byHand = {
      clientId: serverName,
      clientName: 'A client configured manually',
      redirectUris: redirectUrisOf(this.byHand),
    };
    return new McpAuthorizationServer(this.server, 'AuthorizationServer', {
      ...options,
      clients: [byHand, ...(options.clients ?? [])],
      displayName: options.displayName ?? serverTitle,
      api: this.address.api,
      issuer: this.address.front.publicBaseUrl,
      resourceIdentifier,
      userPool: this.userPool,
      signInBaseUrl: this.signInBaseUrl,
      scopes: this.consentScopes(),
      allowedOrigins,
      tracing: this.props.tracing,
      removalPolicy: this.props.removalPolicy,
    });
  }

  private consentScopes(): McpConsentScope[] {
    return this.props.contract._document.scopes.map((item, index) => ({
      oauthScope: this.address.oauthScopes[index],
      scopeName: item.name,
      description: item.description,
      cognitoScope: this.cognitoScopes([item.name])[0],
    }));
  }

  /** Scopes of the resource-server registration, so that Cognito has them before an app client refers to them. */
  private cognitoScopes(scopeNames: string[]): cognito.OAuthScope[] {
    return scopeNames.map((name) =>
      cognito.OAuthScope.custom(`${this.resourceServer.userPoolResourceServerId}/${name}`),
    );
  }
}

/** A scope name in a query: of its characters, these three would mean something else. */
function inQuery(scopeName: string): string {
  return scopeName.replace(/[%&+]/g, encodeURIComponent);
}
