import { deployed } from './deployed';
import type { TemplateJson } from './synthesis';

/** One method of one API, as a request finds it. */
export interface Reached {
  /** Logical ID of the API. */
  readonly api: string;
  /** The method, or undefined where the API has none and answers 404. */
  readonly method?: Record<string, any>;
}

const resources = (template: TemplateJson, type: string) =>
  Object.entries(template.Resources)
    .filter(([, each]) => each.Type === type)
    .map(([logicalId, each]) => ({ logicalId, properties: each.Properties! }));

/** Follows a request through a template as CloudFront, the mappings of a domain name and API Gateway would: by the behaviours, by the mappings, by the API's paths. */
export function reach(template: TemplateJson, verb: string, path: string): Reached {
  const { api, apiPath } = behindDistribution(template, path) ?? behindDomain(template, path);
  return { api, method: methodsOf(template, api)[`${verb} ${apiPath}`] ?? methodsOf(template, api)[`ANY ${apiPath}`] };
}

/** The methods of one API by name and path. */
export function methodsOf(template: TemplateJson, api: string): Record<string, Record<string, any>> {
  const pathOf = (reference: any): string => {
    const properties = template.Resources[reference.Ref]?.Properties;
    return properties === undefined ? '' : `${pathOf(properties.ParentId)}/${properties.PathPart}`;
  };
  const methods = resources(template, 'AWS::ApiGateway::Method').filter(
    ({ properties }) => properties.RestApiId.Ref === api,
  );
  return Object.fromEntries(
    methods.map(({ properties }) => [`${properties.HttpMethod} ${pathOf(properties.ResourceId)}`, properties]),
  );
}

/** The document that a method answers with. */
export function documentOf(template: TemplateJson, { method }: Reached): any {
  return JSON.parse(
    deployed(template, method!.Integration.IntegrationResponses[0].ResponseTemplates['application/json']),
  );
}

/** The first behaviour that fits counts, the default one comes last, and the path goes on as it is. */
function behindDistribution(template: TemplateJson, path: string): { api: string; apiPath: string } | undefined {
  const config = resources(template, 'AWS::CloudFront::Distribution')[0]?.properties.DistributionConfig;
  if (config === undefined) {
    return undefined;
  }
  const fits = ({ PathPattern: pattern }: { PathPattern: string }) =>
    new RegExp(`^${pattern.replaceAll('.', '\\.').replaceAll('*', '.*')}$`).test(path);
  const behavior = config.CacheBehaviors.find(fits) ?? config.DefaultCacheBehavior;
  const origin = config.Origins.find((each: any) => each.Id === behavior.TargetOriginId);
  return { api: origin.DomainName['Fn::Join'][1][0].Ref, apiPath: path };
}

/** The longest mapping that is a whole part of the path counts, and is taken away; the root is the domain's empty mapping. */
function behindDomain(template: TemplateJson, path: string): { api: string; apiPath: string } {
  const mappings = [
    ...resources(template, 'AWS::ApiGateway::BasePathMapping').map(({ properties }) => ({
      key: '',
      api: properties.RestApiId.Ref as string,
    })),
    ...resources(template, 'AWS::ApiGatewayV2::ApiMapping').map(({ properties }) => ({
      key: `/${properties.ApiMappingKey}`,
      api: properties.ApiId.Ref as string,
    })),
  ];
  const fitting = mappings
    .filter(({ key }) => path === key || path.startsWith(`${key}/`))
    .sort((left, right) => right.key.length - left.key.length);
  return { api: fitting[0].api, apiPath: path.slice(fitting[0].key.length) };
}
