// The examples of the documentation as jsii-rosetta says them in Java and C#: each in a class, like that of cdk/rosetta/default.ts-fixture.
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
// @ts-expect-error a script without types
import { extractExamples } from '../../../scripts/examples.mjs';
import { readJson, target } from './tools.ts';

interface Form {
  readonly language: string;
  readonly extension: string;
  /** What the fixture imports and declares. */
  readonly modules: string[];
  readonly variables: Record<string, string>;
  readonly use: (module: string) => string;
  readonly constructor: (name: string) => string;
  readonly extending: string;
  /** What jsii-rosetta says wrongly. */
  readonly misnamed?: RegExp;
}

const java: Form = {
  language: 'java',
  extension: '.java',
  modules: [
    'io.github.mcplambda.cdk.*',
    'java.util.List',
    'java.util.Map',
    'software.amazon.awscdk.*',
    'software.constructs.Construct',
    ...[
      'apigateway.*',
      'codedeploy.LambdaDeploymentConfig',
      'apigateway.IResource',
      'cognito.*',
      'secretsmanager.ISecret',
    ].map((name) => `software.amazon.awscdk.services.${name}`),
  ],
  variables: {
    code: 'McpCode',
    contract: 'McpContract',
    userPool: 'UserPool',
    topic: 'software.amazon.awscdk.services.sns.ITopic',
    vpc: 'software.amazon.awscdk.services.ec2.IVpc',
    webAcl: 'software.amazon.awscdk.services.wafv2.CfnWebACL',
    certificate: 'software.amazon.awscdk.services.certificatemanager.ICertificate',
    hostedZone: 'software.amazon.awscdk.services.route53.IHostedZone',
    pipelineRole: 'software.amazon.awscdk.services.iam.IRole',
    table: 'software.amazon.awscdk.services.dynamodb.TableV2',
  },
  use: (module) => `import ${module};`,
  constructor: (name) => `${name}(Construct scope, String id) { super(scope, id);`,
  extending: 'extends Stack',
  // The package has CANARY_10_PERCENT_5_MINUTES, and getGrants().
  misnamed: /_\d+[A-Z]|\.grants\./,
};

const csharp: Form = {
  language: 'csharp',
  extension: '.cs',
  modules: [
    'System.Collections.Generic',
    'Amazon.CDK',
    ...['APIGateway', 'CodeDeploy', 'Cognito'].map((name) => `Amazon.CDK.AWS.${name}`),
    'Constructs',
    'McpLambda.Cdk',
  ],
  variables: {
    code: 'McpCode',
    contract: 'McpContract',
    userPool: 'UserPool',
    topic: 'Amazon.CDK.AWS.SNS.ITopic',
    vpc: 'Amazon.CDK.AWS.EC2.IVpc',
    webAcl: 'Amazon.CDK.AWS.WAFv2.CfnWebACL',
    certificate: 'Amazon.CDK.AWS.CertificateManager.ICertificate',
    hostedZone: 'Amazon.CDK.AWS.Route53.IHostedZone',
    pipelineRole: 'Amazon.CDK.AWS.IAM.IRole',
    table: 'Amazon.CDK.AWS.DynamoDB.TableV2',
  },
  use: (module) => `using ${module};`,
  constructor: (name) => `${name}(Construct scope, string id) : base(scope, id) {`,
  extending: ': Stack',
};

/** Writes the examples into `folder`, one file for each, and gives the folder. */
function write(folder: string, form: Form): string {
  const { status, output } = extractExamples(join(target, 'examples.tabl'));
  assert.equal(status, 0, output);
  const translated = Object.values<any>(readJson('target', 'golden', 'examples.tabl').snippets).map(
    (snippet): string => snippet.translations[form.language].source,
  );
  for (const [index, source] of translated.filter((each) => !form.misnamed?.test(each)).entries()) {
    const lines = source.split('\n');
    const uses = [
      ...new Set([...form.modules.map(form.use), ...lines.filter((line) => /^(import|using) [\w.]+;$/.test(line))]),
    ];
    const variables = Object.entries(form.variables).map(([name, type]) => `${type} ${name};`);
    const name = `Example${index}`;
    const text = [
      ...uses,
      `abstract class ${name} ${form.extending} {`,
      ...variables,
      form.constructor(name),
      ...lines.filter((line) => !uses.includes(line)),
      '} }',
      '',
    ];
    writeFileSync(join(folder, `${name}${form.extension}`), text.join('\n'));
  }
  return folder;
}

export const javaExamples = (folder: string): string => write(folder, java);
export const csharpExamples = (folder: string): string => write(folder, csharp);
