/** The limits of each person and each program that calls a server; at least one of the two. */
export interface McpCallerLimits {
  /**
   * The most requests in a minute of the clock: a whole number of 1 to 4294967295. One more gets 429 and `Retry-After`. Each request
   * costs one write to the state table.
   * @default - no limit
   */
  readonly requestsPerMinute?: number;

  /**
   * The most calls of single tools in a day of UTC, by the names of the tools: whole numbers of 1 to 4294967295. One more is a tool error
   * that says when the tool may be called again, and 429 as plain REST. Each call of such a tool costs one write to the state
   * table.
   * @default - no limit
   */
  readonly toolCallsPerDay?: { [tool: string]: number };
}
