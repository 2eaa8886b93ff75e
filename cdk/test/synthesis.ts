import { join } from 'node:path';
import { App, Fn, Stack } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import * as acm from 'aws-cdk-lib/aws-certificatemanager';
import type { Construct } from 'constructs';
import { McpAuthorization, McpCode, McpContract, McpServer, type McpServerProps } from '../lib';

// CDK's own rules take seconds for each synth; test/rules runs them once.
process.env.CDK_VALIDATION = 'false';

const fixtures = join(__dirname, 'fixtures');

/** A file or directory of `test/fixtures`. */
export function fixture(name: string): string {
  return join(fixtures, name);
}

/** Code that is never run: the tests look at templates. */
export const code = () => McpCode.fromAsset(fixture('lambda/dog-facts'));

/** The same as a program for arm64 that is linked statically: its ELF header. */
export const staticCode = () => McpCode.fromAsset(fixture('static'));

/** The contract of the example server that keeps state, with every setting that its crate has. */
export const counterServer = () => McpContract.fromFile(fixture('../../../lambda/servers/counter/contract.json'));

/** The contract of a server with one OAuth scope, no required setting and no AWS resource. */
export const facts = () => McpContract.fromFile(fixture('facts.contract.json'));

/** The contract of a server whose function serves plain REST too. */
export const restContract = () => McpContract.fromFile(fixture('rest.contract.json'));

/** The contract of a server with two OAuth scopes. */
export const twoScopes = () => McpContract.fromFile(fixture('two-scopes.contract.json'));

/** The contract of a server whose one tool needs a scope that another scope includes. */
export const includingScopes = () => McpContract.fromFile(fixture('including-scopes.contract.json'));

/** The contract of a server with a table. */
export const counter = () => McpContract.fromFile(fixture('counter.contract.json'));

/** The contract of a server with the library's own table and secret. */
export const keeper = () => McpContract.fromFile(fixture('keeper.contract.json'));

/** The contract of a server that continues its own work. */
export const grooming = () => McpContract.fromFile(fixture('grooming.contract.json'));

/** The contract of a server that declares spans, as Rust prints it. */
export const withSpans = () => McpContract.fromFile(fixture('spans.contract.json'));

/** The contract of a server with a setting of every type. */
export const everySetting = () => McpContract.fromFile(fixture('settings.contract.json'));

/** The facts contract as a program prints it that has found what directories would refuse. */
export const refusedByDirectories = () => McpContract.fromFile(fixture('refused.contract.json'));

/** A certificate that exists already, of no region in particular unless one is named. */
export const certificate = (region?: string) =>
  acm.Certificate.fromCertificateArn(
    new Stack(),
    'Certificate',
    region === undefined ? Fn.importValue('Certificate') : `arn:aws:acm:${region}:111122223333:certificate/x`,
  );

/** A CloudFormation template as plain JSON. */
export interface TemplateJson {
  Resources: Record<
    string,
    { Type: string; Properties?: Record<string, any>; DependsOn?: string | string[]; DeletionPolicy?: string }
  >;
  Outputs?: Record<string, { Value: unknown }>;
}

/** An app that finds the programs of the npm package among the fixtures: those of a release are built for it alone. */
export const emptyApp = (context: Record<string, unknown> = {}) =>
  new App({ context: { 'mcp-lambda-cdk:programs': fixture('lambda'), ...context } });

/** Synthesizes one stack. */
export function synthesize(define: (stack: Stack) => void): Template {
  const app = emptyApp();
  const stack = new Stack(app, 'Test');
  define(stack);
  return Template.fromStack(stack);
}

/** The alternative to the default: a server with it has one function, which tests about that function look for. */
export const cognito = () => McpAuthorization.cognito();

/** Synthesizes a stack with one server: of the facts contract and without the authorization server, unless the properties say otherwise. */
export function synthesizeServer(
  props: Partial<McpServerProps> = {},
  more: (server: McpServer, stack: Construct) => void = () => {},
): Template {
  return synthesize((stack) => {
    const server = new McpServer(stack, 'Server', {
      code: code(),
      contract: facts(),
      authorization: cognito(),
      ...props,
    });
    more(server, stack);
  });
}

/** The only CloudFormation resource of a type: its logical ID and properties. */
export function only(
  template: Template,
  type: string,
  properties: object = {},
): { logicalId: string; properties: Record<string, any> } {
  const found = Object.entries(template.findResources(type, { Properties: properties }));
  if (found.length !== 1) {
    throw new Error(
      `${found.length} resources of type ${type} match, not one: ${found.map(([logicalId]) => logicalId).join(', ')}`,
    );
  }
  return { logicalId: found[0][0], properties: found[0][1].Properties ?? {} };
}
