import { Duration, Token, Tokenization } from 'aws-cdk-lib';
import { PLAIN_HTTP_SETTINGS } from '../../generated/facts';
import type { ContractDocument, ContractSetting } from '../../generated/contract-schema';
import { assertConvertible, isKnown, itemsOf } from '../../private/known-value';
import { list, synthError } from '../../private/synth-error';
import { urlOf } from '../../private/urls';

/**
 * The environment of a server's process: the caller's settings, checked against the contract, and the values that only
 * the deployment knows.
 *
 * Absent settings are not passed on: their defaults are defined only in the Rust server.
 *
 * @param deployed variables that the constructs set: addresses, the issuer, names of AWS resources
 * @param isFunction whether the process is a function, for which some settings have no effect
 */
export function environmentOf(
  contract: ContractDocument,
  settings: { [name: string]: any },
  deployed: { [name: string]: string },
  isFunction = true,
): { [name: string]: string } {
  const environment: { [name: string]: string } = { ...deployed };
  const declared = new Map(contract.settings.map((item) => [item.name, item]));
  const awsResourceSettings = new Map(contract.resources.map((item) => [item.setting, item.name]));
  for (const [name, value] of Object.entries(settings)) {
    const awsResource = awsResourceSettings.get(name);
    if (awsResource !== undefined) {
      throw synthError(
        'SettingOfAwsResource',
        `settings.${name} is set from the AWS resource ${awsResource}: remove it and use awsResources.${awsResource}`,
      );
    }
    if (name in deployed) {
      throw synthError(
        'SettingOwnedByMcpServer',
        `settings.${name} is set by McpServer from the deployment: remove it`,
      );
    }
    if (isFunction && PLAIN_HTTP_SETTINGS.includes(name)) {
      throw synthError(
        'SettingNotOnLambda',
        `settings.${name} is read in plain HTTP mode only and would do nothing on Lambda: remove it`,
      );
    }
    const setting = declared.get(name);
    if (setting === undefined) {
      const known = contract.settings
        .filter((item) => item.owner === 'server' && !awsResourceSettings.has(item.name))
        .map((item) => item.name);
      throw synthError(
        'SettingUnknown',
        `settings.${name} is not a setting of ${contract.server.name}, which has ${list(known)}: correct the name, or print the contract again`,
      );
    }
    environment[name] = rendered(setting, value);
  }
  for (const setting of contract.settings.filter((item) => item.required && !(item.name in environment))) {
    throw synthError(
      'SettingMissing',
      `settings.${setting.name} is required by ${contract.server.name} and not set: add it to settings`,
    );
  }
  return environment;
}

/**
 * Renders one value as the string that the server parses. Errors show the value: secrets do not belong in an
 * environment.
 */
function rendered(setting: ContractSetting, value: any): string {
  const { expected, fits } = TYPES[setting.type];
  const unit = setting.unit === 's' ? 'seconds' : 'milliseconds';
  const misfit = (shown: string) =>
    synthError(
      'SettingTypeMismatch',
      `settings.${setting.name} is ${shown} and needs ${expected.replace('<unit>', unit)}`,
    );
  if (value instanceof Duration) {
    if (setting.type !== 'duration') {
      throw misfit('a Duration');
    }
    assertConvertible(value, setting.unit === 's' ? 'seconds' : 'millis', `settings.${setting.name}`);
    return String(setting.unit === 's' ? value.toSeconds() : value.toMilliseconds());
  }
  if (Token.isUnresolved(value) || (typeof value === 'string' && !isKnown(value))) {
    return typeof value === 'number' ? Tokenization.stringifyNumber(value) : joined(value);
  }
  if (!fits(value)) {
    throw misfit(JSON.stringify(value));
  }
  return Array.isArray(value) ? joined(value) : String(value);
}

/** A list, or a value that is known only at deployment, as a string. */
function joined(value: any): string {
  return Array.isArray(value) ? itemsOf(value, ',').join(',') : Token.asString(value);
}

const isWhole = (value: any) => /^\d{1,15}$/.test(String(value));

/** What a value of each type must be, in words and as a check. */
const TYPES: { [type in ContractSetting['type']]: { expected: string; fits(value: any): boolean } } = {
  string: { expected: 'a string', fits: (value) => typeof value === 'string' },
  url: {
    expected: 'an http or https URL',
    fits: (value) => typeof value === 'string' && /^https?:$/.test(urlOf(value)?.protocol ?? ''),
  },
  boolean: { expected: 'true or false', fits: (value) => ['true', 'false'].includes(String(value)) },
  integer: { expected: 'a whole number', fits: isWhole },
  duration: { expected: 'a Duration, or a whole number of <unit>', fits: isWhole },
  list: {
    expected: 'an array of strings without commas',
    fits: (value) => Array.isArray(value) && value.every((item) => typeof item === 'string' && !item.includes(',')),
  },
};
