import type * as cloudwatch from 'aws-cdk-lib/aws-cloudwatch';
import type { IConstruct } from 'constructs';
import type { McpContract } from '../contract/mcp-contract';
import type { McpMachineClient } from '../user-pool/mcp-app-client';
import type { IMcpUserPool } from '../user-pool/mcp-user-pool-ref';
import type { McpMachineClientOptions } from './mcp-endpoint-options';

/** An MCP server: one of this app, or one that another app has deployed. */
export interface IMcpServer extends IConstruct {
  /** The public MCP URL, which is the resource identifier too. */
  readonly mcpServerUrl: string;

  /** The OAuth scopes as MCP clients ask for them. */
  readonly oauthScopes: string[];

  /** Names of the server's tools, as in the contract. */
  readonly toolNames: string[];

  /**
   * Defines a confidential app client for a program, with the client credentials grant. Its secret is in Secrets Manager.
   *
   * @param id construct ID of the app client; renaming it makes a new one
   */
  addMachineClient(id: string, options?: McpMachineClientOptions): McpMachineClient;

  /** Calls of a tool; a sum over 5 minutes unless the options say otherwise. */
  metricCalls(toolName: string, options?: cloudwatch.MetricOptions): cloudwatch.Metric;

  /** Calls of a tool that failed; a sum over 5 minutes unless the options say otherwise. Its average is the error rate. */
  metricErrors(toolName: string, options?: cloudwatch.MetricOptions): cloudwatch.Metric;

  /** Duration of calls of a tool in milliseconds; p99 over 5 minutes unless the options say otherwise. */
  metricLatency(toolName: string, options?: cloudwatch.MetricOptions): cloudwatch.Metric;

  /** Calls of a tool that started a process; a sum over 5 minutes unless the options say otherwise. */
  metricColdStarts(toolName: string, options?: cloudwatch.MetricOptions): cloudwatch.Metric;

  /** Calls of a tool that failed because DynamoDB throttled the library; a sum over 5 minutes unless the options say otherwise. */
  metricThrottles(toolName: string, options?: cloudwatch.MetricOptions): cloudwatch.Metric;

  /**
   * Share of the calls of a cached tool whose result came from the cache, from 0 to 1; an average over 5 minutes unless the
   * options say otherwise.
   */
  metricCacheHitRate(toolName: string, options?: cloudwatch.MetricOptions): cloudwatch.Metric;
}

/** Attributes of an MCP server of another app, for `McpServer.fromMcpServerAttributes`. */
export interface McpServerAttributes {
  /** The public MCP URL, as the other app outputs it: `mcpServerUrl` of its server. */
  readonly mcpServerUrl: string;

  /** The contract of the server. */
  readonly contract: McpContract;

  /**
   * The user pool of the server, in this stack's account and region, as `McpUserPool.fromUserPool` imports it.
   * @default - none: `addMachineClient` is refused
   */
  readonly userPool?: IMcpUserPool;
}
