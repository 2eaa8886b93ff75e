import { RemovalPolicy } from 'aws-cdk-lib';
import type * as kms from 'aws-cdk-lib/aws-kms';
import * as logs from 'aws-cdk-lib/aws-logs';
import type { Construct } from 'constructs';
import { AUDIT_LOG_ID } from '../generated/facts';

/** Options of `McpAudit.logGroup`. */
export interface McpAuditLogGroupOptions {
  /**
   * How long records are kept.
   * @default RetentionDays.ONE_YEAR
   */
  readonly retention?: logs.RetentionDays;

  /**
   * The key that encrypts the records. Its key policy must let CloudWatch Logs of the Region use it.
   * @default - a key of CloudWatch Logs
   */
  readonly encryptionKey?: kms.IKeyRef;

  /**
   * What happens to the records when the stack is deleted.
   * @default RemovalPolicy.RETAIN
   */
  readonly removalPolicy?: RemovalPolicy;
}

/**
 * The audit trail of a server: a record of each tool call, refused ones included, which is written before the response
 * leaves. A call whose record cannot be written gets an error instead of its result.
 */
export abstract class McpAudit {
  /**
   * A log group of its own, to which the server may only append. The records of a process form a chain, so that a record that was
   * altered, removed, swapped or inserted before another one is found: `mcp-lambda audit verify`. A record that was added at the end of a
   * chain, or as a chain of its own, is not found: no other IAM principal than the server's role should be allowed to append.
   */
  public static logGroup(options: McpAuditLogGroupOptions = {}): McpAudit {
    return new LogGroupAudit(options);
  }

  /**
   * Defines the log group in the scope of the server.
   * @internal
   */
  public abstract _bind(server: Construct): logs.LogGroup;
}

class LogGroupAudit extends McpAudit {
  constructor(private readonly options: McpAuditLogGroupOptions) {
    super();
  }

  public _bind(server: Construct): logs.LogGroup {
    return new logs.LogGroup(server, AUDIT_LOG_ID, {
      retention: this.options.retention ?? logs.RetentionDays.ONE_YEAR,
      encryptionKey: this.options.encryptionKey,
      removalPolicy: this.options.removalPolicy ?? RemovalPolicy.RETAIN,
    });
  }
}
