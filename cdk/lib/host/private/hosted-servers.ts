import { type RemovalPolicy, Stack } from 'aws-cdk-lib';
import { Construct } from 'constructs';
import { PROTECTED_RESOURCE_METADATA_PATH } from '../../generated/facts';
import { authorizationOf } from '../../authorization/private/default-authorization';
import type { McpAuthorization } from '../../authorization/mcp-authorization';
import type { McpFront } from '../../front/mcp-front';
import type { McpFrontConfig } from '../../front/mcp-front-options';
import type { IMcpUserPool } from '../../user-pool/mcp-user-pool-ref';
import type { DescribedServer } from '../../api/described-server';
import type { ProtectedResourceParameters } from '../../api/metadata';
import { addProtectedResourceMetadata } from '../../api/metadata-endpoints';
import { API_STAGE_NAME, type RestApiAddress, type ServerApi } from '../../api/rest-api';
import { differ } from '../../private/known-value';
import { synthError } from '../../private/synth-error';

/** Options that decide whether servers can share a host. */
interface SharedOptions {
  readonly authorization?: McpAuthorization;
  readonly userPool?: IMcpUserPool;
  readonly displayName?: string;
  readonly removalPolicy?: RemovalPolicy;
}

/** Refuses options that servers cannot share. */
export function assertHost(props: SharedOptions): void {
  const kind = props.authorization?._externalTokens?.kind;
  if (kind !== undefined) {
    throw synthError(
      'NotForHost',
      `authorization is McpAuthorization.${kind}, whose tokens say nothing about which of several servers they are for: use McpAuthorization.cognito() or server(), or servers without a host`,
    );
  }
  const limited = props.authorization?._server?.clients?.find((client) => client.oauthScopes !== undefined);
  if (limited !== undefined) {
    throw synthError(
      'ClientScopesOnHost',
      `clients has ${limited.clientId} with oauthScopes, which are those of one contract, and a host has several: remove oauthScopes, the person sees which server the client asks for`,
    );
  }
  if (props.userPool !== undefined && authorizationOf(props)._server === undefined) {
    const idle = (['displayName', 'removalPolicy'] as const).find((name) => props[name] !== undefined);
    if (idle !== undefined) {
      throw synthError(
        'HostOptionNotApplied',
        `${idle} is for a user pool of the host's own and for McpAuthorization.server, and there is neither: set it on the userPool and remove it here`,
      );
    }
  }
}

/** The front that the servers share, and the construct that they are defined below. */
export interface SharedFront extends RestApiAddress {
  readonly scope: Construct;
  readonly front: McpFront;
  readonly frontConfig: McpFrontConfig;
}

/** A server as the host knows it. */
interface HostedServer {
  readonly serverName: string;
  readonly path: string;
  readonly resourceIdentifier: string;
  oauthScopes: string[];
}

/**
 * The servers of one host. The host's stack uses only strings of a server's contract and its path, so a server's stack
 * may depend on the host's and never the reverse.
 */
export class HostedServers {
  /** The servers as the page for people describes them. */
  public readonly described: DescribedServer[] = [];

  private readonly servers: HostedServer[] = [];

  constructor(private readonly host: SharedFront) {
    host.scope.node.addValidation({
      validate: () =>
        this.servers.length > 0
          ? []
          : [
              synthError(
                'HostWithoutServers',
                'the McpHost has no server, and an app client of the user pool must have an OAuth scope: give it to an McpServer as host',
              ).message,
            ],
    });
  }

  /** Adds a server at its path below the host. */
  public add(scope: Construct, serverName: string, path: string, address: RestApiAddress): ServerApi {
    const { host } = this;
    this.assertFree(serverName, path);
    assertNear(scope, host.scope);
    const { api, apiHost } = address;
    const { apiPath } = host.front.bindPath(scope, {
      path,
      host: host.scope,
      api,
      apiHost,
      apiStageName: API_STAGE_NAME,
    });
    return this.added(scope, serverName, path, address, apiPath);
  }

  /** Adds a server whose MCP endpoint is at a load balancer, and which has no API of its own. */
  public addService(scope: Construct, serverName: string, path: string): ServerApi {
    this.assertFree(serverName, path);
    assertNear(scope, this.host.scope);
    return this.added(scope, serverName, path, this.host);
  }

  private added(
    scope: Construct,
    serverName: string,
    path: string,
    { api, apiHost }: RestApiAddress,
    apiPath?: string,
  ): ServerApi {
    const { host } = this;
    const mcpPath = `${path}/mcp`;
    const server: HostedServer = {
      serverName,
      path,
      resourceIdentifier: `${host.frontConfig.publicBaseUrl}${mcpPath}`,
      oauthScopes: [],
    };
    this.servers.push(server);
    return {
      api,
      apiHost,
      front: host.frontConfig,
      registry: new Construct(host.scope, path.slice(1)),
      mcpServerUrl: server.resourceIdentifier,
      resourceMetadataUrl: `${host.frontConfig.publicBaseUrl}${PROTECTED_RESOURCE_METADATA_PATH}${mcpPath}`,
      mcpPath,
      addMcpPath: () => api.root.resourceForPath(apiPath!),
      leadTo: (listener) => host.front.bindListener(scope, { listener, path: mcpPath, host: host.scope }),
      isOfHost: apiPath === undefined,
      addMetadata: (resource: ProtectedResourceParameters) => {
        server.oauthScopes = resource.oauthScopes;
        addProtectedResourceMetadata(
          host.api.root.resourceForPath(`${PROTECTED_RESOURCE_METADATA_PATH}${mcpPath}`),
          resource,
        );
      },
      addToPage: (described) => this.described.push(described),
    };
  }

  /** The resource identifiers and OAuth scopes of all servers, for the authorization server metadata. */
  public summary(): { readonly resourceIdentifiers: string[]; readonly oauthScopes: string[] } {
    return {
      resourceIdentifiers: this.servers.map((server) => server.resourceIdentifier),
      oauthScopes: this.servers.flatMap((server) => server.oauthScopes),
    };
  }

  private assertFree(serverName: string, path: string): void {
    const there = this.servers.find((server) => server.path === path);
    if (there !== undefined) {
      throw synthError(
        'PathTaken',
        `path is ${path}, and the host has the server ${there.serverName} there: choose another`,
      );
    }
    const namesake = this.servers.find((server) => server.serverName === serverName);
    if (namesake !== undefined) {
      throw synthError(
        'ServerNameTaken',
        `the server at ${path} is named ${serverName}, as the one at ${namesake.path} is, and they would share their metrics and their command for Claude Code: name one of them otherwise in its contract`,
      );
    }
  }
}

/** Exports of one stack are known to stacks of its own account and region, and app clients are defined where the pool is. */
function assertNear(scope: Construct, host: Construct): void {
  const [ours, theirs] = [Stack.of(scope), Stack.of(host)];
  for (const what of ['region', 'account'] as const) {
    if (differ(ours[what], theirs[what])) {
      throw synthError(
        'HostElsewhere',
        `host is in a stack of the ${what} ${theirs[what]} and the server in one of ${ours[what]}, and the host's user pool is known in its own only: put the server into a stack there`,
      );
    }
  }
}
