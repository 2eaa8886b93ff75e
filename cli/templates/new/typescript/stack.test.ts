import assert from 'node:assert/strict';
import { test } from 'node:test';
import { App } from 'aws-cdk-lib';
import { Match, Template } from 'aws-cdk-lib/assertions';
import { {{ project.name.type_name() }}Stack } from './stack';

// The template is examined, not deployed: nothing is compiled.
const app = new App({ context: { 'aws:cdk:bundling-stacks': [] } });
const template = Template.fromStack(new {{ project.name.type_name() }}Stack(app, '{{ project.name.type_name() }}'));

test('lets nobody call the server without one of its OAuth scopes', () => {
  const scopes = Match.arrayWith([Match.objectLike({ 'Fn::Join': Match.anyValue() })]);
  template.hasResourceProperties('AWS::ApiGateway::Method', {
    HttpMethod: 'POST',
    AuthorizationType: 'COGNITO_USER_POOLS',
    AuthorizationScopes: scopes,
  });
});

test('puts out the URL that MCP clients connect to', () => {
  assert.ok(Object.keys(template.findOutputs('*')).some((name) => name.endsWith('McpServerUrl')));
});
