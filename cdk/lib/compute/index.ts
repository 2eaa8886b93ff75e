export * from './mcp-compute';
export * from './mcp-deployment';
export * from './mcp-fargate-options';
export * from './mcp-service';
