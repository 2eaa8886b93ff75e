// The golden app: a construct of one's own around an MCP server, and an Aspect. Every language has the same one.
package main

import (
	"strings"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awslogs"
	"github.com/aws/aws-cdk-go/awscdk/v2/awssns"
	"github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"
	mcp "github.com/mcp-lambda/mcp-lambda-cdk-go/mcplambdacdk"
)

// teamServer is an MCP server with what the team always adds.
type teamServer struct {
	constructs.Construct
	server        mcp.McpServer
	machineClient mcp.McpMachineClient
	monitoring    mcp.McpMonitoring
}

func newTeamServer(scope constructs.Construct, id string, patience awscdk.Duration) *teamServer {
	construct := constructs.NewConstruct(scope, jsii.String(id))
	server := mcp.NewMcpServer(construct, jsii.String("Server"), &mcp.McpServerProps{
		Code:           mcp.McpCode_FromAsset(jsii.String("cdk/rust/golden/function")),
		Contract:       mcp.McpContract_FromFile(jsii.String("lambda/servers/dog-facts/contract.json")),
		Front:          mcp.McpFront_CloudFront(&mcp.McpCloudFrontOptions{ReadTimeout: awscdk.Duration_Seconds(jsii.Number(90))}),
		Authorization: mcp.McpAuthorization_Server(&mcp.McpAuthorizationServerOptions{
			Code:                 mcp.McpCode_FromAsset(jsii.String("cdk/rust/golden/function")),
			DisplayName:          jsii.String("Dogs of the zoo"),
			RedirectHosts:        jsii.Strings("agents.example.com"),
			RegistrationLifetime: awscdk.Duration_Days(jsii.Number(30)),
			Clients: &[]*mcp.McpPreRegisteredClient{{
				ClientId:     jsii.String("desk"),
				ClientName:   jsii.String("Desk of the zoo"),
				RedirectUris: jsii.Strings("https://desk.example.com/callback"),
				OauthScopes:  &[]mcp.McpScope{mcp.McpScope_Named(jsii.String("dog-facts"))},
			}},
		}),
		LambdaAuthorizer: &mcp.McpLambdaAuthorizerOptions{Code: mcp.McpCode_FromAsset(jsii.String("cdk/rust/golden/function"))},
		Settings:       &map[string]interface{}{"DOG_API_TIMEOUT_MS": patience, "DOG_API_USER_AGENT": "golden"},
		AllowedOrigins: jsii.Strings("http://localhost:6274"),
		MemorySize:     jsii.Number(512),
		LogRetention:   awslogs.RetentionDays_TWO_WEEKS,
		RemovalPolicy:  awscdk.RemovalPolicy_DESTROY,
	})
	machineClient := server.AddMachineClient(jsii.String("MachineClient"), &mcp.McpMachineClientOptions{OauthScopes: &[]mcp.McpScope{mcp.McpScope_Named(jsii.String("dog-facts"))}})
	monitoring := mcp.NewMcpMonitoring(construct, jsii.String("Monitoring"), &mcp.McpMonitoringProps{
		Server:            server,
		AlarmTopic:        awssns.NewTopic(construct, jsii.String("Alarms"), nil),
		FailurePercentage: jsii.Number(2.5),
		SlowAfter:         awscdk.Duration_Seconds(jsii.Number(20)),
	})
	return &teamServer{construct, server, machineClient, monitoring}
}

// owner writes the team into every function.
type owner struct{}

func (owner) Visit(node constructs.IConstruct) {
	resource, ok := node.(awscdk.CfnResource)
	if ok && *resource.CfnResourceType() == "AWS::Lambda::Function" {
		resource.AddPropertyOverride(jsii.String("Description"), "owned by team zoo: "+*node.Node().Path())
	}
}

func main() {
	defer jsii.Close()
	app := awscdk.NewApp(nil)
	stack := awscdk.NewStack(app, jsii.String("Golden"), &awscdk.StackProps{Description: jsii.String("the same in every language")})
	team := newTeamServer(stack, "Team", awscdk.Duration_Seconds(jsii.Number(3)))
	awscdk.Aspects_Of(team.Construct).Add(&owner{}, nil)
	var scopes []string
	for _, scope := range *team.server.OauthScopes() {
		scopes = append(scopes, *scope)
	}
	awscdk.NewCfnOutput(stack, jsii.String("McpServerUrl"), &awscdk.CfnOutputProps{Value: team.server.McpServerUrl()})
	awscdk.NewCfnOutput(stack, jsii.String("Scopes"), &awscdk.CfnOutputProps{Value: jsii.String(strings.Join(scopes, " "))})
	awscdk.NewCfnOutput(stack, jsii.String("MachineClientId"), &awscdk.CfnOutputProps{Value: team.machineClient.ClientId(), Description: jsii.String("app client of the CI")})
	var alarmNames []string
	for _, alarm := range *team.monitoring.Alarms() {
		alarmNames = append(alarmNames, *alarm.AlarmName())
	}
	awscdk.NewCfnOutput(stack, jsii.String("AlarmNames"), &awscdk.CfnOutputProps{Value: jsii.String(strings.Join(alarmNames, " "))})
	app.Synth(nil)
}
