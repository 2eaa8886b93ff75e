import { Duration, Fn, RemovalPolicy, Stack } from 'aws-cdk-lib';
import * as cognito from 'aws-cdk-lib/aws-cognito';
import { Construct } from 'constructs';

/** Properties of `McpUserPool`. */
export interface McpUserPoolProps {
  /**
   * Name for people, in the e-mails that new users get.
   * @default 'MCP server'
   */
  readonly displayName?: string;

  /**
   * Whether people can sign themselves up. Otherwise an administrator defines the users.
   * @default true
   */
  readonly selfSignUpEnabled?: boolean;

  /**
   * What happens to the users when the stack is deleted. With RETAIN the pool is protected from deletion as well.
   * @default RemovalPolicy.RETAIN
   */
  readonly removalPolicy?: RemovalPolicy;
}

/**
 * The people who may use MCP servers, and the pages where they sign up and in: a Cognito user pool (Essentials) with
 * verified e-mail addresses as user names, and a domain with managed login.
 *
 * Several MCP servers can share one. It does not set up multi-factor authentication.
 */
export class McpUserPool extends Construct {
  /** The user pool. */
  public readonly userPool: cognito.UserPool;

  /** The domain of the sign-in pages and of the OAuth endpoints. */
  public readonly domain: cognito.UserPoolDomain;

  /** URL of the domain, without a trailing slash. */
  public readonly signInBaseUrl: string;

  /** The `iss` of the pool's tokens: `https://cognito-idp.<region>.amazonaws.com/<pool id>`. */
  public readonly issuer: string;

  constructor(scope: Construct, id: string, props: McpUserPoolProps = {}) {
    super(scope, id);
    const removalPolicy = props.removalPolicy ?? RemovalPolicy.RETAIN;
    const displayName = props.displayName ?? 'MCP server';
    this.userPool = new cognito.UserPool(this, 'UserPool', {
      // Managed login and resource indicators (the token's `aud`) need Essentials.
      featurePlan: cognito.FeaturePlan.ESSENTIALS,
      selfSignUpEnabled: props.selfSignUpEnabled ?? true,
      signInAliases: { email: true },
      signInCaseSensitive: false,
      autoVerify: { email: true },
      keepOriginal: { email: true },
      standardAttributes: { email: { required: true, mutable: true } },
      accountRecovery: cognito.AccountRecovery.EMAIL_ONLY,
      passwordPolicy: {
        minLength: 12,
        requireLowercase: true,
        requireUppercase: true,
        requireDigits: true,
        requireSymbols: true,
        tempPasswordValidity: Duration.days(3),
      },
      userVerification: {
        emailStyle: cognito.VerificationEmailStyle.CODE,
        emailSubject: `Your code for ${displayName}`,
        emailBody: `Your verification code for ${displayName} is {####}`,
      },
      deletionProtection: removalPolicy === RemovalPolicy.RETAIN,
      removalPolicy,
    });
    this.domain = this.userPool.addDomain('Domain', {
      cognitoDomain: { domainPrefix: this.domainPrefix() },
      managedLoginVersion: cognito.ManagedLoginVersion.NEWER_MANAGED_LOGIN,
    });
    this.signInBaseUrl = this.domain.baseUrl();
    this.issuer = this.userPool.userPoolProviderUrl;
  }

  /**
   * Domain prefixes are shared by all accounts of a region, so the stack's own UUID is in it; the construct's address
   * keeps two pools of one stack apart. Lower case, digits and hyphens, below 63 characters, none of Cognito's reserved words.
   */
  private domainPrefix(): string {
    const stackUuid = Fn.select(2, Fn.split('/', Stack.of(this).stackId));
    return `mcp-${stackUuid}-${this.node.addr.slice(-6)}`;
  }
}
