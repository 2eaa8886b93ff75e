export * from './mcp-code';
export * from './mcp-function';
export * from './mcp-function-options';
