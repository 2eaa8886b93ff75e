import type { Duration } from 'aws-cdk-lib';
import { isSafe } from '../../front/private/origin';
import { assertConvertible, isKnown } from '../../private/known-value';
import { synthError } from '../../private/synth-error';
import { urlOf } from '../../private/urls';
import type { McpPlaygroundProps } from '../mcp-playground-options';
import type { PlaygroundServer } from './servers';

/** The largest values that the program takes. */
const MOST = { turnsPerMinute: 10_000, tokensPerDay: 1_000_000_000 };
const MOST_DAYS = 3650;

/** Refuses options that cannot work. */
export function assertPlayground(props: McpPlaygroundProps): void {
  for (const name of ['title', 'systemPrompt'] as const) {
    const value = props[name];
    if (isKnown(value) && value.trim() === '') {
      throw synthError('PlaygroundStringEmpty', `${name} is empty: give it words, or leave it out`);
    }
  }
  for (const [name, most] of Object.entries(MOST) as [keyof typeof MOST, number][]) {
    const value = props[name];
    if (isKnown(value) && !(Number.isInteger(value) && value >= 1 && value <= most)) {
      throw synthError(
        'PlaygroundLimitInvalid',
        `${name} is ${value} and needs a whole number from 1 to ${most}: correct it, or leave it out`,
      );
    }
  }
  assertModels(props);
  if (props.retention !== undefined) {
    assertRetention(props.retention);
  }
}

/**
 * Refuses a list of servers that nobody can tell apart, or sign in to.
 *
 * @param isLocal whether the playground runs on this machine, where servers may too
 */
export function assertServers(servers: PlaygroundServer[], isLocal: boolean): void {
  if (servers.length === 0) {
    throw synthError(
      'PlaygroundWithoutServers',
      'neither servers nor serverUrls names a server, and people sign in to the playground at the first one: name one',
    );
  }
  for (const [index, { name, url }] of servers.entries()) {
    if (isKnown(url) && !isServerUrl(url, isLocal)) {
      throw synthError(
        'PlaygroundServerUrlInvalid',
        `the URL of the server ${name} is ${JSON.stringify(url)} and needs https without a user name and a fragment, for example https://mcp.example.com/mcp: correct it`,
      );
    }
    const twice = servers.slice(0, index).find((other) => other.url === url || other.name === name);
    if (twice !== undefined) {
      throw synthError(
        'PlaygroundServerTwice',
        `the servers ${twice.name} and ${name} have the same ${twice.url === url ? 'URL' : 'name'}: leave one out, or name it otherwise`,
      );
    }
  }
}

function isServerUrl(value: string, isLocal: boolean): boolean {
  const url = urlOf(value);
  return (
    url !== undefined &&
    (url.protocol === 'https:' || (isLocal && isSafe(url))) &&
    url.username + url.password + url.hash === ''
  );
}

function assertModels({ models }: McpPlaygroundProps): void {
  if (models.length === 0) {
    throw synthError(
      'PlaygroundWithoutModels',
      "models is empty, and a conversation needs one: add McpBedrockModel.inferenceProfile('eu.amazon.nova-lite-v1:0') or another",
    );
  }
  const ids = models.map(({ modelId }) => modelId);
  const twice = ids.find((id, index) => ids.indexOf(id) !== index);
  if (twice !== undefined) {
    throw synthError('PlaygroundModelTwice', `models has ${twice} twice: remove one`);
  }
}

function assertRetention(retention: Duration): void {
  assertConvertible(retention, 'days', 'retention');
  if (!isKnown(retention)) {
    return;
  }
  const days = retention.toDays({ integral: false });
  if (!Number.isInteger(days) || days < 1 || days > MOST_DAYS) {
    throw synthError(
      'PlaygroundRetentionInvalid',
      `retention is ${days} days and needs whole days from 1 to ${MOST_DAYS}: correct it`,
    );
  }
}
