import { Stack } from 'aws-cdk-lib';
import * as cognito from 'aws-cdk-lib/aws-cognito';
import type { Construct } from 'constructs';
import type { McpExistingUserPoolAttributes } from '../mcp-user-pool-ref';
import { assertOrigin } from '../../front/private/origin';
import { differ } from '../../private/known-value';
import { synthError } from '../../private/synth-error';

/** Refuses a user pool that does not work for MCP servers, as far as synthesis can check. */
export function assertExistingUserPool(scope: Construct, attributes: McpExistingUserPoolAttributes): void {
  const { userPool, domain, signInBaseUrl } = attributes;
  if ((domain === undefined) === (signInBaseUrl === undefined)) {
    throw synthError(
      'SignInPagesUnclear',
      `domain and signInBaseUrl are ${domain === undefined ? 'both missing' : 'both given'}, and exactly one says where the sign-in pages are: give domain for one of this app, signInBaseUrl for another`,
    );
  }
  if (signInBaseUrl !== undefined) {
    assertOrigin(signInBaseUrl, 'signInBaseUrl');
  }
  if (attributes.identityProviders?.length === 0) {
    throw synthError(
      'IdentityProvidersEmpty',
      'identityProviders is empty, and nobody could sign in: name one, or leave it out',
    );
  }
  assertNear(scope, userPool);
  const definition = userPool.node.defaultChild;
  if (definition instanceof cognito.CfnUserPool && definition.userPoolTier === 'LITE') {
    throw synthError(
      'UserPoolLite',
      'userPool is of the feature plan Lite, which binds no access token to an MCP server: set featurePlan to cognito.FeaturePlan.ESSENTIALS',
    );
  }
  if (domain !== undefined) {
    assertManagedLogin(userPool, domain);
  }
}

/**
 * Refuses a pool of another account or region: the stack's resource-server registrations and app clients must be
 * created beside the pool.
 */
function assertNear(scope: Construct, userPool: cognito.IUserPool): void {
  const stack = Stack.of(scope);
  for (const [what, theirs, ours] of [
    ['region', userPool.env.region, stack.region],
    ['account', userPool.env.account, stack.account],
  ]) {
    if (differ(theirs, ours)) {
      throw synthError(
        'UserPoolElsewhere',
        `userPool is of the ${what} ${theirs} and the stack of ${ours}, and app clients are defined where the pool is: put the MCP server into a stack there`,
      );
    }
  }
}

function assertManagedLogin(userPool: cognito.IUserPool, domain: cognito.UserPoolDomain): void {
  const definition = domain.node.defaultChild as cognito.CfnUserPoolDomain;
  const stack = Stack.of(domain);
  if (JSON.stringify(stack.resolve(definition.userPoolId)) !== JSON.stringify(stack.resolve(userPool.userPoolId))) {
    throw synthError(
      'UserPoolDomainMismatch',
      `domain ${domain.node.path} belongs to another user pool than the one given: give the domain of this pool`,
    );
  }
  if (definition.managedLoginVersion !== 2) {
    throw synthError(
      'ManagedLoginMissing',
      `domain ${domain.node.path} has the classic sign-in pages, which bind no access token to an MCP server: set managedLoginVersion to cognito.ManagedLoginVersion.NEWER_MANAGED_LOGIN`,
    );
  }
}
