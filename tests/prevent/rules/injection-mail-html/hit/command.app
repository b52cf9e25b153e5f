-- src/index.js --
import Resolver from '@forge/resolver';
import { SESClient, SendEmailCommand } from '@aws-sdk/client-ses';
const resolver = new Resolver();
const template = (text) => '<p>{{text}}</p>'.replace('{{text}}', text);
resolver.define('feedback', async ({ payload }) => {
  const params = { Source: 'a@example.com', Message: { Body: { Html: { Data: template(payload.text) } } } };
  await new SESClient({}).send(new SendEmailCommand(params)); // HIT
});
export const handler = resolver.getDefinitions();
