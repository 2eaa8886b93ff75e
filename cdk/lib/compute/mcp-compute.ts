import type { McpFargateOptions } from './mcp-fargate-options';
import { assertFargateOptions } from './private/option-checks';

/** What runs the server's program. The MCP URL, the sign-in, the OAuth scopes and the tools are the same with either. */
export abstract class McpCompute {
  /**
   * A Lambda function, which costs almost nothing while it is idle. Its options are properties of `McpServer`.
   * @jsii suppress JSII5018 Python spells it lambda_
   */
  public static lambda(): McpCompute {
    return new Chosen();
  }

  /**
   * Tasks of Amazon ECS on AWS Fargate behind an Application Load Balancer, all in one VPC. The tasks verify access tokens
   * themselves; API Gateway keeps the metadata, the sign-in and the page for people.
   *
   * The tasks must reach the keys of the issuer, AWS's APIs and what the tools call: by a NAT gateway, in public subnets by
   * addresses of their own, or by `vpcEndpointsEnabled`.
   */
  public static fargate(options: McpFargateOptions): McpCompute {
    assertFargateOptions(options);
    return new Chosen(options);
  }

  /**
   * Undefined for a function.
   * @internal
   */
  public abstract readonly _fargate?: McpFargateOptions;
}

class Chosen extends McpCompute {
  constructor(public readonly _fargate?: McpFargateOptions) {
    super();
  }
}
