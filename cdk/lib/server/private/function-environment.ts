import { Duration, Token, Tokenization } from 'aws-cdk-lib';
import { PLAIN_HTTP_SETTINGS } from '../../generated/facts';
import type { ContractDocument, ContractSetting } from '../../generated/contract-schema';
import { assertConvertible, isKnown, itemsOf } from '../../private/known-value';
import { list, synthError } from '../../private/synth-error';

/**
 * The environment of a server's function: the caller's settings, checked against the contract, and the values that only
 * the deployment knows.
 *
 * Absent settings are not passed on: their defaults are defined only in the Rust server.
 *
 * @param deployed variables that the constructs set: addresses, the issuer, names of AWS resources
 */
export function environmentOf(
  contract: ContractDocument,
  settings: { [name: string]: any },
  deployed: { [name: string]: string },
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
    if (PLAIN_HTTP_SETTINGS.includes(name)) {
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
  const misfit = (expected: string) =>
    synthError('SettingTypeMismatch', `settings.${setting.name} is ${JSON.stringify(value)} and needs ${expected}`);
  if (value instanceof Duration) {
    if (setting.type !== 'duration') {
      throw synthError(
        'SettingTypeMismatch',
        `settings.${setting.name} is a Duration and needs ${expectation(setting)}`,
      );
    }
    assertConvertible(value, setting.unit === 's' ? 'seconds' : 'millis', `settings.${setting.name}`);
    return String(setting.unit === 's' ? value.toSeconds() : value.toMilliseconds());
  }
  if (Token.isUnresolved(value) || (typeof value === 'string' && !isKnown(value))) {
    return unresolved(value);
  }
  switch (setting.type) {
    case 'string':
      if (typeof value !== 'string') throw misfit(expectation(setting));
      return value;
    case 'url':
      if (typeof value !== 'string' || !isHttpUrl(value)) throw misfit(expectation(setting));
      return value;
    case 'boolean':
      if (!['true', 'false'].includes(String(value))) throw misfit(expectation(setting));
      return String(value);
    case 'integer':
    case 'duration':
      if (!/^\d{1,15}$/.test(String(value))) throw misfit(expectation(setting));
      return String(value);
    case 'list':
      if (!Array.isArray(value) || value.some((item) => typeof item !== 'string' || item.includes(',')))
        throw misfit(expectation(setting));
      return itemsOf(value, ',').join(',');
  }
}

/** A value that is known only at deployment, as a string. */
function unresolved(value: any): string {
  if (typeof value === 'number') {
    return Tokenization.stringifyNumber(value);
  }
  return Array.isArray(value) ? itemsOf(value, ',').join(',') : Token.asString(value);
}

function expectation(setting: ContractSetting): string {
  switch (setting.type) {
    case 'string':
      return 'a string';
    case 'url':
      return 'an http or https URL';
    case 'boolean':
      return 'true or false';
    case 'integer':
      return 'a whole number';
    case 'duration':
      return `a Duration, or a whole number of ${setting.unit === 's' ? 'seconds' : 'milliseconds'}`;
    case 'list':
      return 'an array of strings without commas';
  }
}

function isHttpUrl(value: string): boolean {
  return URL.canParse(value) && /^https?:$/.test(new URL(value).protocol);
}
