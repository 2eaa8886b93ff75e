import unittest

from aws_cdk import App
from aws_cdk.assertions import Match, Template

from stack import {{ project.name.type_name() }}Stack


class StackTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls) -> None:
        # The template is examined, not deployed: nothing is compiled.
        app = App(context={"aws:cdk:bundling-stacks": []})
        cls.template = Template.from_stack({{ project.name.type_name() }}Stack(app, "{{ project.name.type_name() }}"))

    def test_lets_nobody_call_the_server_without_one_of_its_oauth_scopes(self) -> None:
        self.template.has_resource_properties(
            "AWS::ApiGateway::Method",
            {
                "HttpMethod": "POST",
                "AuthorizationType": "COGNITO_USER_POOLS",
                "AuthorizationScopes": Match.array_with([Match.object_like({"Fn::Join": Match.any_value()})]),
            },
        )

    def test_puts_out_the_url_that_mcp_clients_connect_to(self) -> None:
        self.assertTrue(any(name.endswith("McpServerUrl") for name in self.template.find_outputs("*")))


if __name__ == "__main__":
    unittest.main()
