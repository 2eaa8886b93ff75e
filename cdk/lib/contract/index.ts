export * from './mcp-contract';
