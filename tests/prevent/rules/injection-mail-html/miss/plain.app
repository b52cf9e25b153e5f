-- src/index.js --
import Resolver from '@forge/resolver';
import nodemailer from 'nodemailer';
const resolver = new Resolver();
const mailer = nodemailer.createTransport({ host: 'mail.example.com' });
resolver.define('feedback', async ({ payload }) => {
  await mailer.sendMail({ to: 'team@example.com', subject: payload.text, text: payload.text, html: '<p>See the text.</p>' });
});
export const handler = resolver.getDefinitions();
