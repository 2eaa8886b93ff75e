import { Validations } from 'aws-cdk-lib';
import type * as apigateway from 'aws-cdk-lib/aws-apigateway';

const NO_AUTHORIZER = 'AwsSolutions::AwsSolutions-APIG4';
const NO_COGNITO = 'AwsSolutions::AwsSolutions-COG4';

/** Suppresses the cdk-nag rules that look for an authorizer where API keys replace it. */
export function acknowledgeKeys(methods: apigateway.Method[]): void {
  acknowledge(
    methods,
    'API Gateway requires an API key of a usage plan, and the function checks the OAuth scopes of that key',
  );
}

/** The same for documents that the deployment has opened to everyone. */
export function acknowledgePublicDocuments(methods: apigateway.Method[]): void {
  acknowledge(methods, 'publicDocuments: everyone may read the description of the tools, which calls none of them');
}

function acknowledge(methods: apigateway.Method[], reason: string): void {
  for (const method of methods) {
    for (const id of [NO_AUTHORIZER, NO_COGNITO]) {
      Validations.of(method).acknowledge({ id, reason });
    }
  }
}
