-- src/index.js --
import Resolver from '@forge/resolver';
import nodemailer from 'nodemailer';
const resolver = new Resolver();
const mailer = nodemailer.createTransport({ host: 'mail.example.com' });
const encode = (text) => text.replace(/&/g, '&amp;').replace(/</g, '&lt;');
resolver.define('feedback', async ({ payload }) => {
  await mailer.sendMail({ to: 'team@example.com', html: `<p>${encode(payload.text)}</p>` });
});
export const handler = resolver.getDefinitions();
