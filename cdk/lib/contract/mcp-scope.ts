import { SCOPE_NAME } from '../generated/facts';
import { assertKnown } from '../private/known-value';
import { synthError } from '../private/synth-error';
import type { McpContract } from './mcp-contract';
import { scopeNamesOf } from './private/scope-names';

/**
 * An OAuth scope of an MCP server, by its name in the contract: without the resource identifier, which each server puts
 * before it. Synthesis refuses one that the server does not have.
 */
export class McpScope {
  /** The OAuth scope that a contract declares under this name. Refuses another name. */
  public static fromContract(contract: McpContract, scopeName: string): McpScope {
    const scope = McpScope.named(scopeName);
    scopeNamesOf([scope], contract.scopeNames, 'scopeName');
    return scope;
  }

  /** The OAuth scope of this name, for a server without a contract in the app, as `McpRemoteServer` is. */
  public static named(scopeName: string): McpScope {
    assertKnown(scopeName, 'scopeName', "give a name of the contract's scopes");
    if (!SCOPE_NAME.test(scopeName)) {
      throw synthError(
        'ScopeNameInvalid',
        `scopeName is ${JSON.stringify(scopeName)} and takes visible ASCII without /, " and \\: correct it`,
      );
    }
    return new McpScope(scopeName);
  }

  private constructor(
    /** The name, without the resource identifier. */
    public readonly scopeName: string,
  ) {}
}
