-- src/index.js --
import Resolver from '@forge/resolver';
import nodemailer from 'nodemailer';
import escapeHtml from 'escape-html';
const resolver = new Resolver();
const mailer = nodemailer.createTransport({ host: 'mail.example.com' });
resolver.define('feedback', async ({ payload }) => mailer.sendMail({ to: 'a@example.com', html: escapeHtml(payload.text) }));
export const handler = resolver.getDefinitions();
