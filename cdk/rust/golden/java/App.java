import io.github.mcplambda.cdk.McpAuthorization;
import io.github.mcplambda.cdk.McpAuthorizationServerOptions;
import io.github.mcplambda.cdk.McpCloudFrontOptions;
import io.github.mcplambda.cdk.McpCode;
import io.github.mcplambda.cdk.McpContract;
import io.github.mcplambda.cdk.McpFront;
import io.github.mcplambda.cdk.McpLambdaAuthorizerOptions;
import io.github.mcplambda.cdk.McpMachineClient;
import io.github.mcplambda.cdk.McpMachineClientOptions;
import io.github.mcplambda.cdk.McpMonitoring;
import io.github.mcplambda.cdk.McpPreRegisteredClient;
import io.github.mcplambda.cdk.McpScope;
import io.github.mcplambda.cdk.McpServer;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import software.amazon.awscdk.Aspects;
import software.amazon.awscdk.CfnOutput;
import software.amazon.awscdk.CfnResource;
import software.amazon.awscdk.Duration;
import software.amazon.awscdk.IAspect;
import software.amazon.awscdk.RemovalPolicy;
import software.amazon.awscdk.Stack;
import software.amazon.awscdk.StackProps;
import software.amazon.awscdk.services.cloudwatch.Alarm;
import software.amazon.awscdk.services.logs.RetentionDays;
import software.amazon.awscdk.services.sns.Topic;
import software.constructs.Construct;
import software.constructs.IConstruct;

/** The golden app: a construct of one's own around an MCP server, and an Aspect. Every language has the same one. */
public final class App {
    /** An MCP server with what the team always adds. */
    static final class TeamServer extends Construct {
        final McpServer server;
        final McpMachineClient machineClient;
        final McpMonitoring monitoring;

        TeamServer(Construct scope, String id, Duration patience) {
            super(scope, id);
            Map<String, Object> settings = new LinkedHashMap<>();
            settings.put("DOG_API_TIMEOUT_MS", patience);
            settings.put("DOG_API_USER_AGENT", "golden");
            server = McpServer.Builder.create(this, "Server")
                .code(McpCode.fromAsset("cdk/rust/golden/function"))
                .contract(McpContract.fromFile("lambda/servers/dog-facts/contract.json"))
                .front(McpFront.cloudFront(McpCloudFrontOptions.builder().readTimeout(Duration.seconds(90)).build()))
                .authorization(McpAuthorization.server(McpAuthorizationServerOptions.builder()
                    .code(McpCode.fromAsset("cdk/rust/golden/function"))
                    .displayName("Dogs of the zoo")
                    .redirectHosts(List.of("agents.example.com"))
                    .registrationLifetime(Duration.days(30))
                    .clients(List.of(McpPreRegisteredClient.builder()
                        .clientId("desk")
                        .clientName("Desk of the zoo")
                        .redirectUris(List.of("https://desk.example.com/callback"))
                        .oauthScopes(List.of(McpScope.named("dog-facts")))
                        .build()))
                    .build()))
                .lambdaAuthorizer(McpLambdaAuthorizerOptions.builder().code(McpCode.fromAsset("cdk/rust/golden/function")).build())
                .settings(settings)
                .allowedOrigins(List.of("http://localhost:6274"))
                .memorySize(512)
                .logRetention(RetentionDays.TWO_WEEKS)
                .removalPolicy(RemovalPolicy.DESTROY)
                .build();
            machineClient = server.addMachineClient("MachineClient", McpMachineClientOptions.builder().oauthScopes(List.of(McpScope.named("dog-facts"))).build());
            monitoring = McpMonitoring.Builder.create(this, "Monitoring")
                .server(server)
                .alarmTopic(new Topic(this, "Alarms"))
                .failurePercentage(2.5)
                .slowAfter(Duration.seconds(20))
                .build();
        }
    }

    /** Writes the team into every function. */
    static final class Owner implements IAspect {
        @Override
        public void visit(IConstruct node) {
            if (node instanceof CfnResource resource && "AWS::Lambda::Function".equals(resource.getCfnResourceType())) {
                resource.addPropertyOverride("Description", "owned by team zoo: " + node.getNode().getPath());
            }
        }
    }

    public static void main(String[] arguments) {
        var app = new software.amazon.awscdk.App();
        var stack = new Stack(app, "Golden", StackProps.builder().description("the same in every language").build());
        var team = new TeamServer(stack, "Team", Duration.seconds(3));
        Aspects.of(team).add(new Owner());
        CfnOutput.Builder.create(stack, "McpServerUrl").value(team.server.getMcpServerUrl()).build();
        CfnOutput.Builder.create(stack, "Scopes").value(String.join(" ", team.server.getOauthScopes())).build();
        CfnOutput.Builder.create(stack, "MachineClientId").value(team.machineClient.getClientId()).description("app client of the CI").build();
        var alarmNames = team.monitoring.getAlarms().stream().map(Alarm::getAlarmName).collect(Collectors.joining(" "));
        CfnOutput.Builder.create(stack, "AlarmNames").value(alarmNames).build();
        app.synth();
    }
}
