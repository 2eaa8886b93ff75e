// The example as a CloudFormation template that needs neither the CDK nor a bootstrapped account: scripts/template.mjs runs it.
import { CfnParameter, DefaultStackSynthesizer } from 'aws-cdk-lib';
import { readContext } from './context';
import { DogFactsStack } from './dog-facts-stack';
import { synthesize } from './synthesize';

synthesize((app) => {
  const stack = new DogFactsStack(app, 'DogFacts', readContext(app.node), {
    analyticsReporting: false,
    // The name goes through Fn::Sub, which fills the parameter in.
    synthesizer: new DefaultStackSynthesizer({
      fileAssetsBucketName: '${AssetsBucket}',
      generateBootstrapVersionRule: false,
    }),
  });
  new CfnParameter(stack, 'AssetsBucket', {
    description: 'Bucket in the same region that holds the zip files of this release at its root',
    allowedPattern: '[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]',
    constraintDescription: 'the name of a bucket',
  });
});
