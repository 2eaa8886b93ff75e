/** A property of the library that no app of this folder deploys is one that nothing deploys. */

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

import { APPS, sourceOf } from './paths.ts';
import { propertiesOfApps, propertiesOfLibrary } from './properties.ts';

/** What neither app sets, with the reason: a property, or all of an interface. */
const NOT_SET: Readonly<Record<string, string>> = {
  McpAuthorizationServerProps: 'McpServer makes the construct from the options of McpAuthorization.server',
  McpAuthorizedServer: 'McpHost tells it the authorization server about each of its servers',
  McpBearerTokenOptions:
    'stands in place of the user pool, which everything else is about; synthesized in cdk/test/rules/combinations.ts',
  McpBlueGreenOptions: 'a deployment of McpCompute.fargate; synthesized in cdk/test/rules/combinations.ts',
  McpCargoOptions: 'compiles for arm64, which the part `artifact` does and the emulator does not run',
  McpCodeConfig: 'what McpCode.bind gives, for code of another kind',
  McpConsentScope: 'a part of McpAuthorizationServerProps',
  McpDeploymentOptions: 'a deployment of McpCompute.fargate; synthesized in cdk/test/rules/combinations.ts',
  'McpExistingUserPoolAttributes.signInBaseUrl': 'in place of domain',
  McpFargateOptions:
    'the emulator has no AWS Fargate: run as processes by the part `fargate`; synthesized in cdk/test/rules/combinations.ts',
  McpFrontConfig: 'what McpFront.bind gives, for a front of another kind',
  McpFrontListenerConfig: 'what McpFront.bindListener gives, for a front of another kind',
  McpFrontListenerOptions: 'what McpFront.bindListener gets',
  McpFrontOptions: 'what McpFront.bind is told',
  McpFrontPathConfig: 'what McpFront.bindPath gives, for a front of another kind',
  McpFrontPathOptions: 'what McpFront.bindPath gets',
  McpFunctionProps: 'McpServer makes the construct from McpFunctionOptions',
  McpInteractiveClientProps: 'McpServer makes the construct',
  McpJwtOptions:
    'stands in place of the user pool, which everything else is about; synthesized in cdk/test/rules/combinations.ts',
  McpMachineClientProps: 'McpServer.addMachineClient makes the construct',
  'McpServerProps.compute': 'McpCompute.fargate refuses the options of a function, which the app sets',
  McpServiceProps: 'McpServer makes the construct from the options of McpCompute.fargate',
  McpToolsApiKeyOptions: 'deployed and called by the part `tools-api`; synthesized in cdk/test/rules/combinations.ts',
  McpToolsApiProps: 'deployed and called by the part `tools-api`; synthesized in cdk/test/rules/combinations.ts',
  McpTrafficShiftOptions: 'a deployment of McpCompute.fargate; synthesized in cdk/test/rules/combinations.ts',
};

const ofLibrary = propertiesOfLibrary();
const [ofDefaults, ofEverything] = propertiesOfApps(APPS.map(sourceOf)) as [Set<string>, Set<string>];
const ofApps = new Set([...ofDefaults, ...ofEverything]);
const excluded = (property: string) => property in NOT_SET || property.split('.')[0]! in NOT_SET;

describe('the apps', () => {
  test('set every property of the library: a new one goes into apps/everything.ts, or with a reason into NOT_SET of this test', () => {
    assert.deepEqual(
      ofLibrary.filter((property) => !ofApps.has(property) && !excluded(property)),
      [],
    );
  });

  test('set none that are listed as not set, and the list has none that are gone', () => {
    assert.deepEqual(
      ofLibrary.filter((property) => ofApps.has(property) && excluded(property)),
      [],
    );
    assert.deepEqual(
      Object.keys(NOT_SET).filter(
        (name) => !ofLibrary.some((property) => property === name || property.startsWith(`${name}.`)),
      ),
      [],
    );
  });

  test('choose nothing in the app with the defaults', () => {
    assert.deepEqual([...ofDefaults].sort(), ['McpServerProps.code', 'McpServerProps.contract']);
  });
});
