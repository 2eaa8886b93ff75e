import io.github.mcplambda.cdk.McpCloudFrontOptions;
import io.github.mcplambda.cdk.McpCode;
import io.github.mcplambda.cdk.McpContract;
import io.github.mcplambda.cdk.McpFront;
import io.github.mcplambda.cdk.McpMachineClient;
import io.github.mcplambda.cdk.McpServer;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import software.amazon.awscdk.Aspects;
import software.amazon.awscdk.CfnOutput;
import software.amazon.awscdk.CfnResource;
import software.amazon.awscdk.Duration;
import software.amazon.awscdk.IAspect;
import software.amazon.awscdk.RemovalPolicy;
import software.amazon.awscdk.Stack;
import software.amazon.awscdk.StackProps;
import software.constructs.Construct;
import software.constructs.IConstruct;

/** The golden app: a construct of one's own around an MCP server, and an Aspect. Every language has the same one. */
public final class App {
    /** An MCP server with what the team always adds. */
    static final class TeamServer extends Construct {
        final McpServer server;
        final McpMachineClient machineClient;

        TeamServer(Construct scope, String id, Duration patience) {
            super(scope, id);
            Map<String, Object> settings = new LinkedHashMap<>();
            settings.put("DOG_API_TIMEOUT_MS", patience);
            settings.put("DOG_API_USER_AGENT", "golden");
            server = McpServer.Builder.create(this, "Server")
                .code(McpCode.fromAsset("test/golden/function"))
                .contract(McpContract.fromFile("lambda/dog-facts/contract.json"))
                .front(McpFront.cloudFront(McpCloudFrontOptions.builder().readTimeout(Duration.seconds(90)).build()))
                .settings(settings)
                .allowedOrigins(List.of("http://localhost:6274"))
                .removalPolicy(RemovalPolicy.DESTROY)
                .build();
            machineClient = server.addMachineClient("MachineClient");
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
        app.synth();
    }
}
