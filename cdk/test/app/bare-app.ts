// The resources of the example stack, written manually with the CDK alone: what scripts/synth-time.mjs compares the constructs with. Only the
// time to synthesize is like that of a server; bare-app.test.ts holds the resources to those of the example.
import { App, Duration, Fn, RemovalPolicy, SecretValue, Stack } from 'aws-cdk-lib';
import * as apigateway from 'aws-cdk-lib/aws-apigateway';
import * as cloudfront from 'aws-cdk-lib/aws-cloudfront';
import * as origins from 'aws-cdk-lib/aws-cloudfront-origins';
import * as cognito from 'aws-cdk-lib/aws-cognito';
import * as iam from 'aws-cdk-lib/aws-iam';
import * as lambda from 'aws-cdk-lib/aws-lambda';
import * as logs from 'aws-cdk-lib/aws-logs';
import * as secretsmanager from 'aws-cdk-lib/aws-secretsmanager';

/** Defines the stack. */
export function bareStack(app: App, lambdaDirectory: string): Stack {
  const stack = new Stack(app, 'Bare');
  const api = new apigateway.RestApi(stack, 'Api', {
    endpointTypes: [apigateway.EndpointType.REGIONAL],
    cloudWatchRole: false,
    deployOptions: { stageName: 'prod', throttlingRateLimit: 50, throttlingBurstLimit: 100 },
  });
  const host = `${api.restApiId}.execute-api.${stack.region}.${stack.urlSuffix}`;
  const origin = new origins.HttpOrigin(host, { originPath: '/prod' });
  const redirect = new cloudfront.Function(stack, 'Redirect', {
    code: cloudfront.FunctionCode.fromInline('function handler(event) { return event.request; }'),
  });
  const distribution = new cloudfront.Distribution(stack, 'Distribution', {
    defaultBehavior: {
      origin,
      functionAssociations: [{ function: redirect, eventType: cloudfront.FunctionEventType.VIEWER_REQUEST }],
      allowedMethods: cloudfront.AllowedMethods.ALLOW_ALL,
      cachePolicy: cloudfront.CachePolicy.CACHING_DISABLED,
    },
    additionalBehaviors: { '/.well-known/*': { origin, cachePolicy: cloudfront.CachePolicy.CACHING_OPTIMIZED } },
  });
  const url = `https://${distribution.distributionDomainName}/mcp`;
  const pool = new cognito.UserPool(stack, 'Pool', {
    selfSignUpEnabled: true,
    signInAliases: { email: true },
    removalPolicy: RemovalPolicy.DESTROY,
  });
  pool.addDomain('Domain', { cognitoDomain: { domainPrefix: Fn.select(2, Fn.split('/', stack.stackId)) } });
  const scope = new cognito.ResourceServerScope({ scopeName: 'use', scopeDescription: 'Use it' });
  const resourceServer = pool.addResourceServer('ResourceServer', {
    identifier: url,
    userPoolResourceServerName: 'bare',
    scopes: [scope],
  });
  const scopes = [cognito.OAuthScope.resourceServer(resourceServer, scope)];
  const people = pool.addClient('People', {
    generateSecret: true,
    oAuth: {
      flows: { authorizationCodeGrant: true },
      scopes,
      callbackUrls: [`https://${distribution.distributionDomainName}/callback`],
    },
  });
  new cognito.CfnManagedLoginBranding(stack, 'Branding', {
    userPoolId: pool.userPoolId,
    clientId: people.userPoolClientId,
    useCognitoProvidedValues: true,
  });
  const machine = pool.addClient('Machine', {
    generateSecret: true,
    oAuth: { flows: { clientCredentials: true }, scopes },
  });
  const clientSecret = (name: string, client: cognito.UserPoolClient) =>
    new secretsmanager.Secret(stack, name, {
      secretStringValue: SecretValue.resourceAttribute(
        (client.node.defaultChild as cognito.CfnUserPoolClient).attrClientSecret,
      ),
    });
  clientSecret('MachineSecret', machine);
  const peopleSecret = clientSecret('PeopleSecret', people);
  const sealingSecret = new secretsmanager.Secret(stack, 'SealingSecret', {
    generateSecretString: { passwordLength: 64 },
  });

  const program = (name: string, environment: Record<string, string>) => {
    const log = new logs.LogGroup(stack, `${name}Log`, { removalPolicy: RemovalPolicy.DESTROY });
    const role = new iam.Role(stack, `${name}Role`, { assumedBy: new iam.ServicePrincipal('lambda.amazonaws.com') });
    log.grantWrite(role);
    return new lambda.Function(stack, name, {
      code: lambda.Code.fromAsset(`${lambdaDirectory}/${name}`),
      handler: 'bootstrap',
      runtime: lambda.Runtime.PROVIDED_AL2023,
      architecture: lambda.Architecture.ARM_64,
      environment,
      role,
      logGroup: log,
    });
  };
  const handler = program('dog-facts', { MCP_RESOURCE: url });
  const signIn = program('authorization', {
    AUTHORIZATION_COGNITO_CLIENT_SECRET_ARN: peopleSecret.secretArn,
    AUTHORIZATION_SEALING_SECRET_ARN: sealingSecret.secretArn,
  });
  for (const secret of [peopleSecret, sealingSecret]) secret.grantRead(signIn);
  const toSignIn = new apigateway.LambdaIntegration(signIn, { allowTestInvoke: false });
  for (const [path, methods] of [
    ['authorize', ['GET', 'HEAD']],
    ['consent', ['POST']],
    ['callback', ['GET']],
    ['sign-in', ['GET', 'HEAD']],
    ['token', ['POST', 'OPTIONS']],
    ['register', ['POST', 'OPTIONS']],
    ['revoke', ['POST', 'OPTIONS']],
  ] as const) {
    const resource = api.root.addResource(path);
    for (const method of methods) resource.addMethod(method, toSignIn);
  }

  const authorization = {
    authorizer: new apigateway.CognitoUserPoolsAuthorizer(stack, 'Authorizer', { cognitoUserPools: [pool] }),
    authorizationScopes: [`${url}/use`],
  };
  const mcp = api.root.addResource('mcp');
  mcp.addMethod(
    'POST',
    new apigateway.LambdaIntegration(handler, {
      responseTransferMode: apigateway.ResponseTransferMode.STREAM,
      timeout: Duration.seconds(30),
      allowTestInvoke: false,
    }),
    authorization,
  );
  for (const method of ['GET', 'HEAD'])
    api.root.addMethod(method, answer({ issuer: url }, '200'), { methodResponses: [{ statusCode: '200' }] });
  mcp.addMethod('ANY', answer({ error: 'method_not_allowed' }, '405'), {
    ...authorization,
    methodResponses: [{ statusCode: '405' }],
  });
  const cors = { allowOrigins: ['*'], allowMethods: ['GET'] };
  mcp.addCorsPreflight(cors);
  const document = (path: apigateway.IResource) => {
    for (const method of ['GET', 'HEAD'])
      path.addMethod(method, answer({ issuer: url }, '200'), { methodResponses: [{ statusCode: '200' }] });
    path.addCorsPreflight(cors);
  };
  const wellKnown = api.root.addResource('.well-known');
  for (const name of ['oauth-protected-resource', 'oauth-authorization-server', 'openid-configuration']) {
    const path = wellKnown.addResource(name);
    document(path);
    document(path.addResource('mcp'));
  }
  document(mcp.addResource('.well-known').addResource('openid-configuration'));
  const {
    UNAUTHORIZED,
    EXPIRED_TOKEN,
    ACCESS_DENIED,
    MISSING_AUTHENTICATION_TOKEN,
    INVALID_SIGNATURE,
    THROTTLED,
    DEFAULT_4XX,
    DEFAULT_5XX,
  } = apigateway.ResponseType;
  for (const type of [
    UNAUTHORIZED,
    EXPIRED_TOKEN,
    ACCESS_DENIED,
    MISSING_AUTHENTICATION_TOKEN,
    INVALID_SIGNATURE,
    THROTTLED,
    DEFAULT_4XX,
    DEFAULT_5XX,
  ]) {
    api.addGatewayResponse(type.responseType, {
      type,
      responseHeaders: { 'WWW-Authenticate': `'Bearer resource_metadata="${url}"'` },
    });
  }
  return stack;

  function answer(json: object, statusCode: string): apigateway.Integration {
    return new apigateway.MockIntegration({
      requestTemplates: { 'application/json': `{"statusCode":${statusCode}}` },
      integrationResponses: [{ statusCode, responseTemplates: { 'application/json': stack.toJsonString(json) } }],
    });
  }
}

if (require.main === module) {
  const app = new App();
  bareStack(app, app.node.tryGetContext('lambdaDir'));
  app.synth();
}
