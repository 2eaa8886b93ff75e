import type * as apigateway from 'aws-cdk-lib/aws-apigateway';

/** The rate limit of one app client: a token bucket of `burstLimit` requests that refills at `rateLimit`. */
export interface McpThrottle {
  /** Requests per second over time: a number above 0, and at most the server's `throttlingRateLimit`. */
  readonly rateLimit: number;

  /** Burst of requests: a whole number of 1 or more, and at most the server's `throttlingBurstLimit`. */
  readonly burstLimit: number;
}

/** The number of requests that one app client may send in a period. */
export interface McpQuota {
  /** Requests in a period: a whole number of 1 or more. */
  readonly limit: number;

  /** The period: `DAY`, `WEEK` or `MONTH`. */
  readonly period: apigateway.Period;
}

/** Options of `limitAppClient`: at least one of the two. The server's own value applies to the other. */
export interface McpAppClientLimits {
  /**
   * The rate limit of the app client.
   * @default - the server's `throttle`
   */
  readonly throttle?: McpThrottle;

  /**
   * The quota of the app client.
   * @default - the server's `quota`
   */
  readonly quota?: McpQuota;
}
