import type * as apigateway from 'aws-cdk-lib/aws-apigateway';

/** How fast the requests of one app client may come: a bucket of `burstLimit` requests, which `rateLimit` fills up again. */
export interface McpThrottle {
  /** Requests per second over time: a number above 0, and at most the server's `throttlingRateLimit`. */
  readonly rateLimit: number;

  /** Requests at one moment: a whole number of 1 or more, and at most the server's `throttlingBurstLimit`. */
  readonly burstLimit: number;
}

/** How many requests of one app client there may be. */
export interface McpQuota {
  /** Requests in a period: a whole number of 1 or more. */
  readonly limit: number;

  /** The period: `DAY`, `WEEK` or `MONTH`. */
  readonly period: apigateway.Period;
}

/** Options of `limitAppClient`: one of the two at least. What is left out is as the server's. */
export interface McpAppClientLimits {
  /**
   * How fast its requests may come.
   * @default - the server's `throttle`
   */
  readonly throttle?: McpThrottle;

  /**
   * How many requests it may send.
   * @default - the server's `quota`
   */
  readonly quota?: McpQuota;
}
