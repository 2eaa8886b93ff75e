export * from './mcp-tools-api';
export * from './mcp-tools-api-options';
