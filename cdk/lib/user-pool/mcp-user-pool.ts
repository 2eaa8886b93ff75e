import { Duration, Fn, RemovalPolicy, Stack } from 'aws-cdk-lib';
import * as cognito from 'aws-cdk-lib/aws-cognito';
import { Construct } from 'constructs';
import { recordLocal } from '../private/local-manifest';
import { assertExistingUserPool } from './private/existing-user-pool';
import type { IMcpUserPool, McpExistingUserPoolAttributes } from './mcp-user-pool-ref';

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
   * Whether sign-in requires a second factor: a code of an authenticator app. With OPTIONAL each person chooses.
   * @default cognito.Mfa.OFF
   */
  readonly mfa?: cognito.Mfa;

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
 * Several MCP servers can share one. It sends no SMS messages.
 */
export class McpUserPool extends Construct implements IMcpUserPool {
  /**
   * Imports an existing user pool for MCP servers. Each server adds a resource-server registration and app clients to
   * it; nothing else about the pool changes.
   *
   * The pool must have the Essentials or Plus plan, and its domain must have managed login: the classic pages cannot
   * bind an access token to the server (RFC 8707). No trigger may remove the OAuth scopes from access tokens, or add
   * the MCP server's scopes to tokens of a sign-in by API calls, which has no consent. Synthesis checks the account and
   * region, and, for a pool and a domain that this app defines, the plan, the login version and that they belong
   * together. Sign-up and its settings stay unchanged.
   */
  public static fromUserPool(scope: Construct, id: string, attributes: McpExistingUserPoolAttributes): IMcpUserPool {
    return new ExistingUserPool(scope, id, attributes);
  }

  /** The user pool. */
  public readonly userPool: cognito.IUserPool;

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
    const mfa = props.mfa ?? cognito.Mfa.OFF;
    const userPool = new cognito.UserPool(this, 'UserPool', {
      // Managed login and resource indicators (the token's `aud`) need Essentials.
      featurePlan: cognito.FeaturePlan.ESSENTIALS,
      selfSignUpEnabled: props.selfSignUpEnabled ?? true,
      signInAliases: { email: true },
      signInCaseSensitive: false,
      autoVerify: { email: true },
      keepOriginal: { email: true },
      standardAttributes: { email: { required: true, mutable: true } },
      ...(mfa === cognito.Mfa.OFF ? {} : { mfa, mfaSecondFactor: { otp: true, sms: false } }),
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
    this.userPool = userPool;
    this.domain = userPool.addDomain('Domain', {
      cognitoDomain: { domainPrefix: this.domainPrefix() },
      managedLoginVersion: cognito.ManagedLoginVersion.NEWER_MANAGED_LOGIN,
    });
    this.signInBaseUrl = this.domain.baseUrl();
    this.issuer = userPool.userPoolProviderUrl;
  }

  /**
   * Domain prefixes are unique among all accounts of a region, so the prefix contains the stack's UUID; the construct's
   * address distinguishes two pools of one stack. Lower case, digits and hyphens, below 63 characters, none of
   * Cognito's reserved words.
   */
  private domainPrefix(): string {
    const stackUuid = Fn.select(2, Fn.split('/', Stack.of(this).stackId));
    return `mcp-${stackUuid}-${this.node.addr.slice(-6)}`;
  }
}

class ExistingUserPool extends Construct implements IMcpUserPool {
  public readonly userPool: cognito.IUserPool;
  public readonly signInBaseUrl: string;
  public readonly issuer: string;
  public readonly identityProviders?: cognito.UserPoolClientIdentityProvider[];

  constructor(scope: Construct, id: string, attributes: McpExistingUserPoolAttributes) {
    super(scope, id);
    assertExistingUserPool(this, attributes);
    if (!(attributes.userPool.node.defaultChild instanceof cognito.CfnUserPool)) {
      recordLocal(this, () => ({ kind: 'userPool', id: attributes.userPool.userPoolId }));
    }
    this.userPool = attributes.userPool;
    this.signInBaseUrl = attributes.signInBaseUrl ?? attributes.domain!.baseUrl();
    this.issuer = `https://${attributes.userPool.userPoolProviderName}`;
    this.identityProviders = attributes.identityProviders;
  }
}
