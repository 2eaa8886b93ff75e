import { Duration } from 'aws-cdk-lib';
import { authorizationOf } from './default-authorization';
import { assertTimeout } from './function-timeout';
import { assertConvertible, assertKnown, isKnown } from './known-value';
import type { McpRemoteServerProps } from './mcp-remote-server';
import { synthError } from './synth-error';

/** Refuses an endpoint that requests cannot be passed on to, and what Cognito would refuse about its OAuth scopes. */
export function assertRemote(props: McpRemoteServerProps): void {
  const { endpointUrl, endpointMethods = [], serverName, scopes, authorization } = props;
  const kind = authorization?._gate?.kind;
  if (kind !== undefined) {
    throw synthError('NotForRemoteServer', `authorization is McpAuthorization.${kind}, whose tokens the endpoint can take itself: use McpAuthorization.cognito() or server(), or the endpoint without McpRemoteServer`);
  }
  const url = URL.canParse(endpointUrl) ? new URL(endpointUrl) : undefined;
  if (isKnown(endpointUrl) && (url?.protocol !== 'https:' || url.hash !== '' || url.username !== '')) {
    throw synthError('EndpointUrlInvalid', `endpointUrl is ${JSON.stringify(endpointUrl)} and access tokens go there: give an https URL without a fragment and without credentials`);
  }
  if (isKnown(serverName) && !/^[A-Za-z0-9_-]{1,64}$/.test(serverName)) {
    throw synthError('ServerNameInvalid', `serverName is ${JSON.stringify(serverName)} and takes 1 to 64 letters, digits, - and _: correct it`);
  }
  assertKnown(endpointMethods, 'endpointMethods', 'name GET and DELETE themselves');
  const method = endpointMethods.find((each) => each !== 'GET' && each !== 'DELETE');
  if (method !== undefined || new Set(endpointMethods).size < endpointMethods.length) {
    throw synthError('EndpointMethodInvalid', `endpointMethods is ${JSON.stringify(endpointMethods)} and takes GET and DELETE, each once at most: correct it`);
  }
  if (scopes.length === 0) {
    throw synthError('ScopesMissing', 'scopes is empty, and API Gateway would take ID tokens then: name one OAuth scope at least');
  }
  const noPool = props.userPool !== undefined || props.host !== undefined;
  const noLog = props.gate === undefined && (authorizationOf(props)._server === undefined || props.host !== undefined);
  if (props.removalPolicy !== undefined && noPool && noLog) {
    throw synthError('RemovalPolicyNotApplied', 'removalPolicy applies to a user pool of the server\'s own and to the logs of gate and McpAuthorization.server, and there is none of them: set it on the userPool or host and remove it here');
  }
  const wrong = scopes.find(({ name }) => isKnown(name) && !/^[\x21\x23-\x2e\x30-\x5b\x5d-\x7e]{1,256}$/.test(name));
  if (wrong !== undefined) {
    throw synthError('ScopeNameInvalid', `scopes has ${JSON.stringify(wrong.name)} and takes visible ASCII without /, " and \\: correct it`);
  }
}

/** How long a request may take. */
export function longestTimeout(given: Duration | undefined): Duration {
  const timeout = given ?? Duration.seconds(30);
  assertConvertible(timeout, 'millis', 'timeout');
  assertTimeout(timeout);
  return timeout;
}
