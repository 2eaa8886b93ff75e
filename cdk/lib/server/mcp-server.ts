import type * as apigateway from 'aws-cdk-lib/aws-apigateway';
import type * as dynamodb from 'aws-cdk-lib/aws-dynamodb';
import * as ecs from 'aws-cdk-lib/aws-ecs';
import type * as iam from 'aws-cdk-lib/aws-iam';
import type * as logs from 'aws-cdk-lib/aws-logs';
import type * as secretsmanager from 'aws-cdk-lib/aws-secretsmanager';
import type { Construct } from 'constructs';
import { SETTING } from '../generated/facts';
import { checkedOrigins } from '../api/allowed-origins';
import { addAuditTrail } from './private/audit-trail';
import { bindAwsResources } from './private/aws-resource-bindings';
import { callerLimitsOf } from './private/caller-limits';
import { connectCommand, vscodeLink } from './private/connect-commands';
import { hasLimits } from '../authorizer/private/limits';
import type { McpInteractiveClient, McpMachineClient } from '../user-pool/mcp-app-client';
import type { McpAppClientLimits } from '../authorizer/mcp-app-client-limits';
import type { McpAuthorizationServer } from '../authorization/mcp-authorization-server';
import type { McpContract } from '../contract/mcp-contract';
import type { McpFargateOptions } from '../compute/mcp-fargate-options';
import { McpService } from '../compute/mcp-service';
import { reportDirectoryFindings } from '../contract/private/directory-rules';
import { functionIntegration } from '../api/mcp-endpoint';
import { McpFunction } from '../function/mcp-function';
import type { McpMachineClientOptions, McpServerProps } from './mcp-endpoint-options';
import { McpServerGrants } from './mcp-server-grants';
import type { IMcpServer, McpServerAttributes } from './mcp-server-ref';
import { assertCompute } from './private/compute-checks';
import { ImportedServer } from './private/imported-server';
import { McpServerBase } from './private/mcp-server-base';
import type { IMcpUserPool } from '../user-pool/mcp-user-pool-ref';
import { ProtectedEndpoint } from './private/protected-endpoint';
import { recordServer, recordService } from './private/local-server';
import { permitSelfInvocation } from './private/self-invocation';
import { environmentOf } from './private/function-environment';
import { addStateResources } from './private/state-resources';
import { addStackOutputs } from '../private/outputs';
import { synthError } from '../private/synth-error';
import type { McpOutputsOptions } from './mcp-outputs-options';
import { serverOutputs } from './private/server-outputs';

/**
 * An MCP server on AWS Lambda behind OAuth: a REST API that checks access tokens and scopes before the function runs,
 * the metadata documents and challenges that MCP clients follow to the sign-in pages, and a user pool. With
 * `McpCompute.fargate` the server is a service of Amazon ECS behind the same URL, which checks access tokens itself.
 *
 * `callerLimits` limits single people and programs; `throttle` and `quota` limit single app clients. It does not define a firewall. With `McpAuthorization.cognito` it does not connect MCP clients that must register themselves.
 */
export class McpServer extends McpServerBase implements iam.IGrantable {
  /**
   * Imports an MCP server that another app has deployed, to define app clients for it and to read its metrics. Nothing about
   * the server changes. It does not check that the server exists, nor that it has this contract.
   *
   * Not for a server of `McpAuthorization.jwt`, whose OAuth scopes are the provider's.
   */
  public static fromMcpServerAttributes(scope: Construct, id: string, attributes: McpServerAttributes): IMcpServer {
    return new ImportedServer(scope, id, attributes);
  }

  /** The public MCP URL, which is the resource identifier too. */
  public readonly mcpServerUrl: string;

  /** The URL of the protected resource metadata (RFC 9728). */
  public readonly resourceMetadataUrl: string;

  /**
   * The issuer in the authorization server metadata: the front's base URL, while the `iss` of access tokens is
   * `userPool.issuer`; with `McpAuthorization.jwt` the provider's for both.
   */
  public readonly authorizationServerIssuer: string;

  /** The OAuth scopes as MCP clients ask for them: `<resource identifier>/<scope name>`, or as the provider of `McpAuthorization.jwt` has them. */
  public readonly oauthScopes: string[];

  /** The command that adds the server to Claude Code. */
  public readonly claudeCodeCommand: string;

  /** The service of Amazon ECS. Undefined unless the compute is `McpCompute.fargate`. */
  public readonly service?: McpService;

  /** The function of the Lambda authorizer. Undefined without `lambdaAuthorizer`, `McpAuthorization.jwt` and `bearerToken`. */
  public readonly lambdaAuthorizerFunction?: McpFunction;

  /**
   * The API in front of the function. With `McpCompute.fargate` it has the documents and the sign-in alone, and is the host's for a
   * server with a `host`.
   */
  public readonly api: apigateway.RestApi;

  /** The domain of `McpFront.customDomain`. Undefined with every other front. */
  public readonly customDomain?: apigateway.DomainName;

  /**
   * The table of a server that keeps state. Undefined for every other server, and with a table in `awsResources`.
   *
   * On demand, with point-in-time recovery, encrypted with DynamoDB's own key. Items expire by the attribute `expires`.
   */
  public readonly stateTable?: dynamodb.ITableV2;

  /**
   * The generated secret that encrypts session ids. Undefined for a server that has none, and with
   * `settings.MCP_STATE_KEYS`. CloudFormation puts it into the function's environment, so everyone who may read the
   * function's configuration can read it; with `McpCompute.fargate` Amazon ECS gives it to each task as it starts. It is not rotated
   * automatically.
   */
  public readonly stateSecret?: secretsmanager.ISecret;

  /** The log group of the audit trail. Undefined without `audit`. The server may append to it, and nothing else. */
  public readonly auditLogGroup?: logs.ILogGroup;

  /** The IAM principal to permit actions to. */
  public readonly grantPrincipal: iam.IPrincipal;

  /** IAM permissions on the server's AWS resources. */
  public readonly grants: McpServerGrants;

  /** @internal */
  public readonly _contract: McpContract;

  private readonly endpoint: ProtectedEndpoint;
  private readonly ownFunction?: McpFunction;

  constructor(scope: Construct, id: string, props: McpServerProps) {
    super(scope, id);
    this._contract = props.contract;
    const contract = props.contract._document;
    reportDirectoryFindings(this, contract, props.enforceDirectoryRules);
    const fargate = props.compute?._fargate;
    if (fargate !== undefined) {
      assertCompute(props);
    }
    this.endpoint = new ProtectedEndpoint(this, { ...props, isService: fargate !== undefined });
    const { address, oauthScopes, issuer, signIn } = this.endpoint;
    const { front } = address;
    this.api = address.api;
    this.customDomain = front.customDomain;
    this.mcpServerUrl = address.mcpServerUrl;
    this.resourceMetadataUrl = address.resourceMetadataUrl;
    this.authorizationServerIssuer = issuer;
    this.oauthScopes = oauthScopes;

    const state = addStateResources(this, props);
    this.stateTable = state.table;
    this.stateSecret = state.secret;
    const limits = callerLimitsOf(this, props);
    const bindings = bindAwsResources(props, state.awsResources, limits.stateActions);
    this.auditLogGroup = addAuditTrail(this, props);
    const deployed = (originHost: string) => ({
      [SETTING.MCP_RESOURCE]: this.mcpServerUrl,
      [SETTING.MCP_RESOURCE_METADATA_URL]: this.resourceMetadataUrl,
      [SETTING.MCP_ISSUER]: signIn?.userPool.issuer ?? issuer,
      // The front may pass its own host on, or the one behind it.
      [SETTING.MCP_ALLOWED_HOSTS]: [...new Set([front.publicHost, originHost])].join(','),
      [SETTING.MCP_ALLOWED_ORIGINS]: [front.publicOrigin, ...checkedOrigins(props.allowedOrigins)].join(','),
      ...(fargate === undefined ? { [SETTING.MCP_RESPONSE_MODE]: 'stream' } : {}),
      ...signIn?.audienceSettings,
      // The Lambda authorizer counts requests and does not see the messages in them.
      ...(hasLimits(props) ? { [SETTING.MCP_BATCHES_ALLOWED]: 'false' } : {}),
      ...bindings.settings,
      ...state.settings,
      ...limits.settings,
      ...(this.auditLogGroup === undefined ? {} : { [SETTING.MCP_AUDIT_LOG_GROUP]: this.auditLogGroup.logGroupName }),
    });
    if (fargate === undefined) {
      this.ownFunction = new McpFunction(this, 'Function', {
        ...props,
        environment: environmentOf(contract, props.settings ?? {}, deployed(address.apiHost)),
      });
    } else {
      this.service = this.addService(props, fargate, deployed);
    }
    this.grantPrincipal = (this.service ?? this.ownFunction!).grantPrincipal;
    const noPool = props.userPool !== undefined || props.host !== undefined;
    const noLog =
      (this.service ?? this.ownFunction!).logGroup === undefined &&
      props.lambdaAuthorizer === undefined &&
      (this.authorizationServer === undefined || props.host !== undefined);
    if (props.removalPolicy !== undefined && noPool && noLog && this.stateTable === undefined) {
      throw synthError(
        'RemovalPolicyNotApplied',
        'removalPolicy applies to neither a userPool that is handed over nor a function given with McpCode.fromFunction: set it on those and remove it here',
      );
    }
    for (const permission of bindings.permissions) {
      permission.awsResource.permit(this, permission.actions);
    }
    this.auditLogGroup?.grantWrite(this);
    this.grants = McpServerGrants._of(
      this.node.path,
      this.stateTable,
      bindings.permissions.find(({ awsResource }) => Object.values(state.awsResources).includes(awsResource))
        ?.actions ?? [],
    );
    if (this.ownFunction === undefined) {
      const { prefixListName } = this.endpoint.openTo(this.service!.listener);
      this.service!._letIn(prefixListName);
    } else {
      this.lambdaAuthorizerFunction = this.openToFunction(this.ownFunction);
    }
    this.claudeCodeCommand = this.connectCommand('claude-code');
    address.addToPage({
      ...contract.server,
      ...contract,
      mcpServerUrl: this.mcpServerUrl,
      resourceMetadataUrl: this.resourceMetadataUrl,
      connectCommand: (client) => this.connectCommand(client),
      vscodeLink: vscodeLink({ serverName: contract.server.name, mcpServerUrl: this.mcpServerUrl }),
      urlAlone: this.connectsByUrlAlone,
      // Cognito's own page would lead to a client that does not listen.
      signInUrl: this.authorizationServer && signIn?.signInUrl,
    });
    recordServer(this, {
      contract: props.contract,
      mcpServerUrl: this.mcpServerUrl,
      connectCommand: (client) => this.connectCommand(client),
      urlAlone: this.connectsByUrlAlone,
      signInUrl: signIn?.signInUrl,
      tokenUrl: signIn?.tokenUrl,
      oauthScopes,
    });
  }

  /** The server's function. Not available with `McpCompute.fargate`, which has a `service`. */
  public get mcpFunction(): McpFunction {
    if (this.ownFunction === undefined) {
      throw synthError(
        'NotOfThisCompute',
        `mcpFunction needs a function, and ${this.node.path} runs with McpCompute.fargate: use service, or grantPrincipal`,
      );
    }
    return this.ownFunction;
  }

  /** The authorization endpoint, for people. Not available with `McpAuthorization.jwt` and `bearerToken`. */
  public get authorizationUrl(): string {
    return this.endpoint.signInFor('authorizationUrl').authorizationUrl;
  }

  /** The token endpoint. Not available with `McpAuthorization.jwt` and `bearerToken`. */
  public get tokenUrl(): string {
    return this.endpoint.signInFor('tokenUrl').tokenUrl;
  }

  /**
   * The page where people sign up and in without an MCP client. Not available with `McpAuthorization.jwt` and
   * `bearerToken`.
   *
   * With `McpAuthorization.server` it begins at the authorization server and ends on a page that names the MCP URL.
   * With `McpAuthorization.cognito` it is Cognito's page, which redirects the browser to the first redirect URI of the
   * interactive app client. The account then exists, although no client listens at that URI.
   */
  public get signInUrl(): string {
    return this.endpoint.signInFor('signInUrl').signInUrl;
  }

  /** The people who may use the server. Not available with `McpAuthorization.jwt` and `bearerToken`. */
  public get userPool(): IMcpUserPool {
    return this.endpoint.signInFor('userPool').userPool;
  }

  /**
   * The `client_id` of the public client for people, for manual configuration: the user pool's app client; with
   * `McpAuthorization.server` a client that is registered beforehand under the server's name; with `McpAuthorization.jwt`
   * the `clientId` given there.
   */
  public get interactiveClientId(): string {
    return this.endpoint.externalTokens?.clientId ?? this.endpoint.signInFor('interactiveClientId').interactiveClientId;
  }

  /** The public app client for people. Undefined unless the authorization is `McpAuthorization.cognito`. */
  public get interactiveClient(): McpInteractiveClient | undefined {
    return this.endpoint.signIn?.interactiveClient;
  }

  /** The authorization server in front of the user pool. Undefined unless the authorization is `McpAuthorization.server`. */
  public get authorizationServer(): McpAuthorizationServer | undefined {
    return this.endpoint.signIn?.authorizationServer;
  }

  /**
   * The command that adds the server to an MCP client: `claude-code`, or, with an authorization that needs only the
   * URL, `codex`, `gemini`, `mcp-remote` or `vscode`; for `cursor` a link to open. The tests of this library run all of
   * them except those of VS Code and Cursor.
   */
  public connectCommand(client: string): string {
    return connectCommand(client, {
      serverName: this._contract.serverName,
      mcpServerUrl: this.mcpServerUrl,
      claudeCodeOptions: this.claudeCodeOptions(),
      urlAlone: this.connectsByUrlAlone,
    });
  }

  /**
   * Adds what people and programs need to connect to the outputs of the stack: the MCP URL, the sign-in page, the line for
   * each MCP client, and no secret. `npx cdk deploy` prints them.
   */
  public addOutputs(options: McpOutputsOptions = {}): void {
    const { signIn } = this.endpoint;
    const outputs = serverOutputs(
      {
        mcpServerUrl: this.mcpServerUrl,
        resourceMetadataUrl: this.resourceMetadataUrl,
        oauthScopes: this.oauthScopes,
        connectCommand: (client) => this.connectCommand(client),
        urlAlone: this.connectsByUrlAlone,
        signIn: signIn && {
          issuer: this.authorizationServerIssuer,
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

  /**
   * Defines a confidential app client for a program, with the client credentials grant. Its secret is in Secrets Manager.
   *
   * @param id construct ID of the app client; renaming it makes a new one
   */
  public addMachineClient(id: string, options: McpMachineClientOptions = {}): McpMachineClient {
    return this.endpoint.addMachineClient(id, options);
  }

  /**
   * Gives an app client that this server does not define a rate limit or quota of its own: one of the provider of
   * `McpAuthorization.jwt`, one of a user pool that is passed in, or `token-` and the first 16 digits of a digest of
   * `bearerToken`. The server must have `throttle` or `quota`, which apply to all other app clients.
   *
   * @param clientId the app client as its access tokens name it (`client_id`, `azp` or `cid`)
   */
  public limitAppClient(clientId: string, limits: McpAppClientLimits): void {
    this.endpoint.limitAppClient(clientId, limits);
  }

  /** A service has the state's secret from Secrets Manager when a task starts, not in its definition. */
  private addService(
    props: McpServerProps,
    fargate: McpFargateOptions,
    deployed: (originHost: string) => { [name: string]: string },
  ): McpService {
    const { address, signIn } = this.endpoint;
    const service = new McpService(this, 'Service', {
      ...fargate,
      code: props.code,
      contract: props.contract,
      mcpPath: address.mcpPath,
      timeout: props.timeout,
      logRetention: props.logRetention,
      removalPolicy: props.removalPolicy,
    });
    const environment = environmentOf(
      props.contract._document,
      props.settings ?? {},
      {
        ...deployed(service.loadBalancer.loadBalancerDnsName),
        ...service._settings,
        ...(address.front.cognitoIdpUrl === undefined ? {} : { [SETTING.MCP_JWKS_URL]: signIn!.jwksUrl }),
      },
      false,
    );
    const secrets: { [name: string]: ecs.Secret } = {};
    if (this.stateSecret !== undefined) {
      secrets[SETTING.MCP_STATE_KEYS] = ecs.Secret.fromSecretsManager(this.stateSecret);
      delete environment[SETTING.MCP_STATE_KEYS];
    }
    service._configure(environment, secrets);
    recordService(this, service, { front: props.host ?? this, path: address.mcpPath });
    return service;
  }

  /** Leads the MCP endpoint to the function. Returns the function of the Lambda authorizer, if there is one. */
  private openToFunction(mcpFunction: McpFunction): McpFunction | undefined {
    const { selfInvocation, endpointMethods, requestHeaders } = this._contract._document;
    if (selfInvocation) {
      permitSelfInvocation(this, mcpFunction, selfInvocation);
    }
    const integration = functionIntegration(mcpFunction.handler, mcpFunction.timeout);
    return this.endpoint.open({
      integrationOf: () => integration,
      otherMethods: endpointMethods ?? [],
      requestHeaders: requestHeaders ?? [],
    });
  }

  private get connectsByUrlAlone(): boolean {
    const { signIn, externalTokens } = this.endpoint;
    return signIn?.connectsByUrlAlone || (externalTokens?.kind === 'jwt' && externalTokens.clientId === undefined);
  }

  private claudeCodeOptions(): string {
    switch (this.endpoint.externalTokens?.kind) {
      case 'bearerToken':
        return ' --header "Authorization: Bearer $TOKEN"';
      case 'jwt':
        return this.endpoint.externalTokens.clientId === undefined
          ? ''
          : ` --client-id ${this.endpoint.externalTokens.clientId}`;
      default:
        return this.endpoint.signInFor('claudeCodeCommand').claudeCodeOptions;
    }
  }
}
