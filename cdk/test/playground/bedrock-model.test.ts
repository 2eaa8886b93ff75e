import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Stack } from 'aws-cdk-lib';
import * as iam from 'aws-cdk-lib/aws-iam';
import { McpBedrockModel } from '../../lib';
import { deployed } from '../deployed';
import { only, synthesize, type TemplateJson } from '../synthesis';

/** The statements that a model needs, as `resources`, or `resources through profile`. */
function permitted(model: McpBedrockModel): string[] {
  const template = synthesize((stack: Stack) =>
    model._permit(stack, new iam.Role(stack, 'Role', { assumedBy: new iam.ServicePrincipal('lambda.amazonaws.com') })),
  );
  const json = template.toJSON() as TemplateJson;
  const { Statement } = deployed(json, only(template, 'AWS::IAM::Policy').properties.PolicyDocument);
  return Statement.map(({ Action, Resource, Condition }: any) => {
    assert.equal(Action, 'bedrock:InvokeModelWithResponseStream');
    const through = Condition?.StringEquals['bedrock:InferenceProfileArn'];
    return [[Resource].flat().join(' '), ...(through === undefined ? [] : ['through', through])].join(' ');
  });
}

describe('the permission for a model', () => {
  test('of the Region is one on the model there', () => {
    const model = McpBedrockModel.foundationModel('amazon.nova-lite-v1:0');
    assert.deepEqual([model.modelId, model.displayName], ['amazon.nova-lite-v1:0', undefined]);
    assert.deepEqual(permitted(model), ['arn:aws:bedrock:eu-west-1::foundation-model/amazon.nova-lite-v1:0']);
  });

  test('of a profile is one on the profile, and one on the model in the Regions of the profile through it alone', () => {
    const profile = 'arn:aws:bedrock:eu-west-1:111122223333:inference-profile/eu.amazon.nova-lite-v1:0';
    const model = (regions?: string[]) => McpBedrockModel.inferenceProfile('eu.amazon.nova-lite-v1:0', { regions });
    assert.deepEqual(permitted(model(['eu-west-1', 'eu-central-1'])), [
      profile,
      `arn:aws:bedrock:eu-west-1::foundation-model/amazon.nova-lite-v1:0 arn:aws:bedrock:eu-central-1::foundation-model/amazon.nova-lite-v1:0 through ${profile}`,
    ]);
    assert.deepEqual(permitted(model()), [
      profile,
      `arn:aws:bedrock:*::foundation-model/amazon.nova-lite-v1:0 through ${profile}`,
    ]);
  });

  test('is that of the kind that the id is of', () => {
    for (const [id, other] of [
      ['amazon.nova-lite-v1:0', McpBedrockModel.foundationModel('amazon.nova-lite-v1:0')],
      ['eu.amazon.nova-lite-v1:0', McpBedrockModel.inferenceProfile('eu.amazon.nova-lite-v1:0')],
    ] as const) {
      const model = McpBedrockModel.fromId(id);
      assert.deepEqual([model.modelId, model.foundationModelId], [id, 'amazon.nova-lite-v1:0']);
      assert.deepEqual(permitted(model), permitted(other));
    }
  });

  test('covers a global profile, and models whose names have dots', () => {
    for (const [id, modelId] of [
      ['global.anthropic.claude-haiku-4-5-20251001-v1:0', 'anthropic.claude-haiku-4-5-20251001-v1:0'],
      ['us-gov.anthropic.claude-sonnet-4-5-20250929-v1:0', 'anthropic.claude-sonnet-4-5-20250929-v1:0'],
    ] as const) {
      const profile = `arn:aws:bedrock:eu-west-1:111122223333:inference-profile/${id}`;
      assert.deepEqual(permitted(McpBedrockModel.inferenceProfile(id)), [
        profile,
        `arn:aws:bedrock:*::foundation-model/${modelId} through ${profile}`,
      ]);
    }
    assert.deepEqual(permitted(McpBedrockModel.foundationModel('deepseek.v3.2')), [
      'arn:aws:bedrock:eu-west-1::foundation-model/deepseek.v3.2',
    ]);
  });
});

describe('a model is refused', () => {
  const fails = (define: () => unknown, message: string) => assert.throws(define, { message });

  test('when its id is of the other kind', () => {
    fails(
      () => McpBedrockModel.foundationModel('eu.amazon.nova-lite-v1:0'),
      'modelId is eu.amazon.nova-lite-v1:0, the id of an inference profile, which needs other permissions: use McpBedrockModel.inferenceProfile (ModelIdOfProfile)',
    );
    fails(
      () => McpBedrockModel.inferenceProfile('amazon.nova-lite-v1:0'),
      'profileId is "amazon.nova-lite-v1:0" and needs the id of an inference profile, which begins with a geography such as eu. or global.: correct it, or use McpBedrockModel.foundationModel (ProfileIdInvalid)',
    );
  });

  test('when its id is none', () => {
    for (const id of ['', 'nova', 'amazon.*', 'amazon.nova lite']) {
      fails(
        () => McpBedrockModel.foundationModel(id),
        `modelId is "${id}" and needs the id of a model as Bedrock lists it, for example amazon.nova-lite-v1:0: correct it (ModelIdInvalid)`,
      );
    }
    fails(
      () => McpBedrockModel.inferenceProfile('eu.amazon.*'),
      'profileId, behind its geography, is "amazon.*" and needs the id of a model as Bedrock lists it, for example amazon.nova-lite-v1:0: correct it (ModelIdInvalid)',
    );
  });

  test('with Regions that its profile does not have', () => {
    fails(
      () => McpBedrockModel.inferenceProfile('global.amazon.nova-2-lite-v1:0', { regions: ['eu-west-1'] }),
      'regions is given for global.amazon.nova-2-lite-v1:0, which sends requests to every Region: remove it, or use the profile of a geography (ProfileRegionsNotApplied)',
    );
    fails(
      () => McpBedrockModel.inferenceProfile('eu.amazon.nova-lite-v1:0', { regions: [] }),
      'regions of eu.amazon.nova-lite-v1:0 is empty, and the profile needs one: list those that Bedrock shows for it, or leave it out (ProfileRegionsNotApplied)',
    );
  });
});
