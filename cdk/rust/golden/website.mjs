// The app of tests/golden.rs in plain JavaScript: both must give the same template, byte by byte.
import { App, Aspects, CfnOutput, CfnResource, Duration, Lazy, RemovalPolicy, Size, Stack, Tags } from 'aws-cdk-lib';
import * as dynamodb from 'aws-cdk-lib/aws-dynamodb';
import * as lambda from 'aws-cdk-lib/aws-lambda';
import * as s3 from 'aws-cdk-lib/aws-s3';
import * as sns from 'aws-cdk-lib/aws-sns';
import { Construct } from 'constructs';

class Website extends Construct {
  constructor(scope, id, retentionDays) {
    super(scope, id);
    this.bucket = new s3.Bucket(this, 'Pages', {
      versioned: true,
      removalPolicy: RemovalPolicy.DESTROY,
      lifecycleRules: [{ expiration: Duration.days(retentionDays), prefix: 'old/' }],
    });
    this.visits = new dynamodb.Table(this, 'Visits', {
      partitionKey: { name: 'page', type: dynamodb.AttributeType.STRING },
      billingMode: dynamodb.BillingMode.PAY_PER_REQUEST,
    });
  }
}

class Stamp {
  visit(node) {
    if (CfnResource.isCfnResource(node)) {
      node.addPropertyOverride('Tags', [{ Key: 'stamped', Value: node.node.path }]);
    }
  }
}

const app = new App({ outdir: process.argv[2] });
const stack = new Stack(app, 'Golden', { description: 'the same in both languages', env: { region: 'eu-central-1' } });
const website = new Website(stack, 'Website', 30);
const handler = new lambda.Function(stack, 'Handler', {
  runtime: lambda.Runtime.PROVIDED_AL2023,
  architecture: lambda.Architecture.ARM_64,
  handler: 'bootstrap',
  code: lambda.Code.fromAsset('../golden/function'),
  memorySize: 256,
  ephemeralStorageSize: Size.gibibytes(1),
  timeout: Duration.seconds(30),
  environment: { BUCKET: website.bucket.bucketName, LATE: Lazy.string({ produce: () => 'decided at synthesis' }) },
});
website.bucket.grantRead(handler);
website.visits.grantReadWriteData(handler);
new sns.Topic(stack, 'News', { displayName: 'News' });
Tags.of(stack).add('team', 'zoo');
Aspects.of(website).add(new Stamp());
new CfnOutput(stack, 'Table', { value: website.visits.tableName, description: 'Where visits are counted' });
app.synth();
