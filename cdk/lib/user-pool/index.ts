export * from './mcp-app-client';
export * from './mcp-machine-client-grants';
export * from './mcp-user-pool';
export * from './mcp-user-pool-ref';
