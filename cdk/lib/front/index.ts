export * from './mcp-front';
export * from './mcp-front-options';
