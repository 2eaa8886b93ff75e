import { Annotations } from 'aws-cdk-lib';
import type { Construct } from 'constructs';
import type { ContractDocument } from '../../generated/contract-schema';
import { synthError } from '../../private/synth-error';

/** The id of the warning about a rule, by which an app acknowledges it. */
const warningId = (rule: string): string => `mcp-lambda:directory:${rule}`;

/**
 * Says what directories of MCP servers would refuse the server for, which its program has found.
 *
 * @param enforced whether that is an error
 */
export function reportDirectoryFindings(scope: Construct, { directory }: ContractDocument, enforced = false): void {
  const findings = directory ?? [];
  if (enforced && findings.length > 0) {
    const all = findings.map(({ rule, about, message }) => `${about} ${message} (${rule})`);
    throw synthError(
      'DirectoryRuleNotKept',
      `directories of MCP servers would refuse ${scope.node.path}: ${all.join('; ')}. Change the Rust server and print the contract again, or remove enforceDirectoryRules`,
    );
  }
  for (const { rule, about, message } of findings) {
    Annotations.of(scope).addWarningV2(
      warningId(rule),
      `directories of MCP servers would refuse this server: ${about} ${message}`,
    );
  }
}
