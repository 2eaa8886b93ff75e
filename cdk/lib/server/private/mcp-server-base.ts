import type * as cloudwatch from 'aws-cdk-lib/aws-cloudwatch';
import { Construct } from 'constructs';
import type { McpContract } from '../../contract/mcp-contract';
import type { McpMachineClient } from '../../user-pool/mcp-app-client';
import type { McpMachineClientOptions } from '../mcp-endpoint-options';
import type { IMcpServer } from '../mcp-server-ref';
import { toolMetric } from './tool-metrics';

/**
 * What an MCP server has by its contract, wherever it is defined.
 * @internal
 */
export abstract class McpServerBase extends Construct implements IMcpServer {
  public abstract readonly mcpServerUrl: string;
  public abstract readonly oauthScopes: string[];

  /** @internal */
  public abstract readonly _contract: McpContract;

  public abstract addMachineClient(id: string, options?: McpMachineClientOptions): McpMachineClient;

  /** Names of the server's tools, as in the contract. */
  public get toolNames(): string[] {
    return this._contract._document.tools.map((tool) => tool.name);
  }

  /** Calls of a tool; a sum over 5 minutes unless the options say otherwise. */
  public metricCalls(toolName: string, options: cloudwatch.MetricOptions = {}): cloudwatch.Metric {
    return toolMetric(this._contract, 'Calls', toolName, options);
  }

  /** Calls of a tool that failed; a sum over 5 minutes unless the options say otherwise. Its average is the error rate. */
  public metricErrors(toolName: string, options: cloudwatch.MetricOptions = {}): cloudwatch.Metric {
    return toolMetric(this._contract, 'Errors', toolName, options);
  }

  /** Duration of calls of a tool in milliseconds; p99 over 5 minutes unless the options say otherwise. */
  public metricLatency(toolName: string, options: cloudwatch.MetricOptions = {}): cloudwatch.Metric {
    return toolMetric(this._contract, 'Latency', toolName, options);
  }

  /** Calls of a tool that started a process; a sum over 5 minutes unless the options say otherwise. */
  public metricColdStarts(toolName: string, options: cloudwatch.MetricOptions = {}): cloudwatch.Metric {
    return toolMetric(this._contract, 'ColdStarts', toolName, options);
  }

  /** Calls of a tool that failed because DynamoDB throttled the library; a sum over 5 minutes unless the options say otherwise. */
  public metricThrottles(toolName: string, options: cloudwatch.MetricOptions = {}): cloudwatch.Metric {
    return toolMetric(this._contract, 'Throttles', toolName, options);
  }

  /**
   * Share of the calls of a cached tool whose result came from the cache, from 0 to 1; an average over 5 minutes unless the
   * options say otherwise.
   */
  public metricCacheHitRate(toolName: string, options: cloudwatch.MetricOptions = {}): cloudwatch.Metric {
    return toolMetric(this._contract, 'CacheHits', toolName, options);
  }
}
