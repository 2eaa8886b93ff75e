import { resolve } from 'node:path';
import type { ContractDocument } from '../generated/contract-schema';
import { readContract } from './private/contract-document';

/**
 * The contract of an MCP server: its name, OAuth scopes, tools, settings and the AWS resources that it needs.
 *
 * The server's binary prints it (`dog-facts contract`), so that the deployment cannot disagree with the code. An
 * invalid contract fails at synth.
 */
export class McpContract {
  /**
   * Reads the contract that a server's binary printed.
   *
   * @param path the JSON file, relative to the directory that the app runs in
   */
  public static fromFile(path: string): McpContract {
    return new McpContract(readContract(path), resolve(path));
  }

  /**
   * The contract of a server that prints none.
   * @internal
   */
  public static _ofRemote(
    serverName: string,
    serverTitle: string,
    scopes: { readonly name: string; readonly description: string }[],
  ): McpContract {
    return new McpContract({
      contractVersion: 1,
      server: { name: serverName, title: serverTitle, version: '', description: '' },
      scopes,
      tools: [],
      resources: [],
      settings: [],
    });
  }

  /** The server's name, for example `dog-facts`: letters, digits, `-` and `_`. */
  public readonly serverName: string;

  /** The server's name for people. */
  public readonly serverTitle: string;

  /** Names of the server's OAuth scopes, without the resource identifier before them. */
  public readonly scopeNames: string[];

  /** @internal */
  public readonly _document: ContractDocument;

  /**
   * The file that it was read from, if any.
   * @internal
   */
  public readonly _file?: string;

  private constructor(document: ContractDocument, file?: string) {
    this._document = document;
    this._file = file;
    this.serverName = document.server.name;
    this.serverTitle = document.server.title;
    this.scopeNames = document.scopes.map((item) => item.name);
  }
}
