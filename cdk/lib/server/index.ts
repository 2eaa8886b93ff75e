export * from './mcp-aws-resource';
export * from './mcp-caller-limits';
export * from './mcp-endpoint-options';
export * from './mcp-outputs-options';
export * from './mcp-remote-server';
export * from './mcp-server';
export * from './mcp-server-grants';
export * from './mcp-server-ref';
