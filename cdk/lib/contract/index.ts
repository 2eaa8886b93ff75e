export * from './mcp-contract';
export * from './mcp-scope';
