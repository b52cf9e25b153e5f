-- src/index.js --
import Resolver from '@forge/resolver';
import nodemailer from 'nodemailer';
const resolver = new Resolver();
const mailer = nodemailer.createTransport({ host: 'mail.example.com' });
resolver.define('feedback', async ({ payload }) => {
  await mailer.sendMail({ to: 'team@example.com', subject: 'Feedback', html: `<p>${payload.text}</p>` }); // HIT
});
export const handler = resolver.getDefinitions();
