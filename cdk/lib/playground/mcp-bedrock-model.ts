import { Stack } from 'aws-cdk-lib';
import * as iam from 'aws-cdk-lib/aws-iam';
import type { Construct } from 'constructs';
import { assertKnown, assertListKnown } from '../private/known-value';
import { synthError } from '../private/synth-error';

/** Options of `McpBedrockModel.foundationModel`. */
export interface McpFoundationModelOptions {
  /**
   * Name for people, in the list of models.
   * @default - the id
   */
  readonly displayName?: string;
}

/** Options of `McpBedrockModel.inferenceProfile`. */
export interface McpInferenceProfileOptions extends McpFoundationModelOptions {
  /**
   * The Regions that the profile may send requests to, as Bedrock lists them for the profile. A profile whose id begins
   * with `global` has no such list.
   * @default - every Region, as far as the profile itself goes there
   */
  readonly regions?: string[];
}

/** The action of ConverseStream, and the only one that a model needs here. */
const INVOKE = 'bedrock:InvokeModelWithResponseStream';

/** An id such as `amazon.nova-lite-v1:0`. */
const MODEL_ID = /^[a-z0-9-]+\.[A-Za-z0-9.:_-]+$/;

/** What the ids of inference profiles begin with; no provider of models has a name like it. */
const GEOGRAPHY = /^(global|us-gov|apac|[a-z]{2})\.(?=[a-z0-9-]+\.)/;

/**
 * A model of Amazon Bedrock that a playground offers, with the permission that it needs. The account must have access to
 * the model, and the model must support tools.
 */
export class McpBedrockModel {
  /**
   * A model or an inference profile that AWS defines, whichever the id is of.
   *
   * @param id for example `amazon.nova-lite-v1:0` or `eu.amazon.nova-lite-v1:0`
   */
  public static fromId(id: string): McpBedrockModel {
    assertKnown(id, 'id of McpBedrockModel.fromId', 'give a plain string, for example of the context');
    return GEOGRAPHY.test(id) ? McpBedrockModel.inferenceProfile(id) : McpBedrockModel.foundationModel(id);
  }

  /**
   * A model in the Region of the stack, without an inference profile.
   *
   * @param modelId as Bedrock lists it, for example `amazon.nova-lite-v1:0`
   */
  public static foundationModel(modelId: string, options: McpFoundationModelOptions = {}): McpBedrockModel {
    assertKnown(
      modelId,
      'modelId of McpBedrockModel.foundationModel',
      'give a plain string, for example of the context',
    );
    if (GEOGRAPHY.test(modelId)) {
      throw synthError(
        'ModelIdOfProfile',
        `modelId is ${modelId}, the id of an inference profile, which needs other permissions: use McpBedrockModel.inferenceProfile`,
      );
    }
    assertModelId(modelId, 'modelId');
    return new McpBedrockModel(modelId, modelId, options.displayName, (scope) => [
      invoke([foundationModelArn(scope, modelId, Stack.of(scope).region)]),
    ]);
  }

  /**
   * An inference profile that AWS defines, which sends requests to several Regions.
   *
   * The function may use the model through this profile only.
   *
   * @param profileId as Bedrock lists it, for example `eu.amazon.nova-lite-v1:0` or `global.amazon.nova-2-lite-v1:0`
   */
  public static inferenceProfile(profileId: string, options: McpInferenceProfileOptions = {}): McpBedrockModel {
    assertKnown(
      profileId,
      'profileId of McpBedrockModel.inferenceProfile',
      'give a plain string, for example of the context',
    );
    const [prefix, geography] = GEOGRAPHY.exec(profileId) ?? [];
    if (prefix === undefined) {
      throw synthError(
        'ProfileIdInvalid',
        `profileId is ${JSON.stringify(profileId)} and needs the id of an inference profile, which begins with a geography such as eu. or global.: correct it, or use McpBedrockModel.foundationModel`,
      );
    }
    const modelId = profileId.slice(prefix.length);
    assertModelId(modelId, 'profileId, behind its geography,');
    const { regions } = options;
    if (regions !== undefined) {
      assertListKnown(regions, 'regions of McpBedrockModel.inferenceProfile', 'give an array of Regions');
    }
    if (regions !== undefined && (geography === 'global' || regions.length === 0)) {
      throw synthError(
        'ProfileRegionsNotApplied',
        geography === 'global'
          ? `regions is given for ${profileId}, which sends requests to every Region: remove it, or use the profile of a geography`
          : `regions of ${profileId} is empty, and the profile needs one: list those that Bedrock shows for it, or leave it out`,
      );
    }
    return new McpBedrockModel(profileId, modelId, options.displayName, (scope) => {
      const profileArn = Stack.of(scope).formatArn({
        service: 'bedrock',
        resource: 'inference-profile',
        resourceName: profileId,
      });
      return [
        invoke([profileArn]),
        // The profile calls the model in the Region that it chooses, with the permissions of the caller. `*` is the Region
        // that global profiles leave empty as well.
        invoke(
          (regions ?? ['*']).map((region) => foundationModelArn(scope, modelId, region)),
          { StringEquals: { 'bedrock:InferenceProfileArn': profileArn } },
        ),
      ];
    });
  }

  /** The id of the model or of the inference profile. */
  public readonly modelId: string;

  /** The id of the model, without the geography of an inference profile. */
  public readonly foundationModelId: string;

  /** Name for people. Undefined when it is the id. */
  public readonly displayName?: string;

  private constructor(
    modelId: string,
    foundationModelId: string,
    displayName: string | undefined,
    private readonly statementsIn: (scope: Construct) => iam.PolicyStatement[],
  ) {
    this.modelId = modelId;
    this.foundationModelId = foundationModelId;
    this.displayName = displayName;
  }

  /**
   * Permits a principal to use the model.
   * @internal
   */
  public _permit(scope: Construct, principal: iam.IPrincipal): void {
    for (const statement of this.statementsIn(scope)) {
      principal.addToPrincipalPolicy(statement);
    }
  }
}

function assertModelId(modelId: string, property: string): void {
  if (!MODEL_ID.test(modelId)) {
    throw synthError(
      'ModelIdInvalid',
      `${property} is ${JSON.stringify(modelId)} and needs the id of a model as Bedrock lists it, for example amazon.nova-lite-v1:0: correct it`,
    );
  }
}

function foundationModelArn(scope: Construct, modelId: string, region: string): string {
  return Stack.of(scope).formatArn({
    service: 'bedrock',
    region,
    account: '',
    resource: 'foundation-model',
    resourceName: modelId,
  });
}

function invoke(resources: string[], conditions?: { [operator: string]: unknown }): iam.PolicyStatement {
  return new iam.PolicyStatement({ actions: [INVOKE], resources, conditions });
}
