import type { McpMachineClient } from '../user-pool/mcp-app-client';

/** Options of `addOutputs` of `McpServer` and `McpRemoteServer`. */
export interface McpOutputsOptions {
  /**
   * What every output's name begins with: letters and digits. Servers of one stack need different ones.
   * @default - nothing: the outputs are called McpServerUrl, UserPoolId and so on
   */
  readonly prefix?: string;

  /**
   * The app client of a program, whose id and the ARN of whose secret become outputs too.
   * @default - none
   */
  readonly machineClient?: McpMachineClient;
}
