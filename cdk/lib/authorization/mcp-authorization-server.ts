import { Lazy, type RemovalPolicy, SecretValue, Stack } from 'aws-cdk-lib';
import type * as apigateway from 'aws-cdk-lib/aws-apigateway';
import type * as cognito from 'aws-cdk-lib/aws-cognito';
import * as iam from 'aws-cdk-lib/aws-iam';
import * as secretsmanager from 'aws-cdk-lib/aws-secretsmanager';
import { Construct } from 'constructs';
import { AUTHORIZE_PATH, SETTING, TOKEN_PATH } from '../generated/facts';
import { addAuthorizationEndpoints } from './private/authorization-endpoints';
import { assertRefusedClients } from './private/option-checks';
import { bundledProgram } from '../function/private/bundled-program';
import { addCodeGrantClient, clientSecretOf, deferScopes } from '../user-pool/private/code-grant-client';
import { assertEnvironmentFits } from '../function/private/environment-size';
import { environmentOfMcpAuthorizationServerSettings } from '../generated/authorization-settings-environment';
import { itemsOf } from '../private/known-value';
import type { McpClientAssertion } from './mcp-client-assertion';
import type { McpAuthorizationServerOptions, McpPreRegisteredClient } from './mcp-authorization-options';
import { scopeNamesOf } from '../contract/private/scope-names';
import { McpFunction } from '../function/mcp-function';
import type { McpMachineClient } from '../user-pool/mcp-app-client';
import type { IMcpUserPool } from '../user-pool/mcp-user-pool-ref';
import { synthError } from '../private/synth-error';

/** An OAuth scope as the consent page shows it and as Cognito names it. */
export interface McpConsentScope {
  /** The full OAuth scope: `<resource identifier>/<scope name>`. */
  readonly oauthScope: string;

  /** Only the scope name. */
  readonly scopeName: string;

  /** What it permits, in plain words. */
  readonly description: string;

  /** The scope of the resource-server registration. */
  readonly cognitoScope: cognito.OAuthScope;
}

/** One of several MCP servers that get their access tokens from one authorization server. */
export interface McpAuthorizedServer {
  /** The public MCP URL. */
  readonly resourceIdentifier: string;

  /** Name for people: the consent page asks whether a client may use it. */
  readonly displayName: string;

  /** The OAuth scopes of the MCP server. Each `oauthScope` is `<resource identifier>/<scope name>`. */
  readonly scopes: McpConsentScope[];

  /**
   * Origins whose pages may read the token, registration and revocation endpoints.
   * @default - none
   */
  readonly allowedOrigins?: string[];
}

/** Properties of `McpAuthorizationServer`. */
export interface McpAuthorizationServerProps extends McpAuthorizationServerOptions {
  /** The API whose root gets the endpoints. It must be reachable at `issuer`. */
  readonly api: apigateway.RestApi;

  /** The public base URL, without a trailing slash. */
  readonly issuer: string;

  /**
   * The public MCP URL of the one MCP server.
   * @default - none: `addServer` adds each MCP server
   */
  readonly resourceIdentifier?: string;

  /** The user pool where people sign up and in. */
  readonly userPool: IMcpUserPool;

  /** The public URL of the user pool's domain, without a trailing slash. */
  readonly signInBaseUrl: string;

  /**
   * The OAuth scopes of the one MCP server: required with `resourceIdentifier`.
   * @default - none besides those of `addServer`
   */
  readonly scopes?: McpConsentScope[];

  /**
   * Origins whose pages may read the token, registration and revocation endpoints, besides those of `addServer`.
   * @default - none
   */
  readonly allowedOrigins?: string[];

  /**
   * Whether the function is traced with X-Ray.
   * @default false
   */
  readonly tracing?: boolean;

  /**
   * What happens to the function's log when the stack is deleted.
   * @default RemovalPolicy.RETAIN
   */
  readonly removalPolicy?: RemovalPolicy;
}

/** A program that authenticates with a client assertion. */
interface AssertingClient {
  readonly client: McpMachineClient;
  readonly assertion: McpClientAssertion;
}

/**
 * An MCP authorization server in front of a user pool: a function on the MCP server's own API, or that of an `McpHost`,
 * that registers MCP clients, asks people for consent, redirects them to Cognito and forwards Cognito's tokens
 * unchanged.
 *
 * It has one app client in the user pool, with one redirect URI. The function may read two secrets, that app client's
 * and its own sealing secret, besides those of the machine clients that authenticate with a client assertion, and has no
 * permissions in Cognito. It stores nothing.
 *
 * It does not rotate the two secrets automatically, and it does not define a firewall.
 */
export class McpAuthorizationServer extends Construct {
  /** The authorization endpoint. */
  public readonly authorizationUrl: string;

  /** The token endpoint. */
  public readonly tokenUrl: string;

  /** The `client_id` of its own app client in the user pool. MCP clients never see it. */
  public readonly cognitoClientId: string;

  /** The secret of its own app client. */
  public readonly cognitoClientSecret: secretsmanager.ISecret;

  /** The secret that encrypts registrations, transactions, codes and refresh tokens. */
  public readonly sealingSecret: secretsmanager.ISecret;

  /** Its function. */
  public readonly mcpFunction: McpFunction;

  private readonly servers: McpAuthorizedServer[] = [];
  private readonly assertingClients: AssertingClient[] = [];
  private readonly variables: { [name: string]: string };
  private readonly hasOne: boolean;

  constructor(scope: Construct, id: string, props: McpAuthorizationServerProps) {
    super(scope, id);
    this.hasOne = props.resourceIdentifier !== undefined;
    if (this.hasOne === (props.scopes === undefined)) {
      throw synthError(
        'ScopesWithoutServer',
        'resourceIdentifier and scopes belong to one MCP server, and one of them is missing: give both, or neither and each server with addServer',
      );
    }
    assertRefusedClients(
      props.refusedClients ?? [],
      (props.clients ?? []).map((client) => client.clientId),
    );
    this.authorizationUrl = `${props.issuer}${AUTHORIZE_PATH}`;
    this.tokenUrl = `${props.issuer}${TOKEN_PATH}`;
    const appClient = addCodeGrantClient(this, {
      userPool: props.userPool,
      oauthScopes: props.scopes?.map((item) => item.cognitoScope) ?? [],
      callbackUrls: [`${props.issuer}/callback`],
      confidential: true,
      refreshTokenLifetime: props.refreshTokenLifetime,
    });
    if (!this.hasOne) {
      deferScopes(appClient, () => this.servers.flatMap((server) => server.scopes.map((item) => item.cognitoScope)));
    }
    this.cognitoClientId = appClient.userPoolClientId;
    this.cognitoClientSecret = new secretsmanager.Secret(this, 'CognitoClientSecret', {
      description: 'Secret of the app client that the MCP authorization server has in the user pool',
      secretStringValue: SecretValue.resourceAttribute(clientSecretOf(appClient)),
    });
    this.sealingSecret = new secretsmanager.Secret(this, 'SealingSecret', {
      description: 'What the MCP authorization server seals registrations, codes and refresh tokens with',
      generateSecretString: { passwordLength: 64, excludePunctuation: true },
    });
    this.variables = this.environment(props);
    this.mcpFunction = new McpFunction(this, 'Function', {
      code: props.code ?? bundledProgram(this, 'authorization'),
      environment: this.variables,
      tracing: props.tracing,
      removalPolicy: props.removalPolicy,
    });
    this.permitToRead([this.cognitoClientSecret, this.sealingSecret]);
    addAuthorizationEndpoints(props.api, this.mcpFunction.function);
  }

  /**
   * Adds an MCP server to the authorization server. An access token is valid for one MCP server: the one that an MCP
   * client names as `resource` (RFC 8707), or else the one whose OAuth scopes it requests.
   */
  public addServer(server: McpAuthorizedServer): void {
    if (this.hasOne) {
      throw synthError(
        'AuthorizationServerOfOne',
        'the authorization server was defined for one MCP server and takes no other: leave its resourceIdentifier and scopes out and add every server with addServer',
      );
    }
    this.servers.push(server);
    assertEnvironmentFits(this, this.variables);
  }

  /**
   * Lets a program authenticate with a client assertion, and the function read the secret of its app client.
   * @internal
   */
  public _acceptAssertions(client: McpMachineClient, assertion: McpClientAssertion): void {
    if (!this._hasAssertions) {
      const name = SETTING.AUTHORIZATION_MACHINE_CLIENTS;
      this.variables[name] = Lazy.uncachedString({ produce: () => this.machineClients() });
      this.mcpFunction.function.addEnvironment(name, this.variables[name]);
    }
    this.assertingClients.push({ client, assertion });
    assertEnvironmentFits(this, this.variables);
    this.permitToRead([client.clientSecret]);
    client._authenticateByAssertion();
  }

  /**
   * Whether a program authenticates with a client assertion.
   * @internal
   */
  public get _hasAssertions(): boolean {
    return this.assertingClients.length > 0;
  }

  /** Not grantRead, which permits to describe the secrets as well. */
  private permitToRead(secrets: secretsmanager.ISecret[]): void {
    iam.Grant.addToPrincipal({
      grantee: this.mcpFunction.grantPrincipal,
      actions: ['secretsmanager:GetSecretValue'],
      resourceArns: secrets.map((secret) => secret.secretArn),
    }).assertSuccess();
  }

  /** The setting with the programs that authenticate with a client assertion. */
  private machineClients(): string {
    const listed = this.assertingClients.map(({ client, assertion }) => ({
      clientId: client.clientId,
      clientSecretArn: client.clientSecret.secretArn,
      ...assertion._trust,
    }));
    return Stack.of(this).toJsonString(listed);
  }

  /** The settings of the authorization server. Those that are left out have their default in the Rust server alone. */
  private environment(props: McpAuthorizationServerProps): { [name: string]: string } {
    const stack = Stack.of(this);
    const several = this.hasOne ? undefined : this.resources(props.issuer);
    const scopes = props.scopes?.map((item) => ({ name: item.oauthScope, description: item.description }));
    const clients = props.clients?.length ? preRegistered(props.clients, props.scopes ?? []) : undefined;
    const variables: { [name: string]: string | undefined } = {
      [SETTING.AUTHORIZATION_RESOURCES]: several,
      [SETTING.MCP_RESOURCE]: props.resourceIdentifier,
      [SETTING.MCP_ISSUER]: props.userPool.issuer,
      [SETTING.AUTHORIZATION_ISSUER]: props.issuer,
      [SETTING.AUTHORIZATION_SIGN_IN_URL]: props.signInBaseUrl,
      [SETTING.AUTHORIZATION_COGNITO_CLIENT_ID]: this.cognitoClientId,
      [SETTING.AUTHORIZATION_COGNITO_CLIENT_SECRET_ARN]: this.cognitoClientSecret.secretArn,
      [SETTING.AUTHORIZATION_SEALING_SECRET_ARN]: this.sealingSecret.secretArn,
      [SETTING.AUTHORIZATION_SCOPES]: scopes && stack.toJsonString(scopes),
      ...environmentOfMcpAuthorizationServerSettings({
        ...props,
        customSchemes: props.customSchemes && itemsOf(props.customSchemes, ','),
        redirectHosts: props.redirectHosts && itemsOf(props.redirectHosts, ','),
        refusedClients: props.refusedClients && itemsOf(props.refusedClients, ','),
      }),
      [SETTING.MCP_ALLOWED_ORIGINS]: this.hasOne
        ? joined(props.allowedOrigins)
        : Lazy.uncachedString({ produce: () => joined(this.origins(props)) }),
      [SETTING.AUTHORIZATION_CLIENTS]: clients && stack.toJsonString(clients),
    };
    return Object.fromEntries(
      Object.entries(variables).filter((entry): entry is [string, string] => entry[1] !== undefined),
    );
  }

  /** The setting with the added servers. It avoids repetition, because the environment holds 4096 bytes. */
  private resources(issuer: string): string {
    const listed = () =>
      this.servers.map(({ resourceIdentifier, displayName: name, scopes }) => ({
        resource: resourceIdentifier.startsWith(`${issuer}/`)
          ? resourceIdentifier.slice(issuer.length)
          : resourceIdentifier,
        name,
        scopes: scopes.map((item) => ({ name: item.scopeName, description: item.description })),
      }));
    return Lazy.uncachedString({ produce: () => Stack.of(this).toJsonString(listed()) });
  }

  private origins(props: McpAuthorizationServerProps): string[] {
    return [...new Set([props, ...this.servers].flatMap((each) => each.allowedOrigins ?? []))];
  }
}

function joined(values: string[] | undefined): string | undefined {
  return values?.length ? itemsOf(values, ',').join(',') : undefined;
}

/** The clients in the form of the setting, with full scopes. */
function preRegistered(clients: McpPreRegisteredClient[], scopes: McpConsentScope[]): object[] {
  return clients.map(({ oauthScopes, clientId, ...client }, index) => {
    if (clients.findIndex((other) => other.clientId === clientId) !== index) {
      throw synthError(
        'ClientIdTaken',
        `clients has the clientId ${clientId} twice, or it is that of the client for manual configuration: choose another`,
      );
    }
    if (oauthScopes === undefined) {
      return { clientId, ...client };
    }
    const names = scopeNamesOf(
      oauthScopes,
      scopes.map((item) => item.scopeName),
      `oauthScopes of the client ${clientId}`,
    );
    return {
      clientId,
      ...client,
      scopes: scopes.filter((item) => names.includes(item.scopeName)).map((item) => item.oauthScope),
    };
  });
}
