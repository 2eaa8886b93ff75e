import { RemovalPolicy } from 'aws-cdk-lib';
import { Mfa } from 'aws-cdk-lib/aws-cognito';

/** What differs between the environments of one app. */
export interface Environment {
  /** What follows the name of a stack. */
  readonly suffix: string;
  /** What happens to users and logs when the stack is deleted. RETAIN protects the user pool from deletion as well. */
  readonly removalPolicy: RemovalPolicy;
  /** Whether CloudFormation refuses to delete the stack. */
  readonly terminationProtection: boolean;
  /** A second factor for people. */
  readonly mfa: Mfa;
  /** Requests per second, and at one moment. */
  readonly throttlingRateLimit: number;
  readonly throttlingBurstLimit: number;
}

/** The environments by the value of `-c env=…`. */
export const ENVIRONMENTS = {
  /** To try: one person, and `npx cdk destroy` leaves nothing behind. */
  dev: {
    suffix: '',
    removalPolicy: RemovalPolicy.DESTROY,
    terminationProtection: false,
    mfa: Mfa.OFF,
    throttlingRateLimit: 50,
    throttlingBurstLimit: 100,
  },
  /** As prod for those who sign in, and thrown away as dev. */
  staging: {
    suffix: '-staging',
    removalPolicy: RemovalPolicy.DESTROY,
    terminationProtection: false,
    mfa: Mfa.REQUIRED,
    throttlingRateLimit: 50,
    throttlingBurstLimit: 100,
  },
  /** For people who depend on it. */
  prod: {
    suffix: '-prod',
    removalPolicy: RemovalPolicy.RETAIN,
    terminationProtection: true,
    mfa: Mfa.REQUIRED,
    throttlingRateLimit: 200,
    throttlingBurstLimit: 400,
  },
} satisfies { [name: string]: Environment };
