export * from './mcp-audit';
