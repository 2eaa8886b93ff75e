/**
 * The jobs of GitHub Actions that may use a machine client. Every value that is given must be equal to the claim of the job's
 * token, as a whole and with the same case. `repository` and one of `gitRef` and `environment` are required. Jobs of pull
 * requests (`pull_request`, `pull_request_target`, `refs/pull/…`) are always refused.
 */
export interface McpGitHubActionsJobs {
  /** The repository with its owner (`repository`), for example `octo-org/octo-repo`. */
  readonly repository: string;

  /**
   * The full branch or tag (`ref`), for example `refs/heads/main`.
   * @default - every branch and tag that may use `environment`
   */
  readonly gitRef?: string;

  /**
   * The GitHub environment of the job (`environment`), whose protection rules say which branches and tags may use it.
   * @default - with or without an environment
   */
  readonly environment?: string;

  /**
   * The id of the repository (`repository_id`), which a repository of the same name that replaces it does not have.
   * @default - not compared
   */
  readonly repositoryId?: string;

  /**
   * The id of the owner (`repository_owner_id`), which an account of the same name that replaces it does not have.
   * @default - not compared
   */
  readonly ownerId?: string;

  /**
   * The workflow file with its ref (`job_workflow_ref`), for example
   * `octo-org/octo-repo/.github/workflows/deploy.yml@refs/heads/main`.
   * @default - every workflow of the repository
   */
  readonly workflowRef?: string;

  /**
   * The whole subject (`sub`), for example `repo:octo-org/octo-repo:environment:production`.
   * @default - not compared
   */
  readonly subject?: string;

  /**
   * The issuer (`iss`) of an enterprise or a GitHub Enterprise Server, reachable from the internet. Its keys are at
   * `/.well-known/jwks` below it.
   * @default - that of github.com
   */
  readonly issuer?: string;
}
