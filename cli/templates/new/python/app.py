from aws_cdk import App
from stack import {{ project.name.type_name() }}Stack

app = App()
{{ project.name.type_name() }}Stack(app, "{{ project.name.type_name() }}")
app.synth()
