export * from './mcp-bedrock-model';
export * from './mcp-playground';
export * from './mcp-playground-monitoring';
export * from './mcp-playground-options';
