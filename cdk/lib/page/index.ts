export * from './mcp-page';
