import { GITHUB_KEYS_PATH } from '../../generated/facts';
import { isKnown } from '../../private/known-value';
import { synthError } from '../../private/synth-error';
import type { McpGitHubActionsJobs } from '../mcp-github-actions-jobs';
import { isDocumentUrl } from './option-checks';

/** The error of a client with an assertion where no authorization server would verify it. */
export function assertionWithoutServer(problem: string): Error {
  return synthError(
    'AssertionWithoutServer',
    `assertion is verified by the authorization server of McpAuthorization.server, and ${problem}`,
  );
}

/** Refuses a URL that the authorization server would not fetch keys from. */
export function assertKeysUrl(url: string, property: string): void {
  if (isKnown(url) && !isDocumentUrl(url)) {
    throw synthError(
      'AssertionUrlInvalid',
      `${property} is ${JSON.stringify(url)} and takes an https URL with a public host name, a path, and no port, user name, query or fragment: correct it`,
    );
  }
}

/** Refuses jobs that nobody has limited to one repository, and to a branch, tag or environment of it. */
export function assertGitHubJobs({ repository, gitRef, environment, issuer, ...others }: McpGitHubActionsJobs): void {
  if (isKnown(repository) && !/^[\w.-]+\/[\w.-]+$/.test(repository)) {
    throw synthError(
      'GitHubJobsInvalid',
      `repository is ${JSON.stringify(repository)} and takes one repository with its owner, such as octo-org/octo-repo, without a wildcard: correct it`,
    );
  }
  if (gitRef === undefined && environment === undefined) {
    throw synthError(
      'GitHubJobsUnlimited',
      `the jobs of ${repository} have neither gitRef nor environment, and everyone who can push a branch could use the client: set one of them`,
    );
  }
  if (isKnown(gitRef) && !/^refs\/(heads|tags)\/[^*]+$/.test(gitRef)) {
    throw synthError(
      'GitHubJobsInvalid',
      `gitRef is ${JSON.stringify(gitRef)} and takes one branch or tag in full, such as refs/heads/main, without a wildcard: correct it, or use environment for several`,
    );
  }
  for (const [property, value] of Object.entries({ environment, ...others })) {
    if (isKnown(value) && (value === '' || value.includes('*'))) {
      throw synthError(
        'GitHubJobsInvalid',
        `${property} is ${JSON.stringify(value)} and is compared as a whole, without wildcards: correct it, or leave it out`,
      );
    }
  }
  if (isKnown(issuer) && (issuer.endsWith('/') || !isDocumentUrl(`${issuer}${GITHUB_KEYS_PATH}`))) {
    throw synthError(
      'AssertionUrlInvalid',
      `issuer is ${JSON.stringify(issuer)} and takes the https URL of iss, with a public host name and without a port, query or slash at its end: correct it`,
    );
  }
}
