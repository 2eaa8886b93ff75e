export * from './mcp-host';
