import { SETTING } from '../../generated/facts';
import type { McpAwsResource } from '../mcp-aws-resource';
import type { McpServerProps } from '../mcp-endpoint-options';
import { list, synthError } from '../../private/synth-error';

/** The settings and permissions for the AWS resources of a server. */
export interface AwsResourceBindings {
  readonly settings: { [name: string]: string };
  readonly permissions: { readonly awsResource: McpAwsResource; readonly actions: string[] }[];
}

/**
 * Matches the AWS resources of the app with those that the contract asks for.
 *
 * @param defined AWS resources that the server has defined itself
 * @param stateActions further IAM actions on the table that holds the server's state
 */
export function bindAwsResources(
  props: McpServerProps,
  defined: { [name: string]: McpAwsResource },
  stateActions: string[] = [],
): AwsResourceBindings {
  const contract = props.contract._document;
  const given = { ...defined, ...props.awsResources };
  const wanted = contract.resources.map((item) => item.name);
  for (const name of Object.keys(given).filter((item) => !wanted.includes(item))) {
    throw synthError(
      'AwsResourceUnknown',
      `awsResources.${name} is not asked for by ${contract.server.name}, which asks for ${list(wanted)}: correct the name or remove it`,
    );
  }
  const settings: { [name: string]: string } = {};
  const permissions: AwsResourceBindings['permissions'] = [];
  for (const item of contract.resources) {
    const awsResource = given[item.name];
    if (awsResource === undefined) {
      throw synthError(
        'AwsResourceMissing',
        `awsResources.${item.name} is asked for by ${contract.server.name} and not given: add a ${item.type}, for example McpAwsResource.dynamodbTable(table)`,
      );
    }
    if (awsResource.contractType !== item.type) {
      throw synthError(
        'AwsResourceTypeMismatch',
        `awsResources.${item.name} is a ${awsResource.contractType} and ${contract.server.name} asks for a ${item.type}: give it one`,
      );
    }
    settings[item.setting] = awsResource.settingValue;
    const actions = contract.tools
      .flatMap((tool) => tool.awsActions)
      .filter((need) => need.resource === item.name)
      .flatMap((need) => need.actions)
      .concat(item.setting === SETTING.MCP_STATE_TABLE ? stateActions : []);
    if (actions.length > 0) {
      permissions.push({ awsResource, actions: [...new Set(actions)].sort() });
    }
  }
  return { settings, permissions };
}
