export * from './mcp-monitoring';
