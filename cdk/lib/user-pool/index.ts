export * from './mcp-app-client';
export * from './mcp-user-pool';
export * from './mcp-user-pool-ref';
