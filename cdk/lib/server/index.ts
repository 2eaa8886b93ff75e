export * from './mcp-aws-resource';
export * from './mcp-endpoint-options';
export * from './mcp-remote-server';
export * from './mcp-server';
