import type { TemplateJson } from './synthesis';

/** What CloudFormation would fill in for pseudo parameters. */
const PSEUDO_PARAMETERS: Record<string, string> = {
  'AWS::Region': 'eu-west-1',
  'AWS::AccountId': '111122223333',
  'AWS::Partition': 'aws',
  'AWS::URLSuffix': 'amazonaws.com',
  'AWS::StackId': 'arn:aws:cloudformation:eu-west-1:111122223333:stack/Test/6f8b1c9e-1111-4222-8333-444455556666',
};

/** Replaces CloudFormation's functions by the values that a deployment would give, so that texts can be compared whole. */
export function deployed(template: TemplateJson, value: unknown): any {
  if (Array.isArray(value)) {
    return value.map((item) => deployed(template, item));
  }
  if (typeof value !== 'object' || value === null) {
    return value;
  }
  const entries = Object.entries(value);
  const [name, argument] = entries[0] ?? [];
  switch (entries.length === 1 ? name : undefined) {
    case 'Ref':
      return PSEUDO_PARAMETERS[argument] ?? referenceOf(template, argument);
    case 'Fn::GetAtt':
      return attributeOf(template, argument[0], argument[1]);
    case 'Fn::Join':
      return deployed(template, argument[1]).join(argument[0]);
    case 'Fn::Split':
      return deployed(template, argument[1]).split(argument[0]);
    case 'Fn::Select':
      return deployed(template, argument[1])[Number(argument[0])];
    case 'Fn::Base64':
      return Buffer.from(deployed(template, argument)).toString('base64');
    default:
      return Object.fromEntries(entries.map(([key, item]) => [key, deployed(template, item)]));
  }
}

function referenceOf(template: TemplateJson, logicalId: string): string {
  const { Type: type, Properties: properties } = template.Resources[logicalId];
  switch (type) {
    case 'AWS::ApiGateway::RestApi':
      return 'api123';
    case 'AWS::Cognito::UserPool':
      return 'eu-west-1_Pool';
    case 'AWS::Cognito::UserPoolDomain':
      return deployed(template, properties!.Domain);
    case 'AWS::Cognito::UserPoolResourceServer':
      return deployed(template, properties!.Identifier);
    case 'AWS::Cognito::UserPoolClient':
      return properties!.GenerateSecret ? 'machineclientid' : 'interactiveclientid';
    case 'AWS::SecretsManager::Secret':
      return 'arn:aws:secretsmanager:eu-west-1:111122223333:secret:Secret-abc';
    default:
      return `<${logicalId}>`;
  }
}

function attributeOf(template: TemplateJson, logicalId: string, attribute: string): string {
  const known: Record<string, string> = {
    'AWS::CloudFront::Distribution.DomainName': 'd111.cloudfront.net',
    'AWS::Cognito::UserPool.ProviderURL': 'https://cognito-idp.eu-west-1.amazonaws.com/eu-west-1_Pool',
  };
  return known[`${template.Resources[logicalId].Type}.${attribute}`] ?? `<${logicalId}.${attribute}>`;
}
