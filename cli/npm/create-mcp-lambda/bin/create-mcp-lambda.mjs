#!/usr/bin/env node
// `npm create mcp-lambda` is `mcp-lambda new`.

process.argv.splice(2, 0, 'new');
await import('mcp-lambda/bin/mcp-lambda.mjs');
