import type * as elbv2 from 'aws-cdk-lib/aws-elasticloadbalancingv2';
import type * as logs from 'aws-cdk-lib/aws-logs';
import type { Construct } from 'constructs';
import { addGatewayResponses } from '../../api/gateway-responses';
import { addMcpEndpoint, type McpEndpointParameters } from '../../api/mcp-endpoint';
import type { ServerApi } from '../../api/rest-api';
import { addFirewall, addLoadBalancerFirewall } from '../../api/web-acl';
import { CognitoSignIn } from '../../authorization/private/cognito-sign-in';
import type { McpAppClientLimits } from '../../authorizer/mcp-app-client-limits';
import {
  acknowledgeLambdaAuthorizer,
  addExternalTokenAuthorizer,
  addToolAuthorizer,
  assertExternalTokensAlone,
  type LambdaAuthorizer,
} from '../../authorizer/private/lambda-authorizer';
import type { ExternalTokens } from '../../authorizer/private/external-tokens';
import { AppClientLimits } from '../../authorizer/private/usage-plans';
import type { McpContract } from '../../contract/mcp-contract';
import type { McpFrontListenerConfig } from '../../front/mcp-front-options';
import type { McpFunction } from '../../function/mcp-function';
import { synthError } from '../../private/synth-error';
import type { McpMachineClient } from '../../user-pool/mcp-app-client';
import type { McpEndpointOptions, McpMachineClientOptions } from '../mcp-endpoint-options';
import { addServerApi } from './server-api';

/** Properties of an MCP endpoint, independent of its target. */
export interface ProtectedEndpointProps extends McpEndpointOptions {
  readonly contract: McpContract;
  readonly logRetention?: logs.RetentionDays;
  readonly tracing?: boolean;
  /** Whether the target is a load balancer. */
  readonly isService?: boolean;
}

/** The target of an MCP endpoint. */
export type EndpointTarget = Omit<McpEndpointParameters, 'authorization'>;

/**
 * An MCP endpoint behind OAuth: the API, the sign-in, the check of access tokens, the limits of app clients, the
 * metadata documents and the challenge. `McpServer` and `McpRemoteServer` consist of this and a target.
 *
 * Not a construct: everything is defined in the scope of the server. The constructor defines the values that the
 * target's function needs; `open` connects the target, and `openTo` a load balancer.
 */
export class ProtectedEndpoint {
  public readonly address: ServerApi;
  public readonly oauthScopes: string[];
  /** Issuer of the authorization server metadata. */
  public readonly issuer: string;
  /** Undefined when another provider or pre-shared tokens replace the user pool. */
  public readonly signIn?: CognitoSignIn;
  /** The Lambda authorizer that replaces the user pool. */
  public readonly externalTokens?: ExternalTokens;

  private limits?: AppClientLimits;

  constructor(
    private readonly scope: Construct,
    private readonly props: ProtectedEndpointProps,
  ) {
    const {
      serverName,
      _document: { scopes },
    } = props.contract;
    const externalTokens = props.authorization?._externalTokens;
    this.externalTokens = externalTokens;
    if (externalTokens !== undefined) {
      assertExternalTokensAlone(props, externalTokens.kind);
    }
    this.address = addServerApi(scope, serverName, props);
    this.issuer = externalTokens?.issuer ?? this.address.front.publicBaseUrl;
    const scopePrefix = externalTokens?.kind === 'jwt' ? externalTokens.scopePrefix : `${this.address.mcpServerUrl}/`;
    this.oauthScopes = scopes.map((item) => `${scopePrefix}${item.name}`);
    if (externalTokens === undefined) {
      this.signIn = new CognitoSignIn(scope, props, { ...this.address, oauthScopes: this.oauthScopes });
    }
  }

  /** Connects the endpoint to the target. Returns the function of the Lambda authorizer, if there is one. */
  public open(target: EndpointTarget): McpFunction | undefined {
    const { address, props, oauthScopes } = this;
    const mcpPath = address.addMcpPath();
    const lambdaAuthorizer = this.addLambdaAuthorizer();
    this.limits = new AppClientLimits(this.scope, props, address.api, lambdaAuthorizer);
    const methods = addMcpEndpoint(mcpPath, {
      ...target,
      authorization: this.limits.methodOptions(lambdaAuthorizer?.authorization ?? this.signIn!.authorizer()),
    });
    if (lambdaAuthorizer !== undefined) {
      acknowledgeLambdaAuthorizer(methods);
    }
    if (this.signIn !== undefined) {
      this.limits.add('People', this.signIn.cognitoClientId);
    }
    this.addMetadata();
    if (props.webAcl !== undefined) {
      addFirewall(this.scope, address.api, props.webAcl);
    }
    addGatewayResponses(address.api, { resourceMetadataUrl: address.resourceMetadataUrl, oauthScopes });
    return lambdaAuthorizer?.mcpFunction;
  }

  /** Leads the path of the MCP endpoint to a load balancer, whose targets verify access tokens themselves. */
  public openTo(listener: elbv2.ApplicationListener): McpFrontListenerConfig {
    const { address, props, scope } = this;
    const config = address.leadTo(listener);
    this.limits = new AppClientLimits(scope, props, address.api, undefined);
    this.addMetadata();
    if (props.webAcl !== undefined) {
      addLoadBalancerFirewall(scope, listener.loadBalancer, props.webAcl);
    }
    if (!address.isOfHost) {
      if (props.webAcl !== undefined) {
        addFirewall(scope, address.api, props.webAcl);
      }
      addGatewayResponses(address.api);
    }
    return config;
  }

  /** The sign-in, or an error that names the member that needs it. */
  public signInFor(member: string): CognitoSignIn {
    if (this.signIn === undefined) {
      throw synthError(
        'NotOfThisAuthorization',
        `${member} needs a user pool, and McpAuthorization.${this.externalTokens!.kind} defines none: use McpAuthorization.cognito() or server(), or do without it`,
      );
    }
    return this.signIn;
  }

  /** Defines a confidential app client for a program. */
  public addMachineClient(id: string, options: McpMachineClientOptions): McpMachineClient {
    const machineClient = this.signInFor('addMachineClient').addMachineClient(id, options);
    this.limits!.add(id, machineClient.clientId, options);
    return machineClient;
  }

  /** Gives an app client that this server does not define limits of its own. */
  public limitAppClient(clientId: string, limits: McpAppClientLimits): void {
    this.limits!.addForeign(clientId, limits);
  }

  private addMetadata(): void {
    const { address, props, oauthScopes } = this;
    const resource = {
      resourceIdentifier: address.mcpServerUrl,
      resourceName: props.contract.serverTitle,
      // No server issues pre-shared tokens.
      authorizationServers: this.externalTokens?.kind === 'bearerToken' ? [] : [this.issuer],
      oauthScopes,
    };
    address.addMetadata(resource, this.signIn && (() => this.signIn!.metadata));
  }

  private addLambdaAuthorizer(): LambdaAuthorizer | undefined {
    const { scope, props, externalTokens } = this;
    if (externalTokens !== undefined) {
      return addExternalTokenAuthorizer(scope, props, externalTokens, this.address.mcpServerUrl, this.issuer);
    }
    return (
      props.lambdaAuthorizer &&
      addToolAuthorizer(
        scope,
        props,
        props.lambdaAuthorizer.code,
        this.address.mcpServerUrl,
        this.signInFor('lambdaAuthorizer').tokenIssuer,
      )
    );
  }
}
