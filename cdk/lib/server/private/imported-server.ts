import * as cognito from 'aws-cdk-lib/aws-cognito';
import type { Construct } from 'constructs';
import { assertionWithoutServer } from '../../authorization/private/assertion-checks';
import { hasLimits } from '../../authorizer/private/limits';
import type { McpContract } from '../../contract/mcp-contract';
import { scopeNamesOf } from '../../contract/private/scope-names';
import { isKnown } from '../../private/known-value';
import { synthError } from '../../private/synth-error';
import { McpMachineClient } from '../../user-pool/mcp-app-client';
import type { McpMachineClientOptions } from '../mcp-endpoint-options';
import type { McpServerAttributes } from '../mcp-server-ref';
import { McpServerBase } from './mcp-server-base';

/** An MCP server that another app has deployed. */
export class ImportedServer extends McpServerBase {
  public readonly mcpServerUrl: string;
  public readonly oauthScopes: string[];

  /** @internal */
  public readonly _contract: McpContract;

  constructor(
    scope: Construct,
    id: string,
    private readonly attributes: McpServerAttributes,
  ) {
    super(scope, id);
    assertMcpServerUrl(attributes.mcpServerUrl);
    this.mcpServerUrl = attributes.mcpServerUrl;
    this._contract = attributes.contract;
    this.oauthScopes = this._contract.scopeNames.map((name) => this.fullScope(name));
  }

  public addMachineClient(id: string, options: McpMachineClientOptions = {}): McpMachineClient {
    const { userPool } = this.attributes;
    if (userPool === undefined) {
      throw synthError(
        'UserPoolMissing',
        `addMachineClient of ${this.node.path} defines an app client, and the server was imported without its user pool: give userPool to fromMcpServerAttributes`,
      );
    }
    if (options.assertion !== undefined) {
      throw assertionWithoutServer(
        `${this.node.path} is imported, whose authorization server another app defines: define the machine client there`,
      );
    }
    if (hasLimits(options)) {
      throw synthError(
        'LimitOfImportedServer',
        `the machine client ${id} has throttle or quota, and ${this.node.path} is imported, whose usage plans another app defines: call limitAppClient there with its clientId`,
      );
    }
    const scopeNames = scopeNamesOf(options.oauthScopes, this._contract.scopeNames, 'oauthScopes');
    return new McpMachineClient(this, id, {
      userPool,
      oauthScopes: scopeNames.map((name) => cognito.OAuthScope.custom(this.fullScope(name))),
    });
  }

  private fullScope(scopeName: string): string {
    return `${this.mcpServerUrl}/${scopeName}`;
  }
}

/** Refuses a URL that is not the one of the server: OAuth compares it as a string. */
function assertMcpServerUrl(value: string): void {
  if (
    isKnown(value) &&
    !(URL.canParse(value) && new URL(value).href === value && /^https?:\/\/[^/]+\/[^?#]*[^/?#]$/.test(value))
  ) {
    throw synthError(
      'McpServerUrlInvalid',
      `mcpServerUrl is ${JSON.stringify(value)} and needs the URL as the server's own app outputs it, with its path and without a slash at the end, for example https://mcp.example.com/mcp: correct it`,
    );
  }
}
