using System.Collections.Generic;
using System.Linq;
using Amazon.CDK;
using Amazon.CDK.AWS.Logs;
using Amazon.CDK.AWS.SNS;
using Constructs;
using McpLambda.Cdk;

// The golden app: a construct of one's own around an MCP server, and an Aspect. Every language has the same one.
internal static class Program
{
    private static void Main()
    {
        var app = new App();
        var stack = new Stack(app, "Golden", new StackProps { Description = "the same in every language" });
        var team = new TeamServer(stack, "Team", Duration.Seconds(3));
        Aspects.Of(team).Add(new Owner());
        new CfnOutput(stack, "McpServerUrl", new CfnOutputProps { Value = team.Server.McpServerUrl });
        new CfnOutput(stack, "Scopes", new CfnOutputProps { Value = string.Join(" ", team.Server.OauthScopes) });
        new CfnOutput(stack, "MachineClientId", new CfnOutputProps { Value = team.MachineClient.ClientId, Description = "app client of the CI" });
        new CfnOutput(stack, "AlarmNames", new CfnOutputProps { Value = string.Join(" ", team.Monitoring.Alarms.Select(alarm => alarm.AlarmName)) });
        app.Synth();
    }
}

/// <summary>An MCP server with what the team always adds.</summary>
internal sealed class TeamServer : Construct
{
    public McpServer Server { get; }
    public McpMachineClient MachineClient { get; }
    public McpMonitoring Monitoring { get; }

    public TeamServer(Construct scope, string id, Duration patience) : base(scope, id)
    {
        Server = new McpServer(this, "Server", new McpServerProps
        {
            Code = McpCode.FromAsset("cdk/rust/golden/function"),
            Contract = McpContract.FromFile("lambda/servers/dog-facts/contract.json"),
            Front = McpFront.CloudFront(new McpCloudFrontOptions { ReadTimeout = Duration.Seconds(90) }),
            Authorization = McpAuthorization.Server(new McpAuthorizationServerOptions
            {
                Code = McpCode.FromAsset("cdk/rust/golden/function"),
                DisplayName = "Dogs of the zoo",
                RedirectHosts = new[] { "agents.example.com" },
                RegistrationLifetime = Duration.Days(30),
                Clients = new[]
                {
                    new McpPreRegisteredClient
                    {
                        ClientId = "desk",
                        ClientName = "Desk of the zoo",
                        RedirectUris = new[] { "https://desk.example.com/callback" },
                        OauthScopes = new[] { McpScope.Named("dog-facts") },
                    },
                },
            }),
            LambdaAuthorizer = new McpLambdaAuthorizerOptions { Code = McpCode.FromAsset("cdk/rust/golden/function") },
            Settings = new Dictionary<string, object> { ["DOG_API_TIMEOUT_MS"] = patience, ["DOG_API_USER_AGENT"] = "golden" },
            AllowedOrigins = new[] { "http://localhost:6274" },
            MemorySize = 512,
            LogRetention = RetentionDays.TWO_WEEKS,
            RemovalPolicy = RemovalPolicy.DESTROY,
        });
        MachineClient = Server.AddMachineClient("MachineClient", new McpMachineClientOptions { OauthScopes = new[] { McpScope.Named("dog-facts") } });
        Monitoring = new McpMonitoring(this, "Monitoring", new McpMonitoringProps
        {
            Server = Server,
            AlarmTopic = new Topic(this, "Alarms"),
            FailurePercentage = 2.5,
            SlowAfter = Duration.Seconds(20),
        });
    }
}

/// <summary>Writes the team into every function.</summary>
internal sealed class Owner : Amazon.JSII.Runtime.Deputy.DeputyBase, IAspect
{
    public void Visit(IConstruct node)
    {
        if (node is CfnResource resource && resource.CfnResourceType == "AWS::Lambda::Function")
        {
            resource.AddPropertyOverride("Description", $"owned by team zoo: {node.Node.Path}");
        }
    }
}
