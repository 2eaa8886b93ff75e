export * from './mcp-app-client-limits';
export * from './mcp-lambda-authorizer-options';
