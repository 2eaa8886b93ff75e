import type { ContractScope, ContractTool } from '../generated/contract-schema';

/** What the page says about a server. */
export interface DescribedServer {
  readonly name: string;
  readonly title: string;
  readonly description: string;
  readonly mcpServerUrl: string;
  readonly resourceMetadataUrl: string;
  /** Empty for a server whose tools are not known here. */
  readonly tools: ContractTool[];
  readonly scopes: ContractScope[];
  /** The command or link of a client. */
  readonly connectCommand: (client: string) => string;
  /** The link that adds the server to VS Code. */
  readonly vscodeLink: string;
  /** Whether every client needs only the URL. */
  readonly urlAlone: boolean;
  /** Where people sign up without a client; undefined where such a page does not end well. */
  readonly signInUrl?: string;
}
