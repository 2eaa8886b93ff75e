export * from './mcp-app-client-limits';
export * from './mcp-gate-options';
