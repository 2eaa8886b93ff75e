export * from './mcp-app-client';
export * from './mcp-aws-resource';
export * from './mcp-code';
export * from './mcp-contract';
export * from './mcp-front';
export * from './mcp-function';
export * from './mcp-server';
export * from './mcp-user-pool';
