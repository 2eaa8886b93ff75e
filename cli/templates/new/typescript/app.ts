import { App } from 'aws-cdk-lib';
import { {{ project.name.type_name() }}Stack } from './stack';

new {{ project.name.type_name() }}Stack(new App(), '{{ project.name.type_name() }}');
