export * from './mcp-authorization';
export * from './mcp-authorization-options';
export * from './mcp-authorization-server';
export * from './mcp-client-assertion';
export * from './mcp-github-actions-jobs';
