import type * as logs from 'aws-cdk-lib/aws-logs';
import type { Construct } from 'constructs';
import { SETTING } from '../../generated/facts';
import { synthError } from '../../private/synth-error';
import type { McpServerProps } from '../mcp-endpoint-options';

/** Defines the log group of the audit trail, for a server that can write one. */
export function addAuditTrail(server: Construct, props: McpServerProps): logs.LogGroup | undefined {
  const contract = props.contract._document;
  if (props.audit === undefined) {
    return undefined;
  }
  if (!contract.settings.some((item) => item.name === SETTING.MCP_AUDIT_LOG_GROUP)) {
    throw synthError(
      'AuditUnsupported',
      `audit needs a server that declares an audit trail, and ${contract.server.name} declares none: add .audit_trail() and the feature audit of the crate mcp-lambda to its Rust code and print the contract again, or remove audit`,
    );
  }
  return props.audit._bind(server);
}
