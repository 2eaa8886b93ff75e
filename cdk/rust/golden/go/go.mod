// What cdk/rust/golden/other-languages.ts writes from npm's packages takes the place of all but jsii-runtime-go.
module golden

go 1.25

require (
	github.com/aws/aws-cdk-go/awscdk/v2 v2.276.0
	github.com/aws/constructs-go/constructs/v10 v10.5.0
	github.com/aws/jsii-runtime-go v1.140.0
	github.com/mcp-lambda/mcp-lambda-cdk-go/mcplambdacdk v0.1.0
)
